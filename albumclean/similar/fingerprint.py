"""The fingerprint of a picture: two perceptual hashes, a tiny colour layout and the amount of detail."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from albumclean.domain import Fingerprint
from albumclean.similar.revisions import FINGERPRINT, LAYOUT_SIDE

DETAIL_SIDE = 32
_HASH_SIDE = 8  # 8 x 8 = 64 bits
_PHASH_SIDE = 32
_QUARTER_TURNS = 2 * np.exp(-0.5j * np.pi * np.arange(_HASH_SIDE) / _PHASH_SIDE)
ENOUGH = 128  # pixels of the short side: four times what the hashes look at

REVISION: str = FINGERPRINT


def fingerprint(image: Image.Image, content_hash: bytes) -> Fingerprint:
    """The fingerprint of an upright sRGB picture of mode RGB, at any size from about 32 x 32 upwards.

    `phash` is the sign of the 8 x 8 lowest DCT coefficients of a 32 x 32 luma against their median (Zauner 2010),
    `dhash` the sign of horizontal luma differences, both bit for bit as by the `imagehash` library and packed row by
    row with the first bit highest. `layout` holds 8 x 8 x 3 mean colours; `detail` is the standard deviation of the
    32 x 32 luma.
    """
    # Averaging blocks first costs a tenth of the hashes' own resizing, and they look at 32 x 32 pixels at most.
    image = image.reduce(max(1, min(image.size) // ENOUGH))
    luma = image.convert("L")
    small = np.asarray(luma.resize((DETAIL_SIDE, DETAIL_SIDE), Image.Resampling.BOX), dtype=np.float64)
    return Fingerprint(
        content_hash=content_hash,
        phash=_packed(_phash(luma)),
        dhash=_packed(_dhash(luma)),
        layout=image.resize((LAYOUT_SIDE, LAYOUT_SIDE), Image.Resampling.BOX).tobytes(),
        detail=float(small.std()),
    )


def _phash(luma: Image.Image) -> npt.NDArray[np.bool_]:
    small = luma.resize((_PHASH_SIDE, _PHASH_SIDE), Image.Resampling.LANCZOS)
    lowest = _dct(_dct(np.asarray(small, dtype=np.float64).T).T)
    bits: npt.NDArray[np.bool_] = lowest > np.median(lowest)
    return bits


def _dhash(luma: Image.Image) -> npt.NDArray[np.bool_]:
    small = np.asarray(luma.resize((_HASH_SIDE + 1, _HASH_SIDE), Image.Resampling.LANCZOS))
    return small[:, 1:] > small[:, :-1]


def _dct(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(M, `_PHASH_SIDE`) -> (M, `_HASH_SIDE`): the lowest coefficients of each row's DCT-II.

    By a Fourier transform of the even columns and the odd ones backwards (Makhoul 1980). What is symmetric, as flat
    and drawn pictures are, then has coefficients that are exactly zero; a product with cosines leaves noise there,
    which the signs against the median would show.
    """
    turned = np.fft.rfft(np.concatenate([rows[:, ::2], rows[:, ::-1][:, ::2]], axis=1), axis=1)
    found: npt.NDArray[np.float64] = (turned[:, :_HASH_SIDE] * _QUARTER_TURNS).real
    return found


def _packed(bits: npt.NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(bits).tobytes(), "big")
