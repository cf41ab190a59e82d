"""Pieces of two aligned photos, pixel for pixel: the one as it is stored, the other brought onto its grid."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from albumclean.comparison.planes import Matrix, inverse, scale_of
from albumclean.comparison.raster import Raster

SIDE = 192  # pixels of a patch, a multiple of 8
COUNT = 6  # patches, at most
_CELLS = 4  # candidate positions along each side
_SMALLEST = 24  # pixels
_SLACK = 0.75  # pixels of the guest by which a patch may stick out: rounding at the edges of full frames
_BLOCK = 8
_DARKEST, _BRIGHTEST = 2, 253  # from here on a channel may have been clipped


@dataclass(frozen=True, slots=True)
class Place:
    """A square of the target that both photos show; the corner lies on a multiple of 8 pixels."""

    x: int
    y: int
    side: int

    @property
    def centre(self) -> tuple[float, float]:
        """In pixels."""
        half = (self.side - 1) / 2
        return self.x + half, self.y + half

    def of(self, plane: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The pixels there."""
        return plane[self.y : self.y + self.side, self.x : self.x + self.side].astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """The same piece of the scene from both photos, on the grid of the target; arrays are side x side."""

    target: NDArray[np.float32]  # luma in [0, 255]
    guest: NDArray[np.float32]  # the other's luma, brought there
    chroma: NDArray[np.float32]  # x 2: the other's Cb and Cr, 0 for grey
    whole: NDArray[np.bool_]  # no channel of either is clipped


def spots(target: Raster, guest: Raster, matrix: Matrix) -> list[Place]:
    """Those where both photos are, at most sixteen; `matrix` takes the guest's pixels to the target's.

    Smaller ones where the overlap is small, none where it has less than 24 pixels.
    """
    side = min(SIDE, min(target.width, target.height) // _BLOCK * _BLOCK)
    found: list[Place] = []
    while side >= _SMALLEST and not found:
        found = list(_candidates(target, guest, matrix, side))
        side = side // 2 // _BLOCK * _BLOCK
    return found


def places(target: Raster, guest: Raster, matrix: Matrix) -> list[Place]:
    """The six of these with the most detail."""
    found = spots(target, guest, matrix)
    return sorted(found, key=lambda place: (-_detail(place.of(target.luma)), place.x, place.y))[:COUNT]


def cut(target: Raster, guest: Raster, matrix: Matrix) -> list[Patch]:
    """The patches at these places."""
    return [patch_at(target, guest, matrix, place) for place in places(target, guest, matrix)]


def brought(guest: Raster, matrix: Matrix, place: Place) -> NDArray[np.float32]:
    """The guest's luma on the target's grid at `place`.

    Each pixel is the mean of as many samples as it takes that no detail of a finer guest turns into moire.
    """
    back = _local_affine(inverse(matrix), place)
    times = max(1, math.ceil(scale_of(back) - 0.05))
    step = 1 / times
    inner = np.array([[step, 0, place.x + (step - 1) / 2], [0, step, place.y + (step - 1) / 2], [0, 0, 1]])
    warped = _warped(guest.luma, back @ inner, place.side * times, cv2.INTER_CUBIC).astype(np.float32)
    if times > 1:
        warped = np.asarray(
            cv2.resize(warped, (place.side, place.side), interpolation=cv2.INTER_AREA), dtype=np.float32
        )
    return warped


def moved(matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where `matrix` takes points, given as rows of (x, y)."""
    mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


def _candidates(target: Raster, guest: Raster, matrix: Matrix, side: int) -> Iterator[Place]:
    right, bottom = guest.width - 1.0, guest.height - 1.0
    there = moved(matrix, np.array([[0, 0], [right, 0], [0, bottom], [right, bottom]]))
    low = np.maximum(there.min(axis=0), 0)
    high = np.minimum(there.max(axis=0) + 1, [target.width, target.height]) - side
    back = inverse(matrix)
    found = set()
    for row in range(_CELLS):
        for column in range(_CELLS):
            at = low + (high - low) * [(column + 0.5) / _CELLS, (row + 0.5) / _CELLS]
            x, y = (max(0, int(value)) // _BLOCK * _BLOCK for value in at)
            place = Place(x, y, side)
            inside = x <= target.width - side and y <= target.height - side
            if inside and place not in found and covers(guest, back, place):
                found.add(place)
                yield place


def covers(guest: Raster, back: Matrix, place: Place) -> bool:
    """Whether the guest shows all of the place; `back` takes the target's pixels to the guest's."""
    last = place.side - 1.0
    corner = np.array([place.x, place.y], dtype=np.float64)
    at = moved(back, corner + np.array([[0, 0], [last, 0], [0, last], [last, last]]))
    return bool((at >= -_SLACK).all() and (at <= np.array([guest.width, guest.height]) - 1 + _SLACK).all())


def _detail(piece: NDArray[np.float32]) -> float:
    thin = piece[::2, ::2]
    unclipped = float(((thin > _DARKEST) & (thin < _BRIGHTEST)).mean())
    return unclipped * math.log1p(float(np.abs(np.diff(thin, axis=1)).mean()))


def patch_at(target: Raster, guest: Raster, matrix: Matrix, place: Place) -> Patch:
    """What both show there; `matrix` takes the guest's pixels to the target's."""
    theirs = _colours(guest, _local_affine(inverse(matrix), place), place)
    own = _colours(target, np.eye(3), place)
    high, low = cv2.split(cv2.max(own, theirs)), cv2.split(cv2.min(own, theirs))
    whole = cv2.max(cv2.max(high[0], high[1]), high[2]) < _BRIGHTEST
    whole &= cv2.min(cv2.min(low[0], low[1]), low[2]) > _DARKEST
    return Patch(
        place.of(target.luma),
        brought(guest, matrix, place),
        _chroma(theirs),
        np.asarray(whole, dtype=np.bool_),
    )


def _chroma(colours: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Cb and Cr (ITU-R BT.601), 0 for grey."""
    split = cv2.cvtColor(colours, cv2.COLOR_RGB2YCrCb)[..., 2:0:-1]
    return np.asarray(split, dtype=np.float32) - np.float32(128)


def _colours(raster: Raster, back: Matrix, place: Place) -> NDArray[np.uint8]:
    """The RGB there; `back` takes the target's pixels to those of `raster`."""
    matrix = raster.to_colours @ back @ np.array([[1, 0, place.x], [0, 1, place.y], [0, 0, 1.0]])
    return np.asarray(_warped(raster.colours, matrix, place.side, cv2.INTER_LINEAR), dtype=np.uint8)


def _warped(plane: NDArray[np.uint8], back: Matrix, side: int, interpolation: int) -> NDArray[np.uint8]:
    flags = interpolation | cv2.WARP_INVERSE_MAP
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(plane, back[:2], (side, side), flags=flags, borderMode=border), dtype=np.uint8)


def _local_affine(matrix: Matrix, place: Place) -> Matrix:
    """The affine map that touches `matrix` in the middle of the place: `matrix` itself, if it is affine."""
    x, y = place.centre
    u, v, w = matrix @ np.array([x, y, 1.0])
    at = np.array([u / w, v / w])
    linear = (matrix[:2, :2] - np.outer(at, matrix[2, :2])) / w
    affine = np.eye(3)
    affine[:2, :2], affine[:2, 2] = linear, at - linear @ [x, y]
    return affine
