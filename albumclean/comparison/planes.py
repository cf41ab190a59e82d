"""Luma planes of pictures, and both pictures of a pair on one common grid."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from albumclean.comparison.keypoints import Keypoints

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Matrix = NDArray[np.float64]  # 3 x 3, of homogeneous pixel coordinates (x, y, 1), pixel centres at integers

_COARSE = 448  # pixels of the long side on which keypoints are looked for
_SPARSE = 1.15  # pixels of a picture for one of the grid, along a line, from which it is blurred first


def scaling(factor_x: float, factor_y: float) -> Matrix:
    """Pixel coordinates of a picture -> those of its resized version; with centres at integers edges are at -0.5."""
    return np.array([[factor_x, 0, (factor_x - 1) / 2], [0, factor_y, (factor_y - 1) / 2], [0, 0, 1]], np.float64)


def shift(x: float, y: float) -> Matrix:
    """A move by x to the right and y down."""
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def inverse(matrix: Matrix) -> Matrix:
    """The map back."""
    return np.linalg.inv(matrix).astype(np.float64)


def moved(matrix: Matrix, points: NDArray[np.floating]) -> Matrix:
    """Where an affine `matrix` takes `points` of shape (n, 2)."""
    return points.astype(np.float64) @ matrix[:2, :2].T + matrix[:2, 2]


def scale_of(matrix: Matrix) -> float:
    """Pixels of where `matrix` leads for one of where it begins, along a line."""
    return float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))


def corners(width: int, height: int) -> Matrix:
    """The four outer corners of a picture in pixel coordinates, clockwise, of shape (4, 2)."""
    return np.array([[-0.5, -0.5], [width - 0.5, -0.5], [width - 0.5, height - 0.5], [-0.5, height - 0.5]], np.float64)


@dataclass(frozen=True, eq=False)
class Luma:
    """The luma of a picture with smaller versions of it."""

    full: Bytes  # height x width

    @classmethod
    def of(cls, image: Image.Image) -> Luma:
        """From a picture of mode RGB (ITU-R BT.601 weights)."""
        return cls(np.asarray(image.convert("L")))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.full.shape[1], self.full.shape[0]

    @cached_property
    def halves(self) -> tuple[Bytes, ...]:
        """The picture, and each time half of the size, by averages of 2 x 2, down to 64 pixels."""
        planes = [self.full]
        while min(planes[-1].shape) >= 128:
            height, width = planes[-1].shape
            even = planes[-1][: height // 2 * 2, : width // 2 * 2]
            planes.append(cv2.resize(even, (width // 2, height // 2), interpolation=cv2.INTER_AREA))  # type: ignore[arg-type]
        return tuple(planes)

    @cached_property
    def keypoints(self) -> Keypoints:
        """By which the place of another picture is searched for: pictures that are compared with many keep them."""
        width, height = self.size
        factor = min(2.0, _COARSE / max(width, height))
        size = max(16, round(width * factor)), max(16, round(height * factor))
        return Keypoints(self.resized(*size), scaling(size[0] / width, size[1] / height))

    def resized(self, width: int, height: int) -> Bytes:
        """The whole picture at another size."""
        level = self.halves[self._level(min(self.size[0] / width, self.size[1] / height))]
        smaller = width <= level.shape[1] and height <= level.shape[0]
        return cv2.resize(level, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)  # type: ignore[return-value]

    def warped(self, matrix: Matrix, width: int, height: int) -> Bytes:
        """On a grid of width x height pixels, where `matrix` takes this picture's pixel coordinates to the grid's."""
        step = 1 / scale_of(matrix)
        index = self._level(step)
        level, factor = self.halves[index], 2**index
        place = matrix @ scaling(factor, factor)
        spread = step / factor  # pixels of the level for one of the grid
        margin = 4 + int(3 * spread)
        seen = moved(inverse(place), corners(width, height))
        left, top = np.maximum(np.floor(seen.min(axis=0)).astype(int) - margin, 0)
        right, bottom = np.maximum(np.ceil(seen.max(axis=0)).astype(int) + margin, [left + 1, top + 1])
        level = level[min(top, level.shape[0] - 1) : bottom, min(left, level.shape[1] - 1) : right]
        place = place @ shift(left, top)
        if spread > _SPARSE:  # samples would skip pixels
            level = cv2.GaussianBlur(level, (0, 0), 0.5 * float(np.sqrt(spread**2 - 1)))  # type: ignore[assignment]
        return cv2.warpAffine(  # type: ignore[return-value]
            level, place[:2], (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )

    def _level(self, step: float) -> int:
        return max(0, min(len(self.halves) - 1, int(np.floor(np.log2(max(step, 1.0)) + 0.05))))
