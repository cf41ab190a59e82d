"""A scan that remembers folders finds what a scan without memory finds, and meets nothing twice."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from albumclean.config import CrawlSettings, VideoSettings
from albumclean.crawl import Skipped, SkipReason, unchanged
from albumclean.crawl.listing import Listing, Waiting
from albumclean.domain import Asset, Failure, FileIdentity, Root, RootRole, Stage, UserMarks
from albumclean.engines import compare
from albumclean.engines.scan import Forget, ScanSummary
from albumclean.engines.search import Found
from albumclean.store import folders
from albumclean.store.cache import Cache
from albumclean.store.database import open_database, transaction
from albumclean.store.folders import FolderRecord
from albumclean.store.schema_cache import MIGRATIONS
from tests.rescans import BROKEN, LATER, Book, ChangingFolder, said, without_reading


@pytest.fixture(autouse=True)
def _without_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    without_reading(monkeypatch)


@pytest.fixture
def folder(tmp_path: Path) -> ChangingFolder:
    return ChangingFolder(tmp_path / "top", seed=0)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path / "one", remembers=True)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_changes_between_scans_memory_finds_what_a_full_walk_finds(tmp_path: Path, seed: int) -> None:
    folder = ChangingFolder(tmp_path / "top", seed)
    with_memory, without = Book(tmp_path / "one", remembers=True), Book(tmp_path / "two", remembers=False)
    recalled = 0
    history: list[str] = []
    for _ in range(12):
        for _ in range(2):  # the second scan of a state shows whether the first was right to remember it
            expected = said(without.scan(folder))
            actual = said(with_memory.scan(folder))
            assert expected == actual, history
            assert without.rows() == with_memory.rows(), history
            recalled += len(with_memory.recalled)
        history.append(folder.change())
    assert recalled > 10


# What random steps seldom come by: how the folder is before the first scans, and what changes then elsewhere.


def _nothing(top: Path) -> None:
    """Stays as it is."""


def _ignored_above(top: Path) -> None:
    (top / ".albumcleanignore").write_text("er/\n*.jpg\n")


def _photos_taken_away(top: Path) -> None:
    for path in (top / "b").iterdir():
        path.unlink()


def _link_to_a_photo(top: Path) -> None:
    (top / "a" / "link.jpg").symlink_to(next((top / "b").iterdir()))


def _second_name(top: Path) -> None:
    os.link(next((top / "b").iterdir()), top / "a" / "name.jpg")


def _lists_beside(top: Path) -> None:
    (top / "a" / "Photo Details.csv").write_text("imgName,favorite\n")
    (top / "Albums").mkdir()


def _in_an_album(top: Path) -> None:
    name = next((top / "a").glob("*.[jp]*g")).name
    (top / "Albums" / "Trip.csv").write_text(f"Images\n{name}\n")


def _broken_notes(top: Path) -> None:
    (top / "a" / "metadata.json").write_text("{broken")


def _arriving(top: Path) -> None:
    (top / "a" / f"{next((top / 'a').glob('*.[jp]*g')).name}.part").touch()


def _whatsapp(top: Path) -> None:
    for name in ("WhatsApp Images", "WhatsApp Profile Photos"):
        (top / "c" / name).mkdir()
        (top / "c" / name / "IMG.jpg").write_bytes(name.encode())


def _own_ignore_file(top: Path) -> None:
    (top / "a" / ".albumcleanignore").write_text("[broken\n")


@pytest.mark.parametrize(
    ("before", "change"),
    [
        (_nothing, _ignored_above),
        (_nothing, _second_name),
        (_second_name, _photos_taken_away),
        (_link_to_a_photo, _photos_taken_away),
        (_lists_beside, _in_an_album),
        (_broken_notes, _nothing),
        (_own_ignore_file, _nothing),
        (_arriving, _nothing),
        (_whatsapp, _nothing),
    ],
)
def test_what_a_folder_means_may_change_from_outside_of_it(
    tmp_path: Path, folder: ChangingFolder, book: Book, before: Callable[[Path], None], change: Callable[[Path], None]
) -> None:
    without = Book(tmp_path / "two", remembers=False)
    for step in (before, change, _nothing):
        step(folder.top)
        assert said(without.scan(folder)) == said(book.scan(folder))
        assert without.rows() == book.rows()
    assert book.recalled


def agreement(folder: ChangingFolder, book: Book, without: Book) -> Callable[[], ScanSummary]:
    """A scan with memory and one without, which must agree."""

    def both_agree() -> ScanSummary:
        summary = book.scan(folder)
        assert said(without.scan(folder)) == said(summary)
        assert without.rows() == book.rows()
        return summary

    return both_agree


def test_a_folder_that_comes_back_as_it_was_is_met_anew(tmp_path: Path, folder: ChangingFolder, book: Book) -> None:
    both_agree = agreement(folder, book, Book(tmp_path / "two", remembers=False))
    both_agree()
    (folder.top / "b").rename(tmp_path / "elsewhere")
    assert 2 == both_agree().forgotten
    (tmp_path / "elsewhere").rename(folder.top / "b")
    assert 2 == both_agree().to_do


def test_what_is_kept_while_half_is_gone_is_forgotten_once_that_is_meant(
    tmp_path: Path, folder: ChangingFolder, book: Book
) -> None:
    both_agree = agreement(folder, book, Book(tmp_path / "two", remembers=False))
    both_agree()
    for path in sorted(path for path in folder.top.rglob("*") if path.is_file())[::2]:
        path.unlink()
    folder.forget = Forget.UNLESS_HALF_GONE
    assert [folder.top] == both_agree().kept_roots
    folder.forget = Forget.ALWAYS
    assert 5 == both_agree().forgotten


def test_a_folder_of_files_that_wait_is_not_lost_from_sight(tmp_path: Path, folder: ChangingFolder, book: Book) -> None:
    both_agree = agreement(folder, book, Book(tmp_path / "two", remembers=False))
    both_agree()
    folder.settings = replace(folder.settings, crawl=CrawlSettings(settle=3600.0))
    both_agree()
    (folder.top / "a" / "deep").rename(folder.top / "a" / "renamed")
    assert 4 == both_agree().forgotten


def test_what_failed_is_tried_again_where_that_is_wished(folder: ChangingFolder, book: Book) -> None:
    (folder.top / "b" / "broken.jpg").write_bytes(BROKEN)
    assert 11 == book.scan(folder).to_do
    assert 0 == book.scan(folder).to_do
    folder.retries = True
    assert 1 == book.scan(folder).to_do


def test_a_new_revision_of_what_is_wanted_reaches_every_photo(
    folder: ChangingFolder, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.scan(folder)
    monkeypatch.setattr("albumclean.engines.scan.FINGERPRINT", "a newer one")
    assert 10 == book.scan(folder).to_do


@pytest.mark.parametrize(
    "listing",
    [
        Listing(waiting={Path("a"): Waiting(SkipReason.ONLINE_ONLY)}),
        Listing(unreadable={Path("a"): Failure(Path("a"), Stage.CRAWL, "denied")}),
        Listing(many_names={"a"}),
        Listing(is_trash=True),
        Listing(has_ignore_file=True),
        Listing(notes=[Skipped(Path("a"), SkipReason.VANISHED)]),
        Listing(notes=[Failure(Path("a"), Stage.CRAWL, "denied")]),
    ],
)
def test_a_folder_that_another_walk_might_see_otherwise_is_not_settled(listing: Listing) -> None:
    assert unchanged.is_settled(Listing(notes=[Skipped(Path("a"), SkipReason.HIDDEN)]))
    assert not unchanged.is_settled(listing)


def test_photos_under_another_role_or_another_wish_are_met_anew(
    tmp_path: Path, folder: ChangingFolder, book: Book
) -> None:
    both_agree = agreement(folder, book, Book(tmp_path / "two", remembers=False))
    (folder.top / "a" / "film.avi").write_bytes(b"film")
    (folder.top / "b" / "known.avi").write_bytes(b"known")

    exclude = replace(folder.settings, crawl=CrawlSettings(exclude=("film.*",)))
    for _ in range(2):
        folder.settings = exclude
        both_agree()
    folder.roots.append(Root(folder.top / "b", RootRole.PROTECTED))
    both_agree()
    folder.roots, folder.settings = [Root(folder.top / "b")], replace(exclude, videos=VideoSettings(scan=True))
    both_agree()
    folder.roots, folder.settings = [Root(folder.top)], exclude  # a video is known now, so films are looked for
    both_agree()


def test_a_live_photo_whose_halves_could_not_be_read_is_looked_into_again(
    folder: ChangingFolder, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_path: Path) -> None:
        raise PermissionError

    folder.live_photo()
    with monkeypatch.context() as patch:
        patch.setattr("albumclean.engines.identifiers.content_identifier", unreadable)
        apart = book.scan(folder)
    together = book.scan(folder)
    assert {"video": 1} == apart.skipped
    assert {} == together.skipped


def test_an_unchanged_library_is_neither_listed_nor_written(
    folder: ChangingFolder, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = book.scan(folder)
    generation, rows = book.generation(), book.rows(but=())
    monkeypatch.setattr("albumclean.crawl.walk.list_folder", None)
    again = book.scan(folder)
    assert (first.found, 0, 0) == (again.found, again.to_do, len(again.crawl_failures))
    assert (generation, rows) == (book.generation(), book.rows(but=()))
    assert {*folder.top.rglob("*/"), folder.top} >= {*book.recalled}
    assert 6 == len(book.recalled)


def test_only_the_folder_of_a_change_is_met_again(folder: ChangingFolder, book: Book) -> None:
    book.scan(folder)
    path = next((folder.top / "a" / "deep").glob("*.*"))
    data = path.read_bytes()
    path.write_bytes(data[::-1])  # its folder's own time does not change
    os.utime(path, ns=(1, 1))
    assert 1 == book.scan(folder).to_do
    assert folder.top / "a" / "deep" not in book.recalled
    assert 5 == len(book.recalled)


def test_a_file_that_was_changed_just_before_the_look_is_not_relied_on(
    folder: ChangingFolder, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("ALBUMCLEAN_HOME", str(folder.top.parent))
    with pytest.MonkeyPatch.context() as patch:
        without_reading(patch, later=0.0)
        book.scan(folder)
        book.scan(folder)
    assert [folder.top] == book.recalled  # has no files of its own


def test_a_photo_from_the_future_is_not_relied_on_as_its_time_will_come(folder: ChangingFolder, book: Book) -> None:
    path = next((folder.top / "b").glob("*.*"))
    os.utime(path, (9e9, 9e9))
    book.scan(folder)
    book.scan(folder)
    assert folder.top / "b" not in book.recalled


def test_a_scan_that_ended_early_relies_on_nothing_new(
    folder: ChangingFolder, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("albumclean.engines.scan.compare_new", lambda *_: None)
        patch.setattr("tests.rescans.KnownReading.run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            book.scan(folder)
    assert 10 == book.scan(folder).to_do
    assert [] == book.recalled


def test_what_was_compared_and_pruned_is_not_gone_through_again(
    folder: ChangingFolder, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def found(job: object) -> Found:
        calls.append("search")
        with Cache.open(book.path) as cache:
            import numpy as np

            return Found(list(cache.contents()), [], np.empty((0, 2), np.int32), np.empty(0, np.bool_))

    original = Cache.contents

    def contents(cache: Cache) -> object:
        calls.append("contents")
        return original(cache)

    monkeypatch.setattr("albumclean.engines.scan.compare_new", compare.compare_new)
    monkeypatch.setattr(compare, "find_candidates", found)
    book.scan(folder)
    assert ["search"] == calls
    monkeypatch.setattr(Cache, "contents", contents)
    monkeypatch.setattr("albumclean.store.comparisons.Comparisons.forget_vanished", None)
    book.scan(folder)
    assert ["search"] == calls
    monkeypatch.undo()
    with pytest.MonkeyPatch.context() as patch:
        without_reading(patch)
        patch.setattr("albumclean.engines.scan.compare_new", compare.compare_new)
        patch.setattr(compare, "find_candidates", found)
        folder.photo()
        book.scan(folder)
    assert ["search", "search"] == calls


def test_nothing_to_do_loads_no_network_and_starts_no_process(tmp_path: Path) -> None:
    (tmp_path / "album").mkdir()
    command = (
        "import sys; from albumclean.cli.main import app\n"
        "try: app(['scan', sys.argv[1], '--quiet'])\n"
        "finally: print(sorted({'torch', 'faiss', 'cv2', 'distributed'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", command, str(tmp_path / "album")], capture_output=True, text=True, check=False
    )
    assert ("[]\n", "") == (done.stdout, done.stderr)


# --- the table ------------------------------------------------------------------------------------------------------


def _met(cache: Cache, scan: int, *paths: bytes) -> None:
    files = [FileIdentity(Path(os.fsdecode(path)), 1, 1, 1, 1) for path in paths]
    cache.meet(scan, [(Asset(file), UserMarks()) for file in files])


NAMES = st.sampled_from(["a", "a-b", "b", "a b", "\udcff", "é"])
PATHS = st.lists(NAMES, min_size=2, max_size=4).map(lambda parts: os.fsencode("/top/" + "/".join(parts)))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared") / "cache.sqlite"


@settings(max_examples=60)
@given(st.sets(PATHS, max_size=12), st.sets(PATHS, max_size=6), st.sampled_from([b"/top", b"/top/a", b"/top/a/b"]))
def test_files_are_forgotten_unless_they_or_their_whole_folder_were_seen(
    shared: Path, known: set[bytes], seen: set[bytes], root: bytes
) -> None:
    def folder_of(path: bytes) -> bytes:
        return path.rpartition(b"/")[0]

    def is_below(path: bytes) -> bool:
        return (path + b"/").startswith(root + b"/")

    with closing(open_database(shared, MIGRATIONS, backup=False)) as connection:
        connection.execute("DELETE FROM file")
        connection.execute("DELETE FROM folder")
        cache = Cache(connection, shared)
        _met(cache, 1, *sorted(known))
        kept = {folder_of(path) for path in sorted(known)[::2]} - {folder_of(path) for path in seen}
        paths = [Path(os.fsdecode(path)) for path in sorted(kept)]
        with transaction(connection) as write:
            folders.record(write, [FolderRecord(path, b"s", 1, 0, {}) for path in paths], 1)
            folders.complete(write, 1, [])
        cache.meet(2, [], unchanged=paths)
        _met(cache, 2, *sorted(seen))
        gone = {path for path in known - seen if folder_of(path) not in kept and is_below(path)}
        assert len(gone) == cache.forget_unseen(2, Path(os.fsdecode(root)), [])
        left = [row[0] for row in connection.execute("SELECT path FROM file ORDER BY path")]
        assert sorted((known | seen) - gone) == left


def test_meeting_what_is_known_changes_nothing_but_a_change_does(tmp_path: Path) -> None:
    with Cache.open(tmp_path / "cache.sqlite") as cache:
        _met(cache, cache.begin_scan([]), b"/top/a.jpg")
        before = cache.state.generation
        number = cache.begin_scan([])
        _met(cache, number, b"/top/a.jpg")
        assert before == cache.state.generation
        assert 0 == cache.forget_unseen(number, Path("/top"), [])
        assert before == cache.state.generation
        _met(cache, cache.begin_scan([]), b"/top/b.jpg")
        changed = cache.state.generation
        assert before < changed
        cache.forget([Path("/top/a.jpg")])
        assert changed < cache.state.generation


def test_a_cache_of_schema_5_gets_a_row_for_each_folder_with_files(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    with closing(open_database(path, MIGRATIONS[:5], backup=False)) as old:
        for name in (b"/top/a.jpg", b"/top/b/c.jpg", b"/top/b/d.jpg"):
            old.execute(
                "INSERT INTO file (path, size, mtime_ns, inode, device, role, favourite, marks_unknown, seen) "
                "VALUES (?, 1, 1, '1', '1', 'normal', 0, 0, 1)",
                (name,),
            )
    with Cache.open(path):
        pass
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT path, state, complete FROM folder ORDER BY path").fetchall()
    assert [(b"/top", None, 0), (b"/top/b", None, 0)] == rows


def test_equal_folders_give_equal_signatures_and_any_difference_another(tmp_path: Path) -> None:
    for name in ("one.jpg", "zwei.jpg", "\udcff.jpg"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "inner").mkdir()
    look = unchanged.look_at(tmp_path)
    again = unchanged.look_at(tmp_path)
    assert look is not None
    assert again is not None
    assert look.signature() == again.signature()
    (tmp_path / "inner" / "new.jpg").touch()  # is no matter of this folder
    deeper = unchanged.look_at(tmp_path)
    assert deeper is not None
    assert look.signature() == deeper.signature()
    (tmp_path / "one.jpg").chmod(0o600)
    other = unchanged.look_at(tmp_path)
    assert other is not None
    assert look.signature() != other.signature()
    assert unchanged.look_at(tmp_path / "missing") is None
    assert unchanged.RACY < LATER
