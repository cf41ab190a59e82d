"""Promises of grouping: who shares a group with whom, and that nothing but the photos decides it."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from albumclean.config import SimilarSettings
from albumclean.domain import (
    Asset,
    Comparison,
    Embedding,
    Failure,
    FileIdentity,
    Fingerprint,
    GroupKind,
    Photo,
    PhotoFacts,
    Reason,
    Relation,
    RootRole,
    Shot,
    SimilarGroup,
    Stage,
    Testimony,
)
from albumclean.errors import ConfigError
from albumclean.similar.components import Pair, components, pair
from albumclean.similar.groups import find_groups
from albumclean.similar.index import FingerprintIndex
from albumclean.similar.partition import Series, SeriesKind

DEFAULTS = SimilarSettings()
WIDER = Reason("coverage", 0.9, 1.0, "shows more of the scene")


def content(number: int) -> bytes:
    return number.to_bytes(32, "big")


def photo(
    number: int,
    *,
    size: tuple[int, int] = (4000, 3000),
    taken_at: str | None = None,
    camera: str | None = None,
    path: str | None = None,
    inode: int | None = None,
    role: RootRole = RootRole.NORMAL,
    failure: Failure | None = None,
) -> PhotoFacts:
    """One file; `number` is its content."""
    name = Path(path or f"/album/{number:04}.jpg")
    identity = FileIdentity(name, 1000, 1, crc32(bytes(name)) if inode is None else inode, 7)
    return PhotoFacts(
        Asset(identity, role=role), Photo(content(number), *size, "JPEG", taken_at, camera), failure=failure
    )


def look(
    one: int, other: int, relation: Relation = Relation.DERIVED, source: int | None = None
) -> tuple[Pair, Comparison]:
    contents = pair(content(one), content(other))
    origin = None if source is None else content(source)
    return contents, Comparison(*contents, relation, 0.95, origin, () if source is None else (WIDER,))


@dataclass
class Album:
    """A library in memory; `asked` collects the contents whose facts were loaded."""

    files: Sequence[PhotoFacts]
    looks: Mapping[Pair, Comparison]
    asked: list[bytes] = field(default_factory=list)
    phash: Mapping[int, int] = field(default_factory=dict)  # of contents that look different from the rest
    told: Sequence[Testimony] = ()

    def copies(self) -> Iterable[Pair]:
        return [each for each, found in self.looks.items() if found.relation is not Relation.DIFFERENT]

    def comparisons(self, contents: Collection[bytes]) -> Iterable[Comparison]:
        return [found for each, found in self.looks.items() if {*each} <= {*contents}]

    def testimonies(self, contents: Collection[bytes]) -> Iterable[Testimony]:
        return [each for each in self.told if {each.one, each.other, each.witness} <= {*contents}]

    def shared(self) -> Iterable[bytes]:
        hashes = [facts.photo.content_hash for facts in self.files if facts.photo]
        return {one for one in hashes if hashes.count(one) > 1}

    def dated(self) -> Iterable[Photo]:
        photos = {facts.photo.content_hash: facts.photo for facts in self.files if facts.photo and not facts.failure}
        dated = (photo for photo in photos.values() if photo.taken_at)
        return sorted(dated, key=lambda photo: (photo.camera or "", photo.taken_at, photo.content_hash))

    def undated_lookalikes(self) -> Iterable[Pair]:
        undated = {facts.photo.content_hash for facts in self.files if facts.photo and not facts.photo.taken_at}
        return [
            each for each, found in self.looks.items() if found.relation is Relation.DIFFERENT and {*each} <= undated
        ]

    def photos(self, contents: Sequence[bytes]) -> Iterable[Photo]:
        return [facts.photo for facts in self.files if facts.photo and facts.photo.content_hash in set(contents)]

    def fingerprints(self, contents: Sequence[bytes]) -> FingerprintIndex:
        hashes = {each: self.phash.get(int.from_bytes(each, "big"), 0) for each in contents}
        return FingerprintIndex.build(
            [(Fingerprint(each, phash, 0, bytes(range(192)), 50.0), 4 / 3) for each, phash in hashes.items()],
            [Embedding(each, bytes([0, 127] if phash else [127, 0])) for each, phash in hashes.items()],
        )

    def facts(self, contents: Sequence[bytes]) -> Iterable[PhotoFacts]:
        self.asked += contents
        return [facts for facts in self.files if facts.photo and facts.photo.content_hash in set(contents)]


def grouped(
    files: Sequence[PhotoFacts],
    *looks: tuple[Pair, Comparison],
    phash: Mapping[int, int] | None = None,
    dismissed: Iterable[tuple[bytes, bytes]] = (),
    similar: SimilarSettings = DEFAULTS,
) -> list[SimilarGroup]:
    album = Album(files, dict(looks), phash=phash or {})
    return list(find_groups(album, frozenset(dismissed), similar))


def names(groups: Iterable[SimilarGroup]) -> set[tuple[GroupKind, frozenset[str]]]:
    return {(group.kind, frozenset(facts.path.stem for facts in group.members)) for group in groups}


# --- exact copies ---------------------------------------------------------------------------------------------------


def test_files_with_the_same_bytes_are_an_exact_group() -> None:
    files = [photo(1, path="/a/x.jpg"), photo(1, path="/b/y.jpg"), photo(2)]

    assert {(GroupKind.EXACT, frozenset({"x", "y"}))} == names(grouped(files))


def test_the_same_pixels_with_other_metadata_are_an_exact_group() -> None:
    found = grouped([photo(1), photo(2, taken_at="2024-05-06T07:08:09")], look(1, 2, Relation.SAME_PIXELS))

    assert {(GroupKind.EXACT, frozenset({"0001", "0002"}))} == names(found)


def test_exact_copies_are_members_of_the_derived_group() -> None:
    files = [photo(1, path="/a/x.jpg"), photo(1, path="/b/y.jpg"), photo(2, path="/c/z.jpg")]

    assert {(GroupKind.DERIVED, frozenset({"x", "y", "z"}))} == names(grouped(files, look(1, 2)))


# --- derived copies -------------------------------------------------------------------------------------------------


def test_what_was_never_looked_at_is_no_copy() -> None:
    assert [] == grouped([photo(1), photo(2)])


def test_what_a_look_told_apart_is_no_copy() -> None:
    files = [photo(1, taken_at="2024-05-06T07:08:09"), photo(2)]

    assert [] == grouped(files, look(1, 2, Relation.DIFFERENT))


def test_copies_are_grouped_around_their_source_which_stays() -> None:
    files = [photo(at) for at in (1, 2, 3)]

    (group,) = grouped(files, look(1, 3, source=3), look(2, 3, source=3))

    assert (GroupKind.DERIVED, "0003") == (group.kind, group.keeper.path.stem)
    assert {"0001", "0002", "0003"} == {facts.path.stem for facts in group.members}


def test_photos_that_a_look_told_apart_share_no_group_though_both_are_copies_of_a_third() -> None:
    files = [photo(at) for at in (1, 2, 3)]

    found = grouped(files, look(1, 2), look(2, 3), look(1, 3, Relation.DIFFERENT))

    assert {(GroupKind.DERIVED, frozenset({"0001", "0002"}))} == names(found)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2024-05-06T07:08:09.500", "2024-05-06T07:08:10"),
        ("2024-05-06T07:08:09.500", "2024-05-06T07:08:09.630"),
        ("2024-05-06T07:08:09", "2024-05-07T07:08:09"),
    ],
)
def test_shots_of_different_times_are_no_copies_whatever_the_pixels_say(first: str, second: str) -> None:
    files = [photo(1, taken_at=first), photo(2, taken_at=second)]

    assert not any(group.kind is GroupKind.DERIVED for group in grouped(files, look(1, 2)))


def test_shots_by_two_cameras_are_no_copies() -> None:
    files = [photo(1, camera="A"), photo(2, camera="B")]

    assert not any(group.kind is GroupKind.DERIVED for group in grouped(files, look(1, 2)))


def test_a_time_with_fractions_agrees_with_the_same_time_cut_to_seconds() -> None:
    files = [photo(1, taken_at="2024-05-06T07:08:09.500"), photo(2, taken_at="2024-05-06T07:08:09")]

    assert {(GroupKind.DERIVED, frozenset({"0001", "0002"}))} == names(grouped(files, look(1, 2)))


def test_a_time_that_is_no_date_counts_as_none() -> None:
    files = [photo(1, taken_at="0000-00-00T00:00:00"), photo(2, taken_at="2024-05-06T07:08:09")]

    assert {(GroupKind.DERIVED, frozenset({"0001", "0002"}))} == names(grouped(files, look(1, 2)))


def test_copies_of_two_shots_are_never_mixed() -> None:
    files = [photo(at) for at in (1, 2, 3, 4)]

    found = grouped(files, look(1, 2), look(3, 4), look(1, 3, Relation.DIFFERENT))

    derived = {frozenset({"0001", "0002"}), frozenset({"0003", "0004"})}
    assert {(GroupKind.DERIVED, each) for each in derived} == names(found)


# --- moments --------------------------------------------------------------------------------------------------------


def shots(*seconds: int, day: int = 6) -> list[PhotoFacts]:
    return [
        photo(at + 1, taken_at=f"2024-05-{day:02}T07:08:{second:02}", camera="C") for at, second in enumerate(seconds)
    ]


def test_shots_that_look_alike_within_seconds_are_one_moment() -> None:
    assert {(GroupKind.MOMENT, frozenset({"0001", "0002"}))} == names(grouped(shots(9, 12)))


def test_shots_within_seconds_that_look_different_are_no_moment() -> None:
    assert [] == grouped(shots(9, 12), phash={2: (1 << 40) - 1})


def test_the_same_view_on_another_day_is_no_moment() -> None:
    files = [photo(1, taken_at="2024-05-06T07:08:09"), photo(2, taken_at="2024-05-07T07:08:09")]

    assert [] == grouped(files)


def test_photos_without_a_time_are_a_moment_only_if_a_search_found_them_alike() -> None:
    assert [] == grouped([photo(1), photo(2)])
    found = grouped([photo(1), photo(2)], look(1, 2, Relation.DIFFERENT))
    assert {(GroupKind.MOMENT, frozenset({"0001", "0002"}))} == names(found)


def test_a_shot_that_has_copies_is_in_no_moment() -> None:
    files = [*shots(1, 2, 3, 4), photo(9, taken_at="2024-05-06T07:08:01", camera="C")]

    found = grouped(files, look(1, 9))

    assert {
        (GroupKind.DERIVED, frozenset({"0001", "0009"})),
        (GroupKind.MOMENT, frozenset({"0002", "0003", "0004"})),
    } == names(found)


def test_shots_that_the_user_told_apart_are_in_no_moment_together() -> None:
    found = grouped(shots(1, 2, 3), dismissed=[(content(1), content(2))])

    assert not any({"0001", "0002"} <= {facts.path.stem for facts in group.members} for group in found)


def bracket() -> list[PhotoFacts]:
    """Three shots within a second at -2, 0 and +2 EV."""
    files = []
    for at, (bias, exposure) in enumerate([(0.0, 0.01), (-2.0, 0.0025), (2.0, 0.04)], start=1):
        facts = photo(at, taken_at=f"2024-05-06T07:08:09.{at}00", camera="C")
        assert facts.photo
        shot = Shot(exposure=exposure, f_number=8.0, iso=100, bias=bias, bracketed=True)
        files.append(replace(facts, photo=replace(facts.photo, shot=shot)))
    return files


def test_an_exposure_bracket_is_left_whole_and_named() -> None:
    left_whole: list[Series] = []

    found = list(find_groups(Album(bracket(), {}), frozenset(), DEFAULTS, left_whole))

    assert [] == found
    assert [SeriesKind.BRACKET] == [series.kind for series in left_whole]


def test_frames_of_a_bracket_are_no_copies_even_if_the_pixels_were_taken_for_such() -> None:
    files = [
        replace(facts, photo=replace(facts.photo, taken_at="2024-05-06T07:08:09")) for facts in bracket() if facts.photo
    ]

    assert [] == grouped(files, look(1, 2), look(1, 3))


# --- the user's word and the files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [False, True])
def test_photos_that_the_user_told_apart_never_share_a_group(turned: bool) -> None:
    told = (content(2), content(1)) if turned else (content(1), content(2))
    files = [photo(at) for at in (1, 2, 3)]

    groups = grouped(files, look(1, 2), look(1, 3), look(2, 3), dismissed=[told])

    assert 1 == len(groups)
    assert not {"0001", "0002"} <= {facts.path.stem for facts in groups[0].members}


def test_exact_copies_that_the_user_wants_are_not_grouped() -> None:
    files = [photo(1, path="/a/x.jpg"), photo(1, path="/b/y.jpg")]

    assert [] == grouped(files, dismissed=[(content(1), content(1))])


def test_one_file_with_two_names_is_one_member() -> None:
    assert [] == grouped([photo(1, path="/a/x.jpg", inode=5), photo(1, path="/link/x.jpg", inode=5)])


def test_one_file_with_two_names_keeps_the_name_that_is_protected() -> None:
    files = [
        photo(1, path="/a/x.jpg", inode=5),
        photo(1, path="/z/x.jpg", inode=5, role=RootRole.PROTECTED),
        photo(1, path="/b/y.jpg", inode=6),
    ]

    (group,) = grouped(files)

    assert ["/z/x.jpg", "/b/y.jpg"] == [str(facts.path) for facts in group.members]


def test_files_without_inode_numbers_are_told_apart_by_path() -> None:
    assert 1 == len(grouped([photo(1, path="/a/x.jpg", inode=0), photo(1, path="/a/y.jpg", inode=0)]))


def test_photos_that_failed_are_not_grouped() -> None:
    failure = Failure(Path("/album/0002.jpg"), Stage.SCORE, "broken")

    assert [] == grouped([photo(1), photo(2, failure=failure)], look(1, 2))


def test_a_source_that_has_gone_leaves_copies_that_know_nothing_of_each_other_apart() -> None:
    gone = [look(1, 2, source=1), look(1, 3, source=1)]

    assert [] == grouped([photo(2), photo(3)], *gone)


def test_facts_are_loaded_for_members_only() -> None:
    album = Album([photo(at, camera="C") for at in range(50)], dict([look(1, 2)]))

    list(find_groups(album, frozenset(), DEFAULTS))

    assert [content(1), content(2)] == sorted(album.asked)


def test_a_protected_copy_is_the_keeper_even_over_the_source() -> None:
    files = [photo(1), photo(2, role=RootRole.PROTECTED)]

    (group,) = grouped(files, look(1, 2, source=1))

    assert "0002" == group.keeper.path.stem


def test_an_unknown_keeper_criterion_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="biggest"):
        grouped([photo(1), photo(1, path="/b.jpg")], similar=SimilarSettings(keeper=("biggest",)))


# --- general --------------------------------------------------------------------------------------------------------


TIMES = st.sampled_from(
    [None, None, "2024-05-06T07:08:09", "2024-05-06T07:08:09.250", "2024-05-06T07:08:10", "2024-06-01T00:00:00"]
)


@st.composite
def albums(draw: st.DrawFn) -> tuple[list[PhotoFacts], dict[Pair, Comparison]]:
    """Small albums with exact copies, and looks with any outcome at all."""
    count = draw(st.integers(2, 9))
    files = [
        photo(at, taken_at=draw(TIMES), camera=draw(st.sampled_from([None, "A", "B"]))) for at in range(1, count + 1)
    ]
    copies = draw(st.lists(st.integers(1, count), max_size=3))
    files += [
        PhotoFacts(photo(number, path=f"/copy/{at}.jpg").asset, files[number - 1].photo)
        for at, number in enumerate(copies)
    ]
    pairs = draw(st.lists(st.sampled_from(list(combinations(range(1, count + 1), 2))), unique=True))
    looks = dict(
        look(*each, draw(st.sampled_from(list(Relation))), draw(st.sampled_from([None, *each]))) for each in pairs
    )
    return files, looks


@settings(max_examples=200, deadline=None)
@given(albums(), st.randoms(use_true_random=False), st.data())
def test_groups_hold_their_promises(
    album: tuple[list[PhotoFacts], dict[Pair, Comparison]], shuffler: random.Random, data: st.DataObject
) -> None:
    files, looks = album
    hashes = [facts.photo.content_hash for facts in files if facts.photo]
    told = data.draw(st.lists(st.tuples(st.sampled_from(hashes), st.sampled_from(hashes)), max_size=3))

    found = grouped(files, *looks.items(), dismissed=told)

    seen: set[Path] = set()
    for group in found:
        inside = {facts.photo.content_hash for facts in group.members if facts.photo}
        assert len(group.members) >= 2
        verified = {each for each in looks if looks[each].relation is not Relation.DIFFERENT}
        same = [each for each in looks if looks[each].relation is Relation.SAME_PIXELS]
        everything = components([*same, *((content, content) for content in inside)])
        pictures = [files for files in everything if not inside.isdisjoint(files)]
        by_looks = any(
            all(
                centre == other or any(pair(*each) in verified for each in product(centre, other)) for other in pictures
            )
            for centre in pictures
        )
        assert group.kind is GroupKind.MOMENT or by_looks, "all were compared with one picture"
        assert not any(one != other and {one, other} <= inside for one, other in told)
        paths = {facts.path for facts in group.members}
        assert len(paths) == len(group.members)
        assert not paths & seen, "groups are disjoint"
        seen |= paths
    shuffler.shuffle(files)
    turned = list(looks.items())
    shuffler.shuffle(turned)
    assert found == grouped(files, *turned, dismissed=told[::-1])


def test_what_witnesses_told_decides_between_members_that_a_look_leaves_open() -> None:
    files = [photo(number) for number in range(1, 6)]
    looks = [look(1, 2), *(look(1, copy, source=1) for copy in (3, 4, 5))]
    told = [Testimony(content(1), content(2), content(copy), -1.0) for copy in (3, 4, 5)]

    (silent,), (spoken,) = (
        list(find_groups(Album(files, dict(looks), told=each), (), DEFAULTS)) for each in ([], told)
    )

    assert (content(1), content(2)) == (silent.keeper.content, spoken.keeper.content)
