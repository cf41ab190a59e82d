"""The fingerprint of a picture: perceptual hashes, a tiny colour layout, its amount of detail, what a frame holds."""

from __future__ import annotations

from typing import Final

import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

from albumclean.domain import Fingerprint
from albumclean.similar.inner import inner_box
from albumclean.similar.revisions import FINGERPRINT, LAYOUT_SIDE

DETAIL_SIDE = 32
_HASH_SIDE = 8  # 8 x 8 = 64 bits
ENOUGH = 128  # pixels of the short side: four times what the hashes look at
_INNER_DETAIL: Final = 12.0  # as `Fingerprint.detail`; below, the hash of an inner picture is made of noise

REVISION: str = FINGERPRINT


def fingerprint(image: Image.Image, content_hash: bytes) -> Fingerprint:
    """The fingerprint of an upright sRGB picture of mode RGB, at any size from about 32 x 32 upwards.

    `phash` is the sign of the 8 x 8 lowest DCT coefficients of a 32 x 32 luma against their median (Zauner 2010),
    `dhash` the sign of horizontal luma differences, both by the `imagehash` library and packed row by row with the
    first bit highest. `layout` holds 8 x 8 x 3 mean colours; `detail` is the standard deviation of the 32 x 32 luma.
    `inner` is the `phash` of the picture in a frame (see `inner`), unless that is flat.
    """
    # Averaging blocks first costs a tenth of the hashes' own resizing, and they look at 32 x 32 pixels at most.
    image = image.reduce(max(1, min(image.size) // ENOUGH))
    luma = image.convert("L")
    return Fingerprint(
        content_hash=content_hash,
        phash=_packed(imagehash.phash(luma, hash_size=_HASH_SIDE).hash),
        dhash=_packed(imagehash.dhash(luma, hash_size=_HASH_SIDE).hash),
        layout=image.resize((LAYOUT_SIDE, LAYOUT_SIDE), Image.Resampling.BOX).tobytes(),
        detail=_detail(luma),
        inner=_inner(luma),
    )


def _inner(luma: Image.Image) -> int | None:
    box = inner_box(np.asarray(luma))
    if box is None:
        return None
    # At the size that the hash is taken of, so that it resizes nothing once more.
    inside = luma.resize((DETAIL_SIDE, DETAIL_SIDE), Image.Resampling.LANCZOS, box)
    return None if _detail(inside) < _INNER_DETAIL else _packed(imagehash.phash(inside, hash_size=_HASH_SIDE).hash)


def _detail(luma: Image.Image) -> float:
    small = luma.resize((DETAIL_SIDE, DETAIL_SIDE), Image.Resampling.BOX)
    return float(np.asarray(small, dtype=np.float64).std())


def _packed(bits: npt.NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
