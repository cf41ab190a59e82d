"""The part of the cache that a scan's crawl writes, and that says which files are still to be read."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from albumclean.domain import Asset, FileIdentity, ScorerSpec, UserMarks
from albumclean.store import folders
from albumclean.store.cache_reader import PAGE, CacheReader
from albumclean.store.connection import Address, Connection
from albumclean.store.database import portions, store_errors, transaction
from albumclean.store.folders import FolderRecord, Folders
from albumclean.store.rows import albums_to_json, companions_to_json, file_from_row, under_folders
from albumclean.store.state import touch


@dataclass(frozen=True, slots=True)
class Needs:
    """What every photo must have for a scan to be complete."""

    scorers: tuple[ScorerSpec, ...]
    fingerprint_revision: str | None  # None: of videos, which have none
    decoder: str


_MET = ("size", "mtime_ns", "inode", "device", "role", "companions", "video")
_MARKS = ("rating", "favourite", "marks_unknown", "albums")
_FOUND = ("content_hash", "failure_stage", "failure_reason", "failure_transient", "decoder")
_SAME = "file.size = excluded.size AND file.mtime_ns = excluded.mtime_ns AND file.inode = excluded.inode"
_PUT = f"""INSERT INTO file (path, {", ".join((*_MET, *_MARKS))}, seen)
    VALUES ({", ".join("?" * (len(_MET) + len(_MARKS) + 2))})
    ON CONFLICT (path) DO UPDATE SET
    {", ".join(f"{column} = CASE WHEN {_SAME} THEN file.{column} END" for column in _FOUND)},
    {", ".join(f"{column} = excluded.{column}" for column in (*_MET, *_MARKS, "seen"))}"""  # noqa: S608 - constants


class FileTable(CacheReader):
    """See the module; `Cache` adds what a scan finds in the files."""

    def __init__(self, connection: Connection, path: Address) -> None:
        super().__init__(connection, path)
        self.folders = Folders(connection, path)

    # --- the crawl writes what it met ---------------------------------------------------------------------------

    def begin_scan(self, roots: Sequence[Path]) -> int:
        """A new scan's number."""
        with transaction(self._connection) as write:
            ((number,),) = write.execute(
                "INSERT INTO scan (started_at, roots) VALUES (?, ?) RETURNING id",
                (time.time(), json.dumps([str(root) for root in roots])),
            ).fetchall()
        return int(number)

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

    def meet(
        self,
        scan: int,
        met: Sequence[tuple[Asset, UserMarks | None]],
        records: Iterable[FolderRecord] = (),
        unchanged: Iterable[Path] = (),
    ) -> None:
        """Record assets that the crawl met; marks of None keep those known. A changed file forgets its hash.

        `records`: of folders that were met to their end, with all of their files. `unchanged`: folders recalled.
        """
        paths = [os.fsencode(asset.primary.path) for asset, _ in met]
        with transaction(self._connection) as write:
            known = _met_before(write, paths)
            same, different = [], []
            for path, (asset, marks) in zip(paths, met, strict=True):
                before = known.get(path)
                row = _row(asset, marks, before)
                if row == before:
                    same.append((scan, path))
                else:
                    different.append((path, *row, scan))
            folders.place(write, set(map(folders.parent, paths)), scan)
            folders.record(write, records, scan)
            folders.see(write, unchanged, scan)
            write.executemany("UPDATE file SET seen = ? WHERE path = ?", same)
            if different:
                touch(write)
                write.executemany(_PUT, different)

    def forget_unseen(self, scan: int, root: Path, unreadable: Sequence[Path]) -> int:
        """Drop files under `root` that a finished crawl did not meet, but for those in folders it couldn't read.

        Scores stay: they hang on the content, and a file that comes back elsewhere finds them again.
        """
        with transaction(self._connection) as write:
            for place in unreadable:
                spared, values = under_folders([place])
                write.execute(f"UPDATE file SET seen = ? WHERE {spared}", (scan, *values))  # noqa: S608
                folders.spare(write, place, scan)
            gone = folders.forget_unseen(write, root, scan)
            if gone:
                touch(write)
        return gone

    def rely_on_folders(self, scan: int, *needs: tuple[Needs, bool]) -> None:
        """The scan met all that it was sent to: remember the folders whose files lack nothing of `needs`.

        `needs`: what files must have, and whether videos or photos are meant.
        """
        if self.folders.met_between(scan) is None:
            return
        lacking = {folder for each, videos in needs for folder in self._lacking(scan, each, videos=videos)}
        with transaction(self._connection) as write:
            folders.complete(write, scan, lacking)

    def forget(self, paths: Iterable[Path]) -> None:
        """Drop files that have been moved away."""
        gone = [os.fsencode(path) for path in paths]
        with transaction(self._connection) as write:
            if gone:
                touch(write)
            folders.doubt(write, gone)
            write.executemany("DELETE FROM file WHERE path = ?", [(path,) for path in gone])

    def known_under(self, root: Path) -> int:
        """As `count_under`, but counted only once for a state of the cache."""
        return int(self._kept(f"under {json.dumps(str(root))}", lambda: {"count": self.count_under(root)})["count"])

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

    def _lacking(self, scan: int, needs: Needs, *, videos: bool) -> Iterator[bytes]:
        """The folders of the files that must be read, some of them several times."""
        condition, values = self._to_do(scan, needs, retry_failed=False, videos=videos)
        with store_errors(self.path):
            for (path,) in self._connection.execute(f"SELECT path FROM file WHERE {condition}", values):  # noqa: S608
                yield folders.parent(path)

    def _to_do(
        self, scan: int, needs: Needs, *, retry_failed: bool, videos: bool
    ) -> tuple[str, tuple[str | int | bytes | None, ...]]:
        met = self.folders.met_between(scan)
        if met is None:  # all folders are as they were, with nothing to do
            return "1 = 0", ()
        lacking, scorers = self.scores.lacking(needs.scorers)
        unprinted, fingerprint = "1 = 0", tuple[str, ...]()
        if needs.fingerprint_revision is not None:
            unprinted = """NOT EXISTS (
                SELECT 1 FROM fingerprint AS f WHERE f.content_hash = file.content_hash AND f.revision = ?)"""
            fingerprint = (needs.fingerprint_revision,)
        retried = "1 = 1" if retry_failed else "(failure_transient = 1 OR decoder IS DISTINCT FROM ?)"
        condition = f"""path >= ? AND path < ? AND seen = ? AND video = ?
            AND CASE WHEN failure_stage IS NOT NULL THEN {retried} ELSE (
            content_hash IS NULL
            OR NOT EXISTS (SELECT 1 FROM photo WHERE photo.content_hash = file.content_hash)
            OR {unprinted}
            OR {lacking}) END"""  # noqa: S608
        decoder = () if retry_failed else (needs.decoder,)
        return condition, (*met, scan, int(videos), *decoder, *fingerprint, *scorers)


def _met_before(connection: Connection, paths: Sequence[bytes]) -> dict[bytes, tuple[Any, ...]]:
    """Of those paths that are known, what `_row` gave."""
    found = {}
    for marks, asked in portions(paths):
        query = f"SELECT path, {', '.join((*_MET, *_MARKS))} FROM file WHERE path IN ({marks})"  # noqa: S608
        found.update({row[0]: tuple(row[1:]) for row in connection.execute(query, asked).fetchall()})
    return found


def _row(asset: Asset, marks: UserMarks | None, before: tuple[Any, ...] | None) -> tuple[Any, ...]:
    """The columns _MET and _MARKS; `before` are those known."""
    file = asset.primary
    if marks is not None:
        said = (marks.rating, int(marks.favourite), int(marks.unknown), albums_to_json(marks.albums))
    else:
        said = (None, 0, 0, None) if before is None else before[len(_MET) :]
    companions = companions_to_json(asset.companions)
    state = file.size, file.mtime_ns, str(file.inode), str(file.device)
    return (*state, asset.role.value, companions, int(asset.video), *said)
