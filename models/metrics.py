"""What training and the model card report: the metrics of `albumclean eval`, by scene, with honest intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from albumclean.evaluation.metrics import METRICS, krcc, plcc, rmse, srcc
from albumclean.evaluation.weighted import Floats

__all__ = ["METRICS", "Floats", "agreement", "keeper_accuracy", "krcc", "plcc", "rmse", "srcc"]

BOOTSTRAPS: Final = 1000


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
