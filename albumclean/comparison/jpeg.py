"""What a JPEG file's own bytes say: its quantisation table and its luma, as stored, untouched by colour or turning.

Sources: ITU-T T.81 (JPEG), annex K for the example tables that libjpeg scales; Exif 3.0 for the orientation.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

BLOCK = 8  # pixels
_ORIENTATION = 0x0112

# Luma, T.81 table K.1, row by row. libjpeg's quality n is this table times a percentage.
_EXAMPLE_TABLE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    dtype=np.int64,
)


@dataclass(frozen=True, slots=True, eq=False)
class StoredJpeg:
    """The luma of a JPEG as its blocks lie in the file, before any turning."""

    luma: NDArray[np.uint8]  # height x width
    table: NDArray[np.float64]  # 8 x 8, steps of the luma's DCT coefficients, [row frequency, column frequency]
    orientation: int  # EXIF, 1 to 8: how to turn it upright


def read_jpeg(data: bytes) -> StoredJpeg | None:
    """The stored luma and its table; None for what is not a JPEG with a luma channel, or can't be read."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.format not in {"JPEG", "MPO"} or image.mode not in {"RGB", "L"}:
                return None
            table = _luma_table(image)
            orientation = _orientation(image)
            if table is None:
                return None
            image.draft("L", image.size)  # libjpeg then decodes the luma alone, at half the cost
            luma = np.asarray(image.convert("L"))
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return StoredJpeg(luma, table, orientation)


def blocks_of(plane: NDArray[Any]) -> NDArray[Any]:
    """The whole blocks of a plane (height, width): rows x 8 x columns x 8."""
    height, width = (side // BLOCK for side in plane.shape)
    return plane[: height * BLOCK, : width * BLOCK].reshape(height, BLOCK, width, BLOCK)


def standard_quality(table: NDArray[np.float64]) -> int | None:
    """The libjpeg quality, 1 to 100, whose luma table this is; None for the tables of cameras and of other programs."""
    for quality in range(1, 101):
        percent = 5000 // quality if quality < 50 else 200 - 2 * quality
        scaled = np.clip((_EXAMPLE_TABLE * percent + 50) // 100, 1, 255)
        if np.array_equal(scaled, table):
            return quality
    return None


def _luma_table(image: Image.Image) -> NDArray[np.float64] | None:
    tables = getattr(image, "quantization", {})
    steps = tables.get(0)
    if steps is None or len(steps) != 64:
        return None
    return np.asarray(steps, dtype=np.float64).reshape(8, 8)  # Pillow hands them out in natural order, not zigzag


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION)
    except (OSError, ValueError, SyntaxError, KeyError, TypeError):
        return 1
    except Exception as error:  # struct.error has no base but Exception
        if type(error).__name__ == "error":
            return 1
        raise
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
