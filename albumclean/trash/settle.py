"""Bring an asset that was caught in the middle to one end, whole, and have the journal say so."""

from __future__ import annotations

import time
from collections.abc import Sequence

from albumclean.domain import Action, Decision, MoveState, TrashOutcome
from albumclean.errors import AlbumcleanError, MoveRefused, StoreError
from albumclean.store.journal_rows import Move
from albumclean.store.ledger import Ledger
from albumclean.trash.checks import keeper_is_in_place
from albumclean.trash.files import words_for
from albumclean.trash.locate import Where, bring_back, locate

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
    """Return what has moved of the asset to its place. Then it gets `state`; files that resist, what is true."""
    stuck: list[str] = []
    back: list[Move] = []
    returned = False
    for move in asset:
        if move.state is MoveState.PLANNED:
            back.append(move)
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
            if _is_there(move):
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
    ledger.settle(back, state, reason)
    if stuck:
        return outcome(asset, MoveState.FAILED, "; ".join((reason, *stuck)))
    return outcome(asset, state, reason)


def settle_restore(ledger: Ledger, asset: Sequence[Move], reason: str = "") -> TrashOutcome:
    """Say of every file that was being brought back whether it is; the photo's return is the user's KEEP."""
    back: list[Move] = []
    problems = [reason] if reason else []
    for move in asset:
        if move.state is not MoveState.RESTORING:
            continue
        try:
            where = locate(move)
        except OSError as error:
            problems.append(f"{move.path.name} can't be looked at: {words_for(error)}")
            continue
        if where is Where.SOURCE:
            back.append(move)
            continue
        if where is Where.DESTINATION:
            problems.append(f"{move.path.name} lies at {move.destination or 'the bin'}")
        elif not reason:
            problems.append(f"{move.path.name} is no longer at {move.destination}")
        ledger.settle([move], MoveState.MOVED, reason)
    remember_kept(ledger, back)
    ledger.settle(back, MoveState.RESTORED)
    if back and problems:
        problems.append("the rest is back in its place")
    whole = len(back) > 0 and not problems
    return outcome(asset, MoveState.RESTORED if whole else MoveState.FAILED, "; ".join(problems))


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


def _is_there(move: Move) -> bool:
    try:
        return locate(move) is Where.DESTINATION
    except OSError:
        return False
