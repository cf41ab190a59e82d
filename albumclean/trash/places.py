"""Where a file can go: the backend that takes it there, and what a trash looks like from outside."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from albumclean.crawl.skips import is_trash_folder
from albumclean.domain import FileIdentity


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file goes, and the note that the trash keeps on it; None where the platform does not tell."""

    destination: Path | None
    info: Path | None = None


class Backend(Protocol):
    """Takes single files away."""

    name: str  # in the journal

    def move(self, file: FileIdentity, content_hash: bytes, mark: str, announce: Callable[[Place], None]) -> Place:
        """Move `file`, which has just been found unchanged with `content_hash`.

        `announce` is called with every place before anything is created there; everything made on the way says
        `mark`. After an error the file may be at either end: whoever calls looks. Raises TrashUnavailable,
        MoveRefused, OSError.
        """
        ...


def inside_a_trash(path: Path) -> bool:
    """Whether `path` lies in a trash of any system: what lies there does not count as a copy that stays."""
    if any(is_trash_folder(folder) for folder in (path, *path.parents)):
        return True
    # A home trash keeps its files in Trash/files, beside Trash/info, wherever XDG_DATA_HOME is.
    if any(pair == ("Trash", "files") for pair in pairwise(path.parts)):
        return True
    return sys.platform != "win32" and path.is_relative_to(home_trash())


def home_trash() -> Path:
    """The user's own trash after the FreeDesktop.org specification: `$XDG_DATA_HOME/Trash`."""
    data = os.environ.get("XDG_DATA_HOME", "")
    # The base directory specification: a relative path is to be ignored.
    return (Path(data) if Path(data).is_absolute() else Path.home() / ".local" / "share") / "Trash"
