"""The metrics against scipy's, on any numbers, ties included; and the intervals."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from albumclean.evaluation import logistic, metrics, weighted
from albumclean.evaluation.agreement import NAMES, agreement
from albumclean.evaluation.weighted import Floats

Pairs = list[tuple[float, float]]

few_values = st.integers(-3, 3).map(float)  # many ties
many_values = st.floats(-100, 100).map(lambda value: round(value, 3))
pairs = st.lists(st.tuples(few_values, few_values), min_size=2, max_size=60) | st.lists(
    st.tuples(many_values, few_values), min_size=2, max_size=60
)


def scipys(metric: Callable[..., object], x: Floats, y: Floats) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constant input: nan, which is what ours must say too
        return float(metric(x, y).statistic)  # type: ignore[attr-defined]


@settings(deadline=None)
@given(pairs)
def test_correlations_are_those_of_scipy(drawn: Pairs) -> None:
    x, y = np.array(drawn).T
    for ours, theirs in (
        (metrics.srcc, stats.spearmanr),
        (metrics.plcc, stats.pearsonr),
        (metrics.krcc, stats.kendalltau),
    ):
        assert scipys(theirs, x, y) == pytest.approx(ours(x, y), abs=1e-9, nan_ok=True)


@settings(deadline=None)
@given(pairs, st.integers(0, 1000))
def test_weights_count_a_photo_as_often_as_it_was_drawn(drawn: Pairs, seed: int) -> None:
    x, y = np.array(drawn).T
    rows = np.random.default_rng(seed).integers(0, len(x), (3, len(x)))
    weights = np.stack([np.bincount(row, minlength=len(x)) for row in rows])
    for many, one in (
        (weighted.spearman, metrics.srcc),
        (weighted.pearson, metrics.plcc),
        (weighted.kendall, metrics.krcc),
    ):
        expected = [one(x[row], y[row]) for row in rows]
        assert expected == pytest.approx(many(x, y, weights).tolist(), abs=1e-9, nan_ok=True)


def test_a_large_table_is_ranked_as_scipy_does() -> None:
    random = np.random.default_rng(0)
    x = random.integers(0, 500, 5000).astype(float)
    y = x + random.integers(0, 400, 5000).astype(float)
    assert stats.kendalltau(x, y).statistic == pytest.approx(metrics.krcc(x, y), abs=1e-12)
    assert stats.spearmanr(x, y).statistic == pytest.approx(metrics.srcc(x, y), abs=1e-12)


@pytest.mark.parametrize("name", ["srcc", "plcc", "krcc"])
def test_what_has_no_meaning_is_nan(name: str) -> None:
    metric = metrics.METRICS[name]
    for x, y in (([], []), ([1.0], [2.0]), ([0.1, 0.2, 0.3], [0.7, 0.7, 0.7]), ([0.1] * 5, [1.0, 2, 3, 4, 5])):
        assert math.isnan(metric(np.array(x), np.array(y)))


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="3 predictions for 2 photos"):
        metrics.srcc(np.zeros(3), np.zeros(2))


@pytest.mark.parametrize("seed", range(6))
def test_the_logistic_fit_is_as_close_as_scipys(seed: int) -> None:
    random = np.random.default_rng(seed)
    x = random.uniform(size=300)
    y = 100 / (1 + np.exp(-(x - 0.4) / (0.05 + 0.1 * seed))) + random.normal(size=300) * 5

    def curve(x: Floats, high: float, low: float, middle: float, width: float) -> Floats:
        return low + (high - low) / (1 + np.exp(-(x - middle) / abs(width)))

    found, _ = optimize.curve_fit(curve, x, y, (y.max(), y.min(), x.mean(), x.std() / 4), maxfev=50_000)
    ours = logistic.fit(x, y)
    assert ours is not None
    assert metrics.rmse(ours(x), y) <= metrics.rmse(curve(x, *found), y) * (1 + 1e-6)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(many_values, many_values), min_size=5, max_size=40))
def test_the_logistic_is_never_much_worse_than_a_line_and_rises_in_the_direction_of_the_data(drawn: Pairs) -> None:
    x, y = np.array(drawn).T
    curve = logistic.fit(x, y)
    if curve is None:
        assert np.ptp(x) == 0 or np.ptp(y) == 0
        return
    assert curve.width > 0
    assert np.isfinite(curve(x)).all()
    slope = ((x - x.mean()) * (y - y.mean())).mean() / x.var()
    line = y.mean() + slope * (x - x.mean())
    assert metrics.rmse(curve(x), y) <= metrics.rmse(line, y) * 1.02 + 1e-9


def test_four_photos_get_no_curve() -> None:
    assert logistic.fit(np.arange(4.0), np.arange(4.0)) is None


def test_the_scale_of_the_scores_changes_no_correlation() -> None:
    random = np.random.default_rng(1)
    mos = random.uniform(size=80)
    predicted = mos + random.normal(size=80) * 0.1
    small, large = agreement(predicted, mos), agreement(predicted, 1 + 4 * mos)
    for name in ("srcc", "plcc", "krcc", "plcc_fitted"):
        assert small.values[name] == pytest.approx(large.values[name], abs=1e-6)
    assert small.values["rmse"] == pytest.approx(metrics.rmse(predicted, mos))
    assert large.values["rmse"] is None
    assert small.values["rmse_fitted"] == pytest.approx((large.values["rmse_fitted"] or 0) / 4, rel=1e-4)


def test_intervals_are_the_same_on_every_run_and_hold_the_value() -> None:
    random = np.random.default_rng(2)
    mos = random.uniform(size=100)
    predicted = mos + random.normal(size=100) * 0.2
    first, second = agreement(predicted, mos), agreement(predicted, mos)
    assert first == second
    for name in NAMES:
        interval, value = first.intervals[name], first.values[name]
        assert interval is not None
        assert value is not None
        assert interval[0] < value < interval[1]


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    hits, rounds = 0, 100
    for seed in range(rounds):
        random = np.random.default_rng(seed)
        x, noise = random.normal(size=(2, 120))
        low, high = agreement(x, 0.8 * x + 0.6 * noise, resamples=200).intervals["plcc"] or (1, 0)
        hits += low <= 0.8 <= high
    assert 87 <= hits <= 100


@pytest.mark.parametrize("photos", [0, 1, 2])
def test_few_photos_give_none_and_no_error(photos: int) -> None:
    found = agreement(np.linspace(0, 1, photos), np.linspace(0, 1, photos))
    assert photos == found.photos
    assert found.values["plcc_fitted"] is None
    assert (pytest.approx(1.0) if photos == 2 else None) == found.values["srcc"]
