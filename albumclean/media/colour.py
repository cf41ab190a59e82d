"""Any Pillow mode and colour profile to 8-bit sRGB."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

# A see-through picture is laid on white: so it looks on paper and in nearly every viewer, and so do programs that
# save it as JPEG, so that it is seen as alike to its JPEG copy.
PAPER = (255, 255, 255)

_SRGB = ImageCms.createProfile("sRGB")
_SPACES = {"RGB": ("RGB",), "RGBA": ("RGB",), "L": ("GRAY",), "LA": ("GRAY",), "CMYK": ("CMYK",), "LAB": ("Lab",)}
_PLAIN = {"1": "L", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "YCbCr": "RGB", "HSV": "RGB", "PA": "RGBA", "P": "RGB"}


def eight_bit(image: Image.Image, bits: int | None = None) -> Image.Image:
    """The same colours in one of the modes L, LA, RGB, RGBA, CMYK, LAB; colour profile not yet applied.

    `bits` is the depth that the file declares for samples which Pillow keeps wider (12 bits in mode I;16).
    """
    if image.mode.startswith("I;16"):
        return _sixteen_bit(image, bits)
    if image.mode == "I":
        return Image.fromarray(_scaled(np.asarray(image), 0xFFFF))
    if image.mode == "F":
        return Image.fromarray(_scaled(np.asarray(image), 1.0))
    if image.has_transparency_data and image.mode not in {"LA", "RGBA"}:
        return image.convert("RGBA")
    if image.mode in _SPACES:
        return image
    return image.convert(_PLAIN.get(image.mode, "RGB"))


def _sixteen_bit(image: Image.Image, bits: int | None) -> Image.Image:
    samples = np.asarray(image)
    grey = Image.fromarray(_scaled(samples, (1 << (bits or 16)) - 1))
    clear = image.info.get("transparency")  # of a PNG: the level that is see-through
    if not isinstance(clear, int):
        return grey
    return Image.merge("LA", (grey, Image.fromarray(np.where(samples == clear, 0, 255).astype(np.uint8))))


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB in sRGB, see-through parts laid on `PAPER`. `image` is in a mode that `eight_bit` gives.

    A profile that is broken, or made for another kind of picture than this one, counts as absent: the picture is
    then taken for sRGB (or for plain grey or CMYK), as viewers do.
    """
    if image.mode == "LAB":
        profile = profile or _lab_profile()
    colours = _drop_alpha(image)
    if profile and profile[16:20] == b"GRAY" and _is_grey(colours):  # as Pillow gives a grey AVIF
        colours = colours.getchannel(0)
    if profile and (transform := _transform(profile, colours.mode)):
        converted = ImageCms.applyTransform(colours, transform)
        colours = converted if converted is not None else colours
    colours = colours.convert("RGB")
    if "A" not in image.getbands() or image.mode == "LAB":
        return colours
    return Image.composite(colours, Image.new("RGB", image.size, PAPER), image.getchannel("A"))


def _is_grey(image: Image.Image) -> bool:
    if image.mode != "RGB":
        return False
    samples = np.asarray(image)
    return bool((samples == samples[..., :1]).all())


def _scaled(samples: npt.NDArray[np.generic], full: float) -> npt.NDArray[np.uint8]:
    """Samples of an open-ended type as 8 bits: [0, full] becomes [0, 255]; what goes beyond is stretched to fit."""
    values = np.nan_to_num(samples.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > full:
        values -= low
        full = max(high - low, 1e-12)
    scaled: npt.NDArray[np.uint8] = np.rint(values * np.float32(255.0 / full)).clip(0, 255).astype(np.uint8)
    return scaled


def _drop_alpha(image: Image.Image) -> Image.Image:
    match image.mode:
        case "RGBA":
            return Image.merge("RGB", image.split()[:3])  # convert("RGB") would do; said outright: no blending
        case "LA":
            return image.getchannel("L")
        case _:
            return image


@lru_cache(maxsize=1)
def _lab_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether the profile is sRGB by what it does (names lie): most photos' is, and skipping it saves 10 ms each."""
    levels = np.arange(0, 256, 15, dtype=np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    seen = np.asarray(ImageCms.applyTransform(Image.fromarray(cube), transform))
    return int(np.abs(seen.astype(np.int16) - cube).max()) <= 1


@lru_cache(maxsize=8)  # an album holds few profiles, and building a transform costs more than applying it
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() not in _SPACES.get(mode, ()):
            return None
        transform = ImageCms.buildTransform(source, _SRGB, mode, "RGB", ImageCms.Intent.PERCEPTUAL)
        return None if mode == "RGB" and _changes_nothing(transform) else transform
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return None
