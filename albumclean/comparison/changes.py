"""What the changed blocks of two aligned pictures hold: something drawn over one of them, or another scene.

Letters, watermarks and stickers leave the pixels beside them as they were and bring few tones of their own. What moved
or came into a scene has the many tones of a photo, and what moved is found a little further on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from albumclean.comparison.overlap import Overlap
from albumclean.comparison.planes import Bytes, Floats

_SMOOTH = 3  # luma that neighbours differ by in a smooth place
_INK, _PAPER = 12, 245  # luma of what is drawn in black and white
_SOUGHT = 40  # changed blocks that are looked for elsewhere
_FEW = 6  # changed blocks, fewer of which are not looked for
_SEEN = 2.0  # standard deviation of a piece worth looking for
_REFOUND = 0.75  # correlation at which it was found
_MUCH = 0.4  # share of all pixels that no drawing covers
_LEVELS = 32  # steps of the tone curve
_LOCAL = 3  # blocks: within this standard deviation light and contrast may be other than elsewhere
_LEAST, _USUAL, _MOST = 6.0, 1.5, 32.0  # luma; times what nearly all other pixels differ by; luma, beyond which all may
_PIXELS = 1000  # of the rest, fewer of which say nothing
_INKS = 3  # tones of a drawing
_HALVES, _OF_RANGE = (2, 5), 32  # luma to each side that counts as the same tone, at most such a part of their range
_PAPER_TONE = 6  # luma to each side of a block's middle tone that is the paper between letters
_TELLING = 8  # blocks, fewer of which say nothing


@dataclass(frozen=True, slots=True)
class Changes:
    """Shares in [0, 1]; of the changed blocks all but the last, and all 0 where there are none."""

    moved: float = 0.0  # those that `other` shows a little further on: something in the scene moved
    drawn: float = 0.0  # how much more of them is smooth, black or white in one picture than in the other
    unexplained: float = 0.0  # of their pixels, those that differ and have no tone of a drawing; NaN: can't be told
    written: float = 0.0  # of the pixels of what did not change and shows something, those of the block's own paper


def changes_of(
    overlap: Overlap,
    bands: tuple[Sequence[Floats], Sequence[Floats]],
    changed: NDArray[np.bool_],
    unchanged: NDArray[np.bool_],
    side: int,
) -> Changes:
    """Of the blocks, `side` pixels wide, that are `changed`, and of those with structure that are `unchanged`.

    `bands` are those of either picture (see `structure`).
    """
    if not changed.any():
        return Changes()
    place = _spread_out(changed, side)
    drawn = _drawn(overlap, place)
    moved = _moved(*bands, changed, side)
    if place.mean() > _MUCH:
        return Changes(moved, drawn, 1.0, 1.0)
    written = max(_written(plane, unchanged, side) for plane in (overlap.one, overlap.other))
    return Changes(moved, drawn, _unexplained(overlap, place, side), written)


def _spread_out(blocks: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    """A mask of pixels."""
    return cv2.resize(blocks.astype(np.uint8), None, fx=side, fy=side, interpolation=cv2.INTER_NEAREST).astype(np.bool_)


def _moved(first: Sequence[Floats], second: Sequence[Floats], changed: NDArray[np.bool_], side: int) -> float:
    """Look for changed blocks of one picture around their place in the other, and the reverse: the smaller share."""
    rows, columns = np.nonzero(changed)
    if len(rows) < _FEW:
        return 0.0
    one, other = first[0] + first[1], second[0] + second[1]
    chosen = np.unique(np.linspace(0, len(rows) - 1, _SOUGHT).astype(int))
    half, reach = side, 2 * side
    shares = []
    for source, target in ((one, other), (other, one)):
        found = asked = 0
        for row, column in zip(rows[chosen], columns[chosen], strict=True):
            y, x = int((row + 0.5) * side), int((column + 0.5) * side)
            piece = source[max(0, y - half) : y + half, max(0, x - half) : x + half]
            room = target[max(0, y - half - reach) : y + half + reach, max(0, x - half - reach) : x + half + reach]
            if piece.std() < _SEEN:
                continue
            asked += 1
            found += float(cv2.matchTemplate(room, piece, cv2.TM_CCOEFF_NORMED).max()) > _REFOUND
        shares.append(found / asked if asked else 0.0)
    return min(shares)


def _drawn(overlap: Overlap, place: NDArray[np.bool_]) -> float:
    """Bands, stickers and letters are smooth, black or white; what a camera sees there seldom is."""
    smooth, extreme = [], []
    for plane in (overlap.one, overlap.other):
        piece = plane[: place.shape[0], : place.shape[1]]
        around = np.ones((3, 3), np.uint8)
        smooth.append(float((cv2.dilate(piece, around) - cv2.erode(piece, around) <= _SMOOTH)[place].mean()))
        extreme.append(float(((piece <= _INK) | (piece >= _PAPER))[place].mean()))
    return max(abs(smooth[0] - smooth[1]), abs(extreme[0] - extreme[1]))


def _written(plane: Bytes, blocks: NDArray[np.bool_], side: int) -> float:
    """Share of the pixels of a typical block that have its middle tone: most of them between letters, few in a scene.

    Of 12 photos and scans of pages 0.54 to 0.85, of chats and forms 0.74 to 0.86, of 60 photos 0.14 to 0.58.
    """
    rows, columns = np.nonzero(blocks)
    if len(rows) < _TELLING:
        return 1.0
    height, width = blocks.shape
    tiles = plane[: height * side, : width * side].reshape(height, side, width, side)[rows, :, columns, :]
    tones = tiles.reshape(len(rows), -1).astype(np.int16)
    middle = np.median(tones, axis=1, keepdims=True)
    return float(np.median((np.abs(tones - middle) <= _PAPER_TONE).mean(axis=1)))


def _unexplained(overlap: Overlap, place: NDArray[np.bool_], side: int) -> float:
    """Share of the changed pixels that differ by more than the rest does and are of no tone that was drawn.

    NaN where the rest is too small, or differs so much itself that nothing can be told.

    Of 47 overlays on photos nearly all have less than 0.18; of 54 patches of photos that were set into another one, or
    taken out of it, and changed more than 0.01 of its blocks, two.
    """
    height, width = place.shape
    one, other = overlap.one[:height, :width], overlap.other[:height, :width]
    around = cv2.dilate(place.astype(np.uint8), np.ones((2 * side + 1, 2 * side + 1), np.uint8))
    rest = overlap.mask[:height, :width] & (around == 0)
    if int(rest.sum()) < _PIXELS:
        return np.nan
    toned = _toned(one, other, rest)
    toned += _local(other - toned, rest, side)
    difference = np.abs(other - toned)
    limit = max(_LEAST, _USUAL * float(np.quantile(difference[rest], 0.95)))
    if limit > _MOST:
        return np.nan
    odd = (difference > limit) & place
    inks = _inks(toned, odd) | _inks(other.astype(np.float32), odd)
    return float((odd & ~inks).sum() / place.sum())


def _local(difference: Floats, where: NDArray[np.bool_], side: int) -> Floats:
    """The mean difference around each pixel, taken `where` nothing changed."""
    weight = where.astype(np.float32)
    size = (where.shape[1] // side, where.shape[0] // side)
    sums = [cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (difference * weight, weight)]
    total, count = (cv2.GaussianBlur(plane, (0, 0), _LOCAL) for plane in sums)
    return cv2.resize(total / (count + 1e-3), where.shape[::-1], interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def _toned(plane: Bytes, wanted: Bytes, where: NDArray[np.bool_]) -> Floats:
    """`plane` with the tones of `wanted`, as far as a curve that fits `where` can give it them."""
    levels = np.arange(256)
    met = np.bincount(plane[where], minlength=256).astype(np.float64)
    sums = np.bincount(plane[where], wanted[where], minlength=256)
    edges = np.searchsorted(np.cumsum(met), np.linspace(0, met.sum(), _LEVELS + 1)[1:-1])
    cell = np.searchsorted(edges, levels, side="left")
    count = np.bincount(cell, met)
    known = count > 0
    at = np.bincount(cell, met * levels)[known] / count[known]
    to = np.bincount(cell, sums)[known] / count[known]
    # Beyond what was met the curve goes on as steeply as before.
    curve = np.interp(levels, at, to) + np.minimum(levels - at[0], 0) + np.maximum(levels - at[-1], 0)
    tones: Floats = curve.astype(np.float32)
    return tones[plane]


def _inks(plane: Floats, odd: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels of the few commonest tones among the `odd` ones."""
    tones = np.clip(np.rint(plane), 0, 255).astype(np.uint8)
    counts = np.bincount(tones[odd], minlength=256)
    taken = np.zeros(256, np.bool_)
    if not odd.any():
        return taken[tones]
    low, high = np.percentile(tones[odd], (5, 95))
    half = int(np.clip((high - low) / _OF_RANGE, *_HALVES))  # a faint scene has a narrow range, and still many tones
    for _ in range(_INKS):
        at = int(np.convolve(counts, np.ones(2 * half + 1), "same").argmax())
        tone = slice(max(0, at - half), at + half + 1)
        counts[tone], taken[tone] = 0, True
    return taken[tones]
