"""What the crawl leaves out, with the reason: nothing is skipped without a word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath

from albumclean.crawl.kinds import Kind, kind_of, split_name
from albumclean.crawl.partial import is_partial, is_trashed


class SkipReason(StrEnum):
    """Why something was left out; `text` is for people."""

    NOT_A_PHOTO = "not-a-photo"
    VIDEO = "video"
    NO_EXTENSION = "no-extension"
    NOT_INCLUDED = "not-included"
    IGNORED = "ignored"
    EXCLUDED = "excluded"
    HIDDEN = "hidden"
    APPLE_DOUBLE = "apple-double"
    PARTIAL = "partial"
    UNSETTLED = "unsettled"
    SYMLINK = "symlink"
    BROKEN_LINK = "broken-link"
    HARD_LINK = "hard-link"
    SAME_FOLDER = "same-folder"
    SPECIAL_FILE = "special-file"
    ONLINE_ONLY = "online-only"
    VANISHED = "vanished"
    TRASH = "trash"
    SYSTEM = "system"
    OTHER_TOOL = "other-tool"
    LIBRARY = "library"

    @property
    def text(self) -> str:
        """What it means, for people."""
        return _TEXTS[self]


_TEXTS = {
    SkipReason.NOT_A_PHOTO: "not a photo, by its extension",
    SkipReason.VIDEO: "a video; `scan --videos` looks at them too",
    SkipReason.NO_EXTENSION: "no extension; name the file itself to have it looked at",
    SkipReason.NOT_INCLUDED: "matches no include pattern",
    SkipReason.IGNORED: "matches an exclude pattern or an .albumcleanignore file",
    SkipReason.EXCLUDED: "lies in an excluded folder",
    SkipReason.HIDDEN: "hidden",
    SkipReason.APPLE_DOUBLE: "macOS's extra data of another file, not a photo",
    SkipReason.PARTIAL: "a download or a copy that has not ended",
    SkipReason.UNSETTLED: "may still be written to; a later scan looks at it",
    SkipReason.SYMLINK: "a link; what it leads to is looked at where it lies",
    SkipReason.BROKEN_LINK: "a link that leads nowhere",
    SkipReason.HARD_LINK: "another name of a photo already seen",
    SkipReason.SAME_FOLDER: "another name of a folder already seen",
    SkipReason.SPECIAL_FILE: "not a regular file",
    SkipReason.ONLINE_ONLY: "kept online only; reading it would download it",
    SkipReason.VANISHED: "was gone or changed its nature while the folder was read",
    SkipReason.TRASH: "a trash; what lies there counts neither as a photo nor as a copy",
    SkipReason.SYSTEM: "a system folder or a snapshot",
    SkipReason.OTHER_TOOL: "the working folder of another program",
    SkipReason.LIBRARY: "the library of another program, which would break if files were taken out",
}


@dataclass(frozen=True, slots=True)
class Skipped:
    """What was left out: one path, or `count` files of the folder `path`."""

    path: Path
    reason: SkipReason
    detail: str = ""  # e.g. the first name of a hard link
    count: int = 1

    @property
    def text(self) -> str:
        """One sentence for people."""
        return f"{self.reason.text} ({self.detail})" if self.detail else self.reason.text


# All names are compared in lower case.
_TRASH = frozenset(
    {
        ".trash", ".trashes", "$recycle.bin", "recycler", "#recycle", "@recycle", ".@recycle", ".recycle",
        ".dtrash", ".trashed", ".wastebasket", ".trashbin", ".trash-storage", ".globaltrash",
    }
)  # fmt: skip
_TRASH_OF_A_USER = re.compile(r"\.trash-\d+")
_SYSTEM = frozenset(
    {
        "lost+found", "system volume information", "$winreagent", "$windows.~bt", "$windows.~ws", "$sysreset",
        "config.msi", ".spotlight-v100", ".fseventsd", ".temporaryitems", ".documentrevisions-v100", ".zfs",
        ".snapshot", ".snapshots", "#snapshot", "@recently-snapshot", "@snapshot", ".ssh", ".gnupg",
    }
)  # fmt: skip
_OTHER_TOOL = frozenset(
    {
        "@eadir", "@tmp", "#thumbs", ".thumbnails", ".thumbs", ".@__thumb", "@__thumb", ".xvpics", ".comments",
        "node_modules", ".git", ".hg", ".svn", "__pycache__", ".venv", ".cache",
        ".stversions", ".stfolder", ".sync", ".dropbox.cache", ".tmp.drivedownload", ".tmp.driveupload",
        ".rsync-partial", ".~tmp~",
        "captureone", ".picasaoriginals", ".digikam", ".photoprism", ".darktable", ".geeqie",
    }
)  # fmt: skip
_LIBRARY_ENDINGS = (
    ".photoslibrary", ".photolibrary", ".migratedphotolibrary", ".aplibrary", ".lrdata", ".lrcat-data", ".lrlibrary",
    ".cosessiondb", ".cocatalog", ".photoboothlibrary",
)  # fmt: skip
_VIRTUAL = frozenset({"/proc", "/sys", "/dev", "/run"})
_VIDEOS = frozenset(
    {
        "3g2", "3gp", "3gpp", "asf", "avi", "divx", "dv", "flv", "insv", "lrv", "m2t", "m2ts", "m4v", "mkv", "mod",
        "mov", "mp4", "mpe", "mpeg", "mpg", "mts", "mxf", "ogv", "qt", "rm", "rmvb", "tod", "ts", "vob", "webm", "wmv",
    }
)  # fmt: skip
_ICLOUD_PLACEHOLDER = re.compile(r"\.(.+)\.icloud", re.DOTALL | re.IGNORECASE)


def is_trash_folder(path: PurePath) -> bool:
    """Whether a folder is a trash by its name and place (freedesktop, macOS, Windows, and the usual NAS systems)."""
    name = path.name.lower()
    if name in _TRASH or _TRASH_OF_A_USER.fullmatch(name):
        return True
    return name == "trash" and path.parts[-3:-1] == (".local", "share")


def is_foreign_library(name: str) -> bool:
    """Whether a folder of this name is a bundle that its program manages, such as an Apple Photos library."""
    return name.lower().endswith(_LIBRARY_ENDINGS)


def reason_to_skip_folder(path: PurePath, hidden: bool) -> SkipReason | None:
    """Why a folder that was met (not named by the user) is left out. `hidden`: the user wants hidden folders."""
    name = path.name.lower()
    if is_trash_folder(path):
        return SkipReason.TRASH
    if is_foreign_library(name):
        return SkipReason.LIBRARY
    if name in _SYSTEM or str(path) in _VIRTUAL:
        return SkipReason.SYSTEM
    if name in _OTHER_TOOL:
        return SkipReason.OTHER_TOOL
    if name.startswith(".") and not hidden:
        return SkipReason.HIDDEN
    return None


def reason_to_skip_file(name: str, hidden: bool) -> SkipReason | None:
    """Why a file is left out by its name alone, or None if it is a photo or may be a companion of one."""
    if is_trashed(name):
        return SkipReason.TRASH
    if is_partial(name):
        return SkipReason.PARTIAL
    if kind_of(name) is None:
        return _reason_for_unknown_kind(name)
    if name.startswith("._"):
        return SkipReason.APPLE_DOUBLE
    if name.startswith(".") and not hidden:
        return SkipReason.HIDDEN
    return None


def reason_for_leftover(name: str) -> SkipReason:
    """Why a file is left out that might have been a companion, and is none."""
    return SkipReason.VIDEO if kind_of(name) in {Kind.VIDEO, Kind.FILM} else SkipReason.NOT_A_PHOTO


def online_name(name: str) -> str | None:
    """The name of the photo or companion for which this is iCloud's placeholder, or None if it is none.

    iCloud Drive shows `IMG_1.HEIC`, which it keeps online only, as a small file `.IMG_1.HEIC.icloud`.
    """
    match = _ICLOUD_PLACEHOLDER.fullmatch(name)
    return match[1] if match and kind_of(match[1]) is not None else None


def _reason_for_unknown_kind(name: str) -> SkipReason:
    if online_name(name):
        return SkipReason.ONLINE_ONLY
    if split_name(name)[1] in _VIDEOS:
        return SkipReason.VIDEO
    return SkipReason.NOT_A_PHOTO if "." in name else SkipReason.NO_EXTENSION
