"""Correlations of many resamples at once: each resample is a row of weights, how often each photo was drawn.

Ranks and orders are found once for all resamples, as drawing a photo twice changes neither. `x` and `y` have the shape
(n,), `weights` (B, n) whole numbers of 0 or more; results (B,), NaN where a correlation has no meaning (one side is
constant).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def pearson(x: Floats, y: Floats, weights: Integers) -> Floats:
    """Pearson's correlation of each resample."""
    return _correlation(np.broadcast_to(x, weights.shape), np.broadcast_to(y, weights.shape), weights)


def spearman(x: Floats, y: Floats, weights: Integers) -> Floats:
    """Spearman's rank correlation of each resample; ties get their mean rank."""
    return _correlation(_ranks(x, weights), _ranks(y, weights), weights)


def kendall(x: Floats, y: Floats, weights: Integers) -> Floats:
    """Kendall's tau-b of each resample, in O(n log n) for each.

    Knight, "A computer method for calculating Kendall's tau with ungrouped data" (JASA 61, 1966): pairs in the wrong
    order are inversions of y once the photos are sorted by x and, within ties, by y.
    """
    x_codes, y_codes = _codes(x), _codes(y)
    order = np.lexsort((y_codes, x_codes))
    ordered = weights[:, order]
    wrong = _inversions(y_codes[order], ordered)
    pairs = _pairs(weights.sum(axis=1))
    tied_x = _tied_pairs(x_codes, weights)
    tied_y = _tied_pairs(y_codes, weights)
    tied_both = _tied_pairs(_codes(x_codes * (y_codes.max() + 1) + y_codes), weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Two roots: the product of the two counts can leave 64 bits.
        scale = np.sqrt(pairs - tied_x) * np.sqrt(pairs - tied_y)
        found: Floats = (pairs - tied_x - tied_y + tied_both - 2.0 * wrong) / scale
    return found


def root_mean_square(errors: Floats, weights: Integers) -> Floats:
    """Root of the mean squared error of each resample."""
    found: Floats = np.sqrt((weights @ errors**2) / weights.sum(axis=1))
    return found


def _correlation(x: Floats, y: Floats, weights: Integers) -> Floats:
    total = weights.sum(axis=1)
    x = x - ((weights * x).sum(axis=1) / total)[:, None]
    y = y - ((weights * y).sum(axis=1) / total)[:, None]
    spread_x, spread_y = np.sqrt((weights * x * x).sum(axis=1)), np.sqrt((weights * y * y).sum(axis=1))
    # A constant side leaves rounding errors, which correlate with anything.
    constant = _constant(x, weights) | _constant(y, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (weights * x * y).sum(axis=1) / (spread_x * spread_y)
    return np.where(constant, np.nan, np.clip(found, -1.0, 1.0))


def _constant(values: Floats, weights: Integers) -> npt.NDArray[np.bool_]:
    drawn = weights > 0
    low, high = np.where(drawn, values, np.inf).min(axis=1), np.where(drawn, values, -np.inf).max(axis=1)
    same: npt.NDArray[np.bool_] = low == high
    return same


def _codes(values: npt.NDArray[np.generic]) -> Integers:
    """0 for the smallest value, 1 for the next, ... Equal values share a code."""
    codes: Integers = np.unique(values, return_inverse=True)[1].astype(np.int64).reshape(-1)
    return codes


def _counts(codes: Integers, weights: Integers) -> Integers:
    """How often each code was drawn: (B, codes)."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    counts: Integers = np.add.reduceat(weights[:, order], starts, axis=1)
    return counts


def _ranks(values: Floats, weights: Integers) -> Floats:
    codes = _codes(values)
    counts = _counts(codes, weights)
    ranks = np.cumsum(counts, axis=1) - (counts - 1) / 2
    return ranks[:, codes]


def _pairs(count: Integers) -> Integers:
    return count * (count - 1) // 2


def _tied_pairs(codes: Integers, weights: Integers) -> Integers:
    tied: Integers = _pairs(_counts(codes, weights)).sum(axis=1)
    return tied


def _inversions(codes: Integers, weights: Integers) -> Integers:
    """Pairs of which the earlier has the larger code, by weight.

    Two codes first differ in one bit: those above it are equal. So bit by bit, the photos are gathered by the bits
    above, in their order otherwise, and each 0 counts the 1s before it in its gathering.
    """
    found = np.zeros(len(weights), dtype=np.int64)
    for bit in reversed(range(int(codes.max(initial=0)).bit_length())):
        above = codes >> (bit + 1)
        order = np.argsort(above, kind="stable")
        groups = above[order]
        is_one = (codes[order] >> bit & 1).astype(bool)
        drawn = weights[:, order]
        ones = np.cumsum(drawn * is_one, axis=1)
        first = np.searchsorted(groups, groups, side="left")  # where each gathering begins
        before = np.concatenate([np.zeros((len(weights), 1), np.int64), ones], axis=1)[:, first]
        found += (drawn * ~is_one * (ones - before)).sum(axis=1)
    return found
