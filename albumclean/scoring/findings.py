"""What networks find out about photos, on its way to the cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from albumclean.domain import Embedding, Score

LENGTH: Final = 127  # of a stored vector: each value fits into a byte, and rounding turns it by about a degree


@dataclass(slots=True)
class Findings:
    """Scores and embeddings, each in the order in which they were found."""

    scores: list[Score] = field(default_factory=list)
    embeddings: list[Embedding] = field(default_factory=list)

    def __iadd__(self, other: Findings) -> Self:
        self.scores += other.scores
        self.embeddings += other.embeddings
        return self


def embeddings_of(content_hashes: Sequence[bytes], vectors: npt.NDArray[np.float32]) -> list[Embedding]:
    """One for each row of `vectors`, (n, values) of length 1; none where a value is not finite or there are none."""
    if vectors.shape[1] == 0:
        return []
    return [
        Embedding(content_hash, np.rint(LENGTH * row).clip(-LENGTH, LENGTH).astype(np.int8).tobytes())
        for content_hash, row in zip(content_hashes, vectors, strict=True)
        if np.isfinite(row).all()
    ]
