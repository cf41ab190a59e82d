"""Evidence from how the files are packed: whose quantisation is laid over whom."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from albumclean.comparison.evidence import Evidence, Half, Pair, clamped, ratio
from albumclean.comparison.lattice import Lattice
from albumclean.comparison.settling import settled
from albumclean.domain import LOSSLESS_FORMATS

_SMOOTH, _SHARP = 0.5, 0.8  # how sharply the spread ends: a bell curve as wide as a step has 0.35
_WIDE, _NARROW = 0.68, 0.9  # share near the multiples: a bell curve as wide as a step has 0.67
_LOOSE, _FIXED = 0.6, 0.88  # share at the usual place: of what is not fixed, and of what is
_ONCE, _TWICE = 0.3, 0.7  # unevenness of the histogram of what was compressed once, and twice

_SCALED = 0.05  # logarithm of the scale from which on no grid of blocks is shared

_CAMERA_FORMATS = {"HEIF": 1.5, "MPO": 1.2, "JPEG": 1.0, "TIFF": 1.0, "PNG": 1.0, "BMP": 1.0}  # WebP, AVIF, ...: 0


def compression(pair: Pair) -> Iterator[Evidence]:
    """What quantisation tells."""
    one, other = pair.one, pair.other
    on_one, on_other = _on_lattice(one), _on_lattice(other)
    made = "was there before the other was saved: the other's compression lies over this picture"
    yield Evidence("saved_from", _made(other, one) - _made(one, other), made, made)
    traces = "has left traces of its own compression in the other"
    yield Evidence("compression_traces", on_one - on_other, traces, traces)
    scaled = abs(math.log(pair.scale)) > _SCALED
    yield Evidence("traces_scaled", on_one - on_other if scaled else 0.0, traces, traces)
    yield Evidence("fixes_the_other", _fixes(one, other) - _fixes(other, one), traces, traces)
    once = "was compressed once (the other twice, which left gaps in its coefficients)"
    yield Evidence("rounded_twice", _twice(one, other), once, once)
    less = "was saved less often (saving the other once more changes hardly anything in it)"
    yield Evidence("settled", settled(pair), less, less)
    first = "is packed with loss (the other holds just the pixels that this left)"
    yield Evidence("repacked", _repacked(one, other), first, first)
    steps = 0.0
    if one.raster.table is not None and other.raster.table is not None:
        steps = math.log(float(other.raster.table.sum() / one.raster.table.sum()))
    finer = "is compressed less"
    alike = 1.0 if abs(math.log(pair.scale)) < 0.02 else 0.3  # a copy of another size has other detail to pack
    yield Evidence("jpeg_steps", alike * clamped(steps, 2), finer, finer)
    yield Evidence("format", _format(one) - _format(other), _in_format(one, other), _in_format(other, one))


def _made(half: Half, other: Half) -> float:
    """How much its coefficients look as if rounded from the other's, in [0, 1]."""
    sharp = max((_share(found.edge, _SMOOTH, _SHARP) for found in half.lattices), default=0.0)
    return sharp * (1 - _kept(half, other))


def _kept(half: Half, other: Half) -> float:
    """How much the other's coefficients are fixed by its own, in [0, 1]."""
    return max(_on_lattice(half), _fixes(half, other))


def _on_lattice(half: Half) -> float:
    """How much the other's coefficients lie on its multiples, in [0, 1]."""
    return max((_on(found) for found in half.lattices), default=0.0)


def _fixes(half: Half, other: Half) -> float:
    """How far each of its multiples goes with one place in the other; only a JPEG has places of its own."""
    return _fixed(half) if other.lattices else 0.0


def _fixed(half: Half) -> float:
    """How far each of its multiples goes with one place in the other, which then is on a lattice of its own."""
    return max(
        (_share(found.fixed, _LOOSE, _FIXED) * max(0.0, 1 - 2 * found.beyond) for found in half.lattices), default=0.0
    )


def _on(found: Lattice) -> float:
    return _share(found.near, _WIDE, _NARROW) * max(0.0, 1 - 3 * found.beyond)


def _twice(one: Half, other: Half) -> float:
    """How much more the other looks as if rounded twice.

    Where both are JPEGs it only counts if no edit lies between them: an edit hides the first rounding.
    """
    if not one.lattices or not other.lattices:
        first, second = (
            _share(half.lattices[0].uneven, _ONCE, _TWICE) if half.lattices else 0.0 for half in (one, other)
        )
        return second - first
    more = ratio(other.lattices[0].uneven, one.lattices[0].uneven, 0.05, 1.5)
    return min(_fixed(one), _fixed(other)) * more


def _repacked(one: Half, other: Half) -> float:
    """Of the same pixels with and without loss, those with loss came first: packing changes what was not packed so."""
    lossless = _is_lossless(one), _is_lossless(other)
    if lossless[0] is lossless[1] or one.raster.colours.shape != other.raster.colours.shape:
        return 0.0
    return float(np.array_equal(one.raster.colours, other.raster.colours)) * (1.0 if lossless[1] else -1.0)


def _is_lossless(half: Half) -> bool:
    form = half.side.photo.format
    return form in LOSSLESS_FORMATS or (form == "WEBP" and _holds_chunk(half.side.data, b"VP8L"))


def _holds_chunk(data: bytes, name: bytes) -> bool:
    """Whether a RIFF file has this chunk at its upper level."""
    at = 12
    while at + 8 <= len(data):
        if data[at : at + 4] == name:
            return True
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return False


def _share(value: float, low: float, high: float) -> float:
    """0 up to `low`, 1 from `high` on, evenly between."""
    return clamped(max(0.0, value - low) / (high - low), 1)


def _format(half: Half) -> float:
    return _CAMERA_FORMATS.get(half.side.photo.format, 0.0)


def _in_format(one: Half, other: Half) -> str:
    return f"is a {one.side.photo.format} file (the other was converted to {other.side.photo.format})"
