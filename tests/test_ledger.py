"""The ledger remembers the user's word, survives upgrades, and says plainly when it can't be used."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from albumclean.domain import Action, Decision, MoveState
from albumclean.errors import DiskFull, StoreBusy, StoreError, StoreTooNew
from albumclean.store.database import Synchronous, open_database, schema_of, transaction
from albumclean.store.journal_rows import RunKind
from albumclean.store.ledger import Ledger
from tests.trash_helpers import item, plan, write

A, B, C = b"a" * 32, b"b" * 32, b"c" * 32


def one_table(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE photo (name TEXT)")


def second_column(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE photo ADD COLUMN mos REAL")


def broken(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE photo ADD COLUMN half REAL")
    connection.execute("ALTER TABLE no_such_table ADD COLUMN other REAL")


def decision(content: bytes, path: str, action: Action, rule: str = "low-quality") -> Decision:
    return Decision(content, Path(path), action, rule, 1.0)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path / "data" / "ledger.sqlite")


def test_migration_keeps_the_data_and_a_copy_from_before(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with open_database(path, [one_table], backup=True) as old:
        old.execute("INSERT INTO photo VALUES ('a')")
    old.close()
    new = open_database(path, [one_table, second_column], backup=True)
    assert [("a", None)] == new.execute("SELECT * FROM photo").fetchall()
    copy = sqlite3.connect(tmp_path / "x.before-2.sqlite")
    assert [("a",)] == copy.execute("SELECT * FROM photo").fetchall()
    assert 1 == schema_of(copy)


def test_a_migration_that_fails_leaves_the_old_schema(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    open_database(path, [one_table], backup=False).close()
    with pytest.raises(StoreError):
        open_database(path, [one_table, second_column, broken], backup=True)
    again = open_database(path, [one_table], backup=False)
    assert ["name"] == [row[1] for row in again.execute("PRAGMA table_info(photo)")]


def test_a_newer_schema_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    open_database(path, [one_table, second_column], backup=False).close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNew, match="schema 2, this one knows 1"):
        open_database(path, [one_table], backup=True)
    assert before == path.read_bytes()


def test_a_file_that_is_no_database_is_refused_and_untouched(tmp_path: Path) -> None:
    path = write(tmp_path / "x.sqlite", b"my letters\n" * 200)
    with pytest.raises(StoreError, match="not a database"):
        open_database(path, [one_table], backup=True)
    assert b"my letters\n" * 200 == path.read_bytes()


def test_a_folder_in_the_way_is_an_error_in_words(tmp_path: Path) -> None:
    write(tmp_path / "file")
    with pytest.raises(StoreError):
        open_database(tmp_path / "file" / "x.sqlite", [one_table], backup=False)
    with pytest.raises(StoreError):
        open_database(tmp_path, [one_table], backup=False)


def test_read_only_creates_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        open_database(tmp_path / "x.sqlite", [one_table], backup=False, read_only=True)
    assert not (tmp_path / "x.sqlite").exists()
    open_database(tmp_path / "x.sqlite", [one_table], backup=False).close()
    reader = open_database(tmp_path / "x.sqlite", [one_table], backup=False, read_only=True)
    with pytest.raises(StoreError), transaction(reader):
        reader.execute("INSERT INTO photo VALUES ('a')")


def test_the_ledger_is_synced_and_the_journal_is_wal(ledger: Ledger) -> None:
    assert (2,) == ledger._connection.execute("PRAGMA synchronous").fetchone()
    assert ("wal",) == ledger._connection.execute("PRAGMA journal_mode").fetchone()


def test_a_second_writer_is_told_who_has_it_busy(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    first = open_database(path, [one_table], backup=False)
    second = open_database(path, [one_table], backup=False, busy_timeout=0.05, synchronous=Synchronous.FULL)
    with transaction(first), pytest.raises(StoreBusy), transaction(second):
        pass


def test_a_full_disk_is_named_and_rolls_back(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "x.sqlite", [one_table], backup=False)
    connection.execute("PRAGMA max_page_count = 4")
    with pytest.raises(DiskFull), transaction(connection):
        connection.executemany("INSERT INTO photo VALUES (?)", (("x" * 1000,) for _ in range(100)))
    assert (0,) == connection.execute("SELECT count(*) FROM photo").fetchone()


def test_keep_is_remembered_for_the_content_wherever_it_lies(ledger: Ledger) -> None:
    ledger.remember([decision(A, "/a", Action.KEEP), decision(B, "/b", Action.KEEP, "duplicate")])
    assert frozenset({A}) == ledger.kept("low-quality")
    assert frozenset({B}) == ledger.kept("duplicate")


def test_the_latest_word_wins(ledger: Ledger) -> None:
    ledger.remember([decision(A, "/a", Action.KEEP), decision(A, "/a", Action.TRASH)])
    assert frozenset() == ledger.kept("low-quality")
    assert [Path("/a")] == [pending.path for pending in ledger.pending()]
    ledger.remember([decision(A, "/a", Action.KEEP, "duplicate")])
    assert [] == ledger.pending()


def test_keeping_one_copy_does_not_cancel_the_trashing_of_another(ledger: Ledger) -> None:
    ledger.remember([decision(A, "/copy", Action.TRASH, "duplicate"), decision(A, "/keeper", Action.KEEP, "duplicate")])
    assert [Path("/copy")] == [pending.path for pending in ledger.pending()]


def test_a_choice_that_is_taken_back_is_pending_no_more(ledger: Ledger) -> None:
    ledger.remember([decision(A, "/a", Action.TRASH), decision(B, "/b", Action.TRASH)])
    ledger.remember([decision(A, "/a", Action.REVIEW)])
    assert [Path("/b")] == [pending.path for pending in ledger.pending()]


def test_a_dismissal_holds_in_either_order_and_for_ever(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "l.sqlite") as ledger:
        ledger.remember([], apart=[(B, A), (A, B), (A, A)])
    with Ledger.open(tmp_path / "l.sqlite") as ledger:
        assert frozenset({(A, B)}) == ledger.dismissed()


def test_a_dismissal_can_be_taken_back_and_said_again(ledger: Ledger) -> None:
    ledger.remember([], apart=[(A, B), (A, C)])
    ledger.remember([], together=[(B, A)])
    assert frozenset({(A, C)}) == ledger.dismissed()
    ledger.remember([], apart=[(B, A)])
    assert frozenset({(A, B), (A, C)}) == ledger.dismissed()


def test_the_users_word_is_kept_whole_or_not_at_all(ledger: Ledger) -> None:
    def decisions() -> Iterator[Decision]:
        yield decision(A, "/a", Action.TRASH)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ledger.remember(decisions(), apart=[(A, B)])
    assert ([], frozenset()) == (ledger.pending(), ledger.dismissed())


@pytest.mark.skipif(os.name == "nt", reason="names are UTF-16 there")
def test_names_that_are_not_utf8_come_back_as_they_were(ledger: Ledger) -> None:
    path = Path(os.fsdecode(b"/album/caf\xe9.jpg"))
    ledger.remember([Decision(A, path, Action.TRASH, "low-quality", 1.0)])
    assert [path] == [pending.path for pending in ledger.pending()]


def test_the_journal_has_every_file_of_the_plan_before_anything_moves(ledger: Ledger, tmp_path: Path) -> None:
    photo, sidecar, keeper = (write(tmp_path / name) for name in ("a.jpg", "a.xmp", "k.jpg"))
    asset = item(photo, [sidecar], keeper)
    run = ledger.begin(RunKind.APPLY, plan(asset, quarantine=tmp_path / "q"))
    moves = ledger.moves(run.id)
    assert [MoveState.PLANNED] * 2 == [move.state for move in moves]
    assert list(asset.files) == [type(asset.files[0])(move.file, move.content_hash, move.kind) for move in moves]
    assert asset.keeper == moves[0].keeper
    assert (tmp_path / "q", {MoveState.PLANNED: 1}) == (run.quarantine, run.photos)
    assert [run.id] == [unfinished.id for unfinished in ledger.unfinished_runs()]
    assert 2 == ledger.abandon(run.id)
    assert [] == ledger.unfinished_runs()


def test_inode_numbers_of_64_bits_fit(ledger: Ledger, tmp_path: Path) -> None:
    asset = item(write(tmp_path / "a.jpg"))
    huge = type(asset.files[0].identity)(tmp_path / "a.jpg", 1, 2, 2**64 - 1, 2**127)
    asset = type(asset)((type(asset.files[0])(huge, A),), "r", "s")
    run = ledger.begin(RunKind.APPLY, plan(asset))
    assert huge == ledger.moves(run.id)[0].file
