"""The list of all distortions, and how one is applied by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from PIL import Image

from albumclean.distortions import blur, codecs, exposure, noise
from albumclean.domain import Degradation


@dataclass(frozen=True, slots=True)
class Distortion:
    """One way to spoil a picture: `apply(image, severity, rng)` for an RGB picture and a severity above 0, up to 1."""

    name: str
    degradation: Degradation
    apply: Callable[[Image.Image, float, np.random.Generator], Image.Image]


_ALL = (
    Distortion("gaussian-blur", Degradation.DEFOCUS, blur.gaussian_by_severity),
    Distortion("lens-blur", Degradation.DEFOCUS, blur.lens_by_severity),
    Distortion("motion-blur", Degradation.MOTION, blur.motion_by_severity),
    Distortion("shake", Degradation.MOTION, blur.shake_by_severity),
    Distortion("white-noise", Degradation.NOISE, noise.white_by_severity),
    Distortion("colour-noise", Degradation.NOISE, noise.colour_by_severity),
    Distortion("impulse-noise", Degradation.NOISE, noise.impulse_by_severity),
    Distortion("multiplicative-noise", Degradation.NOISE, noise.multiplicative_by_severity),
    Distortion("camera-noise", Degradation.NOISE, noise.camera_by_severity),
    Distortion("jpeg", Degradation.COMPRESSION, codecs.jpeg_by_severity),
    Distortion("jpeg2000", Degradation.COMPRESSION, codecs.jpeg2000_by_severity),
    Distortion("pixelate", Degradation.COMPRESSION, codecs.pixelate_by_severity),
    Distortion("webp", Degradation.COMPRESSION, codecs.webp_by_severity),
    Distortion("avif", Degradation.COMPRESSION, codecs.avif_by_severity),
    Distortion("messenger", Degradation.COMPRESSION, codecs.messenger_by_severity),
    Distortion("underexposure", Degradation.UNDEREXPOSURE, exposure.under_by_severity),
    Distortion("overexposure", Degradation.OVEREXPOSURE, exposure.over_by_severity),
)

DISTORTIONS: Mapping[str, Distortion] = MappingProxyType({distortion.name: distortion for distortion in _ALL})


def distort(image: Image.Image, name: str, severity: float, rng: np.random.Generator) -> Image.Image:
    """A spoiled copy of an RGB picture, of the same size.

    Args:
        image: upright, mode RGB; it is not changed.
        name: one of `DISTORTIONS`.
        severity: in [0, 1]: 0 is the picture as it was, 0.1 just visible at 100 % zoom, 1 ruined.
        rng: where the random choices (angle, path, noise) come from. They don't depend on the severity, so equal seeds
            give a ladder of one and the same fault growing.

    Raises:
        KeyError: no distortion has this name.
        ValueError: the picture is not RGB, or the severity lies outside [0, 1].
    """
    distortion = DISTORTIONS[name]
    if image.mode != "RGB":
        raise ValueError(f"a picture in mode RGB is needed, not {image.mode}")
    if not 0 <= severity <= 1:
        raise ValueError(f"a severity lies between 0 and 1: {severity}")
    return distortion.apply(image, severity, rng) if severity > 0 else image.copy()
