"""Pieces of a picture are what the whole one has there, however the file is turned and coloured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageOps

from albumclean.media.picture import Picture
from tests.pictures import scene

P3 = (Path(__file__).parent / "fixtures" / "display_p3.icc").read_bytes()
BOX = (37, 5, 149, 90)
ORIENTATIONS = range(1, 9)


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """By another implementation of EXIF."""
    turned = image.copy()
    turned.getexif()[0x0112] = orientation
    return ImageOps.exif_transpose(turned)


def difference(one: Image.Image, other: Image.Image) -> int:
    assert one.size == other.size
    assert "RGB" == one.mode == other.mode
    return int(np.abs(pixels(one) - pixels(other)).max())


def mean_difference(one: Image.Image, other: Image.Image) -> float:
    assert one.size == other.size
    return float(np.abs(pixels(one) - pixels(other)).mean())


def pixels(image: Image.Image) -> npt.NDArray[np.int16]:
    return np.asarray(image, np.int16)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_whole_and_every_piece_of_it_are_upright(orientation: int) -> None:
    stored = scene(1, 230, 170)
    picture, expected = Picture(stored, orientation), upright(stored, orientation)
    assert expected.size == picture.size
    assert 0 == difference(expected, picture.whole())
    assert 0 == difference(expected.crop(BOX), picture.crop(BOX))


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_smaller_ones_are_upright_too(orientation: int) -> None:
    stored = scene(1, 1600, 1104)
    picture, expected = Picture(stored, orientation), upright(stored, orientation)
    size = (150, 200) if picture.size[0] < picture.size[1] else (200, 150)
    assert difference(expected.resize(size, Image.Resampling.BICUBIC), picture.resized(size)) <= 6
    small = picture.reduced(100)
    assert 100 <= min(small.size) < 200
    assert difference(expected.resize(small.size, Image.Resampling.BOX), small) <= 2


@pytest.mark.parametrize("size", [(1601, 1199), (1607, 1193), (333, 1999)])
def test_a_side_that_the_blocks_do_not_divide_moves_nothing(size: tuple[int, int]) -> None:
    columns, rows = np.meshgrid(np.linspace(0, 255, size[0]), np.linspace(0, 255, size[1]))
    slopes = Image.fromarray(np.stack([columns, rows, columns], axis=2).round().astype(np.uint8))
    wanted = (size[0] // 9, size[1] // 9)
    assert difference(slopes.resize(wanted, Image.Resampling.BICUBIC), Picture(slopes).resized(wanted)) <= 1


def test_the_colours_of_a_piece_are_those_of_the_whole() -> None:
    picture = Picture(scene(2, 400, 300), 6, P3)
    assert difference(scene(2, 400, 300).transpose(Image.Transpose.ROTATE_270), picture.whole()) > 5  # they do change
    assert 0 == difference(picture.whole().crop(BOX), picture.crop(BOX))
    resized = picture.whole().resize((90, 120), Image.Resampling.BICUBIC)
    assert mean_difference(resized, picture.resized((90, 120))) <= 0.5  # mixing before or after the conversion


def test_see_through_parts_are_paper_in_every_piece() -> None:
    stored = Image.new("RGBA", (400, 400), (255, 0, 0, 255))
    stored.paste((0, 0, 0, 0), (0, 0, 200, 400))
    picture = Picture(stored)
    for piece in (picture.whole(), picture.resized((32, 32)), picture.reduced(50), picture.crop((100, 0, 300, 200))):
        width, height = piece.size
        assert (255, 255, 255) == piece.getpixel((width // 8, height // 2))
        assert (255, 0, 0) == piece.getpixel((width * 7 // 8, height // 2))


def test_nothing_is_enlarged_by_reducing_and_the_same_size_stays_as_it_is() -> None:
    stored = scene(3, 320, 240)
    assert 0 == difference(stored, Picture(stored).reduced(500))
    assert 0 == difference(stored, Picture(stored).resized(stored.size))
    assert (640, 480) == Picture(stored).resized((640, 480)).size
