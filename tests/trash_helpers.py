"""Albums on a real disk for the tests of the trash room."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from albumclean.domain import CompanionKind, FileIdentity, PlanItem, PlannedFile, TrashPlan
from albumclean.store.ledger import Ledger


def identity(path: Path) -> FileIdentity:
    seen = path.lstat()
    return FileIdentity(path, seen.st_size, seen.st_mtime_ns, seen.st_ino, seen.st_dev)


def digest(path: Path) -> bytes:
    return hashlib.blake2b(path.read_bytes(), digest_size=32).digest()


def write(path: Path, content: bytes | None = None, mtime_ns: int = 1_500_000_000_123_456_789) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.fsencode("/".join(path.parts[-2:])) * 50 if content is None else content)
    os.utime(path, ns=(mtime_ns, mtime_ns))
    return path


def planned(path: Path, kind: CompanionKind | None = None) -> PlannedFile:
    return PlannedFile(identity(path), digest(path) if kind is None else None, kind)


def item(photo: Path, companions: Iterable[Path] = (), keeper: Path | None = None) -> PlanItem:
    files = (planned(photo), *(planned(path, CompanionKind.XMP) for path in companions))
    return PlanItem(files, "duplicate", "is a copy", planned(keeper) if keeper else None)


def plan(*items: PlanItem, quarantine: Path | None = None) -> TrashPlan:
    return TrashPlan(items, quarantine)


def snapshot(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Name -> bytes, time and mode of every file below `folder`."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def check_each_file_is_at_one_end(ledger: Ledger, before: dict[Path, bytes], allowed_ends: Sequence[str]) -> None:
    """Every file of `before` (path -> content) lies, whole, at its source or at its journaled destination, not both."""
    ends = {move.path: move for run in ledger.history() for move in ledger.moves(run.id)}
    for path, content in before.items():
        move = ends.get(path)
        destination = move.destination if move else None
        found = [
            name
            for name, place in (("source", path), ("destination", destination))
            if place is not None and place.exists() and place.read_bytes() == content
        ]
        assert len(found) == 1, (path, destination, found)
        assert found[0] in allowed_ends, (path, found)
