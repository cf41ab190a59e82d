"""The journal as values for people: runs, what moved and why, what is back; and undo by photo, group or run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from albumclean.domain import DecisionBy, MoveState, TrashOutcome
from albumclean.errors import UndoImpossible
from albumclean.store.journal_rows import RunKind
from albumclean.store.ledger import Ledger
from albumclean.store.past import MovedAsset, RunRow, Sum
from albumclean.trash import undo as bring_back
from albumclean.trash.apply import OnOutcome, OnWait

PAGE = 500  # groups read at once

_STATE_TEXTS = {
    MoveState.PLANNED: "still to move",
    MoveState.MOVING: "half-way",
    MoveState.MOVED: "moved",
    MoveState.SKIPPED: "skipped",
    MoveState.FAILED: "failed",
    MoveState.ROLLED_BACK: "put back at once",
    MoveState.RESTORING: "half-way back",
    MoveState.RESTORED: "brought back",
}
_AWAY = frozenset({MoveState.MOVING, MoveState.MOVED, MoveState.RESTORING})
_HAVE_MOVED = frozenset({MoveState.MOVED, MoveState.RESTORING, MoveState.RESTORED})


def state_text(state: MoveState) -> str:
    """What became of a photo, in a word or two."""
    return _STATE_TEXTS[state]


@dataclass(frozen=True, slots=True)
class PastRun:
    """One run with what is true of its photos now."""

    id: int
    kind: RunKind
    started_at: float  # seconds since the epoch
    finished_at: float | None  # None: at work, stopped or killed
    destination: Path | None  # None: the system's trash
    photos: Mapping[MoveState, int]  # how many are in which state; of an undo: those that it brought back
    bytes: int  # of all files that it moved, brought back since or not; of an undo: that it brought back
    can_be_undone: bool  # whether any file of it may still be away; half-way counts, there or back: an undo brings it

    @property
    def is_unfinished(self) -> bool:
        """Whether `apply` has something left to finish."""
        return self.kind is RunKind.APPLY and self.finished_at is None


@dataclass(frozen=True, slots=True)
class PastItem:
    """One photo of a run, with its companions."""

    id: int  # the journal's number of the photo's line: unique over all runs, for `undo`
    run: int  # the run that moved it
    path: Path  # where it lay, and belongs after an undo
    companions: tuple[Path, ...]
    size: int  # bytes of all files
    state: MoveState  # of the photo
    reason: str  # why it did not move, or did not come back; "" if all went well
    rule: str
    sentence: str  # why it was proposed
    kept: Path | None  # the photo that stayed in its place
    destination: Path | None  # where it lies now; None if it stayed, is back, or the system does not tell
    changed_at: float  # seconds since the epoch
    decided_by: DecisionBy | None  # None: the ledger knows of no decision
    decided_at: float | None
    undone_by: int | None  # the undo that brought it back, or tried to


@dataclass(frozen=True, slots=True)
class PastGroup:
    """The photos that moved in one run for the same kept photo and rule; a photo without a kept one is by itself."""

    kept: Path | None
    rule: str
    items: tuple[PastItem, ...]  # at least one

    @property
    def id(self) -> int:
        """The number of its first photo; `undo` takes any of its numbers for the group."""
        return self.items[0].id


class History:
    """The past as the ledger has it. Reads a page at a time: a journal of a million moves fits."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._past = ledger.past

    def count(self) -> int:
        """How many runs there were."""
        return self._past.count()

    def runs(self, offset: int = 0, limit: int = 50) -> list[PastRun]:
        """A page of the runs, the latest first. Raises StoreError."""
        rows = self._past.runs(offset, limit)
        sums = self._past.sums({row.id: row.kind for row in rows})
        return [_run(row, sums[row.id]) for row in rows]

    def run(self, number: int) -> PastRun | None:
        """The run of that number; None if there was none. Raises StoreError."""
        row = self._past.run(number)
        return None if row is None else _run(row, self._past.sums({number: row.kind})[number])

    def groups(self, run: int, offset: int = 0, limit: int = PAGE) -> list[PastGroup]:
        """A page of what moved in a run, in the order of its plan; nothing for a run that never was.

        Of an undo: what it brought back or tried to.
        """
        row = self._past.run(run)
        return [] if row is None else list(self._read(self._past.groups(row, offset, limit)))

    def count_groups(self, run: int) -> int:
        """How many groups `run` has."""
        row = self._past.run(run)
        return 0 if row is None else self._past.count_groups(row)

    def all_groups(self, run: int) -> Iterator[PastGroup]:
        """Every group of a run, read a page at a time."""
        row = self._past.run(run)
        numbers = [] if row is None else self._past.groups(row)
        for start in range(0, len(numbers), PAGE):
            yield from self._read(numbers[start : start + PAGE])

    def undo(
        self,
        *,
        run: int | None = None,
        group: int | None = None,
        items: Sequence[int] | None = None,
        paths: Sequence[Path] | None = None,
        on_outcome: OnOutcome | None = None,
        on_wait: OnWait | None = None,
    ) -> list[TrashOutcome]:
        """Bring back a run, a group (by the number of any of its photos), or photos by their numbers or old paths.

        If none is named, the last run. What is back already has no outcome. Unlike a path, a number names one move: of
        two photos that lay at the same path one after the other, the one that is meant.

        Raises ValueError if more than one is named, UndoImpossible for what the journal does not know, StoreError.
        """
        if sum(named is not None for named in (run, group, items, paths)) > 1:
            raise ValueError("name one of a run, a group, items and paths")
        if group is None and items is None:
            return bring_back(self._ledger, run=run, paths=paths, on_outcome=on_outcome, on_wait=on_wait)
        photos = list(items or ())
        if group is not None:
            photos = self._past.group_of(group) or [group]
        found = {asset.moves[0].id: asset.moves[0] for asset in self._past.assets(photos)}
        for number in photos:
            if number not in found:
                raise UndoImpossible(path=f"Photo {number}", detail="the journal knows no photo of that number")
        assets = [(found[number].run, found[number].item) for number in dict.fromkeys(photos)]
        return bring_back(self._ledger, assets=assets, on_outcome=on_outcome, on_wait=on_wait)

    def _read(self, groups: Sequence[Sequence[int]]) -> Iterator[PastGroup]:
        place = {number: at for at, numbers in enumerate(groups) for number in numbers}
        items = [_item(asset) for asset in self._past.assets(list(place))]
        items.sort(key=lambda item: (place[item.id], item.id))
        for _, members in groupby(items, key=lambda item: place[item.id]):
            together = tuple(members)
            yield PastGroup(together[0].kept, together[0].rule, together)


def _run(row: RunRow, sums: Sequence[Sum]) -> PastRun:
    counted = _HAVE_MOVED if row.kind is RunKind.APPLY else {MoveState.RESTORED}
    return PastRun(
        id=row.id,
        kind=row.kind,
        started_at=row.started_at,
        finished_at=row.finished_at,
        destination=row.quarantine,
        photos={each.state: each.photos for each in sums if each.photos},
        bytes=sum(each.bytes for each in sums if each.state in counted),
        can_be_undone=row.kind is RunKind.APPLY and any(each.state in _AWAY for each in sums),
    )


def _item(asset: MovedAsset) -> PastItem:
    photo, *companions = asset.moves
    return PastItem(
        id=photo.id,
        run=photo.run,
        path=photo.path,
        companions=tuple(move.path for move in companions),
        size=sum(move.file.size for move in asset.moves),
        state=photo.state,
        reason=next((move.reason for move in asset.moves if move.reason), ""),
        rule=photo.rule,
        sentence=photo.sentence,
        kept=photo.keeper.identity.path if photo.keeper else None,
        destination=photo.destination if photo.state is MoveState.MOVED else None,
        changed_at=photo.changed_at,
        decided_by=asset.decided_by,
        decided_at=asset.decided_at,
        undone_by=asset.undone_by,
    )
