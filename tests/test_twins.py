"""Files with the same pixels: the picture is as old as the oldest of them, whatever was done to the others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from albumclean.similar.twins import best_twins, said_of_pictures
from albumclean.similar.verdict import Verdict

ONE, TWO, THREE, ALONE = (number.to_bytes(2, "big") for number in range(4))


@given(odds=st.floats(-20, 20), one=st.booleans(), other=st.booleans())
def test_a_worse_twin_may_speak_for_its_picture_and_never_against_it(odds: float, one: bool, other: bool) -> None:
    said = said_of_pictures(odds, one, other)
    is_blamed = (one and odds < 0) or (other and odds > 0)
    assert said == (0 if is_blamed else odds)
    assert said == -said_of_pictures(-odds, other, one)


def test_the_best_twin_is_the_one_that_came_first_and_the_rest_are_worse() -> None:
    verdicts = {
        (ONE, TWO): Verdict(copies=True, source=TWO, same_pixels=True, certainty=2.0),
        (ONE, THREE): Verdict(copies=True, same_pixels=True),
        (TWO, THREE): Verdict(copies=True, source=TWO, same_pixels=True, certainty=3.0),
    }
    found = best_twins([ONE, TWO, THREE, ALONE], lambda photo: ALONE if photo == ALONE else ONE, verdicts)
    assert ({ONE: TWO, TWO: TWO, THREE: TWO, ALONE: ALONE}, {ONE, THREE}) == found


def test_where_nothing_tells_twins_apart_the_order_decides_and_none_is_worse() -> None:
    verdicts = {(ONE, TWO): Verdict(copies=True, same_pixels=True)}
    assert ({ONE: TWO, TWO: TWO}, set()) == best_twins([TWO, ONE], lambda _: ONE, verdicts)
