"""Sets of photos in which each looks like every other (complete linkage): no chains A~B~C that swallow an album."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from albumclean.config import SimilarSettings
from albumclean.similar.index import FingerprintIndex, alike
from albumclean.similar.neighbours import similar_pairs

_NOBODY = 255  # more than the 128 bits that two photos can differ by


def find_cliques(
    index: FingerprintIndex, settings: SimilarSettings, strangers: Mapping[int, frozenset[int]]
) -> Iterator[npt.NDArray[np.intp]]:
    """Disjoint sets of two or more positions, the closest first.

    The photo with the nearest neighbour starts a set; its neighbours join from near to far if they look like all who
    are in already, and if no two of them are `strangers` (told apart by the user). Ties go by position, which is the
    order of the content hashes: the same photos give the same sets, however they were found.
    Time grows with the number of sets times the number of photos that have a neighbour; memory with the photos.
    """
    nearest = np.full(len(index), _NOBODY, dtype=np.uint8)
    for left, right, bits in similar_pairs(index, settings):
        np.minimum.at(nearest, left, bits)
        np.minimum.at(nearest, right, bits)
    free = np.flatnonzero(nearest != _NOBODY)  # ascending; shrinks as sets are taken out
    taken = np.zeros(len(index), dtype=np.bool_)
    since_shrink = 0
    for seed in free[np.argsort(nearest[free], kind="stable")].tolist():
        if taken[seed]:
            continue
        clique = _grow(index, settings, strangers, seed, free[~taken[free]] if since_shrink else free)
        taken[clique] = True
        since_shrink += len(clique)
        if since_shrink * 4 > len(free):
            free, since_shrink = free[~taken[free]], 0
        if len(clique) > 1:
            yield clique


def _grow(
    index: FingerprintIndex,
    settings: SimilarSettings,
    strangers: Mapping[int, frozenset[int]],
    seed: int,
    free: npt.NDArray[np.intp],
) -> npt.NDArray[np.intp]:
    close = free[np.bitwise_count(index.phash[seed] ^ index.phash[free]) <= settings.phash_distance]
    likeness = index.likeness(seed, close)
    matching = alike(likeness, settings) & (close != seed)
    candidates = close[matching]
    candidates = candidates[np.argsort(likeness.bits[matching], kind="stable")]
    candidates = candidates[~_are_strangers(strangers, seed, candidates)]
    members = [seed]
    while len(candidates):  # all of them look like all members
        nearest, candidates = int(candidates[0]), candidates[1:]
        members.append(nearest)
        welcome = alike(index.likeness(nearest, candidates), settings) & ~_are_strangers(strangers, nearest, candidates)
        candidates = candidates[welcome]
    return np.sort(np.array(members, dtype=np.intp))


def _are_strangers(
    strangers: Mapping[int, frozenset[int]], one: int, others: npt.NDArray[np.intp]
) -> npt.NDArray[np.bool_]:
    told_apart = strangers.get(one)
    if not told_apart:
        return np.zeros(len(others), dtype=np.bool_)
    return np.isin(others, np.fromiter(told_apart, dtype=np.intp, count=len(told_apart)))
