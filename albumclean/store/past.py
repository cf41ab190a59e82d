"""What the journal says of past runs, page by page: sums, groups, and single photos with the decisions behind them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from albumclean.domain import DecisionBy, MoveState
from albumclean.store.database import store_errors
from albumclean.store.journal_rows import Move, RunKind, decoded, move_from_row

_OWNER = {RunKind.APPLY: "run", RunKind.UNDO: "undone_by"}  # the column that ties a move to a run of each kind


@dataclass(frozen=True, slots=True)
class Sum:
    """What became of the photos of a run that are in one state now."""

    state: MoveState
    photos: int
    bytes: int  # of all files in that state, companions included


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as its row has it."""

    id: int
    kind: RunKind
    started_at: float  # seconds since the epoch
    finished_at: float | None
    quarantine: Path | None


@dataclass(frozen=True, slots=True)
class MovedAsset:
    """One photo of a run: the journal's lines on its files, the photo first, and the decision that led to it."""

    moves: tuple[Move, ...]
    undone_by: int | None  # the undo that brought it back, or tried to
    decided_by: DecisionBy | None  # None: the ledger knows of no decision
    decided_at: float | None  # seconds since the epoch


class PastRuns:
    """Reads only. One connection, used by one thread; `Journal.past` gives it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def count(self) -> int:
        """How many runs there were."""
        with store_errors(self._path):
            return int(self._connection.execute("SELECT count(*) FROM run").fetchone()[0])

    def runs(self, offset: int, limit: int) -> list[RunRow]:
        """A page of all runs, the latest first."""
        return self._runs("ORDER BY id DESC LIMIT ? OFFSET ?", (limit, offset))

    def run(self, number: int) -> RunRow | None:
        """The run of that number."""
        return next(iter(self._runs("WHERE id = ?", (number,))), None)

    def sums(self, runs: Mapping[int, RunKind]) -> dict[int, list[Sum]]:
        """Of each run, by number, what became of its photos; of an undo, those that it brought back or tried to.

        All runs in one walk: an undo's moves are found by no index.
        """
        found: dict[int, list[Sum]] = {number: [] for number in runs}
        for kind, column in _OWNER.items():
            numbers = [number for number, its_kind in runs.items() if its_kind is kind]
            if not numbers:
                continue
            with store_errors(self._path):
                rows = self._connection.execute(
                    f"""SELECT {column}, state, sum(kind IS NULL), sum(size) FROM move
                    WHERE {column} IN (SELECT value FROM json_each(?)) GROUP BY 1, 2 ORDER BY 1, 2""",  # noqa: S608
                    (json.dumps(numbers),),
                ).fetchall()
            for number, state, photos, size in rows:
                found[number].append(Sum(MoveState(state), photos, size))
        return found

    def groups(self, run: RunRow, offset: int = 0, limit: int = -1) -> list[list[int]]:
        """The photos of a run, by the numbers of their lines; those with the same kept photo and rule together.

        A photo for which none is kept stands alone. In the order of the plan; numbers only, so that all of a large run
        fit into memory. A `limit` of -1: all.
        """
        with store_errors(self._path):
            rows = self._connection.execute(
                f"""SELECT group_concat(id) FROM move WHERE {_OWNER[run.kind]} = ? AND kind IS NULL
                GROUP BY keeper, rule, CASE WHEN keeper IS NULL THEN id END ORDER BY min(id) LIMIT ? OFFSET ?""",  # noqa: S608
                (run.id, limit, offset),
            ).fetchall()
        return [sorted(map(int, numbers.split(","))) for (numbers,) in rows]

    def count_groups(self, run: RunRow) -> int:
        """How many `groups` there are."""
        with store_errors(self._path):
            return int(
                self._connection.execute(
                    f"""SELECT count(*) FROM (SELECT 1 FROM move WHERE {_OWNER[run.kind]} = ? AND kind IS NULL
                    GROUP BY keeper, rule, CASE WHEN keeper IS NULL THEN id END)""",  # noqa: S608
                    (run.id,),
                ).fetchone()[0]
            )

    def group_of(self, photo: int) -> list[int]:
        """The photos that moved in one run beside the photo of that line, for the same kept one; itself included."""
        with store_errors(self._path):
            rows = self._connection.execute(
                """SELECT other.id FROM move AS it JOIN move AS other ON other.run = it.run AND other.kind IS NULL
                AND (other.id = it.id OR (other.keeper = it.keeper AND other.rule = it.rule))
                WHERE it.id = ? AND it.kind IS NULL ORDER BY other.id""",
                (photo,),
            ).fetchall()
        return [number for (number,) in rows]

    def assets(self, photos: Sequence[int]) -> Iterator[MovedAsset]:
        """The photos of these lines, in the order of the lines; numbers of no photo are passed over."""
        with store_errors(self._path):
            cursor = self._connection.execute(
                """SELECT file.*, run.token, decision.by AS decided_by, decision.at AS decided_at
                FROM move AS photo JOIN run ON run.id = photo.run
                JOIN move AS file ON file.run = photo.run AND file.item = photo.item
                LEFT JOIN decision ON decision.id = (
                    SELECT max(id) FROM decision WHERE path = photo.source AND content_hash = photo.content_hash
                    AND action = 'trash' AND rule = photo.rule AND at <= run.started_at)
                WHERE photo.id IN (SELECT value FROM json_each(?)) AND photo.kind IS NULL
                ORDER BY photo.id, file.id""",
                (json.dumps(list(photos)),),
            )
            names = [column[0] for column in cursor.description]
            rows = (dict(zip(names, row, strict=True)) for row in cursor)
            for _, files in groupby(rows, key=lambda row: (row["run"], row["item"])):
                yield _asset(list(files))

    def _runs(self, where: str, values: tuple[int, ...]) -> list[RunRow]:
        with store_errors(self._path):
            rows = self._connection.execute(
                f"SELECT id, kind, started_at, finished_at, quarantine FROM run {where}",  # noqa: S608
                values,
            ).fetchall()
        return [RunRow(number, RunKind(kind), begun, ended, decoded(to)) for number, kind, begun, ended, to in rows]


def _asset(files: list[dict[str, Any]]) -> MovedAsset:
    photo = files[0]
    return MovedAsset(
        moves=tuple(map(move_from_row, files)),
        undone_by=photo["undone_by"],
        decided_by=DecisionBy(photo["decided_by"]) if photo["decided_by"] else None,
        decided_at=photo["decided_at"],
    )
