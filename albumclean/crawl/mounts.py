"""Drives and network shares that go away while they are walked.

What lies on them is neither gone nor empty, though the system may say either: an unmounted share leaves an empty folder
behind. So each folder is remembered with the file system that it was met on.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FileKey = tuple[int, int]  # device, inode

# What the system says of a file system that no longer answers, and not of one file that can't be read.
_AWAY = frozenset(
    getattr(errno, name)
    for name in (
        "ENOTCONN", "ESTALE", "EIO", "ENODEV", "ENXIO", "ETIMEDOUT", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN",
        "ENETUNREACH", "ECONNRESET", "ECONNABORTED", "EREMOTEIO",
    )
    if hasattr(errno, name)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that was met and may be entered."""

    path: Path
    key: FileKey
    device: int  # of the file system that it was met on
    around: Folder | None = None  # the folder in which it was met; None for the first of a walk

    def from_the_top(self) -> Iterator[Folder]:
        """The folders from the first of the walk down to this one."""
        if self.around is not None:
            yield from self.around.from_the_top()
        yield self


def may_be_away(error: OSError) -> bool:
    """Whether an error may come from a whole file system that is gone."""
    return error.errno in _AWAY


def answers(path: Path) -> bool:
    """Whether a folder can still be listed, or is refused by its permissions alone."""
    try:
        with os.scandir(path):
            return True
    except PermissionError:
        return True
    except OSError:
        return False


def lost_with(folder: Folder) -> Folder | None:
    """The topmost folder, of those around this one and itself, that went away with its file system.

    None if nothing but this folder is concerned: someone deleted it, or it can't be read.
    """
    for each in folder.from_the_top():
        was_mounted = each.around is None or each.around.device != each.device
        try:
            if each.path.stat().st_dev != each.device:
                return each
            with os.scandir(each.path):
                pass
        except FileNotFoundError:
            return each if was_mounted else None
        except OSError as error:
            if may_be_away(error):
                return each if was_mounted or each is not folder else None
    return None
