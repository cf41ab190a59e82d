"""The folders that scans met, and those that need not be met again file by file as long as they are as they were.

Every folder that directly holds a known file has a row. One whose files lacked nothing at the end of a scan is
`complete`: while its `state` (a digest of all that the scan saw and was asked for) stays the same, another scan would
find just what is known. Whoever meets or forgets a file takes that away from its folder, in the same transaction.
"""

from __future__ import annotations

import json
import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from albumclean.store.connection import Address, Connection
from albumclean.store.database import portions, store_errors
from albumclean.store.rows import under_folders

_SEPARATOR = os.fsencode(os.sep)
_AFTER = bytes([_SEPARATOR[0] + 1])  # sorts after every path that goes on with a separator
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class FolderRecord:
    """What a scan met directly in a folder."""

    path: Path
    state: bytes
    files: int  # photos and videos
    videos: int  # of them
    skipped: Mapping[str, int]  # what was left out, by reason


def create(connection: Connection) -> None:
    """A part of schema 6 of the cache."""
    connection.execute(
        """CREATE TABLE folder (
            path BLOB PRIMARY KEY,
            state BLOB,               -- NULL: nothing of it is remembered
            files INTEGER NOT NULL, videos INTEGER NOT NULL,
            skipped TEXT NOT NULL,    -- JSON object: reason -> count
            complete INTEGER NOT NULL,
            seen INTEGER NOT NULL     -- the last scan that came by
        ) WITHOUT ROWID"""
    )
    place(connection, {parent(path) for (path,) in connection.execute("SELECT path FROM file")}, scan=0)


def parent(path: bytes) -> bytes:
    """The folder in which a file lies."""
    return os.path.dirname(path)  # noqa: PTH120 - as bytes, of a million paths


def place(write: Connection, folders: Iterable[bytes], scan: int) -> None:
    """Files in these folders are met one by one: whatever was remembered of the folders may not hold any more."""
    write.executemany(
        """INSERT INTO folder (path, state, files, videos, skipped, complete, seen) VALUES (?, NULL, 0, 0, '{}', 0, ?)
        ON CONFLICT (path) DO UPDATE SET state = NULL, complete = 0, seen = excluded.seen""",
        [(path, scan) for path in sorted(folders)],
    )


def record(write: Connection, records: Iterable[FolderRecord], scan: int) -> None:
    """What a scan met in folders, all of whose files were met before; it counts once `complete` has said so."""
    write.executemany(
        """INSERT INTO folder (path, state, files, videos, skipped, complete, seen) VALUES (?, ?, ?, ?, ?, 0, ?)
        ON CONFLICT (path) DO UPDATE SET state = excluded.state, files = excluded.files, videos = excluded.videos,
            skipped = excluded.skipped, complete = 0, seen = excluded.seen""",
        [
            (os.fsencode(each.path), each.state, each.files, each.videos, json.dumps(dict(each.skipped)), scan)
            for each in records
        ],
    )


def see(write: Connection, folders: Iterable[Path], scan: int) -> None:
    """A scan came by and found them as they were."""
    write.executemany(
        "UPDATE folder SET seen = ? WHERE path = ? AND complete = 1", [(scan, os.fsencode(path)) for path in folders]
    )


def spare(write: Connection, place: Path, scan: int) -> None:
    """A scan could not see all that lies there: what is known is kept, and none of it is relied on."""
    where, values = under_folders([place])
    # The folder around the place still holds a known file, though maybe none that was met.
    write.execute(
        f"UPDATE folder SET state = NULL, complete = 0, seen = ? WHERE {where} OR (path = ? AND seen < ?)",  # noqa: S608
        (scan, *values, parent(os.fsencode(place)), scan),
    )


def doubt(write: Connection, paths: Iterable[bytes]) -> None:
    """Files in these folders are gone by another hand than the scan's."""
    folders = sorted({parent(path) for path in paths})
    write.executemany("UPDATE folder SET state = NULL, complete = 0 WHERE path = ?", [(path,) for path in folders])


def forget_unseen(write: Connection, root: Path, scan: int) -> int:
    """Drop the files under a root (or that very file) that the scan did not come by; how many there were.

    What lies directly in a complete folder that the scan came by has been seen with it. Costs a few steps for each
    folder, and one for each file that is in no such folder.
    """
    where, values = under_folders([root])
    rows = write.execute(f"SELECT path, complete, seen FROM folder WHERE {where}", values).fetchall()  # noqa: S608
    unchanged = {path for path, complete, seen in rows if complete and seen == scan}
    gone = 0
    for low, high in _around(_leaves((row[0] for row in rows), unchanged), *_below(os.fsencode(root))):
        for paths in _unseen(write, low, high, scan):
            lost = [(path,) for path in paths if parent(path) not in unchanged]
            write.executemany("DELETE FROM file WHERE path = ?", lost)
            gone += len(lost)
    gone += write.execute("DELETE FROM file WHERE path = ? AND seen < ?", (os.fsencode(root), scan)).rowcount
    write.execute(f"DELETE FROM folder WHERE seen < ? AND {where}", (scan, *values))  # noqa: S608
    return gone


def complete(write: Connection, scan: int, lacking: Iterable[bytes]) -> None:
    """The scan is over: rely on what it recorded, but for the folders with files that still lack something."""
    for marks, asked in portions(sorted(lacking)):
        write.execute(f"UPDATE folder SET state = NULL WHERE complete = 0 AND path IN ({marks})", asked)  # noqa: S608
    write.execute("UPDATE folder SET complete = 1 WHERE seen = ? AND complete = 0 AND state IS NOT NULL", (scan,))


class Folders:
    """A part of the cache, on its connection."""

    def __init__(self, connection: Connection, path: Address) -> None:
        self._connection = connection
        self._path = path

    def recall(self, path: Path, state: bytes) -> FolderRecord | None:
        """What lies in a folder, if it is complete and in this very state."""
        with store_errors(self._path):
            row = self._connection.execute(
                "SELECT files, videos, skipped FROM folder WHERE path = ? AND state = ? AND complete = 1",
                (os.fsencode(path), state),
            ).fetchone()
        return None if row is None else FolderRecord(path, state, row[0], row[1], json.loads(row[2]))

    def met_between(self, scan: int) -> tuple[bytes, bytes] | None:
        """The range of paths in which the scan met files one by one: from the first one to before the second."""
        with store_errors(self._path):
            query = "SELECT path FROM folder WHERE seen = ? AND complete = 0"
            ranges = [_below(path) for (path,) in self._connection.execute(query, (scan,)).fetchall()]
        return (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else None


def _below(folder: bytes) -> tuple[bytes, bytes]:
    """The range of the paths below a folder: from the first one to before the second."""
    prefix = folder if folder.endswith(_SEPARATOR) else folder + _SEPARATOR
    return prefix, prefix[:-1] + _AFTER


def _leaves(folders: Iterable[bytes], unchanged: set[bytes]) -> list[tuple[bytes, bytes]]:
    """The ranges of the unchanged folders that have no other known folder below them, in order."""
    ranges = sorted((*_below(path), path) for path in folders)
    pairs = pairwise((*ranges, (b"", b"", b"")))
    return [
        (low, high) for (low, high, path), (other, _, _) in pairs if path in unchanged and not other.startswith(low)
    ]


def _around(ranges: Sequence[tuple[bytes, bytes]], low: bytes, high: bytes) -> Iterator[tuple[bytes, bytes]]:
    """What is left of a range without those within it, which are in order."""
    for first, after in ranges[bisect_left(ranges, (low, low)) :]:
        if first > low:
            yield low, first
        low = after
    if low < high:
        yield low, high


def _unseen(write: Connection, low: bytes, high: bytes, scan: int) -> Iterator[Sequence[bytes]]:
    """The files of a range that the scan did not meet itself, by pages, so that rows may go meanwhile."""
    while True:
        rows = write.execute(
            "SELECT path FROM file WHERE path >= ? AND path < ? AND seen < ? ORDER BY path LIMIT ?",
            (low, high, scan, _PAGE),
        ).fetchall()
        if not rows:
            return
        yield [row[0] for row in rows]
        low = rows[-1][0] + b"\0"
