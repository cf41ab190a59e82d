"""Evidence from the frame: what one shows beyond the other, borders around it, things laid on it, dark corners."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from albumclean.comparison.alignment import Alignment
from albumclean.comparison.evidence import Evidence, Pair, clamped, ratio
from albumclean.comparison.patches import moved
from albumclean.comparison.small import LUMA, Colours, Together, surroundings

_ALL = 0.995  # share of a frame inside the other that is the whole of it
_CUT = 0.05  # share of a frame that is a full-blown crop
_PLAIN = 2.0  # standard deviation of a border's colour, in grey levels
_OTHER = 8.0  # grey levels from the border's colour that are another colour
_ENDING = 0.3  # share of the pixels inside that are of another colour where a border ends
_SAMPLES = 60  # points along each side for the shares


def frame(pair: Pair) -> Iterator[Evidence]:
    """What the frames and what lies on them tell."""
    one, other, alignment = pair.one.raster.colours, pair.other.raster.colours, pair.alignment
    inside, other_inside = _inside(one, other, alignment.inverse), _inside(other, one, alignment)
    wider, padded = _beyond(one, other, alignment, inside)
    other_wider, other_padded = _beyond(other, one, alignment.inverse, other_inside)
    yield Evidence("wider", wider - other_wider, _shows_more(inside), _shows_more(other_inside))
    text = "is the picture itself (the other has a border or a screen around it)"
    yield Evidence("border", other_padded - padded, text, text)
    yield from _laid_over(pair.together)
    yield from _corners(pair.together)


def _shows_more(inside: float) -> str:
    return f"shows more of the scene (the other is cropped to {100 * inside:.0f} %)"


def _inside(one: Colours, other: Colours, matrix: Alignment) -> float:
    """The share of the frame of `one` that `other` shows; `matrix` takes pixels of `one` to those of `other`."""
    across, down = np.linspace(0, one.shape[1] - 1, _SAMPLES), np.linspace(0, one.shape[0] - 1, _SAMPLES)
    at = moved(matrix.matrix, np.stack([axis.ravel() for axis in np.meshgrid(across, down)], axis=1))
    return float(((at >= -1.5) & (at <= np.array([other.shape[1], other.shape[0]]) + 0.5)).all(axis=1).mean())


def _beyond(outer: Colours, inner: Colours, alignment: Alignment, inside: float) -> tuple[float, float]:
    """How much of the scene, and how much of a border, `outer` has around `inner`: each in [0, 1]."""
    if inside > _ALL:
        return 0.0, 0.0
    amount = min(1.0, (1 - inside) / _CUT)
    edges = [edge for edge in surroundings(outer, inner, alignment) if edge is not None]
    if not edges:
        return amount, 0.0  # too narrow to look at: a crop of a few pixels
    border = float(np.median([_border(edge) for edge in edges]))
    return amount * (1 - border), amount * border


def _border(edge: NDArray[np.float32]) -> float:
    """How much what lies outside looks like a border, in [0, 1]. `edge`: 12 lines x pixels x 3, outwards.

    It is of one colour, and the picture within is not: paper that goes on over the edge is a page that was cropped. Or
    there is a step over the edge that is larger than those within the frame, and less happens along a line outside than
    along one inside (a blurred copy of the photo behind it).
    """
    outside = edge[7:]
    if float(outside.std(axis=(0, 1)).max()) < _PLAIN:
        differs = np.abs(edge[:5] - outside.mean(axis=(0, 1))).max(axis=2) > _OTHER
        return clamped(float(differs.mean()) / _ENDING, 1)
    step = float(np.abs(edge[10] - edge[5]).mean() / (np.abs(edge[5] - edge[0]).mean() + 0.5))
    beyond, within = np.abs(np.diff(edge[10], axis=0)).mean(), np.abs(np.diff(edge[4], axis=0)).mean()
    smooth = math.log((float(within) + 0.1) / (float(beyond) + 0.1))
    return 1 / (1 + math.exp(-(2 * math.log((step + 1e-3) / 3.5) + 2 * smooth - 1.5)))


def _laid_over(both: Together) -> Iterator[Evidence]:
    """Captions, stickers, stamps: small, of few colours, with hard edges, and on one only."""
    luma, other, odd = both.one @ LUMA, both.other @ LUMA, both.odd
    if int(both.shown.sum()) < 100:
        return
    share = float(odd[both.shown].mean())
    amount = min(1.0, share / 0.01) if int(odd.sum()) > 20 else 0.0
    text = "is without the writing or the sticker that was laid over the other"
    if amount == 0:
        return
    edges, other_edges = _gradient(luma)[odd], _gradient(other)[odd]
    yield Evidence("hard_edges", amount * ratio(float(other_edges.mean()), float(edges.mean()), 3.0, 1.5), text, text)
    flat = float((other_edges < 2).mean() - (edges < 2).mean())
    yield Evidence("flat_patches", amount * flat, text, text)
    few = _commonest(both.other[odd]) - _commonest(both.one[odd])
    yield Evidence("few_colours", amount * few, text, text)


def _gradient(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    across = np.abs(np.diff(luma, axis=1, append=luma[:, -1:]))
    return np.asarray(across + np.abs(np.diff(luma, axis=0, append=luma[-1:])), dtype=np.float32)


def _commonest(colours: NDArray[np.float32]) -> float:
    """The share of the two commonest of 32 x 32 x 32 colours."""
    cells = (colours.astype(np.int64) // 8) @ np.array([1024, 32, 1])
    return float(np.sort(np.unique(cells, return_counts=True)[1])[-2:].sum() / len(cells))


def _corners(both: Together) -> Iterator[Evidence]:
    """Darkening towards the corners of the other that the tones don't explain."""
    shown = both.alike
    if int(shown.sum()) < 100:
        return
    luma, other = (both.one @ LUMA)[shown], (both.other @ LUMA)[shown]
    down, across = np.nonzero(shown)
    height, width = shown.shape
    radius = 2 * ((across / width - 0.5) ** 2 + (down / height - 0.5) ** 2)
    level = np.sqrt(luma * other) / 255
    plain = np.column_stack([np.ones_like(level), level, level**2])
    change = np.log((luma + 8) / (other + 8))
    without, _ = _fitted(plain, change)
    fitted, weights = _fitted(np.column_stack([plain, radius]), change)
    explained = 1 - fitted / (without + 1e-6)
    text = "is evenly lit (the other's corners were darkened)"
    yield Evidence("dark_corners", clamped(4 * float(weights[-1]), 1) * clamped(explained, 1), text, text)


def _fitted(basis: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """The sum of squares that is left, and the weights."""
    weights = np.linalg.lstsq(basis, values, rcond=None)[0]
    return float(((values - basis @ weights) ** 2).sum()), np.asarray(weights, dtype=np.float64)
