"""Carry out a TrashPlan: photo by photo, each looked at again, each whole or not at all, each in the journal first."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Container, Sequence
from pathlib import Path

from albumclean.domain import MoveState, TrashOutcome, TrashPlan
from albumclean.errors import AlbumcleanError, MoveRefused, StoreError
from albumclean.store.journal_rows import Move, Run, RunKind
from albumclean.store.ledger import Ledger
from albumclean.trash.checks import keeper_is_in_place, look_again, look_for_the_rest
from albumclean.trash.freedesktop import FreedesktopTrash
from albumclean.trash.lock import locked
from albumclean.trash.places import Backend
from albumclean.trash.quarantine import Quarantine, prepare
from albumclean.trash.settle import explain, outcome, put_back, retreat, settle_asset, settle_interrupted
from albumclean.trash.system import SystemTrash

_LEFT = frozenset({MoveState.PLANNED, MoveState.MOVING})
OnOutcome = Callable[[TrashOutcome], None]
Stop = Callable[[], bool]
OnWait = Callable[[str], None]


def apply_plan(
    plan: TrashPlan,
    ledger: Ledger,
    *,
    on_outcome: OnOutcome | None = None,
    stop: Stop | None = None,
    on_wait: OnWait | None = None,
) -> list[TrashOutcome]:
    """Move what `plan` says; one outcome for each photo that was dealt with, in the plan's order.

    If another process is at work with the same ledger, `on_wait` is told which, and this one waits. `stop` is asked
    before each photo; after True, Ctrl-C or a kill, what is left stays PLANNED for `resume`. What an earlier kill left
    half-way is settled first.

    Raises QuarantineUnusable if the plan's folder can't be used, StoreError if the journal can't be written: nothing
    moves that is not in the journal.
    """
    if not plan.items:
        return []
    if plan.quarantine is not None:
        prepare(plan.quarantine.absolute())
    with locked(ledger, on_wait):
        settle_interrupted(ledger)
        run = ledger.begin(RunKind.APPLY, plan)
        return carry_out(ledger, run, on_outcome, stop)


def carry_out(ledger: Ledger, run: Run, on_outcome: OnOutcome | None, stop: Stop | None) -> list[TrashOutcome]:
    """Everything of `run` that is still PLANNED. Call with the lock held."""
    backend = _backend(run)
    leaving = frozenset(move.path for move in ledger.moves(run.id) if move.state is not MoveState.RESTORED)
    outcomes: list[TrashOutcome] = []
    for asset in ledger.items(run.id, MoveState.PLANNED):
        if stop is not None and stop():
            return outcomes
        if any(move.state is not MoveState.PLANNED for move in asset):
            continue  # a file of it can't be found since a kill; the next recovery looks again
        try:
            result = _move_asset(ledger, backend, asset, leaving)
        except KeyboardInterrupt:
            settle_asset(ledger, ledger.item(run.id, asset[0].item))
            raise
        outcomes.append(result)
        if on_outcome is not None:
            on_outcome(result)
    if all(move.state not in _LEFT for move in ledger.moves(run.id)):
        ledger.finish(run.id)
    return outcomes


def _move_asset(ledger: Ledger, backend: Backend, asset: Sequence[Move], leaving: Container[Path]) -> TrashOutcome:
    try:
        look_for_the_rest(asset, leaving, ledger.companions_of(asset[0].path))
        hashes = look_again(asset, leaving)
    except (OSError, MoveRefused) as refusal:
        reason = explain(refusal)
        ledger.settle(asset, MoveState.SKIPPED, reason)
        return outcome(asset, MoveState.SKIPPED, reason)
    try:
        # The photo goes last: as long as it is in its place nothing has happened to it, and a kill leaves no more than
        # a companion to be put back.
        for move, content_hash in reversed(list(zip(asset, hashes, strict=True))):
            _move_file(ledger, backend, move, content_hash)
        if not keeper_is_in_place(asset):
            raise MoveRefused(path=asset[0].path, detail="the one to keep went away with it or meanwhile")
    except (OSError, AlbumcleanError) as error:
        if isinstance(error, StoreError):
            retreat(ledger, asset)
            raise
        return put_back(ledger, ledger.item(asset[0].run, asset[0].item), MoveState.FAILED, explain(error))
    moved = ledger.item(asset[0].run, asset[0].item)
    ledger.settle(moved, MoveState.MOVED)
    return outcome(moved, MoveState.MOVED)


def _move_file(ledger: Ledger, backend: Backend, move: Move, content_hash: bytes) -> None:
    backend.move(
        move.file,
        content_hash,
        move.mark,
        lambda place: ledger.announce(move, place.destination, place.info, backend.name, content_hash),
    )


def _backend(run: Run) -> Backend:
    if run.quarantine is not None:
        day = time.strftime("%Y-%m-%d", time.localtime(run.started_at))
        return Quarantine(run.quarantine, f"{day}-{run.token[:8]}")
    if sys.platform in {"win32", "darwin"}:
        return SystemTrash()
    return FreedesktopTrash()
