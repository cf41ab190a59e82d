"""The noise of flat places: copies share it as far as compression left any, two exposures of one scene never do."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from albumclean.comparison.overlap import Grid
from albumclean.comparison.planes import Bytes, Floats, Luma, Matrix, corners, inverse, moved, shift

_LARGEST, _SMALLEST = 64, 24  # pixels of a tile's side, at the resolution of the coarser picture
_ASKED, _TILES = 96, 32  # of so many of the flattest blocks the first with noise in both are witnesses
_MARGIN = 6  # pixels around a tile that the blurs spoil
_BAND = (1.0, 2.5)  # pixels: below, compression leaves little; above, the scene shows
_FAINT = 0.12  # standard deviation of the noise in that band, of 255: twice that of rounding to whole numbers
_ALIVE = 0.25  # from which compression alone can't have replaced it
_CLIPPED = 0.2  # share of a tile's pixels at black or white
_WITNESSES = 6  # tiles without which nothing is said
_MANY, _CLEARLY = 16, 0.5  # of a picture without structure
_QUANTILE = 30  # per cent: in the flattest third there is no texture of the scene
_SHARED, _FOREIGN = 0.35, 0.12  # how much of the one noise must, or must not, stand in the other
_POSSIBLE = 0.25  # how much may, for all that so few tiles can tell


@dataclass(frozen=True, slots=True)
class Grain:
    """What the noise says."""

    tiles: int  # with noise in both pictures, be it faint
    shared: float  # how much of the noise of the quieter picture stands in the other: about 0 to 1
    alive: int  # tiles with plain noise in both
    shared_alive: float  # the same for these
    at_most: float = 0.0  # their mean and two standard errors: faint noise under a loud one can hardly be measured

    @property
    def is_shared(self) -> bool:
        """The pictures come from one exposure."""
        return self.alive >= _WITNESSES and self.shared_alive >= _SHARED

    @property
    def is_shared_faintly(self) -> bool:
        """They seem to: what they share may also be the texture of a wall."""
        return self.tiles >= _WITNESSES and self.shared >= _SHARED

    @property
    def is_identical(self) -> bool:
        """So clearly that a picture of nothing but noise is known by it."""
        return self.alive >= _MANY and self.shared_alive >= _CLEARLY

    @property
    def is_foreign(self) -> bool:
        """Both have noise, and each its own."""
        return self.alive >= _WITNESSES and self.shared_alive < _FOREIGN and self.at_most < _POSSIBLE


def grain_of(one: Luma, other: Luma, grid: Grid, places: NDArray[np.float64], side: int) -> Grain:
    """Compare the noise on a `grid` at the full resolution of the coarser picture.

    `places` are (x, y) on the grid, (n, 2), the flattest first; tiles of about `side` pixels around them are looked at.
    The share is the larger of the two regression coefficients: of one noise on the other and the reverse. Denoising
    and compression shrink the noise of a copy but what is left of it is the source's (the first is about 1), new
    grain adds to it but all of the source's is still in it (the second is about 1).
    """
    side = int(np.clip(side, _SMALLEST, _LARGEST)) + 2 * _MARGIN
    shares: list[float] = []
    alive: list[float] = []
    for x, y in places[:_ASKED]:
        left, top = round(x - side / 2), round(y - side / 2)
        if not (_holds(one, grid.from_one, left, top, side) and _holds(other, grid.from_other, left, top, side)):
            continue
        tiles = [
            luma.warped(shift(-left, -top) @ place, side, side)
            for luma, place in ((one, grid.from_one), (other, grid.from_other))
        ]
        if any(((tile < 4) | (tile > 251)).mean() > _CLIPPED for tile in tiles):
            continue
        first, second = _noise(tiles[0]), _noise(tiles[1])
        quieter = min(float(first.std()), float(second.std()))
        if quieter < _FAINT:
            continue
        shares.append(float((first * second).mean()) / quieter**2)
        if quieter >= _ALIVE:
            alive.append(shares[-1])
        if len(alive) == _TILES:
            break
    return Grain(len(shares), _typical(shares), len(alive), _typical(alive), _at_most(alive))


def _typical(shares: list[float]) -> float:
    return float(np.percentile(np.clip(shares, -1, 1.5), _QUANTILE)) if shares else 0.0


def _at_most(shares: list[float]) -> float:
    return float(np.mean(shares) + 2 * np.std(shares) / np.sqrt(len(shares))) if shares else 0.0


def _holds(luma: Luma, place: Matrix, left: int, top: int, side: int) -> bool:
    outline = moved(inverse(place), corners(side, side) + np.array([left, top]))
    return bool(outline.min() > -0.6 and (outline < np.array(luma.size) - 0.4).all())


def _noise(plane: Bytes) -> Floats:
    values = plane.astype(np.float32)
    band = cv2.GaussianBlur(values, (0, 0), _BAND[0]) - cv2.GaussianBlur(values, (0, 0), _BAND[1])
    band = band[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    limit = 4.5 * float(np.median(np.abs(band))) + 0.05  # three standard deviations: hot pixels and dust stay out
    band = np.clip(band, -limit, limit)
    return band - band.mean()  # type: ignore[no-any-return]
