"""Where a file is after a move or an undo that did not come to its end, found by looking at the disk."""

from __future__ import annotations

from enum import Enum, auto
from pathlib import Path

from albumclean.domain import MoveState
from albumclean.errors import UndoImpossible
from albumclean.store.journal_rows import Move
from albumclean.trash.files import (
    exists,
    hash_file,
    holds,
    identity_of,
    make_folders,
    part_name,
    remove_placeholder,
    rename_no_replace,
)
from albumclean.trash.freedesktop import forget_note
from albumclean.trash.quarantine import Quarantine, remove_original, take_anywhere
from albumclean.trash.system import BIN, BY_HAND


class Where(Enum):
    """The end at which a file was found."""

    SOURCE = auto()
    DESTINATION = auto()
    UNKNOWN = auto()  # at neither: the trash was emptied, another program took it, or the drive is not connected


def locate(move: Move) -> Where:
    """Find the file and clear away what the interruption left of ours: placeholder, unproven copy, .trashinfo.

    Running it twice, or being killed in it, does no harm. Raises OSError if the disk can't be looked at.
    """
    destination = move.destination
    if destination is None:
        if exists(move.path):
            return Where.SOURCE
        return Where.DESTINATION if move.backend else Where.UNKNOWN
    _clear(move, destination)
    here = holds(move.path, move.file, move.content_hash)
    there = holds(destination, move.file, move.content_hash)
    if here and there and move.backend == Quarantine.name:
        there = not _is_copy_removed(move, destination)
    if there:
        # Only a quarantine copies; in a trash a second file with these bytes is somebody else's.
        return Where.SOURCE if here else Where.DESTINATION
    moving = move.state is MoveState.MOVING
    if moving and not here and exists(destination) and _made_by_us(move) and not exists(move.path):
        # Killed between the rename and the look at what was renamed: it was not the file that was checked.
        rename_no_replace(destination, move.path, move.mark)
    if exists(move.path):  # perhaps changed by the user since, but not by a move
        if here or not exists(destination) or not _made_by_us(move):
            _forget(move)
            return Where.SOURCE
        return Where.UNKNOWN
    return Where.UNKNOWN


def bring_back(move: Move) -> None:
    """Put the file back where it was, with its name, bytes, mode and time; then remove the trash's note on it.

    Whatever lies at the old path stays. Raises UndoImpossible, MoveRefused, FileExistsError, OSError.
    """
    destination = move.destination
    if destination is None:
        raise UndoImpossible(path=move.path, detail=f"the system does not say where in the {BIN} it lies; {BY_HAND}")
    if not holds(destination, move.file, move.content_hash):
        state = "what lies there is not the file that was moved" if exists(destination) else "it is not there any more"
        raise UndoImpossible(path=move.path, detail=f"it was moved to {destination}, but {state}")
    make_folders(move.path.parent)
    there = identity_of(destination)
    take_anywhere(there, move.content_hash or hash_file(destination), move.path, move.mark, mtime_ns=move.file.mtime_ns)
    _forget(move)


def _clear(move: Move, destination: Path) -> None:
    for end in (move.path, destination, move.info):
        if end is not None and end.parent.is_dir():
            remove_placeholder(end, move.mark)
            part_name(end, move.mark).unlink(missing_ok=True)


def _is_copy_removed(move: Move, destination: Path) -> bool:
    """Two proven copies after a kill on the way between file systems: the original place wins."""
    here, there = identity_of(move.path), identity_of(destination)
    if (here.device, here.inode) == (there.device, there.inode):
        return False
    if move.content_hash is None or hash_file(move.path) != move.content_hash:
        return False
    if hash_file(destination) != move.content_hash:
        return False
    remove_original(there)
    return True


def _made_by_us(move: Move) -> bool:
    if move.info is None:
        return move.backend == Quarantine.name  # its run's folder is ours alone
    return exists(move.info) and move.mark.encode() in move.info.read_bytes()


def _forget(move: Move) -> None:
    if move.info is not None:
        forget_note(move.info, move.mark)
