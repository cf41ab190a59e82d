"""What everything after a scan reads from the score cache."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from albumclean.domain import Embedding, Fingerprint, Photo, ScorerSpec
from albumclean.store.candidates import Candidates
from albumclean.store.comparisons import Comparisons
from albumclean.store.connection import Address, Connection
from albumclean.store.database import portions, store_errors
from albumclean.store.identifiers import Identifiers
from albumclean.store.overview import Overview
from albumclean.store.rows import (
    FINGERPRINT_COLUMNS,
    KNOWN_COLUMNS,
    PHOTO_COLUMNS,
    Known,
    Quantity,
    fingerprint_from_row,
    known_from_row,
    known_query,
    photo_from_row,
    under_folders,
)
from albumclean.store.stored_groups import StoredGroups

PAGE = 1000  # rows read or written at once

_FINGERPRINT = f"""SELECT {FINGERPRINT_COLUMNS}, CAST(width AS DOUBLE PRECISION) / height
    FROM fingerprint JOIN photo USING (content_hash)"""  # noqa: S608


class CacheReader(Overview):
    """The cache's answers; `Cache` adds what a scan writes. One connection, used by one thread."""

    def __init__(self, connection: Connection, path: Address) -> None:
        super().__init__(connection, path)
        self.comparisons = Comparisons(connection, path)
        self.identifiers = Identifiers(connection, path)
        self.stored_groups = StoredGroups(connection, path, self.state)
        self.candidates = Candidates(connection, path, self.scores)

    def known(
        self, under: Sequence[Path] = (), specs: Sequence[ScorerSpec] = (), *, videos: bool = False
    ) -> Iterator[Known]:
        """Every file (under one of the folders), by path, with what hangs on its content: these scorers' values too.

        `videos`: those alone.
        """
        where, values = under_folders(under)
        where += " AND video = 1" if videos else ""
        reading = self.scores.reading(specs)
        query = known_query(reading.columns, reading.joins)
        last = b""
        while True:
            with store_errors(self.path):
                rows = self._connection.execute(
                    f"{query} WHERE {where} AND file.path > ? ORDER BY file.path LIMIT {PAGE}",
                    (*values, last),
                ).fetchall()
            if not rows:
                return
            for row in rows:
                yield known_from_row(row, reading.values(row[KNOWN_COLUMNS:]))
            last = rows[-1][0]

    def known_with(self, hashes: Iterable[bytes], specs: Sequence[ScorerSpec] = ()) -> Iterator[Known]:
        """Every file that holds one of these contents; by content as asked, then by path. `specs` as in `known`."""
        reading = self.scores.reading(specs)
        query = known_query(reading.columns, reading.joins)
        for asked, rows in self._about(hashes, f"{query} WHERE file.content_hash IN ({{}}) ORDER BY file.path"):
            holders: dict[bytes, list[Known]] = {content_hash: [] for content_hash in asked}
            for row in rows:
                known = known_from_row(row, reading.values(row[KNOWN_COLUMNS:]))
                if known.content_hash is not None:
                    holders[known.content_hash].append(known)
            for content_hash in asked:
                yield from holders[content_hash]

    def shared_contents(self) -> list[bytes]:
        """The contents that more than one file holds."""
        with store_errors(self.path):
            rows = self._connection.execute(
                """SELECT content_hash FROM file WHERE content_hash IS NOT NULL AND failure_stage IS NULL
                GROUP BY content_hash HAVING count(*) > 1 ORDER BY content_hash"""
            ).fetchall()
        return [row[0] for row in rows]

    def contents(self) -> Iterator[bytes]:
        """Every content that a file holds, ascending."""
        with store_errors(self.path):
            for (content_hash,) in self._connection.execute(
                "SELECT DISTINCT content_hash FROM file WHERE content_hash IS NOT NULL ORDER BY content_hash"
            ):
                yield content_hash

    def described(self) -> Iterator[bytes]:
        """Every content whose facts are known, whether or not a file holds it, ascending."""
        with store_errors(self.path):
            for (content_hash,) in self._connection.execute("SELECT content_hash FROM photo ORDER BY content_hash"):
                yield content_hash

    def dated_photos(self) -> Iterator[Photo]:
        """What is known of every readable photo with a capture time that a file holds, by camera and by time."""
        with store_errors(self.path):
            cursor = self._connection.execute(
                f"""SELECT {PHOTO_COLUMNS} FROM photo WHERE taken_at IS NOT NULL AND EXISTS (
                    SELECT 1 FROM file
                    WHERE file.content_hash = photo.content_hash AND failure_stage IS NULL AND video = 0)
                ORDER BY camera NULLS FIRST, taken_at, content_hash"""  # noqa: S608
            )
            yield from map(photo_from_row, cursor)

    def fingerprints_of(self, hashes: Iterable[bytes], revision: str) -> Iterator[tuple[Fingerprint, float]]:
        """(fingerprint, width / height) of these contents, as far as there are any, in no certain order."""
        query = f"{_FINGERPRINT} WHERE content_hash IN ({{}}) AND revision = ?"
        for _, rows in self._about(hashes, query, revision):
            yield from map(_fingerprint, rows)

    def embeddings_of(self, hashes: Iterable[bytes], revision: str) -> Iterator[Embedding]:
        """The embeddings of these contents, as far as there are any, in no certain order."""
        query = "SELECT content_hash, vector FROM embedding WHERE content_hash IN ({}) AND revision = ?"
        for _, rows in self._about(hashes, query, revision):
            yield from (Embedding(*row) for row in rows)

    def fingerprints(self, revision: str) -> Iterator[tuple[Fingerprint, float]]:
        """(fingerprint, width / height) of every readable content of one picture that a file holds, by content."""
        with store_errors(self.path):
            cursor = self._connection.execute(
                f"""{_FINGERPRINT} WHERE revision = ? AND pictures = 1 AND EXISTS (
                    SELECT 1 FROM file WHERE file.content_hash = fingerprint.content_hash AND failure_stage IS NULL)
                ORDER BY content_hash""",  # noqa: S608
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
            row = self._connection.execute(
                f"SELECT {PHOTO_COLUMNS} FROM photo WHERE content_hash = ?",  # noqa: S608
                (content_hash,),
            ).fetchone()
        return None if row is None else photo_from_row(row)

    def photos_of(self, hashes: Iterable[bytes]) -> Iterator[Photo]:
        """What is known of these contents, as far as anything is, in their order."""
        for asked, rows in self._about(hashes, f"SELECT {PHOTO_COLUMNS} FROM photo WHERE content_hash IN ({{}})"):  # noqa: S608
            found = {row[0]: row for row in rows}
            yield from (photo_from_row(found[content_hash]) for content_hash in asked if content_hash in found)

    def values_of(self, hashes: Iterable[bytes], spec: ScorerSpec, quantity: str) -> Iterator[tuple[bytes, float]]:
        """(content, value) of these contents, as far as the scorer has seen them; no file need hold them any more."""
        return self.scores.values(hashes, spec, quantity)

    def frames_of(self, content_hash: bytes, specs: Sequence[ScorerSpec]) -> dict[float, dict[Quantity, float]]:
        """What these scorers said of a video's frames, as far as they have seen it: by seconds, ascending."""
        return self.scores.frames(content_hash, specs)

    def contents_below(self, spec: ScorerSpec, value: float) -> Iterator[bytes]:
        """The contents of which a scorer's main quantity is below a value, ascending; no file need hold them."""
        condition, values = self.scores.below(spec, value)
        with store_errors(self.path):
            for (content_hash,) in self._connection.execute(
                f"SELECT content_hash FROM score WHERE {condition} ORDER BY content_hash",  # noqa: S608
                values,
            ):
                yield content_hash

    def _about(
        self, hashes: Iterable[bytes], query: str, *values: str
    ) -> Iterator[tuple[tuple[bytes, ...], list[tuple[Any, ...]]]]:
        """Some hundred contents at a time, with the rows of `query`; its `{}` stands for them, `values` come after."""
        for marks, asked in portions(hashes):
            with store_errors(self.path):
                rows = self._connection.execute(query.format(marks), (*asked, *values)).fetchall()
            yield asked, rows


def _fingerprint(row: Sequence[Any]) -> tuple[Fingerprint, float]:
    *columns, aspect = row
    return fingerprint_from_row(columns), aspect
