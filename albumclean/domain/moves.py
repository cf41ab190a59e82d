"""What the user decided, what is to be moved, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from albumclean.domain.facts import Action
from albumclean.domain.files import CompanionKind, FileIdentity


class DecisionBy(StrEnum):
    """Who decided."""

    USER = "user"
    RULE = "rule"  # a named, bounded rule that the user has turned on


@dataclass(frozen=True, slots=True)
class Decision:
    """The user's word on an asset, remembered for ever."""

    content_hash: bytes
    path: Path
    action: Action
    rule: str
    at: float  # seconds since the epoch
    by: DecisionBy = DecisionBy.USER


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file of a planned move, with what must still be true of it."""

    identity: FileIdentity
    content_hash: bytes | None  # None for companions, which the scan does not hash
    kind: CompanionKind | None = None  # None: the photo itself


@dataclass(frozen=True, slots=True)
class PlanItem:
    """An asset that will move, whole or not at all."""

    files: tuple[PlannedFile, ...]  # the photo first
    rule: str
    sentence: str
    keeper: PlannedFile | None = None  # must still exist, unchanged and readable, when the move happens

    @property
    def path(self) -> Path:
        """Where the photo lies."""
        return self.files[0].identity.path

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.identity.size for file in self.files)


@dataclass(frozen=True, slots=True)
class TrashPlan:
    """What will be moved, decided and checked; printed by the dry run, carried out by the real one."""

    items: tuple[PlanItem, ...]
    quarantine: Path | None = None  # None: the system's trash

    @property
    def size(self) -> int:
        """Bytes of all items."""
        return sum(item.size for item in self.items)


class MoveState(StrEnum):
    """The life of one file in the journal."""

    PLANNED = "planned"
    MOVING = "moving"  # written before the move begins
    MOVED = "moved"
    SKIPPED = "skipped"  # something changed since the scan; nothing was done
    FAILED = "failed"  # the system refused; nothing was done
    ROLLED_BACK = "rolled-back"  # moved, then put back as the asset could not move whole
    RESTORING = "restoring"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class TrashOutcome:
    """What became of one planned asset."""

    path: Path
    state: MoveState
    reason: str = ""
    size: int = 0
    destinations: tuple[Path | None, ...] = ()  # None where the platform does not tell
