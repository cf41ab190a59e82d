"""What the journal's tables hold, and how their rows become values."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from albumclean.domain import CompanionKind, FileIdentity, MoveState, PlanItem, PlannedFile

# Inodes and devices are TEXT: Windows and some network shares use all 64 bits or more, SQLite's integers have 63.
JOURNAL_SCHEMA = (
    """CREATE TABLE run (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        started_at REAL NOT NULL,
        finished_at REAL,
        quarantine BLOB,
        pid INTEGER NOT NULL,
        host TEXT NOT NULL,
        token TEXT NOT NULL
    )""",
    """CREATE TABLE move (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        run INTEGER NOT NULL REFERENCES run(id),
        item INTEGER NOT NULL,
        source BLOB NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        inode TEXT NOT NULL,
        device TEXT NOT NULL,
        content_hash BLOB,
        kind TEXT,
        rule TEXT NOT NULL,
        sentence TEXT NOT NULL,
        keeper BLOB,
        keeper_size INTEGER,
        keeper_mtime_ns INTEGER,
        keeper_inode TEXT,
        keeper_device TEXT,
        keeper_hash BLOB,
        state TEXT NOT NULL,
        destination BLOB,
        info BLOB,
        backend TEXT NOT NULL DEFAULT '',
        reason TEXT NOT NULL DEFAULT '',
        changed_at REAL NOT NULL,
        undone_by INTEGER REFERENCES run(id)
    )""",
    "CREATE INDEX move_by_run ON move(run, item, id)",
    "CREATE INDEX move_by_state ON move(state, run)",
    "CREATE INDEX move_by_source ON move(source)",
)


class RunKind(StrEnum):
    """What a run did."""

    APPLY = "apply"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Run:
    """One call of apply or undo."""

    id: int
    kind: RunKind
    started_at: float  # seconds since the epoch
    finished_at: float | None  # None: still at work, stopped by the user, or killed
    quarantine: Path | None
    pid: int
    host: str
    token: str  # random; marks this run's own files in a trash
    photos: dict[MoveState, int] = field(default_factory=dict)  # how many photos are in which state now


@dataclass(frozen=True, slots=True)
class Move:
    """The journal's line on one file."""

    id: int
    run: int
    item: int  # number of the asset in the run's plan
    file: FileIdentity
    content_hash: bytes | None  # of companions it is known from the moment of the move on
    kind: CompanionKind | None  # None: the photo itself
    rule: str
    sentence: str
    keeper: PlannedFile | None
    state: MoveState
    destination: Path | None
    info: Path | None  # the trash's own note on the file
    backend: str
    reason: str
    changed_at: float
    mark: str  # unique to this line; written into everything that is made for it on disk

    @property
    def path(self) -> Path:
        """Where the file lay, and belongs after an undo."""
        return self.file.path


def encoded(path: Path | None) -> bytes | None:
    """The path as the bytes that the system knows it by; need not be UTF-8."""
    return None if path is None else os.fsencode(path)


def decoded(path: bytes | None) -> Path | None:
    """The inverse of `encoded`."""
    return None if path is None else Path(os.fsdecode(path))


def planned_rows(run: int | None, number: int, item: PlanItem, now: float) -> Iterator[tuple[Any, ...]]:
    """One row for each file of the asset, the photo first."""
    keeper: tuple[Any, ...] = (None,) * 6
    if item.keeper is not None:
        kept = item.keeper.identity
        keeper = (os.fsencode(kept.path), kept.size, kept.mtime_ns, str(kept.inode), str(kept.device))
        keeper += (item.keeper.content_hash,)
    for file in item.files:
        it = file.identity
        yield (
            *(run, number, os.fsencode(it.path), it.size, it.mtime_ns, str(it.inode), str(it.device)),
            *(file.content_hash, file.kind.value if file.kind else None, item.rule, item.sentence),
            *(*keeper, MoveState.PLANNED.value, now),
        )


def run_from_row(row: Sequence[Any], photos: dict[MoveState, int]) -> Run:
    """From the table's columns in their order; `photos`: how many are in which state."""
    number, kind, started_at, finished_at, quarantine, pid, host, token = row
    return Run(number, RunKind(kind), started_at, finished_at, decoded(quarantine), pid, host, token, photos)


def move_from_row(row: dict[str, Any]) -> Move:
    """Columns by name, with the run's token."""
    keeper = None
    if row["keeper"] is not None:
        place = Path(os.fsdecode(row["keeper"]))
        numbers = (row["keeper_size"], row["keeper_mtime_ns"], int(row["keeper_inode"]), int(row["keeper_device"]))
        keeper = PlannedFile(FileIdentity(place, *numbers), row["keeper_hash"])
    return Move(
        id=row["id"],
        run=row["run"],
        item=row["item"],
        file=FileIdentity(
            Path(os.fsdecode(row["source"])), row["size"], row["mtime_ns"], int(row["inode"]), int(row["device"])
        ),
        content_hash=row["content_hash"],
        kind=CompanionKind(row["kind"]) if row["kind"] else None,
        rule=row["rule"],
        sentence=row["sentence"],
        keeper=keeper,
        state=MoveState(row["state"]),
        destination=decoded(row["destination"]),
        info=decoded(row["info"]),
        backend=row["backend"],
        reason=row["reason"],
        changed_at=row["changed_at"],
        mark=f"{row['token']}-{row['id']}",
    )
