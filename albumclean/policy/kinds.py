"""From the kind scorer's probabilities to a kind, with a wide "unsure" in between.

The two mistakes don't weigh the same. A screenshot that is called a photo may be proposed for low quality; a photo that
is called a screenshot is only left in peace, unless the user has turned on the rule for old screenshots. And to be
unsure costs nothing but a proposal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from albumclean.domain import Asset, Photo, PhotoKind

JUDGED: Final = 0.6  # what photos and scans must have together
# What all kinds that are not judged must have together, by the one that it would be: chosen by the rule in
# `models/kind_cutoffs.py`, on training pictures of sources left out. Things before a white wall look drawn, so a
# graphic takes the most.
SURE: Final = {PhotoKind.SCREENSHOT: 0.51, PhotoKind.DOCUMENT: 0.52, PhotoKind.GRAPHIC: 0.82}
# So many times as likely as a screenshot must be what else it is: the head has learned screenshots from few sources and
# documents from many, and takes an app that it has never seen for a page.
LIKELIER: Final = 3.0

# What cameras and phones write; of these a program that draws says neither which camera nor how long the shutter was.
_CAMERA_FORMATS: Final = frozenset(
    {"JPEG", "MPO", "HEIF", "AVIF", "DNG", "CR2", "CR3", "NEF", "ARW", "ORF", "RW2", "RAF", "PEF", "SRW", "X3F", "JXL"}
)
_DRAWN: Final = (PhotoKind.SCREENSHOT, PhotoKind.GRAPHIC)


def kind_of(probabilities: Mapping[PhotoKind, float], photo: Photo | None) -> PhotoKind:
    """The kind of a picture; UNSURE where nothing has enough, or where the scorer has not seen it. A video is a video.

    First whether it is judged or not, then what it is: that it may be either of two kinds makes it no photo. What a
    camera took, by its EXIF, is never a screenshot or a graphic: their share goes to the photo.
    """
    if photo is not None and photo.is_video:
        return PhotoKind.VIDEO
    if not probabilities or photo is None:
        return PhotoKind.UNSURE
    found = dict(probabilities)
    if is_from_camera(photo):
        drawn = sum(found.pop(kind, 0.0) for kind in _DRAWN)
        found[PhotoKind.PHOTO] = found.get(PhotoKind.PHOTO, 0.0) + drawn
    judged = {kind: share for kind, share in found.items() if kind.is_judged}
    if sum(judged.values()) >= JUDGED:
        return max(judged, key=lambda kind: judged[kind])
    others = {kind: found.get(kind, 0.0) for kind in SURE}
    best = max(others, key=lambda kind: others[kind] * (LIKELIER if kind is PhotoKind.SCREENSHOT else 1.0))
    return best if sum(others.values()) >= SURE[best] else PhotoKind.UNSURE


def days_since(asset: Asset, photo: Photo | None, today: date) -> int | None:
    """How many days ago it was made: by its EXIF, else by the time of its file; None where neither makes sense."""
    try:
        if photo is not None and photo.taken_at is not None:
            made = date.fromisoformat(photo.taken_at[:10])
        else:
            made = date.fromtimestamp(asset.primary.mtime_ns / 1e9)
    except (ValueError, OverflowError, OSError):
        return None
    return (today - made).days


def is_from_camera(photo: Photo) -> bool:
    """Whether the file says which camera took it and how long it exposed, and is of a format that cameras write."""
    return photo.camera is not None and photo.shot.exposure is not None and photo.format in _CAMERA_FORMATS
