"""Changes of light, colour and sharpness. Every function takes and gives RGB pictures of the same size."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from albumclean.distortions.linear import map_light, to_bytes, to_light

Floats = npt.NDArray[np.float32]

_LUMA = (0.2126, 0.7152, 0.0722)  # ITU-R BT.709
_RED_FILTER = (0.75, 0.25, 0.0)
# The usual matrix of "sepia" filters (W3C Filter Effects Module, level 1)
_SEPIA = (0.393, 0.769, 0.189, 0, 0.349, 0.686, 0.168, 0, 0.272, 0.534, 0.131, 0)


def brightness(image: Image.Image, factor: float) -> Image.Image:
    """Encoded values times `factor`, as simple editors do it."""
    return ImageEnhance.Brightness(image).enhance(factor)


def exposure(image: Image.Image, stops: float) -> Image.Image:
    """Linear light times 2 to the `stops`; what is too bright clips."""
    return map_light(image, lambda light: light * 2.0**stops)


def contrast(image: Image.Image, factor: float) -> Image.Image:
    """Spread around the mean grey."""
    return ImageEnhance.Contrast(image).enhance(factor)


def gamma(image: Image.Image, exponent: float) -> Image.Image:
    """Encoded values in [0, 1] to the power of `exponent`."""
    return image.point([round(255 * (code / 255) ** exponent) for code in range(256)] * 3)


def saturation(image: Image.Image, factor: float) -> Image.Image:
    """Distance from grey times `factor`."""
    return ImageEnhance.Color(image).enhance(factor)


def white_balance(image: Image.Image, warmth: float) -> Image.Image:
    """Red light times 1 + `warmth`, blue light by as much the other way."""
    light = to_light(np.asarray(image))
    light *= np.array([1 + warmth, 1, 1 / (1 + warmth)], np.float32)
    return Image.fromarray(to_bytes(light))


def auto_levels(image: Image.Image, cutoff: float) -> Image.Image:
    """Each channel stretched to the full range, `cutoff` percent cut at either end."""
    return ImageOps.autocontrast(image, cutoff=cutoff)


def shadows(image: Image.Image, amount: float) -> Image.Image:
    """Dark regions lifted and bright ones held back, by what surrounds each pixel (local tone mapping)."""
    pixels = np.asarray(image).astype(np.float32) / 255
    luma = pixels @ np.array(_LUMA, np.float32)
    around = cv2.GaussianBlur(luma, (0, 0), max(4.0, min(image.size) / 30))
    exponent = np.exp2(np.float32(2 * amount) * (around - np.float32(0.5)))[..., None]
    return _picture(np.power(pixels, exponent) * 255)


def black_and_white(image: Image.Image, how: str) -> Image.Image:
    """Grey as RGB: `plain`, `red-filter` or `strong` (more contrast)."""
    weights = _RED_FILTER if how == "red-filter" else _LUMA
    grey = image.convert("L", (*weights, 0)).convert("RGB")
    return contrast(grey, 1.35) if how == "strong" else grey


def sepia(image: Image.Image, amount: float) -> Image.Image:
    """Browned: mixed with the sepia picture by `amount` in [0, 1]."""
    return Image.blend(image, image.convert("RGB", _SEPIA), amount)


def vignette(image: Image.Image, amount: float) -> Image.Image:
    """Corners darker by `amount` of their encoded value, the centre as it was."""
    width, height = image.size
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    fall = 1 - np.float32(amount) * ((x * x + y * y) / 2) ** np.float32(1.5)
    return _picture(np.asarray(image) * fall[..., None])


def sharpened(image: Image.Image, percent: int) -> Image.Image:
    """Unsharp mask of the radius that suits the picture's size."""
    return image.filter(ImageFilter.UnsharpMask(radius=max(0.8, min(image.size) / 900), percent=percent, threshold=2))


def blurred(image: Image.Image, sigma: float) -> Image.Image:
    """Gaussian blur; `sigma` in pixels of a picture of 1,000 pixels on the short side."""
    return image.filter(ImageFilter.GaussianBlur(sigma * min(image.size) / 1000))


def denoised(image: Image.Image, strength: float) -> Image.Image:
    """Fine grain smoothed away, edges kept (bilateral filter; `strength` in 8-bit values)."""
    return Image.fromarray(cv2.bilateralFilter(np.asarray(image), 7, strength * 3, 3).astype(np.uint8))


def grain(image: Image.Image, sigma: float, rng: np.random.Generator) -> Image.Image:
    """Grey film grain of deviation `sigma` in 8-bit values, a little softer than single pixels."""
    width, height = image.size
    noise = cv2.GaussianBlur(rng.standard_normal((height, width), dtype=np.float32), (0, 0), 0.6)
    noise *= np.float32(sigma) / noise.std()
    return _picture(np.asarray(image) + noise[..., None])


def _warm(image: Image.Image) -> Image.Image:
    return vignette(saturation(white_balance(_toned(image, (0, 40, 128, 215, 250)), 0.12), 1.15), 0.35)


def _faded(image: Image.Image) -> Image.Image:
    return saturation(_toned(image, (38, 84, 134, 184, 232)), 0.75)


def _vivid(image: Image.Image) -> Image.Image:
    return saturation(_toned(image, (0, 46, 130, 210, 255)), 1.5)


def _cool(image: Image.Image) -> Image.Image:
    return vignette(white_balance(_toned(image, (10, 60, 128, 200, 250)), -0.14), 0.25)


def _dusk(image: Image.Image) -> Image.Image:
    violet = Image.new("RGB", image.size, (92, 40, 110))
    return vignette(Image.blend(_toned(image, (8, 50, 120, 205, 255)), violet, 0.16), 0.5)


FILTERS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "warm": _warm,
    "faded": _faded,
    "vivid": _vivid,
    "cool": _cool,
    "dusk": _dusk,
}


def filtered(image: Image.Image, name: str) -> Image.Image:
    """A filter of the kind that picture-sharing apps offer: tone curve, colour, vignette."""
    return FILTERS[name](image)


def _toned(image: Image.Image, outputs: Sequence[int]) -> Image.Image:
    """A tone curve through `outputs` at evenly spaced inputs."""
    curve = np.interp(np.arange(256), np.linspace(0, 255, len(outputs)), outputs)
    return image.point([round(float(value)) for value in curve] * 3)


def _picture(values: npt.NDArray[np.floating]) -> Image.Image:
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
