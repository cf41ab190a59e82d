"""Files that lack anything, through an engine into the cache: photos; `videos` adds those.

Where they are read, decoded and scored is the engine's business (`engines.engine`). Only the calling thread touches the
cache.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from albumclean.config import Settings
from albumclean.domain import Failure, FileIdentity, Fingerprint, FrameScore, Photo, Stage
from albumclean.engines.analyse import Analysis, Job, Question, Wanted, failure_of
from albumclean.engines.engine import Assignment, Engine, Looked, engine
from albumclean.errors import AlbumcleanError
from albumclean.media.workers import WorkerFailure
from albumclean.scoring import registry
from albumclean.scoring.findings import Findings
from albumclean.scoring.scorer import Scorer
from albumclean.similar.fingerprint import REVISION as FINGERPRINT
from albumclean.store.cache import Cache
from albumclean.store.file_table import Needs
from albumclean.store.thumbnails import Shelf
from albumclean.words import shown

if TYPE_CHECKING:
    from albumclean.engines.scan import ScanSummary, ScanWatcher

NO_SCORE = "the model gave no usable score for it"
_MOST_WITNESSES = 100  # of a folder: files that are looked for until one is found
COMMIT_EVERY = 2.0  # seconds: what a kill may cost, and what a crowd of commits would


@dataclass(frozen=True, slots=True)
class Desk:
    """What the readings of one scan share."""

    cache: Cache
    shelf: Shelf
    settings: Settings
    watcher: ScanWatcher
    summary: ScanSummary
    scorers: Sequence[Scorer]
    is_over: Callable[[], bool]  # asked between files: whether the rest is left to the next scan


class Reading:
    """One pass over files that have to be read."""

    def __init__(self, desk: Desk, needs: Needs) -> None:
        self.desk = desk
        self.needs = needs
        self.summary = desk.summary
        self._batch = Batch(desk.cache, desk.shelf, needs)
        # Copies of a content that is being decoded just now share its fate, which may come before or after theirs.
        self._twins: dict[bytes, list[FileIdentity]] = {}
        self._decoding: dict[FileIdentity, bytes] = {}
        self._broken: dict[bytes, AlbumcleanError | WorkerFailure] = {}
        # Decoded, but the networks' scores are not in the cache yet: a few seconds' worth of photos.
        self._unscored: dict[bytes, tuple[FileIdentity, set[str]]] = {}  # and the networks that have not answered

    def run(self, files: Iterator[FileIdentity]) -> None:
        """Read them all, or as many as come before `Desk.is_over`; what was found stays if an exception ends it."""
        jobs = map(self._job, takewhile(lambda _: not self.desk.is_over(), files))
        with closing(self._engine(self._assignment()).run(jobs, self._answer)) as events:
            try:
                for event in events:
                    if not isinstance(event, Looked):
                        self._batch.network += self._kept(event)
                        if self._batch.is_due():
                            self._commit()
                        continue
                    if isinstance(event.result, Analysis):
                        self._take(event.identity, event.result, event.networks)
                    else:
                        self._fail(event.identity, event.result)
                    self.desk.watcher.scanning(self.summary, event.identity.path.parent)
            finally:
                self._commit()
        for digest, (identity, networks) in self._unscored.items():
            self._record_unscored(identity, networks, digest)
        self._batch.commit()

    # --- what another reading does otherwise --------------------------------------------------------------------

    def _engine(self, assignment: Assignment) -> Engine:
        return engine(assignment)

    def _job(self, identity: FileIdentity) -> Job:
        return Job(identity, self.desk.settings.scan.max_pixels)

    def _kept(self, found: Findings) -> Findings:
        """Of what the networks have found, what is of whole contents."""
        return found

    # ----------------------------------------------------------------------------------------------------------------

    def _assignment(self) -> Assignment:
        return Assignment(self.desk.settings.scan, self.desk.scorers, _Known(self.desk, self.needs))

    def _answer(self, question: Question) -> Wanted | None:
        digest = question.content_hash
        again = self._decoding.get(question.identity) == digest  # its first worker was lost
        if not again and (digest in self._twins or digest in self._broken or digest in self._unscored):
            return None
        wanted = missing(self.desk, self.needs, digest)
        if wanted is not None:
            self._twins.setdefault(digest, [])
            self._decoding[question.identity] = digest
        return wanted

    def _take(self, identity: FileIdentity, analysis: Analysis, networks: frozenset[str]) -> None:
        digest = analysis.content_hash
        self.summary.done += 1
        if digest in self._broken:
            self._record_failure(identity, self._broken[digest], digest)
            return
        self._batch.hashes.append((identity, digest))
        if analysis.photo is None:
            self.summary.recognised += 1
            if digest in self._twins:
                self._twins[digest].append(identity)
            return
        self.summary.decoded += 1
        self._batch.photos.append((analysis.photo, analysis.fingerprint, FINGERPRINT))
        if analysis.thumbnail is not None:
            self._batch.thumbnails.append((digest, analysis.thumbnail))
        if networks:
            self._unscored[digest] = identity, set(networks)
        del self._twins[self._decoding.pop(identity)]

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

    def _record_unscored(self, identity: FileIdentity, networks: set[str], digest: bytes) -> None:
        """Only what the shipped scorers can't judge has failed; another's silence costs the photo that score alone."""
        if networks & set(registry.DEFAULT):
            self._record(identity, Failure(identity.path, Stage.SCORE, NO_SCORE), digest)
            return
        names = ", ".join(map(shown, sorted(networks)))
        self.summary.failed += 1
        self.desk.watcher.failed(Failure(identity.path, Stage.SCORE, f"{names} gave no usable score for it"))

    def _record(self, identity: FileIdentity, failure: Failure, digest: bytes | None) -> None:
        self._batch.failures.append((identity, failure, digest))
        self.summary.failed += 1
        self.desk.watcher.failed(failure)


def missing(desk: Desk, needs: Needs, content: bytes) -> Wanted | None:
    """What of this content is not known yet."""
    scorers, undescribed = desk.cache.missing(content, needs)
    return Wanted(scorers, thumbnail=desk.shelf.lacks(content)) if scorers or undescribed else None


class _Known:
    """What the cache tells an engine beforehand."""

    def __init__(self, desk: Desk, needs: Needs) -> None:
        self._desk = desk
        self._needs = needs

    def witnesses(self) -> Iterator[tuple[Path, FileIdentity]]:
        for root in self._desk.summary.met:
            some = (each.asset.primary for each in islice(self._desk.cache.known([root]), _MOST_WITNESSES))
            yield from ((root, file) for file in islice(filter(lambda file: file.path.exists(), some), 1))

    def left(self) -> int:
        return self._desk.summary.left

    def contents(self) -> Iterator[bytes]:
        return self._desk.cache.described()

    def contents_of(self, files: Sequence[FileIdentity]) -> dict[FileIdentity, bytes]:
        known = ((each.asset.primary, each.content_hash) for each in self._desk.cache.known([f.path for f in files]))
        wanted = set(files)
        return {file: content for file, content in known if content is not None and file in wanted}

    def missing(self, content: bytes) -> Wanted | None:
        return missing(self._desk, self._needs, content)


class Batch:
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
        self.photos: list[tuple[Photo, Fingerprint | None, str]] = []
        self.network = Findings()
        self.frames: list[FrameScore] = []
        self.failures: list[tuple[FileIdentity, Failure, bytes | None]] = []
        self.thumbnails: list[tuple[bytes, bytes]] = []

    def is_due(self) -> bool:
        """Whether the last commit lies back long enough."""
        return time.monotonic() - self._last >= COMMIT_EVERY

    def commit(self) -> None:
        """Write it, and begin anew."""
        self._shelf.put(self.thumbnails)  # first: once a content is in the cache, nobody makes its thumbnail again
        self._cache.write(
            hashes=self.hashes,
            photos=self.photos,
            scores=self.network.scores,
            frames=self.frames,
            embeddings=[(embedding, self._embedding_revision) for embedding in self.network.embeddings],
            failures=self.failures,
            decoder=self._decoder,
        )
        self._clear()
        self._last = time.monotonic()
