"""The cells of the space of vectors around some centroids: only photos of neighbouring cells are compared.

All vectors and centroids are whole numbers whose products add up to less than 2^24, which float32 holds exactly: no
order of summation, number of threads or kind of processor changes a distance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.int8]
Rows = npt.NDArray[np.int32]

_SAMPLE: Final = 48  # vectors a centroid is trained from
_ROUNDS: Final = 8
_SEED: Final = 2026
_ROWS: Final = 1 << 14  # vectors at once


@dataclass(frozen=True, slots=True)
class Cells:
    """The centroids, as whole numbers."""

    centroids: npt.NDArray[np.float32]  # (K, D)

    def __len__(self) -> int:
        return len(self.centroids)

    @classmethod
    def train(cls, vectors: Vectors, rows: Rows) -> Self:
        """sqrt(M) cells for M rows of vectors (N, D), in an order that says nothing of them: that of content hashes.

        By the k-means of FAISS on the first rows. It takes less time than reading the vectors from a file does, so
        cells aren't kept: the same photos have the same cells, whatever was in the library before.
        """
        import faiss

        count = max(1, math.isqrt(len(rows)))
        options = faiss.ClusteringParameters()
        options.niter = _ROUNDS
        options.seed = _SEED
        options.int_centroids = True
        options.min_points_per_centroid = 1
        options.max_points_per_centroid = _SAMPLE
        width = vectors.shape[1]
        clustering = faiss.Clustering(width, count, options)
        clustering.train(vectors[rows[: count * _SAMPLE]].astype(np.float32), faiss.IndexFlatL2(width))
        return cls(faiss.vector_to_array(clustering.centroids).reshape(count, width))

    def nearest(self, vectors: Vectors, rows: Rows, count: int) -> npt.NDArray[np.int16]:
        """(M, count): the cells nearest to each of M rows of vectors (N, D), the nearest first."""
        import faiss

        index = faiss.IndexFlatL2(self.centroids.shape[1])
        index.add(self.centroids)
        found = np.empty((len(rows), min(count, len(self))), dtype=np.int16)
        for start in range(0, len(rows), _ROWS):
            some = vectors[rows[start : start + _ROWS]].astype(np.float32)
            _, found[start : start + _ROWS] = index.search(some, found.shape[1])
        return found
