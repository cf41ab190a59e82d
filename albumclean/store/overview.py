"""The whole library in a few numbers. They are kept with the state that they hold for, so that a million photos are
counted once after a change and not in every command.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from albumclean.domain import Failure, ScorerSpec, Stage
from albumclean.errors import StoreError
from albumclean.store.connection import Address, Connection
from albumclean.store.database import store_errors
from albumclean.store.rows import companions_size, under_folders
from albumclean.store.scores import Scores
from albumclean.store.state import State

BINS = 100  # of a histogram that is kept


def create(connection: Connection) -> None:
    """A part of schema 6 of the cache: indexes that answer by themselves, without a look at the files' rows."""
    for statement in (
        "DROP INDEX file_by_hash",
        "CREATE INDEX file_by_hash ON file (content_hash, failure_stage, video, size)",
        "CREATE INDEX file_failed ON file (path) WHERE failure_stage IS NOT NULL",
        "CREATE INDEX file_video ON file (video, path) WHERE video = 1",
        "CREATE INDEX file_accompanied ON file (path) WHERE companions IS NOT NULL",
    ):
        connection.execute(statement)


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

    def below(self, value: float) -> tuple[int, int]:
        """(photos, bytes) below a value, to the nearest edge of a bin."""
        bins = round(value * len(self.counts))
        return sum(self.counts[:bins]), sum(self.bytes[:bins])


class Overview:
    """Questions about the library as a whole. One connection, used by one thread."""

    def __init__(self, connection: Connection, path: Address) -> None:
        self.path = path
        self._connection = connection
        self.state = State(connection, path)
        self.scores = Scores(connection, path)

    def summarise(self, specs: Iterable[ScorerSpec] = ()) -> None:
        """Work out now what `counts`, and `histogram` of these scorers' main quantities, will be asked for."""
        self.counts()
        for spec in specs:
            self.histogram(spec)

    def counts(self) -> CacheCounts:
        """For `albumclean status`."""
        counted = self._kept("counts", self._count)
        with store_errors(self.path):
            last = self._connection.execute("SELECT max(finished_at) FROM scan").fetchone()[0]
        return CacheCounts(**counted, last_scan=last)

    def _count(self) -> dict[str, int]:
        with store_errors(self.path):
            row = self._connection.execute(
                """SELECT count(*), count(*) FILTER (WHERE video = 1), coalesce(sum(size), 0),
                count(*) FILTER (WHERE content_hash IS NULL AND failure_stage IS NULL),
                count(*) FILTER (WHERE failure_stage IS NOT NULL) FROM file"""
            ).fetchone()
            contents = self._connection.execute(
                "SELECT count(*) FROM (SELECT DISTINCT content_hash FROM file WHERE content_hash IS NOT NULL) AS known"
            ).fetchone()
        names = ("files", "videos", "bytes", "unread", "failed", "contents")
        return {name: int(number) for name, number in zip(names, (*row, *contents), strict=True)}

    def histogram(self, spec: ScorerSpec, bins: int = BINS) -> Histogram:
        """All readable photos by a scorer's main value; the first k bins hold just those with a value below k/bins."""
        name = f"histogram {spec.name} {spec.revision} {spec.quantities[0]} {bins}"
        kept = self._kept(name, lambda: asdict(self._sorted_by(spec, bins)))
        return Histogram(tuple(kept["counts"]), tuple(kept["bytes"]))

    def _sorted_by(self, spec: ScorerSpec, bins: int) -> Histogram:
        counts, sizes = [0] * bins, [0] * bins
        condition, values = self.scores.valued(spec)
        value_of = f"(SELECT main FROM score WHERE score.content_hash = file.content_hash AND {condition})"  # noqa: S608
        readable = "content_hash IS NOT NULL AND failure_stage IS NULL AND video = 0"
        with store_errors(self.path):
            # By content: so the index and the scores are both read from their beginning to their end.
            query = f"SELECT size, {value_of} FROM file WHERE {readable} ORDER BY content_hash"  # noqa: S608
            for size, value in self._connection.execute(query, values):
                if value is not None:
                    at = _bin(value, bins)
                    counts[at] += 1
                    sizes[at] += size
            query = f"SELECT companions, {value_of} FROM file WHERE companions IS NOT NULL AND {readable} ORDER BY path"  # noqa: S608
            for companions, value in self._connection.execute(query, values):
                if value is not None:
                    sizes[_bin(value, bins)] += companions_size(companions)
        return Histogram(tuple(counts), tuple(sizes))

    def _kept(self, name: str, work_out: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The answer that was kept for the state that the library is in, or else a new one, which is kept."""
        generation = self.state.generation  # before the work: a change meanwhile makes what was found one of the past
        text = self.state.value(name)
        if text is not None:
            kept: dict[str, Any] = json.loads(text)
            if kept.pop("generation") == generation:
                return kept
        found = work_out()
        with suppress(StoreError):  # a cache that can't be written answers all the same, only slower
            self.state.remember(name, json.dumps({"generation": generation, **found}))
        return found

    def has_files(self, under: Sequence[Path] = ()) -> bool:
        """Whether anything is known (under one of the folders)."""
        return self._has("1 = 1", under)

    def has_videos(self, under: Sequence[Path] = ()) -> bool:
        """Whether a video is known (under one of the folders)."""
        return self._has("video = 1", under)

    def _has(self, condition: str, under: Sequence[Path]) -> bool:
        where, values = under_folders(under)
        with store_errors(self.path):
            query = f"SELECT 1 FROM file WHERE {condition} AND {where} LIMIT 1"  # noqa: S608
            return self._connection.execute(query, values).fetchone() is not None

    def count_under(self, root: Path) -> int:
        """How many photos are known under a folder (or as this file)."""
        return self._under("count(*)", root)

    def size_under(self, root: Path) -> int:
        """The bytes of the photos known under a folder, without their companions."""
        return self._under("coalesce(sum(size), 0)", root)

    def _under(self, number: str, root: Path) -> int:
        where, values = under_folders([root])
        with store_errors(self.path):
            return int(self._connection.execute(f"SELECT {number} FROM file WHERE {where}", values).fetchone()[0])  # noqa: S608

    def failures(self, under: Sequence[Path] = ()) -> Iterator[Failure]:
        """Files that could not be read or scored, by path."""
        where, values = under_folders(under)
        with store_errors(self.path):
            for path, stage, reason, transient in self._connection.execute(
                f"""SELECT path, failure_stage, failure_reason, failure_transient FROM file
                WHERE failure_stage IS NOT NULL AND {where} AND path > ? ORDER BY path""",  # noqa: S608
                (*values, b""),  # a bound of all paths, by which SQLite sees that the index of failures serves
            ):
                yield Failure(Path(os.fsdecode(path)), Stage(stage), reason, bool(transient))

    def roots(self) -> list[Path]:
        """Every folder that a scan was sent to and that still has known files, without doubles, sorted."""
        with store_errors(self.path):
            rows = self._connection.execute("SELECT DISTINCT roots FROM scan").fetchall()
        named = {Path(root) for (text,) in rows for root in json.loads(text)}
        return sorted(root for root in named if self.has_files([root]))


def _bin(value: float, bins: int) -> int:
    near = int(value * bins)  # off by one where the product was rounded to a whole number
    at = near + (value >= (near + 1.0) / bins) - (value < near / bins)
    return min(max(at, 0), bins - 1)
