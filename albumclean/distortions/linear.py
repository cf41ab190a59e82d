"""Between 8-bit sRGB and linear light, by look-up tables (IEC 61966-2-1)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

_STEPS = 65535  # fine enough that the darkest 8-bit codes, 1/3295 of full scale apart, are kept apart


def decode_srgb(encoded: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Linear light in [0, 1] from sRGB values in [0, 1]."""
    bright = ((np.maximum(encoded, 0.04045) + 0.055) / 1.055) ** 2.4
    return np.where(encoded <= 0.04045, encoded / 12.92, bright)


def encode_srgb(linear: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The sRGB value in [0, 1] from linear light in [0, 1]."""
    bright = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, linear * 12.92, bright)


@cache
def light_of_byte() -> Floats:
    """Linear light in [0, 1] of each 8-bit sRGB value: float32 of shape (256,)."""
    table = decode_srgb(np.arange(256) / 255).astype(np.float32)
    table.flags.writeable = False
    return table


@cache
def _byte_of_light() -> Bytes:
    table = np.rint(255 * encode_srgb(np.arange(_STEPS + 1) / _STEPS)).astype(np.uint8)
    table.flags.writeable = False
    return table


def to_light(pixels: Bytes) -> Floats:
    """Linear light in [0, 1], float32, of 8-bit sRGB pixels of any shape."""
    return np.take(light_of_byte(), pixels)


def to_bytes(light: Floats) -> Bytes:
    """8-bit sRGB of linear light; what lies outside [0, 1] is clipped. Changes `light`."""
    np.multiply(light, _STEPS, out=light)
    light += 0.5
    np.clip(light, 0, _STEPS, out=light)
    return np.take(_byte_of_light(), light.astype(np.uint16))


def map_light(image: Image.Image, curve: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]) -> Image.Image:
    """Apply a curve of linear light, [0, 1] to [0, 1], to every channel."""
    codes = np.rint(255 * encode_srgb(np.clip(curve(decode_srgb(np.arange(256) / 255)), 0, 1)))
    return image.point([int(code) for code in codes] * 3)
