"""Makers of copies that are more than an edit of the pixels: metadata, packing, messengers, several edits at once.

Each takes an `Original`, the strength and a generator, and gives a `Copy`.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from benchmarks.near_duplicates import geometry, overlays, tones
from benchmarks.near_duplicates.containers import (
    SOFTWARE,
    Copy,
    Original,
    jpeg,
    kept_exif,
    lossless,
    lossy,
    with_metadata,
)
from benchmarks.near_duplicates.truth import Relation


def same_bytes(original: Original, _strength: str, _rng: np.random.Generator) -> Copy:
    """The file once more."""
    return Copy(original.data, original.format, Relation.SAME_BYTES)


def metadata_stripped(original: Original, _strength: str, _rng: np.random.Generator) -> Copy:
    """Without EXIF, XMP and comments; the coded picture as it was."""
    exif = kept_exif(Image.Exif(), orientation=original.orientation)  # else the picture would turn
    changed = with_metadata(original.data, exif)
    if changed == original.data:  # it had none: the comment makes other bytes of it
        changed = with_metadata(original.data, exif, comment=b"optimised")
    return _with_new_metadata(original, changed)


def metadata_changed(original: Original, strength: str, rng: np.random.Generator) -> Copy:
    """Signed by a program (`software`), set to another time (`date`), or with XMP added (`xmp`)."""
    software = taken = ""
    xmp = b""
    if strength == "software":
        software = SOFTWARE[rng.integers(1, len(SOFTWARE))]
    elif strength == "date":
        year, month, day, minute = (int(rng.integers(*span)) for span in ((2004, 2024), (1, 13), (1, 29), (0, 60)))
        taken = f"{year}:{month:02}:{day:02} 12:{minute:02}:00"
    else:
        xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><!-- %d --></x:xmpmeta>' % rng.integers(1 << 30)
    exif = kept_exif(original.exif, software, taken, original.orientation)
    return _with_new_metadata(original, with_metadata(original.data, exif, xmp))


def _with_new_metadata(original: Original, data: bytes) -> Copy:
    """The same pixels, unless the metadata said what their numbers mean: without that it is shown in other colours."""
    same = Original(data).icc == original.icc
    return Copy(data, "JPEG", Relation.SAME_PIXELS if same else Relation.DERIVED)


def packed_without_loss(original: Original, strength: str, _rng: np.random.Generator) -> Copy:
    """The same pixels as PNG or lossless WebP."""
    form = {"png": "PNG", "webp": "WEBP"}[strength]
    return Copy(lossless(original.upright, form, original.icc), form, Relation.SAME_PIXELS)


def some_exif(original: Original, rng: np.random.Generator) -> bytes:
    return kept_exif(original.exif) if rng.random() < 0.5 else b""


def repacked(original: Original, strength: str, rng: np.random.Generator) -> Copy:
    """Another format at a quality, as in `webp-q80`."""
    form, _, quality = strength.partition("-q")
    form = form.upper()
    exif = some_exif(original, rng)
    if form == "JPEG":
        return Copy(jpeg(original.image, int(quality), exif), form)
    return Copy(lossy(original.image, form, int(quality), exif), form)


def recompressed(original: Original, strength: str, rng: np.random.Generator) -> Copy:
    """A JPEG of quality `strength`."""
    progressive = bool(rng.random() < 0.3)
    return Copy(jpeg(original.image, int(strength), some_exif(original, rng), progressive=progressive), "JPEG")


def recompressed_larger(original: Original, strength: str, rng: np.random.Generator) -> Copy:
    """A JPEG of a quality beyond what cameras use: more bytes, no more picture."""
    return Copy(jpeg(original.image, int(strength), some_exif(original, rng), subsampling="4:4:4"), "JPEG")


def turned_by_flag(original: Original, strength: str, _rng: np.random.Generator) -> Copy:
    """Turned by EXIF alone, as file managers do it."""
    orientation = {"90": 8, "180": 3, "270": 6}[strength]  # against the clock, as `geometry.turned`
    return Copy(with_metadata(original.data, kept_exif(original.exif, orientation=orientation)), "JPEG")


@dataclass(frozen=True, slots=True)
class Messenger:
    """How an app packs the pictures that it sends."""

    longest: int  # pixels
    quality: int
    progressive: bool = False


MESSENGERS = {
    "whatsapp-like": Messenger(1600, 75),
    "facebook-like": Messenger(2048, 82, progressive=True),
    "telegram-like": Messenger(1280, 87),
    "mail-small": Messenger(800, 70),
}


def _sent(image: Image.Image, messenger: Messenger) -> bytes:
    return jpeg(geometry.fitted(image, messenger.longest), messenger.quality, progressive=messenger.progressive)


def through_messengers(original: Original, strength: str, _rng: np.random.Generator) -> Copy:
    """Sent by one app, or by several one after another (`one+other`)."""
    data, image = b"", original.image
    for name in strength.split("+"):
        data = _sent(image, MESSENGERS[name])
        image = Image.open(io.BytesIO(data))
    return Copy(data, "JPEG")


def screenshot(original: Original, strength: str, rng: np.random.Generator) -> Copy:
    """The photo on the screen of a phone."""
    screen = overlays.screenshot(original.image, strength, rng)
    if rng.random() < 0.4:
        return Copy(lossless(screen, "PNG"), "PNG")
    return Copy(jpeg(screen, int(rng.integers(85, 96))), "JPEG")


def thumbnail(original: Original, strength: str, rng: np.random.Generator) -> Copy:
    """At most `strength` pixels on the long side."""
    return Copy(jpeg(geometry.fitted(original.image, int(strength)), int(rng.integers(70, 91))), "JPEG")


def _crop_tone_recompress(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return tones.exposure(geometry.cropped(image, 6, rng), float(rng.choice([-0.4, 0.4])))


def _filter_border(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return overlays.framed(tones.filtered(image, str(rng.choice(list(tones.FILTERS)))), "white")


def _straighten_grey(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return tones.black_and_white(geometry.straightened(image, float(rng.choice([-1.5, 1.5]))), "plain")


def _resize_caption(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return overlays.captioned(geometry.scaled(image, 0.5), "bottom", rng)


def _enhance(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    lively = tones.saturation(tones.shadows(image, 0.4), 1.2)
    return tones.sharpened(geometry.cropped(lively, 3, rng), 80)


COMBINATIONS: dict[str, tuple[Callable[[Image.Image, np.random.Generator], Image.Image], int]] = {
    "crop+tone+q70": (_crop_tone_recompress, 70),
    "filter+border+q85": (_filter_border, 85),
    "straighten+grey+q85": (_straighten_grey, 85),
    "half+caption+q75": (_resize_caption, 75),
    "enhance+crop+q92": (_enhance, 92),
}


def combined(original: Original, strength: str, rng: np.random.Generator) -> Copy:
    """One of `COMBINATIONS`."""
    change, quality = COMBINATIONS[strength]
    return Copy(jpeg(change(original.image, rng), quality, some_exif(original, rng)), "JPEG")
