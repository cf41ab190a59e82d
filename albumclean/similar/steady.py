"""Steady runs: time-lapses, and focus stacks that no camera flagged.

A time-lapse is told by its clock: people never press a button eight times at equal intervals. A focus stack is told by
its stillness: five or more shots with the same exposure from the same spot. What a tripod and a self-timer make of a
group of people looks the same from here, so that "focus stack" is a guess; the clock is not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from albumclean.similar.captures import SECOND, Looks, Take, seconds_between, to_next
from albumclean.similar.index import Likeness

Flags = npt.NDArray[np.bool_]

LONGEST_PAUSE = 630.0  # seconds: a time-lapse of ten minutes, and what clocks and shutters add
_LAPSE = 8  # takes
_SHORTEST_INTERVAL, _LONGEST_INTERVAL = 0.95, 610.0  # seconds; faster is a burst
_ROUGHNESS = 0.15  # seconds that a take may be off the beat, on either side, and ...
_JITTER = 0.02  # ... this share of the interval
_WHOLE_SECONDS = 0.5  # seconds more where the camera writes no fractions: what rounding does to a steady beat
# At whole seconds eight presses by hand, about two seconds apart, often look steady (simulated: up to 90 %).
_DOUBTFUL_INTERVAL, _DOUBTFUL_LAPSE = 5.0, 20  # seconds, takes
_SAME_VIEW = (16, 12)  # bits of pHash, dHash
# Or layout (of 255) and cosine: at night the hashes are made of noise. Dark photos with strong noise drawn twice have a
# cosine of 0.86 at least.
_SAME_COLOURS, _SAME_CONTENT = 10.0, 0.75

_STACK = 5  # takes
_STACK_PAUSE = (0.4, 15.0)  # seconds; faster is a burst
_STACK_UNEVEN = 4.0  # longest by shortest pause; a stack made by hand had 10 s by 3 s
_STILL = (8, 8, 6.0)  # bits of pHash and dHash, layout (of 255); measured on stacks: 6, 7, 4.6
_SAME_EXPOSURE = 0.2  # EV


def find_time_lapses(takes: Sequence[Take], looks: Looks) -> list[list[int]]:
    """Disjoint time-lapses as ascending places in `takes`, which are those of one camera in the order of time."""
    if len(takes) < _LAPSE:
        return []
    likeness, cosine = to_next(takes, looks)
    same = (likeness.phash <= _SAME_VIEW[0]) & (likeness.dhash <= _SAME_VIEW[1])
    same |= (likeness.layout <= _SAME_COLOURS) & (cosine >= _SAME_CONTENT)
    odd = np.lib.stride_tricks.sliding_window_view(~same, _LAPSE - 1).sum(axis=1)
    runs = _runs(_on_the_beat(takes) & (odd <= 1) & _of_no_burst(takes, _LAPSE), _LAPSE)
    return [run for run in runs if len(run) >= _enough(takes, run)]


def find_focus_stacks(takes: Sequence[Take], looks: Looks) -> list[list[int]]:
    """Disjoint stacks as ascending places in `takes`, which are those of one camera in the order of time."""
    if len(takes) < _STACK:
        return []
    pauses = np.lib.stride_tricks.sliding_window_view(seconds_between(takes), _STACK - 1)
    low, high = pauses.min(axis=1), pauses.max(axis=1)
    calm = (low >= _STACK_PAUSE[0]) & (high <= _STACK_PAUSE[1]) & (high <= low * _STACK_UNEVEN)
    still = _still(to_next(takes, looks)[0]) & _same_exposure(takes)
    all_still = np.lib.stride_tricks.sliding_window_view(still, _STACK - 1).all(axis=1)
    return _runs(calm & all_still & _of_no_burst(takes, _STACK), _STACK)


def _enough(takes: Sequence[Take], run: Sequence[int]) -> int:
    interval = (takes[run[-1]].at - takes[run[0]].at) / SECOND / (len(run) - 1)
    sure = interval >= _DOUBTFUL_INTERVAL or any(takes[place].capture.exact for place in run)
    return _LAPSE if sure else _DOUBTFUL_LAPSE


def _on_the_beat(takes: Sequence[Take]) -> Flags:
    """For each window of a time-lapse's length: whether its takes lie on a straight line of time."""
    times = np.array([take.at - takes[0].at for take in takes], dtype=np.float64) / SECOND
    windows = np.lib.stride_tricks.sliding_window_view(times, _LAPSE)
    number = np.arange(_LAPSE) - (_LAPSE - 1) / 2
    interval = windows @ number / (number @ number)  # least squares
    off = np.ptp(windows - interval[:, None] * number, axis=1) / 2
    exact = np.array([take.capture.exact for take in takes])
    whole = ~np.lib.stride_tricks.sliding_window_view(exact, _LAPSE).any(axis=1)
    allowed = _ROUGHNESS + _JITTER * interval + _WHOLE_SECONDS * whole
    beat = (off <= allowed) & (interval >= _SHORTEST_INTERVAL) & (interval <= _LONGEST_INTERVAL)
    return np.asarray(beat, dtype=np.bool_)


def _still(likeness: Likeness) -> Flags:
    phash, dhash, layout = _STILL
    still: Flags = (likeness.phash <= phash) & (likeness.dhash <= dhash) & (likeness.layout <= layout)
    return still


def _same_exposure(takes: Sequence[Take]) -> Flags:
    values = np.array([np.nan if take.exposure_value is None else take.exposure_value for take in takes])
    differences: npt.NDArray[np.float64] = np.abs(np.diff(values))
    return differences <= _SAME_EXPOSURE  # an unknown one is not the same


def _of_no_burst(takes: Sequence[Take], length: int) -> Flags:
    single = np.array([take.capture.shot.burst is None for take in takes])
    return np.asarray(np.lib.stride_tricks.sliding_window_view(single, length).all(axis=1), dtype=np.bool_)


def _runs(passing: Flags, length: int) -> list[list[int]]:
    """The places that windows passing one after another cover; a place in two runs stays in the first."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], passing, [False])).astype(np.int8)))
    spans = [(int(start), int(end) + length - 1) for start, end in edges.reshape(-1, 2)]
    starts = [0, *(end for _, end in spans)]
    runs = [list(range(max(start, free), end)) for (start, end), free in zip(spans, starts, strict=False)]
    return [run for run in runs if len(run) >= length]
