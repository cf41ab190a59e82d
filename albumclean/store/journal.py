"""The journal of moves: what was planned, begun and finished for every single file, written ahead of the move."""

from __future__ import annotations

import os
import socket
import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from albumclean.domain import MoveState, TrashPlan
from albumclean.store.database import store_errors, transaction
from albumclean.store.journal_rows import Move, Run, RunKind, encoded, move_from_row, planned_rows, run_from_row
from albumclean.store.past import PastRuns

_MOVES = "SELECT move.*, run.token FROM move JOIN run ON run.id = move.run"
_UNSETTLED = (MoveState.MOVING, MoveState.RESTORING)


class Journal:
    """Runs and moves. Every change is on the disk before the method returns (synchronous = FULL).

    Every method raises StoreError and its kind.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self.path = path
        self.past = PastRuns(connection, path)

    def begin(self, kind: RunKind, plan: TrashPlan | None = None) -> Run:
        """A new run, with every file of `plan` as PLANNED, in one transaction."""
        now, token = time.time(), uuid.uuid4().hex
        quarantine = None if plan is None or plan.quarantine is None else os.fsencode(plan.quarantine)
        with transaction(self._connection) as connection:
            values = (kind.value, now, quarantine, os.getpid(), socket.gethostname(), token)
            run = connection.execute(
                "INSERT INTO run (kind, started_at, quarantine, pid, host, token) VALUES (?, ?, ?, ?, ?, ?)", values
            ).lastrowid
            for number, item in enumerate(plan.items if plan else ()):
                connection.executemany(
                    "INSERT INTO move (run, item, source, size, mtime_ns, inode, device, content_hash, kind, rule,"
                    " sentence, keeper, keeper_size, keeper_mtime_ns, keeper_inode, keeper_device, keeper_hash, state,"
                    " changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    planned_rows(run, number, item, now),
                )
        return self.run(run or 0)

    def finish(self, run: int) -> None:
        """Nothing of the run is left to do."""
        with transaction(self._connection) as connection:
            connection.execute("UPDATE run SET finished_at = ? WHERE id = ?", (time.time(), run))

    def finish_undos(self) -> None:
        """Undos that were killed are over, once what they left half-way is settled; call with the lock held."""
        with transaction(self._connection) as connection:
            connection.execute(
                "UPDATE run SET finished_at = ? WHERE kind = 'undo' AND finished_at IS NULL", (time.time(),)
            )

    def take_over(self, run: int) -> None:
        """This process carries on with the run."""
        with transaction(self._connection) as connection:
            values = (os.getpid(), socket.gethostname(), run)
            connection.execute("UPDATE run SET pid = ?, host = ? WHERE id = ?", values)

    def abandon(self, run: int, coming_back: Iterable[Move] = ()) -> int:
        """Give up what the run had still planned, and what it can't find; returns how many files that are.

        `coming_back` are files of photos that are half-way: at no moment does the journal call those done.
        """
        now = time.time()
        with transaction(self._connection) as connection:
            connection.executemany(
                "UPDATE move SET state = ?, changed_at = ? WHERE id = ?",
                ((MoveState.RESTORING.value, now, move.id) for move in coming_back),
            )
            given_up = connection.execute(
                "UPDATE move SET reason = 'the rest of the run was given up', changed_at = ?,"
                " state = CASE state WHEN 'planned' THEN 'skipped' ELSE 'failed' END"
                " WHERE run = ? AND state IN ('planned', 'moving')",
                (now, run),
            ).rowcount
            connection.execute("UPDATE run SET finished_at = ? WHERE id = ?", (now, run))
        return given_up

    def announce(
        self, move: Move, destination: Path | None, info: Path | None, backend: str, content_hash: bytes | None
    ) -> None:
        """Written before the first touch: `move` is about to go to `destination`."""
        state, now = MoveState.MOVING.value, time.time()
        with transaction(self._connection) as connection:
            connection.execute(
                "UPDATE move SET state = ?, destination = ?, info = ?, backend = ?, content_hash = ?, reason = '',"
                " changed_at = ? WHERE id = ?",
                (state, encoded(destination), encoded(info), backend, content_hash, now, move.id),
            )

    def settle(self, moves: Iterable[Move], state: MoveState, reason: str = "", undone_by: int | None = None) -> None:
        """Set the state of `moves`; a photo that has MOVED carries out the user's decisions about it."""
        now = time.time()
        with transaction(self._connection) as connection:
            for move in moves:
                connection.execute(
                    "UPDATE move SET state = ?, reason = ?, changed_at = ?, undone_by = coalesce(?, undone_by)"
                    " WHERE id = ?",
                    (state.value, reason, now, undone_by, move.id),
                )
                if state is MoveState.MOVED and move.kind is None:
                    connection.execute(
                        "UPDATE decision SET settled = 'carried out' WHERE path = ? AND content_hash = ?"
                        " AND action = 'trash' AND settled IS NULL",
                        (encoded(move.path), move.content_hash),
                    )

    def run(self, run: int) -> Run:
        """The run of that number. Raises KeyError if there is none."""
        for found in self._runs("WHERE run.id = ?", (run,)):
            return found
        raise KeyError(run)

    def history(self) -> list[Run]:
        """All runs, the latest first."""
        return self._runs("ORDER BY run.id DESC", ())

    def unfinished_runs(self) -> list[Run]:
        """Applies that were stopped or killed, the oldest first: `resume` or `abandon` them."""
        return self._runs("WHERE run.finished_at IS NULL AND run.kind = 'apply' ORDER BY run.id", ())

    def moves(self, run: int) -> list[Move]:
        """Every file of the run, asset by asset, the photo first."""
        return self._moves("WHERE move.run = ? ORDER BY move.item, move.id", (run,))

    def item(self, run: int, item: int) -> list[Move]:
        """The files of one asset as the journal has them now, the photo first."""
        return self._moves("WHERE move.run = ? AND move.item = ? ORDER BY move.id", (run, item))

    def items(self, run: int, state: MoveState) -> Iterator[list[Move]]:
        """The assets of the run of which a file is in `state`, read one at a time."""
        numbers = self._rows(
            "SELECT DISTINCT item FROM move WHERE run = ? AND state = ? ORDER BY item", (run, state.value)
        )
        for (number,) in numbers:
            yield self.item(run, number)

    def unsettled(self) -> list[list[Move]]:
        """Assets that a kill caught in the middle (a file is MOVING or RESTORING)."""
        moves = self._moves(
            "WHERE (move.run, move.item) IN (SELECT run, item FROM move WHERE state IN (?, ?))"
            " ORDER BY move.run, move.item, move.id",
            tuple(state.value for state in _UNSETTLED),
        )
        return [list(asset) for _, asset in groupby(moves, key=attrgetter("run", "item"))]

    def moves_of(self, path: Path) -> list[Move]:
        """Every move of the file at `path`, or of files under that folder, the latest first."""
        name = os.fsencode(path)
        below = name.rstrip(os.fsencode(os.sep)) + os.fsencode(os.sep)
        return self._moves(
            "WHERE move.source = ? OR substr(move.source, 1, ?) = ? ORDER BY move.id DESC", (name, len(below), below)
        )

    def companions_of(self, path: Path) -> list[Move]:
        """Every companion that a plan has ever had for the photo at `path`, the oldest first."""
        return self._moves(
            """WHERE move.kind IS NOT NULL AND (move.run, move.item) IN
            (SELECT run, item FROM move WHERE source = ? AND kind IS NULL) ORDER BY move.id""",
            (os.fsencode(path),),
        )

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with store_errors(self.path):
            return self._connection.execute(query, values).fetchall()

    def _runs(self, where: str, values: Sequence[Any]) -> list[Run]:
        rows = self._rows(
            f"SELECT id, kind, started_at, finished_at, quarantine, pid, host, token FROM run {where}",  # noqa: S608
            values,
        )
        sums = self.past.sums({number: RunKind(kind) for number, kind, *_ in rows})
        return [run_from_row(row, {each.state: each.photos for each in sums[row[0]] if each.photos}) for row in rows]

    def _moves(self, where: str, values: Sequence[Any]) -> list[Move]:
        with store_errors(self.path):
            cursor = self._connection.execute(f"{_MOVES} {where}", values)
            names = [column[0] for column in cursor.description]
            return [move_from_row(dict(zip(names, row, strict=True))) for row in cursor]
