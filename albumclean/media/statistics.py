"""What a screen, a printer and a camera leave in pixels: numbers that tell pictures of different kinds apart.

A camera never gives the same value twice in a row; what a program drew is flat, repeats itself and keeps to a few
colours; paper is bright, grey and full of strokes. A network that sees the picture at 384 pixels has lost all of
that, so it is measured here: on tiles at the resolution of the decoded frame, and on the picture as a whole.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from albumclean.media.picture import Picture

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

TILE: Final = 128  # pixels
ACROSS: Final = 3  # tiles in a row and in a column
WHOLE_SIDE: Final = 192  # pixels of the short side, up to twice
LONGEST: Final = 32  # times the short side: of a longer strip, which may have 300 megapixels, the middle speaks
NAMES: Final = (
    *(f"tile-{name}" for name in ("same-across", "same-down", "within-1", "within-3", "edges", "steps", "dotted")),
    *("tile-grain-low", "tile-grain-middle", "tile-flat-tiles", "tile-colours", "tile-colours-least", "tile-chroma"),
    *("white", "black", "grey", "mode", "three-colours", "entropy", "even-rows", "even-columns"),
    *("ruled-rows", "ruled-columns", "strokes-across", "strokes-down", "stroke-rows", "line-gaps"),
    *("edge-top", "edge-bottom", "edge-sides", "rim-even", "bright-middle", "paper", "dark-on-light"),
)
COUNT: Final = len(NAMES)

_EDGE = 40  # levels between neighbours: ink, letters, frames
_STEP = 12  # levels: any contour
_INK = 24  # levels between a stroke and what is beside it
_MOST_GRAIN = 16  # levels
_FLAT = 0.95  # share of pixels that repeat the one before
_MANY_COLOURS = 1024  # in a tile, at five bits a channel
_EVEN = 3.0  # standard deviation in levels of a line of one colour


def statistics(picture: Picture) -> Floats:
    """float32 (`COUNT`,): the values of `NAMES`, each about 0 to 1. Deterministic; about 10 ms a photo."""
    width, height = picture.size
    tiles = [
        np.asarray(picture.crop((left, top, min(left + TILE, width), min(top + TILE, height))))
        for top in _starts(height)
        for left in _starts(width)
    ]
    whole = _middle(np.asarray(picture.reduced(WHOLE_SIDE)))
    found = np.array([*_of_tiles(tiles), *_of_whole(whole)], dtype=np.float32)
    return np.nan_to_num(found, nan=0.0, posinf=1.0, neginf=0.0)


def _middle(pixels: Bytes) -> Bytes:
    most = LONGEST * min(pixels.shape[:2])
    top, left = (max(length - most, 0) // 2 for length in pixels.shape[:2])
    return pixels[top : top + most, left : left + most]


def _starts(length: int) -> list[int]:
    span = max(length - TILE, 0)
    return sorted({round(span * (number + 0.5) / ACROSS) for number in range(ACROSS)})


def _of_tiles(tiles: list[Bytes]) -> list[float]:
    table = np.array([_of_tile(tile) for tile in tiles], dtype=np.float64)
    mean, grain, colours = table.mean(axis=0), table[:, 7], table[:, 8]
    flat = float((table[:, 0] > _FLAT).mean())
    low, middle = float(np.quantile(grain, 0.2)), float(np.median(grain))
    return [*mean[:7], low, middle, flat, mean[8], float(colours.min()), mean[9]]


def _of_tile(tile: Bytes) -> tuple[float, ...]:
    luma = _luma(tile)
    across, down = np.abs(np.diff(luma, axis=1)), np.abs(np.diff(luma, axis=0))
    edge = across > _EDGE
    # A thin line goes up and down again within two pixels; a camera's lens lets none through.
    there_and_back = np.abs(luma[:, 2:] - luma[:, :-2]) < _STEP // 2
    return (
        _share(across == 0),
        _share(down == 0),
        _share(across <= 1),
        _share(across <= 3),
        _share(edge),
        _share(edge) / max(_share(across > _STEP), 0.01),
        _share(there_and_back & edge[:, :-1]),
        _grain(luma),
        min(np.count_nonzero(_colours(tile, 5)) / _MANY_COLOURS, 1.0),
        float(_chroma(tile).mean()) / 128,
    )


def _of_whole(whole: Bytes) -> list[float]:
    luma = _luma(whole)
    height, width = luma.shape
    shares = np.sort(_colours(whole, 4))[::-1] / luma.size
    used = shares[shares > 0]
    counts = np.bincount(luma.ravel(), minlength=256)
    across, down = np.diff(luma, axis=1), np.diff(luma, axis=0)
    ink_across, ink_down = _strokes(luma), _strokes(luma.T)
    written = _shares(ink_across, axis=1)
    top, bottom = luma[: max(height // 25, 1)], luma[-max(height // 25, 1) :]
    sides = np.concatenate([luma[:, : max(width // 50, 1)].ravel(), luma[:, -max(width // 50, 1) :].ravel()])
    rim = np.concatenate([luma[0], luma[-1], luma[:, 0], luma[:, -1]])
    middle = luma[height // 4 : -(height // 4) or None, width // 4 : -(width // 4) or None]
    median = _median(counts)
    chroma = _chroma(whole)
    return [
        _share(luma > 235),
        _share(luma < 20),
        _share(chroma < 12),
        float(counts.max()) / luma.size,
        float(shares[:3].sum()),
        float(-(used * np.log2(used)).sum()) / 12,
        _share(luma.std(axis=1) < _EVEN),
        _share(luma.std(axis=0) < _EVEN),
        _share(_shares(np.abs(down) > _STEP, axis=1) > 0.5),
        _share(_shares(np.abs(across) > _STEP, axis=0) > 0.5),
        _share(ink_across),
        _share(ink_down),
        _share(written > 0.05),
        _alternation(written > 0.03),
        float(top.std()) / 64,
        float(bottom.std()) / 64,
        float(sides.std()) / 64,
        float(rim.std()) / 64,
        (float(middle.mean()) - float(rim.mean())) / 128,
        _share((luma > 150) & (chroma < 40)),
        (median - float(luma.mean())) / 64,
    ]


def _luma(pixels: Bytes) -> npt.NDArray[np.int16]:
    red, green, blue = (pixels[..., channel].astype(np.int16) for channel in range(3))
    weighted: npt.NDArray[np.int16] = (red + 2 * green + blue) >> 2
    return weighted


def _chroma(pixels: Bytes) -> Bytes:
    red, green, blue = (pixels[..., channel] for channel in range(3))
    most, least = np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)
    spread: Bytes = most - least
    return spread


def _colours(pixels: Bytes, bits: int) -> npt.NDArray[np.int64]:
    """How many pixels have each colour, in so many bits a channel."""
    red, green, blue = (pixels[..., channel].astype(np.int32) >> (8 - bits) for channel in range(3))
    return np.bincount(((red << 2 * bits) + (green << bits) + blue).ravel(), minlength=1 << 3 * bits)


def _share(which: npt.NDArray[np.bool_]) -> float:
    return np.count_nonzero(which) / which.size if which.size else 0.0


def _shares(which: npt.NDArray[np.bool_], axis: int) -> npt.NDArray[np.float64]:
    """`which.mean(axis)`, by counting: a fifth of the time."""
    shares: npt.NDArray[np.float64] = np.count_nonzero(which, axis=axis) / which.shape[axis]
    return shares


def _median(counts: npt.NDArray[np.int64]) -> float:
    """Of levels of which each occurs so often."""
    below = np.cumsum(counts)
    middle = [int(np.searchsorted(below, rank, "right")) for rank in ((below[-1] - 1) // 2, below[-1] // 2)]
    return sum(middle) / 2


def _grain(luma: npt.NDArray[np.int16]) -> float:
    """How far pixels lie from the middle of their neighbours to both sides: noise, and nothing but noise in a sky."""
    if min(luma.shape) < 3:
        return 0.0
    off = np.abs(2 * luma[1:-1, 1:-1] - luma[1:-1, :-2] - luma[1:-1, 2:])
    below = np.cumsum(np.bincount(np.minimum(off, _MOST_GRAIN).ravel(), minlength=_MOST_GRAIN + 1)) / off.size
    return float(np.searchsorted(below, 0.3)) / _MOST_GRAIN


def _strokes(luma: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    """Where a thin stroke is crossed along a row: darker or brighter than what lies three pixels to both sides."""
    if luma.shape[1] <= 6:
        return np.zeros((luma.shape[0], 1), np.bool_)
    middle, before, after = luma[:, 3:-3], luma[:, :-6], luma[:, 6:]
    crossed: npt.NDArray[np.bool_] = (np.minimum(before, after) - middle > _INK) | (
        middle - np.maximum(before, after) > _INK
    )
    return crossed


def _alternation(written: npt.NDArray[Any]) -> float:
    """How often lines of writing and gaps take turns, down the page: 1 for every eighth row."""
    return min(float(np.count_nonzero(np.diff(written.astype(np.int8)))) / max(len(written) / 4, 1), 1.0)
