"""What a file is taken for by its name. The truth about a photo is in its content; that is the decoder's to find.

The extension only chooses which files are worth opening: reading the head of every file on each scan of a large
library (videos, documents, network shares) would cost more than all the rest of the scan.
"""

from __future__ import annotations

import re
from enum import Enum


class Kind(Enum):
    """The part that a file may play in an asset; the first four are photos, in the order in which they own sidecars."""

    HEIF = 0
    JPEG = 1
    RAW = 2
    PICTURE = 3  # any other photo format
    VIDEO = 4  # perhaps the moving half of a Live Photo
    XMP = 5
    AAE = 6
    THM = 7
    JSON = 8
    SETTINGS = 9  # of a program that develops photos
    FILM = 10  # a video of a kind that is never half of a photo

    @property
    def is_photo(self) -> bool:
        """Whether it can stand alone."""
        return self.value <= Kind.PICTURE.value


HEIF = frozenset({"heic", "heics", "heif", "heifs", "hif"})
JPEG = frozenset({"jpg", "jpeg", "jpe", "jfif", "jif", "pjpeg", "pjp", "mpo"})
PICTURE = frozenset(
    {
        "png", "apng", "webp", "tif", "tiff", "bmp", "dib", "gif", "avif", "avifs", "jxl",
        "jp2", "j2k", "jpc", "j2c", "jpf", "jpx", "jps",
    }
)  # fmt: skip
RAW = frozenset(
    {
        "3fr", "ari", "arw", "bay", "cr2", "cr3", "crw", "dcr", "dcs", "dng", "drf", "eip", "erf", "fff", "gpr", "iiq",
        "k25", "kdc", "mef", "mos", "mrw", "nef", "nrw", "orf", "ori", "pef", "ptx", "raf", "raw", "rw2", "rwl", "rwz",
        "sr2", "srf", "srw", "x3f",
    }
)  # fmt: skip
# RawTherapee, ART, DxO, ON1, Capture One, Canon DPP (two), Camera Raw
SETTINGS = frozenset({"pp3", "arp", "dop", "on1", "cos", "vrd", "dr4", "acr"})

# Without "ts" and "mod", which are far more often programs and music.
FILM = frozenset(
    {"3g2", "3gp", "3gpp", "avi", "m2t", "m2ts", "m4v", "mkv", "mpe", "mpeg", "mpg", "mts", "qt", "webm", "wmv"}
)

_NUMBERED = re.compile(r"(.+)(\(\d+\))", re.DOTALL)

_KIND_OF_EXTENSION: dict[str, Kind] = {
    **dict.fromkeys(HEIF, Kind.HEIF),
    **dict.fromkeys(JPEG, Kind.JPEG),
    **dict.fromkeys(RAW, Kind.RAW),
    **dict.fromkeys(PICTURE, Kind.PICTURE),
    **dict.fromkeys(("mov", "mp4", "mp", "mp~2", "mp~3"), Kind.VIDEO),  # the last: Takeout of a Pixel's edits
    "xmp": Kind.XMP,
    "aae": Kind.AAE,
    "thm": Kind.THM,
    "json": Kind.JSON,
    **dict.fromkeys(SETTINGS, Kind.SETTINGS),
    **dict.fromkeys(FILM, Kind.FILM),
}


def split_name(name: str) -> tuple[str, str]:
    """Stem and lower-case extension without its dot; `.jpg` alone is a stem, like `os.path.splitext` has it."""
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem.strip("."):
        return name, ""
    return stem, extension.lower()


def split_number(stem: str) -> tuple[str, str]:
    """A stem without the number of a repeated name at its end, and that number: "IMG(1)" is ("IMG", "(1)").

    What is nothing but a number in brackets is a stem without one.
    """
    match = _NUMBERED.fullmatch(stem) if stem.endswith(")") else None
    return (match[1], match[2]) if match else (stem, "")


def kind_of(name: str) -> Kind | None:
    """The part that a file of this name may play, or None if it is neither a photo nor a companion."""
    return _KIND_OF_EXTENSION.get(split_name(name)[1])


def is_film(name: str) -> bool:
    """Whether a file of this name is a video that can stand alone."""
    extension = split_name(name)[1]
    return extension in FILM or extension in {"mov", "mp4"}
