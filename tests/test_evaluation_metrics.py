"""The metrics against scipy's, on any numbers, ties included; and the intervals."""

from __future__ import annotations

import math
import sys
import types
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from torch import tensor

from albumclean.evaluation import logistic, metrics, weighted
from albumclean.evaluation.agreement import NAMES, agreement
from albumclean.evaluation.kadid import READ_FROM, of_files
from albumclean.evaluation.weighted import Floats
from tests.modelscope_originals import originals

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


# Published examples, each with the numbers as its source prints them.

# S. Siegel, "Nonparametric statistics for the behavioral sciences" (1956), chapter 9: yielding to a group, with ties,
# and striving for status.
YIELDING = (0.0, 0, 1, 1, 3, 4, 5, 6, 7, 8, 8, 12)
STRIVING = (42.0, 46, 39, 37, 65, 88, 86, 56, 62, 92, 54, 81)
# M. Hollander and D. A. Wolfe, "Nonparametric statistical methods" (1973), p. 187 (R: `?cor.test`): tuna, without ties.
LIGHTNESS = (44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1)
PANEL = (2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8)
# F. J. Anscombe, "Graphs in statistical analysis" (The American Statistician 27, 1973): the first of the four.
ANSCOMBE_X = (10.0, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5)
ANSCOMBE_Y = (8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68)
# D. M. Bates and D. G. Watts, "Nonlinear regression analysis and its applications" (1988); R: `?SSfpl`, chick 1.
DAYS = (0.0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 21)
GRAMS = (42.0, 51, 59, 64, 76, 93, 106, 125, 149, 171, 199, 205)


def test_the_examples_of_textbooks_come_out() -> None:
    yielding, striving = np.array(YIELDING), np.array(STRIVING)
    assert pytest.approx(0.616, abs=1e-3) == metrics.srcc(yielding, striving)
    assert pytest.approx(0.39, abs=5e-3) == metrics.krcc(yielding, striving)
    assert pytest.approx(25 / math.sqrt(63 * 66)) == metrics.krcc(yielding, striving)  # the book's own fraction
    assert pytest.approx(0.4444444) == metrics.krcc(np.array(LIGHTNESS), np.array(PANEL))
    assert pytest.approx(0.816, abs=5e-4) == metrics.plcc(np.array(ANSCOMBE_X), np.array(ANSCOMBE_Y))


def test_the_published_fit_of_a_four_parameter_logistic_comes_out() -> None:
    curve = logistic.fit(np.array(DAYS), np.array(GRAMS))
    assert curve is not None
    published = (348.971, 27.453, 19.391, 6.673)
    assert published == pytest.approx((curve.high, curve.low, curve.middle, curve.width), abs=2e-3)


def test_the_mos_metric_is_the_published_one(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    target = random.uniform(size=221).astype(np.float32)
    predicted = np.clip(target + random.normal(size=221).astype(np.float32) * 0.1, 0, 1)
    monkeypatch.setitem(sys.modules, "tqdm", types.ModuleType("tqdm"))
    sys.modules["tqdm"].tqdm = None  # type: ignore[attr-defined]  # imported there, and never called
    with originals() as module:
        original = module("modelscope.metrics.image_quality_assessment_mos_metric").ImageQualityAssessmentMosMetric()
        for start in range(0, 221, 16):
            batch = slice(start, start + 16)
            original.add({"pred": tensor(predicted[batch]), "target": tensor(target[batch])}, {})
        expected = original.evaluate()
    found = agreement(predicted.astype(np.float64), target.astype(np.float64), resamples=2).values
    assert {name: float(value) for name, value in expected.items()} == pytest.approx(
        {name: found[name] for name in ("plcc", "srcc", "rmse")}, abs=1e-6
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_kadid_protocol_is_the_published_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(seed)
    files = [
        (f"I{photo:02d}", f"{kind:02d}", level)
        for photo in (1, 7, 81)
        for kind in range(1, 26)
        for level in range(1, 6)
    ]
    digits = 1 if seed else 4  # with one digit, steps of a ladder tie
    said = {
        (photo, kind, level): {
            name: float(np.float32(round(random.uniform() + level / 5, digits))) for name in READ_FROM
        }
        for photo, kind, level in files
    }
    monkeypatch.setitem(sys.modules, "tqdm", types.ModuleType("tqdm"))
    sys.modules["tqdm"].tqdm = None  # type: ignore[attr-defined]
    with originals() as module:
        name = "modelscope.metrics.image_quality_assessment_degradation_metric"
        original = module(name).ImageQualityAssessmentDegradationMetric()
        for photo, kind, level in files:
            values = said[photo, kind, level]
            original.add(
                {
                    "item_id": [photo],
                    "distortion_type": [kind],
                    "target": tensor([level]),
                    "noise_degree": tensor([[values["noise"]]]),
                    "blur_degree": tensor([[values["blur"]]]),
                    "comp_degree": tensor([[values["compression"]]]),
                },
                {},
            )
        expected = original.evaluate()
    order = random.permutation(len(files))  # the original needs the levels of a ladder, not their order; nor do we
    named = [("{}_{}_{:02d}.png".format(*files[number]), said[files[number]]) for number in order]
    found = of_files(named)
    assert found is not None
    assert (30, 0) == (found.overall.ladders, found.overall.constant)
    assert float(expected["plcc"]) == pytest.approx(found.overall.mean_plcc, abs=1e-6)
    assert float(expected["srcc"]) == pytest.approx(found.overall.mean_srcc, abs=1e-6)
