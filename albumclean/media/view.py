"""The pixels that a network sees, made from its `InputSpec` and from nothing else."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image

from albumclean.domain import InputSpec


def view_size(width: int, height: int, spec: InputSpec) -> tuple[int, int]:
    """(width, height) of the network's input for a picture of `width` x `height` pixels.

    The nearest shape with the picture's aspect and about `spec.area` pixels on a grid of `spec.multiple`; the same
    aspect gives the same shape at any resolution, so that a copy scaled down is seen as its original is.
    """
    aspect = min(max(width / height, 1 / spec.max_aspect), spec.max_aspect)
    grid = spec.multiple
    columns = max(1, round(math.sqrt(spec.area * aspect) / grid))
    rows = max(1, round(math.sqrt(spec.area / aspect) / grid))
    return columns * grid, rows * grid


def network_view(image: Image.Image, spec: InputSpec) -> npt.NDArray[np.uint8]:
    """Scale an upright RGB picture to the network's input: uint8 of shape (height, width, 3), not yet normalised."""
    size = view_size(image.width, image.height, spec)
    if image.size != size:
        image = image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
    return np.asarray(image, dtype=np.uint8)
