"""The monotone curve that is laid through predictions before PLCC and RMSE, so that each scale is forgiven its bend.

Source: VQEG, "Final report from the Video Quality Experts Group on the validation of objective models of video quality
assessment, phase I" (2000), section 6.1: the 4-parameter logistic function.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from albumclean.evaluation.weighted import Floats

LEAST: Final = 5  # photos: a curve with 4 parameters goes through any 4
_STEPS: Final = 200
_WIDTHS: Final = (0.25, 0.5, 1.0, 4.0)  # of the starts, in standard deviations of the predictions; the last is a line
_ENOUGH: Final = 1e-10  # relative gain of a step below which the search ends


@dataclass(frozen=True, slots=True)
class Logistic:
    """`low + (high - low) / (1 + exp(-(x - middle) / width))`, with `width` above 0."""

    high: float  # in the unit of the MOS, as is `low`
    low: float
    middle: float  # in the unit of the prediction, as is `width`
    width: float

    def __call__(self, x: Floats) -> Floats:
        """Predicted MOS, of the shape of `x`."""
        return self.low + (self.high - self.low) * _sigmoid((x - self.middle) / self.width)


def fit(predicted: Floats, truth: Floats) -> Logistic | None:
    """The curve with the smallest squared error, by Levenberg-Marquardt from several starts; both of shape (n,).

    None for fewer than `LEAST` photos, or where predictions or truth are constant.
    """
    if len(predicted) < LEAST or np.ptp(predicted) == 0 or np.ptp(truth) == 0:
        return None
    x_mean, x_std, y_mean, y_std = predicted.mean(), predicted.std(), truth.mean(), truth.std()
    x, y = (predicted - x_mean) / x_std, (truth - y_mean) / y_std
    direction = 1.0 if (x * y).mean() >= 0 else -1.0
    starts = [np.array([direction * max(1.5, 2 * width), 0.0, 0.0, np.log(width)]) for width in _WIDTHS]
    # The line of least squares is a logistic of endless width: started there, no fit is worse than the line.
    starts[-1][0] = 2 * _WIDTHS[-1] * (x * y).mean()
    half, centre, middle, log_width = min((_descend(x, y, start) for start in starts), key=lambda found: found[0])[1]
    return Logistic(
        high=float(y_mean + y_std * (centre + half)),
        low=float(y_mean + y_std * (centre - half)),
        middle=float(x_mean + x_std * middle),
        width=float(x_std * np.exp(log_width)),
    )


def _descend(x: Floats, y: Floats, start: Floats) -> tuple[float, Floats]:
    """(loss, parameters): half the height, centre, middle, log of the width; all in standard units."""
    at, damping = start, 1e-3
    errors, slopes = _errors(x, y, at)
    loss = float(errors @ errors)
    for _ in range(_STEPS):
        curvature, gradient = slopes.T @ slopes, slopes.T @ errors
        step = np.linalg.solve(curvature + damping * np.diag(np.diag(curvature) + 1e-9), -gradient)
        tried = at + np.clip(step, -2, 2)
        tried[3] = np.clip(tried[3], -7, 7)  # narrower is a step, wider a line: both were reached
        new_errors, new_slopes = _errors(x, y, tried)
        new_loss = float(new_errors @ new_errors)
        if new_loss < loss:
            gain, loss = loss - new_loss, new_loss
            at, errors, slopes, damping = tried, new_errors, new_slopes, max(damping / 5, 1e-12)
            if gain <= _ENOUGH * loss:
                break
        else:
            damping *= 4
            if damping > 1e12:
                break
    return loss, at


def _errors(x: Floats, y: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Errors (n,) and their derivatives (n, 4)."""
    half, centre, middle, log_width = at
    width = np.exp(log_width)
    z = (x - middle) / width
    s = _sigmoid(z)
    bell = 2 * half * s * (1 - s)
    slopes = np.stack([2 * s - 1, np.ones_like(x), -bell / width, -bell * z], axis=1)
    return centre + half * (2 * s - 1) - y, slopes


def _sigmoid(z: Floats) -> Floats:
    return 0.5 * (1 + np.tanh(z / 2))  # never overflows
