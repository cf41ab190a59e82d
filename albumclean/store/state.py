"""The state that the cache is in, as a number: what was worked out from one state holds as long as the number stays.

Every transaction that changes which contents files hold, what is known of a content, or what close looks found, counts
the number up (`touch`). Work that reads the whole library leaves the number that it has seen beside its result.
"""

from __future__ import annotations

from albumclean.store.connection import Address, Connection
from albumclean.store.database import store_errors, transaction

_GENERATION = "generation"


def create(connection: Connection) -> None:
    """A part of schema 6 of the cache."""
    connection.execute("CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
    connection.execute("INSERT INTO state (name, value) VALUES (?, ?)", (_GENERATION, "0"))


def touch(write: Connection) -> None:
    """What the library is has changed; to be called inside the transaction that changes it."""
    write.execute("UPDATE state SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE name = ?", (_GENERATION,))


def put(write: Connection, name: str, value: str) -> None:
    """Remember it in the place of what was there; inside the caller's transaction."""
    write.execute(
        "INSERT INTO state (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )


class State:
    """One connection, used by one thread; `Cache.state` gives it."""

    def __init__(self, connection: Connection, path: Address) -> None:
        self._connection = connection
        self._path = path

    @property
    def generation(self) -> int:
        """Of now."""
        return int(self.value(_GENERATION) or 0)

    def value(self, name: str) -> str | None:
        """What was last remembered under a name."""
        with store_errors(self._path):
            row = self._connection.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def remember(self, name: str, value: str) -> None:
        """Remember it in the place of what was there."""
        with transaction(self._connection) as write:
            put(write, name, value)

    def is_done(self, work: str, how: str = "") -> bool:
        """Whether this work over the whole library was done, in this way, for the state that it is in."""
        return self.value(work) == _done(self.generation, how)

    def mark_done(self, work: str, how: str = "", *, generation: int) -> None:
        """It was, for the state of that number."""
        self.remember(work, _done(generation, how))


def _done(generation: int, how: str) -> str:
    return f"{generation}|{how}"
