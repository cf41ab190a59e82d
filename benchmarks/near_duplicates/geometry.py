"""Changes of where things lie in the frame. Every function takes and gives RGB pictures."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

_LANCZOS = Image.Resampling.LANCZOS

TURNS = {
    "90": Image.Transpose.ROTATE_90,
    "180": Image.Transpose.ROTATE_180,
    "270": Image.Transpose.ROTATE_270,
    "horizontal": Image.Transpose.FLIP_LEFT_RIGHT,
    "vertical": Image.Transpose.FLIP_TOP_BOTTOM,
}


def scaled(image: Image.Image, factor: float) -> Image.Image:
    """Both sides times `factor`."""
    width, height = image.size
    resample = _LANCZOS if factor < 1 else Image.Resampling.BICUBIC
    return image.resize((max(1, round(width * factor)), max(1, round(height * factor))), resample)


def fitted(image: Image.Image, longest: int) -> Image.Image:
    """Scaled down so that the long side has at most `longest` pixels."""
    factor = longest / max(image.size)
    return scaled(image, factor) if factor < 1 else image


def cropped(image: Image.Image, percent: float, rng: np.random.Generator) -> Image.Image:
    """Without `percent` of the width and of the height, cut unevenly from the sides."""
    width, height = image.size
    cut_x, cut_y = round(width * percent / 100), round(height * percent / 100)
    left, top = int(rng.integers(cut_x + 1)), int(rng.integers(cut_y + 1))
    return image.crop((left, top, left + width - cut_x, top + height - cut_y))


def straightened(image: Image.Image, degrees: float) -> Image.Image:
    """Turned by a few degrees, and cropped to the largest rectangle of its aspect without empty corners."""
    width, height = image.size
    angle = math.radians(abs(degrees))
    aspect = max(width, height) / min(width, height)
    # The inner rectangle of the same aspect: the tighter of the two sides decides.
    shrink = 1 / (math.cos(angle) + aspect * math.sin(angle))
    inner_width, inner_height = math.floor(width * shrink) - 2, math.floor(height * shrink) - 2
    turned = image.rotate(degrees, Image.Resampling.BICUBIC)
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    return turned.crop((left, top, left + inner_width, top + inner_height))


def turned(image: Image.Image, how: str) -> Image.Image:
    """A quarter turn against the clock (`90`, `180`, `270`) or a mirror image (`horizontal`, `vertical`)."""
    return image.transpose(TURNS[how])
