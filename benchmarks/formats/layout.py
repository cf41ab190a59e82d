"""Where which colours lie in a picture: enough to tell a turned, mirrored, cropped or wrongly coloured one.

A layout is the mean sRGB colours of the cells of a 6 x 6 grid over the upright picture laid on white, row by row, as
108 bytes. Two decoders with different chroma filters differ in it by a few levels; a picture turned the wrong way
or with swapped channels by dozens.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

SIDE = 6  # cells
TOLERANCE = 14.0  # levels of 255: root mean square of the differences; filters and perceptual intents stay below 8

_PAPER = (255, 255, 255)
_TURNS = {
    "mirrored": Image.Transpose.FLIP_LEFT_RIGHT,
    "upside down": Image.Transpose.ROTATE_180,
    "flipped": Image.Transpose.FLIP_TOP_BOTTOM,
    "transposed": Image.Transpose.TRANSPOSE,
    "turned clockwise": Image.Transpose.ROTATE_270,
    "transversed": Image.Transpose.TRANSVERSE,
    "turned counter-clockwise": Image.Transpose.ROTATE_90,
}


def layout_of(picture: Image.Image) -> bytes:
    """The layout of an upright picture in sRGB."""
    colours = picture.convert("RGBA")
    paper = Image.new("RGBA", colours.size, (*_PAPER, 255))
    flat = Image.alpha_composite(paper, colours).convert("RGB")
    return flat.resize((SIDE, SIDE), Image.Resampling.BOX).tobytes()


def difference(one: bytes, other: bytes) -> float:
    """Root mean square of the differences, in levels: 0 for the same, up to 255."""
    return float(np.sqrt(np.mean((_levels(one) - _levels(other)) ** 2)))


def deviation(expected: bytes, found: bytes) -> str | None:
    """What is wrong with a picture of the layout `found`, or None where it is the expected one."""
    apart = difference(expected, found)
    cells = Image.frombytes("RGB", (SIDE, SIDE), found)
    turned = {name: difference(expected, cells.transpose(turn).tobytes()) for name, turn in _TURNS.items()}
    nearest = min(turned, key=turned.__getitem__)
    if turned[nearest] < min(apart / 2, TOLERANCE) and apart > TOLERANCE / 4:
        return f"is {nearest} ({apart:.0f} levels off, {turned[nearest]:.0f} when turned back)"
    return f"has other colours ({apart:.0f} levels off)" if apart > TOLERANCE else None


def _levels(layout: bytes) -> npt.NDArray[np.float64]:
    return np.frombuffer(layout, dtype=np.uint8).astype(np.float64)
