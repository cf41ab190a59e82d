"""Where one picture lies in the other: found at a small size, then refined on a grid that both share.

First the eight turns and mirrorings of the whole picture are tried by correlation; where none fits (a crop, a border, a
screenshot) SIFT keypoints (Lowe 2004) vote for a similarity by RANSAC, with the other picture as it is and mirrored.
Corners tracked from one to the other (Lucas and Kanade 1981, pyramids by Bouguet 2001) then fix an affine map, and
tell how far the picture departs from it: copies don't, other shots of a hand-held camera nearly always do.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from albumclean.comparison.planes import Luma, Matrix, inverse, scale_of

_TINY = 40  # pixels square for the eight turns
_WHOLE = 0.45  # correlation above which a turn of the whole picture is worth a try
_ASPECT = 0.04  # relative difference of the sides' ratio for that
_RATIO = 0.8  # Lowe's: the best match must be this much nearer than the second
_VOTES = 12  # keypoints that must agree
_REACH = 3.0  # pixels at the coarse size within which they do


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """A place for every pixel of `other` in `one`.

    `matrix` is 3 x 3 float64: homogeneous pixel coordinates (x, y, 1) of `other.image` -> those of `one.image`, both
    upright as their sides hold them, pixel centres at integers (the convention of OpenCV).
    """

    matrix: Matrix
    mirrored: bool  # the determinant is negative: one of the two was flipped

    @classmethod
    def of(cls, matrix: Matrix) -> Alignment:
        """From the matrix alone."""
        return cls(matrix, bool(np.linalg.det(matrix[:2, :2]) < 0))

    @property
    def scale(self) -> float:
        """Pixels of `one` for a pixel of `other`, along a line: above 1 where `other` is the smaller copy."""
        return scale_of(self.matrix)

    @property
    def inverse(self) -> Alignment:
        """From `one` to `other`."""
        return Alignment(inverse(self.matrix), self.mirrored)


def turns(one: tuple[int, int], other: tuple[int, int]) -> list[Matrix]:
    """The eight maps of the whole of a picture of size `other` onto the whole of one of size `one`: (width, height)."""
    unit = np.array([[2 / other[0], 0, 1 / other[0] - 1], [0, 2 / other[1], 1 / other[1] - 1], [0, 0, 1]])
    back = np.array([[one[0] / 2, 0, (one[0] - 1) / 2], [0, one[1] / 2, (one[1] - 1) / 2], [0, 0, 1]])
    matrices = []
    for flip in (1, -1):
        for quarter in range(4):
            cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter]
            matrices.append(back @ np.array([[cos * flip, -sin, 0], [sin * flip, cos, 0], [0, 0, 1]]) @ unit)
    return matrices


def by_turns(one: Luma, other: Luma) -> Alignment | None:
    """The likeliest of the eight turns and mirrorings of the whole picture, or None where none correlates."""
    first = _tiny(one)
    second = _tiny(other)
    best, best_score = None, _WHOLE
    for index, matrix in enumerate(turns(one.size, other.size)):
        width, height = other.size if index % 2 == 0 else other.size[::-1]
        ratio = (width / height) / (one.size[0] / one.size[1])
        if abs(np.log(ratio)) > _ASPECT:
            continue
        turned = np.rot90(second[:, ::-1] if index >= 4 else second, -(index % 4))
        score = float((first * turned).mean())
        if score > best_score:
            best, best_score = matrix, score
    return None if best is None else Alignment.of(best)


def _tiny(luma: Luma) -> NDArray[np.float32]:
    plane = luma.resized(_TINY, _TINY).astype(np.float32)
    plane -= cv2.GaussianBlur(plane, (0, 0), 5)
    spread = float(plane.std())
    return plane / spread if spread > 1e-3 else plane * 0


def by_keypoints(one: Luma, other: Luma, seed: int = 1) -> Alignment | None:
    """A similarity that at least a dozen SIFT keypoints vote for, or None. Mirrored only if that has more votes."""
    host, guest = one.keypoints, other.keypoints
    points, descriptors = host.plain
    best, best_votes = None, _VOTES - 1
    if descriptors is None or len(points) < _VOTES:
        return None
    for mirrored in (False, True):
        flip = np.array([[-1, 0, guest.width - 1], [0, 1, 0], [0, 0, 1]], np.float64) if mirrored else np.eye(3)
        there, others = guest.mirrored if mirrored else guest.plain
        if others is None or len(there) < _VOTES:
            continue
        pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(others, descriptors, k=2)
        good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < _RATIO * pair[1].distance]
        if len(good) <= best_votes:
            continue
        source = there[[match.queryIdx for match in good]]
        target = points[[match.trainIdx for match in good]]
        cv2.setRNGSeed(seed)
        matrix, votes = cv2.estimateAffinePartial2D(
            source, target, method=cv2.RANSAC, ransacReprojThreshold=_REACH, maxIters=3000, confidence=0.999
        )
        if matrix is None:
            continue  # type: ignore[unreachable]
        agreeing = votes.ravel() == 1
        count = len(np.unique(np.rint(target[agreeing]), axis=0))
        if count > best_votes:
            whole = np.vstack([matrix, [0, 0, 1]])
            best, best_votes = inverse(host.matrix) @ whole @ flip @ guest.matrix, count
    return None if best is None else Alignment.of(best)
