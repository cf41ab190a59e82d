"""Bring an asset that was caught in the middle to one end, whole, and have the journal say so."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from albumclean.domain import Action, Decision, MoveState, TrashOutcome
from albumclean.errors import AlbumcleanError, MoveRefused, StoreError
from albumclean.store.journal_rows import Move
from albumclean.store.ledger import Ledger
from albumclean.trash.checks import keeper_is_in_place
from albumclean.trash.files import words_for
from albumclean.trash.locate import Where, bring_back, locate

_IN_PLACE = frozenset({MoveState.PLANNED, MoveState.SKIPPED, MoveState.FAILED, MoveState.ROLLED_BACK})
_INTERRUPTED = "the move was interrupted; everything is back in its place"


def settle_interrupted(ledger: Ledger) -> list[TrashOutcome]:
    """Settle every asset that a kill left half-way; call with the lock held, when nobody can be at work on them."""
    outcomes = [settle_asset(ledger, asset) for asset in ledger.unsettled()]
    ledger.finish_undos()
    return outcomes


def settle_asset(ledger: Ledger, asset: Sequence[Move]) -> TrashOutcome:
    """Finish what was all but finished, put back everything else."""
    if any(move.state is MoveState.RESTORING for move in asset):
        return settle_restore(ledger, asset, _finish_restore(asset))
    moving = [move for move in asset if move.state is MoveState.MOVING]
    try:
        arrived = len(moving) == len(asset) and all(locate(move) is Where.DESTINATION for move in asset)
        if arrived and keeper_is_in_place(asset):
            ledger.settle(asset, MoveState.MOVED)
            return outcome(asset, MoveState.MOVED)
    except OSError as error:
        return outcome(asset, MoveState.FAILED, f"it can't be looked at: {words_for(error)}; it will be tried again")
    return put_back(ledger, asset, MoveState.PLANNED, _INTERRUPTED)


def put_back(ledger: Ledger, asset: Sequence[Move], state: MoveState, reason: str) -> TrashOutcome:
    """Return what has moved of the asset to its place; then all of it gets `state`, or ROLLED_BACK for a FAILED move.

    If a file resists, it stays MOVING and the others PLANNED, so that the next run tries again to make the photo whole.
    """
    stuck: list[str] = []
    back = [move for move in asset if move.state in _IN_PLACE]
    returned = False
    for move in asset:
        if move.state is not MoveState.MOVING:
            continue
        try:
            where = locate(move)
            if where is Where.DESTINATION:
                bring_back(move)
                returned = True
        except (OSError, AlbumcleanError) as error:
            if isinstance(error, StoreError):
                raise
            stuck.append(f"{move.path.name} lies at {move.destination or 'the bin'} ({explain(error)})")
            if move.destination is None and _is_away(move):  # no later run can do more
                ledger.settle([move], MoveState.MOVED, f"{reason}; it could not be put back: {explain(error)}")
            continue
        if where is Where.UNKNOWN:
            # Stays MOVING, so that the next run looks again: a drive that is not connected comes back.
            stuck.append(
                f"{move.path.name} is not found at its place or at {move.destination}; is the drive connected?"
            )
        else:
            back.append(move)
    if state is MoveState.FAILED and returned:
        state = MoveState.ROLLED_BACK
    if stuck:
        reason = "; ".join((reason, *stuck))
        ledger.settle(back, MoveState.PLANNED if _tries_again(ledger, asset) else state, reason)
        return outcome(asset, MoveState.FAILED, reason)
    ledger.settle(back, state, reason)
    return outcome(asset, state, reason)


def retreat(ledger: Ledger, asset: Sequence[Move]) -> None:
    """Put back what has moved of the asset though the journal can't be written, as far as that can be done.

    The journal goes on to say MOVING, and the next recovery finds the files in their places.
    """
    with suppress(StoreError):
        for move in ledger.item(asset[0].run, asset[0].item):
            with suppress(OSError, AlbumcleanError):
                if move.state is MoveState.MOVING and locate(move) is Where.DESTINATION:
                    bring_back(move)


def settle_restore(ledger: Ledger, asset: Sequence[Move], reason: str = "") -> TrashOutcome:
    """Say of every file that was being brought back whether it is; the photo's return is the user's KEEP.

    Where a part of the photo is back or never went, the files that resist stay RESTORING: the next run brings them
    back too.
    """
    back: list[Move] = []
    away: list[Move] = []
    problems = [reason] if reason else []
    torn = in_part_there(asset)
    for move in asset:
        if move.state is not MoveState.RESTORING:
            continue
        try:
            where = locate(move)
        except OSError as error:
            torn = True  # perhaps: it may be back
            problems.append(f"{move.path.name} can't be looked at: {words_for(error)}")
            continue
        if where is Where.SOURCE:
            back.append(move)
            continue
        if where is Where.DESTINATION:
            problems.append(f"{move.path.name} lies at {move.destination or 'the bin'}")
            away.append(move)
            continue
        if not reason:
            problems.append(f"{move.path.name} is no longer at {move.destination}")
        ledger.settle([move], MoveState.MOVED, reason)
    remember_kept(ledger, back)
    ledger.settle(back, MoveState.RESTORED)
    still_away(ledger, away, reason, torn=torn or len(back) > 0)
    if back and problems:
        problems.append("the rest is back in its place")
    whole = len(back) > 0 and not problems
    return outcome(asset, MoveState.RESTORED if whole else MoveState.FAILED, "; ".join(problems))


def in_part_there(asset: Sequence[Move]) -> bool:
    """Whether a file of the asset is in its place by the journal: never moved, put back, or brought back."""
    return any(move.state in _IN_PLACE or move.state is MoveState.RESTORED for move in asset)


def still_away(ledger: Ledger, moves: Sequence[Move], reason: str, *, torn: bool, undone_by: int | None = None) -> None:
    """Say of files that did not come back whether the next run is to try again: where the photo is `torn`, it is."""
    # Nobody can bring back what the system's own bin holds: the next run would only say so again.
    again = [move for move in moves if torn and move.destination is not None]
    ledger.settle(again, MoveState.RESTORING, reason, undone_by)
    ledger.settle([move for move in moves if move not in again], MoveState.MOVED, reason)


def _finish_restore(asset: Sequence[Move]) -> str:
    """The user wanted it back: bring back what the kill has left behind. Returns what went wrong."""
    problems = []
    for move in asset:
        try:
            if move.state is MoveState.RESTORING and locate(move) is Where.DESTINATION:
                bring_back(move)
        except (OSError, AlbumcleanError) as error:
            if isinstance(error, StoreError):
                raise
            problems.append(f"{move.path.name}: {explain(error)}")
    return "; ".join(problems)


def remember_kept(ledger: Ledger, restored: Sequence[Move]) -> None:
    """Bringing a photo back is the user's word: it is not proposed again under the same rule."""
    now = time.time()
    ledger.remember(
        Decision(move.content_hash, move.path, Action.KEEP, move.rule, now)
        for move in restored
        if move.kind is None and move.content_hash is not None
    )


def outcome(asset: Sequence[Move], state: MoveState, reason: str = "") -> TrashOutcome:
    """The asset's line in the report, with the photo's path and the size of all its files."""
    destinations = tuple(move.destination for move in asset) if state is MoveState.MOVED else ()
    return TrashOutcome(asset[0].path, state, reason, sum(move.file.size for move in asset), destinations)


def explain(error: OSError | AlbumcleanError) -> str:
    """The reason of a failure, for people."""
    if isinstance(error, OSError):
        return words_for(error)
    return str(error.fields["detail"]) if isinstance(error, MoveRefused) else str(error)


def _is_away(move: Move) -> bool:
    try:
        return locate(move) is Where.DESTINATION
    except OSError:
        return False


def _tries_again(ledger: Ledger, asset: Sequence[Move]) -> bool:
    return any(move.state is MoveState.MOVING for move in ledger.item(asset[0].run, asset[0].item))
