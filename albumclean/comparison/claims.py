"""What a photo's metadata claim, as far as it tells a camera's file from a copy. Damaged metadata claim nothing.

Sources: Exif 3.0 (CIPA DC-008) for the tags, and those that it demands of every picture; ExifTool's tables of tags for
what Windows adds. File names and file times are no evidence: copying changes both.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

_MAKE, _MODEL, _ORIENTATION, _SOFTWARE, _EXIF_IFD = 0x010F, 0x0110, 0x0112, 0x0131, 0x8769
_TAKEN_AT, _MAKER_NOTE, _WIDTH, _HEIGHT = 0x9003, 0x927C, 0xA002, 0xA003
_THUMBNAIL_IFD, _THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 1, 0x0201, 0x0202
_TIMES = (0x0132, 0x9003, 0x9004)  # a camera sets all three at once; who changes one later seldom minds the others
_MANDATORY = (0x011A, 0x011B, 0x0128, 0x0213)
_MANDATORY_OF_SHOT = (0x9000, 0x9101, 0xA000, 0xA001, 0xA002, 0xA003)
_OF_WINDOWS = frozenset({0x4746, 0x4749, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F, 0xEA1C, 0xEA1D})  # stars, titles, room
_POINTERS = frozenset({_EXIF_IFD, 0x8825})
_FEW = 3  # tags that a program adds at most; a phone told to keep the place and the camera to itself leaves more
_EXIF_MARK = b"Exif\0\0"
_APP2, _COLOUR_PROFILE = "APP2", b"ICC_PROFILE\0"
_COMMENT, _SAY_NOTHING = "COM", frozenset({"APP0", "APP14"})  # the latter say how to decode it

_EDITORS = re.compile(
    r"photoshop|lightroom|gimp|picasa|snapseed|vsco|paint|pixelmator|affinity|capture one|digikam|darktable|rawtherapee"
    r"|acdsee|irfanview|xnview|photoscape|imagemagick|pillow|meitu|picsart|instagram|whatsapp|telegram|facebook"
    r"|google|microsoft|^photos? \d",
    re.IGNORECASE,
)
# What says how a picture was made was there when it was made; all else in XMP, as stars and words, was put in later.
_OF_THE_MAKING = re.compile(rb"CreatorTool|xmpMM:|GCamera|GPano|MicroVideo|MotionPhoto|[Gg]ain[Mm]ap|hdrgm|HDRGM")
_BY_A_PROGRAM = re.compile(rb"optimi[sz]ed|compressed|edited|jpegmini", re.IGNORECASE)
# Encoders sign what they pack, so who has the same packing and no such comment was stripped of it.
_BY_THE_ENCODER = re.compile(
    rb"created (?:with|by)|written by|encoded by|creator:|mozjpeg|lead technologies", re.IGNORECASE
)
_DAMAGED = (OSError, UnidentifiedImageError, ValueError, SyntaxError, KeyError, TypeError, struct.error, RuntimeError)


@dataclass(frozen=True, slots=True)
class Claims:
    """Facts about a file's metadata."""

    camera: bool = False  # make or model is named
    taken: bool = False  # a time of the shot is given
    maker_note: bool = False  # the camera's own notes, which editors mostly drop
    thumbnail: bool = False  # in the EXIF, as cameras put it there
    tags: int = 0  # of EXIF
    editor: str = ""  # the program that wrote the file, if it is an editor's, a messenger's or a converter's
    size: tuple[int, int] | None = None  # that EXIF claims, in pixels
    stored: tuple[int, int] = (0, 0)  # width and height as stored
    mandatory: float = 0.0  # share of the tags that Exif demands of a camera, in [0, 1]
    times: tuple[str, ...] = ()  # different ones among those that a camera sets at once
    thin: bool = False  # EXIF that says a time, a turn or a program's name, and nothing that is written with a picture
    annotated: bool = False  # a program wrote into the finished file: stars, titles, a comment of its own
    turned: bool = False  # the size that EXIF claims, or the thumbnail, lies across the picture
    carried: frozenset[tuple[str, bytes]] = frozenset()  # a JPEG's segments of metadata, and its encoder's comment

    @property
    def size_kept(self) -> bool:
        """The size that EXIF claims is the real one; cameras write it, and many programs drop it."""
        return self.size is not None and sorted(self.size) == sorted(self.stored)

    @property
    def size_changed(self) -> bool:
        """EXIF claims another size: the picture was scaled or cropped after the shot."""
        return self.size is not None and sorted(self.size) != sorted(self.stored)


def read_claims(data: bytes) -> Claims:
    """What the metadata of an encoded picture say."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            exif = image.getexif()
            shot = exif.get_ifd(_EXIF_IFD)
            thumbnail = exif.get_ifd(_THUMBNAIL_IFD)
            stored, info = image.size, image.info
            carried = _carried(getattr(image, "applist", ()))
    except _DAMAGED:
        return Claims()
    software = _text(exif.get(_SOFTWARE))
    claimed = _size(shot.get(_WIDTH), shot.get(_HEIGHT))
    times = [time for tag in _TIMES if (time := _text(exif.get(tag) or shot.get(tag)))]
    camera = bool(_text(exif.get(_MAKE)) or _text(exif.get(_MODEL)))
    taken = any(character.isdigit() and character != "0" for character in _text(shot.get(_TAKEN_AT)))
    edited = _EDITORS.search(software) is not None
    tags = sum(tag not in _POINTERS for tag in (*exif, *shot))
    present = [*(tag in exif for tag in _MANDATORY), *(tag in shot for tag in _MANDATORY_OF_SHOT)]
    return Claims(
        camera=camera,
        taken=taken,
        maker_note=bool(shot.get(_MAKER_NOTE)),
        thumbnail=_THUMBNAIL_OFFSET in thumbnail,
        tags=tags,
        editor=software if edited else "",
        size=claimed,
        stored=stored,
        mandatory=sum(present) / len(present),
        times=tuple(sorted(set(times))) if len(times) > 1 else (),
        thin=tags <= _FEW and not (camera or any(present)) and (taken or edited or exif.get(_ORIENTATION, 1) != 1),
        annotated=_annotated(info, exif),
        turned=any(_across(size, stored) for size in (claimed, _thumbnail_size(info, thumbnail))),
        carried=carried,
    )


def _carried(segments: Iterable[tuple[str, bytes]]) -> frozenset[tuple[str, bytes]]:
    return frozenset(
        (name, body)
        for name, body in segments
        if name not in _SAY_NOTHING
        and not (name == _APP2 and body.startswith(_COLOUR_PROFILE))
        and not (name == _COMMENT and not _BY_THE_ENCODER.search(body))  # other comments come and go
    )


def _annotated(info: Mapping[str | tuple[int, int], object], exif: Image.Exif) -> bool:
    packet, comment = info.get("xmp"), info.get("comment")
    return (
        (isinstance(packet, bytes) and not _OF_THE_MAKING.search(packet))
        or (isinstance(comment, bytes) and _BY_A_PROGRAM.search(comment) is not None)
        or not _OF_WINDOWS.isdisjoint(exif)
    )


def _thumbnail_size(info: Mapping[str | tuple[int, int], object], ifd: Mapping[int, object]) -> tuple[int, int] | None:
    block, start, length = info.get("exif"), ifd.get(_THUMBNAIL_OFFSET), ifd.get(_THUMBNAIL_LENGTH)
    if not isinstance(block, bytes) or not isinstance(start, int) or not isinstance(length, int):
        return None
    start += len(_EXIF_MARK) * block.startswith(_EXIF_MARK)
    try:
        with Image.open(io.BytesIO(block[start : start + length])) as image:
            return image.size
    except _DAMAGED:
        return None


def _across(size: tuple[int, int] | None, stored: tuple[int, int]) -> bool:
    """Whether one is upright and the other lies on its side."""
    return size is not None and (size[0] - size[1]) * (stored[0] - stored[1]) < 0


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return value.replace("\0", " ").strip() if isinstance(value, str) else ""


def _size(width: object, height: object) -> tuple[int, int] | None:
    return (width, height) if isinstance(width, int) and isinstance(height, int) and width > 0 < height else None
