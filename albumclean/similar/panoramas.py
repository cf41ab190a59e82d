"""Parts of a panorama: shots in a row that show the scene shifted along one direction, at one exposure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from albumclean.similar.captures import Looks, Take, seconds_between, to_next

_PARTS = 3
_LONGEST_PAUSE = 20.0  # seconds
_SHORTEST_MEAN_PAUSE = 0.7  # seconds; faster is a burst that follows something
_SAME_EXPOSURE = 0.7  # EV
_SAME_FOCAL_LENGTH = 0.02  # relative
_SAME_ASPECT = 0.03  # relative
_SIDE = 8  # of the layout
_SHIFTS = range(2, 7)  # of 8 columns or rows: from three quarters of overlap to one
# Measured: parts of a panorama lie at 0.14 to 0.28 of the unshifted difference, a bird in flight at 0.43.
_BETTER = 0.4
_DIFFERENT = 10.0  # mean difference of the colours without the shift, of 255: flat pictures match at any


def find_panoramas(takes: Sequence[Take], looks: Looks) -> list[list[int]]:
    """Disjoint sweeps as ascending places in `takes`, which are those of one camera in the order of time."""
    if len(takes) < _PARTS:
        return []
    pauses = seconds_between(takes)
    if np.count_nonzero(pauses <= _LONGEST_PAUSE) < _PARTS - 1:  # spares most sessions the rest
        return []
    layouts = looks.layout[[take.capture.position for take in takes]].reshape(-1, _SIDE, _SIDE, 3).astype(np.int16)
    direction = _directions(layouts)
    direction[(to_next(takes, looks)[0].aspect > _SAME_ASPECT) | (pauses > _LONGEST_PAUSE)] = 0
    for place in np.flatnonzero(direction).tolist():
        if not _same_camera_settings(takes[place], takes[place + 1]):
            direction[place] = 0
    found = []
    start = 0
    for place in range(1, len(direction) + 1):
        if place < len(direction) and direction[place] == direction[start]:
            continue
        calm = float(pauses[start:place].mean()) >= _SHORTEST_MEAN_PAUSE
        if direction[start] and place - start >= _PARTS - 1 and calm:
            found.append(list(range(start, place + 1)))
        start = place
    return _disjoint(found)


def _directions(layouts: npt.NDArray[np.int16]) -> npt.NDArray[np.intp]:
    """(N, 8, 8, 3) -> (N - 1,): 1 right, 2 left, 3 down, 4 up where the next picture is shifted that way; else 0."""
    one, other = layouts[:-1], layouts[1:]
    unshifted = np.abs(one - other).mean(axis=(1, 2, 3))
    differences = []
    for before, after in ((one, other), (other, one)):
        differences.append(_best_shift(before, after))
    for before, after in ((one, other), (other, one)):
        differences.append(_best_shift(before.swapaxes(1, 2), after.swapaxes(1, 2)))
    shifted = np.stack(differences)
    best = shifted.min(axis=0)
    moved = (best <= _BETTER * unshifted) & (unshifted >= _DIFFERENT)
    return np.where(moved, 1 + shifted.argmin(axis=0), 0)


def _best_shift(before: npt.NDArray[np.int16], after: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    """(N,): the smallest difference where `after` shows what stands further right in `before`."""
    each = [np.abs(before[:, :, by:] - after[:, :, : _SIDE - by]).mean(axis=(1, 2, 3)) for by in _SHIFTS]
    best: npt.NDArray[np.float64] = np.min(each, axis=0)
    return best


def _same_camera_settings(one: Take, other: Take) -> bool:
    mine, theirs = one.capture.shot, other.capture.shot
    if mine.burst is not None and mine.burst == theirs.burst:
        return False
    if mine.focal_length is not None and theirs.focal_length is not None:
        widest = max(mine.focal_length, theirs.focal_length)
        if abs(mine.focal_length - theirs.focal_length) > _SAME_FOCAL_LENGTH * widest:
            return False
    here, there = one.exposure_value, other.exposure_value
    return here is None or there is None or abs(here - there) <= _SAME_EXPOSURE


def _disjoint(runs: Sequence[list[int]]) -> list[list[int]]:
    """A turn of the sweep is the last part of one run and the first of the next: it stays in the first."""
    taken: set[int] = set()
    kept = []
    for run in runs:
        free = [place for place in run if place not in taken]
        if len(free) >= _PARTS - 1:  # what is left of a second row still belongs to the work
            kept.append(free)
            taken.update(free)
    return kept
