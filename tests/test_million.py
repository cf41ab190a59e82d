"""The benchmark of the search, at a size that takes a moment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from albumclean.similar.index import FingerprintIndex
from benchmarks.million import growth, measure
from benchmarks.simulated_library import Fit, simulate
from tests.test_neighbours import library


@pytest.fixture(scope="module")
def fit() -> Fit:
    return Fit.to(FingerprintIndex.build(*library(400)))


def test_a_simulated_library_is_always_the_same(fit: Fit) -> None:
    one, other = simulate(fit, 500), simulate(fit, 500)
    assert np.array_equal(one.phash, other.phash)
    assert np.array_equal(one.vectors, other.vectors)
    assert np.array_equal(one.shot, other.shot)


def test_a_fit_survives_its_file(fit: Fit, tmp_path: Path) -> None:
    fit.save(tmp_path / "fit.npz")
    assert np.array_equal(simulate(fit, 100).phash, simulate(Fit.load(tmp_path / "fit.npz"), 100).phash)


def test_copies_are_found_and_those_of_new_photos_are_not_missed(fit: Fit, tmp_path: Path) -> None:
    simulate(fit, 2000).save(tmp_path / "library.npz")
    result = measure(tmp_path / "library.npz")
    assert 2000 == result["photos"]
    assert result["recall"] > 0.98
    assert result["groups"] > 100
    assert 0 == result["missed"]


def test_the_plot_has_a_dot_for_each_size_and_each_question() -> None:
    results = [{"photos": 10.0**power, "search": 1.0, "group": 2.0, "added": 0.01} for power in (4, 5, 6)]
    dots = [shape for shape in growth(results) if type(shape).__name__ == "Dot"]
    assert 3 * 3 + 3 == len(dots)
