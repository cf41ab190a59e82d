"""Where a network looks closely: textured places far apart, and one flat one; in any picture, always as many."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from albumclean.domain import InputSpec, PatchSpec
from albumclean.media.patches import choose
from albumclean.media.view import NetworkView, network_view
from tests.pictures import scene

SPEC = InputSpec(area=384 * 384, patches=PatchSpec(count=4, side=224))


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    values = np.random.default_rng(seed).integers(40, 215, (height // 8 + 1, width // 8 + 1, 3), np.uint8)
    return Image.fromarray(values).resize((width, height), Image.Resampling.BICUBIC)


def flat_but_for(*textured: tuple[int, int], size: tuple[int, int] = (2400, 1800)) -> Image.Image:
    """Grey with squares of 400 pixels that hold texture, at these (left, top)."""
    image = Image.new("RGB", size, (120, 120, 120))
    for number, place in enumerate(textured):
        image.paste(noise(400, 400, number), place)
    return image


def view(image: Image.Image, spec: InputSpec = SPEC) -> NetworkView:
    return network_view(image, spec)


def overlap(place: tuple[int, int], square: tuple[int, int], side: int = 400) -> bool:
    return all(begin - 224 < at < begin + side for at, begin in zip(place, square, strict=True))


def test_patches_are_the_picture_s_own_pixels() -> None:
    image = scene(1, 1000, 700)
    seen = view(image)
    assert (4, 224, 224, 3) == seen.patches.shape
    for patch, (left, top) in zip(seen.patches, seen.places, strict=True):
        np.testing.assert_array_equal(patch, np.asarray(image.crop((left, top, left + 224, top + 224))))


def test_texture_is_looked_at_wherever_it_is_and_the_last_look_goes_to_a_flat_place() -> None:
    squares = [(100, 100), (1900, 200), (1000, 1300)]
    *textured, last = view(flat_but_for(*squares)).places
    for square in squares:
        assert any(overlap(place, square) for place in textured)
    assert not any(overlap(last, square) for square in squares)


def test_one_small_textured_thing_does_not_get_all_the_looks() -> None:
    first, *others, _ = view(flat_but_for((1000, 700))).places
    assert overlap(first, (1000, 700))
    for one, other in combinations((first, *others), 2):
        assert max(abs(a - b) for a, b in zip(one, other, strict=True)) >= 1800 / 3


@pytest.mark.parametrize("shade", [0, 20, 240, 255])
def test_the_flat_place_is_neither_dark_nor_bright(shade: int) -> None:
    image = noise(2400, 1800)
    image.paste((shade, shade, shade), (0, 0, 1200, 1800))
    image.paste((100, 110, 105), (1800, 900, 2400, 1800))
    *_, (left, top) = view(image).places
    assert left >= 1800 - 8
    assert top >= 900 - 8


def stripes(width: int, height: int, period: int) -> Image.Image:
    """Black and white: the harshest edges, and nothing to see between them."""
    columns = np.arange(width) // period % 2 * 255
    return Image.fromarray(np.broadcast_to(columns[None, :, None], (height, width, 3)).astype(np.uint8))


def test_clipped_pixels_are_no_texture() -> None:
    image = Image.new("RGB", (2400, 1800), (120, 120, 120))
    image.paste(stripes(1200, 1800, 60), (0, 0))
    faint = Image.blend(Image.new("RGB", (400, 400), (120, 120, 120)), noise(400, 400), 0.5)
    image.paste(faint, (1900, 1300))
    assert overlap(view(image).places[0], (1900, 1300))


def test_clipped_pixels_are_no_flat_place_either() -> None:
    image = noise(2400, 1800)
    image.paste(stripes(1200, 1800, 300), (0, 0))
    faint = Image.blend(Image.new("RGB", (600, 900), (120, 120, 120)), noise(600, 900), 0.3)
    image.paste(faint, (1800, 900))
    assert overlap(view(image).places[-1], (1800, 900), 900)


def test_the_places_stay_when_the_photo_is_sent_at_a_lower_quality() -> None:
    image = noise(2400, 1800).filter(ImageFilter.GaussianBlur(1))
    image.paste(flat_but_for((0, 0), size=(1200, 900)), (600, 500))
    smoother = image.filter(ImageFilter.GaussianBlur(1))
    assert len(set(view(image).places) & set(view(smoother).places)) >= 2


def test_the_same_picture_gives_the_same_places() -> None:
    assert view(scene(5, 1200, 900)).places == view(scene(5, 1200, 900)).places


@pytest.mark.parametrize("size", [(512, 512), (300, 300), (225, 225), (224, 900), (640, 230)])
def test_places_overlap_rather_than_repeat(size: tuple[int, int]) -> None:
    assert 4 == len(set(view(scene(1, *size)).places))


@pytest.mark.parametrize("size", [(1, 1), (2, 500), (100, 80), (223, 223), (50, 3000)])
def test_a_picture_smaller_than_a_patch_is_mirrored_at_its_edge(size: tuple[int, int]) -> None:
    image = scene(1, 3000, 600).resize(size)
    seen = view(image)
    assert (4, 224, 224, 3) == seen.patches.shape
    width, height = (min(side, 224) for side in size)
    left, top = seen.places[0]
    patch = seen.patches[0]
    np.testing.assert_array_equal(
        patch[:height, :width], np.asarray(image.crop((left, top, left + width, top + height)))
    )
    if height < 224:
        np.testing.assert_array_equal(patch[height], patch[height - 1])
    if width < 224:
        np.testing.assert_array_equal(patch[:, width], patch[:, width - 1])


@settings(deadline=None)
@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 9), st.sampled_from([31, 64, 100, 224]))
def test_every_picture_gives_as_many_places_as_asked_all_inside_it(
    width: int, height: int, count: int, side: int
) -> None:
    spec = PatchSpec(count, side)
    places = choose(whole(), (width, height), spec)
    assert count == len(places)
    assert all(0 <= left <= max(width - side, 0) and 0 <= top <= max(height - side, 0) for left, top in places)
    room = (max(width - side, 0) + 1) * (max(height - side, 0) + 1)
    assert len(set(places)) >= min(count, room)


def whole() -> npt.NDArray[np.uint8]:
    return np.asarray(scene(7, 96, 64))


def test_a_network_that_wants_no_patches_gets_none() -> None:
    seen = view(scene(1), InputSpec(area=64 * 64))
    assert (0, 0, 0, 3) == seen.patches.shape
    assert () == seen.places
