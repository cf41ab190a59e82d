"""The pairs that matter where too many are alike: those in which one is among the nearest of the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from albumclean.similar.cells import Rows

Closeness: TypeAlias = npt.NDArray[np.int16]
Keys: TypeAlias = npt.NDArray[np.int64]
Positions: TypeAlias = npt.NDArray[np.signedinteger[Any]]

CLOSEST: Final = 10_000
_CLOSENESS_BITS: Final = 14
_ENOUGH: Final = 1 << 20  # pairs that come in before the needless ones are thrown out


@dataclass(frozen=True, slots=True)
class Room:
    """How many pairs of a photo are kept."""

    strong: int  # of those that are so close that strangers hardly ever are
    weak: int  # of the others: only if they are among its very nearest
    least_strong: int  # closeness


class NearestPairs:
    """Collects pairs (i, j), i < j, of N photos, and keeps those that are among the closest of i or of j.

    Of equally close ones the first positions count. So the strangers that resemble a photo stay few however large the
    library is, and a burst of 200 frames makes some thousand pairs, not 19,900. What is kept depends on the pairs
    alone, not on the order in which they come: at most N times the room, 8 bytes each.

    Raises ValueError for more than 16 million photos.
    """

    def __init__(self, photos: int, room: Room) -> None:
        self._bits = max(photos - 1, 1).bit_length()  # of a position
        if 2 * self._bits + _CLOSENESS_BITS > 63:
            raise ValueError(f"{photos} photos are too many")
        self._room = room
        self._kept = np.empty(0, dtype=np.int64)  # see `_keys`
        self._waiting: list[Keys] = []
        self._count = 0  # of what waits

    def add(self, i: Positions, j: Positions, closeness: Closeness) -> None:
        """Pairs of positions, and how close they are in [0, CLOSEST]: the same whenever the pair comes."""
        self._waiting.append(self._keys(i, j, closeness))
        self._count += len(i)
        if self._count > max(_ENOUGH, len(self._kept)):
            self._settle()

    def pairs(self) -> tuple[Rows, Rows]:
        """What is kept, each pair once, in order."""
        self._settle()
        i, _, j = self._parts(self._kept)
        order = np.lexsort((j, i))
        return i[order], j[order]

    def _settle(self) -> None:
        """Keep what has room on one side at least."""
        i, closeness, j = self._parts(np.concatenate([self._kept, *self._waiting]))
        self._waiting, self._count = [], 0
        entries = np.concatenate([self._keys(i, j, closeness), self._keys(j, i, closeness)])
        entries = _distinct(entries)  # by owner, the closest partner first
        owner, closeness, partner = self._parts(entries)
        room = np.where(closeness >= self._room.least_strong, self._room.strong, self._room.weak)
        welcome = _rank(owner) < room
        owner, closeness, partner = owner[welcome], closeness[welcome], partner[welcome]
        self._kept = _distinct(self._keys(np.minimum(owner, partner), np.maximum(owner, partner), closeness))

    def _keys(self, owner: Positions, partner: Positions, closeness: Closeness) -> Keys:
        """A pair in one number, so that sorting is fast: owner, what lacks in closeness, partner."""
        key = (owner.astype(np.int64) << _CLOSENESS_BITS) | (CLOSEST - closeness.astype(np.int64))
        return (key << self._bits) | partner

    def _parts(self, keys: Keys) -> tuple[Rows, Closeness, Rows]:
        high = keys >> self._bits
        closeness = CLOSEST - (high & ((1 << _CLOSENESS_BITS) - 1))
        partner = keys & ((1 << self._bits) - 1)
        return (high >> _CLOSENESS_BITS).astype(np.int32), closeness.astype(np.int16), partner.astype(np.int32)


def _distinct(keys: Keys) -> Keys:
    """Ascending; several times as fast as `np.unique`."""
    keys.sort()
    distinct: Keys = keys[np.diff(keys, prepend=-1) != 0]
    return distinct


def _rank(owners: Rows) -> npt.NDArray[np.int64]:
    """The place of each in its run of equal values."""
    places = np.arange(len(owners))
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    return places - np.repeat(starts, np.diff(starts, append=len(owners)))
