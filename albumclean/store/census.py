"""How many photos each root held when a run last found all in order: what the circuit breaker compares with."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from albumclean.store.database import store_errors, transaction
from albumclean.store.rows import under_folders


@dataclass(frozen=True, slots=True)
class Count:
    """One root on a good day."""

    root: Path
    photos: int
    bytes: int  # of the photos themselves
    device: int  # st_dev of the root; another one may be another drive
    at: float  # seconds since the epoch


def create(connection: sqlite3.Connection) -> None:
    """Schema 3 of the ledger."""
    connection.execute(
        """CREATE TABLE census (
            root BLOB PRIMARY KEY,
            photos INTEGER NOT NULL, bytes INTEGER NOT NULL,
            device TEXT NOT NULL,     -- as text: Windows uses all 64 bits and more
            at REAL NOT NULL
        ) WITHOUT ROWID"""
    )


class Census:
    """The table in the ledger, and what the journal says of the time since."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def of(self, root: Path) -> Count | None:
        """The last good count of a root, if there was one."""
        with store_errors(self._path):
            row = self._connection.execute(
                "SELECT photos, bytes, device, at FROM census WHERE root = ?", (os.fsencode(root),)
            ).fetchone()
        return None if row is None else Count(root, row[0], row[1], int(row[2]), row[3])

    def record(self, counts: Iterable[Count]) -> None:
        """These stand in the place of what was counted before, all of them or none."""
        with transaction(self._connection) as write:
            write.executemany(
                "INSERT OR REPLACE INTO census (root, photos, bytes, device, at) VALUES (?, ?, ?, ?, ?)",
                ((os.fsencode(each.root), each.photos, each.bytes, str(each.device), each.at) for each in counts),
            )

    def moved_since(self, count: Count) -> int:
        """How many photos under the root albumclean itself has moved away since then, and that are still away."""
        where, values = under_folders([count.root])
        with store_errors(self._path):
            row = self._connection.execute(
                f"""SELECT count(*) FROM
                (SELECT source AS path FROM move WHERE state = 'moved' AND kind IS NULL AND changed_at >= ?)
                WHERE {where}""",  # noqa: S608
                (count.at, *values),
            ).fetchone()
        return int(row[0])
