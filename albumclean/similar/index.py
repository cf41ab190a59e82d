"""The fingerprints of a whole library in a few flat arrays, and the one definition of "looks alike".

About 320 bytes a photo: the only thing in grouping that grows with the library.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from albumclean.config import SimilarSettings
from albumclean.domain import Fingerprint

_LAYOUT_BYTES = 192  # 8 x 8 x RGB


@dataclass(frozen=True, slots=True)
class Likeness:
    """How far one photo is from each of some others; every array has their length. Smaller is more alike."""

    phash: npt.NDArray[np.uint8]  # bits of 64
    dhash: npt.NDArray[np.uint8]  # bits of 64
    layout: npt.NDArray[np.float32]  # mean difference of the 8 x 8 colours, in [0, 255]
    aspect: npt.NDArray[np.float32]  # relative difference of width / height

    @property
    def bits(self) -> npt.NDArray[np.uint8]:
        """The differing bits of both hashes, at most 128: what "nearest" means everywhere in this package."""
        return self.phash + self.dhash


@dataclass(frozen=True, slots=True)
class FingerprintIndex:
    """Distinct contents in the order of their hashes, so that nothing depends on the order in which they came."""

    hashes: list[bytes]
    phash: npt.NDArray[np.uint64]  # (N,)
    dhash: npt.NDArray[np.uint64]  # (N,)
    layout: npt.NDArray[np.uint8]  # (N, 192)
    detail: npt.NDArray[np.float32]  # (N,), standard deviation of luma in [0, 255]
    aspect: npt.NDArray[np.float32]  # (N,), width / height

    @classmethod
    def build(cls, rows: Iterable[tuple[Fingerprint, float]]) -> Self:
        """From (fingerprint, width / height) in any order; a content that comes twice counts once.

        Raises ValueError for a layout that is not 8 x 8 x 3 bytes or an aspect that is not positive.
        """
        hashes: list[bytes] = []
        phash, dhash, detail, aspect, layout = array("Q"), array("Q"), array("f"), array("f"), bytearray()
        for print_, ratio in rows:
            if len(print_.layout) != _LAYOUT_BYTES or ratio <= 0:
                raise ValueError(f"not a fingerprint: {len(print_.layout)} bytes of layout, aspect {ratio}")
            hashes.append(print_.content_hash)
            phash.append(print_.phash)
            dhash.append(print_.dhash)
            detail.append(print_.detail)
            aspect.append(ratio)
            layout += print_.layout
        order = sorted(range(len(hashes)), key=hashes.__getitem__)
        order = [at for rank, at in enumerate(order) if rank == 0 or hashes[at] != hashes[order[rank - 1]]]
        take = np.array(order, dtype=np.intp)
        return cls(
            hashes=[hashes[at] for at in order],
            phash=np.array(phash, dtype=np.uint64)[take],
            dhash=np.array(dhash, dtype=np.uint64)[take],
            layout=np.frombuffer(bytes(layout), dtype=np.uint8).reshape(-1, _LAYOUT_BYTES)[take],
            detail=np.array(detail, dtype=np.float32)[take],
            aspect=np.array(aspect, dtype=np.float32)[take],
        )

    def __len__(self) -> int:
        return len(self.hashes)

    def position(self, content_hash: bytes) -> int | None:
        """Where a content stands in the arrays, or None if it has no fingerprint."""
        at = bisect_left(self.hashes, content_hash)
        return at if at < len(self.hashes) and self.hashes[at] == content_hash else None

    def likeness(self, one: int | npt.NDArray[np.intp], others: npt.NDArray[np.intp]) -> Likeness:
        """The distances of one photo to others, or of two equally long lists pair by pair."""
        layout = self.layout[others].astype(np.int16)
        layout -= self.layout[one]
        np.abs(layout, out=layout)
        mine, theirs = self.aspect[one], self.aspect[others]
        return Likeness(
            phash=np.bitwise_count(self.phash[one] ^ self.phash[others]),
            dhash=np.bitwise_count(self.dhash[one] ^ self.dhash[others]),
            layout=layout.mean(axis=1, dtype=np.float32),
            aspect=np.abs(mine - theirs) / np.maximum(mine, theirs),
        )

    def usable(self, settings: SimilarSettings) -> npt.NDArray[np.bool_]:
        """(N,): which photos have enough detail to be compared at all; flat ones have hashes made of noise."""
        return self.detail >= settings.min_detail


def alike(likeness: Likeness, settings: SimilarSettings) -> npt.NDArray[np.bool_]:
    """Which of the compared photos look alike by the user's thresholds (all of them must hold)."""
    return (
        (likeness.phash <= settings.phash_distance)
        & (likeness.dhash <= settings.dhash_distance)
        & (likeness.layout <= settings.layout_distance)
        & (likeness.aspect <= settings.aspect_tolerance)
    )
