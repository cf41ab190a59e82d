"""What moments and series are found from: when and how each content was taken, and how alike two of them look."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from albumclean.domain import Photo, Shot
from albumclean.similar.contents import capture_time
from albumclean.similar.index import Likeness

Numbers: TypeAlias = npt.NDArray[np.intp]

SECOND = 1_000_000  # microseconds, in which all times are counted
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Looks(Protocol):
    """What the photos look like, by their positions in an index of fingerprints (`FingerprintIndex` is one)."""

    @property
    def layout(self) -> npt.NDArray[np.uint8]:
        """(N, 192): 8 x 8 x RGB mean colours, row by row."""

    @property
    def detail(self) -> npt.NDArray[np.float32]:
        """(N,): standard deviation of luma, in [0, 255]."""

    def cosine(self, one: Numbers, other: Numbers) -> npt.NDArray[np.float32]:
        """Of the embeddings of two equally long lists, pair by pair; 0 where one has none."""

    def likeness(self, one: Numbers, others: Numbers) -> Likeness:
        """Of two equally long lists, pair by pair."""


@dataclass(frozen=True, slots=True)
class Capture:
    """One content as the camera took it."""

    content_hash: bytes
    position: int  # in the index of fingerprints
    at: int | None  # microseconds since 1970 by the camera's clock
    camera: str | None
    shot: Shot

    @classmethod
    def of(cls, photo: Photo, position: int) -> Self:
        """From the facts of a photo; a time that is no date counts as none."""
        time = capture_time(photo)
        at = None if time is None else (time - _EPOCH) // _MICROSECOND
        return cls(photo.content_hash, position, at, photo.camera, photo.shot)

    @property
    def exact(self) -> bool:
        """Whether fractions of the second are known; .000 is what cameras write that don't know them."""
        return self.at is not None and self.at % SECOND != 0

    @property
    def order(self) -> tuple[int, bytes]:
        """A sort key: by time, and where that says nothing by content."""
        return (-1 if self.at is None else self.at, self.content_hash)


@dataclass(frozen=True, slots=True)
class Take:
    """One press of the shutter: the capture that knows most of it, and all contents that show it (its copies)."""

    capture: Capture
    contents: tuple[bytes, ...]  # ascending
    at: int  # microseconds

    @property
    def exposure_value(self) -> float | None:
        """EV at ISO 100; larger is darker. None if time or aperture are unknown; an unknown ISO counts as 100."""
        shot = self.capture.shot
        if shot.exposure is None or shot.f_number is None:
            return None
        return math.log2(shot.f_number**2 / shot.exposure) - math.log2((shot.iso or 100) / 100)


def takes_of(captures: Iterable[Capture]) -> list[Take]:
    """The dated captures of one camera as takes, in the order of time.

    Captures of the same time and exposure are copies of one take. One that lost its fractions of a second or its
    exposure is a copy of the only take of its second that it can be a copy of, if there is just one.
    """
    seconds: defaultdict[int, list[Capture]] = defaultdict(list)
    for capture in captures:
        if capture.at is not None:
            seconds[capture.at // SECOND].append(capture)
    takes = [take for second in sorted(seconds) for take in _takes_of_second(seconds[second])]
    return sorted(takes, key=lambda take: (take.at, take.contents))


def sessions(captures: Iterable[Capture], pause: float) -> Iterator[list[Capture]]:
    """Runs of the dated captures of one camera, each taken within `pause` seconds of the one before.

    Cameras come in the order of their names, and runs in the order of time, whatever the order of the captures.
    """
    dated = sorted(
        (capture for capture in captures if capture.at is not None),
        key=lambda capture: (capture.camera or "", capture.order),
    )
    run = dated[:1]
    for before, after in pairwise(dated):
        if before.camera != after.camera or after.order[0] - before.order[0] > pause * SECOND:
            yield run
            run = []
        run.append(after)
    if run:
        yield run


def seconds_between(takes: Sequence[Take]) -> npt.NDArray[np.float64]:
    """The pauses between takes that follow each other, one fewer than the takes."""
    times = np.array([take.at for take in takes], dtype=np.int64)
    return (times[1:] - times[:-1]) / SECOND


def to_next(takes: Sequence[Take], looks: Looks) -> tuple[Likeness, npt.NDArray[np.float32]]:
    """The likeness of each take to the next and its cosine, one fewer than the takes."""
    positions = np.array([take.capture.position for take in takes], dtype=np.intp)
    return looks.likeness(positions[:-1], positions[1:]), looks.cosine(positions[:-1], positions[1:])


_Facts: TypeAlias = tuple[float | None, ...]


def _takes_of_second(captures: Sequence[Capture]) -> list[Take]:
    if len(captures) == 1:  # nearly always
        return [Take(captures[0], (captures[0].content_hash,), captures[0].order[0])]
    found: defaultdict[_Facts, list[Capture]] = defaultdict(list)
    for capture in captures:
        found[_facts(capture)].append(capture)
    for facts in sorted(found, key=lambda facts: [(value is not None, value or 0.0) for value in facts]):
        fuller = [other for other in found if other != facts and _fits(facts, other)]
        if len(fuller) == 1:
            found[fuller[0]] += found.pop(facts)
    takes = []
    for facts, copies in found.items():
        fullest = min(copies, key=lambda capture: (capture.shot.is_empty, capture.content_hash))
        contents = tuple(sorted(capture.content_hash for capture in copies))
        takes.append(Take(fullest, contents, _time(copies, exact=facts[0] is not None)))
    return takes


def _time(copies: Sequence[Capture], *, exact: bool) -> int:
    return min(capture.order[0] for capture in copies if capture.exact or not exact)


def _facts(capture: Capture) -> _Facts:
    """What copies of one take have in common; programs round exposures when they write them anew."""
    shot = capture.shot
    rounded = [None if value is None else round(math.log2(value), 1) for value in (shot.exposure, shot.f_number)]
    fraction = capture.order[0] % SECOND if capture.exact else None
    return (fraction, *rounded, shot.iso, None if shot.bias is None else round(shot.bias, 1))


def _fits(poorer: _Facts, fuller: _Facts) -> bool:
    return all(mine is None or mine == theirs for mine, theirs in zip(poorer, fuller, strict=True))
