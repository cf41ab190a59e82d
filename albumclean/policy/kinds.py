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
from albumclean.policy.sizes import is_size_of_a_screen, is_size_of_a_sheet

JUDGED: Final = 0.6  # what photos and scans must have together
# What all kinds that are not judged must have together, by the one that it would be: chosen by the rule in
# `models/kind_cutoffs.py`, on training pictures of sources left out. Things before a white wall look drawn, so a
# graphic takes the most.
SURE: Final = {PhotoKind.SCREENSHOT: 0.51, PhotoKind.DOCUMENT: 0.78, PhotoKind.GRAPHIC: 0.82}
# So many times as likely as a screenshot must be what else it is: people use many more apps than the head has seen, and
# it takes one that it has never seen for a page. Chosen out of fold, as what finds most of both.
LIKELIER: Final = 2.0
# A PNG of exactly the size of a screen that names no exposure is less likely a photo, this many times. Of 298 training
# photos whose EXIF names no camera 2 % are PNG and none has such a size, of 182 such screenshots 79 % and 47 %: some
# hundred times as many, of which half is taken, as people save photos as wallpapers. PNG alone finds nothing more.
OF_A_SCREEN: Final = 50.0
LIKELIER_OF_A_SCREEN: Final = 3 * LIKELIER  # instead of LIKELIER
LIKELIER_OF_A_SHEET: Final = 1 / 3  # instead, for a picture of exactly the size of a sheet of paper: no screen has it

# What cameras and phones write; of these a program that draws says neither which camera nor how long the shutter was.
_CAMERA_FORMATS: Final = frozenset(
    {"JPEG", "MPO", "HEIF", "AVIF", "DNG", "CR2", "CR3", "NEF", "ARW", "ORF", "RW2", "RAF", "PEF", "SRW", "X3F", "JXL"}
)
_DRAWN: Final = (PhotoKind.SCREENSHOT, PhotoKind.GRAPHIC)
_CAPTURED_FORMATS: Final = frozenset({"PNG", "BMP"})


def kind_of(probabilities: Mapping[PhotoKind, float], photo: Photo | None) -> PhotoKind:
    """The kind of a picture; UNSURE where nothing has enough, or where the scorer has not seen it. A video is a video.

    First whether it is judged or not, then what it is: that it may be either of two kinds makes it no photo. What a
    camera took, by its EXIF, is never a screenshot or a graphic: their share goes to the photo. What lies in a file as
    screenshots lie is less likely a photo than it looks.
    """
    if photo is not None and photo.is_video:
        return PhotoKind.VIDEO
    if not probabilities or photo is None:
        return PhotoKind.UNSURE
    found, likelier = dict(probabilities), LIKELIER
    if is_from_camera(photo):
        drawn = sum(found.pop(kind, 0.0) for kind in _DRAWN)
        found[PhotoKind.PHOTO] = found.get(PhotoKind.PHOTO, 0.0) + drawn
    elif may_be_captured(photo):
        likelier = LIKELIER_OF_A_SCREEN
        found = _less_judged(found, OF_A_SCREEN)
    elif is_size_of_a_sheet(photo.width, photo.height):
        likelier = LIKELIER_OF_A_SHEET
    judged = {kind: share for kind, share in found.items() if kind.is_judged}
    if sum(judged.values()) >= JUDGED:
        return max(judged, key=lambda kind: judged[kind])
    others = {kind: found.get(kind, 0.0) for kind in SURE}
    best = max(others, key=lambda kind: others[kind] * (likelier if kind is PhotoKind.SCREENSHOT else 1.0))
    return best if sum(others.values()) >= SURE[best] else PhotoKind.UNSURE


def _less_judged(found: Mapping[PhotoKind, float], times: float) -> dict[PhotoKind, float]:
    """The same, with what is judged so many times less likely beside what is not, and the same sum."""
    weighed = {kind: share / times if kind.is_judged else share for kind, share in found.items()}
    total = sum(weighed.values())
    return {kind: share * sum(found.values()) / total for kind, share in weighed.items()} if total else weighed


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


def may_be_captured(photo: Photo) -> bool:
    """Whether the file is as the software of screens writes it: of its format and size, made from no exposure."""
    captured = photo.format in _CAPTURED_FORMATS and photo.shot.exposure is None
    return captured and is_size_of_a_screen(photo.width, photo.height)
