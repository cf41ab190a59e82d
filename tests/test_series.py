"""Promises of series: what was shot to be one work is recognised and left whole, and everyday shooting is not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageFilter

from albumclean.similar.captures import Capture, takes_of
from albumclean.similar.partition import Series, SeriesKind, Wholes, in_words
from albumclean.similar.series import find_series
from tests.pictures import scene
from tests.shooting import Line, Roll, capture, content

WIDE = scene(5, 1600, 240)


def kinds(found: Sequence[Series]) -> list[tuple[SeriesKind, int]]:
    return [(each.kind, len(each.shots)) for each in found]


def still(count: int) -> Line:
    return Line([0.0] * count)


def lit(stops: float) -> Image.Image:
    return ImageEnhance.Brightness(scene(1)).enhance(2**stops)


def part(left: int, width: int = 320) -> Image.Image:
    return WIDE.crop((left, 0, left + width, 240))


# Brackets


@pytest.mark.parametrize(
    "biases", [(0, -1, 1), (-2, 0, 2), (0, -0.7, 0.7, -1.3, 1.3), (-0.33, 0, 0.33), (-3, -2, -1, 0, 1, 2, 3)]
)
def test_exposure_compensation_in_even_steps_is_a_bracket(biases: tuple[float, ...]) -> None:
    shots = [capture(number, number * 0.4, bias=bias, exposure=0.01) for number, bias in enumerate(biases)]
    assert [(SeriesKind.BRACKET, len(biases))] == kinds(find_series(shots, still(len(biases))))


def test_a_flagged_bracket_is_one_even_if_only_two_shots_are_left() -> None:
    shots = [capture(0, 0, bracketed=True, bias=0.0), capture(1, 0.5, bracketed=True, bias=-0.7)]
    assert [(SeriesKind.BRACKET, 2)] == kinds(find_series(shots, still(2)))


def test_brackets_in_a_row_are_told_apart() -> None:
    shots = [capture(at, at * 0.5, bracketed=True, bias=(0.0, -1.0, 1.0)[at % 3]) for at in range(9)]
    assert [(SeriesKind.BRACKET, 3)] * 3 == kinds(find_series(shots, still(9)))


def test_brackets_within_one_second_are_told_apart_without_fractions() -> None:
    """Six shots in a second carry the same time; nothing but the exposures tells the two brackets."""
    shots = [capture(at, 0, bracketed=True, bias=(0.0, -1.0, 1.0)[at % 3], iso=100 + at) for at in range(6)]
    assert [(SeriesKind.BRACKET, 3)] * 2 == kinds(find_series(shots, still(6)))


def test_a_bracket_taken_by_hand_shot_for_shot_is_one_if_the_camera_says_so() -> None:
    shots = [capture(at, at * 6, bracketed=True, bias=bias) for at, bias in enumerate((0.0, -1.0, 1.0))]
    assert [(SeriesKind.BRACKET, 3)] == kinds(find_series(shots, still(3)))
    unsaid = [capture(at, at * 6, bias=bias) for at, bias in enumerate((0.0, -1.0, 1.0))]
    assert [] == find_series(unsaid, still(3))


def test_shutter_times_in_even_steps_of_one_framing_are_a_bracket() -> None:
    roll = Roll()
    for at, (time, stops) in enumerate(((1 / 125, 0.0), (1 / 500, -1.5), (1 / 30, 0.8))):
        roll.take(lit(stops), at, exposure=time, f_number=8.0, iso=100, bias=0.0)
    assert [(SeriesKind.BRACKET, 3)] == kinds(find_series(roll.captures, roll.looks))


@pytest.mark.parametrize(("cosine", "bits", "whole"), [(0.45, 14, 1), (0.46, 14, 0), (0.45, 15, 0)])
def test_shutter_times_of_one_framing_and_one_content_are_a_bracket(cosine: float, bits: int, whole: int) -> None:
    times = (1 / 125, 1 / 500, 1 / 30)
    shots = [capture(at, at, exposure=time, f_number=8.0, iso=100, bias=0.0) for at, time in enumerate(times)]
    assert whole == len(find_series(shots, Line([0, 1, 0], cosine=cosine, bits=bits)))


def test_shutter_times_that_the_camera_chose_for_other_views_are_no_bracket() -> None:
    roll = Roll()
    for at, time in enumerate((1 / 125, 1 / 500, 1 / 30)):
        roll.take(scene(at), at, exposure=time, f_number=8.0, iso=100, bias=0.0)
    assert [] == find_series(roll.captures, roll.looks)


def test_a_phone_that_sets_sensitivity_and_time_by_itself_takes_no_brackets() -> None:
    """Exposure times and ISO of a real run of phone pictures."""
    metered = [(1 / 60, 20), (1 / 60, 25), (1 / 60, 32), (1 / 120, 40), (1 / 60, 20), (1 / 40, 25)]
    shots = [
        capture(at, at * 2.1, exposure=time, iso=iso, f_number=1.8, bias=0.0) for at, (time, iso) in enumerate(metered)
    ]
    assert [] == find_series(shots, still(len(shots)))


def test_a_camera_that_sets_sensitivity_alone_takes_no_brackets() -> None:
    shots = [capture(at, at * 0.7, exposure=0.01, f_number=4.0, iso=100 * 2**at, bias=0.0) for at in range(3)]
    assert [] == find_series(shots, still(3))
    assert [(SeriesKind.BRACKET, 3)] == kinds(
        find_series([capture(at, at * 0.7, exposure=0.01 * 2**at, f_number=4.0, iso=100) for at in range(3)], still(3))
    )


def test_a_burst_is_no_bracket_unless_the_camera_says_so() -> None:
    shots = [capture(at, at * 0.1, bias=float(at), burst="B") for at in range(3)]
    assert [] == find_series(shots, still(3))


def test_a_bracket_that_lost_shots_takes_none_of_the_next() -> None:
    """Times and compensation of a real run: the first bracket has two shots left."""
    run = [(42, 0.0), (42, -0.7), (50, 0.0), (50, -0.7), (50, 0.7), (50, -1.3), (51, 1.3)]
    shots = [capture(at, time, bias=bias, bracketed=True, exposure=0.05) for at, (time, bias) in enumerate(run)]
    assert [(SeriesKind.BRACKET, 2), (SeriesKind.BRACKET, 5)] == kinds(find_series(shots, still(7)))


def test_long_exposures_of_a_bracket_may_take_their_time() -> None:
    shots = [capture(0, 0, bias=-2.0, exposure=4.0), capture(1, 9, bias=0.0, exposure=15.0)]
    shots.append(capture(2, 40, bias=2.0, exposure=60.0))
    assert [(SeriesKind.BRACKET, 3)] == kinds(find_series(shots, still(3)))


def test_flagged_shots_of_one_exposure_are_a_bracket_of_something_else() -> None:
    shots = [capture(at, at * 0.3, bracketed=True, exposure=0.01, f_number=4.0, iso=200) for at in range(6)]
    assert [(SeriesKind.BRACKET, 6)] == kinds(find_series(shots, still(6)))


# Time-lapses and focus stacks


@pytest.mark.parametrize(("interval", "count"), [(1.013, 12), (5.0, 9), (30.07, 8), (600.0, 8)])
def test_shots_on_a_beat_are_a_time_lapse(interval: float, count: int) -> None:
    shots = [capture(at, 0.017 + at * interval) for at in range(count)]
    assert [(SeriesKind.TIME_LAPSE, count)] == kinds(find_series(shots, still(count)))


def test_a_beat_is_heard_through_whole_seconds() -> None:
    shots = [capture(at, (at * 7_300) // 1000) for at in range(10)]
    assert [(SeriesKind.TIME_LAPSE, 10)] == kinds(find_series(shots, still(10)))


def test_at_whole_seconds_a_fast_beat_must_go_on_for_long() -> None:
    """Anyone can press a button every two seconds, give or take half of one, ten times."""
    shots = [capture(at, 2 * at) for at in range(20)]
    assert [] == find_series(shots[:10], still(20))
    assert [(SeriesKind.TIME_LAPSE, 20)] == kinds(find_series(shots, still(20)))


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_a_person_at_the_button_makes_no_time_lapse(seed: int) -> None:
    """No two pauses alike in a row (seven alike are a beat, whoever presses), at whole seconds and in fractions."""
    clock = random.Random(seed)
    at = pause = 0.0
    exact, whole = [], []
    for number in range(12):
        pause = clock.choice([other for other in (0.8, 1.5, 2.6, 4.0) if other != pause])
        at += pause
        exact.append(capture(number, at + 0.003))
        whole.append(capture(number, int(at)))
    assert SeriesKind.TIME_LAPSE not in {each.kind for each in find_series(whole, Line(range(0, 240, 20)))}
    assert SeriesKind.TIME_LAPSE not in {each.kind for each in find_series(exact, still(12))}


def test_shots_on_a_beat_that_show_something_else_each_time_are_no_time_lapse() -> None:
    shots = [capture(at, at * 5.0) for at in range(10)]
    assert [] == find_series(shots, Line(range(0, 400, 40)))


def test_a_bird_in_one_frame_does_not_break_a_time_lapse() -> None:
    places = [0.0] * 20
    places[9] = 0.0
    places[10:] = [30.0] * 10  # one jump, as of a door that opens
    shots = [capture(at, at * 10.0) for at in range(20)]
    assert [(SeriesKind.TIME_LAPSE, 20)] == kinds(find_series(shots, Line(places)))


@pytest.mark.parametrize(("cosine", "whole"), [(0.25, 1), (0.26, 0)])
def test_at_night_colours_and_content_tell_a_time_lapse(cosine: float, whole: int) -> None:
    """The hashes are made of noise."""
    shots = [capture(at, at * 10.0) for at in range(10)]
    assert whole == len(find_series(shots, Line([at % 2 for at in range(10)], bits=30, cosine=cosine)))


def test_a_burst_is_neither_time_lapse_nor_stack() -> None:
    fast = [capture(at, at * 0.1, exposure=0.01, f_number=4.0) for at in range(20)]
    assert [] == find_series(fast, still(20))
    named = [capture(at, at * 1.0, exposure=0.01, f_number=4.0, burst="one") for at in range(20)]
    assert [] == find_series(named, still(20))


def test_still_shots_of_one_exposure_are_a_focus_stack() -> None:
    roll = Roll()
    for at, pause in enumerate((0, 5, 9, 15, 19, 23)):
        picture = scene(1).filter(ImageFilter.GaussianBlur(abs(at - 3)))
        roll.take(picture, pause, exposure=1 / 140, f_number=1.8, iso=50)
    assert [(SeriesKind.FOCUS_STACK, 6)] == kinds(find_series(roll.captures, roll.looks))


@pytest.mark.parametrize("unlike", ["exposure", "framing", "count"])
def test_a_focus_stack_needs_one_exposure_one_framing_and_five_shots(unlike: str) -> None:
    count = 4 if unlike == "count" else 6
    shots = [
        capture(
            at, at * 3.3 + at % 2, f_number=4.0, iso=100 * 2 ** (at % 2 if unlike == "exposure" else 0), exposure=0.01
        )
        for at in range(count)
    ]
    assert [] == find_series(shots, Line(range(0, 300, 30) if unlike == "framing" else [0] * count))


# Panoramas


@pytest.mark.parametrize("step", [110, 160, 200, -160])
def test_shots_that_move_along_a_scene_are_a_panorama(step: int) -> None:
    roll = Roll()
    for at in range(4):
        roll.take(part((800 if step < 0 else 100) + at * step), at * 3.5, exposure=1 / 160, f_number=11.0)
    assert [(SeriesKind.PANORAMA, 4)] == kinds(find_series(roll.captures, roll.looks))


def test_shots_that_move_up_a_scene_are_a_panorama() -> None:
    tall = scene(6, 320, 900)
    roll = Roll()
    for at in range(3):
        roll.take(tall.crop((0, 600 - 110 * at, 320, 840 - 110 * at)), at * 3.0, exposure=1 / 160, f_number=11.0)
    assert [(SeriesKind.PANORAMA, 3)] == kinds(find_series(roll.captures, roll.looks))


@pytest.mark.parametrize(
    ("lefts", "pause", "exposures"),
    [
        ((0, 160, 0, 160), 3.0, (1, 1, 1, 1)),  # to and fro
        ((0, 160, 320, 480), 0.2, (1, 1, 1, 1)),  # a burst that follows someone
        ((0, 160, 320, 480), 60.0, (1, 1, 1, 1)),  # a walk
        ((0, 160, 320, 480), 3.0, (1, 4, 1, 4)),  # metered anew for each
        ((0, 10, 20, 30), 3.0, (1, 1, 1, 1)),  # a hand that is not steady
        ((0, 400, 800, 1200), 3.0, (1, 1, 1, 1)),  # nothing in common
    ],
)
def test_other_movements_are_no_panorama(lefts: Sequence[int], pause: float, exposures: Sequence[int]) -> None:
    roll = Roll()
    for at, (left, exposure) in enumerate(zip(lefts, exposures, strict=True)):
        roll.take(part(left), at * pause, exposure=exposure / 160, f_number=11.0)
    assert SeriesKind.PANORAMA not in {each.kind for each in find_series(roll.captures, roll.looks)}


def test_foggy_views_that_match_a_little_better_when_shifted_are_no_panorama() -> None:
    roll = Roll()
    for at in range(3):
        fog = ImageEnhance.Contrast(scene(30 + at)).enhance(0.3)
        roll.take(fog, at * 3.0, exposure=1 / 160, f_number=11.0)
    assert [] == find_series(roll.captures, roll.looks)


def test_a_stitched_panorama_belongs_to_its_parts() -> None:
    roll = Roll()
    for at in range(3):
        roll.take(part(at * 160), at * 3.5, exposure=1 / 160, f_number=11.0)
    roll.take(WIDE, 9, panorama=True)
    assert [(SeriesKind.PANORAMA, 4)] == kinds(find_series(roll.captures, roll.looks))
    roll.take(WIDE, 300, panorama=True)
    assert [(SeriesKind.PANORAMA, 4), (SeriesKind.PANORAMA, 1)] == kinds(find_series(roll.captures, roll.looks))


def test_a_stitched_panorama_alone_is_a_work_with_or_without_a_time() -> None:
    assert [(SeriesKind.PANORAMA, 1)] == kinds(find_series([capture(0, 5, panorama=True)], still(1)))
    assert [(SeriesKind.PANORAMA, 1)] == kinds(find_series([capture(0, None, panorama=True)], still(1)))


# Copies, order, words


def test_copies_of_a_shot_are_in_its_series_and_no_further_shots_of_it() -> None:
    shots = [capture(at, 0.1 + at * 0.5, bias=bias, exposure=0.01) for at, bias in enumerate((0.0, -1.0, 1.0))]
    shots += [capture(3, 0.1, bias=0.0, exposure=0.0100001), capture(4, 0.6), capture(5, 0.1)]  # two lost theirs
    (found,) = find_series(shots, still(6))
    assert ((content(0), content(3), content(5)), (content(1), content(4)), (content(2),)) == found.shots


def test_a_copy_that_lost_its_fraction_of_a_second_is_told_only_where_one_shot_fits() -> None:
    exact = [capture(0, 10.25, iso=100), capture(1, 10.75, iso=200)]
    assert 2 == len(takes_of([*exact, capture(2, 10, iso=200)]))
    assert 3 == len(takes_of([*exact, capture(2, 10)]))


def test_shots_of_a_series_are_apart_and_copies_of_a_shot_are_not() -> None:
    wholes = Wholes([Series(SeriesKind.BRACKET, ((content(0), content(3)), (content(1),), (content(2),)))])
    assert wholes.apart(content(0), content(1))
    assert wholes.apart(content(2), content(3))
    assert not wholes.apart(content(0), content(3))
    assert not wholes.apart(content(0), content(9))
    assert content(3) in wholes
    assert content(9) not in wholes


def test_cameras_do_not_mix() -> None:
    shots = [capture(at, at * 0.5, bias=float(at - 1), camera=f"Phone {at}") for at in range(3)]
    assert [] == find_series(shots, still(3))


def album(seed: int) -> list[Capture]:
    """A day with works of each kind and everyday shots in between."""
    draw = random.Random(seed)
    shots: list[Capture] = []
    at = 0.25

    def add(pause: float, **shot: Any) -> None:
        nonlocal at
        at += pause
        shots.append(capture(len(shots), at, **shot))

    for _ in range(4):
        at += draw.uniform(20, 900)
        kind = draw.choice(("bracket", "lapse", "plain", "whole"))
        for number in range(draw.randint(3, 12)):
            if kind == "bracket":
                add(0.4, bracketed=True, bias=float(number % 3), exposure=0.01)
            elif kind == "lapse":
                add(5.0, exposure=0.01, f_number=4.0)
            elif kind == "plain":
                add(draw.uniform(0.3, 9.0), exposure=0.01 * draw.randint(1, 9), f_number=4.0)
            else:
                at = float(int(at))
                add(draw.randint(0, 1), bias=draw.choice((-1.0, 0.0, 1.0)))
    return shots


@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_series_are_disjoint_and_the_same_for_any_order(seed: int, shuffler: random.Random) -> None:
    shots = album(seed)
    looks = Line(np.random.default_rng(seed).integers(0, 12, len(shots)).tolist())
    expected = find_series(shots, looks)
    shuffled = list(shots)
    shuffler.shuffle(shuffled)
    assert expected == find_series(shuffled, looks)
    members = [member for each in expected for member in each.contents]
    assert len(members) == len(set(members))


def test_series_of_a_large_library_can_be_found_in_pieces() -> None:
    early, late = album(1), [capture(1000 + at, 99_999 + at * 0.4, bracketed=True, bias=float(at)) for at in range(3)]
    looks = Line([0] * 1003)
    assert find_series(early + late, looks) == find_series(early, looks) + find_series(late, looks)


def test_what_is_left_whole_is_said_in_words() -> None:
    bracket = Series(SeriesKind.BRACKET, ((content(0),), (content(1),), (content(2), content(3))))
    stack = Series(SeriesKind.FOCUS_STACK, ((content(5),),))
    assert "2 brackets (6 photos), 1 focus stack (1 photo)" == in_words([stack, bracket, bracket])
    assert "" == in_words([])


def test_shots_without_facts_are_no_series() -> None:
    assert [] == find_series([], still(0))
    assert [] == find_series([capture(at, None) for at in range(9)], still(9))
