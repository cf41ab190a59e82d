"""SIFT keypoints (Lowe 2004) of a picture at a small size, as RootSIFT (Arandjelovic and Zisserman 2012)."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

_MOST = 700  # keypoints

# points of shape (n, 2), and their descriptors of shape (n, 128); None where there are none
Described = tuple[NDArray[np.float32], NDArray[np.float32] | None]


class Keypoints:
    """What is found in a plane, of 8 bits, and in its mirror image: each worked out once, and only if asked for.

    `matrix` is 3 x 3: pixel coordinates of the picture -> those of the plane, which is that picture at the small size.
    """

    def __init__(self, plane: NDArray[np.uint8], matrix: NDArray[np.float64]) -> None:
        self._plane = plane
        self.matrix = matrix

    @property
    def width(self) -> int:
        """Pixels of the plane."""
        return int(self._plane.shape[1])

    @cached_property
    def plain(self) -> Described:
        """Of the plane as it is."""
        return _described(self._plane)

    @cached_property
    def mirrored(self) -> Described:
        """Of the plane with left and right swapped."""
        return _described(np.ascontiguousarray(self._plane[:, ::-1]))


def _described(plane: NDArray[np.uint8]) -> Described:
    sift = cv2.SIFT_create(nfeatures=_MOST)  # type: ignore[attr-defined]
    keypoints, descriptors = sift.detectAndCompute(plane, None)
    points = np.array([keypoint.pt for keypoint in keypoints], np.float32).reshape(-1, 2)
    if descriptors is not None:
        descriptors = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
    return points, descriptors
