"""Blur: a lens out of focus, and a camera or subject that moved."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from albumclean.distortions.kernels import convolve, disk, line, path, reduction
from albumclean.distortions.severity import Ramp, size_scale

# In pixels for a short side of 512. A disk of radius r has the second moment of a Gaussian of sigma r / 2.
SIGMA = Ramp(harmless=0.0, visible=0.5, ruined=6.5)
RADIUS = Ramp(harmless=0.0, visible=1.1, ruined=12.0)
LENGTH = Ramp(harmless=0.0, visible=2.0, ruined=36.0)

_PATH_POINTS = 48


def gaussian_blur(image: Image.Image, sigma: float) -> Image.Image:
    """Gaussian blur of `sigma` pixels on the encoded values, as image viewers and KADID-10k do it.

    Three box filters with the Gaussian's second moment stand for it (Gwosdek et al. 2011, in Pillow).
    """
    return image.filter(ImageFilter.GaussianBlur(sigma)) if sigma > 0 else image.copy()


def lens_blur(image: Image.Image, radius: float) -> Image.Image:
    """Defocus in linear light: every point becomes an even disk of `radius` pixels (0.5 or less: no change)."""
    factor = reduction(image.width * image.height, math.pi * radius**2 + 1, 2 * radius)
    # reducing by f spreads light as a square of side f does (second moment f**2 / 12), less the pixel's own
    own = (factor**2 - 1) / 3
    return convolve(image, disk(math.sqrt(radius**2 - own) / factor), factor)


def motion_blur(image: Image.Image, length: float, angle: float) -> Image.Image:
    """Even motion in linear light along a line of `length` pixels at `angle` radians from the horizontal."""
    factor = reduction(image.width * image.height, 2 * length + 1, length)
    return convolve(image, line(length / factor, angle), factor)


def shake_blur(image: Image.Image, points: npt.NDArray[np.float64], length: float) -> Image.Image:
    """A shaken camera in linear light: `points` (n, 2) is its path, spread as wide as a line of `length` pixels."""
    factor = reduction(image.width * image.height, 3 * length + 1, length)
    return convolve(image, path(points, length / factor), factor)


def shake_path(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """A random path (n, 2) of a hand-held camera: drift, tremor and a pull back, as in Boracchi and Foi (2012)."""
    drift = rng.uniform(0, 2 * math.pi)
    velocity = np.array([math.sin(drift), math.cos(drift)])
    place = np.zeros(2)
    points = np.zeros((_PATH_POINTS, 2))
    for step, push in enumerate(rng.standard_normal((_PATH_POINTS, 2))):
        points[step] = place
        velocity = velocity + 0.35 * push - 0.02 * place
        place = place + velocity
    return points


def gaussian_by_severity(image: Image.Image, severity: float, _rng: np.random.Generator) -> Image.Image:
    """See `gaussian_blur` and `SIGMA`."""
    return gaussian_blur(image, SIGMA.at(severity) * size_scale(*image.size))


def lens_by_severity(image: Image.Image, severity: float, _rng: np.random.Generator) -> Image.Image:
    """See `lens_blur` and `RADIUS`."""
    return lens_blur(image, RADIUS.at(severity) * size_scale(*image.size))


def motion_by_severity(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """See `motion_blur` and `LENGTH`; the angle is drawn."""
    return motion_blur(image, LENGTH.at(severity) * size_scale(*image.size), rng.uniform(0, math.pi))


def shake_by_severity(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """See `shake_blur` and `LENGTH`; the path is drawn."""
    return shake_blur(image, shake_path(rng), LENGTH.at(severity) * size_scale(*image.size))
