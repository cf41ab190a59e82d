"""Colour profiles for pictures that name their colours by a code, or by a habit, in place of a profile of their own.

Wide colours become ordinary ones by the profile's primaries; the light of HDR pictures, which goes far beyond white,
is bent into what a screen shows.

Sources: ITU-T H.273 (codes), ITU-R BT.2100 (PQ and HLG), BT.2408 (203 candela as white), ICC.1:2001-12 (profiles),
Lindbloom's notes on matrices of primaries and the Bradford method, CIPA DCF 2.0 ("R03" is Adobe RGB).
"""

from __future__ import annotations

import struct
from functools import lru_cache
from itertools import takewhile

import numpy as np
import numpy.typing as npt

from albumclean.media.boxes import ColourCodes, chunks, colour_codes
from albumclean.media.jxl import jxl_colour_codes

Floats = npt.NDArray[np.float64]
Primaries = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]

_D65 = (0.3127, 0.3290)
_SRGB: Primaries = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), _D65)
_ADOBE: Primaries = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), _D65)
_BY_CODE: dict[int, Primaries] = {
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
}
_ADOBE_GAMMA = 2.19921875

_WHITE_LIGHT, _HLG_PEAK = 203.0, 1000.0  # candela per square metre
_KNEE = 0.6  # of white: light below it stays as it is
_STEPS = 1024  # of a curve
_D50 = np.array([0.9642, 1.0, 0.8249])
_PLACES = (b"wtpt", b"rXYZ", b"gXYZ", b"bXYZ")
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def declared_profile(data: bytes, name: str) -> bytes | None:
    """An ICC profile for what a file in this format (as of `sniff.picture_format`) says by code; None for sRGB."""
    match name:
        case "HEIF" | "AVIF":
            codes = colour_codes(data)
        case "PNG":
            codes = _png_codes(data)
        case "JXL":
            codes = jxl_colour_codes(data)
        case _:
            codes = None
    return None if codes is None else profile_of(codes)


@lru_cache(maxsize=16)
def profile_of(codes: ColourCodes) -> bytes | None:
    """A profile for colours by these codes, HDR light bent into what a screen shows; None for sRGB and unknown ones."""
    known = _BY_CODE.get(codes.primaries)
    curve = _curve(codes.transfer)
    if known is None and curve is None:
        return None
    return _icc(known or _SRGB, _srgb_curve() if curve is None else curve)


@lru_cache(maxsize=1)
def adobe_rgb() -> bytes:
    """What cameras mean that write Adobe RGB without a profile."""
    return _icc(_ADOBE, _codes() ** _ADOBE_GAMMA)


def _png_codes(data: bytes) -> ColourCodes | None:
    head = takewhile(lambda chunk: chunk[0] != b"IDAT", chunks(data, 8, ">"))
    return next(
        (ColourCodes(data[at], data[at + 1]) for kind, at in head if kind == b"cICP" and at + 2 <= len(data)), None
    )


def _codes() -> Floats:
    return np.linspace(0.0, 1.0, _STEPS)


def _srgb_curve() -> Floats:
    code = _codes()
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


def _curve(transfer: int) -> Floats | None:
    """The share of white's light for each code, in [0, 1]; None where the light goes by sRGB's curve or near it."""
    match transfer:
        case 4:
            return _codes() ** 2.2
        case 5:
            return _codes() ** 2.8
        case 8:
            return _codes()
        case 16:  # PQ
            return _bent(_pq_light() / _WHITE_LIGHT)
        case 18:  # HLG
            return _bent(_hlg_light() / _WHITE_LIGHT)
        case _:
            return None


def _pq_light() -> Floats:
    """Candela per square metre, BT.2100 table 4."""
    power = _codes() ** (1 / 78.84375)
    light: Floats = 10_000.0 * (np.maximum(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power)) ** (
        1 / 0.1593017578125
    )
    return light


def _hlg_light() -> Floats:
    """Candela per square metre of a grey on a screen of 1,000, BT.2100 table 5."""
    code = _codes()
    scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    return _HLG_PEAK * scene**1.2


def _bent(light: Floats) -> Floats:
    """Light as a share of white, the brightest of it pressed together below white, without an edge."""
    over = 1.0 - _KNEE
    return np.where(light <= _KNEE, light, _KNEE + over * (1.0 - np.exp(-(light - _KNEE) / over)))


def _xyz(place: tuple[float, float]) -> Floats:
    x, y = place
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _matrix(primaries: Primaries) -> Floats:
    """Linear light to XYZ under D50; a column for each primary."""
    *colours, white = (_xyz(place) for place in primaries)
    columns = np.stack(colours, axis=1)
    columns = columns * np.linalg.solve(columns, white)
    scale = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    adapted: Floats = np.linalg.inv(_BRADFORD) @ scale @ _BRADFORD @ columns
    return adapted


def _icc(primaries: Primaries, curve: Floats) -> bytes:
    """A display profile of version 2 of three primaries and one curve."""
    levels = np.rint(curve.clip(0, 1) * 0xFFFF).astype(">u2").tobytes()
    shared = b"curv" + struct.pack(">II", 0, len(curve)) + levels
    places = (_D50, *_matrix(primaries).T)
    parts = [(name, _xyz_tag(place)) for name, place in zip(_PLACES, places, strict=True)]
    parts.append((b"rTRC", shared))
    count = len(parts) + 2
    at, table, body = 128 + 4 + 12 * count, b"", b""
    for name, content in parts:
        padded = content + bytes(-len(content) % 4)
        names = (b"rTRC", b"gTRC", b"bTRC") if name == b"rTRC" else (name,)
        table += b"".join(each + struct.pack(">II", at + len(body), len(content)) for each in names)
        body += padded
    size = at + len(body)
    head = struct.pack(">I4xI4s4s4s12x4s", size, 0x02100000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    head += bytes(24) + struct.pack(">I", 0) + _s15(_D50)
    return head.ljust(128, b"\0") + struct.pack(">I", count) + table + body


def _s15(values: Floats) -> bytes:
    return struct.pack(">3i", *(round(float(value) * 65536) for value in values))


def _xyz_tag(values: Floats) -> bytes:
    return b"XYZ " + bytes(4) + _s15(values)
