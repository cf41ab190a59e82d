"""Evidence from size and detail: real detail can be taken away by a copy, not put in."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from albumclean.comparison.evidence import Evidence, Half, Pair, clamped, ratio

_SAME = 0.05  # logarithm of a scale that is none
_EDGES = np.array([0.03, 0.08, 0.15, 0.22, 0.30, 0.38, 0.46, 0.55])  # cycles a pixel, of seven bands
_BANDS = len(_EDGES) - 1
_NATURAL = 2.5  # natural logarithm by which power falls over the limit in a photo with detail
_FAIR = 1.1
_CLEAR = 0.3  # logarithm of a scale that is beyond doubt


def resolution(pair: Pair) -> Iterator[Evidence]:
    """What size, detail and sharpness tell."""
    one, other = pair.one, pair.other
    step = math.log(pair.scale)
    unmade = "has detail that can't be made from the other, while the other can be made from it"
    yield Evidence("unexplained", ratio(one.unexplained, other.unexplained, 0.01, 1.5), unmade, unmade)
    yield Evidence("pixels", clamped(step, 1.5), f"has more pixels: {one.size}", f"has more pixels: {other.size}")
    powers = _powers(pair)
    if abs(step) > _SAME:
        larger = one if step > 0 else other
        yield from _scaled(pair, larger, step, powers[-1])
    sharper = "is sharper"
    yield Evidence("sharper", (powers[3] + powers[4]) / 2, sharper, sharper)


def _scaled(pair: Pair, larger: Half, step: float, power: float) -> Iterator[Evidence]:
    """Whether the larger was scaled up, or the smaller down. `step` and `power` are signed for `one`."""
    sign = math.copysign(min(1.0, abs(step) / _CLEAR), step)
    smaller = pair.other if larger is pair.one else pair.one
    real = f"has real detail at {larger.size}, finer than the other's pixels"
    blown = f"is the original size (the other was scaled up to {larger.size} without detail)"
    texts = (real, blown) if step > 0 else (blown, real)
    yield Evidence("larger", sign, *texts)
    # Of a picture scaled down by some factor, what its source has beyond it grows faster than the factor.
    gained = math.log((larger.unexplained + 0.01) / (smaller.unexplained + 0.01)) / abs(step)
    yield Evidence("detail_gained", sign * clamped(gained - _FAIR, 1.5), *texts)
    yield Evidence("detail_alone", sign * clamped(math.log((larger.unexplained + 0.02) / 0.15), 2), *texts)
    yield Evidence("power_beyond", sign * clamped(_NATURAL - _fall(larger, abs(step)), 3), *texts)
    yield Evidence("power_at_limit", clamped(power, 2) * abs(sign), *texts)


def _fall(larger: Half, step: float) -> float:
    """By how much, as a natural logarithm, power falls over the smaller's Nyquist frequency in the larger."""
    if not larger.patches:
        return _NATURAL
    limit = 0.5 * math.exp(-step)
    edges = np.array([0.55 * limit, 0.85 * limit, 1.15 * limit, min(0.5, 1.75 * limit)])
    if edges[3] - edges[2] < 0.02:
        return _NATURAL
    power = _power([patch.target for patch in larger.patches], edges)
    return math.log((power[0] + 1e-2) / (power[2] + 1e-2))


def _powers(pair: Pair) -> list[float]:
    """The logarithm of the power of `one` to that of `other` in each band, on the grid of the coarser."""
    coarse = pair.other if pair.scale >= 1 else pair.one
    if not coarse.patches:
        return [0.0] * _BANDS
    own, guest = _power([patch.target for patch in coarse.patches]), _power([patch.guest for patch in coarse.patches])
    sign = -1.0 if coarse is pair.other else 1.0
    return [sign * ratio(float(a), float(b), 1e-2, 2) for a, b in zip(own, guest, strict=True)]


def _power(pieces: Sequence[NDArray[np.float32]], edges: NDArray[np.float64] = _EDGES) -> NDArray[np.float64]:
    """Mean power between each two of `edges`, which are in cycles a pixel."""
    bands = len(edges) - 1
    total = np.zeros(bands)
    side = pieces[0].shape[0]
    window = np.outer(np.hanning(side), np.hanning(side)).astype(np.float32)
    radius = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    band = np.digitize(radius.ravel(), edges)
    count = np.bincount(band, minlength=bands + 2)[1 : bands + 1]
    for piece in pieces:
        power = np.abs(np.fft.rfft2((piece - piece.mean()) * window)) ** 2
        total += np.bincount(band, power.ravel(), minlength=bands + 2)[1 : bands + 1] / np.maximum(1, count)
    return np.asarray(total / (len(pieces) * side**2))
