"""Compression: codecs at low rates, enlarged small pictures, and what messengers do."""

from __future__ import annotations

import io
import math
from functools import cache

import numpy as np
from PIL import Image

from albumclean.distortions.severity import Ramp, size_scale

# JPEG: the quantisation in percent of the standard tables; 35 is libjpeg's quality 82, 1600 its quality 3.
QUANTISATION = Ramp(harmless=16.0, visible=35.0, ruined=1600.0)
RATIO = Ramp(harmless=4.0, visible=14.0, ruined=400.0)  # JPEG 2000: 24 bits a pixel over the bits that are left
_MOST_LOST = 0.995  # pixelate: share of the pixels that are lost at severity 1, where squares are 14 pixels a side
LONG_SIDE = Ramp(harmless=2048.0, visible=1600.0, ruined=320.0)  # messenger: pixels
RESENT = Ramp(harmless=16.0, visible=40.0, ruined=1000.0)  # messenger: as QUANTISATION

_BEST_QUALITY = 85  # WebP and AVIF at the least severity
_WEBP_LOWEST_AT = 0.55  # severity at which no lower quality is left: where JPEG looks about as bad
_AVIF_LOWEST_AT = 0.75
_SMALLEST_SHARE = 0.28  # of the picture's size that WebP and AVIF code at severity 1


def jpeg(image: Image.Image, quantisation: float) -> Image.Image:
    """JPEG with the standard's tables times `quantisation` percent, colour at half the resolution as phones do.

    What libjpeg does at the quality that `quantisation_of` belongs to, but without that scale's coarse steps.
    """
    tables = [[min(255, max(1, round(entry * quantisation / 100))) for entry in table] for table in _standard_tables()]
    return _coded(image, "JPEG", qtables=tables, subsampling="4:2:0")


def jpeg2000(image: Image.Image, ratio: float) -> Image.Image:
    """JPEG 2000 with the irreversible wavelet at a compression ratio."""
    levels = min(6, min(image.size).bit_length())
    return _coded(
        image, "JPEG2000", quality_mode="rates", quality_layers=[ratio], irreversible=True, num_resolutions=levels
    )


def webp(image: Image.Image, quality: int) -> Image.Image:
    """Lossy WebP at quality 0 to 100."""
    return _coded(image, "WEBP", quality=quality, method=2)


def avif(image: Image.Image, quality: int) -> Image.Image:
    """AVIF at quality 0 to 100, by the fastest setting of the encoder and one thread (the same bytes everywhere)."""
    return _coded(image, "AVIF", quality=quality, speed=10, max_threads=1)


def pixelate(image: Image.Image, cell: float, *, picked: bool = False) -> Image.Image:
    """Squares of about `cell` pixels a side, each in the mean colour of its place.

    `picked`: in the colour of one of its pixels, as KADID-10k does; then a larger cell can lie nearer to the picture.
    """
    small = (max(1, round(image.width / cell)), max(1, round(image.height / cell)))
    nearest = Image.Resampling.NEAREST
    return image.resize(small, nearest if picked else Image.Resampling.BOX).resize(image.size, nearest)


def messenger(
    image: Image.Image, long_side: float, quantisation: float, grid: tuple[int, int], again: bool
) -> Image.Image:
    """Scaled down to a long side, saved as JPEG, shown at the old size; `again`: sent on once more.

    The second time the picture lies `grid` pixels (right, down) off the first one's blocks, as after a crop.
    """
    shrink = min(1.0, long_side / max(image.size))
    sent = jpeg(_scaled(image, shrink), quantisation)
    if again:
        right, down = grid
        shifted = sent.transform(
            (sent.width + right, sent.height + down), Image.Transform.AFFINE, (1, 0, -right, 0, 1, -down)
        )
        shifted.paste(sent.resize((sent.width, down), box=(0, 0, sent.width, 1)), (right, 0))
        shifted.paste(shifted.resize((right, shifted.height), box=(right, 0, right + 1, shifted.height)), (0, 0))
        sent = jpeg(shifted, quantisation).crop((right, down, *shifted.size))
    return sent if sent.size == image.size else sent.resize(image.size, Image.Resampling.BICUBIC)


def quantisation_of(quality: int) -> float:
    """The quantisation in percent of the standard tables for libjpeg's quality; 0 counts as 1, as in libjpeg."""
    quality = max(1, quality)
    return 5000 // quality if quality < 50 else 200 - 2 * quality


@cache
def _standard_tables() -> tuple[tuple[int, ...], ...]:
    """The tables of Annex K of the JPEG standard (brightness, colour): libjpeg's at quality 50."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "JPEG", quality=50)
    with Image.open(buffer) as picture:
        tables: dict[int, list[int]] = picture.quantization  # type: ignore[attr-defined]
        return tuple(tuple(tables[index]) for index in (0, 1))


def _coded(image: Image.Image, codec: str, **settings: object) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, codec, **settings)
    with Image.open(buffer) as decoded:
        return decoded.convert("RGB")


def _scaled(image: Image.Image, share: float) -> Image.Image:
    size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
    return image if size == image.size else image.resize(size, Image.Resampling.BICUBIC)


def _modern(severity: float, lowest_at: float) -> tuple[int, float]:
    """(quality, share of the size that is coded) for WebP and AVIF.

    At quality 0 (severity `lowest_at`) they still look better than JPEG's worst; from there on the picture is coded
    ever smaller, as previews are, so that a severity means about the same harm for every codec.
    """
    if severity <= lowest_at:
        return round(_BEST_QUALITY * (1 - severity / lowest_at)), 1.0
    beyond = (severity - lowest_at) / (1 - lowest_at)
    return 0, _SMALLEST_SHARE**beyond


def cell_at(severity: float) -> float:
    """Pixels a side of the squares at a short side of 512.

    The severity is the share of the pixels that are lost. By that the levels of KADID-10k, which its authors chose so
    that what people see falls evenly, are nearly even steps; by ratios of the squares' sides the last is three of them.
    """
    return 1 / math.sqrt(1 - _MOST_LOST * severity)


def severity_of_cell(cell: float) -> float:
    """The severity in [0, 1] that has squares of `cell` pixels a side."""
    return min(1.0, (1 - cell**-2) / _MOST_LOST)


def jpeg_by_severity(image: Image.Image, severity: float, _rng: np.random.Generator) -> Image.Image:
    """See `jpeg` and `QUANTISATION`."""
    return jpeg(image, QUANTISATION.at(severity))


def jpeg2000_by_severity(image: Image.Image, severity: float, _rng: np.random.Generator) -> Image.Image:
    """See `jpeg2000` and `RATIO`."""
    return jpeg2000(image, RATIO.at(severity))


def pixelate_by_severity(image: Image.Image, severity: float, _rng: np.random.Generator) -> Image.Image:
    """See `pixelate` and `cell_at`."""
    return pixelate(image, 1 + (cell_at(severity) - 1) * size_scale(*image.size))


def webp_by_severity(image: Image.Image, severity: float, _rng: np.random.Generator) -> Image.Image:
    """See `webp`."""
    quality, share = _modern(severity, _WEBP_LOWEST_AT)
    return _enlarged(webp(_scaled(image, share), quality), image)


def avif_by_severity(image: Image.Image, severity: float, _rng: np.random.Generator) -> Image.Image:
    """See `avif`."""
    quality, share = _modern(severity, _AVIF_LOWEST_AT)
    return _enlarged(avif(_scaled(image, share), quality), image)


def _enlarged(coded: Image.Image, original: Image.Image) -> Image.Image:
    return coded if coded.size == original.size else coded.resize(original.size, Image.Resampling.BICUBIC)


def messenger_by_severity(image: Image.Image, severity: float, rng: np.random.Generator) -> Image.Image:
    """See `messenger`, `LONG_SIDE` and `RESENT`; whether it is sent twice, and how far off, is drawn."""
    right, down = (int(step) for step in rng.integers(1, 8, 2))
    again = bool(rng.random() < 0.5)
    return messenger(image, LONG_SIDE.at(severity), RESENT.at(severity), (right, down), again)
