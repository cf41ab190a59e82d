"""Both photos on one small grid, in colour: for what can be seen from a distance."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from albumclean.comparison.alignment import Alignment
from albumclean.comparison.planes import Matrix, inverse
from albumclean.comparison.raster import scaling

Colours = NDArray[np.uint8]  # height x width x 3

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601
_FEWEST = 100  # pixels
_LONG = 448  # pixels of the longer side
_MARGIN = 12  # pixels around the frame of the narrower one
_REACH = 6  # pixels to either side of its edge
_BLOCK = 8  # pixels
_PLAIN = 3.0  # grey levels: standard deviation of a block in which nothing is


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """Colours of what both show, averaged to the small grid, and nearest pixels, which keep what was clipped."""

    one: NDArray[np.float32]  # height x width x 3
    other: NDArray[np.float32]
    one_pixels: NDArray[np.uint8]  # height x width x 3
    other_pixels: NDArray[np.uint8]
    shown: NDArray[np.bool_]  # height x width: where both are
    odd: NDArray[np.bool_]  # height x width: where something lies on one only
    plain: float  # share of either picture, of the less plain one, in which nothing is: sky, wall, paper; in [0, 1]

    @property
    def shift(self) -> float:
        """How far brightness or a colour was moved, in grey levels: the median over what is alike, the worst channel.

        Of 110 copies that were only scaled, compressed, blurred, turned or written on at most 1; of 60 copies with
        other light or colours 2 or more, but for 4 that were changed a little (3 by auto-levels).
        """
        if not self.alike.any():
            return 0.0
        return float(np.abs(np.median((self.one - self.other)[self.alike], axis=0)).max())

    @property
    def difference(self) -> float | None:
        """How far the colours of what is alike lie apart, root mean square in grey levels; None where nothing is."""
        if not self.alike.any():
            return None
        return float(np.sqrt(np.mean((self.one - self.other)[self.alike] ** 2)))

    @property
    def alike(self) -> NDArray[np.bool_]:
        """Where both show the same, nothing laid over either."""
        return self.shown & ~self.odd


def together(one: Colours, other: Colours, alignment: Alignment) -> Together:
    """On a grid that covers the frame of `one`; pictures are height x width x 3."""
    first, to_first = _reduced(one)
    second, to_second = _reduced(other)
    matrix = to_first @ alignment.matrix @ inverse(to_second)
    size = (first.shape[1], first.shape[0])
    warped = cv2.warpPerspective(second, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpPerspective(np.full(second.shape[:2], 255, np.uint8), matrix, size, flags=cv2.INTER_LINEAR)
    at = inverse(to_first)
    picked = _picked(one, at, size)
    other_picked = _picked(other, inverse(alignment.matrix) @ at, size)
    mine, theirs, shown = first.astype(np.float32), warped.astype(np.float32), inside > 250
    plain = min(_plain(first), _plain(second))
    return Together(mine, theirs, picked, other_picked, shown, _odd(mine @ LUMA, theirs @ LUMA, shown), plain)


def _plain(small: Colours) -> float:
    """The share of blocks that are all but of one brightness; 0 for what is smaller than a block."""
    luma = small.astype(np.float32) @ LUMA
    down, across = luma.shape[0] // _BLOCK, luma.shape[1] // _BLOCK
    blocks = luma[: down * _BLOCK, : across * _BLOCK].reshape(down, _BLOCK, across, _BLOCK)
    return float((blocks.std(axis=(1, 3)) < _PLAIN).mean()) if blocks.size else 0.0


def _odd(luma: NDArray[np.float32], guest: NDArray[np.float32], shown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where the two differ by much more than elsewhere; nowhere, if that is more than a quarter of what both show."""
    if int(shown.sum()) < _FEWEST:
        return np.zeros_like(shown)
    difference = np.abs(_remainder(luma, guest, shown)) + np.abs(_remainder(guest, luma, shown))
    limit = max(12.0, 6 * float(np.median(difference[shown])))
    points = ((difference > limit) & shown).astype(np.uint8)
    odd = (cv2.morphologyEx(points, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) > 0) & shown
    return odd if odd.sum() < shown.sum() / 4 else np.zeros_like(shown)


def _remainder(luma: NDArray[np.float32], guest: NDArray[np.float32], shown: NDArray[np.bool_]) -> NDArray[np.float32]:
    """What a tone curve from the other leaves, 0 where only one is shown."""
    edges = np.unique(np.quantile(guest[shown], np.linspace(0, 1, 33)))
    cell = np.clip(np.searchsorted(edges, guest, side="right") - 1, 0, max(0, len(edges) - 2))
    count = np.bincount(cell[shown], minlength=len(edges))
    means = np.bincount(cell[shown], luma[shown], minlength=len(edges)) / np.maximum(1, count)
    return np.where(shown, luma - means[cell], 0).astype(np.float32)


def surroundings(outer: Colours, inner: Colours, alignment: Alignment) -> list[NDArray[np.float32] | None]:
    """What `outer` shows at each of the four edges of the frame of `inner`; `alignment` takes `inner` to `outer`.

    12 lines each, from 6 pixels inside to 6 outside, of length x 3; None where `outer` ends before that.
    """
    pixels, to_small = _reduced(outer)
    frame, to_frame = _frame(inner)
    move = np.array([[1, 0, _MARGIN], [0, 1, _MARGIN], [0, 0, 1.0]])
    matrix = move @ to_frame @ inverse(alignment.matrix) @ inverse(to_small)
    size = (frame[0] + 2 * _MARGIN, frame[1] + 2 * _MARGIN)
    canvas = cv2.warpPerspective(pixels, matrix, size, flags=cv2.INTER_LINEAR)
    shown = cv2.warpPerspective(np.full(pixels.shape[:2], 255, np.uint8), matrix, size, flags=cv2.INTER_LINEAR) > 250
    edges: list[NDArray[np.float32] | None] = []
    for turn in range(4):
        piece, there = np.rot90(canvas, turn), np.rot90(shown, turn)
        lines = slice(_MARGIN - _REACH, _MARGIN + _REACH)
        along = slice(_MARGIN, piece.shape[1] - _MARGIN)
        whole = bool(there[lines, along].mean() > 0.95)
        edges.append(piece[lines, along][::-1].astype(np.float32) if whole else None)
    return edges


def _frame(pixels: Colours) -> tuple[tuple[int, int], Matrix]:
    """The small size of a picture, and the map to it."""
    height, width = pixels.shape[:2]
    factor = min(1.0, _LONG / max(width, height))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return size, scaling((width, height), size)


def _reduced(pixels: Colours) -> tuple[Colours, Matrix]:
    size, matrix = _frame(pixels)
    middle = tuple(min(3 * small, large) for small, large in zip(size, pixels.shape[1::-1], strict=True))
    thin = cv2.resize(pixels, middle, interpolation=cv2.INTER_NEAREST)  # a mean of 3 x 3 pixels is as good, and cheap
    return np.asarray(cv2.resize(thin, size, interpolation=cv2.INTER_AREA), dtype=np.uint8), matrix


def _picked(pixels: NDArray[np.uint8], matrix: Matrix, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The nearest pixel for each of the grid; `matrix` takes the grid to `pixels`."""
    flags, border = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP, cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpPerspective(pixels, matrix, size, flags=flags, borderMode=border), dtype=np.uint8)
