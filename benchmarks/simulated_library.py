"""A library of any size that looks to the search like a real one: what `benchmarks.million` searches.

The perceptual hashes are signs of correlated normal numbers, with the means and correlations of a real library's bits
(a Gaussian copula); the embeddings are mixtures of pairs of real ones; layouts and detail are real ones. Among them
stand copies (a few of them turned) and bursts, in the shares of an ordinary album.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Self

import numpy as np
import numpy.typing as npt

from albumclean.domain import Embedding, Fingerprint
from albumclean.similar.index import FingerprintIndex
from albumclean.similar.turns import TURNS, turn_hashes, turn_layouts

SINGLE, COPIES = 0.72, 0.14  # of the shots; the rest are bursts
TURNED = 0.05  # of the copies
FRAMED = 0.02  # of all: real ones and pictures that seem to have a frame
LONG_BURST = 200  # frames; one in a thousand bursts
_ORIGINAL, _COPY, _FRAME = range(3)
# Of an original, a copy, a frame of a burst: the length of the noise beside a picture's own numbers, of length 1.
HASH_NOISE = (0.0, 0.5, 0.4)
VECTOR_NOISE = (0.0, 0.9, 0.35)
_BLEND = 0.85  # of the first of two embeddings
_ROWS = 50_000

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


class _Stored:
    """Arrays that one process hands to another in a file."""

    __slots__: tuple[str, ...] = ()

    def save(self, path: Path) -> None:
        np.savez(path, **{name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def load(cls, path: Path) -> Self:
        with np.load(path) as held:
            return cls(**{name: held[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class Fit(_Stored):
    """What is known of a real library."""

    means: Floats  # (64,), of the normal numbers behind the bits
    factor: Floats  # (64, 64), of their correlations
    vectors: Floats  # (M, D), of length 1
    layout: npt.NDArray[np.uint8]  # (M, 192)
    detail: Floats  # (M,)

    @classmethod
    def to(cls, index: FingerprintIndex) -> Self:
        """To the photos with an embedding."""
        rows = np.flatnonzero(index.vectors.any(axis=1))
        bits = _bits(index.phash[rows]).astype(np.float64)
        normal = NormalDist()
        means = [normal.inv_cdf(float(np.clip(share, 0.01, 0.99))) for share in bits.mean(axis=0)]
        moving = bits + 1e-6 * np.random.default_rng(0).normal(size=bits.shape)  # the DC bit never moves
        # Of two normal numbers the signs have the correlation 2 / pi * asin(r).
        values, axes = np.linalg.eigh(np.sin(np.pi / 2 * np.corrcoef(moving.T)))
        vectors = index.vectors[rows].astype(np.float32)
        return cls(
            means=np.array(means, dtype=np.float32),
            factor=(axes * np.sqrt(np.maximum(values, 1e-3))).astype(np.float32),
            vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
            layout=index.layout[rows],
            detail=index.detail[rows],
        )

    @classmethod
    def plain(cls, width: int, photos: int = 4096) -> Self:
        """Of no real library: independent bits, embeddings in all directions; enough where nothing is searched."""
        rng = np.random.default_rng(0)
        vectors = _normal(rng, photos, width)
        return cls(
            means=np.zeros(64, np.float32),
            factor=np.eye(64, dtype=np.float32),
            vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
            layout=rng.integers(0, 256, (photos, 192), dtype=np.uint8),
            detail=rng.uniform(20, 80, photos).astype(np.float32),
        )


@dataclass(frozen=True, slots=True)
class Library(_Stored):
    """Simulated photos in a random order; photos of one `shot` are copies, shots of one `scene` a burst."""

    phash: npt.NDArray[np.uint64]
    vectors: npt.NDArray[np.int8]
    layout: npt.NDArray[np.uint8]
    detail: Floats
    shot: npt.NDArray[np.int32]
    scene: npt.NDArray[np.int32]

    def rows(self) -> Iterator[tuple[Fingerprint, float]]:
        """As the cache gives them; some have a frame, and in it what looks like the photo before."""
        for at in range(len(self.phash)):
            bits = int(self.phash[at])
            inner = int(self.phash[at - 1]) if at % round(1 / FRAMED) == 0 else None
            yield Fingerprint(content(at), bits, bits, self.layout[at].tobytes(), float(self.detail[at]), inner), 1.5

    def embeddings(self) -> Iterator[Embedding]:
        for at in range(len(self.phash)):
            yield Embedding(content(at), self.vectors[at].tobytes())


def content(number: int) -> bytes:
    """A content hash; ascending."""
    return number.to_bytes(32, "big")


def simulate(fit: Fit, count: int, seed: int = 2026, *, single: float = SINGLE, copies: float = COPIES) -> Library:
    """`count` photos, always the same; `single` and `copies` are shares of the shots, the rest are bursts."""
    rng = np.random.default_rng(seed)
    scene, kind = _structure(count, rng, single, copies)
    shot = np.where(kind == _COPY, np.searchsorted(scene, scene), np.arange(count))
    order = rng.permutation(count)
    library = Library(
        phash=np.empty(count, np.uint64),
        vectors=np.empty((count, fit.vectors.shape[1]), np.int8),
        layout=np.empty((count, 192), np.uint8),
        detail=np.empty(count, np.float32),
        shot=np.empty(count, np.int32),
        scene=np.empty(count, np.int32),
    )
    library.shot[order] = shot
    library.scene[order] = scene
    start = 0
    while start < count:  # portions of whole scenes
        stop = int(np.searchsorted(scene, scene[min(start + _ROWS, count) - 1], side="right"))
        _fill(library, fit, order[start:stop], scene[start:stop], kind[start:stop], rng)
        start = stop
    return library


def _structure(count: int, rng: np.random.Generator, single: float, copies: float) -> tuple[Numbers, Numbers]:
    """(scene, kind) of each photo; scenes ascending."""
    draw = rng.random(count)
    is_burst = draw > single + copies
    size = np.where(is_burst, rng.integers(2, 9, count), np.where(draw > single, rng.integers(2, 4, count), 1))
    size[is_burst & (rng.random(count) < 0.001)] = LONG_BURST
    scene = np.repeat(np.arange(count), size)[:count]
    first = np.concatenate([[True], scene[1:] != scene[:-1]])
    return scene, np.where(first, _ORIGINAL, np.where(is_burst[scene], _FRAME, _COPY))


def _fill(library: Library, fit: Fit, to: Numbers, scene: Numbers, kind: Numbers, rng: np.random.Generator) -> None:
    _, where = np.unique(scene, return_inverse=True)
    scenes, width = int(where.max()) + 1, fit.vectors.shape[1]
    pair = rng.integers(len(fit.vectors), size=(2, scenes))
    seen = _BLEND * fit.vectors[pair[0]] + (1 - _BLEND) * fit.vectors[pair[1]] + 0.35 * _normal(rng, scenes, width)
    # Half of the copies are slight, the others vary up to what the noise says.
    strength = np.where(kind == _COPY, np.maximum(0.1, 2 * rng.random(len(kind)) - 1), 1.0)[:, None].astype(np.float32)
    of_hash, of_vector = (
        strength * np.array(noise, dtype=np.float32)[kind][:, None] for noise in (HASH_NOISE, VECTOR_NOISE)
    )
    waves = (8 * _normal(rng, scenes, 64))[where] + 8 * of_hash * _normal(rng, len(kind), 64)
    waves = waves @ fit.factor.T + fit.means
    hashes = _packed(waves > np.median(waves, axis=1, keepdims=True))
    vectors = seen[where] + of_vector * _normal(rng, len(kind), width)
    layout = fit.layout[pair[0]][where]
    turns = np.where((kind == _COPY) & (rng.random(len(kind)) < TURNED), rng.integers(1, TURNS, len(kind)), 0)
    for turn in range(1, TURNS):
        hashes[turns == turn] = turn_hashes(hashes[turns == turn], turn)
    library.phash[to] = hashes
    library.layout[to] = turn_layouts(layout, turns.astype(np.uint8))
    library.detail[to] = fit.detail[pair[0]][where]
    library.vectors[to] = np.round(127 * vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _normal(rng: np.random.Generator, rows: int, width: int) -> Floats:
    """Rows of length about 1."""
    return rng.standard_normal((rows, width), dtype=np.float32) / np.float32(width**0.5)


def _bits(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    return np.unpackbits(hashes.astype(">u8").view(np.uint8).reshape(-1, 8), axis=1)


def _packed(bits: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint64]:
    return np.packbits(bits, axis=1).view(">u8").ravel().astype(np.uint64)
