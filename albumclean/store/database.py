"""How albumclean opens SQLite: schema migrations in one transaction, durable writes, errors in the user's words.

Connections are in autocommit mode; every group of writes is an explicit `with transaction(connection):`.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from albumclean.errors import AlbumcleanError, DiskFull, StoreBusy, StoreError, StoreTooNew

if TYPE_CHECKING:
    from albumclean.store.connection import Address, Connection

Migration = Callable[[sqlite3.Connection], None]
Kind = TypeVar("Kind", bound="Connection")

BUSY_TIMEOUT = 30.0  # seconds that a writer waits for another one

Value = TypeVar("Value", bytes, int)

_ASKED = 500  # values in one statement: older SQLites take 999


class Synchronous(StrEnum):
    """How hard a commit presses on the disk."""

    FULL = "FULL"  # a commit survives a power cut: the ledger
    NORMAL = "NORMAL"  # the last commits may be lost in a power cut, but never half of one: the cache


def open_database(
    path: Path,
    migrations: Sequence[Migration],
    *,
    backup: bool,
    read_only: bool = False,
    synchronous: Synchronous = Synchronous.NORMAL,
    busy_timeout: float = BUSY_TIMEOUT,
    any_thread: bool = False,
) -> sqlite3.Connection:
    """Open (and create) the database at `path` and bring its schema up to `len(migrations)`.

    `migrations[n]` takes schema n to n + 1; once released, a migration is never edited. All pending ones run in one
    transaction, after a copy to `<name>.before-<schema>.sqlite` if `backup`. With `read_only` nothing is created or
    migrated. With `any_thread` the connection may go from thread to thread; the caller lets one in at a time.

    Raises StoreTooNew for a newer schema; StoreBusy if another process keeps it locked; DiskFull; StoreError for
    everything else (no permission, not a database, missing while `read_only`).
    """
    if not read_only:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _translated(path, error) from error
    with store_errors(path):
        connection = _connect(path, read_only=read_only, busy_timeout=busy_timeout, any_thread=any_thread)
        try:
            connection.execute(f"PRAGMA synchronous = {synchronous.value}")
            connection.execute("PRAGMA foreign_keys = ON")
            if synchronous is Synchronous.FULL:
                connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone does not reach the platter
            found, known = schema_of(connection), len(migrations)
            if found > known:
                raise StoreTooNew(path=path, found=found, known=known)
            if not read_only:
                _prefer_wal(connection, busy_timeout)
                if found < known:
                    _migrate(connection, path, migrations, backup=backup)
            elif found < known:
                raise StoreError(path=path, detail=f"its schema {found} is old; a run that may write updates it")
        except BaseException:
            connection.close()
            raise
    return connection


def portions(values: Iterable[Value]) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Some hundred values at a time, each time with the question marks that stand for them in a statement."""
    remaining = iter(values)
    while some := tuple(islice(remaining, _ASKED)):
        yield ",".join("?" * len(some)), some


def schema_of(connection: sqlite3.Connection) -> int:
    """The schema number: how many migrations have been applied."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def transaction(connection: Kind) -> Iterator[Kind]:
    """All writes inside happen together or not at all; the write lock is taken at once (BEGIN IMMEDIATE).

    Raises StoreBusy, DiskFull or StoreError where the database fails; other errors pass through after the rollback.
    """
    if not isinstance(connection, sqlite3.Connection):
        with connection.transaction():
            yield connection
        return
    with store_errors(_path_of(connection)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # SQLite has already rolled back by itself after a full disk or an I/O error
                connection.execute("ROLLBACK")
            raise


@contextmanager
def store_errors(path: Address) -> Iterator[None]:
    """Turn SQLite's errors about the database at `path` into StoreError and its kind; a server's connection does so."""
    try:
        yield
    except sqlite3.Error as error:
        raise _translated(path, error) from error


def _connect(path: Path, *, read_only: bool, busy_timeout: float, any_thread: bool = False) -> sqlite3.Connection:
    mode = "ro" if read_only else "rwc"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        timeout=busy_timeout,
        isolation_level=None,
        check_same_thread=not any_thread,
        uri=True,
    )


def _prefer_wal(connection: sqlite3.Connection, busy_timeout: float) -> None:
    """Readers beside one writer, where the file system can: network shares may lack the shared memory for it."""
    deadline = time.monotonic() + busy_timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if _primary_code(error) != sqlite3.SQLITE_BUSY:
                connection.execute("PRAGMA journal_mode = DELETE")
                return
            # SQLite does not call the busy handler while another process is switching the same new file.
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration], *, backup: bool) -> None:
    with transaction(connection):
        found = schema_of(connection)  # again, under the lock: another process may have just done it
        if backup and 0 < found < len(migrations):
            _back_up(path, path.with_name(f"{path.stem}.before-{len(migrations)}.sqlite"))
        for migration in migrations[found:]:
            migration(connection)
        connection.execute(f"PRAGMA user_version = {max(found, len(migrations))}")


def _back_up(path: Path, copy: Path) -> None:
    # A second connection: SQLite refuses to copy through the one that holds the write lock.
    source = _connect(path, read_only=True, busy_timeout=BUSY_TIMEOUT)
    target = _connect(copy, read_only=False, busy_timeout=BUSY_TIMEOUT)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()


def _path_of(connection: sqlite3.Connection) -> Path:
    try:
        return Path(connection.execute("PRAGMA database_list").fetchone()[2] or ":memory:")
    except sqlite3.Error:
        return Path("database")


def _primary_code(error: BaseException) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF  # extended codes keep the primary one in the low byte


def _translated(path: Address, error: Exception) -> AlbumcleanError:
    match _primary_code(error):
        case sqlite3.SQLITE_FULL:
            return DiskFull(path=path)
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StoreBusy(path=path)
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return StoreError(path=path, detail=f"it is damaged or not a database ({error})")
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_READONLY:
            return StoreError(path=path, detail=f"it can't be opened for this ({error})")
    return StoreError(path=path, detail=error)
