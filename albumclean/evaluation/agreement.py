"""All numbers of one set of photos, each with its interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from albumclean.evaluation import weighted
from albumclean.evaluation.logistic import Logistic, fit
from albumclean.evaluation.weighted import Floats, Integers

RESAMPLES: Final = 1000
_COVERED: Final = (2.5, 97.5)  # percentiles: 95 %
_CELLS: Final = 1 << 21  # of weights at once: some 16 MB an array
NAMES: Final = ("srcc", "plcc", "plcc_fitted", "krcc", "rmse", "rmse_fitted")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Keys of both dictionaries: `NAMES`. None where a number has no meaning."""

    photos: int
    values: dict[str, float | None]
    intervals: dict[str, tuple[float, float] | None]  # 95 %
    curve: Logistic | None  # of `plcc_fitted` and `rmse_fitted`


def agreement(predicted: Floats, truth: Floats, *, seed: int = 0, resamples: int = RESAMPLES) -> Agreement:
    """Compare predictions in [0, 1] with people's scores on any scale; both of shape (n,).

    RMSE is only given where all scores lie in [0, 1], the scale of the predictions. Intervals are percentiles of a
    bootstrap over photos; the fitted curve is that of all photos, not fitted anew to each resample.
    """
    curve = fit(predicted, truth)
    metrics = _metrics(predicted, truth, curve)
    everyone = np.ones((1, len(truth)), dtype=np.int64)
    values = {name: _meant(float(metric(everyone)[0])) if len(truth) else None for name, metric in metrics.items()}
    intervals = _intervals(metrics, len(truth), seed, resamples)
    return Agreement(
        photos=len(truth),
        values={name: values.get(name) for name in NAMES},
        intervals={name: intervals.get(name) if values.get(name) is not None else None for name in NAMES},
        curve=curve,
    )


_Metric = Callable[[Integers], Floats]


def _metrics(predicted: Floats, truth: Floats, curve: Logistic | None) -> dict[str, _Metric]:
    metrics: dict[str, _Metric] = {
        "srcc": lambda weights: weighted.spearman(predicted, truth, weights),
        "plcc": lambda weights: weighted.pearson(predicted, truth, weights),
        "krcc": lambda weights: weighted.kendall(predicted, truth, weights),
    }
    if len(truth) and truth.min() >= 0 and truth.max() <= 1:
        metrics["rmse"] = lambda weights: weighted.root_mean_square(predicted - truth, weights)
    if curve is not None:
        fitted = curve(predicted)
        metrics["plcc_fitted"] = lambda weights: weighted.pearson(fitted, truth, weights)
        metrics["rmse_fitted"] = lambda weights: weighted.root_mean_square(fitted - truth, weights)
    return metrics


def _intervals(
    metrics: dict[str, _Metric], photos: int, seed: int, resamples: int
) -> dict[str, tuple[float, float] | None]:
    if photos < 2:
        return {}
    random = np.random.default_rng(seed)
    at_once = max(1, min(resamples, _CELLS // photos))
    draws: dict[str, list[Floats]] = {name: [] for name in metrics}
    for start in range(0, resamples, at_once):
        weights = np.stack(
            [
                np.bincount(random.integers(0, photos, photos), minlength=photos)
                for _ in range(min(at_once, resamples - start))
            ]
        )
        for name, metric in metrics.items():
            draws[name].append(metric(weights))
    return {name: _covered(np.concatenate(found)) for name, found in draws.items()}


def _covered(draws: Floats) -> tuple[float, float] | None:
    draws = draws[np.isfinite(draws)]  # a resample of one and the same photo says nothing
    if not len(draws):
        return None
    low, high = np.percentile(draws, _COVERED)
    return float(low), float(high)


def _meant(value: float) -> float | None:
    return value if np.isfinite(value) else None
