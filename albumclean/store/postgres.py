"""The cache in PostgreSQL, for several machines that share it: what `store.connection` asks for, through psycopg.

Its tables lie in a schema of their own, `albumclean`, so that the database may hold other things as well. Writers take
turns, as with SQLite: each transaction begins with the same advisory lock. Locks go when the connection does, so that a
killed scan never stands in the way of the next one.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count, islice
from typing import Any, Self

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Dumper
from psycopg.conninfo import conninfo_to_dict
from psycopg.postgres import types
from psycopg.types.numeric import Int8BinaryDumper, NumericBinaryLoader
from psycopg.types.string import StrDumperUnknown

from albumclean.domain import ServerAddress
from albumclean.errors import (
    AlbumcleanError,
    DiskFull,
    ScanElsewhere,
    ServerLost,
    ServerRefused,
    StoreBusy,
    StoreError,
    StoreTooNew,
)
from albumclean.store.connection import Migration
from albumclean.store.dialect import only_reads, to_postgres

OLDEST = 130000  # the oldest server that the tests of the SQL stand for, as `server_version`
PAGE = 2000  # rows on their way at once

_SCHEMA = "albumclean"
_LOCKS = 0x616C626D  # our corner among the advisory locks of a database
_WRITING, _SCANNING = 1, 2
_HOW_TO_CONNECT = {
    "connect_timeout": "10",
    "client_encoding": "UTF8",
    "fallback_application_name": f"albumclean on {platform.node()}, process {os.getpid()}",
    "keepalives_idle": "30",  # seconds: a server or a cable that is gone is noticed within minutes
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
# The last commits may be lost where the server loses power, but never half of one, as with SQLite. The keepalives are
# the server's: it lets go of the locks of a machine that is gone. Cursors are read to the end.
_SETTINGS = f"""SET search_path = {_SCHEMA}; SET synchronous_commit = off; SET lock_timeout = '30s';
    SET client_min_messages = warning; SET cursor_tuple_fraction = 1;
    SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"""
_BUSY = frozenset({"55P03", "40P01", "40001"})  # lock not available, deadlock, serialization
_FULL = "53100"
_GOING = frozenset({"57P01", "57P02", "57P03"})  # the server stops, crashes or has only just begun
_ADVICE = (  # libpq's own words, which are English everywhere; the server's may be in another language
    ("password", "Put the password into ~/.pgpass or the variable PGPASSWORD."),
    ("does not exist", "docs/postgres.md shows how user and database are made."),
)


def open_server(address: ServerAddress, migrations: Sequence[Migration]) -> PostgresConnection:
    """Connect to the server, and bring the schema there up to `len(migrations)`; see `database.open_database`.

    Raises ServerRefused if there is no connection to be had, StoreTooNew for a newer schema, and StoreError and its
    kind.
    """
    try:
        known = {name: value for name, value in conninfo_to_dict(address.url).items() if value is not None}
        raw = psycopg.connect(**{**_HOW_TO_CONNECT, **known}, autocommit=True, context=_ADAPTERS)  # type: ignore[arg-type]
    except psycopg.ProgrammingError:  # its words may repeat any part of the address
        advice = "docs/postgres.md shows what it may hold."
        raise ServerRefused(path=address, detail="an option in it is not known", advice=advice) from None
    except psycopg.Error as error:
        detail = _one_line(error)
        advice = next((advice for words, advice in _ADVICE if words in detail), "Is the server running?")
        raise ServerRefused(path=address, detail=detail, advice=advice) from None
    connection = PostgresConnection(raw, address)
    try:
        connection.prepare(migrations)
    except BaseException:
        connection.close()
        raise
    return connection


class _Bool(Dumper):
    """Booleans lie in the cache as numbers."""

    oid = types["int8"].oid

    def dump(self, obj: bool) -> Buffer:
        return b"1" if obj else b"0"


class _Text(StrDumperUnknown):
    """PostgreSQL has no texts with a NUL in them, as a broken camera may leave in a photo."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}") if "\0" in obj else obj)


class _Number(NumericBinaryLoader):
    """Sums of whole numbers come as decimals of any length."""

    def load(self, data: Buffer) -> Any:  # noqa: ANN401 - psycopg says Decimal
        found = super().load(data)
        return int(found) if found == found.to_integral_value() else float(found)


def _adapters() -> AdaptersMap:
    adapters = AdaptersMap(psycopg.adapters)
    adapters.register_dumper(int, Int8BinaryDumper)  # else each number is as narrow as can be: many plans for one
    adapters.register_dumper(bool, _Bool)
    adapters.register_dumper(str, _Text)
    adapters.register_loader("numeric", _Number)
    return adapters


class _Context:
    adapters = _adapters()
    connection = None


_ADAPTERS = _Context()


class PostgresConnection:
    """One connection, used by one thread; see `store.connection.ServerConnection`."""

    def __init__(self, raw: psycopg.Connection[tuple[Any, ...]], address: ServerAddress) -> None:
        self.address = address
        self._raw = raw
        self._streams = count()
        self._why_lost = ""

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> PostgresCursor:
        """A SELECT runs when its rows are asked for: all at once, or streamed to a loop."""
        cursor = PostgresCursor(self, to_postgres(statement), tuple(values))
        if not only_reads(statement):
            cursor.run()
        return cursor

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> None:
        """Some thousand rows on their way at once; making them may ask this connection."""
        said = to_postgres(statement)
        remaining = iter(rows)
        while some := list(islice(remaining, PAGE)):
            with self.errors(), self._raw.cursor() as cursor:
                cursor.executemany(said, some)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Writers take turns, so none of them meets a deadlock."""
        try:
            self.command(f"BEGIN; SELECT pg_advisory_xact_lock({_LOCKS}, {_WRITING})")
            yield
            self.command("COMMIT")
        except BaseException:
            with suppress(psycopg.Error):  # a lost connection has been rolled back by the server
                self._raw.execute("ROLLBACK")
            raise

    @contextmanager
    def scan_lock(self) -> Iterator[None]:
        """Raises ScanElsewhere, which names the machine, if another scan writes to this cache."""
        which = (_LOCKS, _SCANNING)
        if not self.query("SELECT pg_try_advisory_lock(%s::int, %s::int)", which).fetchall()[0][0]:
            raise ScanElsewhere(path=self.address, owner=self._holder(which))
        try:
            yield
        finally:
            with suppress(psycopg.Error):  # a lost connection holds no lock
                self._raw.execute("SELECT pg_advisory_unlock(%s::int, %s::int)", which)

    def close(self) -> None:
        """Also ends what was not committed."""
        self._raw.close()

    def prepare(self, migrations: Sequence[Migration]) -> None:
        """Say how this session works, and bring the schema up to date, in one transaction."""
        with self.errors():
            if self._raw.info.server_version < OLDEST:
                raise StoreError(path=self.address, detail=f"its server is older than PostgreSQL {OLDEST // 10000}")
            encoding = self._raw.info.parameter_status("server_encoding")
            if encoding != "UTF8":
                raise StoreError(path=self.address, detail=f"the database's encoding is {encoding}, it must be UTF8")
        self.command(_SETTINGS)
        if self._schema() < len(migrations):
            with self.transaction():
                found = self._schema()  # again, under the lock: another process may have just done it
                if not found:
                    self.command(f"CREATE SCHEMA IF NOT EXISTS {_SCHEMA}")
                    self.command("CREATE TABLE schema_number (number INTEGER NOT NULL)")
                    self.command("INSERT INTO schema_number VALUES (0)")
                for migration in migrations[found:]:
                    migration(self)
                self.execute("UPDATE schema_number SET number = ?", (max(found, len(migrations)),))
        if (found := self._schema()) > len(migrations):
            raise StoreTooNew(path=self.address, found=found, known=len(migrations))

    # --- for the cursor ---------------------------------------------------------------------------------------------

    def command(self, statement: str) -> None:
        """One or more statements of PostgreSQL without values."""
        with self.errors():
            self._raw.execute(_query(statement))

    def query(self, statement: str, values: tuple[Any, ...]) -> psycopg.Cursor[tuple[Any, ...]]:
        """One statement of PostgreSQL."""
        with self.errors():
            return self._raw.execute(_query(statement), values, binary=True)

    def stream(self, statement: str, values: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, which the server keeps until they are fetched or the iterator is closed."""
        name = f"stream_{next(self._streams)}"
        self.query(f"DECLARE {name} NO SCROLL CURSOR WITH HOLD FOR {statement}", values)
        try:
            while True:
                rows = self.query(f"FETCH {PAGE} FROM {name}", ()).fetchall()
                yield from rows
                if len(rows) < PAGE:
                    return
        finally:
            with suppress(psycopg.Error):  # gone with the connection, or with the transaction that failed
                self._raw.execute(_query(f"CLOSE {name}"))

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn psycopg's errors into StoreError and its kind."""
        try:
            yield
        except psycopg.Error as error:
            raise self._translated(error) from error

    # ----------------------------------------------------------------------------------------------------------------

    def _translated(self, error: psycopg.Error) -> AlbumcleanError:
        if self._raw.closed or error.sqlstate in _GOING:
            self._why_lost = self._why_lost or _one_line(error)  # what comes after it says only that it is closed
            return ServerLost(path=self.address, detail=self._why_lost)
        if error.sqlstate == _FULL:
            return DiskFull(path=self.address)
        if error.sqlstate in _BUSY:
            return StoreBusy(path=self.address)
        return StoreError(path=self.address, detail=_one_line(error))

    def _schema(self) -> int:
        there = self.query("SELECT to_regclass(%s) IS NOT NULL", (f"{_SCHEMA}.schema_number",)).fetchall()
        if not there[0][0]:
            return 0
        return int(self.query("SELECT number FROM schema_number", ()).fetchall()[0][0])

    def _holder(self, which: tuple[int, int]) -> str:
        rows = self.query(
            """SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
            WHERE locktype = 'advisory' AND granted AND classid::bigint = %s AND objid::bigint = %s AND objsubid = 2
            AND datname = current_database()""",
            which,
        ).fetchall()
        return str(rows[0][0]) if rows and rows[0][0] else "on another machine"


class PostgresCursor:
    """The answer to one statement: `fetchone` and `fetchall` take it whole, a loop takes it in pages."""

    def __init__(self, connection: PostgresConnection, statement: str, values: tuple[Any, ...]) -> None:
        self._connection = connection
        self._statement = statement
        self._values = values
        self._answer: psycopg.Cursor[tuple[Any, ...]] | None = None

    def run(self) -> Self:
        """Send it, once."""
        if self._answer is None:
            self._answer = self._connection.query(self._statement, self._values)
        return self

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        return -1 if self._answer is None else self._answer.rowcount

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, None after the last one."""
        answer = self.run()._answer
        return None if answer is None else answer.fetchone()

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""
        answer = self.run()._answer
        return [] if answer is None else answer.fetchall()

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        if self._answer is not None:
            return iter(self._answer)
        return self._connection.stream(self._statement, self._values)


def _query(statement: str) -> bytes:
    return statement.encode()  # psycopg takes a str only where it is a literal; names in ours are our own


def _one_line(error: psycopg.Error) -> str:
    """What the server says, without the statement that it says it of."""
    text = error.diag.message_primary or re.split(r"\nLINE |\n\t", str(error))[0].removeprefix("connection failed: ")
    return re.sub(r"\s+", " ", text).strip().rstrip(".") or type(error).__name__
