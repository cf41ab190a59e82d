from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from albumclean.domain import (
    Asset,
    Companion,
    CompanionKind,
    Failure,
    FileIdentity,
    Fingerprint,
    InputSpec,
    Photo,
    RootRole,
    Score,
    ScorerSpec,
    Stage,
    UserMarks,
)
from albumclean.errors import StoreError, StoreTooNew
from albumclean.store.cache import Cache
from albumclean.store.database import open_database
from albumclean.store.file_table import Needs
from albumclean.store.schema_cache import MIGRATIONS

SPEC = ScorerSpec(
    "judge", "r1", ("mos", "spread"), (0.0, 1.0), "Apache-2.0", "for tests", InputSpec(64), "a.safetensors", "00"
)
NEEDS = Needs((SPEC,), "f1", "d1")
NO_MARKS = UserMarks()
DIGEST = b"\x01" * 32


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache.open(tmp_path / "cache.sqlite") as opened:
        yield opened


def identity(path: str, size: int = 10, mtime_ns: int = 20, inode: int = (1 << 64) - 30) -> FileIdentity:
    return FileIdentity(Path(path), size, mtime_ns, inode, 40)


def meet(cache: Cache, *assets: Asset, marks: UserMarks | None = NO_MARKS) -> int:
    scan = cache.begin_scan([Path("/p")])
    cache.meet(scan, [(asset, marks) for asset in assets])
    return scan


def describe(cache: Cache, file: FileIdentity, digest: bytes = DIGEST) -> None:
    cache.write(
        hashes=[(file, digest)],
        photos=[(Photo(digest, 40, 30, "JPEG", "2024-05-06T07:08:09", "Maker", 3), print_of(digest), "f1")],
        scores=[Score(digest, "judge", "r1", "mos", 0.25), Score(digest, "judge", "r1", "spread", 0.5)],
        decoder="d1",
    )


def print_of(digest: bytes) -> Fingerprint:
    return Fingerprint(digest, (1 << 64) - 1, 1 << 63, bytes(192), 50.0)


def test_everything_written_comes_back(cache: Cache) -> None:
    companion = Companion(CompanionKind.XMP, identity("/p/a.xmp", 3))
    asset = Asset(identity("/p/a.jpg"), (companion,), RootRole.PROTECTED)
    meet(cache, asset, marks=UserMarks(4, True))
    describe(cache, asset.primary)
    (known,) = cache.known((), [SPEC])
    assert asset == known.asset
    assert UserMarks(4, True) == known.marks
    assert Photo(DIGEST, 40, 30, "JPEG", "2024-05-06T07:08:09", "Maker", 3) == known.photo
    assert {("judge", "mos"): 0.25, ("judge", "spread"): 0.5} == known.scores
    assert [(print_of(DIGEST), 40 / 30)] == list(cache.fingerprints("f1"))


def test_a_file_that_lacks_nothing_is_not_read_again(cache: Cache) -> None:
    asset = Asset(identity("/p/a.jpg"))
    scan = meet(cache, asset)
    assert [asset.primary] == list(cache.to_do(scan, NEEDS))
    describe(cache, asset.primary)
    assert 0 == cache.count_to_do(meet(cache, asset), NEEDS)


@pytest.mark.parametrize("change", [{"size": 11}, {"mtime_ns": 21}, {"inode": 31}])
def test_a_changed_file_is_read_again(cache: Cache, change: dict[str, int]) -> None:
    asset = Asset(identity("/p/a.jpg"))
    meet(cache, asset)
    describe(cache, asset.primary)
    changed = identity("/p/a.jpg", **change)
    assert [changed] == list(cache.to_do(meet(cache, Asset(changed)), NEEDS))


def test_a_finding_about_an_older_state_of_a_file_is_not_taken_for_the_new_one(cache: Cache) -> None:
    meet(cache, Asset(identity("/p/a.jpg", size=10)))
    scan = meet(cache, Asset(identity("/p/a.jpg", size=99)))
    describe(cache, identity("/p/a.jpg", size=10))
    assert [99] == [file.size for file in cache.to_do(scan, NEEDS)]


def test_another_revision_of_a_scorer_or_fingerprint_asks_for_the_photo_again(cache: Cache) -> None:
    asset = Asset(identity("/p/a.jpg"))
    meet(cache, asset)
    describe(cache, asset.primary)
    scan = meet(cache, asset)
    newer = replace(SPEC, revision="r2")
    assert 1 == cache.count_to_do(scan, Needs((newer,), "f1", "d1"))
    assert 1 == cache.count_to_do(scan, Needs((SPEC,), "f2", "d1"))
    assert ((newer,), False) == cache.missing(DIGEST, Needs((newer,), "f1", "d1"))


def test_the_hash_within_a_frame_comes_back_and_goes_with_the_frame(cache: Cache) -> None:
    file = identity("/p/a.jpg")
    meet(cache, Asset(file))
    describe(cache, file)
    for inner in (0, 1 << 63, None):
        framed = replace(print_of(DIGEST), inner=inner)
        cache.write(photos=[(Photo(DIGEST, 40, 30, "JPEG"), framed, "f1")])
        assert [(framed, 40 / 30)] == list(cache.fingerprints("f1"))
        assert [(framed, 40 / 30)] == list(cache.fingerprints_of([DIGEST], "f1"))


def test_a_cache_of_schema_8_keeps_its_fingerprints_until_photos_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.sqlite"
    with monkeypatch.context() as before:
        before.setattr("albumclean.store.cache.MIGRATIONS", MIGRATIONS[:8])
        with Cache.open(path) as old:
            old._connection.execute(
                "INSERT INTO photo (content_hash, width, height, format) VALUES (?, 40, 30, 'JPEG')", (DIGEST,)
            )
            old._connection.execute(
                """INSERT INTO fingerprint (content_hash, revision, phash, dhash, layout, detail)
                VALUES (?, 'f1', ?, ?, ?, 50)""",
                (DIGEST, -1, -(1 << 63), bytes(192)),
            )
    with Cache.open(path) as cache:
        assert [(print_of(DIGEST), 40 / 30)] == list(cache.fingerprints_of([DIGEST], "f1"))
        assert ((), False) == cache.missing(DIGEST, Needs((), "f1", "d1"))
        assert ((), True) == cache.missing(DIGEST, Needs((), "f2", "d1"))


def test_a_renamed_file_finds_its_scores_by_content(cache: Cache) -> None:
    meet(cache, Asset(identity("/p/a.jpg")))
    describe(cache, identity("/p/a.jpg"))
    assert ((), False) == cache.missing(DIGEST, NEEDS)


def test_a_failure_is_remembered_until_the_decoder_changes(cache: Cache) -> None:
    asset = Asset(identity("/p/a.jpg"))
    scan = meet(cache, asset)
    failure = Failure(asset.primary.path, Stage.DECODE, "is cut off")
    cache.write(failures=[(asset.primary, failure, DIGEST)], decoder="d1")
    assert [failure] == list(cache.failures())
    assert 0 == cache.count_to_do(scan, NEEDS)
    assert 1 == cache.count_to_do(scan, Needs((SPEC,), "f1", "d2"))
    assert 1 == cache.count_to_do(scan, NEEDS, retry_failed=True)


def test_a_passing_failure_is_tried_again(cache: Cache) -> None:
    asset = Asset(identity("/p/a.jpg"))
    scan = meet(cache, asset)
    failure = Failure(asset.primary.path, Stage.READ, "permission denied", transient=True)
    cache.write(failures=[(asset.primary, failure, None)], decoder="d1")
    assert 1 == cache.count_to_do(scan, NEEDS)


def test_files_that_are_gone_are_forgotten_but_not_those_in_unreadable_folders_or_elsewhere(cache: Cache) -> None:
    meet(cache, *(Asset(identity(path)) for path in ("/p/a.jpg", "/p/locked/b.jpg", "/p/c.jpg", "/pq/d.jpg")))
    scan = meet(cache, Asset(identity("/p/c.jpg")))
    assert 1 == cache.forget_unseen(scan, Path("/p"), [Path("/p/locked")])
    assert ["/p/c.jpg", "/p/locked/b.jpg", "/pq/d.jpg"] == [str(known.asset.primary.path) for known in cache.known()]


def test_thousands_of_unreadable_folders_are_no_trouble(cache: Cache) -> None:
    meet(cache, Asset(identity("/p/gone.jpg")), Asset(identity("/p/1999/b.jpg")))
    scan = cache.begin_scan([Path("/p")])
    assert 1 == cache.forget_unseen(scan, Path("/p"), [Path(f"/p/{number}") for number in range(2000)])
    assert 0 == cache.count_to_do(scan + 1, NEEDS)


def test_a_folder_is_not_its_neighbour_with_a_longer_name(cache: Cache) -> None:
    meet(cache, *(Asset(identity(path)) for path in ("/p/a.jpg", "/p-2/b.jpg", "/p.jpg", "/p0/c.jpg")))
    assert 1 == cache.count_under(Path("/p"))
    assert 1 == cache.count_under(Path("/p.jpg"))
    assert 4 == cache.count_under(Path("/"))


def test_unread_sidecars_keep_their_marks(cache: Cache) -> None:
    asset = Asset(identity("/p/a.jpg"), (Companion(CompanionKind.XMP, identity("/p/a.xmp")),))
    meet(cache, asset, marks=UserMarks(5, True))
    assert cache.sidecars_unchanged(asset)
    meet(cache, asset, marks=None)
    (known,) = cache.known()
    assert UserMarks(5, True) == known.marks
    changed = Asset(asset.primary, (Companion(CompanionKind.XMP, identity("/p/a.xmp", size=99)),))
    assert not cache.sidecars_unchanged(changed)


def test_pages_end_to_end_give_every_file_once(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("albumclean.store.file_table.PAGE", 7)
    monkeypatch.setattr("albumclean.store.cache_reader.PAGE", 7)
    scan = meet(cache, *(Asset(identity(f"/p/{number:03}.jpg")) for number in range(50)))
    expected = [f"/p/{number:03}.jpg" for number in range(50)]
    assert expected == [str(file.path) for file in cache.to_do(scan, NEEDS)]
    assert expected == [str(known.asset.primary.path) for known in cache.known()]


@given(st.binary(min_size=1, max_size=40).filter(lambda name: not {0, 47} & set(name) and name not in {b".", b".."}))
@settings(max_examples=50, deadline=None)
def test_any_file_name_survives(tmp_path_factory: pytest.TempPathFactory, name: bytes) -> None:
    path = Path(os.fsdecode(b"/p/" + name))
    file = FileIdentity(path, 1, 2, 3, 4)
    with Cache.open(tmp_path_factory.mktemp("c") / "cache.sqlite") as cache:
        meet(cache, Asset(file, (Companion(CompanionKind.XMP, file),)))
        (known,) = cache.known([Path("/p")])
    assert Asset(file, (Companion(CompanionKind.XMP, file),)) == known.asset


def test_a_newer_schema_and_a_damaged_file_are_named(tmp_path: Path) -> None:
    newer = tmp_path / "newer.sqlite"
    connection = open_database(newer, MIGRATIONS, backup=False)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreTooNew, match=r"newer\.sqlite.*schema 99"):
        Cache.open(newer)
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreError, match=r"damaged\.sqlite"):
        Cache.open(damaged)


def digest_of(number: int) -> bytes:
    return number.to_bytes(32, "big")


def test_scores_are_those_that_were_asked_for_and_no_others(cache: Cache) -> None:
    file = identity("/p/a.jpg")
    meet(cache, Asset(file), Asset(identity("/p/b.jpg")))
    describe(cache, file)
    cache.write(scores=[Score(DIGEST, "judge", "r2", "mos", 0.75), Score(DIGEST, "other", "r1", "mos", 0.5)])
    newer = replace(SPEC, revision="r2")
    assert [{}, {}] == [known.scores for known in cache.known()]
    assert [{("judge", "mos"): 0.75}, {}] == [known.scores for known in cache.known((), [newer])]
    (known,) = cache.known_with([DIGEST], [replace(SPEC, quantities=("spread",)), newer])
    assert {("judge", "spread"): 0.5, ("judge", "mos"): 0.75} == known.scores


def test_what_is_asked_about_many_contents_comes_back_in_their_order_with_all_their_files(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("albumclean.store.database._ASKED", 7)
    numbers = list(range(40))
    meet(cache, *(Asset(identity(f"/p/{name}{number:02}.jpg")) for number in numbers for name in "ba"))
    for number in numbers:
        for name in "ba":
            describe(cache, identity(f"/p/{name}{number:02}.jpg"), digest_of(number))
    asked = [digest_of(number) for number in (*reversed(numbers), 99, 3)]
    expected = [f"/p/{name}{number:02}.jpg" for number in (*reversed(numbers), 3) for name in "ab"]
    assert expected == [str(known.asset.primary.path) for known in cache.known_with(asked)]
    assert [*reversed(numbers), 3] == [int.from_bytes(photo.content_hash, "big") for photo in cache.photos_of(asked)]
    prints = {fingerprint.content_hash for fingerprint, _ in cache.fingerprints_of(asked, "f1")}
    assert {digest_of(number) for number in numbers} == prints
    assert [] == list(cache.fingerprints_of(asked, "f2"))
    assert sorted(map(digest_of, numbers)) == list(cache.contents())


def test_a_library_is_read_with_a_few_queries_not_with_one_a_photo(cache: Cache) -> None:
    files = [identity(f"/p/{number:03}.jpg") for number in range(300)]
    meet(cache, *map(Asset, files))
    for number, file in enumerate(files):
        describe(cache, file, digest_of(number))
    asked: list[str] = []
    assert isinstance(cache._connection, sqlite3.Connection)
    cache._connection.set_trace_callback(asked.append)
    assert 300 == sum(len(known.scores) == 2 for known in cache.known((), [SPEC]))
    assert 300 == sum(1 for _ in cache.known_with(map(digest_of, range(300)), [SPEC]))
    assert 300 == sum(1 for _ in cache.photos_of(map(digest_of, range(300))))
    cache._connection.set_trace_callback(None)
    assert 10 > len(asked)


@given(
    st.lists(st.one_of(st.floats(0, 1), st.integers(0, 100).map(lambda n: n / 100)), max_size=20),
    st.sampled_from([100, 10, 7]),
)
@settings(max_examples=60, deadline=None)
def test_the_first_bins_of_a_histogram_hold_just_what_scores_below(
    tmp_path_factory: pytest.TempPathFactory, values: list[float], bins: int
) -> None:
    with Cache.open(tmp_path_factory.mktemp("c") / "cache.sqlite") as cache:
        files = [identity(f"/p/{number}.jpg", size=1 << number) for number in range(len(values))]
        meet(cache, *map(Asset, files))
        cache.write(
            hashes=[(file, digest_of(number)) for number, file in enumerate(files)],
            scores=[Score(digest_of(number), "judge", "r1", "mos", value) for number, value in enumerate(values)],
        )
        found = cache.histogram(SPEC, bins)
    assert bins == len(found.counts) == len(found.bytes)
    for below in range(bins):
        expected = [number for number, value in enumerate(values) if value < below / bins]
        assert len(expected) == sum(found.counts[:below])
        assert sum(1 << number for number in expected) == sum(found.bytes[:below])
    assert len(values) == sum(found.counts)


def test_a_histogram_counts_copies_companions_and_no_failures(cache: Cache) -> None:
    companion = Companion(CompanionKind.XMP, identity("/p/\udce4.xmp", 3))
    good = Asset(identity("/p/a.jpg", 100), (companion, replace(companion, file=identity("/p/b.xmp", 4))))
    copy, failed = Asset(identity("/p/b.jpg", 1000)), Asset(identity("/p/c.jpg", 5000))
    meet(cache, good, copy, failed)
    for asset in (good, copy, failed):
        describe(cache, asset.primary)
    cache.write(failures=[(failed.primary, Failure(failed.primary.path, Stage.READ, "denied"), DIGEST)])
    found = cache.histogram(SPEC, 4)
    assert ((0, 2, 0, 0), (0, 1107, 0, 0)) == (found.counts, found.bytes)
