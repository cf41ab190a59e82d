"""The picture within a picture: what remains when a frame, padding or the screen around it is taken off.

Such a copy has other perceptual hashes than its source, but what is inside has the same. What tells its surroundings
from a sky, a night or fog is that they end all at once, along a straight line: the surroundings are of one colour
(captions and bars may stand in them, apart from the picture), or they are blurred and as broad on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

Luma = npt.NDArray[np.int16]
Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels

_LEAST_AREA: Final = 0.15  # of the whole
_LEAST_SIDE: Final = 24  # pixels: less than the hash looks at says little
_LONGEST: Final = 8  # times the short side: nobody frames a longer strip, and it may have 300 megapixels

# Surroundings of one colour, in levels of luma of 255.
# By which they vary: near an edge after strong compression; less, so that a night ends in black.
_PLAIN: Final = (10, 3)
_STEP: Final = 2  # more by which the picture differs from them at its edge
_SPECKS: Final = 0.04  # of a line may be something else
_EDGE: Final = 0.5  # of all edges is such a step
_FAINT: Final = 0.3  # of an edge: where a white sky touches white paper, it can't be told where it lies
_UNSEEN: Final = 0.1  # of an edge: then only the one across can tell

# Blurred surroundings.
_BAND: Final = 4  # pixels of breadth at least
_BROADEST: Final = 0.4  # of the side
_SMOOTH: Final = 2.2  # levels: mean second difference; of 250 squares with a blurred copy behind, all have less
_BLANK: Final = 1.0  # levels: standard deviation of the margins of a page, which are not blurred but empty
_SHARPER: Final = 2.0  # times as much detail is inside
_BOTH: Final = 0.4  # of both edges together is a step,
_EACH: Final = 0.1  # and of each


def inner_box(luma: npt.NDArray[np.uint8]) -> Box | None:
    """Where the inner picture lies in a luma (height, width), to about a third of a pixel; None: there is no frame.

    Made for a short side of 128 to 255; finds nothing in pictures of less than 24 pixels or longer than eight squares.
    """
    if min(luma.shape) < _LEAST_SIDE or max(luma.shape) > _LONGEST * min(luma.shape):
        return None
    for box in _boxes(luma.astype(np.int16)):
        if box is not None and (box[2] - box[0]) * (box[3] - box[1]) >= _LEAST_AREA * luma.size:
            return box
    return None


def _boxes(luma: Luma) -> Iterator[Box | None]:
    for plain in _PLAIN:
        yield _in_plain(luma, plain)
    yield _in_bands(luma)


def _in_plain(luma: Luma, plain: int) -> Box | None:
    corners = luma[[0, 0, -1, -1], [0, -1, 0, -1]]
    if np.ptp(corners) > plain:
        return None
    apart = np.abs(luma - np.int16(np.median(corners)))
    drawn = apart > plain
    top, bottom = _longest(drawn)
    left, right = _longest(drawn[top:bottom].T)
    top, bottom = _longest(drawn[:, left:right])
    if min(right - left, bottom - top) < _LEAST_SIDE:
        return None
    height, width = luma.shape
    margins = [left, top, width - right, height - bottom]
    steps = [_stepping(lines, plain + _STEP) for lines in _from_each_side(apart, margins)]
    # Where an edge can't be seen, it lies as the one across, which most surroundings are as broad as.
    margins = [
        min(margin, margins[side ^ 2]) if steps[side] < _FAINT else margin for side, margin in enumerate(margins)
    ]
    views = _from_each_side(apart, margins)
    steps = [_stepping(lines, plain + _STEP) for lines in views]
    lengths = [lines.shape[1] if margin else 0 for lines, margin in zip(views, margins, strict=True)]
    if any(share < _UNSEEN and abs(margins[side] - margins[side ^ 2]) > 1 for side, share in enumerate(steps)):
        return None
    if not any(lengths) or np.dot(steps, lengths) < _EDGE * sum(lengths):
        return None
    exact = [
        margin + 1 - _covered(0, lines[0], lines[1]) if margin and share >= _FAINT else float(margin)
        for margin, lines, share in zip(margins, views, steps, strict=True)
    ]
    return exact[0], exact[1], width - exact[2], height - exact[3]


def _longest(drawn: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """The longest run of lines that hold more than specks: its first line and the one behind it."""
    full = np.count_nonzero(drawn, axis=1) > _SPECKS * drawn.shape[1]
    edges = np.flatnonzero(np.diff(full, prepend=False, append=False))
    starts, ends = edges[::2], edges[1::2]
    if len(starts) == 0:
        return 0, 0
    at = int(np.argmax(ends - starts))
    return int(starts[at]), int(ends[at])


def _from_each_side(values: Luma, margins: list[int]) -> tuple[Luma, Luma, Luma, Luma]:
    """What lies within margins (left, top, right, bottom), as lines from each of these sides inwards."""
    left, top, right, bottom = margins
    inside = values[top : values.shape[0] - bottom, left : values.shape[1] - right]
    return inside.T, inside, inside.T[::-1], inside[::-1]


def _stepping(lines: Luma, least: int) -> float:
    # The first line may be half outside.
    return float((lines[1] > least).mean())


def _covered(outside: Luma | int, mixed: Luma, inside: Luma) -> float:
    """The share of a line that the inner picture covers, by least squares from the lines on both sides of it."""
    step = (inside - outside).astype(np.float64)
    share = float(np.dot(mixed - outside, step)) / max(float(np.dot(step, step)), 1.0)
    return min(max(share, 0.0), 1.0)


def _in_bands(luma: Luma) -> Box | None:
    height, width = luma.shape
    if rows := _between_bands(luma):
        return 0.0, rows[0], float(width), rows[1]
    if columns := _between_bands(luma.T):
        return columns[0], 0.0, columns[1], float(height)
    return None


def _between_bands(luma: Luma) -> tuple[float, float] | None:
    """The first line of the picture between two blurred bands, and the one behind it, to fractions."""
    broadest = int(_BROADEST * len(luma))
    bands = luma[:broadest], luma[::-1][:broadest]
    if broadest <= _BAND or any(_fine(band[:_BAND]) > _SMOOTH for band in bands):
        return None
    if max(float(band[:_BAND].std()) for band in bands) <= _BLANK:
        return None
    steps = [_straight_steps(band) for band in bands]
    # Copies are cut and scaled in whole pixels: the edges may be a pixel farther in on one side.
    one, other = (np.maximum(each[:-1], each[1:]) for each in steps)
    found = np.flatnonzero((one + other >= 2 * _BOTH) & (np.minimum(one, other) >= _EACH))
    if len(found) == 0:
        return None
    margins = []
    for band, share in zip(bands, steps, strict=True):
        first = int(found[0])
        at = _BAND - 1 + first + int(np.argmax(share[first : first + 3]))
        margins.append(at + 1 - _covered(band[at - 1], band[at], band[at + 1]))
    outer = max(_fine(band[: int(margin)]) for band, margin in zip(bands, margins, strict=True))
    inner = _fine(luma[int(margins[0]) + 1 : len(luma) - int(margins[1]) - 1])
    return None if outer > _SMOOTH or inner < _SHARPER * outer else (margins[0], len(luma) - margins[1])


def _straight_steps(band: Luma) -> npt.NDArray[np.float64]:
    """(n - 4,): how much of lines 3, 4, ... up to the last but one parts what differs far more than lines before."""
    step = np.abs(band[4:] - band[2:-2])
    before = np.abs(band[2:-2] - band[:-4])
    shares: npt.NDArray[np.float64] = (2 * step > 6 + 3 * before).mean(axis=1)
    return shares


def _fine(lines: Luma) -> float:
    """The mean second difference along the lines: what blur takes away first."""
    return float(np.abs(lines[:, :-2] - 2 * lines[:, 1:-1] + lines[:, 2:]).mean())
