"""What people and their apps make of a photo: every transformation with its strengths.

A transformation makes one file from an `Original`. Metadata go the way of the real thing: editors keep EXIF or lose it
(about half and half) and may sign with `Software`, messengers and screenshots lose all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from benchmarks.near_duplicates import geometry, makers, overlays, tones
from benchmarks.near_duplicates.containers import Copy, Original, saved_by_editor

MEGAPIXEL = 1_000_000


@dataclass(frozen=True, slots=True)
class Header:
    """What must be known of a photo to say which transformations suit it."""

    format: str  # Pillow's name
    width: int
    height: int
    mode: str = "RGB"
    orientation: int = 1  # EXIF's

    @property
    def pixels(self) -> int:
        return self.width * self.height


Make = Callable[[Original, str, np.random.Generator], Copy]
Edit = Callable[[Image.Image, str, np.random.Generator], Image.Image]
Fits = Callable[[Header, str], bool]


def _always(_header: Header, _strength: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Transformation:
    """One way to make a copy."""

    name: str
    strengths: tuple[str, ...]
    make: Make
    fits: Fits = _always


def _edit(change: Edit) -> Make:
    def make(original: Original, strength: str, rng: np.random.Generator) -> Copy:
        return saved_by_editor(original, change(original.image, strength, rng), rng)

    return make


def _is_jpeg(header: Header, _strength: str) -> bool:
    return header.format == "JPEG"


def _is_upright_jpeg(header: Header, _strength: str) -> bool:
    return header.format == "JPEG" and header.orientation == 1


def _stays_plain(header: Header, strength: str) -> bool:
    """Packing it without loss keeps its pixels, makes another file of it, and not too large a one."""
    another = header.format != strength.upper()
    return another and header.mode in {"RGB", "L"} and header.pixels <= 4 * MEGAPIXEL


def _is_another_format(header: Header, strength: str) -> bool:
    return not strength.upper().startswith(header.format) and header.pixels <= 8 * MEGAPIXEL


def _becomes_not_too_large(header: Header, _strength: str) -> bool:
    return header.pixels <= 3 * MEGAPIXEL


def _becomes_not_too_small(header: Header, strength: str) -> bool:
    return min(header.width, header.height) * float(strength) >= 96


def _is_oblong(header: Header, _strength: str) -> bool:
    return header.width != header.height


def _is_larger(header: Header, strength: str) -> bool:
    return max(header.width, header.height) > 1.2 * int(strength)


TRANSFORMATIONS: tuple[Transformation, ...] = (
    Transformation("same-bytes", ("copy",), makers.same_bytes),
    Transformation("metadata-stripped", ("all",), makers.metadata_stripped, _is_jpeg),
    Transformation("metadata-changed", ("software", "date", "xmp"), makers.metadata_changed, _is_jpeg),
    Transformation("lossless", ("png", "webp"), makers.packed_without_loss, _stays_plain),
    Transformation(
        "format",
        ("webp-q80", "webp-q60", "avif-q75", "avif-q60", "jpeg-q90", "jpeg-q75"),
        makers.repacked,
        _is_another_format,
    ),
    Transformation("recompress", ("95", "85", "70", "50", "30", "15"), makers.recompressed),
    Transformation("recompress-larger", ("98", "100"), makers.recompressed_larger),
    Transformation(
        "resize",
        ("0.75", "0.5", "0.25", "0.12"),
        _edit(lambda image, strength, _rng: geometry.scaled(image, float(strength))),
        _becomes_not_too_small,
    ),
    Transformation("thumbnail", ("480", "320", "200", "160"), makers.thumbnail, _is_larger),
    Transformation(
        "upscale",
        ("1.5", "2"),
        _edit(lambda image, strength, _rng: geometry.scaled(image, float(strength))),
        _becomes_not_too_large,
    ),
    Transformation(
        "crop",
        ("2", "5", "10", "15", "20"),
        _edit(lambda image, strength, rng: geometry.cropped(image, float(strength), rng)),
    ),
    Transformation(
        "straighten",
        ("-4", "-3", "-2", "-1", "1", "2", "3", "4"),
        _edit(lambda image, strength, _rng: geometry.straightened(image, float(strength))),
    ),
    Transformation(
        "rotate", ("90", "180", "270"), _edit(lambda image, strength, _rng: geometry.turned(image, strength))
    ),
    Transformation("rotate-flag", ("90", "180", "270"), makers.turned_by_flag, _is_upright_jpeg),
    Transformation(
        "mirror", ("horizontal", "vertical"), _edit(lambda image, strength, _rng: geometry.turned(image, strength))
    ),
    Transformation(
        "brightness",
        ("0.7", "0.85", "1.15", "1.3"),
        _edit(lambda image, strength, _rng: tones.brightness(image, float(strength))),
    ),
    Transformation(
        "exposure",
        ("-1", "-0.5", "0.5", "1"),
        _edit(lambda image, strength, _rng: tones.exposure(image, float(strength))),
    ),
    Transformation(
        "contrast",
        ("0.7", "0.85", "1.2", "1.4"),
        _edit(lambda image, strength, _rng: tones.contrast(image, float(strength))),
    ),
    Transformation(
        "gamma", ("0.6", "0.8", "1.25", "1.6"), _edit(lambda image, strength, _rng: tones.gamma(image, float(strength)))
    ),
    Transformation(
        "saturation",
        ("0.4", "0.7", "1.3", "1.7"),
        _edit(lambda image, strength, _rng: tones.saturation(image, float(strength))),
    ),
    Transformation(
        "white-balance",
        ("-0.3", "-0.15", "0.15", "0.3"),
        _edit(lambda image, strength, _rng: tones.white_balance(image, float(strength))),
    ),
    Transformation(
        "auto-levels", ("0", "1"), _edit(lambda image, strength, _rng: tones.auto_levels(image, float(strength)))
    ),
    Transformation(
        "shadows", ("0.3", "0.6", "1"), _edit(lambda image, strength, _rng: tones.shadows(image, float(strength)))
    ),
    Transformation(
        "black-and-white",
        ("plain", "red-filter", "strong"),
        _edit(lambda image, strength, _rng: tones.black_and_white(image, strength)),
    ),
    Transformation("sepia", ("0.5", "1"), _edit(lambda image, strength, _rng: tones.sepia(image, float(strength)))),
    Transformation(
        "filter", tuple(tones.FILTERS), _edit(lambda image, strength, _rng: tones.filtered(image, strength))
    ),
    Transformation(
        "vignette", ("0.3", "0.6"), _edit(lambda image, strength, _rng: tones.vignette(image, float(strength)))
    ),
    Transformation(
        "sharpen", ("50", "100", "200"), _edit(lambda image, strength, _rng: tones.sharpened(image, int(strength)))
    ),
    Transformation(
        "blur", ("0.7", "1.2", "2"), _edit(lambda image, strength, _rng: tones.blurred(image, float(strength)))
    ),
    Transformation(
        "denoise", ("4", "8", "12"), _edit(lambda image, strength, _rng: tones.denoised(image, float(strength)))
    ),
    Transformation(
        "grain", ("4", "8", "16"), _edit(lambda image, strength, rng: tones.grain(image, float(strength), rng))
    ),
    Transformation("caption", ("bottom", "band", "meme"), _edit(overlays.captioned)),
    Transformation("date-stamp", ("corner",), _edit(lambda image, _strength, rng: overlays.dated(image, rng))),
    Transformation("watermark", ("corner", "centre", "tiled"), _edit(overlays.watermarked)),
    Transformation(
        "sticker",
        ("1", "2", "4"),
        _edit(lambda image, strength, rng: overlays.stickered(image, int(strength), rng)),
    ),
    Transformation(
        "border",
        ("thin-white", "white", "black", "instant"),
        _edit(lambda image, strength, _rng: overlays.framed(image, strength)),
    ),
    Transformation(
        "square",
        ("white", "black", "blurred"),
        _edit(lambda image, strength, _rng: overlays.squared(image, strength)),
        _is_oblong,
    ),
    Transformation("messenger", tuple(makers.MESSENGERS), makers.through_messengers),
    Transformation(
        "messenger-chain",
        ("whatsapp-like+facebook-like", "telegram-like+whatsapp-like", "facebook-like+mail-small"),
        makers.through_messengers,
    ),
    Transformation("screenshot", ("gallery-black", "gallery-white", "feed", "sideways"), makers.screenshot),
    Transformation("combined", tuple(makers.COMBINATIONS), makers.combined),
)

BY_NAME = {transformation.name: transformation for transformation in TRANSFORMATIONS}
