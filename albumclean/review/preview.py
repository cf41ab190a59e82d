"""A picture as coloured half blocks: two pixels a character, in any terminal with colours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.segment import Segment, Segments
from rich.style import Style


def fitted(image: Image.Image, width: int, height: int) -> npt.NDArray[np.uint8]:
    """An RGB picture scaled to fit into `width` x `height`: uint8 (rows, columns, 3), an even number of rows."""
    scale = min(width / image.width, height / image.height)
    columns = max(1, round(image.width * scale))
    rows = max(2, round(image.height * scale / 2) * 2)
    return np.asarray(image.resize((columns, rows), reducing_gap=3.0))


def as_half_blocks(pixels: npt.NDArray[np.uint8]) -> Segments:
    """A picture of `fitted`, two rows of pixels in each line of characters."""
    segments: list[Segment] = []
    for upper, lower in zip(pixels[::2].tolist(), pixels[1::2].tolist(), strict=True):
        segments += [
            Segment("▀", Style(color=_hex(above), bgcolor=_hex(below)))
            for above, below in zip(upper, lower, strict=True)
        ]
        segments.append(Segment.line())
    return Segments(segments)


def _hex(colour: list[int]) -> str:
    red, green, blue = colour
    return f"#{red:02x}{green:02x}{blue:02x}"
