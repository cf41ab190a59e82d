"""What a file says of the photo in it, what the user says of it, and why there may be nothing to say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Shot:
    """How the camera took it, from EXIF and XMP; each field None where they don't say."""

    exposure: float | None = None  # seconds
    f_number: float | None = None
    iso: int | None = None
    bias: float | None = None  # EV
    focal_length: float | None = None  # millimetres
    bracketed: bool = False  # one of an exposure bracket
    panorama: bool = False  # stitched from several shots
    burst: str | None = None  # what the shots of one burst share
    software: str | None = None  # what wrote the file

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known."""
        return self == _UNKNOWN_SHOT


_UNKNOWN_SHOT = Shot()


class Extra(StrEnum):
    """What a file carries beside its picture; a copy without it is less than the whole."""

    MOTION = "motion"  # the seconds around the shot, as a video in the file
    GAIN_MAP = "gain-map"  # what makes the picture brighter on an HDR screen
    DEPTH = "depth"  # how far away everything is

    @property
    def text(self) -> str:
        """What it is called, for people."""
        return _EXTRA_TEXTS[self]


_EXTRA_TEXTS = {
    Extra.MOTION: "a short video in the photo",
    Extra.GAIN_MAP: "HDR brightness",
    Extra.DEPTH: "a depth map",
}


# What `Photo.format` is for camera RAW; plain "RAW" where the maker is not known.
RAW_FORMATS = frozenset(
    {
        "3FR", "ARW", "CR2", "CR3", "CRW", "DCR", "DNG", "ERF", "IIQ", "KDC", "MEF", "MOS", "MRW", "NEF", "ORF", "PEF",
        "RAF", "RAW", "RW2", "RWL", "SRW", "X3F",
    }
)  # fmt: skip


# What `Photo.format` is for pictures that are packed without loss, as a rule; WebP can be either.
LOSSLESS_FORMATS = frozenset({"PNG", "BMP", "TIFF", "GIF"})


# What `Photo.format` is for a video, by its container.
VIDEO_FORMATS = frozenset({"MP4", "MOV", "3GP", "MKV", "WEBM", "AVI", "MPEG", "MPEG-TS", "WMV"})


@dataclass(frozen=True, slots=True)
class Photo:
    """What the bytes of a photo say of it, keyed by the BLAKE2b-256 of the file."""

    content_hash: bytes
    width: int  # pixels, upright (EXIF orientation applied)
    height: int
    format: str  # what was found in the content, by Pillow's names: "JPEG", "HEIF", ...; or one of RAW_FORMATS
    taken_at: str | None = None  # EXIF DateTimeOriginal, "2024-05-06T07:08:09[.fff]", no zone
    camera: str | None = None  # make and model
    rating: int | None = None  # 0 to 5 (xmp:Rating; -1 is "rejected"), from the file itself
    shot: Shot = _UNKNOWN_SHOT
    pictures: int = 1  # frames of an animation, pages, pictures of a sequence; previews and gain maps don't count
    extras: tuple[Extra, ...] = ()  # sorted

    @property
    def pixels(self) -> int:
        """Of the whole picture."""
        return self.width * self.height

    @property
    def is_raw(self) -> bool:
        """Whether it is what the sensor saw, of which only a preview is looked at."""
        return self.format in RAW_FORMATS

    @property
    def is_video(self) -> bool:
        """Whether it moves: `pictures` are its frames, of which a few are looked at."""
        return self.format in VIDEO_FORMATS


@dataclass(frozen=True, slots=True)
class UserMarks:
    """What the user said of the photo in other programs: in the file, its XMP, or its Takeout JSON."""

    rating: int | None = None
    favourite: bool = False
    unknown: bool = False  # a sidecar can't be read; it may hide five stars
    albums: tuple[str, ...] = ()  # that the user put it into, sorted

    @property
    def treasured(self) -> bool:
        """Whether the user has marked it as one to keep."""
        return self.favourite or (self.rating is not None and self.rating > 0)


class Stage(StrEnum):
    """Where a photo failed."""

    CRAWL = "crawl"
    READ = "read"
    DECODE = "decode"
    SCORE = "score"


@dataclass(frozen=True, slots=True)
class Failure:
    """Could not be read or scored. Listed for the user; never evidence for trashing."""

    path: Path
    stage: Stage
    reason: str  # one sentence for people
    transient: bool = False  # worth another try on the next scan (permissions, I/O), not a property of the bytes


class PhotoKind(StrEnum):
    """What sort of picture a file holds. Only photos and scans are judged by how good they look."""

    PHOTO = "photo"
    SCREENSHOT = "screenshot"
    DOCUMENT = "document"  # a page, a receipt or a board, photographed or rendered
    GRAPHIC = "graphic"  # a drawing, a logo, a meme
    SCAN = "scan"  # a paper photo, scanned
    VIDEO = "video"  # told by the file, never by a network
    UNSURE = "unsure"  # nothing tells for sure, or it has not been looked at yet

    @property
    def text(self) -> str:
        """What it is called, for people."""
        return _KIND_TEXTS[self]

    @property
    def is_judged(self) -> bool:
        """Whether a photo score says anything of it."""
        return self in {PhotoKind.PHOTO, PhotoKind.SCAN}


_KIND_TEXTS = {
    PhotoKind.PHOTO: "a photo",
    PhotoKind.SCREENSHOT: "a screenshot",
    PhotoKind.DOCUMENT: "a document",
    PhotoKind.GRAPHIC: "a graphic",
    PhotoKind.SCAN: "a scanned photo",
    PhotoKind.VIDEO: "a video",
    PhotoKind.UNSURE: "perhaps no photo",
}


class Degradation(StrEnum):
    """What can be wrong with a photo; the judge gives each a severity in [0, 1], 0 for none and 1 for ruined."""

    DEFOCUS = "defocus"
    MOTION = "motion"
    NOISE = "noise"
    COMPRESSION = "compression"
    UNDEREXPOSURE = "underexposure"
    OVEREXPOSURE = "overexposure"

    @property
    def text(self) -> str:
        """What it is called, for people."""
        return _DEGRADATION_TEXTS[self]


_DEGRADATION_TEXTS = {
    Degradation.DEFOCUS: "out of focus",
    Degradation.MOTION: "motion blur",
    Degradation.NOISE: "noise",
    Degradation.COMPRESSION: "compression",
    Degradation.UNDEREXPOSURE: "under-exposed",
    Degradation.OVEREXPOSURE: "over-exposed",
}
