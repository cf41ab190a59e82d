"""Block by block: whether two pictures on one grid show the same edges and textures."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from albumclean.comparison.changes import Changes, changes_of
from albumclean.comparison.overlap import Overlap
from albumclean.comparison.planes import Bytes, Floats

_BLOCKS = 48  # along the long side
_SMALLEST, _LARGEST = 8, 24  # pixels of a block's side
_BANDS = (1.0, 2.0, 4.0)  # pixels: standard deviations of the blurs between which the two bands lie
_ENOUGH = (6.0, 9.0)  # variance of a band (in [0, 255] squared) from which a block shows something
_MUCH = 6.0  # times as much can't have been wiped out by compression
_OF_FLOOR = 4.0  # and this many times the variance of the flattest tenth of the blocks, which is noise
_CHANGED = 0.5  # correlation below which a block shows something else
_C3 = 58.5225 / 2  # of SSIM's structure term (Wang et al. 2004): (0.03 * 255)**2 / 2
_TONE = 2  # luma values to each side that count as one tone
_PIXELS_AT_LEAST = 0.9  # share of a block that both must show


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """What the blocks of an overlap say."""

    side: int  # pixels of a block
    blocks: int  # that both show
    telling: int  # of these with enough structure in one or both
    changed: int  # of these whose structure is another
    fine: float  # median correlation of the finer band in telling blocks that are unchanged
    likeness: float  # mean of SSIM's structure term over the blocks, in [0, 1]
    plain: float  # share of the pixels that have the commonest tone, in the lesser of both: paper, screens
    changes: Changes  # what the changed blocks hold
    flat: NDArray[np.float64]  # (n, 2): centres of the blocks on the grid, (x, y), the flattest first

    @property
    def changed_share(self) -> float:
        """Of all blocks."""
        return self.changed / max(self.blocks, 1)

    @property
    def changed_of_telling(self) -> float:
        """Of those that show something."""
        return self.changed / max(self.telling, 1)


def structure_of(overlap: Overlap) -> Structure:
    """Compare the blocks of both pictures after their local brightness and contrast are taken out."""
    side = int(np.clip(round(max(overlap.mask.shape) / _BLOCKS), _SMALLEST, _LARGEST))
    shown: Bytes = cv2.erode(  # type: ignore[assignment]
        overlap.mask.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0
    )
    full = _means(shown.astype(np.float32), side) > _PIXELS_AT_LEAST
    if not full.any():
        return Structure(side, 0, 0, 0, 0.0, 0.0, 1.0, Changes(), np.empty((0, 2)))
    first, second = _bands(overlap.one), _bands(overlap.other)
    telling = np.zeros_like(full)
    changed = np.zeros_like(full)
    covariance, energy = np.zeros(full.shape, np.float32), np.zeros(full.shape, np.float32)
    roughness = energy
    correlations = []
    for one, other, enough in zip(first, second, _ENOUGH, strict=True):
        var_one, var_other, cov = _moments(one, other, side)
        floors = [float(np.percentile(variance[full], 10)) for variance in (var_one, var_other)]
        shows = np.zeros_like(full)
        for variance, floor in zip((var_one, var_other), floors, strict=True):
            shows |= variance > max(enough, _OF_FLOOR * floor)
        shows &= full
        # Grain that only one of them has lies on every block, and is no structure.
        var_one = np.maximum(var_one - max(0.0, floors[0] - floors[1]), 0)
        var_other = np.maximum(var_other - max(0.0, floors[1] - floors[0]), 0)
        product = np.sqrt(var_one * var_other)
        correlation = np.minimum(cov / (product + 0.05), 1)
        # Compression and filters wipe out faint structure: where one shows nothing, the other must show much.
        wiped = (np.minimum(var_one, var_other) < enough / 2) & (np.maximum(var_one, var_other) < _MUCH * enough)
        telling |= shows
        changed |= shows & ~wiped & (correlation < _CHANGED)
        correlations.append(correlation)
        covariance += cov
        energy += product
        roughness = np.maximum(var_one, var_other)
    unchanged = telling & ~changed
    term = np.clip((covariance + _C3 / 4) / (energy + _C3 / 4), 0, 1)
    return Structure(
        side=side,
        blocks=int(full.sum()),
        telling=int(telling.sum()),
        changed=int(changed.sum()),
        fine=float(np.median(correlations[0][unchanged])) if unchanged.any() else 0.0,
        likeness=float(term[full].mean()),
        plain=min(_plain(overlap.one, shown), _plain(overlap.other, shown)),
        changes=changes_of(overlap, (first, second), changed, unchanged, side),
        flat=_centres(roughness, full, side),
    )


def _bands(plane: Bytes) -> list[Floats]:
    blurred = [cv2.GaussianBlur(plane.astype(np.float32), (0, 0), sigma) for sigma in _BANDS]
    return [finer - coarser for finer, coarser in pairwise(blurred)]


def _means(plane: Floats, side: int) -> Floats:
    rows, columns = plane.shape[0] // side, plane.shape[1] // side
    return cv2.resize(  # type: ignore[return-value]
        plane[: rows * side, : columns * side], (columns, rows), interpolation=cv2.INTER_AREA
    )


def _moments(one: Floats, other: Floats, side: int) -> tuple[Floats, Floats, Floats]:
    mean_one, mean_other = _means(one, side), _means(other, side)
    return (
        np.maximum(_means(one * one, side) - mean_one**2, 0),
        np.maximum(_means(other * other, side) - mean_other**2, 0),
        _means(one * other, side) - mean_one * mean_other,
    )


def _centres(roughness: Floats, full: NDArray[np.bool_], side: int) -> NDArray[np.float64]:
    rows, columns = np.nonzero(full)
    order = np.argsort(roughness[full], kind="stable")
    return ((np.stack([columns, rows], axis=1)[order] + 0.5) * side - 0.5).astype(np.float64)


def _plain(plane: Bytes, shown: Bytes) -> float:
    counts = cv2.calcHist([plane], [0], shown, [256], [0, 256]).ravel()
    near = np.convolve(counts, np.ones(2 * _TONE + 1), "same")
    return float(near.max() / max(counts.sum(), 1))
