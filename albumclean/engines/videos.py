"""Videos: what a decoding worker does with one, and how its frames' scores become the scores of the whole.

A frame goes through the networks as a photo does. The worker hands each over as soon as it is decoded, as a question
that needs no answer: so neither of the two processes ever holds more than one frame of a video, however many are asked
for, and a worker that is faster than the networks waits.

What is kept of a video is each scorer's value of each frame, and as the video's own value their mean. The people whose
opinions the published networks learnt from (YouTube-UGC) gave one to a whole piece of video; the mean is what those
networks' authors compare with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from albumclean.domain import FileIdentity, FrameScore, Score, ScorerSpec
from albumclean.engines.analyse import Analysis, Job, Question, Wanted, views_of
from albumclean.engines.engine import Assignment, Engine
from albumclean.engines.local import LocalEngine
from albumclean.engines.reading import Desk, Reading
from albumclean.errors import AlbumcleanError, DecodeError
from albumclean.media.decode import reduction_for
from albumclean.media.picture import Picture
from albumclean.media.reading import hash_of, unchanged
from albumclean.media.thumbnail import thumbnail
from albumclean.media.video import Moment, check_format, open_video, reader_version
from albumclean.media.view import NetworkView
from albumclean.media.workers import WorkerFailure
from albumclean.scoring.findings import Findings
from albumclean.store.file_table import Needs

# A video that failed is tried again when this changes: another decoder may read it.
VIDEO_DECODER = f"video-1-{reader_version()}"

_READ_RATE = 4_000_000  # bytes a second that the slowest drive gives
_FRAMES_AT_ONCE = 12  # frames for which there is as much time as for a photo


@dataclass(frozen=True, slots=True)
class VideoJob(Job):
    """One video to look at, at so many moments."""

    frames: int


@dataclass(frozen=True, slots=True)
class Seen:
    """The worker's news, in the place of a question: a frame of that content."""

    identity: FileIdentity
    content_hash: bytes
    number: int
    views: dict[str, NetworkView]  # as in `Analysis`

    @property
    def key(self) -> bytes:
        """What stands for the frame."""
        return FrameScores.key(self.content_hash, self.number)


@dataclass(frozen=True, slots=True)
class Watched(Analysis):
    """All that one pass over a video gave, but for its frames, which were handed over."""

    moments: dict[int, float] = field(default_factory=dict)  # a frame's number -> seconds since the beginning
    networks: frozenset[str] = frozenset()  # that were shown every frame


def watch(job: VideoJob, ask: Callable[[Question | Seen], Wanted | None]) -> Analysis:
    """Raises ReadError or DecodeError, which name the file."""
    with unchanged(job.identity) as file:
        check_format(file, job.identity.path)  # before gigabytes are read to know what they are called
        digest = hash_of(file)
        wanted = ask(Question(job.identity, digest))
        if wanted is None:
            return Analysis(digest)
        middle: Moment | None = None
        moments: dict[int, float] = {}
        networks: frozenset[str] = frozenset()
        with open_video(file, job.identity.path, max_pixels=job.max_pixels) as video:
            for moment in video.moments(job.frames):
                views = views_of(_Sizes(moment.picture).at, wanted.scorers)
                ask(Seen(job.identity, digest, moment.number, views))
                moments[moment.number], networks = moment.seconds, frozenset(views)
                if middle is None or moment.number <= job.frames // 2:
                    middle = moment
            if middle is None:
                raise DecodeError(path=job.identity.path, detail="shows nothing")
            photo = video.photo(digest, middle.picture.size)
    small = thumbnail(middle.picture) if wanted.thumbnail else None
    return Watched(digest, photo, thumbnail=small, moments=moments, networks=networks)


class _Sizes:
    """A frame at the sizes that scorers ask for, by the rule of `media.decode`."""

    def __init__(self, picture: Picture) -> None:
        self._by_reduction = {1: picture}

    def at(self, min_short_side: int) -> Picture:
        whole = self._by_reduction[1]
        factor = reduction_for(*whole.size, min_short_side)
        if factor not in self._by_reduction:
            self._by_reduction[factor] = whole.divided(factor)
        return self._by_reduction[factor]


class VideoReading(Reading):
    """One pass over videos."""

    def __init__(self, desk: Desk, needs: Needs) -> None:
        super().__init__(desk, needs)
        self._frames = FrameScores(needs.scorers)

    def _engine(self, assignment: Assignment) -> Engine:
        wish = assignment.wish

        def seconds(job: VideoJob) -> float:
            share = math.ceil(job.frames / _FRAMES_AT_ONCE)
            return wish.decode_timeout * share + job.identity.size // _READ_RATE

        # On this machine whatever the settings say: frames would have to travel, or wait on a worker for each other.
        return LocalEngine(assignment, watch, seconds)

    def _job(self, identity: FileIdentity) -> Job:
        return VideoJob(identity, self.desk.settings.scan.max_pixels, self.desk.settings.videos.frames)

    def _take(self, identity: FileIdentity, analysis: Analysis, networks: frozenset[str]) -> None:
        super()._take(identity, analysis, networks)
        if isinstance(analysis, Watched) and analysis.networks:
            self._unscored[analysis.content_hash] = identity, set(analysis.networks)
            self._frames.expect(analysis.content_hash, analysis.moments)

    def _fail(self, identity: FileIdentity, error: AlbumcleanError | WorkerFailure) -> None:
        if digest := self._decoding.get(identity):
            self._frames.forget(digest)
        super()._fail(identity, error)

    def _kept(self, found: Findings) -> Findings:
        self._frames.add(found)
        whole = Findings()
        for scores, frames in self._frames.finished():
            whole.scores += scores
            self._batch.frames += frames
        return whole


class FrameScores:
    """Collects what networks say of frames until all frames of a video are there.

    To the networks a frame is a content like any: its key is the video's hash and the frame's number.
    """

    def __init__(self, specs: tuple[ScorerSpec, ...]) -> None:
        self._revisions = {spec.name: spec.revision for spec in specs}
        self._values: dict[bytes, dict[tuple[str, str], dict[int, float]]] = {}  # by content, scorer and quantity
        self._expected: dict[bytes, dict[int, float]] = {}
        self._forgotten: set[bytes] = set()
        self._news: set[bytes] = set()  # the contents that something was said of since they were last looked at

    @staticmethod
    def key(content_hash: bytes, number: int) -> bytes:
        """What stands for one frame."""
        return content_hash + number.to_bytes(_NUMBER_BYTES, "big")

    def add(self, found: Findings) -> None:
        """Take what was found of frames."""
        for score in found.scores:
            digest, number = score.content_hash[:-_NUMBER_BYTES], score.content_hash[-_NUMBER_BYTES:]
            if digest not in self._forgotten and score.scorer in self._revisions:
                values = self._values.setdefault(digest, {}).setdefault((score.scorer, score.quantity), {})
                values[int.from_bytes(number, "big")] = score.value
                self._news.add(digest)

    def expect(self, content_hash: bytes, moments: dict[int, float]) -> None:
        """Say that these are all frames of a video: their numbers, and where they lie in seconds."""
        self._expected[content_hash] = moments
        self._news.add(content_hash)

    def forget(self, content_hash: bytes) -> None:
        """Say that a video could not be read to its end."""
        self._forgotten.add(content_hash)
        self._values.pop(content_hash, None)

    def finished(self) -> Iterator[tuple[list[Score], list[FrameScore]]]:
        """Of each quantity that has come to be known of all frames of a video: its mean, and its values."""
        news, self._news = self._news & self._expected.keys(), set()
        for digest in sorted(news):
            moments = self._expected[digest]
            waiting = self._values.get(digest, {})
            for scorer, quantity in [which for which, values in waiting.items() if values.keys() >= moments.keys()]:
                values = waiting.pop((scorer, quantity))
                revision = self._revisions[scorer]
                mean = math.fsum(values[number] for number in moments) / len(moments)
                yield (
                    [Score(digest, scorer, revision, quantity, mean)],
                    [
                        FrameScore(digest, seconds, scorer, revision, quantity, values[number])
                        for number, seconds in moments.items()
                    ],
                )


_NUMBER_BYTES = 4
