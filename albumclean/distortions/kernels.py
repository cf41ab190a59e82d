"""Kernels of lens and motion blur, and their convolution in linear light."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from albumclean.distortions.linear import Bytes, Floats, to_bytes, to_light

Doubles = npt.NDArray[np.float64]

_BUDGET = 2.5e8  # multiply-adds (about 0.2 s) that a convolution may cost before it is done at a reduced size
_SPAN = 6  # pixels that a kernel still spans at a reduced size
_STRIP_VALUES = 60_000  # float32 values of a strip and its sum together stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Kernel:
    """Where light goes: `weights[i]` of it to `offsets[i]` = (down, right), in whole pixels. The weights' sum is 1."""

    offsets: npt.NDArray[np.int64]
    weights: Doubles

    @classmethod
    def from_points(cls, points: Doubles) -> Self:
        """The kernel of a path of points (down, right) of equal dwell, each shared by its four nearest pixels."""
        corner = np.floor(points).astype(np.int64)
        down, right = (points - corner).T
        parts = [
            (corner + step, (down if step[0] else 1 - down) * (right if step[1] else 1 - right))
            for step in ((0, 0), (0, 1), (1, 0), (1, 1))
        ]
        return cls.gathered(np.concatenate([at for at, _ in parts]), np.concatenate([share for _, share in parts]))

    @classmethod
    def gathered(cls, offsets: npt.NDArray[np.int64], weights: Doubles) -> Self:
        """Sum what falls on the same pixel, leave out what carries nothing and make the sum 1."""
        places, which = np.unique(offsets, axis=0, return_inverse=True)
        sums = np.bincount(which.ravel(), weights=weights)
        kept = sums > 1e-6 * sums.sum()
        return cls(places[kept], sums[kept] / sums[kept].sum())


def disk(radius: float) -> Kernel:
    """The image of a point out of focus: a disk of `radius` pixels with each pixel weighed by how much it covers."""
    if radius <= 0.5:  # within one pixel
        return Kernel(np.zeros((1, 2), dtype=np.int64), np.ones(1))
    reach = math.ceil(radius + 0.5)
    fine = 16
    axis = (np.arange(-reach * fine, (reach + 1) * fine) + 0.5) / fine - 0.5
    down, right = (grid.ravel() for grid in np.meshgrid(axis, axis, indexing="ij"))
    inside = down**2 + right**2 <= radius**2
    pixels = np.rint(np.stack([down[inside], right[inside]], axis=1)).astype(np.int64)
    return Kernel.gathered(pixels, np.ones(len(pixels)))


def line(length: float, angle: float) -> Kernel:
    """A camera moved evenly along a straight line of `length` pixels at `angle` radians from the horizontal."""
    along = np.linspace(-length / 2, length / 2, 2 * math.ceil(4 * length) + 1)
    return Kernel.from_points(np.stack([-np.sin(angle) * along, np.cos(angle) * along], axis=1))


def path(points: Doubles, length: float) -> Kernel:
    """A shaken camera: `points` (n, 2) in any unit, moved and scaled to spread as a line of `length` pixels does."""
    centred = points - points.mean(axis=0)
    spread = math.sqrt(float((centred**2).sum(axis=1).mean())) or 1.0
    scaled = centred * (length / math.sqrt(12) / spread)
    # between two points the camera moves evenly: enough points in between that none is a pixel from the next
    steps = np.linspace(0, len(points) - 1, 8 * len(points))
    return Kernel.from_points(np.stack([np.interp(steps, range(len(points)), axis) for axis in scaled.T], axis=1))


def reduction(pixels: int, taps: float, span: float) -> int:
    """By what whole number a picture is reduced before it meets a kernel of `taps` pixels and `span` across.

    1 (exact) wherever that is affordable. The kernel still spans 6 reduced pixels, so that what the reduction
    itself blurs is a small part of the whole.
    """
    factor = 1
    while 3 * pixels * taps / factor**3 > _BUDGET and span / (factor + 1) >= _SPAN:
        factor += 1
    return factor


def convolve(image: Image.Image, kernel: Kernel, factor: int = 1) -> Image.Image:
    """An RGB picture convolved in linear light, so that highlights keep their power; edges are repeated outwards.

    With a `factor` above 1 the kernel is one for the picture reduced by that factor, and the result is scaled back.
    """
    reach = int(np.abs(kernel.offsets).max())
    if factor == 1 and len(kernel.weights) == 1 and reach == 0:
        return image.copy()
    pixels = np.asarray(image)
    if factor == 1:
        return Image.fromarray(_convolved(pixels, kernel, reach))
    light = _reduced_light(pixels, factor)
    small = Image.fromarray(_convolved(light, kernel, reach))
    return small.resize(image.size, Image.Resampling.BICUBIC, box=(0, 0, image.width / factor, image.height / factor))


def _reduced_light(pixels: Bytes, factor: int) -> Floats:
    """Means of `factor` x `factor` pixels in linear light; the last row and column are repeated to fill."""
    height, width = pixels.shape[:2]
    filled = np.pad(pixels, ((0, -height % factor), (0, -width % factor), (0, 0)), mode="edge")
    total = to_light(filled[::factor, ::factor])
    for row in range(factor):
        for column in range(factor):
            if row or column:
                total += to_light(filled[row::factor, column::factor])
    total /= factor**2
    return total


def _light(pixels: npt.NDArray[np.generic]) -> Floats:
    if pixels.dtype == np.uint8:
        return to_light(pixels.astype(np.uint8, copy=False))
    return pixels.astype(np.float32, copy=False)


def _convolved(pixels: Bytes | Floats, kernel: Kernel, reach: int) -> Bytes:
    """Shift, weigh and add, in strips of rows; `pixels` are sRGB bytes or linear light."""
    height, width = pixels.shape[:2]
    padded = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    row_values = 3 * (width + 2 * reach)
    result = np.empty((height, width, 3), dtype=np.uint8)
    taps = [
        (reach - int(down), 3 * (reach - int(right)), np.float32(weight))
        for (down, right), weight in zip(kernel.offsets, kernel.weights, strict=True)
    ]
    rows = max(1, _STRIP_VALUES // row_values, reach)
    for top in range(0, height, rows):
        count = min(rows, height - top)
        strip = padded[top : top + count + 2 * reach]
        light = _light(strip).reshape(len(strip), row_values)
        total = np.zeros((count, 3 * width), dtype=np.float32)
        weighed = np.empty_like(total)
        for down, right, weight in taps:
            np.multiply(light[down : down + count, right : right + 3 * width], weight, out=weighed)
            total += weighed
        result[top : top + count] = to_bytes(total).reshape(count, width, 3)
    return result
