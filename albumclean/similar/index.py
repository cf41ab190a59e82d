"""The fingerprints and embeddings of a whole library in a few flat arrays.

About 430 bytes a photo: the one thing that is held of every photo at once.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

from albumclean.config import SimilarSettings
from albumclean.domain import Embedding, Fingerprint

_LAYOUT_BYTES = 192  # 8 x 8 x RGB
UNIT = 127  # length of an embedding

Rows = npt.NDArray[np.intp]


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
    inner: npt.NDArray[np.uint64]  # (N,), `phash` of the picture within a frame; 0: there is none
    layout: npt.NDArray[np.uint8]  # (N, 192)
    detail: npt.NDArray[np.float32]  # (N,), standard deviation of luma in [0, 255]
    aspect: npt.NDArray[np.float32]  # (N,), width / height
    vectors: npt.NDArray[np.int8]  # (N, D), embeddings of length `UNIT`; zeros where there is none

    @classmethod
    def build(cls, rows: Iterable[tuple[Fingerprint, float]], embeddings: Iterable[Embedding] = ()) -> Self:
        """From (fingerprint, width / height) and embeddings, each in any order; a content that comes twice counts once.

        Embeddings without a fingerprint are left out. Both in the order of their contents take the least memory.

        Raises ValueError for a layout that is not 8 x 8 x 3 bytes, an aspect that is not positive, or embeddings of
        different sizes.
        """
        hashes: list[bytes] = []
        phash, dhash, inner = array("Q"), array("Q"), array("Q")
        detail, aspect, layout = array("f"), array("f"), bytearray()
        for print_, ratio in rows:
            if len(print_.layout) != _LAYOUT_BYTES or ratio <= 0:
                raise ValueError(f"not a fingerprint: {len(print_.layout)} bytes of layout, aspect {ratio}")
            hashes.append(print_.content_hash)
            phash.append(print_.phash)
            dhash.append(print_.dhash)
            inner.append(print_.inner or 0)
            detail.append(print_.detail)
            aspect.append(ratio)
            layout += print_.layout
        take: Rows | slice = slice(None)  # copies nothing
        if any(one >= other for one, other in pairwise(hashes)):
            take = _distinct(hashes)
            hashes = [hashes[at] for at in take.tolist()]
        return cls(
            hashes=hashes,
            phash=np.frombuffer(phash, dtype=np.uint64)[take],
            dhash=np.frombuffer(dhash, dtype=np.uint64)[take],
            inner=np.frombuffer(inner, dtype=np.uint64)[take],
            layout=np.frombuffer(layout, dtype=np.uint8).reshape(-1, _LAYOUT_BYTES)[take],
            detail=np.frombuffer(detail, dtype=np.float32)[take],
            aspect=np.frombuffer(aspect, dtype=np.float32)[take],
            vectors=_vectors(hashes, embeddings),
        )

    def __len__(self) -> int:
        return len(self.hashes)

    def position(self, content_hash: bytes) -> int | None:
        """Where a content stands in the arrays, or None if it has no fingerprint."""
        return _position(self.hashes, content_hash)

    def cosine(self, one: Rows, other: Rows) -> npt.NDArray[np.float32]:
        """The cosines of the embeddings of two equally long lists, pair by pair; 0 where one has none."""
        products: npt.NDArray[np.int32] = np.einsum("nd,nd->n", self.vectors[one], self.vectors[other], dtype=np.int32)
        products = np.minimum(products, UNIT**2)  # rounding makes some vectors a little too long
        return products.astype(np.float32) / np.float32(UNIT**2)

    def likeness(self, one: int | Rows, others: Rows) -> Likeness:
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


def _distinct(hashes: list[bytes]) -> Rows:
    """Where the distinct ones lie, in their order."""
    order = sorted(range(len(hashes)), key=hashes.__getitem__)
    return np.array(
        [at for rank, at in enumerate(order) if rank == 0 or hashes[at] != hashes[order[rank - 1]]], dtype=np.intp
    )


def _position(hashes: list[bytes], content_hash: bytes) -> int | None:
    at = bisect_left(hashes, content_hash)
    return at if at < len(hashes) and hashes[at] == content_hash else None


def _vectors(hashes: list[bytes], embeddings: Iterable[Embedding]) -> npt.NDArray[np.int8]:
    vectors = np.zeros((len(hashes), 0), dtype=np.int8)
    for each in embeddings:
        if vectors.shape[1] == 0:
            vectors = np.zeros((len(hashes), len(each.vector)), dtype=np.int8)
        if len(each.vector) != vectors.shape[1]:
            raise ValueError(f"embeddings of {vectors.shape[1]} and of {len(each.vector)} numbers")
        at = _position(hashes, each.content_hash)
        if at is not None:
            vectors[at] = np.frombuffer(each.vector, dtype=np.int8)
    return vectors
