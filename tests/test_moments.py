"""Promises of moments: who is asked about together, and that likeness and time, never either alone, decide it."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from albumclean.similar.captures import Capture
from albumclean.similar.moments import find_moments
from albumclean.similar.partition import Wholes
from albumclean.similar.series import find_series
from tests.shooting import Line, capture, content


def numbers(found: list[tuple[bytes, ...]]) -> list[list[int]]:
    return [[int.from_bytes(member, "big") for member in moment] for moment in found]


def every_pair(count: int) -> list[tuple[bytes, bytes]]:
    return [(content(one), content(other)) for one, other in combinations(range(count), 2)]


# Likeness and time


def test_like_shots_within_seconds_are_a_moment() -> None:
    shots = [capture(at, at * 0.7) for at in range(4)]
    assert [[0, 1, 2, 3]] == numbers(find_moments(shots, Line([0, 3, 6, 9])))


@pytest.mark.parametrize(
    ("pause", "apart", "together"),
    [
        (0, 29.9, True),
        (0, 30.1, False),  # another thing at once
        (3, 19.9, True),
        (3, 20.1, False),
        (10, 12.9, True),
        (10, 13.1, False),
        (30, 9.9, True),
        (30, 10.1, False),  # the same place, but half a minute on
        (120, 6.9, True),
        (120, 7.1, False),
        (121, 0, False),  # not even the same picture: another moment
    ],
)
def test_the_longer_ago_the_more_alike_a_shot_must_be(pause: float, apart: float, together: bool) -> None:
    found = find_moments([capture(0, 0), capture(1, pause)], Line([0, apart]))
    assert ([[0, 1]] if together else []) == numbers(found)


def test_the_longer_ago_the_more_alike_the_framing_must_be() -> None:
    """The same place from elsewhere has the same content, but nothing stands where it stood."""
    looks = Line([0, 1], bits=22)
    assert [[0, 1]] == numbers(find_moments([capture(0, 0), capture(1, 2)], looks))
    assert [] == find_moments([capture(0, 0), capture(1, 12)], looks)


def test_the_most_alike_come_together_first() -> None:
    shots = [capture(at, at * 1.0) for at in range(3)]
    assert [[1, 2]] == numbers(find_moments(shots, Line([0, 14, 27])))
    assert [[0, 1]] == numbers(find_moments(shots, Line([0, 13, 27])))


def test_shots_of_one_burst_are_a_moment_whatever_they_show() -> None:
    shots = [capture(at, at * 0.1, burst="B") for at in range(3)]
    assert [[0, 1, 2]] == numbers(find_moments(shots, Line([0, 40, 80])))
    others = [capture(at, at * 0.1, burst=str(at)) for at in range(3)]
    assert [] == find_moments(others, Line([0, 40, 80]))


def test_bursts_of_two_cameras_with_one_name_do_not_mix() -> None:
    shots = [capture(at, at * 0.1, burst="1", camera=f"Phone {at}") for at in range(2)]
    assert [] == find_moments(shots, Line([0, 0]), every_pair(2))


def test_two_cameras_see_two_moments() -> None:
    shots = [capture(0, 0, camera="One"), capture(1, 0.5, camera="Other")]
    assert [] == find_moments(shots, Line([0, 0]), every_pair(2))


def test_unknown_cameras_are_not_the_same_camera() -> None:
    shots = [capture(0, 0, camera=None), capture(1, 0.5, camera=None)]
    assert [] == find_moments(shots, Line([0, 9]), every_pair(2))
    assert [[0, 1]] == numbers(find_moments(shots, Line([0, 4]), every_pair(2)))  # so alike that it hardly matters


def test_known_cameras_are_not_overruled_by_likeness() -> None:
    shots = [capture(0, None, camera="One"), capture(1, None, camera="Other")]
    assert [] == find_moments(shots, Line([0, 0]), every_pair(2))


def test_without_a_time_only_very_close_likeness_that_a_search_found_counts() -> None:
    shots = [capture(0, None), capture(1, None)]
    for close in (Line([0, 8]), Line([0, 1], cosine=0.2)):
        assert [[0, 1]] == numbers(find_moments(shots, close, every_pair(2)))
    for less_close in (Line([0, 9]), Line([0, 1], cosine=0.21)):
        assert [] == find_moments(shots, less_close, every_pair(2))
    assert [] == find_moments(shots, Line([0, 0]))


@pytest.mark.parametrize("plain", [{"detail": 11.0}, {"grey": 230}])
def test_flat_pictures_and_pages_are_not_alike_unless_taken_at_once(plain: dict[str, int]) -> None:
    """Pages of letters and empty skies look like each other whatever they say."""
    looks = Line([0, 0], **plain)
    assert [] == find_moments([capture(0, None), capture(1, None)], looks, every_pair(2))
    assert [] == find_moments([capture(0, 0), capture(1, 4)], looks, every_pair(2))
    assert [[0, 1]] == numbers(find_moments([capture(0, 0), capture(1, 1)], looks))


def test_known_times_far_apart_are_not_overruled_by_likeness() -> None:
    assert [] == find_moments([capture(0, 0), capture(1, 3600)], Line([0, 0]), every_pair(2))


@pytest.mark.parametrize("glue", [{"at": None}, {"at": 60.0, "camera": None}])
def test_a_photo_without_time_or_camera_does_not_glue_moments(glue: dict[str, float | None]) -> None:
    """Its likes are two shots of a minute and a half: too unlike each other for that."""
    shots = [capture(0, 0), capture(1, 90), capture(2, **glue)]  # type: ignore[arg-type]
    assert [] == find_moments(shots[:2], Line([0, 10, 5]), every_pair(3))
    found = numbers(find_moments(shots, Line([0, 10, 5]), every_pair(3)))
    assert 1 == len(found)
    assert 2 == len(found[0])


def test_a_panorama_is_no_shot_of_a_moment() -> None:
    assert [] == find_moments([capture(0, 0), capture(1, 1, panorama=True)], Line([0, 0]), every_pair(2))


def test_a_bracket_is_never_broken_into_moments() -> None:
    shots = [capture(at, at * 0.4, bias=(0.0, -1.0, 1.0)[at]) for at in range(3)]
    shots += [capture(3, 2.4), capture(4, 2.9)]
    looks = Line([0] * 5)
    assert [[0, 1, 2, 3, 4]] == numbers(find_moments(shots, looks))
    assert [[3, 4]] == numbers(find_moments(shots, looks, whole=Wholes(find_series(shots, looks))))


# What holds for any album


@st.composite
def albums(draw: st.DrawFn) -> tuple[list[Capture], Line, list[tuple[bytes, bytes]]]:
    """Shots of a few minutes by two cameras, some without a time, in a few places; and who was told apart."""
    count = draw(st.integers(2, 14))
    shots = [
        capture(
            number,
            draw(st.one_of(st.none(), st.integers(0, 300))),
            camera=draw(st.sampled_from(["One", "One", "Other", None])),
            burst=draw(st.sampled_from([None, None, None, "B"])),
        )
        for number in range(count)
    ]
    places = draw(st.lists(st.integers(0, 40), min_size=count, max_size=count))
    apart = draw(st.lists(st.sampled_from(every_pair(count)), max_size=6))
    return shots, Line(places), apart


@given(albums(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_moments_are_the_same_for_any_order(
    album: tuple[list[Capture], Line, list[tuple[bytes, bytes]]], shuffler: random.Random
) -> None:
    shots, looks, apart = album
    pairs = every_pair(len(shots))
    expected = find_moments(shots, looks, pairs, apart=apart)
    assert sorted(tuple(sorted(moment)) for moment in expected) == expected
    assert len({member for moment in expected for member in moment}) == sum(map(len, expected))
    for values in (shots, pairs, apart):
        shuffler.shuffle(values)
    turned = [(other, one) for one, other in pairs]
    assert expected == find_moments(shots, looks, turned, apart=[(other, one) for one, other in apart])


@given(albums())
@settings(max_examples=100, deadline=None)
def test_every_member_goes_with_every_other(
    album: tuple[list[Capture], Line, list[tuple[bytes, bytes]]],
) -> None:
    """Never a chain: any two members alone would be a moment as well."""
    shots, looks, apart = album
    pairs = every_pair(len(shots))
    known = {shot.content_hash: shot for shot in shots}
    for moment in find_moments(shots, looks, pairs, apart=apart):
        for one, other in combinations(moment, 2):
            assert [(one, other)] == find_moments([known[one], known[other]], looks, pairs)


@given(albums())
@settings(max_examples=100, deadline=None)
def test_shots_told_apart_never_share_a_moment(
    album: tuple[list[Capture], Line, list[tuple[bytes, bytes]]],
) -> None:
    shots, looks, apart = album
    for moment in find_moments(shots, looks, every_pair(len(shots)), apart=apart):
        assert not {frozenset(pair) for pair in combinations(moment, 2)} & {frozenset(pair) for pair in apart}


@given(albums())
@settings(max_examples=50, deadline=None)
def test_shots_of_a_series_are_in_no_moment(
    album: tuple[list[Capture], Line, list[tuple[bytes, bytes]]],
) -> None:
    shots, looks, apart = album
    whole = {content(number) for number in range(0, len(shots), 2)}
    for moment in find_moments(shots, looks, every_pair(len(shots)), whole=whole, apart=apart):
        assert not whole & set(moment)


def test_a_walk_along_a_scene_does_not_become_one_moment() -> None:
    shots = [capture(at, at * 1.0) for at in range(30)]
    found = find_moments(shots, Line([7 * at for at in range(30)]))
    assert all(len(moment) <= 3 for moment in found)
    assert found


def test_no_photos_no_moments() -> None:
    assert [] == find_moments([], Line([]))
    assert [] == find_moments([capture(0, 0)], Line([0]))
    assert [] == find_moments([capture(0, 0), capture(0, 0)], Line([0]))  # one content, not two
