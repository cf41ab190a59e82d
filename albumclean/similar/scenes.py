"""What was taken of one scene: series, which are works of their own, and moments, from the photos' times and looks.

The library is gone through by camera and time, a few sessions at a time, so that only their fingerprints are in
memory. Photos without a time have nothing but their looks: pairs of them that a close look told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import chain

from albumclean.domain import Photo, Relation
from albumclean.similar.captures import SECOND, Capture
from albumclean.similar.components import Pair, batches, pairs_by_component
from albumclean.similar.evidence import Sights
from albumclean.similar.index import FingerprintIndex
from albumclean.similar.moments import find_clusters, find_moments
from albumclean.similar.partition import Cluster, Series
from albumclean.similar.series import find_series
from albumclean.similar.steady import LONGEST_PAUSE

_BATCH = 512  # photos, or pairs of undated ones, whose fingerprints are loaded at once


@dataclass(slots=True)
class Scenes:
    """What was found: disjoint clusters of shots with the moments in them, and disjoint series."""

    series: list[Series] = field(default_factory=list)
    clusters: list[Cluster] = field(default_factory=list)


def find_scenes(sights: Sights) -> Scenes:
    """Series and moments of the whole library, whatever the user told apart (see `moments_of`)."""
    found = Scenes()
    sessions = (each for each in _sessions(sights.dated()) if len(each) > 1 or each[0].shot.panorama)
    for some in batches(sessions, _BATCH):  # together, as most of them hold few photos and each query costs its time
        captures, index = _captures(chain.from_iterable(some), sights)
        series = find_series(captures, index)
        whole = {content for each in series for content in each.contents}
        found.series += series
        found.clusters += find_clusters(captures, index, whole=whole)
    for batch in batches(pairs_by_component(sights.undated_lookalikes()), _BATCH):
        pairs = [each for part in batch for each in part]
        contents = sorted({content for each in pairs for content in each})
        captures, index = _captures(sights.photos(contents), sights)
        found.clusters += find_clusters(captures, index, pairs)
    return found


def moments_of(
    clusters: Iterable[Cluster], sights: Sights, strangers: Mapping[bytes, AbstractSet[bytes]]
) -> list[tuple[bytes, ...]]:
    """The moments in these clusters, in order, none with two that the user told apart: for each its `strangers`.

    To be told apart only changes what was in one moment: where two shots had joined none together although they go
    together, nothing hung on it. So a cluster is gone through again only where the user has parted one of its moments.
    """
    found: list[tuple[bytes, ...]] = []
    for cluster in clusters:
        if any(
            not strangers[one].isdisjoint(moment) for moment in cluster.moments for one in moment if one in strangers
        ):
            found += _parted(cluster, sights, strangers)
        else:
            found += cluster.moments
    return sorted(found)


def _parted(cluster: Cluster, sights: Sights, strangers: Mapping[bytes, AbstractSet[bytes]]) -> list[tuple[bytes, ...]]:
    photos = list(sights.photos(cluster.contents))
    pairs: list[Pair] = []
    if not any(photo.taken_at for photo in photos):  # only their looks have brought them together
        looks = sights.comparisons(cluster.contents)
        pairs = [(each.one, each.other) for each in looks if each.relation is Relation.DIFFERENT]
    captures, index = _captures(photos, sights)
    apart = [(one, other) for one in cluster.contents for other in strangers.get(one, ())]
    return find_moments(captures, index, pairs, apart=apart)


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
