"""What a user's own keeps and trashes say of the threshold of `low-quality`. Pure: numbers in, numbers out.

A person who is shown photos and says trash or keep is an observer who says yes or no to stimuli of known strength. Such
answers are described by a psychometric function: here the chance of trash, falling with the score s,

    lapse + (1 - 2 lapse) / (1 + exp((s - t) / width))

whose middle t is the score at which trash and keep are equally likely: below it most photos go, above it most stay.
That is the cut with the fewest mistakes where a needless question costs as much as a bad photo that is not asked about.
Lapses (a wrong key) are part of the fit, as leaving them out shifts the middle, and intervals come from a bootstrap
(Wichmann and Hill, "The psychometric function" I and II, Perception & Psychophysics 63, 2001). That only low scores
were asked about does no harm to the fit, as photos were chosen by nothing but their score. Yet nothing is known of what
lies above, so no proposal goes further than one `STEP` beyond.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

FEWEST: Final = 30  # decisions below which nothing is said
STEP: Final = 0.05  # how far beyond the highest score with a decision a proposal may go
WIDEST: Final = 0.15  # an interval wider than this is no answer
LEAST_CHANGE: Final = 0.02  # a smaller difference is not worth a change

_GRAIN: Final = 200  # scores are told apart to 1 / 200
_CENTRES: Final = np.arange(0, 101) / 100  # thresholds have two decimals, as people write them
_WIDTHS: Final = (0.01, 0.02, 0.035, 0.06, 0.1, 0.17)
_LAPSES: Final = (0.01, 0.04, 0.08, 0.12)
_RESAMPLES: Final = 1000
_COVERED: Final = (2.5, 97.5)  # percentiles: 95 %
_Z: Final = 1.959964  # the same of a normal distribution

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Decided:
    """The user's last word on a single photo."""

    mos: float  # [0, 1]
    trashed: bool  # else kept


class Advice(StrEnum):
    """What follows from the decisions."""

    TOO_FEW = "too-few"
    UNCLEAR = "unclear"  # keeps and trashes lie mixed, or the interval is too wide
    STAY = "stay"  # the present threshold fits as well as can be told
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Split:
    """How decisions lie about a threshold."""

    at: float
    trashed_below: int
    kept_below: int
    trashed_above: int
    kept_above: int

    @property
    def kept_share(self) -> tuple[float, float, float] | None:
        """Of what it proposes the share that was kept, with its 95 % interval; None if it proposes nothing."""
        asked = self.trashed_below + self.kept_below
        return (self.kept_below / asked, *wilson(self.kept_below, asked)) if asked else None


@dataclass(frozen=True, slots=True)
class Tuning:
    """The decisions, and what they say."""

    advice: Advice
    present: float
    decided: int
    trashed: int
    missing: int  # further decisions that are needed before anything is said
    highest: float | None  # score with a decision
    lowest: float | None
    auc: float | None  # chance that a kept photo scores better than a trashed one; None without both
    auc_interval: tuple[float, float] | None  # 95 %
    middle: float | None  # where trash and keep are equally likely; not beyond what was asked about by more than `STEP`
    interval: tuple[float, float] | None  # 95 %
    proposed: float | None  # of CHANGE only
    at_edge: bool = False  # the middle lies beyond what was asked about: this is a step in its direction

    @property
    def kept(self) -> int:
        """How many photos the user kept."""
        return self.decided - self.trashed


def tune(decisions: Sequence[Decided], present: float, *, resamples: int = _RESAMPLES, seed: int = 0) -> Tuning:
    """What threshold fits the decisions; the same for any order of them. `present` is the one in use."""
    trashed = sum(each.trashed for each in decisions)
    scores = [each.mos for each in decisions]
    highest, lowest = max(scores, default=None), min(scores, default=None)
    missing = max(0, FEWEST - len(decisions))
    if highest is None or lowest is None or missing:
        nothing = (None, None, None, None, None)
        return Tuning(Advice.TOO_FEW, present, len(decisions), trashed, missing, highest, lowest, *nothing)
    places, gone, stayed = _drawn(decisions, resamples, seed)
    auc, auc_interval = _auc(gone, stayed)
    floor, ceiling = math.floor(lowest * 100) / 100, min(math.floor((highest + STEP) * 100 + 1e-9) / 100, 1.0)
    middles = np.clip(_middles(places, gone, stayed), floor, ceiling)
    middle = float(middles[0])
    low, high = (float(edge) for edge in np.percentile(middles, _COVERED))
    at_edge = middle in (floor, ceiling)
    at_top = at_edge and middle == ceiling
    majority = wilson(trashed if at_top else len(decisions) - trashed, len(decisions))[0]
    ordered = auc_interval is not None and auc_interval[0] > 0.5
    if high - low > WIDEST or not (ordered or (at_edge and majority > 0.5)):
        advice = Advice.UNCLEAR
    # A ceiling below the present threshold says that nothing was decided in between, not that it is too high.
    elif (at_top and ceiling <= present) or low <= present <= high or abs(middle - present) < LEAST_CHANGE - 1e-9:
        advice = Advice.STAY
    else:
        advice = Advice.CHANGE
    return Tuning(
        advice=advice,
        present=present,
        decided=len(decisions),
        trashed=trashed,
        missing=0,
        highest=highest,
        lowest=lowest,
        auc=auc,
        auc_interval=auc_interval,
        middle=middle,
        interval=(low, high),
        proposed=middle if advice is Advice.CHANGE else None,
        at_edge=at_edge,
    )


def split(decisions: Sequence[Decided], at: float) -> Split:
    """How the decisions lie about a threshold: photos that score less than `at` are below."""
    below = [each for each in decisions if each.mos < at]
    trashed_below = sum(each.trashed for each in below)
    trashed = sum(each.trashed for each in decisions)
    kept_below = len(below) - trashed_below
    return Split(at, trashed_below, kept_below, trashed - trashed_below, len(decisions) - trashed - kept_below)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, JASA 22, 1927); (0, 1) of nothing."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, _Z * _Z
    centre = (share + square / (2 * of)) / (1 + square / of)
    reach = _Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, centre - reach), min(1.0, centre + reach)


def _drawn(decisions: Sequence[Decided], resamples: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Scores (n,) that occur, and how often they were trashed and kept (1 + resamples, n); the first row is no draw."""
    ordered = sorted((round(each.mos * _GRAIN), each.trashed) for each in decisions)
    grains = sorted({grain for grain, _ in ordered})
    column = {grain: place for place, grain in enumerate(grains)}
    cells = np.array([2 * column[grain] + went for grain, went in ordered])
    random = np.random.default_rng(seed)
    draws = [cells, *(cells[random.integers(0, len(cells), len(cells))] for _ in range(resamples))]
    counts = np.stack([np.bincount(draw, minlength=2 * len(grains)) for draw in draws]).astype(np.float64)
    return np.array(grains) / _GRAIN, counts[:, 1::2], counts[:, 0::2]


def _middles(places: Floats, gone: Floats, stayed: Floats) -> Floats:
    """The middle of the likeliest psychometric function of each row: (rows,)."""
    lapse, width, centre = (each.ravel()[:, None] for each in np.meshgrid(_LAPSES, _WIDTHS, _CENTRES, indexing="ij"))
    chance = lapse + (1 - 2 * lapse) / (1 + np.exp((places - centre) / width))
    likelihood = gone @ np.log(chance).T + stayed @ np.log1p(-chance).T
    best: Floats = np.broadcast_to(centre.ravel(), likelihood.shape)[0][likelihood.argmax(axis=1)]
    return best


def _auc(gone: Floats, stayed: Floats) -> tuple[float | None, tuple[float, float] | None]:
    """Of the first row, with the interval over all others; ties count half (Mann and Whitney, 1947)."""
    before = np.cumsum(gone, axis=1) - gone / 2
    pairs = gone.sum(axis=1) * stayed.sum(axis=1)
    values = (stayed * before).sum(axis=1)[pairs > 0] / pairs[pairs > 0]
    if not pairs[0]:
        return None, None
    low, high = np.percentile(values[1:], _COVERED) if len(values) > 1 else (values[0], values[0])
    return float(values[0]), (float(low), float(high))
