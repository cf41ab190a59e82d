"""What the cache's code asks of a database: SQLite's own connection has it, and `store.postgres` gives it to a server.

The SQL is the common part of SQLite (3.39 and later) and PostgreSQL (13 and later), written for SQLite; `store.dialect`
says it to PostgreSQL. The ledger and the thumbnails are always SQLite.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from filelock import FileLock, Timeout

from albumclean.domain import ServerAddress
from albumclean.errors import PostgresSupportMissing, StoreBusy
from albumclean.store.database import open_database

TO_INSTALL = "albumclean[postgres]"

Address: TypeAlias = Path | ServerAddress


class Cursor(Protocol):
    """The answer to a statement."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchone(self) -> Any:  # noqa: ANN401 - a tuple of what the columns hold, or None
        """The next row, None after the last one."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """The rows, few at a time in memory."""


class ServerConnection(Protocol):
    """A connection to a database server, used by one thread. Raises StoreError and its kind."""

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Cursor:
        """Run a statement with `?` for values. A SELECT runs when its rows are asked for."""

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run it once with each row of values."""

    def transaction(self) -> AbstractContextManager[None]:
        """All that is written inside happens together or not at all; other writers wait."""

    def scan_lock(self) -> AbstractContextManager[None]:
        """Held by one connection at a time. Raises StoreBusy at once if another one has it."""

    def close(self) -> None:
        """Give the connection back."""


Connection: TypeAlias = sqlite3.Connection | ServerConnection
Migration: TypeAlias = Callable[[Any], None]  # takes the kind of connection that the database is opened with


def open_store(where: Address, migrations: Sequence[Migration]) -> Connection:
    """Open (and create) a disposable database, in a file or on a server, and bring its schema up to date.

    Raises PostgresSupportMissing if the server's library is not installed, and StoreError and its kind.
    """
    if isinstance(where, Path):
        return open_database(where, migrations, backup=False)
    try:
        from albumclean.store.postgres import open_server
    except ImportError as error:
        raise PostgresSupportMissing(install=TO_INSTALL, detail=error) from error
    return open_server(where, migrations)


@contextmanager
def scan_lock(connection: Connection, where: Address) -> Iterator[None]:
    """Held by the one scan that may write to the database. Raises StoreBusy at once if there is another."""
    if not isinstance(connection, sqlite3.Connection):
        with connection.scan_lock():
            yield
        return
    try:
        lock = FileLock(f"{where}.lock", blocking=False)
        lock.acquire()
    except Timeout:
        raise StoreBusy(path=where) from None
    try:
        yield
    finally:
        lock.release()
