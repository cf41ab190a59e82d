"""How the camera took a photo: exposure, and whether the shot belongs to a bracket, a burst or a panorama.

Sources: Exif 3.0 (CIPA DC-008) for the tags; Google's Photo Sphere XMP and ExifTool's lists of Google, Microsoft and
Apple tags for the rest. Damaged values count as absent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from numbers import Real

from PIL import Image

from albumclean.domain import Shot
from albumclean.media.makernotes import burst_of, is_focus_bracket

_MAKE, _SOFTWARE = 0x010F, 0x0131
_EXPOSURE_TIME, _F_NUMBER, _BIAS, _FOCAL_LENGTH = 0x829A, 0x829D, 0x9204, 0x920A
_SENSITIVITY, _OUTPUT_SENSITIVITY, _EXPOSURE_INDEX = 0x8827, 0x8831, 0x8832
_MAKER_NOTE, _CUSTOM_RENDERED, _EXPOSURE_MODE = 0x927C, 0xA401, 0xA402
_SENSITIVITY_OVERFLOW = 65535  # then one of the two newer tags has it
_AUTO_BRACKET = 2
_APPLE_PANORAMA = 6  # a value of CustomRendered that Apple added
_LARGEST_BIAS = 15.0  # EV; more is damage
_LONGEST_TEXT = 100

# As for ratings: patterns and not an XML parser. The same property comes as an attribute or as an element.
_XMP_PANORAMA = re.compile(
    rb"\bGPano:(?:ProjectionType|FullPanoWidthPixels)\s*(?:=\s*[\"']|>)\s*\w|:PanoramicStitchMapType\s*(?:=\s*[\"']|>)"
)
_XMP_BURST = re.compile(rb"\bG?Camera:BurstI[dD]\s*(?:=\s*[\"']|>)\s*([\w.:-]{1,100})\s*(?:[\"']|</)")


def read_shot(exif: Image.Exif, inner: Mapping[int, object], xmp: object) -> Shot:
    """The facts of the shot from the main EXIF directory, that of the shot, and the raw XMP packet (if bytes)."""
    packet = xmp if isinstance(xmp, bytes) else b""
    note = inner.get(_MAKER_NOTE)
    note = note if isinstance(note, bytes) else b""
    burst = _XMP_BURST.search(packet)
    apple = _text(exif.get(_MAKE)) == "Apple"
    return Shot(
        exposure=_positive(inner.get(_EXPOSURE_TIME)),
        f_number=_positive(inner.get(_F_NUMBER)),
        iso=_sensitivity(inner),
        bias=_bias(inner.get(_BIAS)),
        focal_length=_positive(inner.get(_FOCAL_LENGTH)),
        bracketed=inner.get(_EXPOSURE_MODE) == _AUTO_BRACKET or is_focus_bracket(note),
        panorama=bool(_XMP_PANORAMA.search(packet)) or (apple and inner.get(_CUSTOM_RENDERED) == _APPLE_PANORAMA),
        burst=burst_of(note) or (burst[1].decode("ascii", "replace") if burst else None),
        software=_text(exif.get(_SOFTWARE))[:_LONGEST_TEXT] or None,
    )


def _number(value: object) -> float | None:
    """The first number, if it is one; Pillow gives rationals with a zero below as NaN."""
    if isinstance(value, tuple) and value:
        value = value[0]
    if not isinstance(value, Real):
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _positive(value: object) -> float | None:
    number = _number(value)
    return number if number is not None and number > 0 else None


def _bias(value: object) -> float | None:
    number = _number(value)
    return number if number is not None and abs(number) <= _LARGEST_BIAS else None


def _sensitivity(inner: Mapping[int, object]) -> int | None:
    for tag in (_SENSITIVITY, _EXPOSURE_INDEX, _OUTPUT_SENSITIVITY):
        number = _positive(inner.get(tag))
        if number is not None and number != _SENSITIVITY_OVERFLOW:
            return round(number)
    return None


def _text(value: object) -> str:
    """One line of printable text, as it may end on a screen."""
    if not isinstance(value, str | bytes):
        return ""
    value = value[: 10 * _LONGEST_TEXT]
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())
