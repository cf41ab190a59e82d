"""A picture as what a terminal understands: the escape sequence that draws it, or rows of coloured half blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from PIL import Image
from rich.segment import Segment

from albumclean.review.preview import as_half_blocks, fitted
from albumclean.review.terminal import iterm2, kitty, sixel


class PictureMode(StrEnum):
    """How a terminal shows pictures; the values are those of `--pictures`."""

    KITTY = "kitty"
    SIXEL = "sixel"
    ITERM2 = "iterm2"
    BLOCKS = "blocks"  # half blocks, in any terminal with colours
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Cell:
    """One character of the terminal, in pixels."""

    width: int = 10  # of the VT340, on which sixels were first drawn, where the terminal does not tell
    height: int = 20


@dataclass(frozen=True, slots=True)
class Box:
    """Where a picture goes: so many characters at most."""

    columns: int
    rows: int

    def pixels(self, mode: PictureMode, cell: Cell) -> tuple[int, int]:
        """Width and height of the largest picture that can be told apart in there."""
        if mode is PictureMode.BLOCKS:
            return self.columns, self.rows * 2  # half a character is about as wide as it is tall
        return self.columns * cell.width, self.rows * cell.height


@dataclass(frozen=True, slots=True)
class Painted:
    """A picture that is ready to be shown: either `escape` or `lines`."""

    columns: int  # of characters that it covers
    rows: int
    escape: str = ""  # draws it with its top left corner at the cursor, which may end up anywhere
    erase: str = ""  # takes it away, where writing over it does not
    lines: tuple[tuple[Segment, ...], ...] = ()


def paint(image: Image.Image, mode: PictureMode, box: Box, cell: Cell, slot: int) -> Painted:
    """An RGB picture scaled down to fit into `box`. `slot` (from 1) numbers the pictures that are shown at a time."""
    if mode is PictureMode.NONE:
        return Painted(0, 0)
    width, height = box.pixels(mode, cell)
    if mode is PictureMode.BLOCKS:
        segments = as_half_blocks(fitted(image, width, height)).segments
        lines = tuple(tuple(line) for line in Segment.split_lines(segments))
        return Painted(sum(segment.cell_length for segment in lines[0]), len(lines), lines=lines)
    image = image.convert("RGB")
    image.thumbnail((width, height))
    columns, rows = math.ceil(image.width / cell.width), math.ceil(image.height / cell.height)
    match mode:
        case PictureMode.KITTY:
            return Painted(columns, rows, kitty.encode(image, slot), kitty.erase(slot))
        case PictureMode.ITERM2:
            return Painted(columns, rows, iterm2.encode(image, columns, rows))
        case PictureMode.SIXEL:
            return Painted(columns, rows, sixel.encode(image))
