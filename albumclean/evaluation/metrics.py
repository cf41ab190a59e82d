"""How well predicted scores agree with people's: the usual numbers of the field.

Both arguments have the shape (n,); the result is NaN where it has no meaning: no photos, or one side is constant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from albumclean.evaluation import weighted
from albumclean.evaluation.weighted import Floats, Integers


def srcc(predicted: Floats, truth: Floats) -> float:
    """Spearman's rank correlation, in [-1, 1]: is the order right? Ties get their mean rank."""
    return _once(weighted.spearman, predicted, truth)


def plcc(predicted: Floats, truth: Floats) -> float:
    """Pearson's correlation, in [-1, 1], of the raw predictions (for the fitted ones see `logistic`)."""
    return _once(weighted.pearson, predicted, truth)


def krcc(predicted: Floats, truth: Floats) -> float:
    """Kendall's tau-b, in [-1, 1]: (pairs in the right order - pairs in the wrong one) / pairs, corrected for ties."""
    return _once(weighted.kendall, predicted, truth)


def rmse(predicted: Floats, truth: Floats) -> float:
    """Root of the mean squared error, in the unit of the scores."""
    return float(np.sqrt(np.mean((predicted - truth) ** 2))) if len(truth) else float("nan")


METRICS: Final[dict[str, Callable[[Floats, Floats], float]]] = {"srcc": srcc, "plcc": plcc, "krcc": krcc, "rmse": rmse}


def _once(metric: Callable[[Floats, Floats, Integers], Floats], predicted: Floats, truth: Floats) -> float:
    if len(predicted) != len(truth):
        raise ValueError(f"{len(predicted)} predictions for {len(truth)} photos")
    if not len(truth):
        return float("nan")
    x, y = np.asarray(predicted, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    return float(metric(x, y, np.ones((1, len(x)), dtype=np.int64))[0])
