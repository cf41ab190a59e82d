"""Thumbnails by content, in a file of their own beside the cache, as it is much larger. Disposable twice over.

`Thumbnails` says what goes wrong; `Shelf` is for those whose work must never suffer from it.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from albumclean.errors import DiskFull, StoreError
from albumclean.store.database import open_database, store_errors, transaction

RESERVE = 256 << 20  # bytes that stay free: the last space of a disk belongs to scores and to the user
_PAGE = 1000  # contents looked at or dropped at once
_PATIENCE = 3.0  # seconds that a writer waits for another one: nobody's work may wait long for a thumbnail


def _create(connection: sqlite3.Connection) -> None:
    # With a rowid: the index over the contents stays small beside the pictures, and answers what is there.
    connection.execute(
        "CREATE TABLE thumbnail (content_hash BLOB PRIMARY KEY, revision TEXT NOT NULL, jpeg BLOB NOT NULL)"
    )


MIGRATIONS = (_create,)


class Thumbnails:
    """JPEG bytes by content hash; only those of `revision` count. May be used by several threads."""

    def __init__(self, connection: sqlite3.Connection, path: Path, revision: str) -> None:
        self.path = path
        self._connection = connection
        self._revision = revision
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path, revision: str, *, read_only: bool = False) -> Self:
        """Open or create the file; with `read_only` it must be there. Raises StoreError and its kind."""
        connection = open_database(
            path, MIGRATIONS, backup=False, read_only=read_only, busy_timeout=_PATIENCE, any_thread=True
        )
        return cls(connection, path, revision)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, content_hash: bytes) -> bytes | None:
        """The thumbnail of a content, or None."""
        with self._lock, store_errors(self.path):
            row = self._connection.execute(
                "SELECT jpeg FROM thumbnail WHERE content_hash = ? AND revision = ?", (content_hash, self._revision)
            ).fetchone()
        return None if row is None else bytes(row[0])

    def has(self, content_hash: bytes) -> bool:
        """Whether there is a thumbnail of this content."""
        with self._lock, store_errors(self.path):
            row = self._connection.execute(
                "SELECT 1 FROM thumbnail WHERE content_hash = ? AND revision = ?", (content_hash, self._revision)
            ).fetchone()
        return row is not None

    def put(self, made: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep (content hash, JPEG), in one transaction. Raises DiskFull while the disk still has a reserve."""
        try:
            free = shutil.disk_usage(self.path.parent).free
        except OSError as error:
            raise StoreError(path=self.path, detail=error) from error
        if free < RESERVE:
            raise DiskFull(path=self.path)
        rows = [(content_hash, self._revision, jpeg) for content_hash, jpeg in made]
        with self._lock, transaction(self._connection) as write:
            write.executemany("INSERT OR REPLACE INTO thumbnail VALUES (?, ?, ?)", rows)

    def prune(self, known: Iterable[bytes]) -> int:
        """Drop what is not among `known`, which must be ascending; how many there were. Streams both sides."""
        dropped = 0
        vanished = _without(self._contents(), iter(known))
        while page := list(islice(vanished, _PAGE)):
            with self._lock, transaction(self._connection) as write:
                write.executemany("DELETE FROM thumbnail WHERE content_hash = ?", ((each,) for each in page))
            dropped += len(page)
        if dropped:
            self._give_back_space()
        return dropped

    def _contents(self) -> Iterator[bytes]:
        """Every content, ascending, by pages, so that rows may go meanwhile."""
        last = b""
        while True:
            with self._lock, store_errors(self.path):
                rows = self._connection.execute(
                    "SELECT content_hash FROM thumbnail WHERE content_hash > ? ORDER BY content_hash LIMIT ?",
                    (last, _PAGE),
                ).fetchall()
            if not rows:
                return
            yield from (row[0] for row in rows)
            last = rows[-1][0]

    def _give_back_space(self) -> None:
        # Free pages are used again by the next photos; only a file that is mostly empty is worth being written anew.
        with self._lock, store_errors(self.path):
            (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
            (free,) = self._connection.execute("PRAGMA freelist_count").fetchone()
            if 2 * free > pages:
                self._connection.execute("VACUUM")


class Shelf:
    """Thumbnails as far as they can be kept: after a trouble nothing more is written, or read, and all else goes on.

    `trouble`: what happened first, as a sentence for people; None while all is well. May be used by several threads.
    """

    def __init__(self, path: Path, revision: str) -> None:
        """Opens the file, or creates it."""
        self.trouble: str | None = None
        self._opened: Thumbnails | None = None
        try:
            self._opened = Thumbnails.open(path, revision)
        except StoreError as error:
            self._give_up(error)
        self._reader = self._writer = self._opened

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            self._opened.close()

    def get(self, content_hash: bytes) -> bytes | None:
        """As `Thumbnails.get`."""
        if self._reader is not None:
            try:
                return self._reader.get(content_hash)
            except StoreError as error:
                self._reader = None
                self._give_up(error)
        return None

    def lacks(self, content_hash: bytes) -> bool:
        """Whether a thumbnail of this content is worth making: there is none, and it could be put here."""
        if self._writer is not None:
            try:
                return not self._writer.has(content_hash)
            except StoreError as error:
                self._writer = None
                self._give_up(error)
        return False

    def put(self, made: Sequence[tuple[bytes, bytes]]) -> None:
        """As `Thumbnails.put`."""
        if self._writer is not None and made:
            try:
                self._writer.put(made)
            except StoreError as error:
                self._writer = None
                self._give_up(error)

    def prune(self, known: Iterable[bytes]) -> None:
        """As `Thumbnails.prune`."""
        if self._writer is not None:
            try:
                self._writer.prune(known)
            except StoreError as error:
                self._writer = None
                self._give_up(error)

    def _give_up(self, error: StoreError) -> None:
        self.trouble = self.trouble or str(error)


def _without(ours: Iterator[bytes], theirs: Iterator[bytes]) -> Iterator[bytes]:
    """Those of `ours` that are not in `theirs`; both ascend."""
    other = next(theirs, None)
    for one in ours:
        while other is not None and other < one:
            other = next(theirs, None)
        if one != other:
            yield one
