"""The last tenth of a pixel of an alignment: traces of compression only show where the grids are matched exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from albumclean.comparison.patches import Place, brought, moved, places
from albumclean.comparison.planes import Matrix, scale_of
from albumclean.comparison.raster import Raster

_NEAR = 1.5  # pixels within which a simpler map explains the alignment
_CLEAR = 0.15  # response of a phase correlation that is worth believing
_SIDE = 128  # pixels of the middle of a patch that is looked at
_TIE = 1e-3
_FAR = 6.0  # pixels: a larger correction is a wrong one


def refine(target: Raster, guest: Raster, matrix: Matrix) -> Matrix:
    """`matrix` (guest -> target) corrected by what patches show, or a simpler map that fits as well.

    Copies are mostly made by whole-pixel crops, quarter turns and resizing of the whole frame; the exact map is then
    known, and an estimate of it is not as good. The target should be the coarser of the two.
    """
    looks = [_Look(place, _edges(place.of(target.luma))) for place in map(_middle, places(target, guest, matrix))]
    shifted = _corrected(looks, guest, matrix)
    best, best_fit = matrix, _fit(looks, guest, matrix)
    for candidate in (shifted, *_simple(shifted, target, guest)):
        fit = _fit(looks, guest, candidate)
        if fit > best_fit - _TIE * (1 - best_fit):  # the simpler ones come last and win a tie
            best, best_fit = candidate, max(fit, best_fit)
    return best


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    place: Place
    edges: NDArray[np.float32]  # of the target there


def _middle(place: Place) -> Place:
    inset = max(0, place.side - _SIDE) // 2
    return Place(place.x + inset, place.y + inset, min(place.side, _SIDE))


def _corrected(looks: Sequence[_Look], guest: Raster, matrix: Matrix) -> Matrix:
    at, shifts = [], []
    for look in looks:
        window = cv2.createHanningWindow((look.place.side, look.place.side), cv2.CV_32F)
        shift, response = cv2.phaseCorrelate(_edges(brought(guest, matrix, look.place)), look.edges, window)
        if response > _CLEAR and max(abs(shift[0]), abs(shift[1])) < _FAR:
            at.append((*look.place.centre, 1.0))
            shifts.append(shift)
    if not at:
        return matrix
    points, offsets = np.asarray(at), np.asarray(shifts)
    correction = np.eye(3)
    spread = np.linalg.matrix_rank(points / [1000, 1000, 1], tol=0.1) == 3
    if len(points) >= 4 and spread and np.ptp(offsets, axis=0).max() > 0.1:
        correction[:2] += np.linalg.lstsq(points, offsets, rcond=None)[0].T
    else:
        correction[:2, 2] = np.median(offsets, axis=0)
    return np.asarray(correction @ matrix)


def _simple(matrix: Matrix, target: Raster, guest: Raster) -> list[Matrix]:
    """Whole-frame scalings and whole-pixel moves near `matrix`, with quarter turns and flips."""
    linear = matrix[:2, :2] / max(1e-9, scale_of(matrix))
    turn = np.round(linear)
    if not np.array_equal(np.abs(turn).sum(axis=0), [1, 1]) or not np.array_equal(np.abs(turn).sum(axis=1), [1, 1]):
        return []
    sideways = turn[0, 0] == 0
    size = np.array([target.width, target.height], dtype=np.float64)
    source = np.array([guest.height, guest.width] if sideways else [guest.width, guest.height], dtype=np.float64)
    found = []
    for scale in (size / source, np.ones(2)):
        simple = np.eye(3)
        simple[:2, :2] = np.diag(scale) @ turn
        middle = np.array([[(guest.width - 1) / 2, (guest.height - 1) / 2]])
        turned = moved(simple, middle)[0]
        if np.array_equal(scale, [1, 1]):
            simple[:2, 2] = np.round(moved(matrix, middle)[0] - turned)
        else:
            simple[:2, 2] = (size - 1) / 2 - turned  # the frames' middles meet
        if _distance(simple, matrix, guest) < _NEAR:
            found.append(simple)
    return found


def _distance(one: Matrix, other: Matrix, guest: Raster) -> float:
    """The largest disagreement at the guest's corners, in the target's pixels."""
    right, bottom = guest.width - 1.0, guest.height - 1.0
    corners = np.array([[0, 0], [right, 0], [0, bottom], [right, bottom]])
    return float(np.abs(moved(one, corners) - moved(other, corners)).max())


def _fit(looks: Sequence[_Look], guest: Raster, matrix: Matrix) -> float:
    """Mean correlation of fine detail, in [-1, 1]; -1 without patches."""
    values = []
    for look in looks:
        one, other = look.edges, _edges(brought(guest, matrix, look.place))
        spread = float(one.std() * other.std())
        values.append(float(((one - one.mean()) * (other - other.mean())).mean()) / spread if spread > 0 else 0.0)
    return float(np.mean(values)) if values else -1.0


def _edges(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Detail up to about 8 pixels in size."""
    return np.asarray(luma - cv2.GaussianBlur(luma, (0, 0), 3.0), dtype=np.float32)
