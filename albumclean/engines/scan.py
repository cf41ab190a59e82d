"""The scan on this machine: crawl everything, then read, hash, decode and score what is not yet known, then compare.

Three phases, each of which a later scan resumes. The crawl records what it meets; then the files that lack anything go
through the decoding workers, and their views through the networks in a thread of its own (torch releases the GIL), so
that decoding and forward passes overlap; then pairs that may be copies are looked at closely (`engines.compare`). All
queues are bounded. Only the calling thread touches the cache.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import takewhile
from pathlib import Path

from filelock import FileLock, Timeout

from albumclean.config import Settings
from albumclean.crawl import NotesOfFolders, Skipped, SkipReason, crawl, read_marks
from albumclean.domain import Asset, Failure, FileIdentity, Fingerprint, Photo, Root, RootRole, Stage, UserMarks
from albumclean.engines.analyse import DECODER, Analysis, Job, Question, Wanted, analyse, failure_of
from albumclean.engines.compare import CompareProgress, compare_new
from albumclean.engines.identifiers import KnownIdentifiers
from albumclean.engines.networks import NetworkThread
from albumclean.engines.pool import worker_pool
from albumclean.errors import AlbumcleanError, StoreBusy
from albumclean.media.thumbnail import REVISION as THUMBNAIL
from albumclean.media.workers import WorkerFailure
from albumclean.scoring import registry
from albumclean.scoring.findings import Findings
from albumclean.scoring.scorer import Scorer
from albumclean.similar.fingerprint import REVISION as FINGERPRINT
from albumclean.store.cache import Cache, Needs
from albumclean.store.thumbnails import Shelf

COMMIT_EVERY = 2.0  # seconds: what a kill may cost, and what a crowd of commits would
MEETING = 1000  # assets recorded at once


@dataclass(slots=True)
class ScanSummary:
    """What a scan did; grows while it runs."""

    found: int = 0  # photos that the crawl met
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

    Raises StoreBusy if another scan writes to this cache, RootNotFound if no root can be reached, and the errors of
    devices and models.
    """
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
        self.needs = needs(scorers)
        self.summary = ScanSummary()
        self._batch = _Findings(cache, shelf, self.needs)
        # Copies of a content that is being decoded just now share its fate, which may come before or after theirs.
        self._twins: dict[bytes, list[FileIdentity]] = {}
        self._decoding: dict[FileIdentity, bytes] = {}
        self._broken: dict[bytes, AlbumcleanError | WorkerFailure] = {}
        # Decoded, but the networks' scores are not in the cache yet: a few seconds' worth of photos.
        self._unscored: dict[bytes, tuple[FileIdentity, set[str]]] = {}  # and the networks that have not answered

    def run(self, roots: Sequence[Root], *, retry_failed: bool) -> ScanSummary:
        number = self.cache.begin_scan([root.path for root in roots if root.role is not RootRole.EXCLUDED])
        self._meet(number, roots)
        self.summary.to_do = self.cache.count_to_do(number, self.needs, retry_failed=retry_failed)
        if self.summary.to_do:
            self._read(self.cache.to_do(number, self.needs, retry_failed=retry_failed))
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
        for entry in crawl(roots, self.settings.crawl, identifiers):
            if isinstance(entry, Failure):
                unreadable.append(entry.path)
                self._tell(entry)
            elif isinstance(entry, Skipped):
                self.summary.skipped[entry.reason] += entry.count
                if entry.reason is SkipReason.UNSETTLED:  # it is there, only not yet to be read
                    unreadable.append(entry.path)
                    _count(reached, entry.path)
            else:
                met.append((entry, self._marks(entry)))
                self.summary.found += 1
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

    def _read(self, files: Iterator[FileIdentity]) -> None:
        wish = self.settings.scan
        pool = worker_pool(analyse, wish)
        jobs = (Job(identity, wish.max_pixels) for identity in takewhile(lambda _: not self._is_over(), files))
        with (
            NetworkThread(wish.device, wish.batch, self._scorers) as network,
            closing(pool.run(jobs, self._answer)) as results,
        ):
            try:
                for job, result in results:
                    if isinstance(result, Analysis):
                        self._take(job.identity, result, network)
                    else:
                        self._fail(job.identity, result)
                    self.watcher.scanning(self.summary, job.identity.path.parent)
                    self._batch.network += network.findings()
                    if self._batch.is_due():
                        self._commit()
                self._batch.network += network.finish()
            finally:
                self._commit()
        for digest, (identity, _) in self._unscored.items():
            failure = Failure(identity.path, Stage.SCORE, "the model gave no usable score for it")
            self._record(identity, failure, digest)
        self._batch.commit()

    def _answer(self, question: Question) -> Wanted | None:
        digest = question.content_hash
        again = self._decoding.get(question.identity) == digest  # its first worker was lost
        if not again and (digest in self._twins or digest in self._broken or digest in self._unscored):
            return None
        scorers, undescribed = self.cache.missing(digest, self.needs)
        if not scorers and not undescribed:
            return None
        self._twins.setdefault(digest, [])
        self._decoding[question.identity] = digest
        return Wanted(scorers, thumbnail=self.shelf.lacks(digest))

    def _take(self, identity: FileIdentity, analysis: Analysis, network: NetworkThread) -> None:
        digest = analysis.content_hash
        self.summary.done += 1
        if digest in self._broken:
            self._record_failure(identity, self._broken[digest], digest)
            return
        self._batch.hashes.append((identity, digest))
        if analysis.photo is None or analysis.fingerprint is None:
            self.summary.recognised += 1
            if digest in self._twins:
                self._twins[digest].append(identity)
            return
        self.summary.decoded += 1
        self._batch.photos.append((analysis.photo, analysis.fingerprint, FINGERPRINT))
        if analysis.thumbnail is not None:
            self._batch.thumbnails.append((digest, analysis.thumbnail))
        if analysis.views:
            self._unscored[digest] = identity, set(analysis.views)
        for name, view in analysis.views.items():
            network.put(name, digest, view)
        del self._twins[self._decoding.pop(identity)]

    # --- phase 3 ------------------------------------------------------------------------------------------------

    def _compared(self, progress: CompareProgress) -> None:
        self.summary.compared, self.summary.to_compare = progress.done, progress.wanted
        self.watcher.comparing(self.summary)

    # ----------------------------------------------------------------------------------------------------------------

    def _is_over(self) -> bool:
        self.summary.stopped = self.summary.stopped or self._stop()
        return self.summary.stopped

    def _commit(self) -> None:
        scored = {(score.content_hash, score.scorer) for score in self._batch.network.scores}
        self._batch.commit()
        for digest, name in scored:
            if waiting := self._unscored.get(digest):
                waiting[1].discard(name)
                if not waiting[1]:
                    del self._unscored[digest]

    def _fail(self, identity: FileIdentity, error: AlbumcleanError | WorkerFailure) -> None:
        self.summary.done += 1
        digest = self._decoding.pop(identity, None)
        self._record_failure(identity, error, digest)
        if digest is not None:
            self._broken[digest] = error
            for twin in self._twins.pop(digest):
                self.summary.recognised -= 1
                self._record_failure(twin, error, digest)

    def _record_failure(
        self, identity: FileIdentity, error: AlbumcleanError | WorkerFailure, digest: bytes | None
    ) -> None:
        self._record(identity, failure_of(identity.path, error, was_read=digest is not None), digest)

    def _record(self, identity: FileIdentity, failure: Failure, digest: bytes | None) -> None:
        self._batch.failures.append((identity, failure, digest))
        self.summary.failed += 1
        self.watcher.failed(failure)


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


class _Findings:
    """What has been found since the last commit."""

    def __init__(self, cache: Cache, shelf: Shelf, needs: Needs) -> None:
        self._cache = cache
        self._shelf = shelf
        self._decoder = needs.decoder
        self._embedding_revision = registry.spec(registry.JUDGE).revision
        self._last = time.monotonic()
        self._clear()

    def _clear(self) -> None:
        self.hashes: list[tuple[FileIdentity, bytes]] = []
        self.photos: list[tuple[Photo, Fingerprint, str]] = []
        self.network = Findings()
        self.failures: list[tuple[FileIdentity, Failure, bytes | None]] = []
        self.thumbnails: list[tuple[bytes, bytes]] = []

    def is_due(self) -> bool:
        return time.monotonic() - self._last >= COMMIT_EVERY

    def commit(self) -> None:
        self._cache.write(
            hashes=self.hashes,
            photos=self.photos,
            scores=self.network.scores,
            embeddings=[(embedding, self._embedding_revision) for embedding in self.network.embeddings],
            failures=self.failures,
            decoder=self._decoder,
        )
        self._shelf.put(self.thumbnails)
        self._clear()
        self._last = time.monotonic()
