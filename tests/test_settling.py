"""A photo that was saved again as it had been saved, as messengers do it: the pixels hardly differ, the times do."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from albumclean.comparison.evidence import Pair
from albumclean.comparison.provenance import provenance
from albumclean.comparison.settling import settled
from albumclean.comparison.sides import Side
from tests.test_provenance import CENTRED, brighter, camera, packed, side, textured

PACKINGS = [(60, 2), (75, 2), (75, 0), (85, 1), (92, 2)]  # quality, and how the colours are packed


def saved(image: Image.Image, quality: int = 75, sampling: int = 2, exif: bytes = b"") -> Side:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, subsampling=sampling, exif=exif)
    return side(out.getvalue())


def between(one: Side, other: Side) -> float:
    return settled(Pair.of(one, other, CENTRED))


@pytest.mark.parametrize("quality, sampling", PACKINGS)
def test_what_was_saved_once_is_the_source_of_what_was_saved_so_twice(quality: int, sampling: int) -> None:
    source = saved(textured(1), quality, sampling)
    copy = saved(source.image, quality, sampling)

    found = provenance(source, copy, CENTRED)

    assert source.photo.content_hash == found.source
    assert "settled" in {reason.fact for reason in found.reasons}


def test_it_goes_on_with_every_time() -> None:
    times = [saved(textured(2), 60)]
    for _ in range(3):
        times.append(saved(times[-1].image, 60))

    told = [between(earlier, later) for earlier, later in pairwise(times)]
    assert all(value > 0.5 for value in told)
    assert between(times[0], times[3]) >= max(told)


def test_a_grey_jpeg_settles_too() -> None:
    source = side(packed(textured(3).convert("L"), quality=85))
    with Image.open(io.BytesIO(source.data)) as grey:
        copy = side(packed(grey.copy(), quality=85))

    assert between(source, copy) > 0.2


def test_the_order_of_the_two_only_turns_the_sign() -> None:
    source = saved(textured(4))
    copy = saved(source.image)

    assert between(source, copy) > 0
    assert between(source, copy) == pytest.approx(-between(copy, source))


def test_a_copy_that_differs_in_metadata_alone_tells_nothing() -> None:
    source = saved(textured(5))

    assert 0 == between(source, saved(textured(5), exif=camera()))


@pytest.mark.parametrize(
    "copy",
    [
        saved(saved(textured(6)).image, quality=76),  # another table
        saved(saved(textured(6)).image, sampling=0),  # other colours
        saved(brighter(saved(textured(6)).image)),  # an edit: each was saved so once
        side(packed(saved(textured(6)).image, "PNG")),
        saved(saved(textured(6)).image.crop((0, 0, 600, 480))),
    ],
)
def test_it_says_nothing_unless_both_are_packed_alike_and_no_edit_lies_between(copy: Side) -> None:
    source = saved(textured(6))

    assert 0 == between(source, copy) == between(copy, source)


def test_saved_more_finely_in_between_it_still_tells() -> None:
    source = saved(textured(9))
    copy = saved(saved(source.image, quality=87).image)

    assert between(source, copy) > 0.5


def test_a_sticker_which_was_saved_once_does_not_make_its_photo_the_source() -> None:
    source = saved(textured(10))
    stuck = source.image.copy()
    stuck.paste(textured(11).crop((0, 0, 200, 160)), (40, 40))

    assert between(source, saved(stuck)) > 0.2


def test_of_a_large_photo_the_middle_is_looked_at_on_its_own_blocks() -> None:
    source = saved(textured(7, 1560, 320))  # wider than what is looked at, and the middle begins within a block
    copy = saved(source.image)

    assert between(source, copy) > 0.3


def test_one_of_two_tables_of_colours_is_enough_to_be_packed_otherwise() -> None:
    luma = np.arange(1, 65).tolist()
    one, other = io.BytesIO(), io.BytesIO()
    textured(8).save(one, "JPEG", qtables=[luma, luma])
    source = side(one.getvalue())
    source.image.save(other, "JPEG", qtables=[luma, [2 * step for step in luma]])

    assert 0 == between(source, side(other.getvalue()))
