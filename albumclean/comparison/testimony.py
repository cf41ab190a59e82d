"""Of two copies of a shot, which one a third picture, the *witness*, was made from.

A look at two pictures measures what each of them has lost. A witness adds what neither can tell: whose pixels were
there when it was made. A messenger's copy, a date stamp, a denoised version differ from their source in noise, blocks
or letters, and a witness that was made from the source has none of these.

Both are brought onto the witness's grid and fitted to it in tone, colour and sharpness (`prediction`), so that what was
done to the witness itself counts for neither. With W for the witness, A and B for what is made of the two, and blocks
of 8 x 8 pixels weighed by how well the better of the two explains them,

    leaning = sum w (|W - B|^2 - |W - A|^2) / sum w |A - B|^2,

which is 1 for a witness that was made from the first, whatever was added to it since, and -1 from the second: a matched
filter (North 1943) for the difference between the two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from albumclean.comparison.patches import COUNT, Patch, covers, patch_at, spots
from albumclean.comparison.planes import Luma, inverse, scale_of
from albumclean.comparison.prediction import predict
from albumclean.comparison.raster import Raster
from albumclean.comparison.registration import refine
from albumclean.comparison.relation import place
from albumclean.comparison.sides import Side

_FINER = 1.35  # times the resolution of both: the witness was scaled up, and its fine detail is of that
_BLOCK = 8  # pixels
_ROUNDING = 0.1  # square grey levels: what storing 8 bits leaves (1 / 12)
# Below so many standard deviations the difference of the two is lost in what the witness suffered. With independent
# pixels 5 would do; blocks of JPEG are not: of 70 leanings between 5 and 15 one in 12 was wrong, above one in 42 of
# 1,017.
_FAINT = 15.0
_UNLIKELY = 1.3  # of a leaning: something that both share with the witness isn't in the fit
_GAP_BLUR, _GAP_LIMIT = 8.0, 40.0  # pixels; grey levels: one caption shall not take all the patches
_FEWEST = 2000  # pixels

Planes = Sequence[NDArray[np.float32]]


def leaning(one: Side, other: Side, witness: Side) -> float | None:
    """In [-1, 1]: above 0 if the witness was made from `one`; None where it can't tell. All three show one shot.

    Swapping the two changes the sign, but for rounding.
    """
    cv2.setNumThreads(1)
    patches = _patches(one, other, witness)
    if patches is None:
        return None
    mine, theirs = patches
    whole = [a.whole & b.whole for a, b in zip(mine, theirs, strict=True)]
    if sum(int(mask.sum()) for mask in whole) < _FEWEST:
        return None
    wanted, first, second = [patch.target for patch in mine], predict(mine).made, predict(theirs).made
    miss, other_miss, apart = (_squares(a, b, whole) for a, b in ((wanted, first), (wanted, second), (first, second)))
    weights = 1 / (np.minimum(miss, other_miss) + _ROUNDING)
    power = float((weights * apart).sum()) * _BLOCK**2
    if math.sqrt(power) / 2 < _FAINT:
        return None
    found = float((weights * (other_miss - miss)).sum()) * _BLOCK**2 / power
    return max(-1.0, min(1.0, found)) if abs(found) <= _UNLIKELY else None


def _patches(one: Side, other: Side, witness: Side) -> tuple[list[Patch], list[Patch]] | None:
    """The same pieces of the witness, with the two brought there: those in which the two differ most."""
    first, second, target = (Raster.of(side) for side in (one, other, witness))
    luma = Luma.of(one.image)
    placed, beside = place(luma, Luma.of(witness.image)), place(luma, Luma.of(other.image))
    if placed is None or beside is None:
        return None
    there = inverse(target.to_colours) @ inverse(placed.matrix)  # from the first's upright picture
    to_first = there @ first.to_colours
    to_second = there @ beside.matrix @ second.to_colours
    if min(scale_of(to_first), scale_of(to_second)) > _FINER:
        return None
    to_first, to_second = refine(target, first, to_first), refine(target, second, to_second)
    back = inverse(to_first)
    shared = [spot for spot in spots(target, second, to_second) if covers(first, back, spot)]
    cut = [(patch_at(target, first, to_first, spot), patch_at(target, second, to_second, spot)) for spot in shared]
    cut.sort(key=lambda each: -_gap(*each))
    return [mine for mine, _ in cut[:COUNT]], [theirs for _, theirs in cut[:COUNT]]


def _gap(mine: Patch, theirs: Patch) -> float:
    """How far the two lie apart there, but for light that changes slowly."""
    apart = mine.guest - theirs.guest
    fine = apart - cv2.GaussianBlur(apart, (0, 0), _GAP_BLUR)
    return float(np.mean(np.minimum(np.abs(fine), _GAP_LIMIT) ** 2))


def _squares(one: Planes, other: Planes, whole: Sequence[NDArray[np.bool_]]) -> NDArray[np.float64]:
    """Mean square differences in grey levels, block by block, over the pixels that count."""
    return np.concatenate(
        [
            cv2.resize(
                ((a - b) ** 2 * mask).astype(np.float32),
                None,
                fx=1 / _BLOCK,
                fy=1 / _BLOCK,
                interpolation=cv2.INTER_AREA,
            ).ravel()
            for a, b, mask in zip(one, other, whole, strict=True)
        ]
    ).astype(np.float64)
