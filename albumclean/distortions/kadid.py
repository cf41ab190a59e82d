"""The ten distortions of KADID-10k that the published degradation network was measured on, at KADID's own strengths.

Source: Lin, Hosu and Saupe, "KADID-10k: a large-scale artificially distorted IQA database" (QoMEX 2019) and the
parameters of its authors' published generator. Its pictures are 512 x 384 pixels; the strengths are for that size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from albumclean.distortions import blur, codecs, noise
from albumclean.distortions.severity import Ramp
from albumclean.domain import Degradation

KADID: tuple[tuple[str, str, Degradation], ...] = (
    ("01", "gaussian-blur", Degradation.DEFOCUS),
    ("02", "lens-blur", Degradation.DEFOCUS),
    ("03", "motion-blur", Degradation.MOTION),
    ("09", "jpeg2000", Degradation.COMPRESSION),
    ("10", "jpeg", Degradation.COMPRESSION),
    ("11", "white-noise", Degradation.NOISE),
    ("12", "colour-noise", Degradation.NOISE),
    ("13", "impulse-noise", Degradation.NOISE),
    ("14", "multiplicative-noise", Degradation.NOISE),
    ("21", "pixelate", Degradation.COMPRESSION),
)

_LONG, _SHORT = 512, 384

Apply = Callable[[Image.Image, float, np.random.Generator], Image.Image]


@dataclass(frozen=True, slots=True)
class _Protocol:
    """KADID's parameter at level 1 to 5, how it is applied, and the severity of `distort` with the same parameter."""

    parameters: tuple[float, float, float, float, float]
    apply: Apply
    severity: Callable[[float], float]


def kadid_reference(image: Image.Image) -> Image.Image:
    """The middle of a picture at KADID's size: 512 x 384, or 384 x 512 where it is taller than wide."""
    size = (_LONG, _SHORT) if image.width >= image.height else (_SHORT, _LONG)
    return ImageOps.fit(image, size, Image.Resampling.LANCZOS)


def kadid(image: Image.Image, number: str, level: int, rng: np.random.Generator) -> Image.Image:
    """A picture of about KADID's size (see `kadid_reference`) with a distortion by its number ("01") at level 1 to 5.

    Level 1 of Gaussian blur (sigma 0.1) and of motion blur (1 pixel) can't be seen, in KADID as here.

    Raises:
        KeyError: the number is not one of `KADID`.
        ValueError: the level is not 1 to 5.
    """
    name = next((name for known, name, _ in KADID if known == number), number)
    protocol, parameter = _at(name, level)
    return protocol.apply(image, parameter, rng)


def kadid_level(name: str, level: int) -> float:
    """The severity at which `distort` does to a picture of 512 pixels on the short side what KADID does at a level.

    Raises:
        KeyError: KADID's protocol has no such distortion.
        ValueError: the level is not 1 to 5.
    """
    protocol, parameter = _at(name, level)
    return protocol.severity(parameter)


def _at(name: str, level: int) -> tuple[_Protocol, float]:
    protocol = _PROTOCOL[name]
    if not 1 <= level <= len(protocol.parameters):
        raise ValueError(f"KADID's levels are 1 to 5: {level}")
    return protocol, protocol.parameters[level - 1]


def _gaussian(image: Image.Image, sigma: float, _rng: np.random.Generator) -> Image.Image:
    return blur.gaussian_blur(image, sigma)


def _lens(image: Image.Image, radius: float, _rng: np.random.Generator) -> Image.Image:
    return blur.lens_blur(image, radius)


def _motion(image: Image.Image, length: float, rng: np.random.Generator) -> Image.Image:
    return blur.motion_blur(image, length - 1, rng.uniform(0, math.pi))  # KADID counts pixels: 1 is no motion


def _jpeg2000(image: Image.Image, ratio: float, _rng: np.random.Generator) -> Image.Image:
    return codecs.jpeg2000(image, ratio)


def _jpeg(image: Image.Image, quality: float, _rng: np.random.Generator) -> Image.Image:
    return codecs.jpeg(image, codecs.quantisation_of(round(quality)))


def _pixelated(image: Image.Image, strength: float, _rng: np.random.Generator) -> Image.Image:
    return codecs.pixelate(image, _cell(strength), picked=True)


def _cell(strength: float) -> float:
    """Pixels a side of KADID's pixelation: the picture is reduced to 0.95 - strength**0.6 of its size."""
    return 1 / (0.95 - math.pow(strength, 0.6))


def _by_variance(change: Apply) -> Apply:
    """Noise is given as a variance in KADID, with the full range as 1."""
    return lambda image, variance, rng: change(image, math.sqrt(variance), rng)


def _of_variance(ramp: Ramp) -> Callable[[float], float]:
    return lambda variance: ramp.severity_of(math.sqrt(variance))


_PROTOCOL: Mapping[str, _Protocol] = {
    "gaussian-blur": _Protocol((0.1, 0.5, 1, 2, 5), _gaussian, blur.SIGMA.severity_of),  # sigma in pixels
    "lens-blur": _Protocol((1, 2, 4, 6, 8), _lens, blur.RADIUS.severity_of),  # radius in pixels
    "motion-blur": _Protocol((1, 2, 4, 6, 10), _motion, lambda length: blur.LENGTH.severity_of(length - 1)),
    "jpeg2000": _Protocol((16, 32, 45, 120, 400), _jpeg2000, codecs.RATIO.severity_of),
    "jpeg": _Protocol(
        (43, 36, 24, 7, 4),
        _jpeg,
        lambda quality: codecs.QUANTISATION.severity_of(codecs.quantisation_of(round(quality))),
    ),
    "white-noise": _Protocol(
        (0.001, 0.002, 0.003, 0.005, 0.01), _by_variance(noise.white_noise), _of_variance(noise.WHITE)
    ),
    "colour-noise": _Protocol(
        (0.0001, 0.0005, 0.001, 0.002, 0.003), _by_variance(noise.colour_noise), _of_variance(noise.COLOUR)
    ),
    "impulse-noise": _Protocol((0.001, 0.005, 0.01, 0.02, 0.03), noise.impulse_noise, noise.IMPULSES.severity_of),
    "multiplicative-noise": _Protocol(
        (0.001, 0.005, 0.01, 0.02, 0.05), _by_variance(noise.multiplicative_noise), _of_variance(noise.SPECKLE)
    ),
    "pixelate": _Protocol(
        (0.01, 0.05, 0.1, 0.2, 0.5), _pixelated, lambda strength: codecs.severity_of_cell(_cell(strength))
    ),
}
