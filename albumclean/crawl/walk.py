"""The walk: roots in, photos out, folder by folder, in an order that depends on the names alone.

Memory holds one folder's entries, the folders still to visit, and the identities of visited folders and of files with
several names. No link is followed and no folder is entered twice, so the walk always ends.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from albumclean import __version__
from albumclean.config import CrawlSettings
from albumclean.crawl.companions import Grouping, group_assets
from albumclean.crawl.films import group_films
from albumclean.crawl.ignore import IGNORE_FILE, IgnoreChain
from albumclean.crawl.known_layouts import parts_around, recognise
from albumclean.crawl.layouts import Layout, Part, Treatment, strictest
from albumclean.crawl.listing import Listing, folder_met, list_folder, reason_never_to_enter
from albumclean.crawl.live import Identifiers
from albumclean.crawl.mounts import FileKey, Folder, lost_with
from albumclean.crawl.named import NamedFiles
from albumclean.crawl.roots import Territories, Territory, resolve_roots
from albumclean.crawl.settle import Settling
from albumclean.crawl.sieve import Sieve
from albumclean.crawl.skips import Skipped, SkipReason, reason_for_leftover, reason_to_skip_folder
from albumclean.crawl.unchanged import REVISION, FolderMemory, Look, is_settled, look_at, state_of
from albumclean.domain import Asset, Failure, FileIdentity, Root, RootRole, Stage

Finding: TypeAlias = Asset | Failure | Skipped

_NAMED_FOLDERS = frozenset({SkipReason.HIDDEN, SkipReason.OTHER_TOOL, SkipReason.TRASH})
_REASONS = {Treatment.LEFT_OUT: SkipReason.OTHER_TOOL, Treatment.TRASH: SkipReason.TRASH}


def crawl(
    roots: Sequence[Root],
    settings: CrawlSettings,
    identifiers: Identifiers | None = None,
    recognised: Callable[[Path, Layout], None] = lambda folder, layout: None,
    *,
    videos: bool = False,
    memory: FolderMemory | None = None,
) -> Iterator[Finding]:
    """Walk the roots and yield each photo once, and all that failed or was left out.

    Protected roots come first; within a role the order is that of the paths' bytes, whatever the order of `roots`.
    `identifiers` tells the halves of Live Photos (see `crawl.live`); without it they are paired by name. Nothing else
    is opened.
    `recognised` is told of each folder that is known to be made by a phone, a messenger, an export or a server.
    `videos` that are no half of a Live Photo are yielded too; without it they are counted as left out.
    `memory` may answer for folders that are as they were: of what lies directly in such a folder nothing is yielded,
    and `recognised` is not told of it. Single files that are named or excluded change the meaning of those beside them,
    so such a walk remembers nothing.

    Raises, before the walk begins: NothingToScan, RootNotFound (no root can be reached), UsageError (a pattern of the
    settings is malformed). Afterwards whatever goes wrong is a Failure, and the walk goes on.
    """
    territories = resolve_roots(roots, settings.protected)
    return _Crawl(territories, settings, identifiers, recognised, videos=videos, memory=memory).run()


@dataclass(frozen=True, slots=True)
class _Visit:
    """A folder whose turn will come."""

    folder: Folder
    inside: str  # its path from the top of the scan with "/" between and after the parts; "" for the top
    ignores: IgnoreChain
    included: bool  # an include pattern has taken in the whole folder
    territory: Territory


class _Crawl:
    def __init__(
        self,
        territories: Territories,
        settings: CrawlSettings,
        identifiers: Identifiers | None,
        recognised: Callable[[Path, Layout], None],
        *,
        videos: bool,
        memory: FolderMemory | None,
    ) -> None:
        self._territories = territories
        self._borders = territories.borders()
        self._excluded_files = {each.path for each in territories.excluded if not each.is_folder}
        self._sieve = Sieve(settings, self._excluded_files)
        self._hidden = settings.hidden
        self._settling = Settling(settings.settle, time.time())
        self._open_libraries = [Path(each).expanduser().resolve() for each in settings.open_libraries]
        self._identifiers = identifiers
        self._recognised = recognised
        self._videos = videos
        self._visited: set[FileKey] = set()
        files = [each for each in territories.walks if not each.is_folder]
        self._named = NamedFiles([each.path for each in files], self._grouping)
        self._named_files = {each.key for each in files}
        self._first_names: dict[FileKey, Path] = {}  # of files with several names, and of files that are roots
        self._lost: list[Path] = []  # folders that went away with their drive; reported
        self._memory = None if self._named_files or self._excluded_files else memory
        settled = replace(settings, settle=self._settling.patience)  # a look tells what is fresh, however long that is
        self._circumstances = REVISION, __version__, settled, videos, identifiers is not None

    def run(self) -> Iterator[Finding]:
        yield from self._territories.failures
        for territory in self._territories.walks:
            yield from self._territory(territory)

    def _territory(self, territory: Territory) -> Iterator[Finding]:
        if reason := reason_never_to_enter(territory.path):
            yield Skipped(territory.path, reason)
            return
        for folder, part in parts_around(territory.path):
            if part.treatment is Treatment.TRASH or (part.treatment is Treatment.LEFT_OUT and not territory.named):
                yield Skipped(territory.path, _REASONS[part.treatment], part.text)
                return
            territory = self._in_part(territory, folder, part)
        if not territory.is_folder:
            yield from self._single_file(territory)
        else:
            start = self._start(territory)
            if isinstance(start, _Visit):
                yield from self._folders(start)
            elif start is not None:
                yield start

    def _in_part(self, territory: Territory, folder: Path, part: Part) -> Territory:
        """The territory as it is in a part of a layout that is looked at."""
        managed = part.treatment is Treatment.MANAGED
        if not managed or any(folder.is_relative_to(library) for library in self._open_libraries):
            return territory
        return replace(territory, role=RootRole.PROTECTED)

    def _folders(self, start: _Visit) -> Iterator[Finding]:
        waiting = [start]
        while waiting:
            visit = waiting.pop()
            if any(visit.folder.path.is_relative_to(lost) for lost in self._lost):
                continue
            if visit.folder.key in self._visited:
                yield Skipped(visit.folder.path, SkipReason.SAME_FOLDER)
                continue
            self._visited.add(visit.folder.key)
            further: list[_Visit] = []
            yield from self._folder(visit, further)
            waiting.extend(reversed(further))

    def _folder(self, visit: _Visit, further: list[_Visit]) -> Iterator[Finding]:
        """Yield what one folder holds, and add the folders in it to `further`."""
        path = visit.folder.path
        look, state = self._look(visit)
        if self._memory and look and self._memory.recall(path, state):
            yield from self._folders_of(look, visit, further)
            return
        lasting = look is not None and look.is_lasting()
        del look  # as large as the listing
        listing = self._listing(visit.folder)
        if not isinstance(listing, Listing):
            yield listing
            return
        if listing.is_trash:
            yield Skipped(path, SkipReason.TRASH)
            return
        ignores = visit.ignores
        if listing.has_ignore_file:
            extended = self._sieve.extended(ignores, path, visit.inside)
            if not isinstance(extended, IgnoreChain):
                if extended:
                    yield extended
                return
            ignores = extended
        visit = replace(visit, ignores=ignores)
        layouts = recognise(path, listing.names)
        for layout in layouts:
            self._recognised(path, layout)
        yield from (_in_words(note, layouts) for note in listing.notes)
        grouping = self._grouping(listing, visit.territory.role)
        counts = listing.counts
        yield from self._assets(grouping, listing, visit, counts)
        for reason in sorted(counts):
            yield Skipped(path, reason, count=counts[reason])
        if self._memory and lasting and is_settled(listing):
            self._memory.met(path, state)
        yield from self._steps(listing.folders, visit, layouts, further)

    def _look(self, visit: _Visit) -> tuple[Look | None, bytes]:
        """The quick look at a folder, and its state for `FolderMemory`, if there is one."""
        look = look_at(visit.folder.path) if self._memory else None
        if look is None or look.has_fresh(self._settling):
            return None, b""
        here = visit.territory.role.value, visit.inside, visit.included, visit.ignores.described()
        return look, state_of(look, *self._circumstances, *here)

    def _folders_of(self, look: Look, visit: _Visit, further: list[_Visit]) -> Iterator[Finding]:
        """Go on into the folders of one that is unchanged. Those that its listing left out are remembered with it."""
        if not look.folders:
            return
        path, around = visit.folder.path, replace(visit.folder, device=look.device)
        folders = []
        for name, status in look.folders:
            reason = reason_to_skip_folder(path / name, self._hidden)
            found = reason or folder_met(path / name, status, around, hidden=self._hidden)
            if not isinstance(found, SkipReason):
                folders.append(found)
        yield from self._steps(folders, visit, recognise(path, look.names), further)

    def _steps(
        self, folders: Sequence[Folder], visit: _Visit, layouts: Sequence[Layout], further: list[_Visit]
    ) -> Iterator[Finding]:
        for folder in folders:
            step = self._step_into(folder, visit, strictest(layouts, folder.path.name))
            if isinstance(step, _Visit):
                further.append(step)
            elif step is not None:
                yield step

    def _grouping(self, listing: Listing, role: RootRole) -> Grouping:
        grouping = group_assets(listing.files, role, self._identifiers)
        if not self._videos:
            return grouping
        films = group_films(grouping.leftovers, role)
        return Grouping(grouping.assets + films.assets, films.leftovers)

    def _listing(self, folder: Folder) -> Listing | Failure | Skipped:
        try:
            listing = list_folder(folder, self._settling, hidden=self._hidden)
            if listing.names or not (lost := lost_with(folder)):
                return listing
            detail = "it is empty all at once"
        except OSError as error:
            lost = lost_with(folder)
            if lost is None and isinstance(error, FileNotFoundError | NotADirectoryError):
                return Skipped(folder.path, SkipReason.VANISHED)
            detail = error.strerror or str(error)
            if lost is None:
                return Failure(folder.path, Stage.CRAWL, f"the folder can't be listed: {detail}", transient=True)
        self._lost.append(lost.path)
        reason = f"the drive or network share went away during the scan ({detail}); what is known of it was kept"
        return Failure(lost.path, Stage.CRAWL, reason, transient=True)

    def _assets(
        self, grouping: Grouping, listing: Listing, visit: _Visit, counts: Counter[SkipReason]
    ) -> Iterator[Finding]:
        for asset in grouping.assets:
            name = asset.primary.path.name
            if self._has_own_turn(asset, listing):
                continue
            if asset.primary.path in self._excluded_files:
                yield Skipped(asset.primary.path, SkipReason.EXCLUDED)
            elif self._sieve.ignores(visit.inside + name, visit.ignores, is_folder=False):
                counts[SkipReason.IGNORED] += 1
            elif not self._sieve.includes(visit.inside + name, visit.included):
                counts[SkipReason.NOT_INCLUDED] += 1
            else:
                yield from self._checked(self._sieve.without_ignored(asset, visit.inside, visit.ignores), listing)
        for file in grouping.leftovers:
            if file.path in listing.unreadable or file.path in listing.absent:
                continue
            online_only = (waiting := listing.waiting.get(file.path)) and waiting.reason is SkipReason.ONLINE_ONLY
            counts[SkipReason.ONLINE_ONLY if online_only else reason_for_leftover(file.path.name)] += 1

    def _checked(self, asset: Asset, listing: Listing) -> Iterator[Finding]:
        """The asset, unless a part of it can't be looked at or it was already seen under another name."""
        if failures := [listing.unreadable[file.path] for file in asset.files if file.path in listing.unreadable]:
            yield from failures
            if asset.primary.path not in listing.unreadable:
                reason = f"its companion {failures[0].path.name} can't be looked at, so it is left alone"
                yield Failure(asset.primary.path, Stage.CRAWL, reason, transient=True)
            return
        if any(file.path in listing.waiting for file in asset.files):
            yield from listing.waits(asset)
            return
        if asset.primary.path.name in listing.many_names or self._first_names:
            key = _key(asset.primary)
            first = self._first_names.get(key)
            if first == asset.primary.path:
                return  # named as a root of its own, and yielded there
            if first is not None:
                yield Skipped(asset.primary.path, SkipReason.HARD_LINK, f"first seen as {first}")
                return
            if asset.primary.path.name in listing.many_names:
                self._first_names[key] = asset.primary.path
        yield asset

    def _single_file(self, territory: Territory) -> Iterator[Finding]:
        """A file that the user named is looked at whatever its name and the patterns say, with its companions."""
        path = territory.path
        try:
            around = self._named.around(path, territory.role, self._settling, hidden=self._hidden)
        except OSError as error:
            reason = f"its folder can't be listed, so its companions are unknown: {error.strerror or error}"
            yield Failure(path, Stage.CRAWL, reason, transient=True)
            return
        yield from around.notes.get(path, ())
        if (asset := around.assets.get(path)) is not None:
            yield from self._checked(asset, around.listing)
            self._first_names.setdefault(_key(asset.primary), asset.primary.path)

    def _has_own_turn(self, asset: Asset, listing: Listing) -> bool:
        """Whether the user has also named this very photo, or a companion of it, as a root."""
        return bool(self._named_files) and any(
            _key(file) in self._named_files and file.path.name not in listing.many_names for file in asset.files
        )

    def _start(self, territory: Territory) -> _Visit | Failure | Skipped | None:
        """Enter a territory with the ignore files and patterns that hold from the top of the scan down to it."""
        visit = _Visit(Folder(territory.top, (-1, -1), -1), "", IgnoreChain(), False, territory)
        for part in territory.path.relative_to(territory.top).parts:
            path = visit.folder.path
            if os.path.lexists(path / IGNORE_FILE):
                ignores = self._sieve.extended(visit.ignores, path, visit.inside)
                if not isinstance(ignores, IgnoreChain):
                    return ignores
                visit = replace(visit, ignores=ignores)
            path /= part
            if not territory.named:  # only the settings name it: the walk around it would have to come by
                if reason := reason_to_skip_folder(path, self._hidden):
                    return Skipped(path, reason)
                if self._sieve.ignores(visit.inside + part, visit.ignores, is_folder=True):
                    return Skipped(path, SkipReason.IGNORED)
            visit = self._below(visit, Folder(path, (-1, -1), -1))
        return replace(visit, folder=Folder(territory.path, territory.key, territory.device))

    def _step_into(self, folder: Folder, visit: _Visit, part: Part | None) -> _Visit | Skipped | None:
        border = self._borders.get(folder.key)
        if border is not None:
            if border.role is RootRole.EXCLUDED:
                return Skipped(folder.path, SkipReason.EXCLUDED)
            # Walked on its own turn; only another name for it is worth a word.
            return None if border.path == folder.path else Skipped(folder.path, SkipReason.SAME_FOLDER)
        if self._sieve.ignores(visit.inside + folder.path.name, visit.ignores, is_folder=True):
            return Skipped(folder.path, SkipReason.IGNORED)
        if part is None:
            return self._below(visit, folder)
        if part.treatment in _REASONS:
            return Skipped(folder.path, _REASONS[part.treatment], part.text)
        return self._below(replace(visit, territory=self._in_part(visit.territory, folder.path, part)), folder)

    def _below(self, visit: _Visit, folder: Folder) -> _Visit:
        inside = visit.inside + folder.path.name
        included = self._sieve.includes_folder(inside, visit.included)
        return replace(visit, folder=folder, inside=inside + "/", included=included)


def _key(file: FileIdentity) -> FileKey:
    return (file.device, file.inode) if file.inode else (-1, hash(os.path.normcase(file.path)))


def _in_words(note: Skipped | Failure, layouts: Sequence[Layout]) -> Skipped | Failure:
    """A note of the listing, with what a layout knows of that folder."""
    if isinstance(note, Skipped) and note.reason in _NAMED_FOLDERS and (part := strictest(layouts, note.path.name)):
        return Skipped(note.path, _REASONS.get(part.treatment, note.reason), part.text)
    return note
