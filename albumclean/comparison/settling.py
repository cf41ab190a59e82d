"""Which of two JPEGs with the same tables was saved once more: saving changes the less, the more often it was done.

After Huang, Huang and Shi, "Detecting Double JPEG Compression With the Same Quantization Matrix", IEEE Transactions on
Information Forensics and Security 5(4), 2010: rounding and clipping between two compressions with one table change some
coefficients, and fewer each time. Counted are blocks (Lai and Boehme, "Block Convergence in Repeated Transform Coding",
ICASSP 2013), as a handful of them among thousands tells already.
"""

from __future__ import annotations

import io
import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from albumclean.comparison.evidence import Half, Pair, clamped
from albumclean.comparison.jpeg import blocks_of, read_jpeg

_ALIKE: Final = 0.8  # of the pixels are the same, else an edit lies between the two, and each was saved once since
_EDITED: Final = 16  # grey levels, beyond which something was laid over a block, which then was saved once alone
_LIMIT: Final = 3.0  # standard deviations
_SIDE: Final = 1536  # pixels of the middle that are looked at; whole blocks, however the colours are packed
_STEP: Final = 16  # pixels: two blocks
_GREY, _COLOUR = "L", "RGB"


def settled(pair: Pair) -> float:
    """How many more blocks of `one` change when it is saved again; 0 where it says nothing.

    In standard deviations of what chance does to the difference of two counts, in [-3, 3].
    """
    one, other = pair.one.raster, pair.other.raster
    if one.table is None or other.table is None or one.luma.shape != other.luma.shape or pair.same_coding:
        return 0.0
    if not np.array_equal(one.table, other.table) or float((one.luma == other.luma).mean()) < _ALIKE:
        return 0.0
    first, second = (_saved_again(half) for half in (pair.one, pair.other))
    if first is None or second is None or first[0] != second[0]:
        return 0.0
    apart = np.abs(_middle(one.luma).astype(np.int16) - _middle(other.luma))
    edited = (blocks_of(apart).max(axis=(1, 3)) > _EDITED).astype(np.uint8)
    kept = cv2.dilate(edited, np.ones((3, 3), np.uint8)) == 0  # with what lies beside: colours are packed more coarsely
    mine, theirs = (int((changed & kept).sum()) for _, changed in (first, second))
    return clamped((mine - theirs) / math.sqrt(mine + theirs + 1), _LIMIT)


def _saved_again(half: Half) -> tuple[object, NDArray[np.bool_]] | None:
    """How it was packed, and which blocks change when it is packed so once more; None if it can't be."""
    packed = io.BytesIO()
    try:
        with Image.open(io.BytesIO(half.side.data)) as stored:
            tables = getattr(stored, "quantization", {})
            sampling = JpegImagePlugin.get_sampling(stored) if stored.mode == _COLOUR else None
            if sampling == -1 or stored.mode not in {_GREY, _COLOUR}:
                return None
            options = {} if sampling is None else {"subsampling": sampling}
            middle = Image.fromarray(_middle(np.asarray(stored)))
            middle.save(packed, "JPEG", qtables=[list(tables[key]) for key in sorted(tables)], **options)
    except (OSError, ValueError, TypeError):  # tables that Pillow reads and doesn't write
        return None
    if (again := read_jpeg(packed.getvalue())) is None:
        return None
    packing = sampling, sorted((key, tuple(table)) for key, table in tables.items())
    changed = blocks_of(again.luma != _middle(half.raster.luma))
    return packing, np.asarray(changed.any(axis=(1, 3)))


def _middle(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Of a picture as stored: at most `_SIDE` pixels a side, from where a block begins."""
    top, left = (max(0, side - _SIDE) // 2 // _STEP * _STEP for side in plane.shape[:2])
    return plane[top : top + _SIDE, left : left + _SIDE]
