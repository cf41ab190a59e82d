"""How well a calibration does on photos that it was not fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from albumclean.domain import ScorerSpec
from albumclean.evaluation import metrics
from albumclean.evaluation.weighted import Floats
from albumclean.scoring.calibrating import Fit
from albumclean.scoring.calibration import Calibration

FOLDS: Final = 5
_SURE: Final = 2.0  # standard errors of a rank correlation, by chance alone: some 95 %


@dataclass(frozen=True, slots=True)
class Below:
    """Which part of the photos lies below a threshold, each in [0, 1]."""

    at: float
    reference: float  # by what the scorer was fitted to
    before: float  # by the scorer, its range stretched
    after: float  # by the scorer, calibrated
    both: float  # by the reference and by the calibrated scorer


@dataclass(frozen=True, slots=True)
class Check:
    """Every number "after" is of photos that the calibration behind it had not seen."""

    photos: int
    srcc: float | None  # with the reference; None where one side is constant
    rmse_before: float
    rmse_after: float
    below: tuple[Below, ...]

    @property
    def agrees(self) -> bool:
        """Whether the scorer surely puts photos in the order of the reference, rather than by chance."""
        # The standard error of Spearman's correlation where there is none: 1 / sqrt(n - 1).
        return self.srcc is not None and self.srcc * float(np.sqrt(self.photos - 1)) > _SURE


def check(raw: Floats, reference: Floats, spec: ScorerSpec, fit: Fit, thresholds: Sequence[float]) -> Check:
    """Cross-validated in five parts; `raw` and `reference`, in [0, 1], have the shape (n,). Raises NoOrder."""
    before = applied(Calibration.of_range(spec), raw)
    after = np.empty_like(before)
    part = np.random.default_rng(0).permutation(len(raw)) % FOLDS
    for each in range(FOLDS):
        held_out = part == each
        after[held_out] = applied(fit(raw[~held_out], reference[~held_out], spec), raw[held_out])
    srcc = metrics.srcc(raw if spec.rises else -raw, reference)
    return Check(
        photos=len(raw),
        srcc=srcc if np.isfinite(srcc) else None,
        rmse_before=metrics.rmse(before, reference),
        rmse_after=metrics.rmse(after, reference),
        below=tuple(
            Below(
                at=at,
                reference=float(np.mean(reference < at)),
                before=float(np.mean(before < at)),
                after=float(np.mean(after < at)),
                both=float(np.mean((reference < at) & (after < at))),
            )
            for at in thresholds
        ),
    )


def applied(calibration: Calibration, raw: Floats) -> Floats:
    """A calibration of many values, (n,)."""
    return np.interp(raw, calibration.raw, calibration.common)
