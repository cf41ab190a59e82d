"""Which of two JPEGs with the same tables was saved once more: saving changes the less, the more often it was done.

After Huang, Huang and Shi, "Detecting Double JPEG Compression With the Same Quantization Matrix", IEEE Transactions on
Information Forensics and Security 5(4), 2010: rounding and clipping between two compressions with one table change some
coefficients, and fewer each time.
"""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import Image, JpegImagePlugin

from albumclean.comparison.evidence import Half, Pair, ratio
from albumclean.comparison.jpeg import read_jpeg

_ALIKE: Final = 0.8  # of the pixels are the same, else an edit lies between the two, and each was saved once since
_FLOOR: Final = 0.001  # share of pixels: below, chance decides
_LIMIT: Final = 2.0
_SIDE: Final = 1536  # pixels of the middle that are looked at; whole blocks, however the colours are packed
_BLOCK: Final = 16
_GREY, _COLOUR = "L", "RGB"


def settled(pair: Pair) -> float:
    """The logarithm of how much more `one` changes when it is saved again, in [-2, 2]; 0 where it says nothing."""
    one, other = pair.one.raster, pair.other.raster
    if one.table is None or other.table is None or one.luma.shape != other.luma.shape or pair.same_coding:
        return 0.0
    if not np.array_equal(one.table, other.table) or float((one.luma == other.luma).mean()) < _ALIKE:
        return 0.0
    first, second = (_saved_again(half) for half in (pair.one, pair.other))
    if first is None or second is None or first[0] != second[0]:
        return 0.0
    return ratio(first[1], second[1], _FLOOR, _LIMIT)


def _saved_again(half: Half) -> tuple[object, float] | None:
    """How it was packed, and the share of its luma that changes when it is packed so once more; None if it can't be."""
    packed = io.BytesIO()
    try:
        with Image.open(io.BytesIO(half.side.data)) as stored:
            tables = getattr(stored, "quantization", {})
            sampling = JpegImagePlugin.get_sampling(stored) if stored.mode == _COLOUR else None
            if sampling == -1 or stored.mode not in {_GREY, _COLOUR}:
                return None
            options = {} if sampling is None else {"subsampling": sampling}
            _middle(stored).save(packed, "JPEG", qtables=[list(tables[key]) for key in sorted(tables)], **options)
    except (OSError, ValueError, TypeError):  # tables that Pillow reads and doesn't write
        return None
    if (again := read_jpeg(packed.getvalue())) is None:
        return None
    before = np.asarray(_middle(Image.fromarray(half.raster.luma)))
    packing = sampling, sorted((key, tuple(table)) for key, table in tables.items())
    return packing, float((again.luma != before).mean())


def _middle(image: Image.Image) -> Image.Image:
    """Of a picture as stored: at most `_SIDE` pixels a side, from where a block begins."""
    left, top = (max(0, side - _SIDE) // 2 // _BLOCK * _BLOCK for side in image.size)
    return image.crop((left, top, min(left + _SIDE, image.width), min(top + _SIDE, image.height)))
