"""One piece of evidence on which of two photos is the source, and all that it is drawn from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from albumclean.comparison.alignment import Alignment
from albumclean.comparison.claims import Claims, read_claims
from albumclean.comparison.lattice import Lattice, lattices
from albumclean.comparison.patches import Patch, cut
from albumclean.comparison.planes import Matrix, inverse, scale_of
from albumclean.comparison.prediction import Prediction, predict
from albumclean.comparison.raster import Raster
from albumclean.comparison.registration import refine
from albumclean.comparison.sides import Side
from albumclean.comparison.small import Together, together
from albumclean.domain import Turn


@dataclass(frozen=True, slots=True)
class Evidence:
    """A signed fact. Swapping the sides changes the sign of `value` and swaps the texts, no more."""

    fact: str
    value: float  # about [-2, 2]: above 0 speaks for `one` as the source, 0 says nothing
    for_one: str = ""  # why `one` is the source if it is, for people, beginning with a verb; "" is not worth saying
    for_other: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Half:
    """One of the two, with what the other makes of it."""

    side: Side
    raster: Raster
    claims: Claims
    patches: list[Patch]  # on its own grid; none where the overlap is too small
    prediction: Prediction | None  # of it from the other
    lattices: tuple[Lattice, ...]  # none for what is not a JPEG

    @property
    def size(self) -> str:
        """For people."""
        return f"{self.side.photo.width}x{self.side.photo.height}"

    @property
    def unexplained(self) -> float:
        """Share of its fine detail that can't be made from the other, in [0, 1]."""
        if self.prediction is None or self.prediction.spread <= 0:
            return 0.0
        return min(1.0, self.prediction.error / self.prediction.spread)

    @property
    def filter_gain(self) -> float:
        """How much a filter helps to make it from the other: error without it to error with it, 1 where it is none."""
        if self.prediction is None or self.prediction.error < 0.2:  # grey levels: rounding alone
            return 1.0
        return max(1.0, self.prediction.plain_error / self.prediction.error)


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two aligned photos, looked at closely."""

    one: Half
    other: Half
    alignment: Alignment  # of the pictures
    scale: float  # native pixels of `one` for one of `other`, along a line
    together: Together

    @property
    def same_coding(self) -> bool:
        """The pictures are the same as they are stored: no more than the metadata were written anew."""
        return np.array_equal(self.one.raster.luma, self.other.raster.luma)

    @property
    def turn(self) -> Turn:
        """That lays `other` as `one` lies, both upright by EXIF."""
        return turn_of(self.alignment)

    @classmethod
    def of(cls, one: Side, other: Side, alignment: Alignment) -> Pair:
        """Decode the native luma and compare patches of it."""
        first, second = Raster.of(one), Raster.of(other)
        matrix = inverse(first.to_colours) @ alignment.matrix @ second.to_colours
        if scale_of(matrix) >= 1:  # the coarser of the two is the target
            matrix = inverse(refine(second, first, inverse(matrix)))
        else:
            matrix = refine(first, second, matrix)
        return cls(
            _half(one, first, second, matrix),
            _half(other, second, first, inverse(matrix)),
            alignment,
            scale_of(matrix),
            together(first.colours, second.colours, alignment),
        )


def turn_of(alignment: Alignment) -> Turn:
    """The nearest of the eight turns to an alignment: a picture that was straightened lies as it lay."""
    linear = alignment.matrix[:2, :2] @ np.diag([-1.0 if alignment.mirrored else 1.0, 1.0])
    clockwise = math.atan2(linear[1, 0], linear[0, 0])  # y runs down
    return Turn(round(2 * clockwise / math.pi) % 4, alignment.mirrored)


def ratio(one: float, other: float, floor: float, limit: float) -> float:
    """The logarithm of one to other, both raised by `floor` so that nothing counts as something, within +-limit."""
    return clamped(math.log((one + floor) / (other + floor)), limit)


def clamped(value: float, limit: float) -> float:
    """Within +-limit."""
    return max(-limit, min(limit, value))


def _half(side: Side, own: Raster, guest: Raster, matrix: Matrix) -> Half:
    patches = cut(own, guest, matrix)
    prediction = predict(patches) if patches else None
    found = () if prediction is None or own.table is None else lattices(prediction, own.table)
    return Half(side, own, read_claims(side.data), patches, prediction, found)
