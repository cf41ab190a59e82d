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
from albumclean.store.database import portions, store_errors
from albumclean.store.identifiers import Identifiers
from albumclean.store.rows import (
    Known,
    Quantity,
    known_from_row,
    known_query,
    photo_from_row,
    under_folders,
    unsigned64,
)
from albumclean.store.state import State

PAGE = 1000  # rows read or written at once

_FINGERPRINT = """SELECT content_hash, phash, dhash, layout, detail, width * 1.0 / height
    FROM fingerprint JOIN photo USING (content_hash)"""


@dataclass(frozen=True, slots=True)
class CacheCounts:
    """How much the cache knows."""

    files: int
    videos: int  # of the files
    bytes: int
    unread: int
    failed: int
    contents: int
    last_scan: float | None


@dataclass(frozen=True, slots=True)
class Histogram:
    """Known photos by one value in [0, 1]: bin i of n holds i/n <= value < (i + 1)/n, the last one 1 as well."""

    counts: tuple[int, ...]
    bytes: tuple[int, ...]  # of the photos with all their companions


class CacheReader:
    """The cache's answers; `Cache` adds what a scan writes. One connection, used by one thread."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection
        self._series: dict[tuple[str, str, str], int] = {}
        self.comparisons = Comparisons(connection, path)
        self.identifiers = Identifiers(connection, path)
        self.state = State(connection, path)

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

    def size_under(self, root: Path) -> int:
        """The bytes of the photos known under a folder, without their companions."""
        where, values = under_folders([root])
        with store_errors(self.path):
            query = f"SELECT coalesce(sum(size), 0) FROM file WHERE {where}"  # noqa: S608
            return int(self._connection.execute(query, values).fetchone()[0])

    def has_videos(self, under: Sequence[Path] = ()) -> bool:
        """Whether a video is known (under one of the folders)."""
        where, values = under_folders(under)
        with store_errors(self.path):
            query = f"SELECT 1 FROM file WHERE video AND {where} LIMIT 1"  # noqa: S608
            return self._connection.execute(query, values).fetchone() is not None

    def known(
        self, under: Sequence[Path] = (), specs: Sequence[ScorerSpec] = (), *, videos: bool = False
    ) -> Iterator[Known]:
        """Every file (under one of the folders), by path, with what hangs on its content: these scorers' values too.

        `videos`: those alone.
        """
        where, values = under_folders(under)
        where += " AND video" if videos else ""
        query, quantities = self._known(specs)
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
                yield known_from_row(row, quantities)
            last = rows[-1][0]

    def known_with(self, hashes: Iterable[bytes], specs: Sequence[ScorerSpec] = ()) -> Iterator[Known]:
        """Every file that holds one of these contents; by content as asked, then by path. `specs` as in `known`."""
        query, quantities = self._known(specs)
        for asked, rows in self._about(hashes, f"{query} WHERE file.content_hash IN ({{}}) ORDER BY file.path"):
            holders: dict[bytes, list[Known]] = {content_hash: [] for content_hash in asked}
            for row in rows:
                known = known_from_row(row, quantities)
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

    def dated_photos(self) -> Iterator[Photo]:
        """What is known of every readable photo with a capture time that a file holds, by camera and by time."""
        with store_errors(self.path):
            cursor = self._connection.execute(
                """SELECT * FROM photo WHERE taken_at IS NOT NULL AND EXISTS (
                    SELECT 1 FROM file
                    WHERE file.content_hash = photo.content_hash AND failure_stage IS NULL AND NOT video)
                ORDER BY camera, taken_at, content_hash"""
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
            row = self._connection.execute("SELECT * FROM photo WHERE content_hash = ?", (content_hash,)).fetchone()
        return None if row is None else photo_from_row(row)

    def photos_of(self, hashes: Iterable[bytes]) -> Iterator[Photo]:
        """What is known of these contents, as far as anything is, in their order."""
        for asked, rows in self._about(hashes, "SELECT * FROM photo WHERE content_hash IN ({})"):
            found = {row[0]: row for row in rows}
            yield from (photo_from_row(found[content_hash]) for content_hash in asked if content_hash in found)

    def values_of(self, hashes: Iterable[bytes], spec: ScorerSpec, quantity: str) -> Iterator[tuple[bytes, float]]:
        """(content, value) of these contents, as far as the scorer has seen them; no file need hold them any more."""
        series = self._series_id(spec.name, spec.revision, quantity)
        query = f"SELECT content_hash, value FROM score WHERE content_hash IN ({{}}) AND series = {series}"  # noqa: S608
        for asked, rows in self._about(hashes, query):
            found = dict(rows)
            yield from ((content_hash, found[content_hash]) for content_hash in asked if content_hash in found)

    def frames_of(self, content_hash: bytes, specs: Sequence[ScorerSpec]) -> dict[float, dict[Quantity, float]]:
        """What these scorers said of a video's frames, as far as they have seen it: by seconds, ascending."""
        quantities = {
            self._series_id(spec.name, spec.revision, quantity): (spec.name, quantity)
            for spec in specs
            for quantity in spec.quantities
        }
        found: dict[float, dict[Quantity, float]] = {}
        with store_errors(self.path):
            for series, seconds, value in self._connection.execute(
                "SELECT series, seconds, value FROM frame_score WHERE content_hash = ? ORDER BY seconds",
                (content_hash,),
            ):
                if series in quantities:
                    found.setdefault(seconds, {})[quantities[series]] = value
        return found

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
            files, videos, size, unread, failed, contents = self._connection.execute(
                """SELECT count(*), coalesce(sum(video), 0), coalesce(sum(size), 0),
                sum(content_hash IS NULL AND failure_stage IS NULL),
                sum(failure_stage IS NOT NULL), count(DISTINCT content_hash) FROM file"""
            ).fetchone()
            last = self._connection.execute("SELECT max(finished_at) FROM scan").fetchone()[0]
        return CacheCounts(files, videos, size, unread or 0, failed or 0, contents, last)

    def histogram(self, spec: ScorerSpec, quantity: str, bins: int = 100) -> Histogram:
        """All readable photos by one value of a scorer; the first k bins hold just those with a value below k/bins."""
        others = "(SELECT sum(json_extract(value, '$[2]')) FROM json_each(companions))"
        size = f"size + CASE WHEN companions IS NULL THEN 0 ELSE {others} END"
        near = "CAST(value * ?1 AS INTEGER)"  # off by one where the product was rounded to a whole number
        at = f"{near} + (value >= ({near} + 1.0) / ?1) - (value < 1.0 * {near} / ?1)"
        with store_errors(self.path):
            rows = self._connection.execute(
                f"""SELECT min(max({at}, 0), ?1 - 1), count(*), sum({size}) FROM file JOIN score USING (content_hash)
                WHERE series = ?2 AND failure_stage IS NULL AND NOT video GROUP BY 1""",  # noqa: S608
                (bins, self._series_id(spec.name, spec.revision, quantity)),
            ).fetchall()
        counts, sizes = [0] * bins, [0] * bins
        for number, count, total in rows:
            counts[number], sizes[number] = count, total
        return Histogram(tuple(counts), tuple(sizes))

    def roots(self) -> list[Path]:
        """Every folder that a finished scan was sent to and that still has known files, without doubles, sorted."""
        with store_errors(self.path):
            rows = self._connection.execute("SELECT roots FROM scan").fetchall()
        named = {Path(root) for (text,) in rows for root in json.loads(text)}
        return sorted(root for root in named if self.count_under(root))

    def _about(
        self, hashes: Iterable[bytes], query: str, *values: str
    ) -> Iterator[tuple[tuple[bytes, ...], list[tuple[Any, ...]]]]:
        """Some hundred contents at a time, with the rows of `query`; its `{}` stands for them, `values` come after."""
        for marks, asked in portions(hashes):
            with store_errors(self.path):
                rows = self._connection.execute(query.format(marks), (*asked, *values)).fetchall()
            yield asked, rows

    def _known(self, specs: Sequence[ScorerSpec]) -> tuple[str, list[Quantity]]:
        """The query for `known_from_row`, and the quantities that its rows end with."""
        query = known_query(number for spec in specs for number in self._series_of(spec))
        return query, [(spec.name, quantity) for spec in specs for quantity in spec.quantities]

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
