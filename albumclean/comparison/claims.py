"""What a photo's metadata claim, as far as it tells a camera's file from a copy. Damaged metadata claim nothing.

Source: Exif 3.0 (CIPA DC-008) for the tags. File names and file times are no evidence: copying changes both.
"""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

_MAKE, _MODEL, _SOFTWARE, _EXIF_IFD = 0x010F, 0x0110, 0x0131, 0x8769
_TAKEN_AT, _MAKER_NOTE, _WIDTH, _HEIGHT = 0x9003, 0x927C, 0xA002, 0xA003
_THUMBNAIL_IFD, _THUMBNAIL_OFFSET = 1, 0x0201

_EDITORS = re.compile(
    r"photoshop|lightroom|gimp|picasa|snapseed|vsco|paint|pixelmator|affinity|capture one|digikam|darktable|rawtherapee"
    r"|acdsee|irfanview|xnview|photoscape|imagemagick|pillow|meitu|picsart|instagram|whatsapp|telegram|facebook"
    r"|google|microsoft|^photos? \d",
    re.IGNORECASE,
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
            stored = image.size
    except _DAMAGED:
        return Claims()
    software = _text(exif.get(_SOFTWARE))
    return Claims(
        camera=bool(_text(exif.get(_MAKE)) or _text(exif.get(_MODEL))),
        taken=any(character.isdigit() and character != "0" for character in _text(shot.get(_TAKEN_AT))),
        maker_note=bool(shot.get(_MAKER_NOTE)),
        thumbnail=_THUMBNAIL_OFFSET in thumbnail,
        tags=len(exif) + len(shot),
        editor=software if _EDITORS.search(software) else "",
        size=_size(shot.get(_WIDTH), shot.get(_HEIGHT)),
        stored=stored,
    )


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return value.replace("\0", " ").strip() if isinstance(value, str) else ""


def _size(width: object, height: object) -> tuple[int, int] | None:
    return (width, height) if isinstance(width, int) and isinstance(height, int) and width > 0 < height else None
