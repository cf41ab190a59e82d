"""Sizes that tell what a file holds: those of screens, as software captures them, and of sheets, as scanners do."""

from __future__ import annotations

import math
from typing import Final

# Pixels, short side first, as the makers state them: Apple's phones, tablets and computers; what Android's ecosystem
# calls hdpi to QHD+, in the aspects from 16:9 to 21:9, with and without the bar of buttons; monitors from XGA to 8K.
# VGA, SVGA and UXGA are left out: cameras and mail programs scale photos to these.
_SCREENS: Final = frozenset(
    {
        *((320, 480), (640, 960), (640, 1136), (750, 1334), (828, 1792), (1125, 2436), (1170, 2532), (1179, 2556)),
        *((1206, 2622), (1242, 2208), (1242, 2688), (1260, 2736), (1284, 2778), (1290, 2796), (1320, 2868)),
        *((768, 1024), (1488, 2266), (1536, 2048), (1620, 2160), (1640, 2360), (1668, 2224), (1668, 2388)),
        *((2048, 2732), (2064, 2752), (1600, 2560), (1664, 2560), (1800, 2880), (1864, 2880), (1912, 2940)),
        *((1964, 3024), (2234, 3456), (2100, 3360), (2240, 3584), (2520, 4480), (2880, 5120)),
        *((480, 800), (480, 854), (540, 960), (720, 1184), (720, 1280), (720, 1440), (720, 1480), (720, 1520)),
        *((720, 1544), (720, 1560), (720, 1600), (720, 1612), (800, 1280), (800, 1340), (1080, 1776), (1080, 1794)),
        *((1080, 1920), (1080, 2160), (1080, 2220), (1080, 2240), (1080, 2246), (1080, 2280), (1080, 2310)),
        *((1080, 2312), (1080, 2316), (1080, 2340), (1080, 2376), (1080, 2388), (1080, 2400), (1080, 2408)),
        *((1080, 2412), (1080, 2460), (1080, 2520), (1200, 1920), (1200, 2000), (1220, 2712), (1344, 2992)),
        *((1440, 2392), (1440, 2560), (1440, 2880), (1440, 2960), (1440, 3040), (1440, 3088), (1440, 3120)),
        *((1440, 3168), (1440, 3200), (1644, 3840), (1752, 2800)),
        *((768, 1280), (768, 1366), (864, 1536), (900, 1440), (900, 1600), (1024, 1280), (1050, 1680)),
        *((1080, 2560), (1440, 3440), (1440, 5120), (1600, 3840), (2160, 3840), (2160, 4096)),
        *((4320, 7680),),
    }
)

_SHEETS: Final = ((210.0, 297.0), (215.9, 279.4), (215.9, 355.6), (148.0, 210.0))  # mm: A4, US letter and legal, A5
_RESOLUTIONS: Final = (72, 75, 96, 100, 120, 150, 200, 240, 300, 400, 600)  # dots per inch
_MM: Final = 25.4  # in an inch
_ROUNDING: Final = 1.5  # pixels: some round up, some down, some leave one out


def _near(length: float) -> range:
    return range(math.ceil(length - _ROUNDING), math.floor(length + _ROUNDING) + 1)


_SCANNED: Final = frozenset(
    (width, height)
    for short, long in _SHEETS
    for dots in _RESOLUTIONS
    for width in _near(short * dots / _MM)
    for height in _near(long * dots / _MM)
)


def is_size_of_a_sheet(width: int, height: int) -> bool:
    """Whether it is a sheet of paper, however it is turned, at a resolution that people choose."""
    return (min(width, height), max(width, height)) in _SCANNED


def is_size_of_a_screen(width: int, height: int) -> bool:
    """Whether a screen that is sold in numbers has this many pixels, however it is turned."""
    return (min(width, height), max(width, height)) in _SCREENS
