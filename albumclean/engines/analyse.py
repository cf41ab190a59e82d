"""What a decoding worker does with one file: read once, hash, and unless the content is known decode once.

Runs in a process of its own (`media.workers`) and never imports torch: networks get their views in the parent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import PIL

from albumclean.domain import Failure, FileIdentity, Fingerprint, Photo, Stage
from albumclean.errors import AlbumcleanError, ReadError
from albumclean.media.decode import decode
from albumclean.media.reading import content_hash, read_file
from albumclean.media.thumbnail import thumbnail
from albumclean.media.view import NetworkView, network_view
from albumclean.media.workers import WorkerFailure
from albumclean.scoring import registry
from albumclean.similar.fingerprint import ENOUGH, fingerprint

# A photo that failed is tried again when this changes: another decoder may read it.
DECODER = f"1-pillow{PIL.__version__}-heif{version('pi-heif')}"


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

    scorers: tuple[str, ...]
    thumbnail: bool = False


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that one decode gave; only the hash where nothing was wanted."""

    content_hash: bytes
    photo: Photo | None = None
    fingerprint: Fingerprint | None = None
    views: dict[str, NetworkView] = field(default_factory=dict)  # by scorer
    thumbnail: bytes | None = None  # JPEG


def analyse(job: Job, ask: Callable[[Question], Wanted | None]) -> Analysis:
    """Raises ReadError or DecodeError, which name the file."""
    data = read_file(job.identity)
    digest = content_hash(data)
    wanted = ask(Question(job.identity, digest))
    if wanted is None:
        return Analysis(digest)
    specs = [registry.spec(name) for name in wanted.scorers]
    smallest = max((spec.min_short_side for spec in specs), default=2 * ENOUGH)
    frame = decode(data, job.identity.path, digest, min_short_side=smallest, max_pixels=job.max_pixels)
    views = {spec.name: network_view(frame.picture, spec.input) for spec in specs}
    small = thumbnail(frame.picture) if wanted.thumbnail else None
    return Analysis(digest, frame.photo, fingerprint(frame.picture.reduced(ENOUGH), digest), views, small)


def failure_of(path: Path, error: AlbumcleanError | WorkerFailure) -> Failure:
    """What to say of a file that a worker could not read or decode."""
    unreadable = isinstance(error, ReadError)
    reason = error.reason if isinstance(error, WorkerFailure) else str(error.fields.get("detail", error))
    return Failure(path, Stage.READ if unreadable else Stage.DECODE, reason, transient=unreadable)
