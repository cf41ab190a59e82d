"""The quality map as colour on the grey photo: blue where it is good, orange where it is bad.

Blue and orange are told apart with any of the common colour blindnesses (Okabe and Ito, "Color Universal Design",
2008), and the middle has no colour, so that what is seen is what departs from it. The scale is the same for every
photo: an even colour is an even quality, not a lack of contrast.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

MARK = b"made by albumclean explain"  # in every map, so that a later run may write over it

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]  # left, top, right, bottom as shares of the picture's width and height

_GOOD = np.array([0, 114, 208], np.float32)
_BAD = np.array([240, 120, 0], np.float32)
_COVER = 0.85  # share of the colour where the quality is 0 or 1
_DARKEST, _BRIGHTEST = 24.0, 232.0  # of the grey photo: colour shows in black and in white too
_SMALLEST = 480  # pixels of the long side: the map of an icon can be looked at too
_SMALLEST_BOX = 3  # pixels: less would be a blot
_MARGIN, _BAR_HEIGHT, _FONT = 12, 14, 15  # pixels of the legend
_PAPER, _INK = (255, 255, 255), (32, 32, 32)


def ramp(quality: Floats) -> tuple[Floats, Floats]:
    """Any shape of qualities in [0, 1] -> colours (..., 3) in [0, 255], and what share of them to mix in (..., 1)."""
    quality = np.clip(quality, 0.0, 1.0)[..., None]
    # The root: most maps stay near the middle, and small departures should show.
    share = (_COVER * np.abs(2 * quality - 1) ** 0.7).astype(np.float32)
    return np.where(quality < 0.5, _BAD, _GOOD), share


def overlay(picture: Image.Image, quality_map: Floats) -> Image.Image:
    """The upright RGB picture in grey with the map (rows, columns) spread over it; each cell an equal share of it."""
    smooth = Image.fromarray(np.asarray(quality_map, np.float32)).resize(picture.size, Image.Resampling.BILINEAR)
    grey = np.asarray(picture.convert("L"), np.float32)[..., None] / 255
    colour, share = ramp(np.asarray(smooth))
    mixed = (_DARKEST + (_BRIGHTEST - _DARKEST) * grey) * (1 - share) + colour * share
    return Image.fromarray(mixed.round().astype(np.uint8))


def scale(steps: int) -> Bytes:
    """The legend's colours from quality 0 to 1 on middle grey: uint8 (steps, 3)."""
    colour, share = ramp(np.linspace(0, 1, steps, dtype=np.float32))
    mixed: Bytes = (128 * (1 - share) + colour * share).round().astype(np.uint8)
    return mixed


def png(picture: Image.Image, quality_map: Floats, boxes: Sequence[Box], caption: str) -> bytes:
    """The overlay with the boxes as thin rectangles and a legend below, as a PNG file that bears `MARK`."""
    if (long_side := max(picture.size)) < _SMALLEST:
        factor = _SMALLEST / long_side
        width, height = (max(1, round(side * factor)) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.BICUBIC)
    map_picture = overlay(picture, quality_map)
    _outline(map_picture, boxes)
    sheet = _with_legend(map_picture, caption, bool(boxes))
    notes = PngInfo()
    notes.add_text("Software", MARK.decode())
    file = io.BytesIO()
    sheet.save(file, "PNG", pnginfo=notes)
    return file.getvalue()


def _outline(picture: Image.Image, boxes: Sequence[Box]) -> None:
    draw = ImageDraw.Draw(picture)
    for left, top, right, bottom in boxes:
        edges = (
            round(left * picture.width),
            round(top * picture.height),
            round(right * picture.width) - 1,
            round(bottom * picture.height) - 1,
        )
        if edges[2] - edges[0] < _SMALLEST_BOX or edges[3] - edges[1] < _SMALLEST_BOX:
            continue
        draw.rectangle(edges, outline=(0, 0, 0))
        draw.rectangle((edges[0] + 1, edges[1] + 1, edges[2] - 1, edges[3] - 1), outline=(255, 255, 255))


def _with_legend(picture: Image.Image, caption: str, has_boxes: bool) -> Image.Image:
    font = ImageFont.load_default(_FONT)
    lines = [caption, "rectangles: seen at full resolution"] if has_boxes else [caption]
    text_width = max(round(font.getlength(line)) for line in (*lines, "0 bad" + 30 * " " + "1 good"))
    width = max(picture.width, text_width + 2 * _MARGIN)
    line_height = _FONT + 5
    legend = _BAR_HEIGHT + (1 + len(lines)) * line_height + 2 * _MARGIN
    sheet = Image.new("RGB", (width, picture.height + legend), _PAPER)
    sheet.paste(picture, ((width - picture.width) // 2, 0))
    draw = ImageDraw.Draw(sheet)
    top = picture.height + _MARGIN
    bar_width = min(width - 2 * _MARGIN, 360)
    bar = Image.fromarray(np.repeat(scale(bar_width)[None], _BAR_HEIGHT, axis=0))
    sheet.paste(bar, (_MARGIN, top))
    top += _BAR_HEIGHT + 3
    for place, anchor, label in ((0.0, "la", "0 bad"), (0.5, "ma", "0.5"), (1.0, "ra", "1 good")):
        draw.text((_MARGIN + place * bar_width, top), label, _INK, font, anchor=anchor)
    for number, line in enumerate(lines, 1):
        draw.text((_MARGIN, top + number * line_height), line, _INK, font)
    return sheet
