"""Wrong exposure, in linear light and stops."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from albumclean.distortions.fields import normal_tile, rounded, with_field
from albumclean.distortions.linear import Bytes, Floats, decode_srgb, encode_srgb, map_light

# Stops at severity 1, in proportion below: a stop is itself an equal step of what is seen.
MOST_UNDER = 6.0
MOST_OVER = 4.5

_READ_NOISE = 0.0002  # of full light: at most 0.7 of an 8-bit step, and that only in black
_SHOULDER = 0.2  # of full light, in which a camera rolls off highlights from one stop over


def underexposed(image: Image.Image, stops: float, rng: np.random.Generator) -> Image.Image:
    """Light divided by 2**stops, with a trace of read noise, then stored in 8 bits again."""
    light = decode_srgb(np.arange(256) / 255) * 2.0**-stops
    code = (255 * encode_srgb(light)).astype(np.float32)
    nearby = encode_srgb(light + _READ_NOISE) - encode_srgb(light)
    noise = (255 * nearby * (1 - 2.0**-stops)).astype(np.float32)

    def change(part: Bytes, field: Floats) -> Bytes:
        dark = np.take(noise, part)
        dark *= field
        dark += np.take(code, part)
        return rounded(dark)

    return with_field(image, normal_tile, rng, change)


def overexposed(image: Image.Image, stops: float) -> Image.Image:
    """Light times 2**stops, rolled off softly below the clip."""
    width = max(1e-6, _SHOULDER * min(1.0, stops))

    def curve(light: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        gained = light * 2.0**stops
        rolled: npt.NDArray[np.float64] = 1 - width * np.exp(-np.maximum(gained - 1 + width, 0) / width)
        return np.where(gained <= 1 - width, gained, rolled)

    return map_light(image, curve)


def under_by_severity(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """See `underexposed`."""
    return underexposed(image, MOST_UNDER * severity, rng)


def over_by_severity(image: Image.Image, severity: float, _rng: np.random.Generator) -> Image.Image:
    """See `overexposed`."""
    return overexposed(image, MOST_OVER * severity)
