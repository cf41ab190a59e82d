"""Evidence from noise and filters: what was added, and what was taken away."""

from __future__ import annotations

import math
from collections.abc import Iterator

from albumclean.comparison.evidence import Evidence, Half, Pair, clamped

_NO_FILTER, _FILTER = 1.004, 1.012  # gain of a filter that is none, and of one that is
_LOUD = 0.05  # share that can't be made from the other
_SMOOTH, _SHARP = 0.4, 0.7  # how sharply a JPEG's distances end at half a step: of rounding nothing, and of rounding


def noise(pair: Pair) -> Iterator[Evidence]:
    """What noise and filters tell."""
    text = "is without the grain that was strewn over the other"
    yield Evidence("grain", _strewn(pair.other, pair.one) - _strewn(pair.one, pair.other), text, text)
    text = "keeps detail that was blurred in the other"
    gain = math.log(pair.other.filter_gain / pair.one.filter_gain)
    yield Evidence("filtered", clamped(gain, 1), text, text)


def _strewn(noisy: Half, clean: Half) -> float:
    """How much `noisy` looks like `clean` with noise added to it, in [0, 1].

    If noise that knows nothing of the photo was added, the photo itself is the best guess of the sum: no filter
    betters it. Whatever else is between two photos (blur, sharpening, noise reduction), a filter undoes a part. What
    was rounded is the best guess of what it was rounded from as well, but its coefficients show it.
    """
    if noisy.unexplained < _LOUD:
        return 0.0
    unfiltered = (_FILTER - noisy.filter_gain) / (_FILTER - _NO_FILTER)
    edge = max((found.edge for found in clean.lattices), default=0.0)
    rounded = clamped(max(0.0, edge - _SMOOTH) / (_SHARP - _SMOOTH), 1)
    return min(1.0, max(0.0, unfiltered)) * (1 - rounded)
