"""Shapes as SVG text, as a PNG, and dots as braille for a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterable
from html import escape
from typing import Final

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from albumclean.evaluation.scatter import HEIGHT, WIDTH, Dot, Label, Line, Shape
from albumclean.evaluation.weighted import Floats
from albumclean.words import shown

MARK: Final = b"made by albumclean eval"  # near the beginning of every plot, so that a later run may write over it
_OPACITY: Final = 0.5
_SCALE: Final = 2  # pixels of the PNG for one of the plot
_ANCHORS: Final = {"start": "lm", "middle": "mm", "end": "rm"}  # Pillow's names
_BRAILLE: Final = 0x2800
_BITS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a cell, by row and column of its dots


def svg(shapes: Iterable[Shape]) -> bytes:
    """One self-contained SVG 1.1 document in UTF-8."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="Helvetica, Arial, sans-serif">',
        f"<!-- {MARK.decode()} -->",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *map(_svg, shapes),
        "</svg>",
    ]
    return ("\n".join(lines) + "\n").encode()


def png(shapes: Iterable[Shape]) -> bytes:
    """The same as a PNG of twice the size in pixels."""
    canvas = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), "white")
    for shape in shapes:
        _paint(canvas, shape)
    notes = PngInfo()
    notes.add_text("Software", MARK.decode())
    file = io.BytesIO()
    canvas.save(file, "PNG", pnginfo=notes)
    return file.getvalue()


def braille(x: Floats, y: Floats, columns: int = 48, rows: int = 12) -> list[str]:
    """Dots (n,) in a box of characters, two dots wide and four high each; the smallest `x` left, the largest `y` above.

    More than one photo in a place is one dot.
    """
    dots = np.zeros((rows * 4, columns * 2), dtype=bool)
    dots[rows * 4 - 1 - _steps(y, rows * 4), _steps(x, columns * 2)] = True
    cells = dots.reshape(rows, 4, columns, 2)
    codes = np.einsum("rikj,ij->rk", cells.astype(int), np.array(_BITS))
    return ["".join(chr(_BRAILLE + int(code)) for code in row) for row in codes]


def _steps(values: Floats, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    low, high = values.min(), values.max()
    share = (values - low) / (high - low) if high > low else np.full_like(values, 0.5)
    return np.minimum((share * count).astype(np.int64), count - 1)


def _svg(shape: Shape) -> str:
    match shape:
        case Line(points, colour, width):
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}"/>'
        case Dot(x, y, colour, radius):
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{colour}" fill-opacity="{_OPACITY:g}"/>'
        case Label(x, y, text, size, anchor, colour, upright):
            turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if upright else ""
            return (
                f'<text x="{x:.1f}" y="{y:.1f}" dy="0.35em" font-size="{size}" text-anchor="{anchor}"'
                f' fill="{colour}"{turn}>{escape(shown(text))}</text>'
            )


def _paint(canvas: Image.Image, shape: Shape) -> None:
    # A drawing in RGBA mode on an RGB picture blends what is see-through.
    draw = ImageDraw.Draw(canvas, "RGBA")
    match shape:
        case Line(points, colour, width):
            draw.line([(x * _SCALE, y * _SCALE) for x, y in points], colour, round(width * _SCALE), joint="curve")
        case Dot(x, y, colour, radius):
            fill = (*ImageColor.getrgb(colour)[:3], round(255 * _OPACITY))
            draw.circle((x * _SCALE, y * _SCALE), radius * _SCALE, fill)
        case Label(x, y, text, size, anchor, colour, upright):
            font = ImageFont.load_default(size * _SCALE)
            if not upright:
                draw.text((x * _SCALE, y * _SCALE), shown(text), colour, font, anchor=_ANCHORS[anchor])
                return
            left, top, right, bottom = (round(edge) for edge in draw.textbbox((0, 0), shown(text), font))
            ink = Image.new("L", (right, bottom), 0)
            ImageDraw.Draw(ink).text((0, 0), shown(text), 255, font)
            ink = ink.crop((left, top, right, bottom)).transpose(Image.Transpose.ROTATE_90)
            corner = (round(x * _SCALE - ink.width / 2), round(y * _SCALE - ink.height / 2))
            canvas.paste(colour, (*corner, corner[0] + ink.width, corner[1] + ink.height), ink)
