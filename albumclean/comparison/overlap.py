"""What two aligned pictures both show, on one grid at the resolution of the coarser."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from albumclean.comparison.planes import Bytes, Luma, Matrix, corners, inverse, moved, scale_of, scaling, shift


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A grid of pixels over what both show; the maps take each picture's pixel coordinates to the grid's."""

    width: int
    height: int
    from_one: Matrix
    from_other: Matrix


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """Both lumas on the grid, and where both are defined."""

    grid: Grid
    one: Bytes
    other: Bytes
    mask: NDArray[np.bool_]


def grid_of(one: Luma, other: Luma, matrix: Matrix, longest: int) -> Grid | None:
    """The grid at the coarser picture's resolution, at most `longest` pixels on its long side; None where they miss."""
    scale = scale_of(matrix)
    coarse, fine = (other, one) if scale >= 1 else (one, other)
    into = inverse(matrix) if scale >= 1 else matrix  # fine -> coarse
    outline = moved(into, corners(*fine.size))
    left, top = np.maximum(outline.min(axis=0), -0.5)
    right, bottom = np.minimum(outline.max(axis=0), [coarse.size[0] - 0.5, coarse.size[1] - 0.5])
    left, top = np.ceil(left - 0.02), np.ceil(top - 0.02)
    right, bottom = np.floor(right + 0.02), np.floor(bottom + 0.02)
    span = right - left + 1, bottom - top + 1
    if min(span) < 24:
        return None
    factor = min(1.0, longest / max(span))
    width, height = max(16, round(span[0] * factor)), max(16, round(span[1] * factor))
    place = scaling(width / span[0], height / span[1]) @ shift(-left, -top)
    return Grid(width, height, *((place @ into, place) if scale >= 1 else (place, place @ into)))


def overlap_on(one: Luma, other: Luma, grid: Grid) -> Overlap:
    """Both pictures on the grid."""
    mask = np.ones((grid.height, grid.width), np.bool_)
    for luma, place in ((one, grid.from_one), (other, grid.from_other)):
        mask &= _inside(luma, place, grid)
    return Overlap(
        grid,
        one.warped(grid.from_one, grid.width, grid.height),
        other.warped(grid.from_other, grid.width, grid.height),
        mask,
    )


def _inside(luma: Luma, place: Matrix, grid: Grid) -> NDArray[np.bool_]:
    outline = moved(place, corners(*luma.size))
    drawn = np.zeros((grid.height, grid.width), np.uint8)
    cv2.fillConvexPoly(drawn, np.rint(outline * 16).astype(np.int32), 1, shift=4)
    return drawn.astype(np.bool_)
