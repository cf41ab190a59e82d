"""A folder that the user named instead of the trash: `--to DIR`. It keeps the tree that the files came from."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from albumclean.crawl.ignore import IGNORE_FILE
from albumclean.domain import FileIdentity
from albumclean.errors import MoveRefused, QuarantineUnusable
from albumclean.trash.files import copy_verified, exists, identity_of, make_folders, words_for
from albumclean.trash.freedesktop import take
from albumclean.trash.places import Place, inside_a_trash

MARKER = IGNORE_FILE  # with "*" later scans leave the whole folder alone
_MARKER_TEXT = b"# Photos that albumclean moved here. This file keeps later scans out.\n*\n"


class Quarantine:
    """Moves files to `folder/<run>/<the path that they had>`."""

    name = "quarantine"

    def __init__(self, folder: Path, run: str) -> None:
        """`run` names the folder of this run's files. Raises QuarantineUnusable, also if scans can't be kept out."""
        self._folder = folder.absolute()
        self._run = run
        prepare(self._folder)
        try:
            _close_to_scans(self._folder / run)
        except OSError as error:
            raise QuarantineUnusable(path=self._folder, detail=words_for(error)) from error

    def move(self, file: FileIdentity, content_hash: bytes, mark: str, announce: Callable[[Place], None]) -> Place:
        """See `Backend.move`. From another file system, the source is removed once the bytes of its copy are proven."""
        if file.path.is_relative_to(self._folder):
            raise MoveRefused(path=file.path, detail=f"it lies in {self._folder} already")
        wanted = self._folder / self._run / _without_anchor(file.path)
        make_folders(wanted.parent)
        for destination in _free_names(wanted):
            if exists(destination):
                continue
            place = Place(destination)
            announce(place)
            try:
                take_anywhere(file, content_hash, destination, mark)
            except FileExistsError:
                continue
            return place
        raise MoveRefused(path=file.path, detail=f"{wanted.parent} has no free name for it")


def take_anywhere(
    file: FileIdentity, content_hash: bytes, destination: Path, mark: str, mtime_ns: int | None = None
) -> None:
    """`take`, and between file systems: copy, prove the copy, then remove the source. Raises as `take`.

    `mtime_ns` is the time to give to a copy, for a source that lay on a file system with coarser times.
    """
    try:
        take(file, content_hash, destination, mark)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy_verified(file, content_hash, destination, mark, file.mtime_ns if mtime_ns is None else mtime_ns)
        remove_original(file)


def remove_original(file: FileIdentity) -> None:
    """Remove a file of which a proven copy lies elsewhere: the only place where bytes of the user's are unlinked.

    Raises MoveRefused, with the original in place, if it is no longer what was copied; OSError.
    """
    if not file.same_file_state(identity_of(file.path)):
        raise MoveRefused(path=file.path, detail="it has been changed while it was copied")
    file.path.unlink()


def prepare(folder: Path) -> None:
    """Create the folder. Raises QuarantineUnusable if it is a file, not writable, or inside a trash."""
    detail = "it lies in a trash" if inside_a_trash(folder) else None
    try:
        if detail is None:
            make_folders(folder)
            if not os.access(folder, os.W_OK | os.X_OK):
                detail = "it can't be written to"
    except OSError as error:
        detail = words_for(error)
    if detail is not None:
        raise QuarantineUnusable(path=folder, detail=detail)


def _close_to_scans(folder: Path) -> None:
    """Put the marker into a run's own folder: the one that the user named may hold an album, or rules of their own.

    Without a whole marker a later scan would take what lies here for copies that stay; so nothing comes in before it is
    there, and one that a kill or a full disk has cut off is written again. Raises OSError.
    """
    marker = folder / MARKER
    make_folders(folder)
    if exists(marker) and marker.stat().st_size >= len(_MARKER_TEXT):
        return
    with marker.open("wb") as file:
        file.write(_MARKER_TEXT)
        file.flush()
        os.fsync(file.fileno())


def _without_anchor(path: Path) -> Path:
    """The path as one below a folder: `/a/b` is `a/b`, `C:\\a` is `C/a`, `\\\\host\\share\\a` is `host/share/a`."""
    drive = [part for part in re.split(r"[\\/:?.]+", path.drive) if part]
    return Path(*drive, *path.relative_to(path.anchor).parts)


def _free_names(path: Path) -> Iterator[Path]:
    yield path
    for number in range(2, 1000):
        yield path.with_name(f"{path.stem}.{number}{path.suffix}")
