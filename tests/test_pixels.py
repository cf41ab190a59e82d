"""What the frame promises: upright, sRGB, and the same picture whichever way the file stores it."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

from albumclean.media import colour
from albumclean.media.decode import Frame, decode

FIXTURES = Path(__file__).parent / "fixtures"
QUADRANTS = ((200, 60, 60), (60, 160, 60), (60, 60, 200), (220, 220, 200))  # top left, top right, bottom left, ...
TURN_BACK = {  # the turn that a camera held so makes, by EXIF orientation
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
LOSSLESS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 98, "subsampling": 0},
    "PNG": {},
    "WEBP": {"lossless": True},
    "TIFF": {},
    "AVIF": {"quality": 98, "subsampling": "4:4:4"},
}
# Linear RGB to XYZ: the published matrices of the two colour spaces, both for D65
SRGB = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
SPACES = {
    "adobe_rgb": np.array([[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]]),
    "display_p3": np.array([[0.48657, 0.26567, 0.19822], [0.22897, 0.69174, 0.07929], [0.0, 0.04511, 1.04394]]),
}


def quadrants() -> Image.Image:
    image = Image.new("RGB", (96, 64))
    for index, shade in enumerate(QUADRANTS):
        left, top = index % 2 * 48, index // 2 * 32
        image.paste(shade, (left, top, left + 48, top + 32))
    return image


def encoded(image: Image.Image, name: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


def frame(data: bytes, min_short_side: int = 64) -> Frame:
    return decode(data, Path("photo"), b"h" * 32, min_short_side=min_short_side, max_pixels=10**7)


def corners(image: Image.Image) -> npt.NDArray[np.int64]:
    """The four quadrants' colours, in the order of QUADRANTS."""
    places = [(image.width * x // 4, image.height * y // 4) for y in (1, 3) for x in (1, 3)]
    return np.array([image.getpixel(place) for place in places])


def assert_quadrants(image: Image.Image, tolerance: int = 4) -> None:
    assert image.mode == "RGB"
    np.testing.assert_allclose(corners(image), np.array(QUADRANTS), atol=tolerance)


def plain(image: Image.Image) -> tuple[int, ...]:
    """The colour of a picture of one colour."""
    low, high = np.asarray(image).min(axis=(0, 1)), np.asarray(image).max(axis=(0, 1))
    assert (high - low <= 3).all()
    return tuple(int(value) for value in np.asarray(image).mean(axis=(0, 1)).round())


# Turning


@pytest.mark.parametrize("name", LOSSLESS)
@pytest.mark.parametrize("orientation", TURN_BACK)
@pytest.mark.parametrize("min_short_side", [64, 32])
def test_every_orientation_of_every_format_comes_out_upright(name: str, orientation: int, min_short_side: int) -> None:
    turn = TURN_BACK[orientation]
    stored = quadrants() if turn is None else quadrants().transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    result = frame(encoded(stored, name, exif=exif, **LOSSLESS[name]), min_short_side)
    assert (96, 64) == (result.photo.width, result.photo.height)
    assert (96 * min_short_side // 64, min_short_side) == result.image.size
    assert_quadrants(result.image, 6)


@pytest.mark.parametrize("name", ["quadrants.heic", "turned.heic"])
def test_a_heic_is_turned_once_and_not_twice(name: str) -> None:
    result = frame((FIXTURES / name).read_bytes())
    assert (96, 64) == (result.photo.width, result.photo.height)
    assert_quadrants(result.image)


@pytest.mark.parametrize("orientation", [0, 9, 4711])
def test_an_orientation_that_does_not_exist_is_ignored(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert_quadrants(frame(encoded(quadrants(), "JPEG", exif=exif, **LOSSLESS["JPEG"])).image)


# Colour profiles


def in_space(shade: tuple[int, int, int], space: str) -> tuple[int, int, int]:
    """An sRGB colour as the 8-bit numbers of another space."""
    c = np.array(shade) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    there = np.linalg.solve(SPACES[space], SRGB @ linear)
    red, green, blue = np.rint(255 * np.clip(there, 0, 1) ** (1 / 2.2))
    return int(red), int(green), int(blue)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("shade", [(200, 80, 60), (70, 150, 90), (128, 128, 128)])
def test_a_colour_profile_is_applied(space: str, name: str, shade: tuple[int, int, int]) -> None:
    stored = in_space(shade, space)
    assert stored != shade or len(set(shade)) == 1
    data = encoded(
        Image.new("RGB", (64, 64), stored), name, icc_profile=(FIXTURES / f"{space}.icc").read_bytes(), **LOSSLESS[name]
    )
    np.testing.assert_allclose(plain(frame(data).image), shade, atol=4)


def test_an_srgb_profile_is_known_by_what_it_does_and_skipped() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert None is colour._transform(srgb, "RGB")
    assert None is not colour._transform((FIXTURES / "display_p3.icc").read_bytes(), "RGB")


def test_a_heic_s_colour_profile_is_applied() -> None:
    np.testing.assert_allclose(plain(frame((FIXTURES / "p3.heic").read_bytes()).image), (255, 0, 0), atol=4)


@pytest.mark.parametrize("profile", [b"", b"nonsense", (FIXTURES / "ink.icc").read_bytes()[:700]])
def test_a_broken_profile_counts_as_none(profile: bytes) -> None:
    assert_quadrants(frame(encoded(quadrants(), "PNG", icc_profile=profile)).image)


def test_a_profile_for_another_kind_of_picture_counts_as_none() -> None:
    profile = (FIXTURES / "adobe_rgb.icc").read_bytes()
    assert (90, 90, 90) == plain(frame(encoded(Image.new("L", (64, 64), 90), "PNG", icc_profile=profile)).image)


# Kinds of pixels


def test_cmyk_without_a_profile_is_ink_on_paper() -> None:
    for name, options in (("JPEG", {"quality": 98}), ("TIFF", {})):
        assert (255, 255, 255) == plain(frame(encoded(Image.new("CMYK", (64, 64)), name, **options)).image)
        red, green, blue = plain(frame(encoded(Image.new("CMYK", (64, 64), (0, 255, 255, 0)), name, **options)).image)
        assert red > 200
        assert max(green, blue) < 60


def test_a_cmyk_profile_is_applied() -> None:
    red, green, blue = plain(frame((FIXTURES / "cmyk_profile.jpg").read_bytes()).image)
    assert abs(red - 119) < 4  # the fixture's own ink: full cyan is a mid-grey
    assert max(red, green, blue) - min(red, green, blue) < 4


def test_a_cmyk_jpeg_stored_inverted_as_adobe_does_is_not_a_negative() -> None:
    data = encoded(Image.new("CMYK", (64, 64), (0, 0, 0, 230)), "JPEG", quality=98)
    assert b"Adobe" in data
    assert max(plain(frame(data).image)) < 40


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("L", (64, 64), 77), (77, 77, 77)),
        (Image.new("1", (64, 64), 1), (255, 255, 255)),
        (Image.new("I;16", (64, 64), 40 * 257), (40, 40, 40)),
        (Image.new("P", (64, 64), 5), None),
    ],
)
@pytest.mark.parametrize("name", ["PNG", "TIFF"])
def test_grey_and_palette_pictures(image: Image.Image, expected: tuple[int, ...] | None, name: str) -> None:
    expected = expected or image.convert("RGB").getpixel((0, 0))  # type: ignore[assignment]
    assert expected == plain(frame(encoded(image, name)).image)


def test_wide_grey_samples_are_scaled_and_not_cut() -> None:
    gradient = np.linspace(0, 1, 64, dtype=np.float32)[None, :].repeat(64, axis=0)
    for array in (gradient, gradient * 1000 - 500, (gradient * 65535).astype(np.int32)):
        seen = np.asarray(frame(encoded(Image.fromarray(array), "TIFF")).image)[0, :, 0]
        np.testing.assert_allclose(seen, np.linspace(0, 255, 64), atol=1.5)


def test_samples_that_are_no_number_do_no_harm() -> None:
    array = np.full((64, 64), np.nan, np.float32)
    array[:32] = 1.0
    assert {0, 255} == set(np.asarray(frame(encoded(Image.fromarray(array), "TIFF")).image).ravel().tolist())


def test_twelve_bit_samples_fill_the_range() -> None:
    rows = b"".join(struct.pack(">BBB", 0xFF, 0xFF, 0xFF) * 32 for _ in range(64))  # two samples in three bytes
    tags = [(256, 64), (257, 64), (258, 12), (259, 1), (262, 1), (273, 122), (278, 64), (279, len(rows)), (284, 1)]
    directory = struct.pack("<H", len(tags)) + b"".join(
        struct.pack("<HHII", tag, 4 if tag in {273, 279} else 3, 1, v) for tag, v in tags
    )
    data = b"II*\0" + struct.pack("<I", 8) + directory + bytes(4) + rows
    assert 122 == len(data) - len(rows)
    assert (255, 255, 255) == plain(frame(data).image)


@pytest.mark.parametrize("name", ["rgb16.png", "rgb16.tif"])
def test_sixteen_bit_colour(name: str) -> None:
    assert_quadrants(frame((FIXTURES / name).read_bytes()).image, 1)


@pytest.mark.parametrize(
    ("mode", "name"), [("RGBA", "PNG"), ("RGBA", "WEBP"), ("RGBA", "TIFF"), ("LA", "PNG"), ("LA", "TIFF")]
)
@pytest.mark.parametrize("min_short_side", [64, 32])
def test_see_through_parts_are_laid_on_white(mode: str, name: str, min_short_side: int) -> None:
    image = Image.new(mode, (64, 64), (10, 10, 10, 0) if mode == "RGBA" else (10, 0))
    image.paste((90, 90, 90, 255) if mode == "RGBA" else (90, 255), (0, 0, 32, 64))
    result = frame(encoded(image, name, **LOSSLESS[name]), min_short_side).image
    half = result.width // 2
    assert (90, 90, 90) == plain(result.crop((0, 0, half, half)))
    assert (255, 255, 255) == plain(result.crop((half, 0, result.width, half)))


def test_a_see_through_palette_colour_is_laid_on_white() -> None:
    image = Image.new("P", (64, 64), 0)
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.paste(1, (0, 0, 32, 64))
    for name in ("PNG", "GIF"):
        result = frame(encoded(image, name, transparency=0)).image
        assert (200, 100, 50) == plain(result.crop((0, 0, 32, 64)))
        assert (255, 255, 255) == plain(result.crop((32, 0, 64, 64)))


# One picture of several


@pytest.mark.parametrize("name", ["GIF", "WEBP", "TIFF", "PNG", "AVIF", "MPO"])
def test_the_first_picture_of_several_is_the_photo(name: str) -> None:
    more = {"save_all": True, "append_images": [Image.new("RGB", (96, 64), "black")]}
    options = {"quality": 98, "subsampling": 0} if name == "MPO" else LOSSLESS.get(name, {})
    assert_quadrants(frame(encoded(quadrants(), name, **more, **options)).image, 6)


# The same photo in two formats


@pytest.mark.parametrize("min_short_side", [300, 150, 100])
def test_a_png_and_a_jpeg_of_one_photo_give_nearly_the_same_frame(min_short_side: int) -> None:
    y, x = np.mgrid[0:600, 0:800]
    waves = 128 + 60 * np.sin(x / 17 + y / 31) + 50 * np.cos(y / 9)
    photo = Image.fromarray(np.stack([waves, waves[::-1], waves[:, ::-1]], axis=2).clip(0, 255).astype(np.uint8))
    one = frame(encoded(photo, "PNG"), min_short_side)
    two = frame(encoded(photo, "JPEG", quality=95), min_short_side)
    assert (one.image.size, one.reduction) == (two.image.size, two.reduction)
    difference = np.abs(np.asarray(one.image, np.int16) - np.asarray(two.image, np.int16))
    assert difference.mean() < 1.5
    assert difference.max() < 25
