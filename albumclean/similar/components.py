"""The connected parts of a graph of contents, and working through them a few hundred contents at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

Pair = tuple[bytes, bytes]  # content hashes, the smaller first
Triple = tuple[bytes, bytes, bytes]  # a pair, and a third

Part = TypeVar("Part", bound=Sequence[object])


def pair(one: bytes, other: bytes) -> Pair:
    """The pair as a key."""
    return (one, other) if one < other else (other, one)


def components(pairs: Iterable[Pair]) -> Iterator[list[bytes]]:
    """The connected parts of a graph, each ascending, in the order of their smallest."""
    parent: dict[bytes, bytes] = {}

    def root(photo: bytes) -> bytes:
        while parent[photo] != photo:
            parent[photo] = parent[parent[photo]]
            photo = parent[photo]
        return photo

    for one, other in pairs:
        parent.setdefault(one, one)
        parent.setdefault(other, other)
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    parts: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for photo in sorted(parent):
        parts[root(photo)].append(photo)
    yield from parts.values()


def pairs_by_component(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """The pairs of each connected part, ascending and each once, in the order of the parts' smallest contents."""
    known = sorted(set(pairs))
    part_of = {photo: number for number, part in enumerate(components(known)) for photo in part}
    parts: defaultdict[int, list[Pair]] = defaultdict(list)
    for each in known:
        parts[part_of[each[0]]].append(each)
    return [parts[number] for number in sorted(parts)]


def batches(parts: Iterable[Part], size: int) -> Iterator[list[Part]]:
    """Whole parts, as many as are needed to hold `size` entries; the last batch may hold fewer."""
    batch: list[Part] = []
    count = 0
    for part in parts:
        batch.append(part)
        count += len(part)
        if count >= size:
            yield batch
            batch, count = [], 0
    if batch:
        yield batch
