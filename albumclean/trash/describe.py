"""Where things would go, for `albumclean doctor`."""

from __future__ import annotations

import os
import sys

from albumclean.errors import TrashUnavailable
from albumclean.trash.places import home_trash


def describe_trash() -> str:
    """One sentence. Raises TrashUnavailable if the user's own trash can't be written to."""
    if sys.platform == "win32":
        return "photos go to the Recycle Bin; to bring one back, open it and choose Restore"
    if sys.platform == "darwin":
        return "photos go to the Bin; to bring one back, open it and choose Put Back"
    trash = home_trash()
    existing = next(folder for folder in (trash, *trash.parents) if folder.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        raise TrashUnavailable(path=trash, detail=f"{existing} can't be written to")
    return f"{trash}, or the .Trash folder of the drive that a photo lies on; `albumclean undo` brings them back"
