"""Sixel graphics: pictures of up to 256 colours, six rows of pixels at a time.

Specification: VT330/VT340 Programmer Reference Manual, Volume 2, chapter 14,
https://vt100.net/docs/vt3xx-gp/chapter14.html
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
from PIL import Image

_COLOURS = 256  # as many registers as the common terminals have
_BAND = 6  # rows of pixels in one row of sixels
_EMPTY = 0x3F  # "?": none of the six pixels
_RUNS = re.compile(rb"(.)\1{3,}", re.DOTALL)  # shorter ones take no fewer characters as "!3x"


def encode(image: Image.Image) -> str:
    """Draw an RGB picture at the cursor. Rows below the last full band of six are left out."""
    image = image.crop((0, 0, image.width, max(_BAND, image.height // _BAND * _BAND)))
    reduced = image.quantize(_COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG)
    pixels = np.asarray(reduced, dtype=np.intp)
    palette = np.array(reduced.getpalette(), dtype=np.float64).reshape(-1, 3)
    registers = "".join(
        "#{};2;{};{};{}".format(number, *np.rint(palette[number] * 100 / 255).astype(int))  # 2: RGB in per cent
        for number in np.unique(pixels)
    )
    bands = b"-".join(_band(pixels[top : top + _BAND]) for top in range(0, len(pixels), _BAND))
    # P2=1: what is not painted stays as it is. The raster attributes: square pixels, width, height.
    return f'\x1bP0;1;0q"1;1;{image.width};{image.height}{registers}{bands.decode("ascii")}\x1b\\'


def _band(rows: npt.NDArray[np.intp]) -> bytes:
    """Six rows of pixels: each colour in turn from the left edge, `$` in between."""
    used, places = np.unique(rows, return_inverse=True)
    width = rows.shape[1]
    bits = np.repeat(1 << np.arange(_BAND), width)
    where = places.reshape(-1) * width + np.tile(np.arange(width), _BAND)
    sixels = np.bincount(where, weights=bits, minlength=len(used) * width).astype(np.uint8) + np.uint8(_EMPTY)
    return b"$".join(
        b"#%d" % colour + _RUNS.sub(_shortened, line.tobytes().rstrip(b"?"))
        for colour, line in zip(used, sixels.reshape(len(used), width), strict=True)
    )


def _shortened(run: re.Match[bytes]) -> bytes:
    return b"!%d%c" % (len(run[0]), run[0][0])
