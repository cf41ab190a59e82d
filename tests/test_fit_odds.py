"""How the network that adds up evidence is taught."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from albumclean.comparison.odds import OddsWeights
from benchmarks.near_duplicates.evidence_table import Sample, read_table
from models import fit_odds
from models.fit_odds import Evidences, by_transformation, crossed, fitted, linear, main, summary, usual_of
from models.linear_weights import CERTAIN


@pytest.fixture(autouse=True)
def _fewer_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of the steps: what is made here is learned by then, and the suite has to stay quick."""
    monkeypatch.setattr(fit_odds, "STEPS", fit_odds.STEPS // 4)


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    """Detail speaks for the source, but not where the picture was scaled: then it lies as often as not."""
    rng = np.random.default_rng(3)
    made = []
    for number in range(400):
        scaled = number % 2
        detail = float(rng.choice((-1.0, 1.0))) if scaled else 1.0
        facts = {"unexplained": detail, "larger": float(scaled), "camera": 0.2, "carries": 0.0}
        made.append(Sample(f"shot {number}", f"{number}.jpg", "resize" if scaled else "blur", "1", facts))
    return made


@pytest.fixture(scope="module")
def evidences(samples: list[Sample]) -> Evidences:
    return Evidences.of(samples)


def test_it_learns_that_a_fact_says_less_beside_another(samples: list[Sample], evidences: Evidences) -> None:
    whole, bare = crossed(samples, evidences)
    alone = linear(evidences.facts).odds(evidences.values)

    assert np.log1p(np.exp(-whole)).mean() < np.log1p(np.exp(-alone)).mean()
    assert (whole > 0).mean() >= (alone > 0).mean()
    assert (bare < whole).mean() > 0.9  # a camera's name is no longer seen


def test_the_same_samples_give_the_same_weights_and_what_is_certain_is_not_fitted(evidences: Evidences) -> None:
    first, again = (fitted(evidences, usual_of(evidences)) for _ in range(2))

    assert first.to_json() == again.to_json()
    assert dict(CERTAIN) == {fact: first.linear[first.facts.index(fact)] for fact in CERTAIN}


def test_weights_outlive_their_file_to_four_digits(evidences: Evidences) -> None:
    made = fitted(evidences, usual_of(evidences))
    read = OddsWeights.from_json(made.to_json())

    assert made.facts == read.facts
    assert read.odds(evidences.values) == pytest.approx(made.odds(evidences.values), abs=0.01)


def test_a_report_counts_what_is_right_wrong_and_sure(samples: list[Sample]) -> None:
    odds = np.array([3.0, 1.0, 0.0, -1.0, -3.0])
    assert "0.4000 of 5 right, 0.2000 surely; 2 wrong, 1 surely" in summary(odds, "odds")
    assert ["0.500 of   4, 2 wrong  resize 1", "1.000 of   1, 0 wrong  blur 1"] == list(
        by_transformation([samples[1], samples[1], samples[3], samples[3], samples[0]], np.array([1, 1, -1, -1, 1.0]))
    )


def test_a_table_is_read_as_it_was_written(tmp_path: Path, samples: list[Sample]) -> None:
    table = tmp_path / "table.jsonl"
    table.write_text("".join(json.dumps(asdict(sample)) + "\n" for sample in samples[:3]), encoding="utf-8")
    assert samples[:3] == list(read_table(table))


def test_for_plain_pictures_only_pairs_of_such_are_looked_at(
    tmp_path: Path, samples: list[Sample], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shares = (0.2, 0.5, 0.6, 0.9)
    table = tmp_path / "table.jsonl"
    made = [replace(sample, plain=shares[number % 4]) for number, sample in enumerate(samples[:80])]
    table.write_text("".join(json.dumps(asdict(sample)) + "\n" for sample in made), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["fit_odds", str(table), "--plain"])

    main()

    assert "the weighed sum alone, all evidence:" in (said := capsys.readouterr().out)
    assert "of 40 right" in said.splitlines()[0]
