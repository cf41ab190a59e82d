"""Pairs of vectors with a large dot product, without multiplying all pairs, in bounded memory.

Up to `_BRUTE_FORCE` vectors, all are multiplied in tiles. Above, each vector lives in the cell nearest to it and visits
`_VISITS` more, and two vectors are compared if one visits where the other lives. Unlike an inverted file's question
"which are the k nearest", that says the same of a pair from either side, so searching only around what is new finds
what a search of the whole would. Comparing the dwellers of a cell with its visitors is one product of two matrices: see
`benchmarks.million` for the time beside FAISS's own inverted file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from albumclean.similar.cells import Cells, Rows, Vectors

_BRUTE_FORCE: Final = 30_000  # vectors
_VISITS: Final = 8
_TILE_ROWS, _TILE_COLUMNS = 512, 4096  # one tile of products is 8 MiB
_CROWD: Final = 1 << 14  # dwellers of a cell, beyond which they are compared in slices

Flags = npt.NDArray[np.bool_]
Pairs: TypeAlias = tuple[Rows, Rows, npt.NDArray[np.int16]]


def near_vectors(vectors: Vectors, rows: Rows, least: int, new: Flags | None = None) -> Iterator[Pairs]:
    """Chunks of pairs (i, j, product), i < j, of some rows of `vectors` (N, D) whose dot products are `least` or more.

    `rows` are ascending. A pair may come twice. `new` (N,): only pairs of which one is new.
    """
    if len(rows) <= _BRUTE_FORCE:
        yield from _among(vectors, rows, least, new)
        return
    cells = Cells.train(vectors, rows)
    visits = cells.nearest(vectors, rows, _VISITS)
    dwellers, visitors = _by_cell(visits[:, :1], len(cells)), _by_cell(visits[:, 1:], len(cells))
    for dwelling, visiting in zip(dwellers, visitors, strict=True):
        here = rows[dwelling]
        for some in _slices(vectors, here):
            yield from _among(vectors, some, least, new)
        yield from _between(vectors, here, rows[visiting], least, new)


def _by_cell(cells: npt.NDArray[np.int16], count: int) -> list[Rows]:
    """Cells (M, c) -> for each cell the rows that name it, ascending."""
    named = cells.ravel()
    order = np.argsort(named, kind="stable")
    ends = np.searchsorted(named[order], np.arange(1, count))
    return np.split((order // cells.shape[1]).astype(np.int32), ends)


def _slices(vectors: Vectors, rows: Rows) -> list[Rows]:
    """The rows, or if they are a crowd, as after a year of time-lapse, parts of it along what varies most."""
    if len(rows) <= _CROWD:
        return [rows]
    here = vectors[rows]
    order = np.argsort(here[:, int(np.argmax(here.var(axis=0)))], kind="stable")
    return [rows[order[start : start + _CROWD]] for start in range(0, len(rows), _CROWD)]


def _among(vectors: Vectors, rows: Rows, least: int, new: Flags | None) -> Iterator[Pairs]:
    if new is not None:
        yield from _products(vectors, rows[new[rows]], rows, least)
        return
    for start in range(0, len(rows), _TILE_ROWS):
        yield from _products(vectors, rows[start : start + _TILE_ROWS], rows[start:], least)


def _between(vectors: Vectors, left: Rows, right: Rows, least: int, new: Flags | None) -> Iterator[Pairs]:
    if new is None:
        yield from _products(vectors, left, right, least)
        return
    asking = new[left]
    yield from _products(vectors, left[asking], right, least)
    yield from _products(vectors, left[~asking], right[new[right]], least)


def _products(vectors: Vectors, left: Rows, right: Rows, least: int) -> Iterator[Pairs]:
    if not len(left):
        return
    for column in range(0, len(right), _TILE_COLUMNS):
        some = right[column : column + _TILE_COLUMNS]
        columns = vectors[some].astype(np.float32).T
        for row in range(0, len(left), _TILE_ROWS):
            mine = left[row : row + _TILE_ROWS]
            products = (vectors[mine].astype(np.float32) @ columns).ravel()  # exact: see `cells`
            near = np.flatnonzero(products >= least)
            one, other = mine[near // len(some)], some[near % len(some)]
            apart = one != other
            if apart.any():
                one, other, near = one[apart], other[apart], near[apart]
                yield np.minimum(one, other), np.maximum(one, other), products[near].astype(np.int16)
