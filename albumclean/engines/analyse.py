"""What a decoding worker does with one file: read once, hash, and unless the content is known decode once.

Runs in a process of its own (`media.workers`) and never imports torch: networks get their views in the parent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from albumclean.domain import Failure, FileIdentity, Fingerprint, Photo, ScorerSpec, Stage
from albumclean.errors import AlbumcleanError, ReadError
from albumclean.media.decode import decode, reduction_for
from albumclean.media.parsers import decoder_versions
from albumclean.media.picture import Picture
from albumclean.media.reading import content_hash, read_file
from albumclean.media.statistics import statistics
from albumclean.media.thumbnail import thumbnail
from albumclean.media.view import NetworkView, network_view
from albumclean.media.workers import FailureKind, WorkerFailure
from albumclean.scoring import registry
from albumclean.scoring.scorers import judge
from albumclean.similar.fingerprint import ENOUGH, fingerprint
from albumclean.words import shown

_LONGEST_REASON = 300  # characters

# A photo that failed is tried again when this changes: another decoder may read it.
DECODER = f"2-{decoder_versions()}"


@dataclass(frozen=True, slots=True)
class Job:
    """One file to look at."""

    identity: FileIdentity
    max_pixels: int


@dataclass(frozen=True, slots=True)
class Question:
    """The worker's question: this file holds that content; what do you still want to know of it?"""

    identity: FileIdentity
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """The answer: these scorers have not seen the content, and perhaps there is no thumbnail of it."""

    scorers: tuple[ScorerSpec, ...]
    thumbnail: bool = False


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that one decode gave; only the hash where nothing was wanted."""

    content_hash: bytes
    photo: Photo | None = None
    fingerprint: Fingerprint | None = None
    views: dict[str, NetworkView] = field(default_factory=dict)  # by the scorer whose network takes them in
    thumbnail: bytes | None = None  # JPEG


def analyse(job: Job, ask: Callable[[Question], Wanted | None]) -> Analysis:
    """Raises ReadError or DecodeError, which name the file."""
    data = read_file(job.identity)
    digest = content_hash(data)
    wanted = ask(Question(job.identity, digest))
    if wanted is None:
        return Analysis(digest)
    frames = _Frames(data, job, digest)
    first = frames.at(judge.SPEC.min_short_side if wanted.scorers else 2 * ENOUGH)
    views = views_of(frames.at, wanted.scorers)
    small = thumbnail(first) if wanted.thumbnail else None
    return Analysis(digest, frames.photo, fingerprint(first.reduced(ENOUGH), digest), views, small)


class _Frames:
    """A photo's pixels at the sizes that scorers ask for.

    Decoded once; once more only where one of them wants a finer frame than the others. What a scorer sees then depends
    on no other scorer.
    """

    def __init__(self, data: bytes, job: Job, digest: bytes) -> None:
        self._data = data
        self._job = job
        self._digest = digest
        self._by_reduction: dict[int, Picture] = {}
        self._size: tuple[int, int] | None = None
        self.photo: Photo | None = None

    def at(self, min_short_side: int) -> Picture:
        """Raises DecodeError."""
        if self._size is not None and (known := self._by_reduction.get(reduction_for(*self._size, min_short_side))):
            return known
        frame = decode(
            self._data,
            self._job.identity.path,
            self._digest,
            min_short_side=min_short_side,
            max_pixels=self._job.max_pixels,
        )
        self.photo = frame.photo
        self._size = frame.size
        self._by_reduction[frame.reduction] = frame.picture
        return frame.picture


def views_of(frame_at: Callable[[int], Picture], scorers: Sequence[ScorerSpec]) -> dict[str, NetworkView]:
    """What these scorers' networks see of one picture, of which `frame_at` gives the pixels by `min_short_side`."""
    views = {spec.name: network_view(frame_at(spec.min_short_side), spec.input) for spec in networks_of(scorers)}
    for head in (spec for spec in scorers if spec.reads):
        measured = statistics(frame_at(head.min_short_side))
        views[head.reads] = replace(views[head.reads], statistics=measured)
    return views


def networks_of(specs: Sequence[ScorerSpec]) -> list[ScorerSpec]:
    """The scorers whose networks have to run: a head needs that of the one that it reads."""
    named = {spec.name: spec for spec in specs if not spec.reads}
    return [named.get(name) or registry.spec(name) for name in sorted({spec.reads or spec.name for spec in specs})]


def failure_of(path: Path, error: AlbumcleanError | WorkerFailure, *, was_read: bool = True) -> Failure:
    """What to say of a file that a worker could not read or decode, in one line that is safe to print.

    `was_read`: the worker had its bytes. Before that, a worker that takes too long waits for a disk or a network that
    does not answer, which is not the file's fault; nor is it when the worker was killed from outside.
    """
    if isinstance(error, WorkerFailure):
        unreadable = not was_read and error.kind is FailureKind.TIMEOUT
        reason = f"{error.reason} to read; does its drive answer?" if unreadable else error.reason
        transient = unreadable or error.kind is FailureKind.KILLED
    else:
        unreadable = transient = isinstance(error, ReadError)
        reason = str(error.fields.get("detail", error))
    return Failure(path, Stage.READ if unreadable else Stage.DECODE, _line(reason), transient=transient)


def _line(text: str) -> str:
    """Decoders quote what they find in a file, which may be a command to the terminal."""
    line = shown(" ".join(text.split()))
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
