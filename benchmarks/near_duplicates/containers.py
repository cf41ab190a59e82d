"""Files around pixels: what of the metadata a program keeps, and how it packs a picture."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha1

import numpy as np
from PIL import ExifTags, Image, ImageOps

from albumclean.media.colour import eight_bit, to_srgb
from albumclean.media.metadata import says_adobe_rgb
from albumclean.media.profiles import adobe_rgb
from benchmarks.near_duplicates.truth import Relation

SUFFIXES = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp", "AVIF": ".avif"}

# What an editor carries over; maker notes and thumbnails are the camera's own and get lost.
_KEPT = (ExifTags.Base.Make, ExifTags.Base.Model, ExifTags.Base.DateTime, ExifTags.Base.Software)
_KEPT_OF_SHOT = (
    ExifTags.Base.ExposureTime,
    ExifTags.Base.FNumber,
    ExifTags.Base.ISOSpeedRatings,
    ExifTags.Base.DateTimeOriginal,
    ExifTags.Base.DateTimeDigitized,
    ExifTags.Base.FocalLength,
)
SOFTWARE = (
    "",
    "Adobe Lightroom 7.2 (Android)",
    "Adobe Photoshop CC 2019 (Windows)",
    "GIMP 2.10.36",
    "Google",
    "Picasa",
    "Photos 9.0",
    "Snapseed 2.19",
)

_SOI, _SOS = 0xD8, 0xDA
_APP1, _APP2, _COMMENT = 0xE1, 0xE2, 0xFE
_CARRIERS = frozenset({*range(0xE1, 0xEE), 0xEF, _COMMENT})  # APP0 (JFIF) and APP14 (Adobe) say how to decode


@dataclass(frozen=True, slots=True)
class Copy:
    """A file made of a photo."""

    data: bytes
    format: str  # Pillow's name
    relation: Relation = Relation.DERIVED


class Original:
    """A collected photo: its bytes, and its pixels decoded when they are first needed."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        with Image.open(io.BytesIO(data)) as opened:
            self.format = opened.format or ""
            self.mode = opened.mode
            self.exif = opened.getexif()
            # A camera that writes Adobe RGB says so in its EXIF alone.
            wide = adobe_rgb() if says_adobe_rgb(opened) else None
            self.icc: bytes | None = opened.info.get("icc_profile") or wide
            turned = self.exif.get(ExifTags.Base.Orientation, 1) in range(5, 9)
            self.size = opened.size[::-1] if turned else opened.size

    @property
    def orientation(self) -> int:
        """EXIF's value, 1 to 8."""
        value = self.exif.get(ExifTags.Base.Orientation, 1)
        return value if value in range(1, 9) else 1

    @cached_property
    def upright(self) -> Image.Image:
        """As it is shown, colours still in the profile of the file."""
        with Image.open(io.BytesIO(self.data)) as opened:
            return ImageOps.exif_transpose(opened)

    @cached_property
    def image(self) -> Image.Image:
        """Upright, RGB in sRGB."""
        return to_srgb(eight_bit(self.upright), self.icc)

    @property
    def digest(self) -> bytes:
        """The same for the same upright pixels."""
        return sha1(repr(self.image.size).encode() + self.image.tobytes()).digest()


def exif_time(exif: Image.Exif) -> str:
    """DateTimeOriginal in ISO 8601 without zone; empty where there is none or it is no time."""
    value = str(exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal, "")).strip("\0 ")
    date, _, clock = value.partition(" ")
    digits = date.replace(":", "") + clock.replace(":", "")
    return f"{date.replace(':', '-')}T{clock}" if len(digits) == 14 and digits.isdigit() and int(digits) else ""


def kept_exif(exif: Image.Exif, software: str = "", taken: str = "", orientation: int = 1) -> bytes:
    """What a program that calls itself `software` writes of a photo's EXIF; empty where there is nothing to write.

    `taken` (as in `2019:05:06 07:08:09`) replaces the time; `orientation` is for pixels that are not yet upright.
    """
    kept = Image.Exif()
    for tag in _KEPT:
        if tag in exif:
            kept[tag] = exif[tag]
    shot, kept_shot = exif.get_ifd(ExifTags.IFD.Exif), kept.get_ifd(ExifTags.IFD.Exif)
    for tag in _KEPT_OF_SHOT:
        if tag in shot:
            kept_shot[tag] = shot[tag]
    if software:
        kept[ExifTags.Base.Software] = software
    if taken:
        kept[ExifTags.Base.DateTime] = kept_shot[ExifTags.Base.DateTimeOriginal] = taken
    if orientation != 1:
        kept[ExifTags.Base.Orientation] = orientation
    return kept.tobytes() if len(kept) or len(kept_shot) else b""


def camera_exif(taken: str, make: str, model: str, exposure: float, iso: int) -> bytes:
    """The EXIF of a made shot; `taken` as in `2019:05:06 07:08:09`, `exposure` in seconds."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = make, model
    exif[ExifTags.Base.DateTime] = taken
    shot = exif.get_ifd(ExifTags.IFD.Exif)
    shot[ExifTags.Base.DateTimeOriginal] = shot[ExifTags.Base.DateTimeDigitized] = taken
    shot[ExifTags.Base.ExposureTime], shot[ExifTags.Base.ISOSpeedRatings] = exposure, iso
    return exif.tobytes()


def jpeg(
    image: Image.Image, quality: int, exif: bytes = b"", *, progressive: bool = False, subsampling: str = "4:2:0"
) -> bytes:
    out = io.BytesIO()
    image.save(
        out, "JPEG", quality=quality, subsampling=subsampling, progressive=progressive, optimize=progressive, exif=exif
    )
    return out.getvalue()


def lossless(image: Image.Image, form: str, icc: bytes | None = None) -> bytes:
    """A PNG or a lossless WebP of exactly these pixels. Raises ValueError for another format."""
    out = io.BytesIO()
    if form == "PNG":
        image.save(out, "PNG", compress_level=3, icc_profile=icc)
    elif form == "WEBP":
        image.save(out, "WEBP", lossless=True, quality=10, method=0, exact=True, icc_profile=icc or b"")
    else:
        raise ValueError(f"{form} is not packed without loss here")
    return out.getvalue()


def lossy(image: Image.Image, form: str, quality: int, exif: bytes = b"") -> bytes:
    """A WebP or an AVIF."""
    out = io.BytesIO()
    options = {"speed": 9} if form == "AVIF" else {"method": 3}
    image.save(out, form, quality=quality, exif=exif, **options)
    return out.getvalue()


def with_metadata(data: bytes, exif: bytes, xmp: bytes = b"", comment: bytes = b"") -> bytes:
    """The JPEG `data` with this metadata instead of its own; the colour profile and the coded picture stay.

    `exif` begins with `Exif\\0\\0`, or is empty. Raises ValueError where `data` is no sound JPEG.
    """
    if data[:2] != bytes((0xFF, _SOI)):
        raise ValueError("no JPEG")
    kept, at = [data[:2]], 2
    new = [_segment(_APP1, exif)] if exif else []
    if xmp:
        new.append(_segment(_APP1, b"http://ns.adobe.com/xap/1.0/\0" + xmp))
    if comment:
        new.append(_segment(_COMMENT, comment))
    placed = False
    while True:
        while data[at : at + 2] == b"\xff\xff":  # fill bytes
            at += 1
        if at + 4 > len(data) or data[at] != 0xFF:
            raise ValueError("the JPEG ends before its picture")
        marker, (length,) = data[at + 1], struct.unpack_from(">H", data, at + 2)
        body = data[at + 4 : at + 2 + length]
        if marker != 0xE0 and not placed:  # JFIF stays first
            kept += new
            placed = True
        if marker == _SOS:
            return b"".join(kept) + data[at:]
        is_profile = marker == _APP2 and body.startswith(b"ICC_PROFILE\0")
        if marker not in _CARRIERS or is_profile:
            kept.append(data[at : at + 2 + length])
        at += 2 + length


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def saved_by_editor(original: Original, image: Image.Image, rng: np.random.Generator) -> Copy:
    """`image`, an edit of `original`, as one of the usual editors writes it: mostly JPEG, EXIF kept by half of them."""
    exif = b""
    if rng.random() < 0.5:
        exif = kept_exif(original.exif, SOFTWARE[rng.integers(len(SOFTWARE))])
    if original.format == "PNG" and rng.random() < 0.3:
        return Copy(lossless(image, "PNG"), "PNG")
    subsampling = "4:4:4" if rng.random() < 0.4 else "4:2:0"
    return Copy(jpeg(image, int(rng.integers(84, 98)), exif, subsampling=subsampling), "JPEG")
