"""Brackets: the same scene taken at several exposures (or focus distances) within seconds, to be merged or chosen from.

Three kinds of evidence, the surest first: the camera says so (EXIF ExposureMode 2, focus bracket); the exposure
compensation goes through evenly spaced steps; the exposure does so at fixed ISO and aperture, and the framing stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from albumclean.similar.captures import SECOND, Looks, Take, to_next

_FLAGGED_PAUSE = 10.0  # seconds: some cameras want a press of the button for each exposure
_PAUSE = 3.0  # seconds between automatic exposures, and twice what the longer one takes (noise reduction doubles it)
_FEWEST, _MOST = 3, 9
_SMALLEST_STEP, _LARGEST_STEP = 0.3, 3.1  # EV: a third of a stop to three stops
_SMALLEST_MANUAL_STEP = 0.6  # EV; automatic exposure wanders by thirds
_UNEVEN = 0.25  # EV: rounding of 1/125, 1/60, ... and of thirds written as 0.3 and 0.7
_SAME = 0.1  # EV
_SAME_FRAMING = 14  # bits of dHash; measured on brackets of 2.6 EV: 7 at most
_SAME_CONTENT = 0.55  # cosine; measured on the same: 0.71 at least; of pairs of strangers 1 in 6,000 has it


def find_brackets(takes: Sequence[Take], looks: Looks) -> list[list[int]]:
    """Disjoint brackets as ascending places in `takes`, which are those of one camera in the order of time."""
    flagged = [place for place, take in enumerate(takes) if take.capture.shot.bracketed]
    found = [
        bracket
        for run in _runs(takes, flagged, _FLAGGED_PAUSE)
        for part in _parts(takes, run)
        for bracket in _by_exposure(takes, part)
    ]
    taken = {place for bracket in found for place in bracket}
    rest = [place for place, take in enumerate(takes) if place not in taken and take.capture.shot.burst is None]
    for run in _runs(takes, rest, _PAUSE):
        start = 0
        while start + _FEWEST <= len(run):
            for count in range(min(_MOST, len(run) - start), _FEWEST - 1, -1):
                places = run[start : start + count]
                if _is_bracket([takes[place] for place in places], looks):
                    found.append(places)
                    start += count
                    break
            else:
                start += 1
    return sorted(found)


def _runs(takes: Sequence[Take], places: Sequence[int], pause: float) -> list[list[int]]:
    """Two or more of the places in a row with short pauses in between."""
    runs = [list(places[:1])]
    for one, other in pairwise(places):
        if takes[other].at - takes[one].at <= _pause(takes[one], takes[other], pause) * SECOND:
            runs[-1].append(other)
        else:
            runs.append([other])
    return [run for run in runs if len(run) > 1]


def _parts(takes: Sequence[Take], run: list[int]) -> list[list[int]]:
    """The run parted at longer pauses, unless that leaves someone alone: then its brackets were taken by hand."""
    parts = _runs(takes, run, _PAUSE)
    return parts if sum(map(len, parts)) == len(run) else [run]


def _by_exposure(takes: Sequence[Take], run: list[int]) -> list[list[int]]:
    """Brackets in a row: each takes the exposures that it does not have yet; leftovers stay with the last one."""
    steps = _steps([takes[place] for place in run])
    if steps is None or max(steps) - min(steps) < _SMALLEST_STEP:
        return [run]  # of focus or white balance
    brackets: list[dict[int, float]] = []
    for place, step in zip(run, steps, strict=True):
        for bracket in brackets:
            if all(abs(step - other) > _SAME for other in bracket.values()):
                bracket[place] = step
                break
        else:
            brackets.append({place: step})
    whole = [sorted(bracket) for bracket in brackets if len(bracket) > 1]
    left = [place for bracket in brackets if len(bracket) == 1 for place in bracket]
    return [*whole[:-1], sorted(whole[-1] + left)]


def _is_bracket(takes: Sequence[Take], looks: Looks) -> bool:
    biases = [take.capture.shot.bias for take in takes]
    if None not in biases and len(set(biases)) > 1:
        return _is_even([bias for bias in biases if bias is not None], _SMALLEST_STEP)
    values = [take.exposure_value for take in takes]
    settings = {(take.capture.shot.iso, take.capture.shot.f_number) for take in takes}
    if len(settings) > 1 or None in values:
        return False
    if not _is_even([value for value in values if value is not None], _SMALLEST_MANUAL_STEP):
        return False
    likeness, cosine = to_next(takes, looks)
    return bool(np.all((likeness.dhash <= _SAME_FRAMING) & (cosine >= _SAME_CONTENT)))


def _pause(one: Take, other: Take, most: float) -> float:
    return most + 2 * max(one.capture.shot.exposure or 0.0, other.capture.shot.exposure or 0.0)


def _steps(takes: Sequence[Take]) -> list[float] | None:
    """How the exposures differ, in EV: the compensation if that varies, as ISO may vary with it."""
    biases = [take.capture.shot.bias for take in takes]
    known = [bias for bias in biases if bias is not None]
    if len(known) == len(takes) and max(known) - min(known) >= _SMALLEST_STEP:
        return known
    values = [value for take in takes if (value := take.exposure_value) is not None]
    return values if len(values) == len(takes) else None


def _is_even(values: Sequence[float], smallest: float) -> bool:
    """Whether the values, sorted, go up in equal steps of a bracket's size."""
    steps = [after - before for before, after in pairwise(sorted(values))]
    return smallest - _SAME <= min(steps) <= max(steps) <= _LARGEST_STEP and max(steps) - min(steps) <= _UNEVEN
