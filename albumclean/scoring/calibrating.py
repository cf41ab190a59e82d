"""Fitting a calibration: to people's scores of the same photos, or to another scorer's. Pure; nothing is stored here.

Both give a map that rises strictly over the whole range of the scorer, so that the order of photos never changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from albumclean.domain import ScorerSpec
from albumclean.scoring.calibration import Calibration

Floats: TypeAlias = npt.NDArray[np.float64]
Fit: TypeAlias = Callable[[Floats, Floats, ScorerSpec], Calibration]

FEWEST: Final = 50  # photos: of fewer, the ends of the scale hang on one or two
_MOST_KNOTS: Final = 62  # and one more at each end of the range: 64
_ROOM: Final = 1e-6  # of the common scale
_PER_KNOT: Final = 8  # photos whose mean makes a point of people's scores


class NoOrder(ValueError):
    """The values don't rise with what they are fitted to, so no monotone map leads there."""


def fitted_to_people(raw: Floats, people: Floats, spec: ScorerSpec) -> Calibration:
    """What people give, on average, to photos of such a value: isotonic regression, centred.

    `raw` and `people`, in [0, 1], have the shape (n,). Photos that are neighbours in value are averaged first, at least
    eight at a time, as the outermost would follow a single vote. Source: Oron & Flournoy, "Centered isotonic
    regression" (Statistics in Biopharmaceutical Research 9, 2017): each level stretch of the regression is one point in
    its middle, which makes the map strict and takes away most of the bias of the steps. Raises NoOrder.
    """
    x, y = _rising(raw, people, spec)
    order = np.lexsort((y, x))
    parts = np.array_split(order, max(min(_MOST_KNOTS, len(order) // _PER_KNOT), 2))
    points = [(float(x[part].mean()), float(y[part].mean()), float(len(part))) for part in parts if len(part)]
    return _calibration(_pooled(points), spec)


def matched(raw: Floats, reference: Floats, spec: ScorerSpec) -> Calibration:
    """The value that has the same rank among `reference`, in [0, 1], as the raw one has among `raw`; both (n,).

    So any threshold leaves as many photos below it as the reference does. Known as equipercentile equating (Kolen &
    Brennan, "Test Equating, Scaling, and Linking", chapter 2). The quantiles stand closer together towards the ends, as
    a threshold lies there. Raises NoOrder.
    """
    x, y = _rising(raw, reference, spec)
    if len(x) < 2:
        raise NoOrder("there are not two photos")
    edges = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, min(_MOST_KNOTS, len(x))))
    masses = np.gradient(edges)
    points = zip(np.quantile(x, edges).tolist(), np.quantile(y, edges).tolist(), masses.tolist(), strict=True)
    return _calibration(_pooled(list(points)), spec)


def _rising(raw: Floats, target: Floats, spec: ScorerSpec) -> tuple[Floats, Floats]:
    """Both in full precision, the raw values turned around where less of them is better."""
    x = np.asarray(raw, dtype=np.float64)
    # Where the target is at an end of its scale already, there must be room for values beyond those that were seen.
    return (x if spec.rises else -x), np.clip(np.asarray(target, dtype=np.float64), _ROOM, 1.0 - _ROOM)


def _pooled(points: list[tuple[float, float, float]]) -> list[tuple[float, float]]:
    """Points (x, y) that ascend strictly in both, of (x, y, weight) that ascend in x at least weakly.

    Pool adjacent violators (Ayer et al., 1955): what does not rise above its left neighbour is averaged with it.
    """
    pools: list[tuple[float, float, float]] = []
    for x, y, weight in points:
        pools.append((x, y, weight))
        while len(pools) > 1 and not (pools[-2][0] < pools[-1][0] and pools[-2][1] < pools[-1][1]):
            (x1, y1, weight1), (x2, y2, weight2) = pools[-2:]
            total = weight1 + weight2
            share = weight2 / total
            pools[-2:] = [(x1 + (x2 - x1) * share, y1 + (y2 - y1) * share, total)]
    return [(x, y) for x, y, _ in pools]


def _calibration(points: list[tuple[float, float]], spec: ScorerSpec) -> Calibration:
    """The points as a map that goes on, beyond what was seen, to the ends of the scorer's range."""
    if len(points) < 2:
        raise NoOrder("the values do not rise with what they are fitted to")
    low, high = spec.value_range if spec.rises else (-spec.value_range[1], -spec.value_range[0])
    if low < points[0][0]:
        points = [(low, 0.0), *points]
    if points[-1][0] < high:
        points = [*points, (high, 1.0)]
    if not spec.rises:
        points = [(-x, y) for x, y in reversed(points)]
    return Calibration(tuple(x for x, _ in points), tuple(y for _, y in points))
