"""Files: where photos are looked for, and all that belongs to one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from os import stat_result
from pathlib import Path


class RootRole(StrEnum):
    """What may happen to the photos under a root."""

    NORMAL = "normal"
    PROTECTED = "protected"  # compared with the others, never proposed
    EXCLUDED = "excluded"  # not even looked at


@dataclass(frozen=True, slots=True)
class Root:
    """A folder (or a single file) named by the user."""

    path: Path
    role: RootRole = RootRole.NORMAL


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """One physical file as `stat` saw it: what must still hold at the moment of a move."""

    path: Path
    size: int  # bytes
    mtime_ns: int
    inode: int
    device: int

    @classmethod
    def of(cls, path: Path, seen: stat_result) -> FileIdentity:
        """What a `stat` of `path` said."""
        return cls(path, seen.st_size, seen.st_mtime_ns, seen.st_ino, seen.st_dev)

    def same_file_state(self, other: FileIdentity) -> bool:
        """Whether `other` is the same file with the same size and time (device numbers change between mounts)."""
        return (self.size, self.mtime_ns, self.inode) == (other.size, other.mtime_ns, other.inode)


class CompanionKind(StrEnum):
    """Files that belong to a photo and travel with it."""

    LIVE_VIDEO = "live-video"  # the moving half of a Live Photo
    RAW = "raw"  # camera RAW twin
    XMP = "xmp"
    AAE = "aae"  # Apple's edit instructions
    THUMBNAIL = "thumbnail"  # THM
    TAKEOUT_JSON = "takeout-json"
    EDIT = "edit"  # the photo as the user edited it, which a phone keeps beside the untouched one
    SETTINGS = "settings"  # how another program develops it: .pp3, .dop, .on1, ...


@dataclass(frozen=True, slots=True)
class Companion:
    """A companion and the file that it is."""

    kind: CompanionKind
    file: FileIdentity


@dataclass(frozen=True, slots=True)
class Asset:
    """One photo (or video) as the user sees it: every file that must be trashed together or not at all."""

    primary: FileIdentity
    companions: tuple[Companion, ...] = ()
    role: RootRole = RootRole.NORMAL
    video: bool = False  # by its name a video that stands for itself, no half of a Live Photo

    @property
    def size(self) -> int:
        """Bytes of the photo and all its companions."""
        return self.primary.size + sum(companion.file.size for companion in self.companions)

    @property
    def files(self) -> tuple[FileIdentity, ...]:
        """The photo first."""
        return (self.primary, *(companion.file for companion in self.companions))
