"""The trash of Linux and BSD desktops, after the FreeDesktop.org Trash specification 1.0.

https://specifications.freedesktop.org/trash-spec/1.0/

Written here since the usual package looks for a free name without taking it, which loses files when two programs trash
same-named files at once, and does not tell where a file went. Here a name is taken by creating its .trashinfo with
O_EXCL, as the specification asks, and the file never overwrites what lies in the trash already.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from albumclean.domain import FileIdentity
from albumclean.errors import MoveRefused, TrashUnavailable
from albumclean.trash.files import exists, holds, identity_of, rename_no_replace, words_for, write_new
from albumclean.trash.places import Place, home_trash

_INFO = ".trashinfo"
_NAME_MAX = 255  # bytes
_NUMBERED = 100  # then random names: a trash may hold thousands of IMG_0001.JPG


@dataclass(frozen=True, slots=True)
class _Bin:
    folder: Path
    top: Path | None  # paths in its notes are relative to this; None: absolute


class FreedesktopTrash:
    """Moves files into the trash of the file system on which they lie."""

    name = "freedesktop"

    def move(self, file: FileIdentity, content_hash: bytes, mark: str, announce: Callable[[Place], None]) -> Place:
        """See `Backend.move`. Raises TrashUnavailable where the file system has no trash and lets us make none."""
        problems: list[str] = []
        for trash in _bins(file, problems):
            try:
                return _move_into(trash, file, content_hash, mark, announce)
            except OSError as error:
                if error.errno != errno.EXDEV:  # another mount of the same device: its own trash comes next
                    raise
                problems.append(f"{trash.folder} is on another file system")
        raise TrashUnavailable(path=file.path, detail="; ".join(problems) or "there is no trash for it")


def forget_note(info: Path, mark: str) -> None:
    """Remove the .trashinfo that we made under `mark`, and no other. Raises OSError."""
    with suppress(FileNotFoundError):
        if mark.encode() in info.read_bytes():
            info.unlink()


def _move_into(
    trash: _Bin, file: FileIdentity, content_hash: bytes, mark: str, announce: Callable[[Place], None]
) -> Place:
    note = _note(file.path, trash.top, mark)
    for name in _names(file.path.name, _longest_name(trash.folder)):
        destination = trash.folder / "files" / name
        info = trash.folder / "info" / f"{name}{_INFO}"
        if exists(info) or exists(destination):
            continue
        place = Place(destination, info)
        announce(place)
        try:
            write_new(info, note, mark)
        except FileExistsError:
            forget_note(info, mark)  # a network file system may say so of the very note that it has just made
            continue
        try:
            take(file, content_hash, destination, mark)
        except FileExistsError:  # a program that does not look at the notes was faster
            forget_note(info, mark)
            continue
        except (OSError, MoveRefused):
            if not exists(destination):
                forget_note(info, mark)
            raise
        return place
    raise MoveRefused(path=file.path, detail="the trash has no free name for it")


def take(file: FileIdentity, content_hash: bytes, destination: Path, mark: str) -> None:
    """Rename `file` to `destination`, and undo that if what arrives there is not what was checked.

    Between the last look and the rename another program can still put another file in its place; only after the rename
    is it certain what was moved. Raises MoveRefused, FileExistsError, OSError.
    """
    if not file.same_file_state(identity_of(file.path)):
        raise MoveRefused(path=file.path, detail="it has been changed since the scan")
    rename_no_replace(file.path, destination, mark)
    if not holds(destination, file, content_hash):
        detail = "it was replaced at the very moment of the move, so it was put back"
        try:
            rename_no_replace(destination, file.path, mark)
        except FileExistsError:  # not the "name is taken" of a first attempt: callers must not try the next name
            detail = f"it was replaced, twice, at the very moment of the move; what was moved lies at {destination}"
        raise MoveRefused(path=file.path, detail=detail)


def _bins(file: FileIdentity, problems: list[str]) -> Iterator[_Bin]:
    """The trashes for a file, best first; each is made ready when it is asked for."""
    home = home_trash()
    try:
        # Not the scan's device number: those change between mounts.
        if _nearest_existing(home).stat().st_dev == file.path.lstat().st_dev:
            yield _ready(_Bin(home, None), parents=True)
    except OSError as error:
        problems.append(f"{home}: {words_for(error)}")
    top = _mount_point(file)
    yield from _top_bins(top, problems)


def _top_bins(top: Path, problems: list[str]) -> Iterator[_Bin]:
    user = os.getuid()
    shared = top / ".Trash"
    with suppress(OSError):  # the administrator's shared trash is optional
        mode = shared.lstat().st_mode
        # The specification: it must be a real folder with the sticky bit, or others could steal from it.
        if stat.S_ISDIR(mode) and mode & stat.S_ISVTX:
            yield _ready(_Bin(shared / str(user), top))
    own = top / f".Trash-{user}"
    try:
        yield _ready(_Bin(own, top))
    except OSError as error:
        problems.append(f"{own}: {words_for(error)}")


def _ready(trash: _Bin, *, parents: bool = False) -> _Bin:
    """Create what is missing with 0700, refuse what is a link or another user's. Raises OSError."""
    trash.folder.mkdir(mode=0o700, parents=parents, exist_ok=True)
    if trash.top is not None:
        seen = trash.folder.lstat()
        if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.getuid():
            raise PermissionError(errno.EPERM, "it is a link or belongs to another user", str(trash.folder))
    for part in ("files", "info"):
        (trash.folder / part).mkdir(mode=0o700, exist_ok=True)
    return trash


def _note(path: Path, top: Path | None, mark: str) -> bytes:
    real = path.parent.resolve() / path.name
    shown = os.fsencode(real if top is None else real.relative_to(top))
    deleted = datetime.now().strftime("%Y-%m-%dT%H:%M:%S")  # local time, as the specification says
    # Other lines are to be ignored by other programs; ours tells whose note this is.
    return f"[Trash Info]\nPath={quote(shown)}\nDeletionDate={deleted}\nX-Albumclean-Move={mark}\n".encode("ascii")


def _names(name: str, longest: int) -> Iterator[str]:
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - Path.suffix is the same, but this splits in one call
    yield _shortened(stem, suffix, longest)
    for number in range(2, _NUMBERED):
        yield _shortened(stem, f".{number}{suffix}", longest)
    for _ in range(_NUMBERED):
        yield _shortened(stem, f".{secrets.token_hex(4)}{suffix}", longest)


def _shortened(stem: str, ending: str, longest: int) -> str:
    while stem and len(os.fsencode(stem + ending)) > longest:
        stem = stem[:-1]
    return stem + ending


def _longest_name(folder: Path) -> int:
    try:
        longest = os.pathconf(folder, "PC_NAME_MAX")  # 143 on an encrypted home
    except (OSError, ValueError):
        longest = _NAME_MAX
    return longest - len(_INFO)


def _nearest_existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.parents) if parent.exists())


def _mount_point(file: FileIdentity) -> Path:
    folder = file.path.parent.resolve()
    return next(parent for parent in (folder, *folder.parents) if parent.is_mount())
