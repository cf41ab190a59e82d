"""Noise: the textbook kinds that KADID-10k has, and that of a camera."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from albumclean.distortions.fields import normal_tile, rounded, sensor_tile, uniform_tile, with_field
from albumclean.distortions.linear import Bytes, Floats, light_of_byte, to_bytes, to_light
from albumclean.distortions.severity import Ramp, size_scale

# Deviations for a short side of 512 pixels, in units of the full range; a share of the pixels for IMPULSES.
WHITE = Ramp(harmless=0.0, visible=0.012, ruined=0.30)
COLOUR = Ramp(harmless=0.0, visible=0.010, ruined=0.20)
IMPULSES = Ramp(harmless=0.0, visible=0.001, ruined=0.30)
SPECKLE = Ramp(harmless=0.0, visible=0.025, ruined=0.80)
SHOT = Ramp(harmless=0.0, visible=0.03, ruined=0.32)  # relative noise of a white pixel: 1 / sqrt(electrons)

READ_ELECTRONS = 2.0  # a phone sensor's read noise

# BT.601 at full range, as JPEG has it: R, G, B from Y, Cb, Cr
_FROM_YCBCR = np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]], dtype=np.float32)


def white_noise(image: Image.Image, sigma: float, rng: np.random.Generator) -> Image.Image:
    """Gaussian noise of deviation `sigma` (full range 1) on every encoded value, each by itself."""

    def change(part: Bytes, field: Floats) -> Bytes:
        noisy = field * np.float32(255 * sigma)
        noisy += part
        return rounded(noisy)

    return with_field(image, normal_tile, rng, change)


def colour_noise(image: Image.Image, sigma: float, rng: np.random.Generator) -> Image.Image:
    """Gaussian noise of deviation `sigma` on Y, Cb and Cr each: seen as blotches of colour rather than of light."""

    def change(part: Bytes, field: Floats) -> Bytes:
        noisy = (field.reshape(-1, 3) @ (_FROM_YCBCR.T * np.float32(255 * sigma))).reshape(part.shape)
        noisy += part
        return rounded(noisy)

    return with_field(image, normal_tile, rng, change)


def impulse_noise(image: Image.Image, share: float, rng: np.random.Generator) -> Image.Image:
    """Salt and pepper: `share` of the values become 0 or 255, each channel by itself."""

    def change(part: Bytes, field: Floats) -> Bytes:
        noisy = part.copy()
        noisy[field < share / 2] = 0
        noisy[field >= 1 - share / 2] = 255
        return noisy

    return with_field(image, uniform_tile, rng, change)


def multiplicative_noise(image: Image.Image, sigma: float, rng: np.random.Generator) -> Image.Image:
    """Speckle: each encoded value times 1 + noise of deviation `sigma`."""

    def change(part: Bytes, field: Floats) -> Bytes:
        noisy = field * np.float32(sigma)
        noisy += 1
        noisy *= part
        return rounded(noisy)

    return with_field(image, normal_tile, rng, change)


def camera_noise(image: Image.Image, shot: float, rng: np.random.Generator) -> Image.Image:
    """A picture at high sensitivity: shot and read noise in linear light on a Bayer sensor, then developed.

    `shot` is the relative shot noise of a white pixel, 1 / sqrt(electrons); the variance at light x is
    (x + 4 / electrons) / electrons with 2 electrons of read noise (Foi et al. 2008). Only the noise goes through the
    mosaic, so that the picture itself is not softened.
    """
    variance = light_of_byte() * shot**2 + (READ_ELECTRONS * shot**2) ** 2
    deviation = np.sqrt(variance).astype(np.float32)

    def change(part: Bytes, field: Floats) -> Bytes:
        noisy = np.take(deviation, part)
        noisy *= field
        noisy += to_light(part)
        return to_bytes(noisy)

    return with_field(image, sensor_tile, rng, change)


def _grown(ramp: Ramp, severity: float, image: Image.Image) -> float:
    """Noise is made for each native pixel, and scaling to a screen averages it away: it grows a little with size."""
    return ramp.at(severity) * math.sqrt(size_scale(*image.size))


def white_by_severity(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """See `white_noise` and `WHITE`."""
    return white_noise(image, _grown(WHITE, severity, image), rng)


def colour_by_severity(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """See `colour_noise` and `COLOUR`."""
    return colour_noise(image, _grown(COLOUR, severity, image), rng)


def impulse_by_severity(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """See `impulse_noise` and `IMPULSES`."""
    return impulse_noise(image, IMPULSES.at(severity), rng)


def multiplicative_by_severity(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """See `multiplicative_noise` and `SPECKLE`."""
    return multiplicative_noise(image, _grown(SPECKLE, severity, image), rng)


def camera_by_severity(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """See `camera_noise` and `SHOT`."""
    return camera_noise(image, _grown(SHOT, severity, image), rng)
