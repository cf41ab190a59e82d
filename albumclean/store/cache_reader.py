"""What everything after a scan reads from the score cache."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from albumclean.domain import Embedding, Failure, Fingerprint, Photo, ScorerSpec, Stage
from albumclean.store.comparisons import Comparisons
from albumclean.store.database import store_errors
from albumclean.store.rows import KNOWN, Known, known_from_row, photo_from_row, under_folders, unsigned64

PAGE = 1000  # rows read or written at once


@dataclass(frozen=True, slots=True)
class CacheCounts:
    """How much the cache knows."""

    files: int
    bytes: int
    unread: int
    failed: int
    contents: int
    last_scan: float | None


class CacheReader:
    """The cache's answers; `Cache` adds what a scan writes. One connection, used by one thread."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection
        self._series: dict[tuple[str, str, str], int] = {}
        self.comparisons = Comparisons(connection, path)

    def has_files(self, under: Sequence[Path] = ()) -> bool:
        """Whether anything is known (under one of the folders)."""
        where, values = under_folders(under)
        with store_errors(self.path):
            return self._connection.execute(f"SELECT 1 FROM file WHERE {where} LIMIT 1", values).fetchone() is not None  # noqa: S608

    def count_under(self, root: Path) -> int:
        """How many photos are known under a folder (or as this file)."""
        where, values = under_folders([root])
        with store_errors(self.path):
            return int(self._connection.execute(f"SELECT count(*) FROM file WHERE {where}", values).fetchone()[0])  # noqa: S608

    def known(self, under: Sequence[Path] = ()) -> Iterator[Known]:
        """Every file (under one of the folders), by path, with what hangs on its content."""
        where, values = under_folders(under)
        last = b""
        while True:
            with store_errors(self.path):
                rows = self._connection.execute(
                    f"{KNOWN} WHERE {where} AND file.path > ? ORDER BY file.path LIMIT {PAGE}",
                    (*values, last),
                ).fetchall()
            if not rows:
                return
            yield from map(known_from_row, rows)
            last = rows[-1][0]

    def known_with(self, hashes: Iterable[bytes]) -> Iterator[Known]:
        """Every file that holds one of these contents; by content as asked, then by path."""
        for content_hash in hashes:
            with store_errors(self.path):
                rows = self._connection.execute(
                    f"{KNOWN} WHERE file.content_hash = ? ORDER BY file.path", (content_hash,)
                ).fetchall()
            yield from map(known_from_row, rows)

    def shared_contents(self) -> list[bytes]:
        """The contents that more than one file holds."""
        with store_errors(self.path):
            rows = self._connection.execute(
                """SELECT content_hash FROM file WHERE content_hash IS NOT NULL AND failure_stage IS NULL
                GROUP BY content_hash HAVING count(*) > 1 ORDER BY content_hash"""
            ).fetchall()
        return [row[0] for row in rows]

    def scores(self, content_hash: bytes, specs: Sequence[ScorerSpec]) -> dict[str, dict[str, float]]:
        """{scorer: {quantity: raw value}} for the given scorers at their present revisions."""
        with store_errors(self.path):
            values = dict(
                self._connection.execute("SELECT series, value FROM score WHERE content_hash = ?", (content_hash,))
            )
        found: dict[str, dict[str, float]] = {}
        for spec in specs:
            for quantity, series in zip(spec.quantities, self._series_of(spec), strict=True):
                if series in values:
                    found.setdefault(spec.name, {})[quantity] = values[series]
        return found

    def dated_photos(self) -> Iterator[Photo]:
        """What is known of every readable content with a capture time that a file holds, by camera and by time."""
        with store_errors(self.path):
            cursor = self._connection.execute(
                """SELECT * FROM photo WHERE taken_at IS NOT NULL AND EXISTS (
                    SELECT 1 FROM file WHERE file.content_hash = photo.content_hash AND failure_stage IS NULL)
                ORDER BY camera, taken_at, content_hash"""
            )
            yield from map(photo_from_row, cursor)

    def fingerprint(self, content_hash: bytes, revision: str) -> tuple[Fingerprint, float] | None:
        """(fingerprint, width / height) of a content."""
        with store_errors(self.path):
            row = self._connection.execute(
                """SELECT content_hash, phash, dhash, layout, detail, width * 1.0 / height
                FROM fingerprint JOIN photo USING (content_hash) WHERE content_hash = ? AND revision = ?""",
                (content_hash, revision),
            ).fetchone()
        return None if row is None else _fingerprint(row)

    def embedding(self, content_hash: bytes, revision: str) -> Embedding | None:
        """The embedding of a content."""
        with store_errors(self.path):
            row = self._connection.execute(
                "SELECT content_hash, vector FROM embedding WHERE content_hash = ? AND revision = ?",
                (content_hash, revision),
            ).fetchone()
        return None if row is None else Embedding(*row)

    def fingerprints(self, revision: str) -> Iterator[tuple[Fingerprint, float]]:
        """(fingerprint, width / height) of every readable content that a file holds, by content."""
        with store_errors(self.path):
            cursor = self._connection.execute(
                """SELECT content_hash, phash, dhash, layout, detail, width * 1.0 / height
                FROM fingerprint JOIN photo USING (content_hash) WHERE revision = ? AND EXISTS (
                    SELECT 1 FROM file WHERE file.content_hash = fingerprint.content_hash AND failure_stage IS NULL)
                ORDER BY content_hash""",
                (revision,),
            )
            yield from map(_fingerprint, cursor)

    def embeddings(self, revision: str) -> Iterator[Embedding]:
        """The embedding of every readable content that a file holds, by content."""
        with store_errors(self.path):
            cursor = self._connection.execute(
                """SELECT content_hash, vector FROM embedding WHERE revision = ? AND EXISTS (
                    SELECT 1 FROM file WHERE file.content_hash = embedding.content_hash AND failure_stage IS NULL)
                ORDER BY content_hash""",
                (revision,),
            )
            for digest, vector in cursor:
                yield Embedding(digest, vector)

    def photo(self, content_hash: bytes) -> Photo | None:
        """What is known of a content."""
        with store_errors(self.path):
            row = self._connection.execute("SELECT * FROM photo WHERE content_hash = ?", (content_hash,)).fetchone()
        return None if row is None else photo_from_row(row)

    def failures(self, under: Sequence[Path] = ()) -> Iterator[Failure]:
        """Files that could not be read or scored, by path."""
        where, values = under_folders(under)
        with store_errors(self.path):
            for path, stage, reason, transient in self._connection.execute(
                f"""SELECT path, failure_stage, failure_reason, failure_transient FROM file
                WHERE failure_stage IS NOT NULL AND {where} ORDER BY path""",  # noqa: S608
                values,
            ):
                yield Failure(Path(os.fsdecode(path)), Stage(stage), reason, bool(transient))

    def counts(self) -> CacheCounts:
        """For `albumclean status`."""
        with store_errors(self.path):
            files, size, unread, failed, contents = self._connection.execute(
                """SELECT count(*), coalesce(sum(size), 0), sum(content_hash IS NULL AND failure_stage IS NULL),
                sum(failure_stage IS NOT NULL), count(DISTINCT content_hash) FROM file"""
            ).fetchone()
            last = self._connection.execute("SELECT max(finished_at) FROM scan").fetchone()[0]
        return CacheCounts(files, size, unread or 0, failed or 0, contents, last)

    def roots(self) -> list[Path]:
        """Every folder that a finished scan was sent to and that still has known files, without doubles, sorted."""
        with store_errors(self.path):
            rows = self._connection.execute("SELECT roots FROM scan").fetchall()
        named = {Path(root) for (text,) in rows for root in json.loads(text)}
        return sorted(root for root in named if self.count_under(root))

    def _series_of(self, spec: ScorerSpec) -> list[int]:
        return [self._series_id(spec.name, spec.revision, quantity) for quantity in spec.quantities]

    def _series_id(self, scorer: str, revision: str, quantity: str) -> int:
        key = (scorer, revision, quantity)
        if key not in self._series:
            with store_errors(self.path):
                self._connection.execute(
                    "INSERT OR IGNORE INTO series (scorer, revision, quantity) VALUES (?, ?, ?)", key
                )
                row = self._connection.execute(
                    "SELECT id FROM series WHERE scorer = ? AND revision = ? AND quantity = ?", key
                ).fetchone()
            self._series[key] = int(row[0])
        return self._series[key]


def _fingerprint(row: Sequence[Any]) -> tuple[Fingerprint, float]:
    digest, phash, dhash, layout, detail, aspect = row
    return Fingerprint(digest, unsigned64(phash), unsigned64(dhash), layout, detail), aspect
