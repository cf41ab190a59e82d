"""Bring photos back from where an apply has put them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from albumclean.domain import MoveState, TrashOutcome
from albumclean.errors import AlbumcleanError, StoreError, UndoImpossible
from albumclean.store.journal_rows import Move, RunKind
from albumclean.store.ledger import Ledger
from albumclean.trash.apply import OnOutcome, OnWait
from albumclean.trash.files import exists, holds, words_for
from albumclean.trash.locate import Where, bring_back, locate
from albumclean.trash.lock import locked
from albumclean.trash.settle import explain, in_part_there, outcome, settle_interrupted, settle_restore, still_away

_ENDS = frozenset({MoveState.RESTORED, MoveState.FAILED})
_AWAY = (MoveState.MOVED, MoveState.RESTORING)


def undo(
    ledger: Ledger,
    *,
    run: int | None = None,
    paths: Sequence[Path] | None = None,
    assets: Sequence[tuple[int, int]] | None = None,
    on_outcome: OnOutcome | None = None,
    on_wait: OnWait | None = None,
) -> list[TrashOutcome]:
    """Bring back the photos of `run` (the last apply if None), those that lay at or under `paths`, or just `assets`.

    `assets` are pairs of a run and the number of the photo in its plan: where a path was emptied more than once they
    say which of its photos is meant.

    Each comes back whole: path, name, bytes, mode and time, missing folders made anew. What lies at the old path is
    never overwritten. Outcomes are RESTORED or FAILED with the reason; what is back already has none. A run whose rest
    was still to be done is given up when it is undone as a whole.

    Raises UndoImpossible for a run or path that the journal does not know, StoreError.
    """
    with locked(ledger, on_wait):
        settled = settle_interrupted(ledger)
        if assets is not None:
            found = [asset for pair in assets if _is_away(asset := ledger.item(*pair))]
        else:
            found = _of_paths(ledger, paths) if paths is not None else _of_run(ledger, run)
        # What an earlier undo had begun is finished now; of a move that was interrupted there is nothing to tell here.
        chosen = {asset[0].path for asset in found}
        outcomes = [each for each in settled if each.state in _ENDS and each.path not in chosen]
        if not found:
            return outcomes
        undo_run = ledger.begin(RunKind.UNDO).id
        for asset in found:
            try:
                result = _bring_back_asset(ledger, asset, undo_run)
            except KeyboardInterrupt:
                settle_interrupted(ledger)
                raise
            outcomes.append(result)
            if on_outcome is not None:
                on_outcome(result)
        ledger.finish(undo_run)
        return outcomes


def _is_away(asset: Sequence[Move]) -> bool:
    return any(move.state is MoveState.MOVED for move in asset)


def _of_run(ledger: Ledger, number: int | None) -> list[list[Move]]:
    runs = [run for run in ledger.history() if number in {None, run.id}]
    applies = [run for run in runs if run.kind is RunKind.APPLY]
    if not applies:
        if number is None:
            return []
        detail = "it was an undo itself" if runs else "the journal knows no such run"
        raise UndoImpossible(path=f"Run {number}", detail=detail)
    chosen = applies[0]
    if chosen.finished_at is None:
        _give_up_rest(ledger, chosen.id)
    found = {asset[0].item: asset for state in _AWAY for asset in ledger.items(chosen.id, state)}
    return [found[item] for item in sorted(found)]


def _give_up_rest(ledger: Ledger, run: int) -> None:
    """What could not be put back when its move failed is to come back from now on, if not now then by a later run."""
    moving = [move for move in ledger.moves(run) if move.state is MoveState.MOVING]
    ledger.abandon(run, coming_back=[move for move in moving if _lies_away(move)])


def _lies_away(move: Move) -> bool:
    try:
        return locate(move) is Where.DESTINATION
    except OSError:
        return True  # as far as anybody knows; the undo that follows looks again, and says what it finds


def _of_paths(ledger: Ledger, paths: Sequence[Path]) -> list[list[Move]]:
    assets: dict[tuple[int, int], list[Move]] = {}
    for path in paths:
        moves = ledger.moves_of(path.absolute())
        if not moves:
            raise UndoImpossible(path=path, detail="albumclean has never moved it")
        latest: set[Path] = set()
        for move in moves:
            # Of a path that was emptied twice, only the later photo can come back to it.
            if move.state is MoveState.MOVED and move.path not in latest:
                assets.setdefault((move.run, move.item), ledger.item(move.run, move.item))
                latest.add(move.path)
    return list(assets.values())


def _bring_back_asset(ledger: Ledger, asset: Sequence[Move], undo_run: int) -> TrashOutcome:
    moved = [move for move in asset if move.state in _AWAY]
    try:
        here = {move.id for move in moved if _is_back(move)}
        for move in moved:
            if move.id not in here and exists(move.path):
                there = f"the photo's file lies at {move.destination}" if move.destination else "it lies in the bin"
                detail = f"another file has taken its place at {move.path}; {there}"
                refusal = UndoImpossible(path=asset[0].path, detail=detail)
                return _failed(ledger, asset, moved, str(refusal), undo_run)
    except OSError as error:
        return _failed(ledger, asset, moved, words_for(error), undo_run)
    ledger.settle(moved, MoveState.RESTORING, undone_by=undo_run)
    problems = []
    for move in moved:
        if move.id in here:
            continue
        try:
            bring_back(move)
        except (OSError, AlbumcleanError) as error:
            if isinstance(error, StoreError):
                raise
            problems.append(_why(move, error))
    return settle_restore(ledger, ledger.item(asset[0].run, asset[0].item), "; ".join(problems))


def _is_back(move: Move) -> bool:
    """Whether the user or another program has brought it back already."""
    gone = move.destination is None or not exists(move.destination)
    return gone and holds(move.path, move.file, move.content_hash)


def _failed(ledger: Ledger, asset: Sequence[Move], moved: Sequence[Move], reason: str, undo_run: int) -> TrashOutcome:
    still_away(ledger, moved, reason, torn=in_part_there(asset), undone_by=undo_run)
    return outcome(asset, MoveState.FAILED, reason)


def _why(move: Move, error: OSError | AlbumcleanError) -> str:
    gone = move.destination is not None and not exists(move.destination)
    if gone:
        return (
            f"{move.path.name} is no longer at {move.destination}: the trash was emptied, another program took it out,"
            " or the drive is not connected"
        )
    return f"{move.path.name}: {explain(error)}"
