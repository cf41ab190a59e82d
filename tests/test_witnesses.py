"""What the other copies tell of two of them whose look leaves open which came first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from albumclean.comparison.compare import compare
from albumclean.comparison.sides import Side
from albumclean.domain import Comparison, Relation, Testimony
from albumclean.similar import witnesses
from albumclean.similar.components import Pair, pair
from albumclean.similar.posterior import Odds, scores
from albumclean.similar.provenance import Provenance
from albumclean.similar.stars import find_stars
from albumclean.similar.verdict import Verdict
from albumclean.similar.witnesses import NOTHING_TOLD, differences_of, told_of, witness_odds
from tests.test_provenance import camera, packed, side, textured

SOURCE, EDIT = b"s", b"e"
COPIES = [b"c%d" % number for number in range(5)]
SURE = 2.5  # log-odds, below which a person is asked

NUMBERS = st.integers(0, 7)
LEANINGS = st.dictionaries(st.sampled_from([b"w%d" % each for each in range(8)]), st.none() | st.floats(-1, 1))
SEEN = st.lists(st.tuples(NUMBERS, NUMBERS, st.floats(0, 60)).filter(lambda each: each[0] != each[1]))


def test_of_two_that_nothing_else_tells_apart_the_source_is_the_one_that_the_copies_look_like() -> None:
    open_ = Odds(SOURCE, EDIT, 0.0, difference=10.0)
    alike = [Odds(SOURCE, copy, 3.0, difference=2.0) for copy in COPIES]

    likely = scores([SOURCE, EDIT, *COPIES], [open_, *alike])

    assert SOURCE == max(likely, key=likely.__getitem__)
    assert likely[EDIT] < likely[SOURCE] - 1


def test_copies_of_an_edit_speak_for_the_edit_and_what_looks_like_neither_for_none() -> None:
    of_edit = [(EDIT, copy, 2.0) for copy in COPIES[:3]]
    own_ways = [(SOURCE, copy, 30.0) for copy in COPIES[3:]]

    differences = differences_of([(SOURCE, EDIT, 10.0), *of_edit, *own_ways])

    assert witness_odds(EDIT, SOURCE, differences, NOTHING_TOLD) == pytest.approx(np.log(4))


def test_two_that_look_the_same_have_no_witnesses() -> None:
    differences = differences_of([(SOURCE, EDIT, 0.5), *((SOURCE, copy, 0.1) for copy in COPIES)])
    assert 0.0 == witness_odds(SOURCE, EDIT, differences, NOTHING_TOLD)


@given(st.integers(0, 400))
def test_however_many_they_are_witnesses_alone_never_settle_a_question(count: int) -> None:
    many = [b"%d" % number for number in range(count)]
    differences = differences_of([(SOURCE, EDIT, 10.0), *((SOURCE, copy, 1.0) for copy in many)])
    assert 0 <= witness_odds(SOURCE, EDIT, differences, NOTHING_TOLD) < SURE


def test_witnesses_alone_leave_the_edit_a_rival_that_a_person_is_asked_about() -> None:
    looks = [Comparison(*pair(SOURCE, EDIT), Relation.DERIVED, 1.0, difference=10.0)]
    looks += [
        Comparison(*pair(SOURCE, copy), Relation.DERIVED, 1.0, source=SOURCE, certainty=4.0, difference=2.0)
        for copy in COPIES[:2]
    ]
    order = Provenance.of([SOURCE, EDIT, *COPIES[:2]], {(look.one, look.other): look for look in looks})

    assert (0, 0) == order.level(SOURCE) < order.level(EDIT)
    assert frozenset({EDIT}) == order.rivals(SOURCE)


def test_the_first_guess_is_not_taken_for_the_source_because_it_alone_was_compared_with_all() -> None:
    """A forwarded copy, equal but for rounding, was compared with everything; the source with that copy alone."""
    looks = [Odds(EDIT, copy, 4.0, difference=6.0) for copy in COPIES]
    same, other = (Odds(SOURCE, EDIT, 0.5, difference=apart) for apart in (0.1, 0.9))

    told = scores([SOURCE, EDIT, *COPIES], [same, *looks])
    left = scores([SOURCE, EDIT, *COPIES], [other, *looks])

    assert told[SOURCE] > told[EDIT]
    assert left[SOURCE] < left[EDIT]  # with another picture the looks at that one say nothing of this one


def test_of_two_that_nothing_tells_apart_the_source_is_the_one_whose_pixels_other_files_have() -> None:
    twins = [SOURCE, *COPIES]
    looks = {
        pair(one, other): Comparison(*pair(one, other), Relation.SAME_PIXELS, 1.0, difference=0.0)
        for one, other in pairwise(twins)
    }
    looks[pair(SOURCE, EDIT)] = Comparison(*pair(SOURCE, EDIT), Relation.DERIVED, 1.0, difference=0.2)

    order = Provenance.of([*twins, EDIT], looks)
    alone = Provenance.of([SOURCE, SOURCE, EDIT], {pair(SOURCE, EDIT): looks[pair(SOURCE, EDIT)]})

    assert order.level(SOURCE)[0] == 0 < order.level(EDIT)[0]
    assert (0, 0) == alone.level(SOURCE) < alone.level(EDIT)  # the same bytes in two places
    assert frozenset({EDIT}) == order.rivals(SOURCE)  # a person is asked all the same


def test_what_lost_by_way_of_a_stripped_twin_alone_is_itself_compared_with_what_leads() -> None:
    turned, stripped = b"a", b"t"
    truth = {pair(turned, copy): Verdict(copies=True, source=turned, certainty=5.0) for copy in COPIES}
    truth[pair(turned, stripped)] = Verdict(copies=True, source=turned, certainty=5.0)
    truth[pair(SOURCE, stripped)] = Verdict(copies=True, source=SOURCE, same_pixels=True, certainty=5.0)
    candidates = set(truth)
    truth[pair(turned, SOURCE)] = Verdict(copies=True, source=SOURCE, certainty=3.0)

    looks = {pair(SOURCE, stripped): truth[pair(SOURCE, stripped)]}  # known to have one picture
    while wanted := find_stars(candidates, looks, lambda content: (0, 0, content)).wanted:
        looks |= {each: truth[each] for each in wanted}

    assert pair(turned, SOURCE) in looks


def test_where_the_look_at_the_two_leaves_it_open_the_others_must_be_very_sure() -> None:
    looks = [Comparison(*pair(SOURCE, EDIT), Relation.DERIVED, 1.0, source=SOURCE, certainty=1.5)]
    looks += [
        Comparison(*pair(SOURCE, copy), Relation.DERIVED, 1.0, source=SOURCE, certainty=6.0) for copy in COPIES[:3]
    ]
    sure = [replace(looks[0], certainty=3.0), *looks[1:]]

    open_, settled = (
        Provenance.of([SOURCE, EDIT, *COPIES[:3]], {(look.one, look.other): look for look in each})
        for each in (looks, sure)
    )

    stripped = b"t"  # of the edit, and of which it is sure
    twins = [Comparison(*pair(EDIT, stripped), Relation.SAME_PIXELS, 1.0, source=EDIT, certainty=5.0)]
    twins += [Comparison(*pair(SOURCE, stripped), Relation.DERIVED, 1.0, source=SOURCE, certainty=6.0), *looks]
    stripped_too = Provenance.of(
        [SOURCE, EDIT, stripped, *COPIES[:3]], {(look.one, look.other): look for look in twins}
    )

    assert EDIT in stripped_too.rivals(SOURCE)
    assert SURE < open_.likelihoods[SOURCE] - open_.likelihoods[EDIT] < 5
    assert (frozenset({EDIT}), frozenset()) == (open_.rivals(SOURCE), settled.rivals(SOURCE))


@given(SEEN, LEANINGS)
def test_what_they_say_of_one_they_say_against_the_other(
    seen: list[tuple[int, int, float]], leanings: dict[bytes, float | None]
) -> None:
    differences = differences_of((b"%d" % one, b"%d" % other, difference) for one, other, difference in seen)
    for told in (NOTHING_TOLD, {(b"0", b"1"): leanings}):
        assert witness_odds(b"0", b"1", differences, told) == -witness_odds(b"1", b"0", differences, told)


def test_who_was_asked_outvotes_what_copies_look_like() -> None:
    differences = differences_of([(SOURCE, EDIT, 10.0), *((EDIT, copy, 2.0) for copy in COPIES)])
    told = {(EDIT, SOURCE): dict.fromkeys(COPIES[:3], -0.9)}

    assert witness_odds(SOURCE, EDIT, differences, NOTHING_TOLD) < 0 < witness_odds(SOURCE, EDIT, differences, told)


def test_a_witness_who_leans_little_or_cannot_tell_has_no_vote() -> None:
    told = {(EDIT, SOURCE): {COPIES[0]: -1.0, COPIES[1]: 0.1, COPIES[2]: None}}
    assert witness_odds(SOURCE, EDIT, {}, told) == pytest.approx(2 * np.log(2))


def test_where_hardly_anyone_can_tell_the_few_who_can_may_be_chance() -> None:
    told = {(EDIT, SOURCE): {COPIES[0]: 1.0, **{b"s%d" % number: None for number in range(5)}}}
    assert 0.0 == witness_odds(SOURCE, EDIT, {}, told)


@given(st.integers(0, 400))
def test_however_many_are_asked_they_alone_never_settle_an_open_question(count: int) -> None:
    """Not even together with files that have the source's pixels."""
    looks = [Comparison(*pair(SOURCE, EDIT), Relation.DERIVED, 1.0)]
    looks += [Comparison(*pair(SOURCE, twin), Relation.SAME_PIXELS, 1.0) for twin in COPIES]
    told = {(EDIT, SOURCE): {b"w%d" % number: -1.0 for number in range(count)}}

    order = Provenance.of(
        [SOURCE, EDIT, *COPIES, *told[EDIT, SOURCE]], {(look.one, look.other): look for look in looks}, told
    )

    assert EDIT in order.rivals(SOURCE)


def test_what_a_file_told_holds_for_all_with_its_pixels_and_never_of_themselves() -> None:
    testimonies = [
        Testimony(b"a", b"b", b"w", 0.5),
        Testimony(b"a", b"b", b"x", None),
        Testimony(b"a", b"x", b"y", 1.0),
    ]
    picture_of = {b"a": b"z", b"b": b"b", b"w": b"w", b"x": b"b", b"y": b"z"}

    assert {(b"b", b"z"): {b"w": -0.5}} == witnesses.testimonies_of(told_of(testimonies), picture_of)


class Looker:
    """Takes all looks that are wanted, and asks all witnesses: `truth`, and which of two each was made from."""

    def __init__(self, truth: Mapping[Pair, Verdict], made_from: Mapping[bytes, bytes], first: bytes) -> None:
        self.verdicts: dict[Pair, Verdict] = {}
        self.told: dict[Pair, dict[bytes, float | None]] = {}
        while True:
            found = find_stars(truth, self.verdicts, lambda each: (0, int(each != first), each), told=self.told)
            if not (found.wanted or found.witnesses):
                break
            self.verdicts |= {each: truth[each] for each in found.wanted}
            for one, other, witness in found.witnesses:
                told = self.told.setdefault((one, other), {})
                assert witness not in told, "asked twice"
                told[witness] = {one: 1.0, other: -1.0}.get(made_from.get(witness, b""))


def test_an_open_question_is_put_to_the_other_copies() -> None:
    """A lightly edited copy was the first guess; only what the others were made from tells it from the source."""
    truth = {pair(SOURCE, EDIT): Verdict(copies=True, source=EDIT, certainty=0.5, difference=0.4)}
    truth |= {pair(EDIT, copy): Verdict(copies=True, source=EDIT, difference=0.6) for copy in COPIES}
    truth |= {pair(SOURCE, copy): Verdict(copies=True, source=SOURCE, difference=0.5) for copy in COPIES}

    asked = Looker(truth, dict.fromkeys(COPIES, SOURCE), EDIT)

    looks = {
        each: Comparison(*each, Relation.DERIVED, 1.0, found.source, (), found.certainty, difference=found.difference)
        for each, found in asked.verdicts.items()
    }
    assert {pair(SOURCE, EDIT): dict.fromkeys(COPIES, 1.0 if SOURCE < EDIT else -1.0)} == asked.told
    assert (0, 0) == Provenance.of([SOURCE, EDIT, *COPIES], looks, asked.told).level(SOURCE)
    assert (0, 0) == Provenance.of([SOURCE, EDIT, *COPIES], looks).level(EDIT)


def test_where_looks_leave_nothing_open_nobody_is_asked() -> None:
    truth = {pair(SOURCE, each): Verdict(copies=True, source=SOURCE, certainty=5.0) for each in (EDIT, *COPIES)}
    assert {} == Looker(truth, {}, SOURCE).told


def test_witnesses_who_cannot_tell_are_followed_by_others_up_to_a_limit() -> None:
    many = [b"w%02d" % number for number in range(40)]
    truth = {pair(SOURCE, EDIT): Verdict(copies=True, difference=0.4)}
    truth |= {pair(SOURCE, copy): Verdict(copies=True, source=SOURCE, certainty=5.0, difference=3.0) for copy in many}

    asked = [
        len(Looker(truth, dict.fromkeys(can_tell, SOURCE), SOURCE).told[pair(SOURCE, EDIT)])
        for can_tell in (many, many[::2], many[:1], [])
    ]

    assert [6, 11, 16, 6] == asked


def test_a_look_measures_how_far_the_colours_lie_apart() -> None:
    picture = textured(5, 640, 480)
    plain = side(packed(picture, quality=95))
    brighter = side(packed(picture.point([min(255, level + 12) for level in range(256)] * 3), quality=95))

    def difference(other: Side) -> float:
        found = compare(plain, other).difference
        assert found is not None
        return found

    assert 0.0 == difference(side(packed(picture, quality=95, exif=camera(size=(640, 480)))))
    assert difference(brighter) == pytest.approx(12, abs=1.5)
    assert difference(side(packed(picture, quality=75))) < difference(brighter) / 2
