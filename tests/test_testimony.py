"""Which of two copies a third one was made from: the traces of what was done to one are in it, or they are not."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from albumclean.comparison.testimony import leaning
from tests.test_provenance import camera, grainy, packed, side, textured

Edit = Callable[[Image.Image], Image.Image]

PICTURE = textured(31)
SOURCE = packed(PICTURE, quality=92)


def stamped(image: Image.Image) -> Image.Image:
    found = image.copy()
    ImageDraw.Draw(found).text((430, 440), "12.06.2019  18:24", fill=(240, 150, 40), font_size=20)
    return found


def denoised(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.MedianFilter(3))


def as_it_is(image: Image.Image) -> Image.Image:
    return image


def smaller(image: Image.Image) -> Image.Image:
    return image.resize((480, 360), Image.Resampling.LANCZOS)


def brighter(image: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(1.2)


def copy(data: bytes, edit: Edit, quality: int) -> bytes:
    """What is stored of it when somebody opens it, edits it and saves it."""
    with Image.open(io.BytesIO(data)) as opened:
        return packed(edit(ImageOps.exif_transpose(opened).convert("RGB")), quality=quality)


RIVALS: dict[str, tuple[Edit, int]] = {
    "stamped": (stamped, 90),
    "denoised": (denoised, 95),
    "saved again": (as_it_is, 70),
    "grainy": (grainy, 95),
    "brighter": (brighter, 95),
}
WITNESSES: dict[str, tuple[Edit, int]] = {
    "in other colours": (lambda image: ImageEnhance.Color(image).enhance(1.5), 92),
    "mirrored": (ImageOps.mirror, 95),
    "straightened": (lambda image: image.rotate(2, Image.Resampling.BICUBIC).crop((30, 30, 610, 450)), 92),
    "black and white": (lambda image: ImageOps.grayscale(image).convert("RGB"), 92),
}


@pytest.mark.parametrize("rival", RIVALS)
@pytest.mark.parametrize("witness", WITNESSES)
def test_a_copy_tells_which_of_two_it_was_made_from(rival: str, witness: str) -> None:
    first, second = side(SOURCE), side(copy(SOURCE, *RIVALS[rival]))

    of_first, of_second = (
        leaning(first, second, side(copy(made.data, *WITNESSES[witness]))) for made in (first, second)
    )

    assert of_first is not None and of_first > 0.3
    assert of_second is None or of_second < -0.3


def test_asked_the_other_way_round_it_says_the_same() -> None:
    first, second = side(SOURCE), side(copy(SOURCE, stamped, 90))
    witness = side(copy(SOURCE, smaller, 90))

    one, other = leaning(first, second, witness), leaning(second, first, witness)

    assert one is not None and other is not None
    assert one == pytest.approx(-other, abs=0.02)


def test_a_file_that_lies_otherwise_by_its_metadata_alone_is_asked_as_it_lies() -> None:
    with Image.open(io.BytesIO(SOURCE)) as opened:
        lying = packed(opened.rotate(90, expand=True), quality=92, exif=camera(orientation=6))
    assert leaning(side(SOURCE), side(copy(SOURCE, stamped, 90)), side(lying)) == pytest.approx(1.0, abs=0.1)


def silent(first: bytes, second: bytes, witness: bytes) -> bool:
    return leaning(side(first), side(second), side(witness)) is None


def test_of_two_with_the_same_pixels_nobody_can_tell() -> None:
    assert silent(SOURCE, packed(PICTURE, quality=92, exif=camera()), copy(SOURCE, brighter, 92))


def test_what_was_compressed_until_the_difference_is_gone_cannot_tell() -> None:
    assert silent(SOURCE, copy(SOURCE, as_it_is, 90), copy(SOURCE, smaller, 8))


def test_another_scene_cannot_tell() -> None:
    assert silent(SOURCE, copy(SOURCE, stamped, 90), packed(textured(32)))


def test_what_was_scaled_up_from_both_cannot_tell() -> None:
    def larger(image: Image.Image) -> Image.Image:
        return image.resize((1280, 960), Image.Resampling.BICUBIC)

    assert silent(SOURCE, copy(SOURCE, denoised, 90), copy(SOURCE, larger, 90))
