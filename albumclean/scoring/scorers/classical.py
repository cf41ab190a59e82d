"""First degradation readings by classical image processing: severities from 0 (none) to 1 (ruined), numpy only.

Sources
- blur: Crete et al. 2007, "The blur effect: perception and estimation with a new no-reference perceptual blur
  metric", doi:10.1117/12.702790; here tile by tile, so that one sharp subject is enough (bokeh is not blur).
- noise: Immerkaer 1996, "Fast noise variance estimation", doi:10.1006/cviu.1996.0060; here on the flattest tiles.
- compression: the JPEG tables against those of ITU-T T.81 Annex K as the IJG library scales them; and the steps at
  the borders of 8 x 8 blocks (as in Wang, Sheikh and Bovik 2002, doi:10.1109/ICIP.2002.1038064), which stay when a
  poor JPEG is saved again as a good one.
- exposure: shares and percentiles of luma.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from albumclean.domain import ScorerSpec

Floats = npt.NDArray[np.float32]

SPEC: Final = ScorerSpec(
    name="classical",
    revision="1",
    quantities=("blur", "noise", "compression", "underexposure", "overexposure"),
    value_range=(0.0, 1.0),
    higher_is_better=False,
    licence="Apache-2.0",
    summary="Blur, noise, compression and exposure by classical image processing",
    input=None,
    min_short_side=720,
)

_VIEW = 720  # blur and noise are judged at this short side: what a screen shows, whatever the camera's resolution
_TILE = 48
_BLOCK_AREA = 512

# The severity curves: (value of no harm, value of ruin), straight between. Set on photos that were harmed by known
# amounts; the tests hold that more harm gives more severity.
_BLUR = (0.45, 0.90)  # Crete's measure of the sharpest tiles
_SHARPEST_SHARE = 0.10
_NOISE = (1.5, 14.0)  # standard deviation in 8-bit steps
_FLATTEST_SHARE = 0.10
_TABLE_SCALE = (0.3, 5.0)  # the IJG's scale, by its logarithm: quality 85 and 10
_BLOCK_STEP = (1.5, 4.5)  # by its logarithm: photos without a grid measure 1.00 to 1.02, quality 75 about 1.5
_NIGHT = 0.35  # the most that darkness alone costs when the picture has bright parts: night is dark on purpose

# ITU-T T.81, table K.1, row by row
_STANDARD_LUMA = (
    *(16, 11, 10, 16, 24, 40, 51, 61),
    *(12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56),
    *(14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77),
    *(24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101),
    *(72, 92, 95, 98, 112, 100, 103, 99),
)


def measure(
    image: Image.Image, quantisation: tuple[tuple[int, ...], ...] | None = None, reduction: int = 1
) -> tuple[float, ...]:
    """The severities of `SPEC.quantities`, each in [0, 1].

    image: upright sRGB, mode RGB, at the working size. quantisation: the file's JPEG tables, 64 steps each in row
    order, luma first, None for other formats. reduction: by how much the frame is smaller than the photo; the
    artefacts of compression shrink with it.
    """
    grey = image.convert("L")  # ITU-R BT.601
    luma = np.asarray(_viewed(grey), np.float32)
    sigma = noise_sigma(luma)
    compression = _ramp(table_scale(quantisation), *_TABLE_SCALE, logarithmic=True) / math.sqrt(reduction)
    if reduction == 1:  # else the grid of blocks is no longer one of 8 pixels
        step = block_step(np.asarray(_middle(grey), np.float32))
        compression = max(compression, _ramp(step, *_BLOCK_STEP, logarithmic=True))
    return (
        _ramp(blur_of_sharpest(luma, sigma), *_BLUR),
        _ramp(sigma, *_NOISE),
        compression,
        underexposure(luma),
        overexposure(np.asarray(image), luma),
    )


def blur_of_sharpest(luma: Floats, sigma: float = 0.0) -> float:
    """Crete's blur, in [0, 1], of the sharpest tenth of the tiles that have edges; 0 where there is no edge at all.

    luma: (height, width) in [0, 255]. sigma: the noise, whose differences would pass for sharp edges.
    """
    smooth = _binomial(luma)
    if min(smooth.shape) < 2 * _TILE:
        return 0.0
    height, width = smooth.shape[0] - 9, smooth.shape[1] - 9
    # Neighbours before and after a blur of 9 pixels; the difference of two box means telescopes to one term.
    across = _lost_edges(
        smooth[:height, 5:-4] - smooth[:height, 4:-5], smooth[:height, 9:] - smooth[:height, :-9], sigma
    )
    down = _lost_edges(smooth[5:-4, :width] - smooth[4:-5, :width], smooth[9:, :width] - smooth[:-9, :width], sigma)
    total, lost = np.stack([across[0], down[0]]), np.stack([across[1], down[1]])
    enough = total > max(0.1, 0.2 * float(np.quantile(total, 0.95)))
    if not enough.any():
        return 0.0
    blur = np.where(enough, 1.0 - lost / np.maximum(total, 1e-6), 0.0).max(axis=0)  # motion blurs one direction
    return float(np.quantile(blur[enough.any(axis=0)], _SHARPEST_SHARE))


def noise_sigma(luma: Floats) -> float:
    """Standard deviation of the noise in 8-bit steps, from the flattest tiles that are neither black nor white."""
    rows = luma[:-2] - 2 * luma[1:-1] + luma[2:]
    response = np.abs(rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:])
    if min(response.shape) < _TILE:
        return 0.0
    sigma = _tile_means(response) * np.sqrt(np.pi / 2) / 6
    brightness = _tile_means(luma[1:-1, 1:-1])
    usable = sigma[(brightness > 10) & (brightness < 245)]  # clipping hides noise
    return float(np.quantile(usable, _FLATTEST_SHARE)) if usable.size else 0.0


def table_scale(quantisation: tuple[tuple[int, ...], ...] | None) -> float:
    """How coarse a JPEG's luma steps are: 1 at the IJG's quality 50, 0.5 at 75, 0.2 at 90; 0 for other formats."""
    if not quantisation or not quantisation[0]:
        return 0.0
    pairs = zip(quantisation[0], _STANDARD_LUMA, strict=False)
    low = [(found, standard) for found, standard in pairs if standard <= 40]  # the others are cut at 255 too soon
    return sum(found for found, _ in low) / sum(standard for _, standard in low)


def block_step(luma: Floats) -> float:
    """How much larger the steps at block borders are than elsewhere; 1 for none. The grid's offset may be any."""
    if min(luma.shape) < 2 * _TILE:
        return 1.0
    ratios = []
    for plane in (luma, luma.T):
        first = plane[:, 1:] - plane[:, :-1]
        step = np.abs(2 * first[:, 1:-1] - first[:, :-2] - first[:, 2:])  # more than its neighbours' trend explains
        columns = np.minimum(step, 16.0).mean(axis=0)  # real edges don't outvote the many small steps
        phases = np.array([columns[phase::8].mean() for phase in range(8)])
        ratios.append(float(phases.max() / max(float(np.median(phases)), 0.05)))
    return min(ratios)  # a grid has both directions; a fence has one


def underexposure(luma: Floats) -> float:
    """Dark in the middle of the histogram and without bright parts."""
    middle, bright = (float(value) / 255 for value in np.quantile(luma[::4, ::4], (0.5, 0.98)))
    return _ramp(-middle, -0.35, -0.06) * (_NIGHT + (1 - _NIGHT) * _ramp(-bright, -0.75, -0.2))


def overexposure(pixels: npt.NDArray[np.uint8], luma: Floats) -> float:
    """Clipped to white over much of the picture, or washed out without any shadow."""
    red, green, blue = np.moveaxis(pixels[::3, ::3], 2, 0)
    clipped = float((np.minimum(np.minimum(red, green), blue) >= 250).mean())
    dark, middle = (float(value) / 255 for value in np.quantile(luma[::4, ::4], (0.05, 0.5)))
    washed_out = _ramp(dark, 0.3, 0.85) * _ramp(middle, 0.6, 0.95)
    return 1 - (1 - _ramp(clipped, 0.02, 0.7)) * (1 - washed_out)


def _viewed(image: Image.Image) -> Image.Image:
    short = min(image.size)
    if short <= _VIEW:
        return image
    size = round(image.width * _VIEW / short), round(image.height * _VIEW / short)
    return image.resize(size, Image.Resampling.BILINEAR)


def _lost_edges(before: Floats, after: Floats, sigma: float) -> tuple[Floats, Floats]:
    """Per tile, the mean difference of neighbours and how much of it a blur takes away (Crete's D and V).

    `before` and `after` are overwritten. About twice the deviation that the noise gives them does not count.
    """
    after /= np.float32(9.0)
    for plane, floor in ((before, sigma), (after, sigma / 3)):
        np.abs(plane, out=plane)
        np.subtract(plane, np.float32(floor), out=plane)
        np.maximum(plane, 0.0, out=plane)
    total = _tile_means(before)
    before -= after
    return total, _tile_means(np.maximum(before, 0.0, out=before))


def _middle(image: Image.Image) -> Image.Image:
    """At most `_BLOCK_AREA` pixels a side: a grid is everywhere, and this is enough to see it."""
    left, top = (max(0, (side - _BLOCK_AREA) // 2) for side in image.size)
    return image.crop((left, top, min(image.width, left + _BLOCK_AREA), min(image.height, top + _BLOCK_AREA)))


def _binomial(luma: Floats) -> Floats:
    """1-2-1 in both directions: rounding to 8 bits must not look like edges."""
    down = luma[:-2] + 2 * luma[1:-1] + luma[2:]
    smooth: Floats = (down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]) / np.float32(16.0)
    return smooth


def _tile_means(plane: Floats) -> Floats:
    rows, columns = plane.shape[0] // _TILE, plane.shape[1] // _TILE
    tiles = plane[: rows * _TILE, : columns * _TILE].reshape(rows, _TILE, columns, _TILE)
    means: Floats = tiles.mean(axis=(1, 3), dtype=np.float32)
    return means


def _ramp(value: float, none: float, ruin: float, *, logarithmic: bool = False) -> float:
    """0 up to `none`, 1 from `ruin` on, straight between (in the logarithm where asked)."""
    if logarithmic:
        value, none, ruin = (math.log(max(number, 1e-6)) for number in (value, none, ruin))
    return min(max((value - none) / (ruin - none), 0.0), 1.0)
