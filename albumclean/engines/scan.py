"""The scan on this machine: crawl everything, then read, hash, decode and score what is not yet known, then compare.

Three phases, each of which a later scan resumes. The crawl records what it meets; then the files that lack anything are
read and scored (`engines.reading`), photos first, then videos if they are wished for; then pairs that may be copies are
looked at closely (`engines.compare`).

Videos that are known stay known while a scan without them finds their files: what one scan looked at, the next one does
not take for lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

from filelock import FileLock, Timeout

from albumclean.config import Settings
from albumclean.crawl import NotesOfFolders, Skipped, SkipReason, crawl, read_marks
from albumclean.domain import Asset, Failure, Root, RootRole, UserMarks
from albumclean.engines.analyse import DECODER
from albumclean.engines.compare import CompareProgress, compare_new
from albumclean.engines.identifiers import KnownIdentifiers
from albumclean.engines.reading import Desk, Reading
from albumclean.engines.videos import VIDEO_DECODER, VideoReading
from albumclean.errors import StoreBusy, VideoSupportMissing
from albumclean.media import video
from albumclean.media.thumbnail import REVISION as THUMBNAIL
from albumclean.scoring import registry
from albumclean.scoring.scorer import Scorer
from albumclean.similar.fingerprint import REVISION as FINGERPRINT
from albumclean.store.cache import Cache
from albumclean.store.file_table import Needs
from albumclean.store.thumbnails import Shelf

MEETING = 1000  # assets recorded at once


@dataclass(slots=True)
class ScanSummary:
    """What a scan did; grows while it runs."""

    found: int = 0  # photos and videos that the crawl met
    videos: int = 0  # of them, those that are videos
    to_do: int = 0  # of them, those that had to be read
    done: int = 0  # of those, finished so far
    decoded: int = 0  # newly decoded and scored
    recognised: int = 0  # only hashed: the content was known (renamed, moved, or a copy)
    failed: int = 0  # of this scan's reading
    forgotten: int = 0  # known files that are gone
    compared: int = 0  # pairs of look-alikes that were looked at closely
    to_compare: int = 0  # of which are known so far
    not_compared: int = 0  # of those compared: pairs that could not be read; the next scan tries them again
    skipped: Counter[SkipReason] = field(default_factory=Counter)  # what the crawl left out, by reason
    crawl_failures: list[Failure] = field(default_factory=list)  # folders and sidecars that couldn't be read
    kept_roots: list[Path] = field(default_factory=list)  # looked empty though photos are known there
    without_thumbnails: str | None = None  # why thumbnails could not be kept, where that was so
    met: dict[Path, int] = field(default_factory=dict)  # of each root, the photos that lie there now
    known: dict[Path, int] = field(default_factory=dict)  # of each root, the photos that were known before
    stopped: bool = False  # on request, with photos or pairs left for the next scan

    @property
    def left(self) -> int:
        """Photos that the next scan has to read."""
        return self.to_do - self.done

    @property
    def noun(self) -> str:
        """What one of the things that are looked at is called."""
        return "file" if self.videos else "photo"


class Forget(Enum):
    """When known photos that the crawl did not meet are forgotten. It costs rows of files, never scores."""

    UNLESS_EMPTY = auto()  # an empty folder where photos are known is more likely an unmounted drive
    UNLESS_HALF_GONE = auto()  # nobody watches: half a library is not lost in one day either
    ALWAYS = auto()  # the user has said that they are gone


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class ScanWatcher:
    """Who wants to hear of a scan's course; each call gets the growing summary."""

    crawling: Callable[[ScanSummary, Path], None]
    scanning: Callable[[ScanSummary, Path], None]
    comparing: Callable[[ScanSummary], None]
    failed: Callable[[Failure], None]


SHIPPED = tuple(registry.shipped(name) for name in registry.DEFAULT)


def needs(scorers: Sequence[Scorer] = SHIPPED) -> Needs:
    """What every photo must have for a scan with these scorers to be complete."""
    return Needs(tuple(scorer.spec for scorer in scorers), FINGERPRINT, DECODER)


def needs_of_videos(scorers: Sequence[Scorer] = SHIPPED) -> Needs:
    """The same of videos."""
    return Needs(tuple(scorer.spec for scorer in scorers), None, VIDEO_DECODER)


def scan(
    roots: Sequence[Root],
    cache: Cache,
    settings: Settings,
    watcher: ScanWatcher,
    *,
    thumbnails: Path,
    retry_failed: bool = False,
    stop: Callable[[], bool] = _never,
    forget: Forget = Forget.UNLESS_EMPTY,
    scorers: Sequence[Scorer] = SHIPPED,
) -> ScanSummary:
    """Bring the cache up to date for `roots`. KeyboardInterrupt leaves all that was done in the cache.

    `scorers`: every one that a photo is shown to; those of `SHIPPED` among them, as the rest of the program needs them.
    `thumbnails`: the file that takes those of newly decoded photos; a trouble with it costs nothing but thumbnails.
    `stop` is asked between photos, after the folders have been looked through; once True, what has been begun is ended
    and the rest is left to the next scan.

    Raises StoreBusy if another scan writes to this cache, RootNotFound if no root can be reached, VideoSupportMissing
    if videos are wished for and can't be read, and the errors of devices and models.
    """
    if settings.videos.scan and not video.is_installed():
        raise VideoSupportMissing(install=video.TO_INSTALL)
    try:
        with FileLock(f"{cache.path}.lock", blocking=False), Shelf(thumbnails, THUMBNAIL) as shelf:
            return _Scan(cache, shelf, settings, watcher, stop=stop, forget=forget, scorers=scorers).run(
                roots, retry_failed=retry_failed
            )
    except Timeout:
        raise StoreBusy(path=cache.path) from None


class _Scan:
    def __init__(
        self,
        cache: Cache,
        shelf: Shelf,
        settings: Settings,
        watcher: ScanWatcher,
        *,
        stop: Callable[[], bool],
        forget: Forget,
        scorers: Sequence[Scorer],
    ) -> None:
        self.cache = cache
        self.shelf = shelf
        self.settings = settings
        self.watcher = watcher
        self.forget = forget
        self._stop = stop
        self._notes = NotesOfFolders()
        self._scorers = scorers
        self.summary = ScanSummary()

    def run(self, roots: Sequence[Root], *, retry_failed: bool) -> ScanSummary:
        number = self.cache.begin_scan([root.path for root in roots if root.role is not RootRole.EXCLUDED])
        self._meet(number, roots)
        self._read(number, retry_failed=retry_failed)
        self.summary.not_compared = compare_new(self.cache, self.settings, self._compared, self._is_over).failed
        self.shelf.prune(self.cache.contents())
        self.summary.without_thumbnails = self.shelf.trouble
        self.cache.finish_scan(number)
        return self.summary

    # --- phase 1 ------------------------------------------------------------------------------------------------

    def _meet(self, number: int, roots: Sequence[Root]) -> None:
        met: list[tuple[Asset, UserMarks | None]] = []
        unreadable: list[Path] = []
        reached = self.summary.met
        for root in roots:
            if root.role is not RootRole.EXCLUDED:
                reached[root.path], self.summary.known[root.path] = 0, self.cache.count_under(root.path)
        identifiers = KnownIdentifiers(self.cache.identifiers)
        videos = self.settings.videos.scan or self.cache.has_videos()
        for entry in crawl(roots, self.settings.crawl, identifiers, videos=videos):
            if isinstance(entry, Failure):
                unreadable.append(entry.path)
                self._tell(entry)
            elif isinstance(entry, Skipped):
                self.summary.skipped[entry.reason] += entry.count
                if entry.reason is SkipReason.UNSETTLED:  # it is there, only not yet to be read
                    unreadable.append(entry.path)
                    _count(reached, entry.path)
            elif entry.video and not self._is_wanted(entry):
                self.summary.skipped[SkipReason.VIDEO] += 1
                self.summary.skipped[SkipReason.NOT_A_PHOTO] += len(entry.companions)
            else:
                met.append((entry, self._marks(entry)))
                self.summary.found += 1
                self.summary.videos += entry.video
                _count(reached, entry.primary.path)
                if len(met) >= MEETING:
                    self.cache.meet(number, met)
                    met.clear()
                    self.watcher.crawling(self.summary, entry.primary.path.parent)
        self.cache.meet(number, met)
        identifiers.flush()
        for folder, count in reached.items():
            if _looks_lost(self.summary.known[folder], count, self.forget):
                self.summary.kept_roots.append(folder)
            else:
                self.summary.forgotten += self.cache.forget_unseen(number, folder, unreadable)

    def _is_wanted(self, video: Asset) -> bool:
        return self.settings.videos.scan or self.cache.has_videos([video.primary.path])

    def _marks(self, asset: Asset) -> UserMarks | None:
        notes, unreadable = self._notes.of(asset.primary.path.parent)
        for failure in unreadable:
            self._tell(failure)
        if not asset.companions and notes.is_empty:
            return UserMarks()
        if notes.is_empty and self.cache.sidecars_unchanged(asset):
            return None
        marks, failures = read_marks(asset, notes)
        for failure in failures:
            self._tell(failure)
        return marks

    def _tell(self, failure: Failure) -> None:
        self.summary.crawl_failures.append(failure)
        self.watcher.failed(failure)

    # --- phase 2 ------------------------------------------------------------------------------------------------

    def _read(self, number: int, *, retry_failed: bool) -> None:
        cache, desk = self.cache, self._desk()
        passes = [(Reading(desk, needs(self._scorers)), False)]
        if self.settings.videos.scan:
            passes.append((VideoReading(desk, needs_of_videos(self._scorers)), True))
        to_do = [
            cache.count_to_do(number, reading.needs, retry_failed=retry_failed, videos=videos)
            for reading, videos in passes
        ]
        self.summary.to_do = sum(to_do)
        for (reading, videos), count in zip(passes, to_do, strict=True):
            if count:
                reading.run(cache.to_do(number, reading.needs, retry_failed=retry_failed, videos=videos))

    def _desk(self) -> Desk:
        return Desk(
            self.cache, self.shelf, self.settings, self.watcher, self.summary, self._scorers, is_over=self._is_over
        )

    # --- phase 3 ------------------------------------------------------------------------------------------------

    def _compared(self, progress: CompareProgress) -> None:
        self.summary.compared, self.summary.to_compare = progress.done, progress.wanted
        self.watcher.comparing(self.summary)

    # ----------------------------------------------------------------------------------------------------------------

    def _is_over(self) -> bool:
        self.summary.stopped = self.summary.stopped or self._stop()
        return self.summary.stopped


def _count(reached: dict[Path, int], path: Path) -> None:
    for root in reached:
        if path.is_relative_to(root):
            reached[root] += 1


def _looks_lost(known: int, met: int, forget: Forget) -> bool:
    match forget:
        case Forget.UNLESS_EMPTY:
            return met == 0 < known
        case Forget.UNLESS_HALF_GONE:
            return 0 < known >= 2 * met
        case Forget.ALWAYS:
            return False
