"""What looks alike in the library, kept in the cache for as long as it holds, and worked out anew where it does not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from albumclean.comparison import REVISION
from albumclean.domain import Comparison, Photo, PhotoFacts, Testimony
from albumclean.errors import StoreError
from albumclean.scoring import registry
from albumclean.similar.components import Pair
from albumclean.similar.groups import find_partition
from albumclean.similar.partition import Cluster, Partition, Series, SeriesKind
from albumclean.similar.revisions import FINGERPRINT
from albumclean.store.cache import Cache
from albumclean.store.stored_groups import By, Part, PartKind, StoredPart, Sums

if TYPE_CHECKING:
    from albumclean.similar.index import FingerprintIndex

# Raise by hand whenever the same contents and looks could be parted otherwise: partitions in caches are then made anew.
_PARTITION: Final = "1"

Facts = Callable[[Sequence[bytes]], Iterable[PhotoFacts]]


class Shelf(Protocol):
    """The parts of a library, as far as they are asked for; `StoredGroups` is one."""

    def sums(self) -> Sums:
        """Of all parts."""
        ...

    def all(self, kind: PartKind) -> Iterable[StoredPart]:
        """Every part of this kind, in the order of grouping."""
        ...

    def in_order(self, kind: PartKind, by: By) -> Iterable[StoredPart]:
        """Every part of this kind by its place or its lowest score."""
        ...

    def under(self, folders: Sequence[Path]) -> AbstractSet[int]:
        """The numbers of the copies and clusters with a file under the folders."""
        ...

    def holding(self, contents: Iterable[bytes]) -> Iterable[StoredPart]:
        """The copies and clusters that hold any of these contents, each once."""
        ...


@dataclass(frozen=True, slots=True)
class _Loose:
    """The parts of a cache that can't be written, or that is being written by a scan just now."""

    cache: Cache
    parts: Sequence[StoredPart]

    def sums(self) -> Sums:
        return Sums.of(self.parts)

    def all(self, kind: PartKind) -> list[StoredPart]:
        return [each for each in self.parts if each.part.kind is kind]

    def in_order(self, kind: PartKind, by: By) -> list[StoredPart]:
        def key(each: StoredPart) -> tuple[object, ...]:
            score = (each.lowest is None, each.lowest or 0.0) if by is By.SCORE else ()
            return *score, each.place, each.number

        return sorted(self.all(kind), key=key)

    def under(self, folders: Sequence[Path]) -> set[int]:
        contents = (known.content_hash for known in self.cache.known(folders) if known.failure is None)
        return {each.number for each in self.holding(content for content in contents if content is not None)}

    def holding(self, contents: Iterable[bytes]) -> list[StoredPart]:
        wanted = set(contents)
        return [
            each
            for each in self.parts
            if each.part.kind is not PartKind.SERIES and not wanted.isdisjoint(each.part.contents)
        ]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What grouping asks of the library, from the cache. `facts` gives those of the files that may count now."""

    cache: Cache
    facts: Facts

    def copies(self) -> Iterator[Pair]:
        """As in the protocol of this name, as everything here."""
        return self.cache.comparisons.copies(REVISION)

    def comparisons(self, contents: Collection[bytes]) -> list[Comparison]:
        """See `copies`."""
        return self.cache.comparisons.among(contents, REVISION)

    def testimonies(self, contents: Collection[bytes]) -> list[Testimony]:
        """See `copies`."""
        return self.cache.comparisons.testimonies(contents, REVISION)

    def shared(self) -> list[bytes]:
        """See `copies`."""
        return self.cache.shared_contents()

    def dated(self) -> Iterator[Photo]:
        """See `copies`."""
        return self.cache.dated_photos()

    def undated_lookalikes(self) -> Iterator[Pair]:
        """See `copies`."""
        return self.cache.comparisons.undated_lookalikes(REVISION)

    def photos(self, contents: Sequence[bytes]) -> list[Photo]:
        """See `copies`."""
        return list(self.cache.photos_of(contents))

    def fingerprints(self, contents: Sequence[bytes]) -> FingerprintIndex:
        """See `copies`."""
        from albumclean.similar.index import FingerprintIndex

        prints = self.cache.fingerprints_of(contents, FINGERPRINT)
        return FingerprintIndex.build(prints, self.cache.embeddings_of(contents, _embedding()))


def keep_groups(cache: Cache) -> None:
    """Work out what looks alike, unless what the cache keeps of it holds; for the end of a scan. Raises StoreError."""
    shelf_of(cache)


def shelf_of(cache: Cache) -> Shelf:
    """What looks alike in the whole library: as the cache has it, or else found now, and kept if the cache lets it be.

    It is the same either way: kept parts count for one generation of the cache and one way of finding them.
    """
    method = f"{_PARTITION}|{REVISION}|{FINGERPRINT}|{_embedding()}"
    kept = cache.stored_groups
    if kept.hold(method):
        return kept
    generation = cache.state.generation  # before the work: what changes meanwhile makes it one of the past
    partition = find_partition(Evidence(cache, lambda _: ()))
    found = kept.survey(_as_parts(partition), lambda contents: _scores(cache, contents))
    with suppress(StoreError):  # a cache that can't be written answers all the same, only slower
        if kept.keep(found, generation, method):
            return kept
    return _Loose(cache, found)


def partition_of(shelf: Shelf) -> Partition:
    """All of it."""
    return Partition(
        [each.part.contents for each in shelf.all(PartKind.COPIES)],
        [Cluster(each.part.contents, each.part.sets) for each in shelf.all(PartKind.CLUSTER)],
        series_of(shelf),
    )


def series_of(shelf: Shelf) -> list[Series]:
    """All series."""
    return [Series(SeriesKind(each.part.name), each.part.sets) for each in shelf.all(PartKind.SERIES)]


def _as_parts(partition: Partition) -> Iterator[Part]:
    for copies in partition.copies:
        yield Part(PartKind.COPIES, tuple(copies))
    for cluster in partition.clusters:
        yield Part(PartKind.CLUSTER, cluster.contents, tuple(cluster.moments))
    for series in partition.series:
        yield Part(PartKind.SERIES, tuple(sorted(series.contents)), series.shots, series.kind.value)


def _scores(cache: Cache, contents: Collection[bytes]) -> Iterator[tuple[bytes, float]]:
    spec = registry.spec(registry.JUDGE)
    return cache.scores.values(contents, spec, spec.quantities[0])


def _embedding() -> str:
    return registry.spec(registry.JUDGE).revision
