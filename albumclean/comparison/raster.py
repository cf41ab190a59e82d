"""The luma of a photo on its own pixel grid, where the traces of compression and of scaling still lie as they fell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from albumclean.comparison import planes
from albumclean.comparison.jpeg import read_jpeg
from albumclean.comparison.planes import Matrix
from albumclean.comparison.sides import Side


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """Native luma, and where it lies in the picture of its side."""

    luma: NDArray[np.uint8]  # height x width, not turned
    table: NDArray[np.float64] | None  # 8 x 8 JPEG steps of blocks that begin at pixel (0, 0); None: not a JPEG
    colours: NDArray[np.uint8]  # height x width x 3: the upright picture
    to_colours: Matrix  # pixel coordinates of `luma` -> those of `colours`

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.luma.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.luma.shape[0])

    @classmethod
    def of(cls, side: Side) -> Raster:
        """From the file's own bytes for a JPEG, which keeps its grid; from the upright picture for all else."""
        colours = np.asarray(side.image)
        if (stored := read_jpeg(side.data)) is not None:
            height, width = stored.luma.shape
            turn = _turning(stored.orientation, width, height)
            upright = (height, width) if stored.orientation >= 5 else (width, height)
            return cls(stored.luma, stored.table, colours, scaling(upright, side.image.size) @ turn)
        return cls(np.asarray(side.image.convert("L")), None, colours, np.eye(3))


def scaling(size: tuple[int, int], into: tuple[int, int]) -> Matrix:
    """From a picture's pixels to those of the same picture at another size: edges meet edges, not centres centres."""
    return planes.scaling(into[0] / size[0], into[1] / size[1])


def _turning(orientation: int, width: int, height: int) -> Matrix:
    """From stored pixels to upright ones; `width` and `height` as stored."""
    right, bottom = width - 1.0, height - 1.0
    rows = {
        1: ((1, 0, 0), (0, 1, 0)),
        2: ((-1, 0, right), (0, 1, 0)),
        3: ((-1, 0, right), (0, -1, bottom)),
        4: ((1, 0, 0), (0, -1, bottom)),
        5: ((0, 1, 0), (1, 0, 0)),
        6: ((0, -1, bottom), (1, 0, 0)),
        7: ((0, -1, bottom), (-1, 0, right)),
        8: ((0, 1, 0), (-1, 0, right)),
    }[orientation]
    return np.array([*rows, (0, 0, 1)], dtype=np.float64)
