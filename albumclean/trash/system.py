"""The Recycle Bin of Windows and the Bin of macOS, through send2trash. They do not tell where a file went."""

from __future__ import annotations

import sys
from collections.abc import Callable

from albumclean.domain import FileIdentity
from albumclean.errors import MoveRefused, TrashUnavailable
from albumclean.trash.files import exists, identity_of
from albumclean.trash.places import Place

BIN = "Recycle Bin" if sys.platform == "win32" else "Bin"
BY_HAND = (
    "open the Recycle Bin, find the file by its name and its original location, and choose Restore"
    if sys.platform == "win32"
    else "open the Bin in the Finder, find the file by its name, and choose Put Back"
)


class SystemTrash:
    """Moves files into the system's own bin; they are brought back by hand."""

    name = "system"

    def move(self, file: FileIdentity, content_hash: bytes, mark: str, announce: Callable[[Place], None]) -> Place:
        """See `Backend.move`; the bin takes no marks, and what went into it can't be compared."""
        place = Place(None)
        announce(place)
        if not file.same_file_state(identity_of(file.path)):
            raise MoveRefused(path=file.path, detail="it has been changed since the scan")
        _send(file)
        if exists(file.path):
            raise MoveRefused(path=file.path, detail=f"the {BIN} did not take it")
        return place


def _send(file: FileIdentity) -> None:
    from send2trash import TrashPermissionError, send2trash

    try:
        send2trash(str(file.path))
    except TrashPermissionError as error:
        raise TrashUnavailable(path=file.path, detail=f"the {BIN} is not allowed to take it") from error
