"""The part of the cache that a scan's crawl writes, and that says which files are still to be read."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from albumclean.domain import Asset, FileIdentity, ScorerSpec, UserMarks
from albumclean.store.cache_reader import PAGE, CacheReader
from albumclean.store.database import store_errors, transaction
from albumclean.store.rows import albums_to_json, companions_to_json, file_from_row, under_folders


@dataclass(frozen=True, slots=True)
class Needs:
    """What every photo must have for a scan to be complete."""

    scorers: tuple[ScorerSpec, ...]
    fingerprint_revision: str | None  # None: of videos, which have none
    decoder: str


class FileTable(CacheReader):
    """See the module; `Cache` adds what a scan finds in the files."""

    # --- the crawl writes what it met ---------------------------------------------------------------------------

    def begin_scan(self, roots: Sequence[Path]) -> int:
        """A new scan's number."""
        with transaction(self._connection) as write:
            cursor = write.execute(
                "INSERT INTO scan (started_at, roots) VALUES (?, ?)",
                (time.time(), json.dumps([str(root) for root in roots])),
            )
        return int(cursor.lastrowid or 0)

    def finish_scan(self, scan: int) -> None:
        """Say that the scan met everything that it was sent to."""
        with transaction(self._connection) as write:
            write.execute("UPDATE scan SET finished_at = ? WHERE id = ?", (time.time(), scan))

    def sidecars_unchanged(self, asset: Asset) -> bool:
        """Whether the cache has read the marks in just these companions."""
        with store_errors(self.path):
            row = self._connection.execute(
                "SELECT companions FROM file WHERE path = ?", (os.fsencode(asset.primary.path),)
            ).fetchone()
        return row is not None and row[0] == companions_to_json(asset.companions)

    def meet(self, scan: int, met: Sequence[tuple[Asset, UserMarks | None]]) -> None:
        """Record assets that the crawl met; marks of None keep those known. A changed file forgets its hash."""
        rows = [
            (
                os.fsencode(asset.primary.path),
                asset.primary.size,
                asset.primary.mtime_ns,
                str(asset.primary.inode),
                str(asset.primary.device),
                asset.role.value,
                companions_to_json(asset.companions),
                None if marks is None else marks.rating,
                marks is not None and marks.favourite,
                marks is not None and marks.unknown,
                None if marks is None else albums_to_json(marks.albums),
                scan,
                asset.video,
                marks is None,
            )
            for asset, marks in met
        ]
        same = "size = excluded.size AND mtime_ns = excluded.mtime_ns AND inode = excluded.inode"
        forgotten = ", ".join(
            f"{column} = CASE WHEN {same} THEN {column} END"
            for column in ("content_hash", "failure_stage", "failure_reason", "failure_transient", "decoder")
        )
        with transaction(self._connection) as write:
            write.executemany(
                f"""INSERT INTO file
                    (path, size, mtime_ns, inode, device, role, companions, rating, favourite, marks_unknown, albums,
                    seen, video)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
                ON CONFLICT (path) DO UPDATE SET {forgotten},
                    size = excluded.size, mtime_ns = excluded.mtime_ns, inode = excluded.inode,
                    device = excluded.device, role = excluded.role, companions = excluded.companions,
                    rating = CASE WHEN ?14 THEN rating ELSE excluded.rating END,
                    favourite = CASE WHEN ?14 THEN favourite ELSE excluded.favourite END,
                    marks_unknown = CASE WHEN ?14 THEN marks_unknown ELSE excluded.marks_unknown END,
                    albums = CASE WHEN ?14 THEN albums ELSE excluded.albums END,
                    seen = excluded.seen, video = excluded.video""",  # noqa: S608 - the column names are constants
                rows,
            )

    def forget_unseen(self, scan: int, root: Path, unreadable: Sequence[Path]) -> int:
        """Drop files under `root` that a finished crawl did not meet, but for those in folders it couldn't read.

        Scores stay: they hang on the content, and a file that comes back elsewhere finds them again.
        """
        with transaction(self._connection) as write:
            for place in unreadable:
                spared, values = under_folders([place])
                write.execute(f"UPDATE file SET seen = ? WHERE {spared}", (scan, *values))  # noqa: S608
            where, values = under_folders([root])
            return write.execute(f"DELETE FROM file WHERE seen < ? AND {where}", (scan, *values)).rowcount  # noqa: S608

    def forget(self, paths: Iterable[Path]) -> None:
        """Drop files that have been moved away."""
        with transaction(self._connection) as write:
            write.executemany("DELETE FROM file WHERE path = ?", ((os.fsencode(path),) for path in paths))

    # --- the scan asks what is to do ----------------------------------------------------------------------------

    def count_to_do(self, scan: int, needs: Needs, *, retry_failed: bool = False, videos: bool = False) -> int:
        """How many of the files that the scan met must be read: photos, or `videos` instead."""
        condition, values = self._to_do(scan, needs, retry_failed=retry_failed, videos=videos)
        with store_errors(self.path):
            query = f"SELECT count(*) FROM file WHERE {condition}"  # noqa: S608
            return int(self._connection.execute(query, values).fetchone()[0])

    def to_do(
        self, scan: int, needs: Needs, *, retry_failed: bool = False, videos: bool = False
    ) -> Iterator[FileIdentity]:
        """The files that must be read, by path; each is given once even though rows change meanwhile."""
        condition, values = self._to_do(scan, needs, retry_failed=retry_failed, videos=videos)
        last = b""
        while True:
            with store_errors(self.path):
                rows = self._connection.execute(
                    f"""SELECT path, size, mtime_ns, inode, device FROM file
                    WHERE {condition} AND path > ? ORDER BY path LIMIT {PAGE}""",  # noqa: S608
                    (*values, last),
                ).fetchall()
            if not rows:
                return
            for row in rows:
                yield file_from_row(row)
            last = rows[-1][0]

    # ----------------------------------------------------------------------------------------------------------

    def _to_do(
        self, scan: int, needs: Needs, *, retry_failed: bool, videos: bool
    ) -> tuple[str, tuple[str | int | bytes | None, ...]]:
        series = [number for spec in needs.scorers for number in self._series_of(spec)]
        marks = ", ".join("?" * len(series))
        retried = "1" if retry_failed else "(failure_transient OR decoder IS NOT ?)"
        condition = f"""seen = ? AND video = ? AND CASE WHEN failure_stage IS NOT NULL THEN {retried} ELSE (
            content_hash IS NULL
            OR NOT EXISTS (SELECT 1 FROM photo WHERE photo.content_hash = file.content_hash)
            OR (? IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM fingerprint AS f WHERE f.content_hash = file.content_hash AND f.revision = ?))
            OR (SELECT count(*) FROM score WHERE score.content_hash = file.content_hash
                AND series IN ({marks})) < ?) END"""  # noqa: S608
        decoder = () if retry_failed else (needs.decoder,)
        fingerprint = needs.fingerprint_revision
        return condition, (scan, videos, *decoder, fingerprint, fingerprint, *series, len(series))
