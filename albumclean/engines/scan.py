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

from albumclean.catalogue.grouping import keep_groups
from albumclean.config import Settings
from albumclean.crawl import SkipReason
from albumclean.domain import Failure, Root, RootRole
from albumclean.engines.analyse import DECODER
from albumclean.engines.compare import CompareProgress, compare_new
from albumclean.engines.meeting import Meeting
from albumclean.engines.reading import Desk, Reading
from albumclean.engines.videos import VIDEO_DECODER, VideoReading
from albumclean.errors import VideoSupportMissing
from albumclean.media import video
from albumclean.media.thumbnail import REVISION as THUMBNAIL
from albumclean.scoring import registry
from albumclean.scoring.scorer import Scorer
from albumclean.similar.fingerprint import REVISION as FINGERPRINT
from albumclean.store.cache import Cache
from albumclean.store.file_table import Needs
from albumclean.store.thumbnails import Shelf


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
    compared: int = 0  # close looks that were taken at look-alikes
    to_compare: int = 0  # of which are known so far
    not_compared: int = 0  # of these looks: with a file that could not be read; the next scan tries them again
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


_PRUNED = "thumbnails pruned"  # work over the whole library

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
    with cache.scan_lock(), Shelf(thumbnails, THUMBNAIL) as shelf:
        return _Scan(cache, shelf, settings, watcher, stop=stop, forget=forget, scorers=scorers).run(
            roots, retry_failed=retry_failed
        )


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
        self._scorers = scorers
        self.summary = ScanSummary()
        self._passes: list[tuple[type[Reading], Needs, bool]] = [(Reading, needs(scorers), False)]
        if settings.videos.scan:
            self._passes.append((VideoReading, needs_of_videos(scorers), True))

    def run(self, roots: Sequence[Root], *, retry_failed: bool) -> ScanSummary:
        number = self.cache.begin_scan([root.path for root in roots if root.role is not RootRole.EXCLUDED])
        self._meet(number, roots, retry_failed=retry_failed)
        self._read(number, retry_failed=retry_failed)
        self.summary.not_compared = compare_new(self.cache, self.settings, self._compared, self._is_over).failed
        self._prune()
        self.summary.without_thumbnails = self.shelf.trouble
        keep_groups(self.cache)
        self.cache.summarise([registry.spec(registry.JUDGE)])
        self.cache.finish_scan(number)
        return self.summary

    # --- phase 1 ------------------------------------------------------------------------------------------------

    def _meet(self, number: int, roots: Sequence[Root], *, retry_failed: bool) -> None:
        summary = self.summary
        for root in roots:
            if root.role is not RootRole.EXCLUDED:
                summary.met[root.path], summary.known[root.path] = 0, self.cache.known_under(root.path)
        wishes = repr([(needed, videos) for _, needed, videos in self._passes])
        meeting = Meeting(self.cache, self.settings, self.watcher, summary, wishes, recalls=not retry_failed)
        meeting.run(number, roots)
        for folder, count in summary.met.items():
            if _looks_lost(summary.known[folder], count, self.forget):
                summary.kept_roots.append(folder)
            else:
                summary.forgotten += self.cache.forget_unseen(number, folder, meeting.unreadable)

    # --- phase 2 ------------------------------------------------------------------------------------------------

    def _read(self, number: int, *, retry_failed: bool) -> None:
        cache, desk = self.cache, self._desk()
        to_do = [
            cache.count_to_do(number, needed, retry_failed=retry_failed, videos=videos)
            for _, needed, videos in self._passes
        ]
        self.summary.to_do = sum(to_do)
        for (reading, needed, videos), count in zip(self._passes, to_do, strict=True):
            if count:
                reading(desk, needed).run(cache.to_do(number, needed, retry_failed=retry_failed, videos=videos))
        if not self.summary.kept_roots:  # else not all that is known was met
            cache.rely_on_folders(number, *((needed, videos) for _, needed, videos in self._passes))

    def _desk(self) -> Desk:
        return Desk(
            self.cache, self.shelf, self.settings, self.watcher, self.summary, self._scorers, is_over=self._is_over
        )

    # --- phase 3 ------------------------------------------------------------------------------------------------

    def _compared(self, progress: CompareProgress) -> None:
        self.summary.compared, self.summary.to_compare = progress.done, progress.wanted
        self.watcher.comparing(self.summary)

    def _prune(self) -> None:
        """Drop the thumbnails of contents that no file holds any more."""
        state = self.cache.state
        if not state.is_done(_PRUNED):
            generation = state.generation  # before the work: a change meanwhile makes it one of the past
            self.shelf.prune(self.cache.contents())
            state.mark_done(_PRUNED, generation=generation)

    # ----------------------------------------------------------------------------------------------------------------

    def _is_over(self) -> bool:
        self.summary.stopped = self.summary.stopped or self._stop()
        return self.summary.stopped


def _looks_lost(known: int, met: int, forget: Forget) -> bool:
    match forget:
        case Forget.UNLESS_EMPTY:
            return met == 0 < known
        case Forget.UNLESS_HALF_GONE:
            return 0 < known >= 2 * met
        case Forget.ALWAYS:
            return False
