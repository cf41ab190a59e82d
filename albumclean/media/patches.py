"""Which pieces of a photo a network sees at native resolution.

Slight blur, noise and block edges vanish when a photo is scaled down. Blur and compression show where there is
texture, noise where there is none; so all patches but the last go to textured places far from each other, and the
last to the flattest one that is neither black nor white.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from albumclean.domain import PatchSpec
from albumclean.media.picture import Picture

Place = tuple[int, int]  # left, top: in pixels of the upright picture
Floats = npt.NDArray[np.float32]
Levels = npt.NDArray[np.integer[Any]]

_BLOCK = 8  # a JPEG's grid: patches start on it, so that its edges lie at the same pixels of each
_BLACK, _WHITE = 6, 249  # luma of pixels that hold no detail, whatever the scene had
_MIDDLE, _COMFORT = 118.0, 60.0  # noise is best seen within this distance of middle grey
_BRIGHTNESS_COST = 0.1  # gradient levels per luma level beyond
_CLIPPED_COST = 40.0  # gradient levels for a cell that is clipped as a whole


def choose(whole: npt.NDArray[np.uint8], size: tuple[int, int], spec: PatchSpec) -> list[Place]:
    """The places of exactly `spec.count` patches in a picture of `size` (width, height).

    `whole` is the whole picture at any small size, uint8 (rows, columns, 3). The places differ wherever the picture is
    large enough for that; a side shorter than the patch's has the place 0. Deterministic.
    """
    lefts, tops = _grid(size, spec)
    gradient, brightness, clipped = (
        _cell_means(plane, tops, lefts, size, spec.side).ravel() for plane in _planes(whole)
    )
    places = np.stack(np.broadcast_arrays(lefts[None, :], tops[:, None]), axis=-1).reshape(-1, 2)
    chosen: list[int] = []
    for _ in range(min(spec.count - 1, len(places) - 1)):
        chosen.append(_farthest_textured(gradient, places, chosen, min(size) / 3))
    dimness = np.maximum(np.abs(brightness - _MIDDLE) - _COMFORT, 0.0)
    unrest = gradient + _BRIGHTNESS_COST * dimness + _CLIPPED_COST * clipped
    unrest[chosen] = np.inf
    chosen.append(int(unrest.argmin()))
    chosen = [chosen[number % len(chosen)] for number in range(spec.count)]
    return [(int(left), int(top)) for left, top in places[chosen]]


def cut(picture: Picture, places: list[Place], side: int) -> npt.NDArray[np.uint8]:
    """The patches, uint8 (count, side, side, 3); a picture that is smaller than that is mirrored at its edge."""
    width, height = picture.size
    patches = np.empty((len(places), side, side, 3), np.uint8)
    for patch, (left, top) in zip(patches, places, strict=True):
        piece = np.asarray(picture.crop((left, top, min(left + side, width), min(top + side, height))))
        below, beside = side - piece.shape[0], side - piece.shape[1]
        patch[:] = np.pad(piece, ((0, below), (0, beside), (0, 0)), "symmetric") if below or beside else piece
    return patches


def _grid(size: tuple[int, int], spec: PatchSpec) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The candidates' lefts and tops: side by side, or overlapping as little as gives enough of them."""
    step = spec.side
    while True:
        lefts, tops = (_starts(length - spec.side, step) for length in size)
        if len(lefts) * len(tops) >= spec.count or step == 1:
            return lefts, tops
        step //= 2


def _starts(span: int, step: int) -> npt.NDArray[np.int64]:
    span = max(span, 0)
    starts = np.linspace(0, span, span // step + 1).astype(np.int64)
    return starts // _BLOCK * _BLOCK if step >= _BLOCK else starts


def _planes(whole: npt.NDArray[np.uint8]) -> tuple[Levels, Levels, Levels]:
    """Each pixel's gradient (0 where it is clipped), luma, and 1 where it is clipped."""
    luma = np.asarray(Image.fromarray(whole).convert("L"))
    clipped = (luma <= _BLACK) | (luma >= _WHITE)
    levels = luma.astype(np.int16)
    gradient: Levels = np.zeros(luma.shape, np.int16)
    gradient[:, 1:] = np.abs(levels[:, 1:] - levels[:, :-1])
    gradient[1:] += np.abs(levels[1:] - levels[:-1])
    gradient[clipped] = 0
    return gradient, luma, clipped.view(np.uint8)


def _cell_means(
    plane: Levels, tops: npt.NDArray[np.int64], lefts: npt.NDArray[np.int64], size: tuple[int, int], side: int
) -> Floats:
    """The plane's mean over each cell: (tops, lefts)."""
    rows = _span_means(plane, tops, side, size[1])
    means: Floats = _span_means(rows.T, lefts, side, size[0]).T
    return means


def _span_means(plane: Levels | Floats, starts: npt.NDArray[np.int64], side: int, length: int) -> Floats:
    """(starts, columns): the mean of the rows that each span of `side` out of `length` covers, parts of rows included.

    By running sums and not by a matrix product: for one this small, the linear algebra library would wake its threads.
    Sums of whole numbers are the same in integers, in a tenth of the time.
    """
    exact = np.int64 if plane.dtype.kind in "iu" else np.float64
    sums = np.zeros((len(plane) + 1, plane.shape[1]), exact)
    np.cumsum(plane, axis=0, dtype=exact, out=sums[1:])
    scale = len(plane) / length
    begin, end = starts * scale, np.minimum(starts + side, length) * scale

    def up_to(edge: npt.NDArray[Any]) -> npt.NDArray[Any]:
        whole = np.minimum(edge.astype(np.int64), len(plane) - 1)
        part = (edge - whole)[:, None]
        below: npt.NDArray[Any] = sums[whole] * (1 - part) + sums[whole + 1] * part
        return below

    means: Floats = ((up_to(end) - up_to(begin)) / (end - begin)[:, None]).astype(np.float32)
    return means


def _farthest_textured(gradient: Floats, places: npt.NDArray[np.int64], chosen: list[int], apart: float) -> int:
    """The most textured cell that is `apart` from those chosen, or as far as there is one."""
    if not chosen:
        return int(gradient.argmax())
    distance = np.abs(places[:, None] - places[chosen]).max(axis=2).min(axis=1)
    while not (far := distance >= max(apart, 1.0)).any():
        apart /= 2
    return int(np.where(far, gradient, -1.0).argmax())
