"""Stars: copies are established by looks at their source, never by hearsay, and with few looks."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from albumclean.domain import Photo
from albumclean.similar.components import Pair, components, pair
from albumclean.similar.prior import Prior, prior
from albumclean.similar.stars import Star, find_stars
from albumclean.similar.verdict import Verdict


def photo(number: int) -> bytes:
    return number.to_bytes(2, "big")


def by_name(content: bytes) -> Prior:
    return (0, 0, content)


def asked_until_settled(
    candidates: set[Pair], truth: Mapping[Pair, Verdict]
) -> tuple[list[Star], dict[Pair, Verdict], int]:
    """The stars, the looks that were taken, and the rounds."""
    verdicts: dict[Pair, Verdict] = {}
    for rounds in range(1, 1000):
        found = find_stars(candidates, verdicts, by_name)
        if not found.wanted:
            return found.stars, verdicts, rounds
        for each in found.wanted:
            assert each not in verdicts, "asked twice"
            verdicts[each] = truth.get(each, Verdict(copies=False))
    raise AssertionError("never settled")


def copies_of(source: bytes, members: list[bytes]) -> dict[Pair, Verdict]:
    """Every pair of them copies; the source is known wherever it takes part."""
    everyone = [source, *members]
    return {
        pair(one, other): Verdict(copies=True, source=source if source in (one, other) else None)
        for at, one in enumerate(everyone)
        for other in everyone[at + 1 :]
    }


def test_copies_of_one_shot_form_a_star_whatever_the_first_guess() -> None:
    source, members = photo(7), [photo(at) for at in range(7)]
    truth = copies_of(source, members)

    stars, looks, _ = asked_until_settled(set(truth), truth)

    assert [Star(members[0], (*members[1:], source))] == stars
    assert Verdict(copies=True, source=source) == looks[pair(members[0], source)]


def test_twenty_copies_cost_about_twenty_looks_and_not_all_pairs() -> None:
    source, members = photo(0), [photo(at) for at in range(1, 21)]
    truth = copies_of(source, members)

    _, looks, _ = asked_until_settled(set(truth), truth)

    assert 20 == len(looks)


def test_after_a_wrong_first_guess_the_source_is_compared_with_all_that_was_not_made_from_the_first() -> None:
    source, members = photo(20), [photo(at) for at in range(20)]
    first = members[0]
    truth = copies_of(source, members)
    truth |= {pair(first, member): Verdict(copies=True, source=first) for member in members[5:]}

    _, looks, rounds = asked_until_settled(set(truth), truth)

    assert {pair(first, other) for other in (*members[1:], source)} | {
        pair(source, member) for member in members[:5]
    } == set(looks)
    assert rounds <= 3


def test_of_several_that_are_nearer_to_the_camera_the_nearest_is_found() -> None:
    first, second, third, source = (photo(at) for at in range(4))
    truth = {
        pair(first, second): Verdict(copies=True, source=second),
        pair(first, third): Verdict(copies=True, source=first),
        pair(first, source): Verdict(copies=True, source=source),
        pair(second, source): Verdict(copies=True, source=source),
    }

    _, looks, _ = asked_until_settled({*truth, pair(second, third), pair(third, source)}, truth)

    assert set(truth) == set(looks)


def test_what_looks_like_the_source_only_is_compared_too() -> None:
    """A small crop came first; the search did not find the heavy edit beside it, but beside the source."""
    crop, source, edit = photo(0), photo(1), photo(2)
    truth = {
        pair(crop, source): Verdict(copies=True, source=source),
        pair(crop, edit): Verdict(copies=True, source=None),
        pair(source, edit): Verdict(copies=True, source=source),
    }

    stars, _, _ = asked_until_settled({pair(crop, source), pair(source, edit)}, truth)

    assert [Star(crop, (source, edit))] == stars


def test_what_looks_like_a_copy_only_is_compared_with_what_that_was_made_from() -> None:
    """A framed photo was found beside a screenshot, which has a frame as well; a look at the two fails."""
    source, screenshot, framed = photo(0), photo(1), photo(2)
    truth = {
        pair(source, screenshot): Verdict(copies=True, source=source),
        pair(source, framed): Verdict(copies=True, source=source),
        pair(screenshot, framed): Verdict(copies=False),
    }

    stars, looks, _ = asked_until_settled({pair(source, screenshot), pair(screenshot, framed)}, truth)

    assert [Star(source, (screenshot, framed))] == stars == find_stars(looks, looks, by_name, final=True).stars


def test_what_does_not_look_like_the_first_guess_is_compared_with_the_source() -> None:
    """Scaled up it came first; written on, the photo is known beside the source alone."""
    enlarged, source, captioned = photo(0), photo(1), photo(2)
    truth = {
        pair(enlarged, source): Verdict(copies=True, source=source),
        pair(enlarged, captioned): Verdict(copies=False),
        pair(source, captioned): Verdict(copies=True, source=source),
    }

    stars, looks, _ = asked_until_settled({pair(enlarged, source), pair(enlarged, captioned)}, truth)

    assert [Star(source, (enlarged, captioned))] == stars == find_stars(looks, looks, by_name, final=True).stars


def test_nothing_is_a_copy_by_hearsay() -> None:
    a, b, c = photo(0), photo(1), photo(2)
    truth = {pair(a, b): Verdict(copies=True), pair(b, c): Verdict(copies=True), pair(a, c): Verdict(copies=False)}

    stars, _, _ = asked_until_settled(set(truth), truth)

    assert [Star(a, (b,))] == stars


def test_without_a_look_there_is_no_copy() -> None:
    found = find_stars([(photo(0), photo(1))], {}, by_name, final=True)

    assert ([], []) == (found.stars, found.wanted)


def test_a_burst_of_different_frames_settles_in_few_rounds() -> None:
    frames = [photo(at) for at in range(60)]
    near = {pair(frames[at], frames[at + step]) for at in range(60) for step in range(1, 9) if at + step < 60}

    stars, looks, rounds = asked_until_settled(near, {})

    assert [] == stars
    assert set(near) == set(looks)
    assert rounds <= 20


def test_photos_told_apart_never_share_a_star() -> None:
    source, members = photo(0), [photo(1), photo(2), photo(3)]
    truth = copies_of(source, members)

    apart = {pair(source, members[0]), pair(members[1], members[2])}
    found = find_stars(set(truth), truth, by_name, apart=apart)

    together = [{star.centre, *star.members} for star in found.stars]
    assert together
    assert not any(set(each) <= group for each in apart for group in together)


def test_sources_in_a_circle_still_give_one_star() -> None:
    a, b, c = photo(0), photo(1), photo(2)
    truth = {
        pair(a, b): Verdict(copies=True, source=b),
        pair(b, c): Verdict(copies=True, source=c),
        pair(a, c): Verdict(copies=True, source=a),
    }

    stars, _, _ = asked_until_settled(set(truth), truth)

    assert [3] == [1 + len(star.members) for star in stars]


@st.composite
def albums(draw: st.DrawFn) -> tuple[set[Pair], dict[Pair, Verdict]]:
    """Photos, some pairs of which look alike, with any verdicts at all."""
    count = draw(st.integers(2, 12))
    pairs = [pair(photo(one), photo(other)) for one in range(count) for other in range(one)]
    near = draw(st.sets(st.sampled_from(pairs)))
    truth = {}
    for each in pairs:
        copies = draw(st.booleans())
        source = draw(st.sampled_from([None, *each])) if copies else None
        truth[each] = Verdict(copies, source)
    return near, truth


@given(albums(), st.randoms(use_true_random=False))
def test_any_verdicts_settle_into_disjoint_stars_of_verified_copies(
    album: tuple[set[Pair], dict[Pair, Verdict]], rng: random.Random
) -> None:
    near, truth = album

    stars, looks, _ = asked_until_settled(near, truth)

    members = [photo for star in stars for photo in (star.centre, *star.members)]
    assert len(set(members)) == len(members)
    assert all(looks[pair(star.centre, member)].copies for star in stars for member in star.members)
    shuffled = list(near)
    rng.shuffle(shuffled)
    assert stars == find_stars(shuffled, looks, by_name).stars


@given(albums())
def test_a_final_answer_needs_no_more_looks_and_holds_only_verified_copies(
    album: tuple[set[Pair], dict[Pair, Verdict]],
) -> None:
    near, truth = album
    some = {each: verdict for at, (each, verdict) in enumerate(truth.items()) if at % 2}

    found = find_stars(near, some, by_name, final=True)

    assert [] == found.wanted
    assert all(some[pair(star.centre, member)].copies for star in found.stars for member in star.members)


def test_components_are_the_connected_parts() -> None:
    pairs = [(photo(5), photo(6)), (photo(1), photo(3)), (photo(3), photo(4))]

    assert [[photo(1), photo(3), photo(4)], [photo(5), photo(6)]] == list(components(pairs))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (Photo(b"b", 10, 10, "JPEG", "2024-01-01T00:00:00", "Maker"), Photo(b"a", 4000, 3000, "JPEG")),
        (Photo(b"b", 4000, 3000, "JPEG"), Photo(b"a", 400, 300, "JPEG")),
        (Photo(b"a", 400, 300, "JPEG"), Photo(b"b", 400, 300, "JPEG")),
    ],
)
def test_the_first_look_is_at_what_has_camera_and_time_then_at_most_pixels(better: Photo, worse: Photo) -> None:
    assert prior(better, better.content_hash) < prior(worse, worse.content_hash)
    assert prior(worse, worse.content_hash) < prior(None, b"")


def test_a_twin_with_another_time_in_it_joins_the_copies_that_it_is_told_apart_from() -> None:
    source, copy, redated = photo(1), photo(2), photo(3)
    truth = {
        pair(source, copy): Verdict(copies=True, source=source),
        pair(source, redated): Verdict(copies=True, same_pixels=True),
        pair(copy, redated): Verdict(copies=False, by_camera=True),
    }
    for first in (source, copy, redated):

        def leading(content: bytes, first: bytes = first) -> Prior:
            return (content != first, 0, content)

        verdicts: dict[Pair, Verdict] = {}
        candidates = {pair(source, copy), pair(source, redated)}  # time alone tells the third pair apart
        while wanted := find_stars(candidates, verdicts, leading, alike=[pair(source, redated)]).wanted:
            verdicts |= {each: truth[each] for each in wanted}
        (star,) = find_stars(verdicts, verdicts, leading, final=True).stars
        assert {source, copy, redated} == {star.centre, *star.members}
        (star,) = find_stars(truth, truth, leading, final=True).stars
        assert {source, copy, redated} == {star.centre, *star.members}


def test_the_best_of_several_with_the_same_pixels_is_compared_with_what_else_may_be_the_source() -> None:
    twin, source, copies = photo(0), photo(9), [photo(at) for at in range(1, 6)]  # the twin is the first guess
    truth = copies_of(source, copies)
    truth[pair(twin, source)] = Verdict(copies=True, source=source, same_pixels=True, certainty=2.6)
    truth |= {pair(twin, copy): Verdict(copies=True, source=copy, certainty=2.6) for copy in copies}

    (star,), looks, _ = asked_until_settled(set(truth), truth)

    assert {twin, source, *copies} == {star.centre, *star.members}
    assert any(pair(source, copy) in looks for copy in copies)


def test_the_users_word_parts_twins_for_good() -> None:
    source, copy, redated = photo(1), photo(2), photo(3)
    verdicts = {
        pair(source, copy): Verdict(copies=True, source=source),
        pair(source, redated): Verdict(copies=True, same_pixels=True),
    }
    (star,) = find_stars(verdicts, verdicts, by_name, apart=[pair(copy, redated)], final=True).stars
    assert Star(source, (copy,)) == star
