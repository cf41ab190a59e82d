"""What a photo's own EXIF and XMP say of it. Damaged metadata count as absent: they never cost the photo.

Sources: Exif 3.0 (CIPA DC-008), XMP part 1 (ISO 16684-1), CIPA DCF 2.0 (Adobe RGB), Microsoft's rating tags 0x4746 and
0x4749 and their XMP twin, digiKam's PickLabel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from PIL import Image

from albumclean.domain import Shot
from albumclean.media.raw import metadata_of
from albumclean.media.shot import read_shot

_MAKE, _MODEL, _ORIENTATION, _EXIF_IFD, _INTEROP_IFD = 0x010F, 0x0110, 0x0112, 0x8769, 0xA005
_RATING, _RATING_PERCENT = 0x4746, 0x4749
_TAKEN_AT, _TAKEN_AT_FRACTION = 0x9003, 0x9291
_LOWEST_RATING, _HIGHEST_RATING = -1, 5
_FROM_PERCENT = ((1, 1), (25, 2), (50, 3), (75, 4), (99, 5))  # from so many on, so many stars
_LONGEST_NAME = 100

# Read with a pattern and not with an XML parser: one number is wanted, and XML from strangers can be a bomb.
_XMP_RATING = re.compile(rb"<?\b(?:xmp|xap):Rating\s*(?:=\s*[\"']|>)\s*(-?\d)(?:\.0*)?\s*(?:[\"']|</)")
_XMP_PERCENT = re.compile(rb"\bMicrosoftPhoto(?:_1_)?:Rating\s*(?:=\s*[\"']|>)\s*(\d{1,3})\s*(?:[\"']|</)")
_XMP_PICKED = re.compile(rb"\bdigiKam:PickLabel\s*(?:=\s*[\"']|>)\s*3\s*(?:[\"']|</)")  # "accepted"


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
    return facts_of(exif, inner, image.info.get("xmp"))


def facts_of(exif: Image.Exif, inner: Mapping[int, object], xmp: object) -> Facts:
    """The same from the main EXIF directory, that of the shot, and the raw XMP packet (if bytes)."""
    return Facts(
        taken_at=_taken_at(_text(inner.get(_TAKEN_AT)), _text(inner.get(_TAKEN_AT_FRACTION))),
        camera=_camera(_text(exif.get(_MAKE)), _text(exif.get(_MODEL))),
        rating=_rating(exif, xmp),
        shot=read_shot(exif, inner, xmp),
    )


def read_raw_facts(data: bytes) -> Facts:
    """The same of a camera RAW, from its own directories."""
    try:
        return facts_of(*metadata_of(data))
    except Exception:  # noqa: BLE001  as in `_exif`
        return Facts()


def first_told(one: Facts, other: Facts) -> Facts:
    """What `one` says, and where it is silent what `other` says."""
    return Facts(
        taken_at=one.taken_at or other.taken_at,
        camera=one.camera or other.camera,
        rating=other.rating if one.rating is None else max(one.rating, other.rating or 0),
        shot=other.shot if one.shot.is_empty else one.shot,
    )


def orientation(image: Image.Image) -> int:
    """The orientation that is still to be applied, 1 to 8.

    Ask after the pixels are loaded: Pillow turns a TIFF itself, and libheif a HEIC, and both then take the tag away.
    libjxl turns a JPEG XL. In an AVIF nothing counts but its own properties, which Pillow writes into the EXIF; but it
    would also listen to the XMP.
    """
    return (own_orientation(image) or 1) if image.format != "JXL" else 1


def own_orientation(image: Image.Image) -> int | None:
    """What a picture's EXIF says of its orientation, 1 to 8; None if it says nothing that makes sense."""
    exif = _written_exif(image) if image.format == "AVIF" else _exif(image)[0]
    value = exif.get(_ORIENTATION)
    return value if isinstance(value, int) and 1 <= value <= 8 else None


def says_adobe_rgb(image: Image.Image) -> bool:
    """Whether the EXIF names Adobe RGB in the way of cameras, which write no profile for it."""
    try:
        return _text(image.getexif().get_ifd(_INTEROP_IFD).get(1)) == "R03"
    except Exception:  # noqa: BLE001  as in `_exif`
        return False


def _exif(image: Image.Image) -> tuple[Image.Exif, dict[int, object]]:
    """The main directory and the one of the shot; both empty where they can't be parsed."""
    try:
        exif = image.getexif()
        return exif, exif.get_ifd(_EXIF_IFD)
    except Exception:  # noqa: BLE001  ValueError, SyntaxError, struct.error, KeyError, ... on damaged EXIF
        return Image.Exif(), {}


def _written_exif(image: Image.Image) -> Image.Exif:
    """EXIF without what Pillow makes of XMP."""
    exif, written = Image.Exif(), image.info.get("exif")
    try:
        exif.load(written if isinstance(written, bytes) else b"")
    except Exception:  # noqa: BLE001  as in `_exif`
        return Image.Exif()
    return exif


def _text(value: object) -> str:
    """The beginning, as one line of printable text: it goes to the cache, and to screens."""
    if not isinstance(value, str | bytes):
        return ""
    value = value[: 2 * _LONGEST_NAME]
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


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
    return " ".join(named[: 2 * _LONGEST_NAME].split())[:_LONGEST_NAME] or None


def _rating(exif: Image.Exif, xmp: object) -> int | None:
    """The highest where several are given and differ: a photo that anything calls good must not be proposed."""
    packet = xmp if isinstance(xmp, bytes) else b""
    stars, percent = exif.get(_RATING), exif.get(_RATING_PERCENT)
    said = [stars] if isinstance(stars, int) else []
    if isinstance(percent, int):
        said.append(_from_percent(percent))
    if found := _XMP_RATING.search(packet):
        said.append(int(found[1]))
    if found := _XMP_PERCENT.search(packet):
        said.append(_from_percent(int(found[1])))
    if _XMP_PICKED.search(packet):
        said.append(1)
    sensible = [value for value in said if _LOWEST_RATING <= value <= _HIGHEST_RATING]
    return max(sensible, default=None)


def _from_percent(percent: int) -> int:
    return max((stars for least, stars in _FROM_PERCENT if percent >= least), default=0)
