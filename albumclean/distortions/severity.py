"""Severity as a number: how a value in [0, 1] becomes sigmas, qualities and stops."""

from __future__ import annotations

import math
from dataclasses import dataclass

JUST_VISIBLE = 0.1  # the severity at which every distortion begins to be seen at 100 % zoom
REFERENCE_SIDE = 512  # pixels on the short side for which the parameters are stated


@dataclass(frozen=True, slots=True)
class Ramp:
    """The physical parameter of a distortion, by severity.

    From `visible` at severity 0.1 to `ruined` at 1 it grows by equal ratios, as people judge blur, noise and
    quantisation by ratio (Weber's law); below 0.1 it falls in a straight line to `harmless` at 0.
    """

    harmless: float
    visible: float
    ruined: float

    def at(self, severity: float) -> float:
        """The parameter at a severity in [0, 1]."""
        if severity < JUST_VISIBLE:
            return self.harmless + (self.visible - self.harmless) * severity / JUST_VISIBLE
        share = (severity - JUST_VISIBLE) / (1 - JUST_VISIBLE)
        return self.visible * math.exp(share * math.log(self.ruined / self.visible))

    def severity_of(self, parameter: float) -> float:
        """The severity in [0, 1] at which the parameter is reached; the nearer end if it never is."""
        share = math.log(max(parameter, 1e-9) / self.visible) / math.log(self.ruined / self.visible)
        if share < 0:
            below = (parameter - self.harmless) / (self.visible - self.harmless)
            return max(0.0, JUST_VISIBLE * below)
        return min(1.0, JUST_VISIBLE + (1 - JUST_VISIBLE) * share)


def size_scale(width: int, height: int) -> float:
    """What a length in pixels at the reference size is multiplied by for a picture of `width` x `height`.

    The square root of the size ratio lies between two wishes: a slight blur must be seen at 100 % zoom (no scaling
    at all), and a ruinous one on a screen that shows the whole picture (scaling in proportion).
    """
    return math.sqrt(min(width, height) / REFERENCE_SIDE)
