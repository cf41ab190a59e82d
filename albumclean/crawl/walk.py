"""The walk: roots in, photos out, folder by folder, in an order that depends on the names alone.

Memory holds one folder's entries, the folders still to visit, and the identities of visited folders and of files with
several names. No link is followed and no folder is entered twice, so the walk always ends.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from albumclean.config import CrawlSettings
from albumclean.crawl.companions import Grouping, group_assets
from albumclean.crawl.ignore import IGNORE_FILE, IgnoreChain, PatternError, Patterns, read_ignore_file
from albumclean.crawl.listing import FileKey, Folder, Listing, list_folder, reason_never_to_enter
from albumclean.crawl.roots import Territories, Territory, resolve_roots
from albumclean.crawl.skips import Skipped, SkipReason, reason_to_skip_folder
from albumclean.domain import Asset, Failure, FileIdentity, Root, RootRole, Stage
from albumclean.errors import UsageError

Finding: TypeAlias = Asset | Failure | Skipped


def crawl(roots: Sequence[Root], settings: CrawlSettings) -> Iterator[Finding]:
    """Walk the roots and yield each photo once, and all that failed or was left out.

    Protected roots come first; within a role the order is that of the paths' bytes, whatever the order of `roots`.

    Raises, before the walk begins: NothingToScan, RootNotFound (no root can be reached), UsageError (a pattern of the
    settings is malformed). Afterwards whatever goes wrong is a Failure, and the walk goes on.
    """
    territories = resolve_roots(roots, settings.protected)
    include = _patterns("include", settings.include)
    exclude = _patterns("exclude", settings.exclude)
    return _Crawl(territories, include, exclude, settings.hidden).run()


def _patterns(name: str, lines: Sequence[str]) -> Patterns:
    try:
        return Patterns.parse(lines)
    except PatternError as error:
        raise UsageError(detail=f"The pattern of `{name}` can't be used: {error}.") from error


@dataclass(frozen=True, slots=True)
class _Visit:
    """A folder whose turn will come."""

    folder: Folder
    inside: str  # its path from the top of the scan with "/" between and after the parts; "" for the top
    ignores: IgnoreChain
    included: bool  # an include pattern has taken in the whole folder
    territory: Territory


class _Crawl:
    def __init__(self, territories: Territories, include: Patterns, exclude: Patterns, hidden: bool) -> None:
        self._territories = territories
        self._borders = territories.borders()
        self._excluded_files = {each.path for each in territories.excluded if not each.is_folder}
        self._include = include
        self._exclude = exclude
        self._hidden = hidden
        self._visited: set[FileKey] = set()
        self._named_files = {each.key for each in territories.walks if not each.is_folder}
        self._first_names: dict[FileKey, Path] = {}  # of files with several names, and of files that are roots
        self._bad_ignore_files: set[Path] = set()  # already reported

    def run(self) -> Iterator[Finding]:
        yield from self._territories.failures
        for territory in self._territories.walks:
            yield from self._territory(territory)

    def _territory(self, territory: Territory) -> Iterator[Finding]:
        if reason := reason_never_to_enter(territory.path):
            yield Skipped(territory.path, reason)
        elif not territory.is_folder:
            yield from self._single_file(territory)
        else:
            start = self._start(territory)
            if isinstance(start, _Visit):
                yield from self._folders(start)
            elif start is not None:
                yield start

    def _folders(self, start: _Visit) -> Iterator[Finding]:
        waiting = [start]
        while waiting:
            visit = waiting.pop()
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
        try:
            listing = list_folder(path, self._hidden)
        except (FileNotFoundError, NotADirectoryError):
            yield Skipped(path, SkipReason.VANISHED)
            return
        except OSError as error:
            yield _unlistable(path, error)
            return
        if listing.is_trash:
            yield Skipped(path, SkipReason.TRASH)
            return
        ignores = visit.ignores
        if listing.has_ignore_file:
            extended = self._with_ignore_file(ignores, path, visit.inside)
            if not isinstance(extended, IgnoreChain):
                if extended:
                    yield extended
                return
            ignores = extended
        visit = replace(visit, ignores=ignores)
        yield from listing.notes
        grouping = group_assets(listing.files, visit.territory.role)
        counts = listing.counts
        yield from self._assets(grouping, listing, visit, counts)
        for reason in sorted(counts):
            yield Skipped(path, reason, count=counts[reason])
        for folder in listing.folders:
            step = self._step_into(folder, visit)
            if isinstance(step, _Visit):
                further.append(step)
            elif step is not None:
                yield step

    def _assets(
        self, grouping: Grouping, listing: Listing, visit: _Visit, counts: Counter[SkipReason]
    ) -> Iterator[Finding]:
        for asset in grouping.assets:
            name = asset.primary.path.name
            if self._has_own_turn(asset, listing):
                continue
            if asset.primary.path in self._excluded_files:
                yield Skipped(asset.primary.path, SkipReason.EXCLUDED)
            elif self._ignored(visit.inside + name, visit.ignores, is_folder=False):
                counts[SkipReason.IGNORED] += 1
            elif not self._included(visit.inside + name, visit.included):
                counts[SkipReason.NOT_INCLUDED] += 1
            else:
                yield from self._checked(self._without_ignored(asset, visit), listing)
        for file in grouping.leftovers:
            if file.path not in listing.unreadable:
                counts[SkipReason.NOT_A_PHOTO] += 1

    def _checked(self, asset: Asset, listing: Listing) -> Iterator[Finding]:
        """The asset, unless a part of it can't be looked at or it was already seen under another name."""
        if failures := [listing.unreadable[file.path] for file in asset.files if file.path in listing.unreadable]:
            yield from failures
            if asset.primary.path not in listing.unreadable:
                reason = f"its companion {failures[0].path.name} can't be looked at, so it is left alone"
                yield Failure(asset.primary.path, Stage.CRAWL, reason, transient=True)
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
            listing = list_folder(path.parent, self._hidden, only=path.name)
        except OSError as error:
            reason = f"its folder can't be listed, so its companions are unknown: {error.strerror or error}"
            yield Failure(path, Stage.CRAWL, reason, transient=True)
            return
        grouping = group_assets(listing.files, territory.role)
        around = [asset for asset in grouping.assets if any(file.path == path for file in asset.files)]
        around += [Asset(file, (), territory.role) for file in grouping.leftovers if file.path == path]
        yield from (note for note in listing.notes if note.path == path)
        for asset in around:
            yield from self._checked(asset, listing)
            self._first_names.setdefault(_key(asset.primary), asset.primary.path)

    def _has_own_turn(self, asset: Asset, listing: Listing) -> bool:
        """Whether the user has also named this very photo, or a companion of it, as a root."""
        return bool(self._named_files) and any(
            _key(file) in self._named_files and file.path.name not in listing.many_names for file in asset.files
        )

    def _start(self, territory: Territory) -> _Visit | Failure | Skipped | None:
        """Enter a territory with the ignore files and patterns that hold from the top of the scan down to it."""
        visit = _Visit(Folder(territory.top, (-1, -1)), "", IgnoreChain(), False, territory)
        for part in territory.path.relative_to(territory.top).parts:
            path = visit.folder.path
            if os.path.lexists(path / IGNORE_FILE):
                ignores = self._with_ignore_file(visit.ignores, path, visit.inside)
                if not isinstance(ignores, IgnoreChain):
                    return ignores
                visit = replace(visit, ignores=ignores)
            path /= part
            if not territory.named:  # only the settings name it: the walk around it would have to come by
                if reason := reason_to_skip_folder(path, self._hidden):
                    return Skipped(path, reason)
                if self._ignored(visit.inside + part, visit.ignores, is_folder=True):
                    return Skipped(path, SkipReason.IGNORED)
            visit = self._below(visit, Folder(path, (-1, -1)))
        return replace(visit, folder=Folder(territory.path, territory.key))

    def _step_into(self, folder: Folder, visit: _Visit) -> _Visit | Skipped | None:
        border = self._borders.get(folder.key)
        if border is not None:
            if border.role is RootRole.EXCLUDED:
                return Skipped(folder.path, SkipReason.EXCLUDED)
            # Walked on its own turn; only another name for it is worth a word.
            return None if border.path == folder.path else Skipped(folder.path, SkipReason.SAME_FOLDER)
        if self._ignored(visit.inside + folder.path.name, visit.ignores, is_folder=True):
            return Skipped(folder.path, SkipReason.IGNORED)
        return self._below(visit, folder)

    def _below(self, visit: _Visit, folder: Folder) -> _Visit:
        inside = visit.inside + folder.path.name
        included = self._include.verdict(inside, is_folder=True) if self._include else None
        return replace(
            visit, folder=folder, inside=inside + "/", included=visit.included if included is None else included
        )

    def _with_ignore_file(self, ignores: IgnoreChain, folder: Path, inside: str) -> IgnoreChain | Failure | None:
        """The chain with the folder's own ignore file; a Failure if that can't be used, None if already reported."""
        path = folder / IGNORE_FILE
        try:
            return ignores.extended(inside, read_ignore_file(path))
        except (PatternError, OSError) as error:
            if path in self._bad_ignore_files:
                return None
            self._bad_ignore_files.add(path)
            reason = f"can't be used, so its folder is left out: {error}"
            return Failure(path, Stage.CRAWL, reason, transient=isinstance(error, OSError))

    def _ignored(self, path: str, ignores: IgnoreChain, *, is_folder: bool) -> bool:
        if self._exclude and self._exclude.verdict(path, is_folder):
            return True
        return bool(ignores.links) and ignores.ignores(path, is_folder)

    def _included(self, path: str, folder_included: bool) -> bool:
        if not self._include:
            return True
        verdict = self._include.verdict(path, is_folder=False)
        return folder_included if verdict is None else verdict

    def _without_ignored(self, asset: Asset, visit: _Visit) -> Asset:
        """What the user has excluded is never touched, not even as a companion."""
        if not asset.companions or not (self._exclude or visit.ignores.links or self._excluded_files):
            return asset
        kept = tuple(
            companion
            for companion in asset.companions
            if companion.file.path not in self._excluded_files
            and not self._ignored(visit.inside + companion.file.path.name, visit.ignores, is_folder=False)
        )
        return replace(asset, companions=kept)


def _key(file: FileIdentity) -> FileKey:
    return (file.device, file.inode) if file.inode else (-1, hash(os.path.normcase(file.path)))


def _unlistable(path: Path, error: OSError) -> Failure:
    return Failure(path, Stage.CRAWL, f"the folder can't be listed: {error.strerror or error}", transient=True)
