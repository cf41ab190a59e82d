"""Candidates: the pairs of a library that may be copies of each other.

Two searches complement each other. Perceptual hashes, in all eight ways to turn a picture, survive scaling, strong
compression, blur, noise and toning, and those of the picture within a frame survive padding and screenshots;
embeddings survive cropping, borders, captions and straightening. What either finds is measured by the same rules.
Flat and dark pictures have hashes made of noise: they need the embeddings to agree, and then the hashes or the colours
as well; or everything must be equal.

The pairs depend on the photos alone, not on their order or the number of threads. Photos that come a few at a time
make the pairs that they would make at once, and some more, where one was among the nearest for a while. (In crowds of
more than a hundred with all but the same hash, which of them are compared can differ.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from albumclean.config import SimilarSettings
from albumclean.similar.cells import Rows
from albumclean.similar.hashes import PosedHashes, near_hashes
from albumclean.similar.index import UNIT, FingerprintIndex
from albumclean.similar.nearest import CLOSEST, Closeness, NearestPairs, Room
from albumclean.similar.turns import closest_turn, turn_layouts
from albumclean.similar.vectors import Pairs, near_vectors

# With another revision, pairs that were not found before may be.
REVISION: Final = "3"

COPY_BITS: Final = 8  # of 63: one of 350,000 pairs of strangers is as close
# 99.6 % of the copies of 325 photos in 19 ways are found by one or the other, and 0.3 strangers a photo among 4,700.
COPY_COSINE: Final = 0.60
COPY_LAYOUT: Final = 12.0  # of 255
_STRONG: Final = 24  # pairs a photo
_STRANGERS: Final = 400_000  # pairs by a cosine below 0.9 alone in the whole library, or three a photo if that is more
_EQUAL: Final = 24  # flat pictures beside which an equal one is put
_PORTION: Final = 1 << 19  # pairs among which the promising are chosen
_CHUNK: Final = 1 << 16  # pairs that are measured at once: 30 MB
_NO_FRAME: Final = 64  # bits: as far apart as can be

Flags = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint8]
_Places = npt.NDArray[np.signedinteger[Any]]


@dataclass(frozen=True, slots=True)
class PairChunk:
    """Some pairs of positions in the index, i < j, and how alike they are; every array has their length."""

    i: npt.NDArray[np.intp]
    j: npt.NDArray[np.intp]
    cosine: npt.NDArray[np.float32]  # of the embeddings; 0 where one is missing
    bits: npt.NDArray[np.uint8]  # that differ in both hashes, as the pictures lie; 0: the same to the fingerprint
    turned_bits: npt.NDArray[np.uint8]  # that differ in the pHashes of the whole pictures after the turn
    turn: npt.NDArray[np.uint8]  # of j (see `turns`), after which it looks most like i; 0: as it lies
    layout: npt.NDArray[np.float32]  # mean difference of the colours after the turn, in [0, 255]


def copy_candidates(
    index: FingerprintIndex, settings: SimilarSettings, new: Flags | None = None
) -> Iterator[PairChunk]:
    """Pairs that may be copies, generously: a close look at the pixels decides. In order, each once.

    `new` (N,): only pairs of which at least one is new; the time goes by how many are. Of the pairs of a photo the 24
    closest count, and of those by a cosine below 0.9 alone, which strangers could have, in large libraries fewer.
    """
    detailed = index.usable(settings)
    nearest = NearestPairs(len(index), _room(len(index)))
    for i, j in _raw_pairs(index, detailed, new):
        for start in range(0, len(i), _CHUNK):
            pairs = _measure(index, i[start : start + _CHUNK], j[start : start + _CHUNK], detailed)
            inner_bits = _inner_bits(index, pairs.i, pairs.j, detailed)
            passed = _may_be_copies(index, pairs, detailed, inner_bits)
            nearest.add(pairs.i[passed], pairs.j[passed], _closeness(pairs, detailed, inner_bits)[passed])
    i, j = nearest.pairs()
    for start in range(0, len(i), _CHUNK):
        yield _measure(index, i[start : start + _CHUNK], j[start : start + _CHUNK])


def _may_be_copies(index: FingerprintIndex, pairs: PairChunk, detailed: Flags, inner_bits: Bits) -> Flags:
    speaking = detailed[pairs.i] & detailed[pairs.j]
    by_inner = inner_bits <= COPY_BITS
    by_hash = pairs.turned_bits <= COPY_BITS
    by_colours = pairs.layout <= COPY_LAYOUT
    by_vector = pairs.cosine >= COPY_COSINE
    by_whole = (speaking & (by_hash | by_vector)) | (by_vector & (by_hash | by_colours))
    return by_inner | by_whole | _equal(index, pairs)


def _room(photos: int) -> Room:
    """A cosine makes more pairs of strangers the more photos there are; the looks at pixels must not."""
    return Room(strong=_STRONG, weak=min(max(_STRANGERS // max(photos, 1), 3), _STRONG), least_strong=9000)


def _raw_pairs(index: FingerprintIndex, detailed: Flags, new: Flags | None) -> Iterator[tuple[Rows, Rows]]:
    if new is not None and not new.any():
        return
    posed = PosedHashes.of(index.phash, index.layout, np.flatnonzero(detailed), index.inner)
    yield from near_hashes(posed, COPY_BITS, new)
    del posed
    yield from _equal_pairs(index, np.flatnonzero(~detailed), new)
    seen = np.flatnonzero(index.vectors.any(axis=1)).astype(np.int32)
    found = near_vectors(index.vectors, seen, int(np.ceil(COPY_COSINE * UNIT**2)), new)
    for some in _portions(found):
        yield from _promising(index, detailed, COPY_BITS, some)


def _portions(found: Iterator[Pairs]) -> Iterator[Pairs]:
    """Chunks of at least `_PORTION` pairs but for the last."""
    waiting: list[Pairs] = []
    count = 0
    for some in found:
        waiting.append(some)
        count += len(some[0])
        if count >= _PORTION:
            yield _joined(waiting)
            waiting, count = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(chunks: list[Pairs]) -> Pairs:
    i, j, products = (np.concatenate(column) for column in zip(*chunks, strict=True))
    return i, j, products


def _promising(index: FingerprintIndex, detailed: Flags, bits: int, some: Pairs) -> Iterator[tuple[Rows, Rows]]:
    """Without the pairs that could not be kept beside the others of this portion: most, in a large library.

    Pairs of flat pictures stay, as not all of them will pass, and those that are closer by hash than by embedding.
    """
    i, j, products = some
    turned_bits, _ = closest_turn(index.phash[i], index.phash[j])
    plain = detailed[i] & detailed[j] & (turned_bits > bits) & (_inner_bits(index, i, j, detailed) > bits)
    nearest = NearestPairs(len(index), _room(len(index)))
    nearest.add(i[plain], j[plain], _closeness_of(np.minimum(products[plain], UNIT**2) / np.float32(UNIT**2)))
    yield nearest.pairs()
    yield i[~plain], j[~plain]


def _measure(index: FingerprintIndex, i: Rows, j: Rows, speaking: Flags | None = None) -> PairChunk:
    """With `speaking` (N,), the colours of pairs of such photos, which decide nothing, are not compared: NaN."""
    one, other = i.astype(np.intp), j.astype(np.intp)
    turned_bits, turn = closest_turn(index.phash[one], index.phash[other])
    as_it_lies = np.bitwise_count(index.phash[one] ^ index.phash[other])
    layout = np.full(len(one), np.nan, dtype=np.float32)
    compared = slice(None) if speaking is None else np.flatnonzero(~(speaking[one] & speaking[other]))
    colours = turn_layouts(index.layout[other[compared]], turn[compared]).astype(np.int16)
    colours -= index.layout[one[compared]]
    layout[compared] = np.abs(colours, out=colours).mean(axis=1, dtype=np.float32)
    return PairChunk(
        i=one,
        j=other,
        cosine=index.cosine(one, other),
        bits=as_it_lies + np.bitwise_count(index.dhash[one] ^ index.dhash[other]),
        turned_bits=turned_bits,
        turn=turn,
        layout=layout,
    )


def _inner_bits(index: FingerprintIndex, i: _Places, j: _Places, detailed: Flags) -> Bits:
    """The fewest bits that differ in pHash, after a turn, when what a frame holds stands for one of a pair or for both.

    `_NO_FRAME` where neither has a frame. What a frame holds has detail; a whole picture counts only if it has.
    """
    fewest = np.full(len(i), _NO_FRAME, dtype=np.uint8)
    some = np.flatnonzero(index.inner[i] | index.inner[j])  # looked up for the pairs alone: the library may be large
    (inner, whole), (other_inner, other_whole) = (
        ((index.inner[places] != 0, index.inner[places]), (detailed[places], index.phash[places]))
        for places in (i[some], j[some])
    )
    for (has_one, one), (has_other, other) in ((inner, other_whole), (whole, other_inner), (inner, other_inner)):
        both = has_one & has_other
        bits, _ = closest_turn(one[both], other[both])
        fewest[some[both]] = np.minimum(fewest[some[both]], bits)
    return fewest


def _closeness(pairs: PairChunk, detailed: Flags, inner_bits: Bits) -> Closeness:
    """Which of several are more alike: as many pairs of strangers differ by 8 bits as have a cosine of 0.9."""
    bits = np.where(detailed[pairs.i] & detailed[pairs.j], np.minimum(pairs.turned_bits, inner_bits), inner_bits)
    by_hash = np.where(bits < _NO_FRAME, 1 - 0.0125 * bits.astype(np.float32), 0)
    return _closeness_of(np.where(_equal_as_it_lies(pairs), 1, np.maximum(by_hash, pairs.cosine)))


def _closeness_of(values: npt.NDArray[np.floating[Any]]) -> Closeness:
    return np.round(CLOSEST * values).astype(np.int16)


def _equal_as_it_lies(pairs: PairChunk) -> Flags:
    same: Flags = (pairs.bits == 0) & (pairs.turn == 0) & (pairs.layout == 0)
    return same


def _equal(index: FingerprintIndex, pairs: PairChunk) -> Flags:
    same = _equal_as_it_lies(pairs)
    for facts in (index.detail, index.aspect):
        same = same & (facts[pairs.i] == facts[pairs.j])
    return same


def _equal_pairs(index: FingerprintIndex, rows: npt.NDArray[np.intp], new: Flags | None) -> Iterator[tuple[Rows, Rows]]:
    """Flat pictures with the same fingerprint: each beside the next ones, and beside the first."""
    if len(rows) < 2:
        return
    facts = (index.layout[rows], index.phash[rows], index.dhash[rows], index.detail[rows], index.aspect[rows])
    table = np.hstack([np.ascontiguousarray(each).view(np.uint8).reshape(len(rows), -1) for each in facts])
    _, group = np.unique(table.view(f"V{table.shape[1]}").ravel(), return_inverse=True)
    order = np.argsort(group, kind="stable")
    rows, group = rows[order].astype(np.int32), group[order]
    first = np.searchsorted(group, group)
    beside = [(first, np.arange(len(rows)))]
    beside += [(np.arange(len(rows) - step), np.arange(step, len(rows))) for step in range(1, _EQUAL + 1)]
    for left, right in beside:
        paired = (group[left] == group[right]) & (left != right)
        i, j = rows[left[paired]], rows[right[paired]]
        wanted = slice(None) if new is None else new[i] | new[j]
        yield i[wanted], j[wanted]
