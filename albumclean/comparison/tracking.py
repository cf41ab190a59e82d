"""Corners tracked from one picture to the other: an exact affine map, and how far the pictures depart from it.

The tracker is that of Lucas and Kanade (1981) on pyramids (Bouguet 2001), with the check that a corner tracked there
and back returns to where it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from albumclean.comparison.overlap import Overlap
from albumclean.comparison.planes import Bytes, Floats, Matrix, moved

_CORNERS = 500
_FEWEST = 8
_NEAR = 1.0  # pixels within which a tracked corner agrees with the map
_RETURN = 0.5  # pixels that it may miss its start by
_SEED = 1


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """Corners of `one` that were found in `other`, and the affine map that most of them agree with."""

    map: Matrix  # pixels of the grid in `one` -> those in `other`
    count: int
    agreeing: float  # share within a pixel of the map
    spread: float  # pixels: three quarters of the agreeing corners lie as near to where the map puts them
    drift: float  # pixels: what neighbouring corners depart from the map in common; parallax, not noise


def track(overlap: Overlap, window: int, levels: int) -> Tracks | None:
    """Track corners in windows of `window` pixels over `levels` halvings; None where too few come back."""
    first, second = _normalised(overlap.one), _normalised(overlap.other)
    mask = cv2.erode(overlap.mask.astype(np.uint8), np.ones((7, 7), np.uint8), borderValue=0)
    found = cv2.goodFeaturesToTrack(first, _CORNERS, 0.01, max(3.0, max(mask.shape) / 60), mask=mask)
    if found is None or len(found) < _FEWEST:
        return None
    reach = {"winSize": (window, window), "maxLevel": levels}
    there, ok, _ = cv2.calcOpticalFlowPyrLK(first, second, found, None, **reach)  # type: ignore[call-overload]
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(second, first, there, None, **reach)  # type: ignore[call-overload]
    returned = (ok & ok_back).ravel().astype(bool) & (np.abs(back - found).max(axis=(1, 2)) < _RETURN)
    points, there = found[returned, 0].astype(np.float64), there[returned, 0].astype(np.float64)
    if len(points) < max(_FEWEST, len(found) // 8):
        return None
    cv2.setRNGSeed(_SEED)
    fit, votes = cv2.estimateAffine2D(
        points, there, method=cv2.RANSAC, ransacReprojThreshold=_NEAR, maxIters=2000, confidence=0.999, refineIters=20
    )
    agrees = np.ravel(votes) == 1
    if fit is None or agrees.sum() < _FEWEST:
        return None
    whole = np.vstack([fit, [0, 0, 1]])
    residuals = there - moved(whole, points)
    return Tracks(
        map=whole,
        count=len(points),
        agreeing=float(agrees.mean()),
        spread=float(np.percentile(np.hypot(*residuals[agrees].T), 75)),
        drift=_drift(points[agrees], residuals[agrees], 1.5 * window),
    )


def _drift(points: Matrix, residuals: Matrix, apart: float) -> float:
    """The root of the mean product of the residuals of corners near each other whose windows don't overlap."""
    distances = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    pairs = (distances > apart) & (distances < 3 * apart)
    if not pairs.any():
        return 0.0
    common = float((residuals @ residuals.T)[pairs].mean())
    return float(np.sqrt(max(0.0, common)))


def _normalised(plane: Bytes) -> Bytes:
    """Free of local brightness and contrast, which the tracker takes for constant."""
    values: Floats = plane.astype(np.float32)
    side = 2 * max(8, max(plane.shape) // 24) + 1
    values -= cv2.blur(values, (side, side))
    # The running sums of the blur leave tiny negative values in flat places.
    spread = np.sqrt(np.maximum(cv2.blur(values * values, (side, side)), 0))
    spread += 4 + 0.3 * float(spread.mean())  # so that the noise of flat places gives no corners
    return cv2.addWeighted(cv2.divide(values, spread), 45, values, 0, 128, dtype=cv2.CV_8U)  # type: ignore[return-value]
