"""One folder as the file system shows it: sorted, each entry classified, only what may matter looked up."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from albumclean.crawl.ignore import IGNORE_FILE
from albumclean.crawl.kinds import kind_of
from albumclean.crawl.mounts import FileKey, Folder, answers, may_be_away
from albumclean.crawl.partial import future_name
from albumclean.crawl.settle import Settling
from albumclean.crawl.skips import (
    Skipped,
    SkipReason,
    is_foreign_library,
    is_trash_folder,
    online_name,
    reason_to_skip_file,
    reason_to_skip_folder,
)
from albumclean.domain import Asset, Failure, FileIdentity, Stage

_WINDOWS = os.name == "nt"
# Not in `stat` on every platform: Windows' recall-on-open, recall-on-data-access and offline; macOS's SF_DATALESS.
_WINDOWS_ONLINE_ONLY = 0x00040000 | 0x00400000 | 0x00001000
_MACOS_DATALESS = 0x40000000
_REPARSE_MOUNT_POINT = 0xA0000003  # an NTFS junction: a folder that leads elsewhere


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a file, and with it the photo that it belongs to, is left for a later scan."""

    reason: SkipReason
    detail: str = ""


@dataclass(slots=True)
class Listing:
    """What one folder holds."""

    names: list[str] = field(default_factory=list)  # of all entries
    folders: list[Folder] = field(default_factory=list)
    files: list[FileIdentity] = field(default_factory=list)  # photos, and what may be their companions
    many_names: set[str] = field(default_factory=set)  # the files among them that have several hard links
    unreadable: dict[Path, Failure] = field(default_factory=dict)  # also in `files`, as they belong to some asset
    waiting: dict[Path, Waiting] = field(default_factory=dict)  # also in `files`
    absent: set[Path] = field(default_factory=set)  # of those the ones that don't lie there under their names yet
    notes: list[Skipped | Failure] = field(default_factory=list)
    counts: Counter[SkipReason] = field(default_factory=Counter)  # where one note for each would be too many
    has_ignore_file: bool = False
    is_trash: bool = False

    def waits(self, asset: Asset) -> Iterator[Skipped]:
        """Say that a photo waits, if a part of it is on its way or can't be had."""
        blocking = next((file.path for file in asset.files if file.path in self.waiting), None)
        if blocking is None:
            return
        reason, detail = self.waiting[blocking].reason, self.waiting[blocking].detail
        if asset.primary.path not in self.absent:
            if blocking != asset.primary.path:
                detail = f"its companion {blocking.name}{': ' if detail else ''}{detail}"
            yield Skipped(asset.primary.path, reason, detail)
            return
        # The photo itself is on its way, and already told of; its companions wait for it.
        for companion in asset.companions:
            if companion.file.path not in self.absent:
                yield Skipped(companion.file.path, reason, f"waits for {asset.primary.path.name}")


def file_key(path: Path, status: os.stat_result) -> FileKey:
    """What tells files and folders apart, whatever name leads to them."""
    if status.st_ino == 0:  # some network file systems number nothing; then the name has to do
        return -1, hash(os.path.normcase(path))
    return status.st_dev, status.st_ino


def list_folder(folder: Folder, settling: Settling, *, hidden: bool, named: Collection[str] = frozenset()) -> Listing:
    """List a folder, in the order of its names' bytes. `named`: files that the user named, taken whatever their names.

    Raises OSError if the folder can't be listed to its end: half a listing could tear a photo from its companions.
    """
    with os.scandir(folder.path) as entries:
        ordered = sorted(entries, key=lambda entry: os.fsencode(entry.name))
    if ordered:  # listing it may have mounted it (autofs); an empty one may just have lost its mount
        folder = replace(folder, device=folder.path.stat().st_dev)
    return _Lister(folder, settling, hidden, named).listing(ordered)


def reason_never_to_enter(path: Path) -> SkipReason | None:
    """Why nothing at or below this path is looked at, even if the user names it: a trash or a managed library."""
    for folder in (path, *path.parents):
        if is_trash_folder(folder) or _looks_like_trash(folder):
            return SkipReason.TRASH
        if is_foreign_library(folder.name):
            return SkipReason.LIBRARY
    return None


def folder_met(path: Path, status: os.stat_result, around: Folder, *, hidden: bool) -> Folder | SkipReason:
    """A folder that was met in another one and whose name is no reason to leave it out, or what else is one."""
    if getattr(status, "st_reparse_tag", 0) == _REPARSE_MOUNT_POINT:
        return SkipReason.SYMLINK
    if not hidden and _is_flagged_hidden(status):
        return SkipReason.HIDDEN
    return Folder(path, file_key(path, status), status.st_dev, around)


def _looks_like_trash(folder: Path) -> bool:
    """Whether it is a freedesktop trash, wherever $XDG_DATA_HOME puts it."""
    return folder.name.lower() == "trash" and (folder / "files").is_dir() and (folder / "info").is_dir()


class _Lister:
    def __init__(self, folder: Folder, settling: Settling, hidden: bool, named: Collection[str]) -> None:
        self._folder = folder
        self._settling = settling
        self._hidden = hidden
        self._named = named
        self._listing = Listing()

    def listing(self, entries: list[os.DirEntry[str]]) -> Listing:
        listing, folder = self._listing, self._folder.path
        listing.names = [entry.name for entry in entries]
        for entry in entries:
            try:
                self._classify(entry)
            except (FileNotFoundError, NotADirectoryError):
                listing.notes.append(Skipped(Path(entry.path), SkipReason.VANISHED))
            except OSError as error:
                if may_be_away(error) and not answers(folder):
                    raise
                _note_unreadable(entry, error, listing)
        # What is on its way takes part in the grouping, so that it is known which photo has to wait for it.
        listing.absent = listing.waiting.keys() - {file.path for file in listing.files}
        listing.files += [FileIdentity(path, 0, 0, 0, 0) for path in sorted(listing.absent)]
        listing.is_trash = _looks_like_trash(folder)
        return listing

    def _classify(self, entry: os.DirEntry[str]) -> None:
        name, listing = entry.name, self._listing
        if entry.is_symlink():
            _note_link(entry, listing)
        elif entry.is_dir(follow_symlinks=False):
            self._add_folder(entry)
        elif name == IGNORE_FILE:
            listing.has_ignore_file = True
        elif (reason := reason_to_skip_file(name, self._hidden)) and (
            name not in self._named or reason is SkipReason.TRASH
        ):
            self._leave_out(entry, reason)
        elif not entry.is_file(follow_symlinks=False):
            listing.notes.append(Skipped(Path(entry.path), SkipReason.SPECIAL_FILE))
        else:
            self._add_file(entry)

    def _leave_out(self, entry: os.DirEntry[str], reason: SkipReason) -> None:
        if reason not in {SkipReason.PARTIAL, SkipReason.ONLINE_ONLY, SkipReason.TRASH}:
            self._listing.counts[reason] += 1
            return
        self._listing.notes.append(Skipped(Path(entry.path), reason))
        if reason is SkipReason.PARTIAL and (target := future_name(entry.name)):
            if self._settling.is_arriving(_status(entry)):
                self._wait_for(target, SkipReason.UNSETTLED, f"{entry.name} is on its way to it")
        elif target := online_name(entry.name):
            self._wait_for(target, SkipReason.ONLINE_ONLY)

    def _wait_for(self, name: str, reason: SkipReason, detail: str = "") -> None:
        self._listing.waiting.setdefault(self._folder.path / name, Waiting(reason, detail))

    def _add_folder(self, entry: os.DirEntry[str]) -> None:
        path, listing = Path(entry.path), self._listing
        reason = reason_to_skip_folder(path, self._hidden)
        found = reason or folder_met(path, _status(entry), self._folder, hidden=self._hidden)
        if isinstance(found, SkipReason):
            listing.notes.append(Skipped(path, found))
        else:
            listing.folders.append(found)

    def _add_file(self, entry: os.DirEntry[str]) -> None:
        path, listing = Path(entry.path), self._listing
        status = _status(entry)
        if not stat.S_ISREG(status.st_mode):  # replaced since the listing
            listing.notes.append(Skipped(path, SkipReason.VANISHED))
            return
        if not self._hidden and entry.name not in self._named and _is_flagged_hidden(status):
            listing.counts[SkipReason.HIDDEN] += 1
            return
        listing.files.append(FileIdentity.of(path, status))
        if status.st_nlink > 1:
            listing.many_names.add(entry.name)
        if _is_online_only(status):
            listing.waiting[path] = Waiting(SkipReason.ONLINE_ONLY)
        elif self._settling.is_fresh(status):
            self._wait_for(entry.name, SkipReason.UNSETTLED, "changed just now")


def _note_link(entry: os.DirEntry[str], listing: Listing) -> None:
    """A link is never a photo of its own. Links to folders are not followed, so no walk can run in circles."""
    path = Path(entry.path)
    target = os.readlink(path)  # noqa: PTH115 - Path.readlink needs a str that Path can normalise; this is only text
    try:
        leads_to_folder = entry.is_dir()
        leads_nowhere = not leads_to_folder and not path.exists()
    except OSError:  # a loop, or a target that may not be looked at
        leads_to_folder, leads_nowhere = False, True
    if leads_to_folder or kind_of(entry.name) or kind_of(target):
        reason = SkipReason.BROKEN_LINK if leads_nowhere else SkipReason.SYMLINK
        listing.notes.append(Skipped(path, reason, f"leads to {target}"))
    else:
        listing.counts[SkipReason.NOT_A_PHOTO] += 1


def _note_unreadable(entry: os.DirEntry[str], error: OSError, listing: Listing) -> None:
    path = Path(entry.path)
    failure = Failure(path, Stage.CRAWL, f"can't be looked at: {error.strerror or error}", transient=True)
    if kind_of(entry.name):
        listing.unreadable[path] = failure
        listing.files.append(FileIdentity(path, 0, 0, 0, 0))
    else:
        listing.notes.append(failure)


def _status(entry: os.DirEntry[str]) -> os.stat_result:
    if _WINDOWS:  # there the entry's own stat has neither device nor inode nor number of links
        return Path(entry.path).lstat()
    return entry.stat(follow_symlinks=False)


def _is_flagged_hidden(status: os.stat_result) -> bool:
    windows = getattr(status, "st_file_attributes", 0) & (stat.FILE_ATTRIBUTE_HIDDEN | stat.FILE_ATTRIBUTE_SYSTEM)
    macos = getattr(status, "st_flags", 0) & stat.UF_HIDDEN
    return bool(windows or macos)


def _is_online_only(status: os.stat_result) -> bool:
    """Whether the content is a cloud drive's placeholder: opening it would fetch it, a library at a time."""
    windows = getattr(status, "st_file_attributes", 0) & _WINDOWS_ONLINE_ONLY
    macos = getattr(status, "st_flags", 0) & _MACOS_DATALESS
    return bool(windows or macos)
