"""Invariant 3: at the moment of the move, the files and the photo that stays in their place are looked at again."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path

from albumclean.domain import FileIdentity, MoveState, PlannedFile
from albumclean.errors import MoveRefused
from albumclean.store.journal_rows import Move
from albumclean.trash.files import hash_file, holds, identity_of, words_for
from albumclean.trash.places import inside_a_trash

_HALF_WAY = frozenset({MoveState.MOVING, MoveState.RESTORING})


def look_again(asset: Sequence[Move], leaving: Container[Path]) -> list[bytes]:
    """The content hashes of the asset's files, if all is still as it was scanned; the photo is the first.

    `leaving` are the files that this run moves: none of them counts as the one that stays. Raises MoveRefused with the
    reason.
    """
    hashes = []
    for move in asset:
        if inside_a_trash(move.path):
            raise MoveRefused(path=move.path, detail="it lies in a trash already")
        seen = _unchanged(move.file, "it")
        found = _hash(move.path, "it")
        if move.content_hash is None and move.kind is None:
            raise MoveRefused(path=move.path, detail="its content was never read, so nothing is known against it")
        if move.content_hash not in {None, found}:
            raise MoveRefused(path=move.path, detail="its content has changed since the scan")
        keeper = move.keeper
        if keeper is not None:
            kept = _stays(keeper, leaving)
            if (kept.device, kept.inode) == (seen.device, seen.inode):
                raise MoveRefused(path=move.path, detail=f"it is the same file as the one to keep, {kept.path}")
        hashes.append(found)
    if asset[0].keeper is not None:
        _same_content(asset[0].keeper)
    return hashes


def look_for_the_rest(asset: Sequence[Move], leaving: Container[Path], known: Sequence[Move]) -> None:
    """Refuse a photo whose scan fell into the middle of a move, and so missed companions that were away just then.

    `known` are the companions that the journal has ever seen beside it; those that lie in their places, or are
    half-way, must go along. Raises MoveRefused, OSError.
    """
    going = {move.path for move in asset}
    for move in known:
        if move.path in going or move.path in leaving:
            continue
        if move.state in _HALF_WAY or holds(move.path, move.file, move.content_hash):
            detail = f"{move.path.name}, which belongs to it, was away while it was scanned; scan again"
            raise MoveRefused(path=asset[0].path, detail=detail)


def keeper_is_in_place(asset: Sequence[Move]) -> bool:
    """Whether the keeper still lies there once the asset is gone.

    It does not if it was the same file under a name that hides it (a share mounted twice), or if another process
    moved it meanwhile: each of two processes that move one another's keepers sees it here. Raises OSError.
    """
    keeper = asset[0].keeper
    if keeper is None:
        return True
    try:
        return keeper.identity.same_file_state(identity_of(keeper.identity.path))
    except (FileNotFoundError, NotADirectoryError, MoveRefused):
        return False


def _stays(keeper: PlannedFile, leaving: Container[Path]) -> FileIdentity:
    path = keeper.identity.path
    if path in leaving:
        raise MoveRefused(path=path, detail=f"the one to keep, {path}, is itself to be moved")
    if inside_a_trash(path):
        raise MoveRefused(path=path, detail=f"the one to keep, {path}, lies in a trash")
    return _unchanged(keeper.identity, f"the one to keep, {path},")


def _same_content(keeper: PlannedFile) -> None:
    path = keeper.identity.path
    if keeper.content_hash is None or keeper.content_hash != _hash(path, f"the one to keep, {path},"):
        raise MoveRefused(path=path, detail=f"the one to keep, {path}, has another content than at the scan")


def _unchanged(file: FileIdentity, who: str) -> FileIdentity:
    try:
        seen = identity_of(file.path)
    except MoveRefused as error:
        raise MoveRefused(path=file.path, detail=f"{who} is not an ordinary file any more") from error
    except OSError as error:
        raise MoveRefused(path=file.path, detail=f"{who} can't be looked at: {words_for(error)}") from error
    if not file.same_file_state(seen):
        raise MoveRefused(path=file.path, detail=f"{who} has been changed or replaced since the scan")
    return seen


def _hash(path: Path, who: str) -> bytes:
    try:
        return hash_file(path)
    except MoveRefused as error:
        raise MoveRefused(path=path, detail=f"{who} is changing right now") from error
    except OSError as error:
        raise MoveRefused(path=path, detail=f"{who} can't be read: {words_for(error)}") from error
