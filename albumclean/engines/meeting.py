"""Phase 1 of a scan: what the crawl meets is recorded, with the marks that lie beside it.

Folders that are as an earlier scan left them are counted as a whole and cost no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from albumclean.config import Settings
from albumclean.crawl import NotesOfFolders, Skipped, SkipReason, crawl, read_marks
from albumclean.domain import Asset, Failure, Root, UserMarks
from albumclean.engines.identifiers import KnownIdentifiers
from albumclean.engines.remembered import RememberedFolders, Tally
from albumclean.store.cache import Cache

if TYPE_CHECKING:
    from albumclean.engines.scan import ScanSummary, ScanWatcher

MEETING = 1000  # assets recorded at once


class Meeting:
    """One scan's crawl; `summary.met` has the roots whose photos are counted, `wishes` is as in RememberedFolders."""

    def __init__(
        self,
        cache: Cache,
        settings: Settings,
        watcher: ScanWatcher,
        summary: ScanSummary,
        wishes: str,
        *,
        recalls: bool,
    ) -> None:
        self._cache = cache
        self._settings = settings
        self._watcher = watcher
        self._summary = summary
        self._notes = NotesOfFolders()
        self._identifiers = KnownIdentifiers(cache.identifiers)
        self._memory = RememberedFolders(
            cache.folders, self._identifiers, self._recalled, wishes=wishes, recalls=recalls
        )
        self._met: list[tuple[Asset, UserMarks | None]] = []
        self._unchanged: list[Path] = []  # folders
        self._reported = 0  # photos found when the watcher last heard of it
        self.unreadable: list[Path] = []  # places of which it is not known what lies there

    def run(self, number: int, roots: Sequence[Root]) -> None:
        """Record everything under the scan's number. Raises as `crawl` does."""
        videos = self._settings.videos.scan or self._cache.has_videos()
        for entry in crawl(roots, self._settings.crawl, self._identifiers, videos=videos, memory=self._memory):
            if isinstance(entry, Failure):
                self.unreadable.append(entry.path)
                self._tell(entry)
            elif isinstance(entry, Skipped):
                self._skip(entry.reason, entry.count)
                if entry.reason is SkipReason.UNSETTLED:  # it is there, only not yet to be read
                    self.unreadable.append(entry.path)
                    self._reach(entry.path)
            elif entry.video and not self._is_wanted(entry):
                self._skip(SkipReason.VIDEO)
                self._skip(SkipReason.NOT_A_PHOTO, len(entry.companions))
            else:
                self._meet(entry)
            if len(self._met) + len(self._unchanged) >= MEETING:
                self._record(number)
        self._record(number)
        self._identifiers.flush()

    def _meet(self, asset: Asset) -> None:
        self._met.append((asset, self._marks(asset)))
        self._memory.tally.files += 1
        self._memory.tally.videos += asset.video
        self._count(asset.primary.path.parent, asset.primary.path, 1, int(asset.video))

    def _recalled(self, folder: Path, tally: Tally) -> None:
        self._unchanged.append(folder)
        self._summary.skipped.update(tally.skipped)
        self._count(folder, folder, tally.files, tally.videos)

    def _count(self, folder: Path, path: Path, files: int, videos: int) -> None:
        self._summary.found += files
        self._summary.videos += videos
        self._reach(path, files)
        if self._summary.found - self._reported >= MEETING:
            self._reported = self._summary.found
            self._watcher.crawling(self._summary, folder)

    def _record(self, number: int) -> None:
        self._cache.meet(number, self._met, self._memory.records, self._unchanged)
        for written in (self._met, self._memory.records, self._unchanged):
            written.clear()

    def _is_wanted(self, video: Asset) -> bool:
        return self._settings.videos.scan or self._cache.has_videos([video.primary.path])

    def _marks(self, asset: Asset) -> UserMarks | None:
        notes, unreadable = self._notes.of(asset.primary.path.parent)
        for failure in unreadable:
            self._tell(failure)
        if not asset.companions and notes.is_empty:
            return UserMarks()
        if notes.is_empty and self._cache.sidecars_unchanged(asset):
            return None
        marks, failures = read_marks(asset, notes)
        for failure in failures:
            self._tell(failure)
        return marks

    def _skip(self, reason: SkipReason, count: int = 1) -> None:
        self._summary.skipped[reason] += count
        self._memory.tally.skipped[reason] += count

    def _tell(self, failure: Failure) -> None:
        self._memory.tally.told = True
        self._summary.crawl_failures.append(failure)
        self._watcher.failed(failure)

    def _reach(self, path: Path, files: int = 1) -> None:
        for root in self._summary.met:
            if path.is_relative_to(root):
                self._summary.met[root] += files
