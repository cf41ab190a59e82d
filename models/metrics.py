"""How well predicted scores agree with people's: the four usual numbers, with honest intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]
BOOTSTRAPS: Final = 1000


def srcc(predicted: Floats, truth: Floats) -> float:
    """Spearman's rank correlation: is the order right?"""
    return float(stats.spearmanr(predicted, truth).statistic)


def plcc(predicted: Floats, truth: Floats) -> float:
    """Pearson's correlation, of the raw predictions (no logistic curve is fitted first, as some papers do)."""
    return float(stats.pearsonr(predicted, truth).statistic)


def krcc(predicted: Floats, truth: Floats) -> float:
    """Kendall's tau-b: (pairs in the right order - pairs in the wrong one) / pairs."""
    return float(stats.kendalltau(predicted, truth).statistic)


def rmse(predicted: Floats, truth: Floats) -> float:
    """Root of the mean squared error, in units of MOS."""
    return float(np.sqrt(np.mean((predicted - truth) ** 2)))


METRICS: Final[dict[str, Callable[[Floats, Floats], float]]] = {"srcc": srcc, "plcc": plcc, "krcc": krcc, "rmse": rmse}


def agreement(predicted: Floats, truth: Floats, scenes: Sequence[str], seed: int = 0) -> dict[str, float | list[float]]:
    """The four metrics, each followed by its 95 % interval.

    The intervals are bootstrapped over scenes, not photos: photos of one scene are not independent. An empty scene is
    a photo by itself.
    """
    labels = [scene or f"alone {number}" for number, scene in enumerate(scenes)]
    members: dict[str, list[int]] = {}
    for number, label in enumerate(labels):
        members.setdefault(label, []).append(number)
    groups = [np.array(each) for each in members.values()]
    random = np.random.default_rng(seed)
    draws: dict[str, list[float]] = {name: [] for name in METRICS}
    for _ in range(BOOTSTRAPS):
        rows = np.concatenate([groups[number] for number in random.integers(0, len(groups), len(groups))])
        for name, metric in METRICS.items():
            draws[name].append(metric(predicted[rows], truth[rows]))
    result: dict[str, float | list[float]] = {"photos": len(truth), "scenes": len(groups)}
    for name, metric in METRICS.items():
        result[name] = round(metric(predicted, truth), 4)
        result[f"{name}_95"] = [round(float(edge), 4) for edge in np.percentile(draws[name], (2.5, 97.5))]
    return result


def keeper_accuracy(predicted: Floats, truth: Floats, scenes: Sequence[str], smallest: int = 3) -> dict[str, float]:
    """How often the best of a scene, by people, is the best by prediction too; and the MOS lost when it is not."""
    members: dict[str, list[int]] = {}
    for number, scene in enumerate(scenes):
        if scene:
            members.setdefault(scene, []).append(number)
    series = [np.array(each) for each in members.values() if len(each) >= smallest]
    hits = [bool(truth[each].argmax() == predicted[each].argmax()) for each in series]
    lost = [float(truth[each].max() - truth[each][predicted[each].argmax()]) for each in series]
    chance = [1 / len(each) for each in series]
    within = [srcc(predicted[each], truth[each]) for each in series]
    return {
        "scenes": len(series),
        "top1": round(float(np.mean(hits)), 3),
        "top1_by_chance": round(float(np.mean(chance)), 3),
        "mean_mos_lost": round(float(np.mean(lost)), 4),
        "mean_srcc_within_scene": round(float(np.nanmean(within)), 3),
    }
