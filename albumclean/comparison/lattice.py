"""Quantisation as a witness: on whose lattice the difference of two photos lies.

A JPEG's DCT coefficients lie on multiples of its table's steps. Let y be a coefficient as the other photo would have
it, in steps, on this JPEG's own block grid, and u its distance from this JPEG's multiple. If this file was made from
the other, its multiple is y rounded: u is spread evenly over [-1/2, 1/2] and ends there, sharply, which nothing else
does. If the other was made from this file and saved more finely, it still lies on this file's lattice: u heaps up at 0.
If it was saved more coarsely, u runs smoothly beyond 1/2.

The versions of the idea for a single file: Fan and de Queiroz 2003, Lukas and Fridrich 2003, Farid 2009.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from albumclean.comparison.jpeg import BLOCK, blocks_of
from albumclean.comparison.prediction import Prediction

_FINEST = 2.0  # a smaller step drowns in the rounding of the other's pixels
_FEWEST = 150  # coefficients
_LARGE = 1.5  # steps
_TRUSTED = 50.0  # sum of squares, in steps, from which on a frequency's own gain counts
_LAST = 16  # multiples that a histogram is looked at for
_SMALL = 4  # the largest multiple for which there are enough coefficients
_PLACE, _PLACES = 0.05, 24  # steps, and their number from -0.6 to 0.6
_ENOUGH = 40  # coefficients of one multiple and frequency
_RARE = 0.03  # share of them at the end of the step that says nothing of how it ends


def _dct() -> NDArray[np.float32]:
    """The orthonormal DCT-II of 8 x 8 blocks as one 64 x 64 matrix, rows as columns frequencies, row by row."""
    k = np.arange(BLOCK)
    base = np.cos(np.pi * (2 * k[None, :] + 1) * k[:, None] / (2 * BLOCK)) * math.sqrt(2 / BLOCK)
    base[0] /= math.sqrt(2)
    return np.kron(base, base).astype(np.float32)


_DCT = _dct()


@dataclass(frozen=True, slots=True)
class Lattice:
    """How the other's coefficients lie around this JPEG's multiples."""

    near: float  # share within a quarter step among those within half a step: 0.5 evenly spread, 1 on the lattice
    beyond: float  # share more than 0.55 steps away
    edge: float  # how sharply the spread ends at half a step, in [-1, 1]: 1 where nothing lies beyond, 0 without an end
    fixed: (
        float  # share of each multiple's coefficients at its most usual place, 0.15 steps wide: 1 where it fixes them
    )
    uneven: float  # how much the histogram of its own multiples jumps, as a share: high where it was rounded twice
    count: int  # coefficients that could tell


def lattices(prediction: Prediction, table: NDArray[np.float64]) -> tuple[Lattice, ...]:
    """The statistics over all patches, which begin on block corners; none where too few coefficients tell.

    Once without and once with the fitted filter: it is needed where the other was sharpened, blurred or scaled, and
    blurs what there is to see where it was not.
    """
    both = (_lattice(prediction, made, table) for made in (prediction.plain, prediction.made))
    return tuple(found for found in both if found is not None)


def _lattice(prediction: Prediction, made: Sequence[NDArray[np.float32]], table: NDArray[np.float64]) -> Lattice | None:
    own, theirs, whole = _gathered(prediction, made)
    steps = table.ravel().astype(np.float32)
    multiple = np.round(own / steps)
    y = theirs / steps
    y *= _gain(multiple, y)
    telling = (np.abs(y) > 0.5) & (steps >= _FINEST)  # all that rounds to a multiple other than 0, and no less
    telling &= whole[:, None]
    telling[:, 0] = False  # the mean of a block follows every change of tone
    distance = y - multiple
    u = np.abs(distance[telling])
    if len(u) < _FEWEST:
        return None
    near = float((u < 0.25).sum() / max(1, int((u < 0.5).sum())))
    inside, outside = int(((u > 0.36) & (u < 0.48)).sum()), int(((u > 0.52) & (u < 0.64)).sum())
    edge = (inside - outside) / (inside + outside + _RARE * len(u))
    return Lattice(
        near, float((u > 0.55).mean()), edge, _fixed(multiple, distance, telling), _uneven(multiple[whole]), len(u)
    )


def _fixed(multiple: NDArray[np.float32], distance: NDArray[np.float32], telling: NDArray[np.bool_]) -> float:
    """The mean share at the most usual place, over the small multiples of each frequency.

    Where both files have the same grid and steps of the same order, the other's value is a multiple of its own steps:
    off this lattice, but always at the same place for the same multiple, if it was made from it.
    """
    size = np.abs(multiple)
    chosen = telling & (size >= 1) & (size <= _SMALL) & (np.abs(distance) < 0.6)
    block, frequency = np.nonzero(chosen)
    if len(block) < _FEWEST:
        return 0.0
    outwards = distance[block, frequency] * np.sign(multiple[block, frequency])
    place = ((outwards + 0.6) / _PLACE).astype(np.int64).clip(0, _PLACES - 1)
    cell = frequency * (_SMALL + 1) + size[block, frequency].astype(np.int64)
    counts = np.bincount(cell * _PLACES + place, minlength=64 * (_SMALL + 1) * _PLACES).reshape(-1, _PLACES)
    total = counts.sum(axis=1)
    counts, total = counts[total >= _ENOUGH], total[total >= _ENOUGH]
    if not len(total):
        return 0.0
    windows = counts[:, :-2] + counts[:, 1:-1] + counts[:, 2:]
    return float(windows.max(axis=1).sum() / total.sum())


def _uneven(multiple: NDArray[np.float32]) -> float:
    """How much the counts of multiples differ from their neighbours' mean, over the frequencies that have many."""
    jumps, total = 0.0, 0.0
    for frequency in range(1, 64):
        counts = np.bincount(
            np.minimum(np.abs(multiple[:, frequency]), _LAST + 1).astype(np.int64), minlength=_LAST + 2
        )
        inner = counts[2:_LAST]  # from 2 on: the first is a slope, not a neighbour
        if counts[_LAST // 2 : _LAST].sum() < _ENOUGH:
            continue
        jumps += float(np.abs(inner - (counts[1 : _LAST - 1] + counts[3 : _LAST + 1]) / 2).sum())
        total += float(inner.sum())
    return jumps / total if total else 0.0


def _gathered(
    prediction: Prediction, made: Sequence[NDArray[np.float32]]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """The target's coefficients, those of it as the other would have it, and the blocks that count wholly."""
    own = np.concatenate([_coefficients(piece) for piece in prediction.wanted])
    theirs = np.concatenate([_coefficients(piece) for piece in made])
    whole = [_blocks(used.astype(np.float32)).min(axis=1) > 0 for used in prediction.used]
    return own, theirs, np.concatenate(whole)  # clipping takes a block off its lattice


def _gain(multiple: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the other's coefficients are short of, for each frequency.

    A least-squares filter takes what was rounded to 0 for blur, and weakens the rest; large coefficients aren't rounded
    to 0, and tell the true gain.
    """
    large = np.abs(y) > _LARGE
    product, square = (np.where(large, multiple * y, 0).sum(axis=0), np.where(large, y * y, 0).sum(axis=0))
    return np.asarray((product + _TRUSTED) / (square + _TRUSTED), dtype=np.float32)


def _blocks(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """blocks x 64."""
    return np.asarray(blocks_of(luma).transpose(0, 2, 1, 3).reshape(-1, BLOCK * BLOCK))


def _coefficients(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """blocks x 64, in grey levels."""
    return _blocks(luma - 128) @ _DCT.T
