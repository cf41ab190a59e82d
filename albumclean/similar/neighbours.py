"""All pairs of photos that look alike, without looking at every pair twice or holding many at once.

Up to `_BRUTE_FORCE` photos, every pair of hashes is compared in cache-sized tiles (about 1.3 ns a pair). Above, the
pigeonhole principle helps: hashes at most d bits apart agree in at least one of d + 1 bands of bits, so only photos
with an equal band are compared (multi-index hashing, Norouzi et al. 2012). A crowded bucket is searched with the
same tiles, so memory stays bounded whatever the pictures are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from albumclean.config import SimilarSettings
from albumclean.similar.index import FingerprintIndex, alike

_BRUTE_FORCE = 30_000  # photos; banding wins above
_TILE_ROWS, _TILE_COLUMNS = 16, 8192  # one tile of XORs is 1 MiB
_CHUNK = 1 << 16  # pairs whose layouts are compared at once: 25 MB
_HASH_BITS = 64

PairChunk: TypeAlias = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.uint8]]


def similar_pairs(index: FingerprintIndex, settings: SimilarSettings) -> Iterator[PairChunk]:
    """Chunks of (i, j, differing bits of both hashes) with i < j; every pair that looks alike comes exactly once."""
    usable = np.flatnonzero(index.usable(settings))
    for i, j in _hash_pairs(index.phash, usable, settings.phash_distance):
        for start in range(0, len(i), _CHUNK):
            left, right = i[start : start + _CHUNK], j[start : start + _CHUNK]
            likeness = index.likeness(left, right)
            found = alike(likeness, settings)
            if found.any():
                yield left[found], right[found], likeness.bits[found]


def _hash_pairs(
    hashes: npt.NDArray[np.uint64], members: npt.NDArray[np.intp], distance: int
) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    bands = _bands(distance) if len(members) > _BRUTE_FORCE else []
    if not bands:
        yield from _within(hashes, members, distance)
        return
    for number, band in enumerate(bands):
        values = hashes[members] & band
        order = np.argsort(values, kind="stable")  # stable: members stay ascending inside a bucket
        edges = np.flatnonzero(np.diff(values[order])) + 1
        starts = np.concatenate(([0], edges)).tolist()
        ends = np.concatenate((edges, [len(order)])).tolist()
        for start, end in zip(starts, ends, strict=True):
            if end - start == 1:
                continue
            for i, j in _within(hashes, members[order[start:end]], distance):
                differing = hashes[i] ^ hashes[j]
                first = np.ones(len(i), dtype=np.bool_)
                for earlier in bands[:number]:  # such a pair came with the earlier band
                    first &= (differing & earlier) != 0
                if first.any():
                    yield i[first], j[first]


def _bands(distance: int) -> list[np.uint64]:
    """Masks of `distance + 1` bands of the hash, or none if they would be too narrow to help.

    A band takes every (distance + 1)-th bit: neighbouring DCT signs go together, so contiguous bits crowd the buckets.
    """
    count = distance + 1
    if count > _HASH_BITS // 6:
        return []
    return [np.uint64(sum(1 << bit for bit in range(start, _HASH_BITS, count))) for start in range(count)]


def _within(
    hashes: npt.NDArray[np.uint64], members: npt.NDArray[np.intp], distance: int
) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """Pairs (i < j) of ascending `members` whose hashes differ in at most `distance` bits, tile by tile."""
    mine = hashes[members]
    count = len(members)
    for row in range(0, count, _TILE_ROWS):
        rows = mine[row : row + _TILE_ROWS, None]
        for column in range(row, count, _TILE_COLUMNS):
            near = np.bitwise_count(rows ^ mine[None, column : column + _TILE_COLUMNS]) <= distance
            if not near.any():
                continue
            i, j = np.nonzero(near)
            i, j = i + row, j + column
            above = i < j
            if above.any():
                yield members[i[above]], members[j[above]]
