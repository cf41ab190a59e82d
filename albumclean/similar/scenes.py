"""What was taken of one scene: series, which are works of their own, and moments, from the photos' times and looks.

The library is gone through by camera and time, a session at a time, so that only one session's fingerprints are in
memory. Photos without a time have nothing but their looks: pairs of them that a close look told apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from albumclean.domain import Photo
from albumclean.similar.captures import SECOND, Capture
from albumclean.similar.components import Pair, batches, pairs_by_component
from albumclean.similar.index import FingerprintIndex
from albumclean.similar.moments import find_moments
from albumclean.similar.series import Series, find_series
from albumclean.similar.steady import LONGEST_PAUSE

_BATCH = 512  # pairs of undated photos whose fingerprints are loaded at once


class Sights(Protocol):
    """What is asked of the library."""

    def dated(self) -> Iterable[Photo]:
        """The photos with a capture time, by camera and by time."""
        ...

    def undated_lookalikes(self) -> Iterable[Pair]:
        """Pairs of contents without a capture time that look alike and are no copies."""
        ...

    def photos(self, contents: Sequence[bytes]) -> Iterable[Photo]:
        """What is known of these contents."""
        ...

    def fingerprints(self, contents: Sequence[bytes]) -> FingerprintIndex:
        """An index of these contents, as far as they have fingerprints."""
        ...


@dataclass(slots=True)
class Scenes:
    """What was found: disjoint moments, each ascending, and disjoint series."""

    series: list[Series] = field(default_factory=list)
    moments: list[tuple[bytes, ...]] = field(default_factory=list)


def find_scenes(sights: Sights, apart: Collection[Pair]) -> Scenes:
    """Series and moments of the whole library. `apart`: pairs that the user told apart, never in one moment."""
    found = Scenes()
    for session in _sessions(sights.dated()):
        if len(session) > 1 or session[0].shot.panorama:
            captures, index = _captures(session, sights)
            series = find_series(captures, index)
            whole = {content for each in series for content in each.contents}
            found.series += series
            found.moments += find_moments(captures, index, whole=whole, apart=apart)
    for batch in batches(pairs_by_component(sights.undated_lookalikes()), _BATCH):
        pairs = [each for part in batch for each in part]
        contents = sorted({content for each in pairs for content in each})
        captures, index = _captures(sights.photos(contents), sights)
        found.moments += find_moments(captures, index, pairs, apart=apart)
    found.moments.sort()
    return found


def _captures(photos: Iterable[Photo], sights: Sights) -> tuple[list[Capture], FingerprintIndex]:
    # The first picture of several says nothing of the rest, so files of several join neither series nor moments.
    by_content = {photo.content_hash: photo for photo in photos if photo.pictures == 1}
    index = sights.fingerprints(sorted(by_content))
    places = ((photo, index.position(content)) for content, photo in by_content.items())
    return [Capture.of(photo, position) for photo, position in places if position is not None], index


def _sessions(photos: Iterable[Photo]) -> Iterator[list[Photo]]:
    """Runs of photos by one camera without a long pause; one with a time that is no date stands alone."""
    session: list[Photo] = []
    before: tuple[str | None, int | None] = (None, None)
    for photo in photos:
        camera, at = photo.camera, Capture.of(photo, 0).at
        near = at is not None and before[1] is not None and abs(at - before[1]) <= LONGEST_PAUSE * SECOND
        if session and not (near and camera == before[0]):
            yield session
            session = []
        session.append(photo)
        before = (camera, at)
    if session:
        yield session
