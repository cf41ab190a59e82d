"""Pairs of perceptual hashes that differ in few bits, however the pictures are turned, without comparing all pairs.

Multi-index hashing (Norouzi et al., "Fast Search in Hamming Space with Multi-Index Hashing", CVPR 2012): hashes of 63
bits (the DC term says nothing) fall into three bands of 21 bits, and near hashes into the same bucket, or one that is a
bit away, of at least one band. Four divisions into bands are searched: a pair that differs in 5 bits is always found,
93 in 100 of those that differ in 8 bits are. FAISS's `IndexBinaryMultiHash` finds less in more time and memory: see
`benchmarks.million`. A few thousand hashes are simply all compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from albumclean.similar.cells import Rows
from albumclean.similar.turns import TURNS, Hashes, poses, turn_hashes

_BANDS: Final = 3
_WIDTH: Final = 21  # bits of a band
_BITS: Final = _BANDS * _WIDTH
# Neighbouring DCT signs go together and would crowd the buckets, so the bits of a band lie so far apart (modulo 63).
_STRIDES: Final = (5, 13, 22, 29)
_SLACK: Final = 0.1  # finds 98.8 % of the turned copies with 1.24 poses a photo
_BRUTE_FORCE: Final = 10_000  # hashes
_TILE: Final = 32  # hashes that are compared with all others at once
_CROWD: Final = 64  # nearest in order that are compared in a bucket, so that equal pictures can't make it quadratic
_CHUNK: Final = 1 << 20  # comparisons at once
_ROWS: Final = 1 << 15  # layouts at once


@dataclass(frozen=True, slots=True)
class PosedHashes:
    """The hashes of some photos in the pose that all turned copies share; about 16 bytes a photo.

    What a frame holds has no layout to tell its pose: it takes every one, and few photos have a frame.
    """

    hashes: Hashes  # (M,)
    photo: Rows  # (M,): whose; a photo stands here once for each pose

    @classmethod
    def of(
        cls,
        hashes: Hashes,
        layouts: npt.NDArray[np.uint8],
        photos: npt.NDArray[np.intp],
        inner: Hashes | None = None,
    ) -> Self:
        """Of the photos at these positions of `hashes` (N,) and `layouts` (N, 192).

        `inner` (N,): also those of the pictures within frames, of every photo that has one; 0: it has none.
        """
        posed, owners = [np.empty(0, np.uint64)], [np.empty(0, np.int32)]
        for start in range(0, len(photos), _ROWS):
            some = photos[start : start + _ROWS]
            given = poses(layouts[some], _SLACK)
            for turn in range(TURNS):
                chosen = some[given[:, turn]]
                posed.append(turn_hashes(hashes[chosen], turn))
                owners.append(chosen.astype(np.int32))
        if inner is not None:
            framed = np.flatnonzero(inner)
            posed += [turn_hashes(inner[framed], turn) for turn in range(TURNS)]
            owners += [framed.astype(np.int32)] * TURNS
        return cls(np.concatenate(posed), np.concatenate(owners))


def near_hashes(
    posed: PosedHashes, distance: int, new: npt.NDArray[np.bool_] | None = None
) -> Iterator[tuple[Rows, Rows]]:
    """Chunks of pairs (i, j), i < j, whose hashes differ in at most `distance` bits; a pair may come several times.

    `new` (N,): only pairs of which one is new.
    """
    if len(posed.hashes) <= _BRUTE_FORCE:
        yield from _of_all(posed, distance, new)
        return
    for stride in _STRIDES:
        for band in range(_BANDS):
            yield from _of_band(
                posed, [(_WIDTH * band + place) * stride % _BITS for place in range(_WIDTH)], distance, new
            )


def _of_all(posed: PosedHashes, distance: int, new: npt.NDArray[np.bool_] | None) -> Iterator[tuple[Rows, Rows]]:
    asking = np.arange(len(posed.hashes)) if new is None else np.flatnonzero(new[posed.photo])
    for start in range(0, len(asking), _TILE):
        some = asking[start : start + _TILE]
        left, right = np.nonzero(np.bitwise_count(posed.hashes[some, None] ^ posed.hashes) <= distance)
        yield _ascending(posed.photo[some[left]], posed.photo[right])


def _ascending(one: Rows, other: Rows) -> tuple[Rows, Rows]:
    apart = one != other
    return np.minimum(one, other)[apart], np.maximum(one, other)[apart]


def _of_band(
    posed: PosedHashes, bits: list[int], distance: int, new: npt.NDArray[np.bool_] | None
) -> Iterator[tuple[Rows, Rows]]:
    keys = np.zeros(len(posed.hashes), dtype=np.uint32)
    for place, bit in enumerate(bits):
        keys |= (((posed.hashes >> np.uint64(bit)) & np.uint64(1)) << np.uint64(place)).astype(np.uint32)
    order = np.lexsort((posed.photo, posed.hashes, keys))
    keys, hashes, photos = keys[order], posed.hashes[order], posed.photo[order]
    del order
    edges = np.zeros((1 << _WIDTH) + 1, dtype=np.int32)
    np.cumsum(np.bincount(keys, minlength=1 << _WIDTH), out=edges[1:])
    asking = np.arange(len(keys), dtype=np.int32) if new is None else np.flatnonzero(new[photos]).astype(np.int32)
    for flip in (0, *(1 << place for place in range(_WIDTH))):
        bucket = keys[asking] ^ np.uint32(flip)
        first, end = edges[bucket], edges[bucket + 1]
        if flip == 0:  # its own bucket: those that follow it in the order of the hashes; for a new one those before too
            first = asking + 1 if new is None else np.maximum(first, asking - _CROWD)
            end = np.minimum(end, asking + _CROWD)
        elif new is None:
            end = np.where(keys[asking] & np.uint32(flip), first, end)  # the other one asks
        for left, right in _spread(asking, first, np.minimum(end - first, 2 * _CROWD)):
            near = np.bitwise_count(hashes[left] ^ hashes[right]) <= distance
            if near.any():
                yield _ascending(photos[left[near]], photos[right[near]])


def _spread(asking: Rows, first: Rows, count: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Each of `asking` beside each of the `count` rows from `first` on."""
    some = np.flatnonzero(count > 0)
    ends = np.cumsum(count[some], dtype=np.int64)
    start = 0
    while start < len(some):
        done = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + _CHUNK, side="right")))
        rows = some[start:stop]
        many = count[rows]
        within = np.arange(int(ends[stop - 1]) - done, dtype=np.int32)
        within -= np.repeat((ends[start:stop] - many - done).astype(np.int32), many)
        yield np.repeat(asking[rows], many), np.repeat(first[rows], many) + within
        start = stop
