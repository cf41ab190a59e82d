"""The search for look-alikes, in a process of its own.

The index library and torch each bring an OpenMP runtime, and where two of them meet in one process (macOS) the program
dies. Apart, neither can; and the index's memory is given back when the search is over.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import numpy.typing as npt

from albumclean.config import SimilarSettings
from albumclean.errors import AlbumcleanError
from albumclean.media.workers import FailureKind, WorkerPool
from albumclean.store.cache import Cache
from albumclean.store.connection import Address

_LONGEST = 24 * 3600.0  # seconds: a search is never taken for hung before that
_TRIES = 5  # each of two processes: what was killed from outside, as for want of memory, may come through the next time
_MAY_WORK_AGAIN = frozenset({FailureKind.KILLED, FailureKind.CRASH})


class SearchFailed(AlbumcleanError):
    """The search for look-alikes ended early: {detail}. What was scored is kept; scan again to repeat the search."""


@dataclass(frozen=True, slots=True)
class SearchJob:
    """What is searched, where."""

    cache: Address
    fingerprint_revision: str
    embedding_revision: str
    key: str  # under which searched contents are remembered
    settings: SimilarSettings


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Pairs that may be copies, of which at least one side is new."""

    new: list[bytes]  # the contents that had not been searched
    contents: list[bytes]  # those that stand in a pair
    pairs: npt.NDArray[np.int32]  # (M, 2), positions in `contents`
    twins: npt.NDArray[np.bool_]  # (M,): pairs whose hashes are equal


def find_candidates(job: SearchJob) -> Found:
    """Search around every content that has not been searched under the job's key. Raises SearchFailed."""
    pool = WorkerPool(search, workers=1, timeout=_LONGEST, queue=1)
    problem = "the process gave no answer"
    with closing(pool.run(repeat(job, _TRIES), lambda _: None)) as results:
        for _, result in results:
            if isinstance(result, Found):
                return result
            if isinstance(result, AlbumcleanError):
                raise result
            problem = result.reason
            if result.kind not in _MAY_WORK_AGAIN:
                break
    raise SearchFailed(detail=problem)


def search(job: SearchJob, _: object) -> Found:
    """In the process of its own."""
    import faiss  # noqa: F401 - loaded before its threads are limited
    from threadpoolctl import threadpool_limits

    # The products are many and small: threads cost more than they bring, and on a busy machine take for ever.
    with threadpool_limits(1), Cache.open(job.cache) as cache:
        return _searched(job, cache)


def _searched(job: SearchJob, cache: Cache) -> Found:
    from albumclean.similar.index import FingerprintIndex
    from albumclean.similar.neighbours import copy_candidates

    searched = cache.comparisons.searched(job.key)
    index = FingerprintIndex.build(
        cache.fingerprints(job.fingerprint_revision), cache.embeddings(job.embedding_revision)
    )
    new = np.array([content not in searched for content in index.hashes], dtype=np.bool_)
    chunks = list(copy_candidates(index, job.settings, new)) if new.any() else []
    left = np.concatenate([np.empty(0, np.intp), *(chunk.i for chunk in chunks)])
    right = np.concatenate([np.empty(0, np.intp), *(chunk.j for chunk in chunks)])
    twins = np.concatenate([np.empty(0, np.bool_), *(chunk.bits == 0 for chunk in chunks)])
    involved, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    return Found(
        new=[index.hashes[at] for at in np.flatnonzero(new).tolist()],
        contents=[index.hashes[at] for at in involved.tolist()],
        pairs=places.reshape(2, -1).T.astype(np.int32),
        twins=twins,
    )
