"""Promises of grouping: who shares a group with whom, and that nothing but the photos decides it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from albumclean.config import SimilarSettings
from albumclean.domain import (
    Asset,
    Failure,
    FileIdentity,
    Fingerprint,
    GroupKind,
    Photo,
    PhotoFacts,
    RootRole,
    SimilarGroup,
    Stage,
)
from albumclean.errors import ConfigError
from albumclean.similar import neighbours
from albumclean.similar.groups import find_groups
from albumclean.similar.index import FingerprintIndex, alike
from albumclean.similar.neighbours import similar_pairs

Row = tuple[Fingerprint, PhotoFacts]

DEFAULTS = SimilarSettings()
LAYOUT = bytes(range(192))


def content(number: int) -> bytes:
    return number.to_bytes(32, "big")


def row(
    number: int,
    *,
    phash: int = 0,
    dhash: int = 0,
    layout: bytes = LAYOUT,
    detail: float = 50.0,
    size: tuple[int, int] = (4000, 3000),
    taken_at: str | None = None,
    camera: str | None = None,
    path: str | None = None,
    inode: int | None = None,
    role: RootRole = RootRole.NORMAL,
    failure: Failure | None = None,
) -> Row:
    """One photo with its fingerprint; `number` is its content."""
    name = Path(path or f"/album/{number:04}.jpg")
    identity = FileIdentity(name, 1000, 1, crc32(bytes(name)) if inode is None else inode, 7)
    photo = Photo(content(number), *size, "JPEG", taken_at, camera)
    facts = PhotoFacts(Asset(identity, role=role), photo, failure=failure)
    return Fingerprint(content(number), phash, dhash, layout, detail), facts


def grouped(
    rows: Sequence[Row],
    dismissed: Iterable[tuple[bytes, bytes]] = (),
    similar: SimilarSettings = DEFAULTS,
    on_load: Callable[[Sequence[bytes]], None] = lambda hashes: None,
) -> list[SimilarGroup]:
    index = FingerprintIndex.build(
        (print_, facts.photo.width / facts.photo.height) for print_, facts in rows if facts.photo
    )
    hashes = [print_.content_hash for print_, _ in rows]

    def load(wanted: Sequence[bytes]) -> list[PhotoFacts]:
        on_load(wanted)
        return [facts for print_, facts in rows if print_.content_hash in set(wanted)]

    exact = {one for one in hashes if hashes.count(one) > 1}
    return list(find_groups(index, exact, frozenset(dismissed), similar, load))


def names(groups: Iterable[SimilarGroup]) -> set[tuple[GroupKind, frozenset[str]]]:
    return {(group.kind, frozenset(facts.path.stem for facts in group.members)) for group in groups}


def bits(count: int, start: int = 0) -> int:
    return ((1 << count) - 1) << start


# --- copies ---------------------------------------------------------------------------------------------------------


def test_files_with_the_same_bytes_are_an_exact_group() -> None:
    rows = [row(1, path="/a/x.jpg"), row(1, path="/b/y.jpg"), row(2, phash=bits(40))]
    assert names(grouped(rows)) == {(GroupKind.EXACT, frozenset({"x", "y"}))}


def test_exact_copies_are_found_without_a_fingerprint() -> None:
    rows = [row(1, path="/a/x.jpg"), row(1, path="/b/y.jpg")]
    index = FingerprintIndex.build([])
    found = list(find_groups(index, [content(1)], frozenset(), DEFAULTS, lambda _: [facts for _, facts in rows]))
    assert names(found) == {(GroupKind.EXACT, frozenset({"x", "y"}))}


def test_flat_pictures_are_grouped_only_if_their_bytes_are_the_same() -> None:
    rows = [row(1, detail=3, path="/a/x.jpg"), row(1, detail=3, path="/a/y.jpg"), row(2, detail=3)]
    assert names(grouped(rows)) == {(GroupKind.EXACT, frozenset({"x", "y"}))}


def test_very_close_photos_without_a_time_are_copies() -> None:
    assert names(grouped([row(1), row(2, phash=bits(2))])) == {(GroupKind.DERIVED, frozenset({"0001", "0002"}))}


def test_exact_copies_are_members_of_the_derived_group() -> None:
    rows = [row(1, path="/a/x.jpg"), row(1, path="/b/y.jpg"), row(2, path="/c/z.jpg")]
    assert names(grouped(rows)) == {(GroupKind.DERIVED, frozenset({"x", "y", "z"}))}


def test_alike_photos_without_a_time_are_not_called_copies_unless_very_close() -> None:
    assert names(grouped([row(1), row(2, phash=bits(4))])) == {(GroupKind.MOMENT, frozenset({"0001", "0002"}))}


def test_an_edit_with_the_same_capture_time_to_the_fraction_is_a_copy() -> None:
    time = "2024-05-06T07:08:09.120"
    rows = [row(1, taken_at=time), row(2, phash=bits(6), taken_at=time)]
    assert names(grouped(rows)) == {(GroupKind.DERIVED, frozenset({"0001", "0002"}))}


def test_a_burst_within_one_second_without_fractions_is_no_set_of_copies() -> None:
    time = "2024-05-06T07:08:09"
    rows = [row(1, taken_at=time, camera="C"), row(2, phash=bits(4), taken_at=time, camera="C")]
    assert names(grouped(rows)) == {(GroupKind.MOMENT, frozenset({"0001", "0002"}))}


# --- moments --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("later", ["2024-05-06T07:08:10", "2024-05-06T07:08:09.630"])
def test_photos_with_different_times_are_different_shots_even_if_their_hashes_are_equal(later: str) -> None:
    rows = [row(1, taken_at="2024-05-06T07:08:09.500"), row(2, taken_at=later)]
    assert names(grouped(rows)) == {(GroupKind.MOMENT, frozenset({"0001", "0002"}))}


def test_photos_of_one_time_by_two_cameras_are_different_shots() -> None:
    time = "2024-05-06T07:08:09.500"
    rows = [row(1, taken_at=time, camera="A"), row(2, taken_at=time, camera="B")]
    assert names(grouped(rows)) == {(GroupKind.MOMENT, frozenset({"0001", "0002"}))}


def test_the_same_view_on_another_day_is_no_moment() -> None:
    assert grouped([row(1, taken_at="2024-05-06T07:08:09"), row(2, taken_at="2024-05-07T07:08:09")]) == []


def test_a_time_that_is_no_date_counts_as_none() -> None:
    rows = [row(1, taken_at="0000-00-00T00:00:00"), row(2, taken_at="2024-05-06T07:08:09")]
    assert names(grouped(rows)) == {(GroupKind.DERIVED, frozenset({"0001", "0002"}))}


def test_copies_of_two_shots_are_never_mixed() -> None:
    rows = [
        row(1, taken_at="2024-05-06T07:08:09"),
        row(2, phash=bits(1), taken_at="2024-05-06T07:08:09"),
        row(3, phash=bits(4), taken_at="2024-05-06T07:08:12"),
        row(4, phash=bits(5), taken_at="2024-05-06T07:08:12"),
    ]
    assert names(grouped(rows)) == {
        (GroupKind.DERIVED, frozenset({"0001", "0002"})),
        (GroupKind.DERIVED, frozenset({"0003", "0004"})),
    }


def test_a_copy_without_a_time_joins_the_nearest_shot_only() -> None:
    rows = [
        row(1, taken_at="2024-05-06T07:08:09"),
        row(2, phash=bits(3), taken_at="2024-05-06T07:08:12"),
        row(3, phash=bits(2)),
    ]
    assert names(grouped(rows)) == {(GroupKind.DERIVED, frozenset({"0002", "0003"}))}


def test_a_shot_that_has_copies_is_in_no_other_group() -> None:
    burst = [row(at, phash=bits(1), taken_at=f"2024-05-06T07:08:{at:02}") for at in range(1, 5)]
    groups = grouped([*burst, row(9, phash=bits(1), taken_at="2024-05-06T07:08:01")])
    assert names(groups) == {
        (GroupKind.DERIVED, frozenset({"0001", "0009"})),
        (GroupKind.MOMENT, frozenset({"0002", "0003", "0004"})),
    }


# --- no chains ------------------------------------------------------------------------------------------------------


def test_a_chain_is_not_a_group() -> None:
    chain = [row(number, phash=bits(number * 4)) for number in range(6)]
    for group in grouped(chain):
        assert len(group.members) == 2


def test_the_closest_come_together_first() -> None:
    rows = [row(1), row(2, phash=bits(6)), row(3, phash=bits(7))]
    assert names(grouped(rows)) == {(GroupKind.DERIVED, frozenset({"0002", "0003"}))}


@pytest.mark.parametrize(
    "other",
    [
        {"phash": bits(7)},
        {"dhash": bits(11)},
        {"layout": bytes(min(255, value + 13) for value in LAYOUT)},
        {"size": (4000, 2800)},
        {"detail": 11.0},
    ],
)
def test_each_threshold_alone_keeps_photos_apart(other: dict[str, object]) -> None:
    assert grouped([row(1), row(2, **other)]) == []  # type: ignore[arg-type]


# --- the user's word and the files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [False, True])
def test_photos_that_the_user_told_apart_never_share_a_group(turned: bool) -> None:
    pair = (content(2), content(1)) if turned else (content(1), content(2))
    rows = [row(1), row(2), row(3)]
    groups = grouped(rows, [pair])
    assert len(groups) == 1
    assert not {"0001", "0002"} <= {facts.path.stem for facts in groups[0].members}


def test_exact_copies_that_the_user_wants_are_not_grouped() -> None:
    rows = [row(1, path="/a/x.jpg"), row(1, path="/b/y.jpg")]
    assert grouped(rows, [(content(1), content(1))]) == []


def test_one_file_with_two_names_is_one_member() -> None:
    rows = [row(1, path="/a/x.jpg", inode=5), row(1, path="/link/x.jpg", inode=5)]
    assert grouped(rows) == []


def test_one_file_with_two_names_keeps_the_name_that_is_protected() -> None:
    rows = [
        row(1, path="/a/x.jpg", inode=5),
        row(1, path="/z/x.jpg", inode=5, role=RootRole.PROTECTED),
        row(1, path="/b/y.jpg", inode=6),
    ]
    (group,) = grouped(rows)
    assert [str(facts.path) for facts in group.members] == ["/z/x.jpg", "/b/y.jpg"]


def test_files_without_inode_numbers_are_told_apart_by_path() -> None:
    assert len(grouped([row(1, path="/a/x.jpg", inode=0), row(1, path="/a/y.jpg", inode=0)])) == 1


def test_photos_that_failed_are_not_grouped() -> None:
    failure = Failure(Path("/album/0002.jpg"), Stage.SCORE, "broken")
    assert grouped([row(1), row(2, failure=failure)]) == []


def test_facts_are_loaded_for_members_only() -> None:
    asked: list[bytes] = []
    strangers = [row(number, phash=(number * 0x9E3779B97F4A7C15) % 2**64) for number in range(10, 200)]
    grouped([row(1), row(2), *strangers], on_load=asked.extend)
    assert sorted(asked) == [content(1), content(2)]


def test_an_unknown_keeper_criterion_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="biggest"):
        grouped([row(1), row(2)], similar=SimilarSettings(keeper=("biggest",)))


# --- general --------------------------------------------------------------------------------------------------------


TIMES = st.sampled_from(
    [None, None, "2024-05-06T07:08:09", "2024-05-06T07:08:09.250", "2024-05-06T07:08:10", "2024-06-01T00:00:00"]
)
PHOTO = st.tuples(
    st.integers(0, 14), st.sampled_from([0, bits(30, 20)]), st.integers(0, 14), TIMES, st.sampled_from([None, "A", "B"])
)


@st.composite
def albums(draw: st.DrawFn) -> list[Row]:
    """Small albums, dense in near matches, chains, exact copies and times."""
    photos = draw(st.lists(PHOTO, min_size=2, max_size=14))
    rows = [
        row(at, phash=bits(length) ^ base, dhash=bits(side), taken_at=time, camera=camera, path=f"/album/{at:04}.jpg")
        for at, (length, base, side, time, camera) in enumerate(photos, start=1)
    ]
    copies = draw(st.lists(st.sampled_from(rows), max_size=3))
    return rows + [
        (print_, row(int.from_bytes(print_.content_hash, "big"), path=f"/copy/{at}-{facts.path.name}")[1])
        for at, (print_, facts) in enumerate(copies)
    ]


def likeness_of(one: Fingerprint, other: Fingerprint) -> bool:
    index = FingerprintIndex.build([(one, 1.0), (other, 1.0)])
    return len(index) == 1 or bool(alike(index.likeness(0, np.array([1])), DEFAULTS)[0])


@settings(max_examples=150, deadline=None)
@given(albums(), st.randoms(use_true_random=False), st.data())
def test_groups_hold_their_promises(rows: list[Row], shuffler: random.Random, data: st.DataObject) -> None:
    pairs = st.tuples(st.sampled_from(rows), st.sampled_from(rows))
    dismissed = {(a[0].content_hash, b[0].content_hash) for a, b in data.draw(st.lists(pairs, max_size=4))}
    found = grouped(rows, dismissed)
    prints = {print_.content_hash: print_ for print_, _ in rows}
    seen: set[Path] = set()
    for group in found:
        hashes = [facts.photo.content_hash for facts in group.members if facts.photo]
        assert len(group.members) >= 2
        assert (group.kind is GroupKind.EXACT) == (len(set(hashes)) == 1)
        for one, other in combinations(hashes, 2):
            assert likeness_of(prints[one], prints[other]), "every member looks like every other"
            assert (one, other) not in dismissed
            assert (other, one) not in dismissed
        if group.kind is GroupKind.DERIVED:
            seconds = {facts.photo.taken_at[:19] for facts in group.members if facts.photo and facts.photo.taken_at}
            assert len(seconds) <= 1, "copies of one shot only"
        paths = {facts.path for facts in group.members}
        assert len(paths) == len(group.members)
        assert not paths & seen, "groups are disjoint"
        seen |= paths
    shuffled = list(rows)
    shuffler.shuffle(shuffled)
    assert grouped(shuffled, dismissed) == found


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 8))
def test_banded_search_finds_the_same_pairs_as_comparing_all(seed: int, distance: int) -> None:
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 2**64, 120, dtype=np.uint64)
    for at in range(60, 120):
        flips = sum(1 << int(bit) for bit in rng.choice(64, rng.integers(0, 12), replace=False))
        hashes[at] = hashes[at - 60] ^ np.uint64(flips)
    near = {(i, j) for i, j in combinations(range(120), 2) if int(np.bitwise_count(hashes[i] ^ hashes[j])) <= distance}
    before = neighbours._BRUTE_FORCE
    for limit in (0, 10_000):
        neighbours._BRUTE_FORCE = limit
        try:
            chunks = list(neighbours._hash_pairs(hashes, np.arange(120), distance))
        finally:
            neighbours._BRUTE_FORCE = before
        found = [pair for i, j in chunks for pair in zip(i.tolist(), j.tolist(), strict=True)]
        assert len(found) == len(set(found)), "no pair twice"
        assert set(found) == near


def test_a_crowd_of_near_equal_photos_needs_little_memory_and_time() -> None:
    rows = [
        row(at, phash=bits(at % 3), dhash=bits(at % 2), taken_at=f"2024-05-06T07:{at // 60:02}:{at % 60:02}")
        for at in range(1200)
    ]
    groups = grouped(rows)
    assert {group.kind for group in groups} == {GroupKind.MOMENT}
    assert sum(len(group.members) for group in groups) == 1200


def test_pairs_come_in_chunks_with_the_first_smaller() -> None:
    index = FingerprintIndex.build((row(at)[0], 1.5) for at in range(50))
    pairs = [pair for i, j, _ in similar_pairs(index, DEFAULTS) for pair in zip(i.tolist(), j.tolist(), strict=True)]
    assert sorted(pairs) == sorted(combinations(range(50), 2))
