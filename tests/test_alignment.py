"""Where one picture lies in the other: `comparison.alignment`, `tracking` and the grids they share."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from albumclean.comparison.alignment import Alignment, by_keypoints, by_turns, turns
from albumclean.comparison.overlap import grid_of, overlap_on
from albumclean.comparison.planes import Luma, corners, inverse, moved, scaling, shift
from albumclean.comparison.relation import examine
from tests.pictures import scene


def textured(seed: int) -> Image.Image:
    """A scene with enough small detail for keypoints."""
    grain = np.random.default_rng(seed).normal(0, 60, (600, 800)).astype(np.float32)
    detail = cv2.GaussianBlur(grain, (0, 0), 2.0) * 2
    pixels = np.asarray(scene(seed, 800, 600), np.float32) + detail[..., None]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


PHOTO = textured(5)
TURNS = {
    "as it is": None,
    "a quarter to the left": Image.Transpose.ROTATE_90,
    "upside down": Image.Transpose.ROTATE_180,
    "a quarter to the right": Image.Transpose.ROTATE_270,
    "mirrored": Image.Transpose.FLIP_LEFT_RIGHT,
    "mirrored upside down": Image.Transpose.FLIP_TOP_BOTTOM,
    "transposed": Image.Transpose.TRANSPOSE,
    "transversed": Image.Transpose.TRANSVERSE,
}


def turned(how: str, image: Image.Image = PHOTO) -> Image.Image:
    method = TURNS[how]
    return image if method is None else image.transpose(method)


def error(found: Alignment, expected: np.ndarray, size: tuple[int, int]) -> float:
    """The largest distance at the corners of a picture of `size`, in pixels of the first picture."""
    outline = corners(*size)
    return float(np.abs(moved(found.matrix, outline) - moved(expected, outline)).max())


def aligned(one: Image.Image, other: Image.Image) -> Alignment:
    evidence = examine(Luma.of(one), Luma.of(other))
    assert evidence is not None
    return evidence.alignment


@pytest.mark.parametrize("how", TURNS)
def test_every_turn_and_mirroring_of_the_whole_is_found(how: str) -> None:
    other = turned(how)
    found = by_turns(Luma.of(PHOTO), Luma.of(other))
    assert found is not None
    assert ("mirrored" in how or "trans" in how) == found.mirrored
    # Where the matrix says that a pixel lies, it does lie.
    x, y = 100, 40
    to_x, to_y = np.rint(moved(found.matrix, np.array([[x, y]]))[0]).astype(int)
    assert other.getpixel((x, y)) == PHOTO.getpixel((int(to_x), int(to_y)))


@given(st.sampled_from(range(8)), *(st.integers(8, 5000),) * 4)
def test_a_turn_takes_the_whole_onto_the_whole(index: int, width: int, height: int, wide: int, high: int) -> None:
    there = moved(turns((width, height), (wide, high))[index], corners(wide, high))
    assert np.allclose(sorted(map(tuple, corners(width, height))), sorted(map(tuple, there.round(6))), atol=1e-5)


@given(st.floats(0.05, 8), st.floats(0.05, 8), st.floats(-500, 500), st.floats(-500, 500))
@settings(max_examples=50)
def test_maps_compose_and_invert(x: float, y: float, right: float, down: float) -> None:
    whole = shift(right, down) @ scaling(x, y)
    assert np.allclose(np.eye(3), whole @ inverse(whole), atol=1e-6)


@pytest.mark.parametrize("factor", [0.25, 0.5, 2.0])
def test_a_resized_copy_lies_exactly_over_the_photo(factor: float) -> None:
    size = round(800 * factor), round(600 * factor)
    found = aligned(PHOTO, PHOTO.resize(size, Image.Resampling.LANCZOS))
    assert 0.3 > error(found, scaling(1 / factor, 1 / factor), size)
    assert found.scale == pytest.approx(1 / factor, rel=1e-3)


def test_a_crop_is_found_where_it_was_cut() -> None:
    crop = PHOTO.crop((130, 90, 730, 540))
    assert 0.1 > error(aligned(PHOTO, crop), shift(130, 90), crop.size)


def test_a_mirrored_crop_is_found() -> None:
    crop = PHOTO.crop((130, 90, 730, 540)).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    found = aligned(PHOTO, crop)
    assert found.mirrored
    expected = np.array([[-1, 0, 729], [0, 1, 90], [0, 0, 1]], np.float64)
    assert 0.1 > error(found, expected, crop.size)


def test_the_photo_inside_a_screenshot_is_found() -> None:
    screen = Image.new("RGB", (540, 1140), (20, 20, 20))
    screen.paste(PHOTO.resize((540, 405), Image.Resampling.LANCZOS), (0, 300))
    expected = inverse(shift(0, 300) @ scaling(540 / 800, 405 / 600))
    found = aligned(PHOTO, screen)
    outline = corners(540, 405) + np.array([0, 300])
    assert 0.3 > np.abs(moved(found.matrix, outline) - moved(expected, outline)).max()


def test_a_straightened_photo_is_found() -> None:
    straight = PHOTO.rotate(3, Image.Resampling.BICUBIC).crop((60, 50, 740, 550))
    angle = np.degrees(np.arctan2(*aligned(PHOTO, straight).matrix[[1, 0], [0, 0]]))
    assert abs(angle) == pytest.approx(3, abs=0.05)


def test_other_pictures_have_no_place_in_each_other() -> None:
    one, other = Luma.of(PHOTO), Luma.of(textured(6))
    assert by_turns(one, other) is None
    assert by_keypoints(one, other) is None


def test_flat_pictures_have_no_place_in_each_other() -> None:
    one, other = (Luma.of(Image.new("RGB", (640, 480), colour)) for colour in ((90, 120, 200), (95, 125, 205)))
    assert examine(one, other) is None


def test_the_grid_is_as_fine_as_the_coarser_picture_and_no_finer() -> None:
    one, other = Luma.of(PHOTO), Luma.of(PHOTO.resize((200, 150)))
    grid = grid_of(one, other, scaling(4, 4), 1024)
    assert grid is not None
    assert (200, 150) == (grid.width, grid.height)
    assert (100, 75) == (lambda small: small and (small.width, small.height))(grid_of(one, other, scaling(4, 4), 100))


def test_pictures_that_hardly_touch_have_no_grid() -> None:
    one = Luma.of(PHOTO)
    assert grid_of(one, one, shift(790, 0), 1024) is None


def test_both_pictures_on_the_grid_are_the_same_where_they_overlap() -> None:
    crop = PHOTO.crop((130, 90, 730, 540))
    one, other = Luma.of(PHOTO), Luma.of(crop)
    grid = grid_of(one, other, shift(130, 90), 1024)
    assert grid is not None
    overlap = overlap_on(one, other, grid)
    assert overlap.mask.all()
    assert np.array_equal(overlap.one, overlap.other)


@pytest.mark.parametrize("size", [(97, 64), (1001, 643), (640, 480)])
def test_halving_keeps_pixels_in_their_place(size: tuple[int, int]) -> None:
    ramp = Image.fromarray(np.tile(np.linspace(0, 250, size[0]).astype(np.uint8), (size[1], 1)))
    luma = Luma(np.asarray(ramp))
    small = luma.warped(scaling(0.25, 0.25), size[0] // 4, size[1] // 4).astype(float)
    expected = np.linspace(0, 250, size[0])[: size[0] // 4 * 4].reshape(-1, 4).mean(axis=1)
    assert 1.5 > np.abs(small[size[1] // 8] - expected)[2:-2].max()
