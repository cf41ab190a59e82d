"""Whose word counts: what several scorers say together never says more than they do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from albumclean.domain import Says, ScorerSpec
from albumclean.errors import ScorerUnknown, UsageError
from albumclean.scoring import registry
from albumclean.scoring.calibration import Calibration
from albumclean.scoring.collection import Scorers
from albumclean.scoring.opinion import Opinion, Voice, default, names_of

JUDGE = registry.spec(registry.JUDGE)


@dataclass(frozen=True)
class Named:
    """A scorer that nobody loads."""

    spec: ScorerSpec

    def load(self) -> NoReturn:
        raise AssertionError("a network was loaded to find out whose word counts")


def brought(name: str, says: Says = Says.QUALITY, *, low: float = 0.0, high: float = 1.0, rises: bool = True) -> Named:
    return Named(
        replace(JUDGE, name=name, quantities=("mean",), value_range=(low, high), says=says, rises=rises, embedding=0)
    )


class Brought:
    """A source with some scorers."""

    def __init__(self, *scorers: Named) -> None:
        self._scorers = {scorer.spec.name: scorer for scorer in scorers}

    def names(self) -> Sequence[str]:
        return sorted(self._scorers)

    def find(self, name: str) -> Named | None:
        return self._scorers.get(name)


SCORERS = Scorers(
    Brought(
        brought("nima", low=1, high=10),
        brought("odd", low=0, high=100, rises=False),
        brought("taste", Says.BEAUTY, low=1, high=10),
        brought("other taste", Says.BEAUTY),
        brought("faults", Says.FAULTS),
    )
)


def opinion(*wishes: str) -> Opinion:
    return Opinion.chosen(wishes, SCORERS, lambda _: None)


def voices(*weights: float) -> Opinion:
    """Scorers a, b, c, ... of quality, whose values are on the common scale."""
    made = [brought(chr(97 + number)).spec for number in range(len(weights))]
    return Opinion(
        (), tuple(Voice(spec, weight, Calibration.of_range(spec)) for spec, weight in zip(made, weights, strict=True))
    )


def said(values: Sequence[float]) -> dict[tuple[str, str], float]:
    return {(chr(97 + number), "mean"): value for number, value in enumerate(values)}


# --- the mean ---------------------------------------------------------------------------------------------------

weight = st.floats(1e-300, 1e300) | st.floats(0.01, 100) | st.floats(1e308, 1.7e308)
pairs = st.lists(st.tuples(weight, st.floats(0, 1)), min_size=1, max_size=6)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(pairs)
def test_what_they_say_together_lies_between_what_they_say(made: list[tuple[float, float]]) -> None:
    weights, values = zip(*made, strict=True)
    mos = voices(*weights).mos(said(values))
    assert mos is not None
    assert min(values) <= mos <= max(values)


def test_no_weight_is_too_large_to_be_added() -> None:
    assert 0.5 == voices(1.7e308, 1.7e308).mos(said([0.25, 0.75]))


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.floats(0.01, 100), st.floats(0, 1)), min_size=1, max_size=6))
def test_it_is_the_weighted_mean(made: list[tuple[float, float]]) -> None:
    weights, values = zip(*made, strict=True)
    exact = sum(Fraction(w) * Fraction(v) for w, v in made) / sum(map(Fraction, weights))
    assert float(exact) == pytest.approx(voices(*weights).mos(said(values)), abs=1e-12)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.floats(0.01, 100), st.floats(0, 1)), min_size=1, max_size=6), st.floats(0.001, 1000))
def test_only_the_ratio_of_weights_counts(made: list[tuple[float, float]], factor: float) -> None:
    weights, values = zip(*made, strict=True)
    scaled = voices(*(factor * each for each in weights))
    assert voices(*weights).mos(said(values)) == pytest.approx(scaled.mos(said(values)), abs=1e-12)


@settings(deadline=None, derandomize=True)
@given(st.permutations(["judge:2", "nima:0.5", "odd", "taste:3", "other taste"]), st.floats(0, 1), st.floats(1, 10))
def test_the_order_of_the_wishes_is_irrelevant(wishes: list[str], mos: float, mean: float) -> None:
    values = {
        ("judge", "mos"): mos,
        ("nima", "mean"): mean,
        ("odd", "mean"): 10 * mean,
        ("taste", "mean"): mean,
        ("other taste", "mean"): mos,
    }
    expected = opinion("judge:2", "nima:0.5", "odd", "taste:3", "other taste")
    assert (expected.mos(values), expected.aesthetic(values)) == (
        opinion(*wishes).mos(values),
        opinion(*wishes).aesthetic(values),
    )


@settings(deadline=None, derandomize=True)
@given(st.floats(0, 1), weight)
def test_one_alone_says_what_it_says_to_the_last_bit(value: float, heavy: float) -> None:
    assert value == voices(heavy).mos(said([value]))
    assert value == voices(heavy, heavy / 3, heavy).mos(said([value, value, value]))


def test_who_has_not_seen_a_photo_is_not_spoken_for() -> None:
    """The mean of the others would be on another scale, and a photo would change its score with the next scan."""
    both = opinion("judge", "nima")
    assert both.mos({("judge", "mos"): 0.2}) is None
    assert both.mos({("nima", "mean"): 5.5}) is None
    assert 0.35 == pytest.approx(both.mos({("judge", "mos"): 0.2, ("nima", "mean"): 5.5}))
    assert both.mos({}) is None


def test_a_scorer_that_falls_with_quality_is_turned_around() -> None:
    assert 1.0 == opinion("odd").mos({("odd", "mean"): 0.0})
    assert 0.0 == opinion("odd").mos({("odd", "mean"): 100.0})


def test_a_calibration_is_used_where_there_is_one() -> None:
    bent = Calibration((1.0, 5.0, 10.0), (0.0, 0.9, 1.0), "bent")
    chosen = Opinion.chosen(["nima"], SCORERS, lambda spec: bent if spec.name == "nima" else None)
    assert 0.9 == chosen.mos({("nima", "mean"): 5.0})
    assert not chosen.is_default


# --- the wishes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wishes",
    [("judge:2", "nima"), ("judge:2,nima",), ("judge : 2 , nima:1",), ("judge:2,", ",nima"), ("judge:2", "", "nima")],
)
def test_repeated_wishes_and_lists_by_comma_are_the_same(wishes: tuple[str, ...]) -> None:
    assert "judge:2,nima:1" == opinion(*wishes).name


def test_what_it_is_called_chooses_it_again() -> None:
    for wishes in (("judge",), ("nima:7",), ("judge:2", "nima:0.25", "odd")):
        chosen = opinion(*wishes)
        again = opinion(chosen.name)
        shares = [voice.weight / sum(v.weight for v in chosen.quality) for voice in chosen.quality]
        assert shares == [voice.weight / sum(v.weight for v in again.quality) for voice in again.quality]
        assert [voice.spec.name for voice in chosen.quality] == [voice.spec.name for voice in again.quality]


def test_the_judge_and_the_kinds_always_look() -> None:
    assert ("judge", "kind", "nima") == tuple(spec.name for spec in opinion("nima").specs)
    assert ("judge", "kind") == tuple(spec.name for spec in opinion().specs)


def test_where_nobody_speaks_of_quality_the_judge_does() -> None:
    for wishes in ((), ("taste",), ("faults",), ("kind",), ("taste:2", "faults")):
        assert "judge" == opinion(*wishes).name
        assert opinion(*wishes).is_default


def test_beauty_and_faults_have_no_part_in_the_score() -> None:
    values = {("judge", "mos"): 0.7, ("taste", "mean"): 1.0, ("faults", "mean"): 1.0}
    chosen = opinion("judge", "taste", "faults")
    assert (0.7, 0.0) == (chosen.mos(values), chosen.aesthetic(values))
    assert opinion("judge").aesthetic(values) is None


@pytest.mark.parametrize(
    "wish", ["judge:0", "judge:-1", "judge:nan", "judge:inf", "judge:1e999", "judge:two", ":2", "judge:"]
)
def test_a_weight_is_a_number_above_0(wish: str) -> None:
    with pytest.raises(UsageError, match="a weight is a number above 0"):
        opinion(wish)


@pytest.mark.parametrize("wishes", [("judge", "judge"), ("judge:2", "nima", "judge:3"), ("taste,taste",)])
def test_a_scorer_that_is_named_twice_is_refused(wishes: tuple[str, ...]) -> None:
    """One weight would silently win."""
    with pytest.raises(UsageError, match="named twice"):
        opinion(*wishes)


def test_a_weight_where_nothing_is_weighed_is_refused() -> None:
    with pytest.raises(UsageError, match="faults has no part in the score"):
        opinion("judge", "faults:2")
    assert "judge" == opinion("judge", "faults").name


def test_an_unknown_name_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ScorerUnknown, match=r"no scorer 'none'.*judge.*nima"):
        opinion("none:2")


def test_the_names_of_wishes_are_never_printed_raw() -> None:
    for wish in ("\x1b[2J", "judge:\x1b[2J", "\x1b[2J:2"):
        with pytest.raises(UsageError) as caught:
            opinion(wish)
        assert "\x1b" not in str(caught.value)


def test_the_default_is_the_judge_as_it_always_was() -> None:
    chosen = default()
    assert chosen.is_default
    for number in range(1001):
        value = number / 1000
        assert math.isclose(value, chosen.mos({("judge", "mos"): value}) or 0.0, rel_tol=0, abs_tol=0)


def test_the_names_in_wishes_are_told_however_they_are_written() -> None:
    assert {"judge", "other", "third"} == names_of(["judge:2, other", " third : 1 ", "judge"])
    assert {"judge"} == names_of(["judge:much", ""])
