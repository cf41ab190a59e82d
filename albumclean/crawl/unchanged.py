"""Folders that are as an earlier scan met them: known by one quick look, without their files being met one by one.

The time of a folder says nothing of files that were edited in place, so each entry is looked up (`stat`) all the same.
What is saved is all that comes after that: sorting out, grouping, sidecars, and a row for each file.

A folder is only remembered if another walk would surely find the same in it for as long as nothing in it changes.
"""

from __future__ import annotations

import marshal
import os
import time
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Protocol

from albumclean.crawl.albums import has_lists_elsewhere
from albumclean.crawl.ignore import IGNORE_FILE
from albumclean.crawl.listing import Listing
from albumclean.crawl.settle import Settling
from albumclean.crawl.skips import Skipped, SkipReason

REVISION = "1"  # of what the crawl makes of a folder; a new one walks every folder anew

# What changed this shortly before the look may change again within the same tick of the file system's clock; git calls
# such files racily clean. FAT counts in steps of two seconds.
RACY = 4.0  # seconds

_WINDOWS = os.name == "nt"
_BY_HANDLE = os.scandir in os.supports_fd  # the system then need not look up the folder again for every file
_FLAGS = next((name for name in ("st_flags", "st_file_attributes") if hasattr(os.stat_result, name)), None)
_DIGEST = 16  # bytes

_Entry = tuple[str, int, int, int, int, int, int, int, int]


class FolderMemory(Protocol):
    """Who remembers folders. Of each folder `recall` is asked first, and `met` is told after its last finding."""

    def recall(self, folder: Path, state: bytes) -> bool:
        """Whether this very state of the folder is remembered; who remembers it counts what lies in it."""

    def met(self, folder: Path, state: bytes) -> None:
        """The folder was walked, and what was yielded since `recall` holds as long as its state is this one."""


@dataclass(frozen=True, slots=True)
class Look:
    """A folder at one moment."""

    device: int
    entries: list[_Entry]  # by name; of folders only what tells them apart
    folders: list[tuple[str, os.stat_result]]  # by the bytes of their names
    taken: float  # seconds since the epoch

    @property
    def names(self) -> list[str]:
        """Of all entries."""
        return [entry[0] for entry in self.entries]

    def signature(self) -> bytes:
        """A digest of everything about the entries that a walk looks at, but for what lies outside the folder."""
        # Version 2 writes equal values as equal bytes; later ones also write which objects are shared.
        return blake2b(marshal.dumps((self.device, self.entries), 2), digest_size=_DIGEST).digest()

    def has_fresh(self, settling: Settling) -> bool:
        """Whether a file may still be written to: its meaning changes by itself, once it has been left alone."""
        return settling.seconds > 0 and any(
            settling.is_recent(mtime / 1e9, ctime / 1e9) for *_, mtime, ctime, _ in self.entries
        )

    def is_lasting(self) -> bool:
        """Whether the folder can change its meaning only by changing its signature, and no change can be missed.

        Links lead elsewhere, and of several names of one file the first counts, wherever that is.
        """
        racy = int((self.taken - RACY) * 1e9)
        for _, mode, _, _, links, _, mtime, ctime, _ in self.entries:
            if S_ISLNK(mode) or (links > 1 and S_ISREG(mode)) or mtime > racy or ctime > racy:
                return False
        names = self.names
        return bool(names) and IGNORE_FILE not in names and not has_lists_elsewhere(names)


def look_at(folder: Path) -> Look | None:
    """Look up every entry; None if the folder or an entry can't be looked at, so that only a walk can tell why."""
    taken = time.time()
    entries: list[_Entry] = []
    folders: list[tuple[str, os.stat_result]] = []
    try:
        handle = os.open(folder, os.O_RDONLY) if _BY_HANDLE else -1
        try:
            device = (os.fstat(handle) if _BY_HANDLE else folder.stat()).st_dev
            with os.scandir(handle if _BY_HANDLE else folder) as found:
                for entry in found:
                    status = Path(entry.path).lstat() if _WINDOWS else entry.stat(follow_symlinks=False)
                    mode = status.st_mode
                    flags = getattr(status, _FLAGS) if _FLAGS else 0
                    if S_ISDIR(mode):
                        folders.append((entry.name, status))
                        entries.append((entry.name, mode, status.st_ino, status.st_dev, 0, 0, 0, 0, flags))
                    else:
                        entries.append(
                            (
                                entry.name,
                                mode,
                                status.st_ino,
                                status.st_dev,
                                status.st_nlink,
                                status.st_size,
                                status.st_mtime_ns,
                                status.st_ctime_ns,
                                flags,
                            )
                        )
        finally:
            if _BY_HANDLE:
                os.close(handle)
    except OSError:
        return None
    entries.sort()
    folders.sort(key=lambda each: os.fsencode(each[0]))
    return Look(device, entries, folders, taken)


def is_settled(listing: Listing) -> bool:
    """Whether the walk found nothing that time alone, or another try, would change."""
    return not (
        listing.waiting
        or listing.unreadable
        or listing.many_names
        or listing.is_trash
        or listing.has_ignore_file
        or not all(isinstance(note, Skipped) and note.reason is not SkipReason.VANISHED for note in listing.notes)
    )


def state_of(look: Look, *circumstances: object) -> bytes:
    """A digest of a folder's signature and of all else that decides what a walk makes of it."""
    about = repr(circumstances).encode("utf-8", "surrogatepass")
    return blake2b(look.signature() + about, digest_size=_DIGEST).digest()
