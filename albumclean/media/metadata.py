"""What a photo's own EXIF and XMP say of it. Damaged metadata count as absent: they never cost the photo.

Sources: Exif 3.0 (CIPA DC-008), XMP part 1 (ISO 16684-1), Microsoft's EXIF rating tag 0x4746.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from PIL import Image

from albumclean.domain import Shot
from albumclean.media.shot import read_shot

_MAKE, _MODEL, _ORIENTATION, _RATING, _EXIF_IFD = 0x010F, 0x0110, 0x0112, 0x4746, 0x8769
_TAKEN_AT, _TAKEN_AT_FRACTION = 0x9003, 0x9291
_LOWEST_RATING, _HIGHEST_RATING = -1, 5

# Read with a pattern and not with an XML parser: one number is wanted, and XML from strangers can be a bomb.
_XMP_RATING = re.compile(rb"<?\b(?:xmp|xap):Rating\s*(?:=\s*[\"']|>)\s*(-?\d)(?:\.0*)?\s*(?:[\"']|</)")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the metadata say; each field None where they say nothing that makes sense."""

    taken_at: str | None = None
    camera: str | None = None
    rating: int | None = None
    shot: Shot = field(default_factory=Shot)


def read_facts(image: Image.Image) -> Facts:
    """Time of the shot, camera, rating and exposure from the picture's EXIF and XMP."""
    exif, inner = _exif(image)
    xmp = image.info.get("xmp")
    return Facts(
        taken_at=_taken_at(_text(inner.get(_TAKEN_AT)), _text(inner.get(_TAKEN_AT_FRACTION))),
        camera=_camera(_text(exif.get(_MAKE)), _text(exif.get(_MODEL))),
        rating=_rating(exif.get(_RATING), xmp),
        shot=read_shot(exif, inner, xmp),
    )


def orientation(image: Image.Image) -> int:
    """The EXIF orientation that is still to be applied, 1 to 8.

    Ask after the pixels are loaded: Pillow turns a TIFF itself, and libheif a HEIC, and both then take the tag away.
    """
    value = _exif(image)[0].get(_ORIENTATION)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _exif(image: Image.Image) -> tuple[Image.Exif, dict[int, object]]:
    """The main directory and the one of the shot; both empty where they can't be parsed."""
    try:
        exif = image.getexif()
        return exif, exif.get_ifd(_EXIF_IFD)
    except Exception:  # noqa: BLE001  ValueError, SyntaxError, struct.error, KeyError, ... on damaged EXIF
        return Image.Exif(), {}


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return value.replace("\0", " ").strip() if isinstance(value, str) else ""


def _taken_at(stamp: str, fraction: str) -> str | None:
    try:
        moment = datetime.strptime(stamp[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:  # absent, blank, "0000:00:00 00:00:00"
        return None
    digits = fraction if fraction.isascii() and fraction.isdigit() else ""
    return moment.isoformat() + (f".{digits[:9]}" if digits else "")


def _camera(make: str, model: str) -> str | None:
    """Make and model as one name, the make not said twice ("Canon EOS R5", not "Canon Canon EOS R5")."""
    first = make.partition(" ")[0].lower()
    named = model if first and model.lower().startswith(first) else f"{make} {model}"
    return " ".join(named.split()) or None


def _rating(exif: object, xmp: object) -> int | None:
    """The higher of EXIF and XMP where they differ: a photo that anything calls good must not be proposed."""
    said = [exif] if isinstance(exif, int) else []
    if isinstance(xmp, bytes) and (found := _XMP_RATING.search(xmp)):
        said.append(int(found[1]))
    sensible = [value for value in said if _LOWEST_RATING <= value <= _HIGHEST_RATING]
    return max(sensible, default=None)
