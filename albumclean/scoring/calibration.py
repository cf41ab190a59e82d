"""From a scorer's own scale to the common one: [0, 1], higher is better."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from albumclean.domain import ScorerSpec


@dataclass(frozen=True, slots=True)
class Calibration:
    """A monotone map through points, straight between them and level beyond them.

    `raw` ascends strictly; `common`, in [0, 1], never falls, or for a scorer that falls with quality never rises.
    """

    raw: tuple[float, ...]
    common: tuple[float, ...]
    note: str = "not calibrated: its range is stretched to 0 to 1"  # what it was fitted on, for people

    @classmethod
    def of_range(cls, spec: ScorerSpec) -> Calibration:
        """The scorer's range, stretched: no more than a guess, exact for one whose scale is the common one already."""
        return cls(spec.value_range, (0.0, 1.0) if spec.rises else (1.0, 0.0))

    def __call__(self, value: float) -> float:
        """The value on the common scale."""
        if value <= self.raw[0]:
            return self.common[0]
        if value >= self.raw[-1]:
            return self.common[-1]
        at = bisect_right(self.raw, value)
        left, right = self.raw[at - 1], self.raw[at]
        low, high = self.common[at - 1], self.common[at]
        return low + (high - low) * ((value - left) / (right - left))
