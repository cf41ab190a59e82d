"""Pictures that are made for training the kinds: pages and receipts as phones see them, screens, memes, paper photos.

What is public and licensed for it is scarce and one-sided: most documents are flat scans, and no screenshot shows
somebody's holiday. All randomness comes from the generator that the caller gives.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Rng = np.random.Generator
Pixels = npt.NDArray[np.uint8]

FONT_FOLDER: Final = Path("/usr/share/fonts/truetype")
SYLLABLES: Final = (
    *("la", "mi", "ter", "on", "sa", "re", "ko", "vin", "del", "ba", "tu", "no"),
    *("che", "par", "is", "em", "ul", "ga", "ry", "fo", "st", "an", "we", "il"),
)
SCREENS: Final = ((1080, 2340), (1170, 2532), (1080, 1920), (1440, 3120), (750, 1334), (1920, 1080), (1600, 2560))


def fonts() -> list[Path]:
    """The faces to write with, in a fixed order; symbols and emoji left out."""
    names = ("dejavu", "liberation", "open-sans", "roboto", "noto/NotoSans-", "noto/NotoSerif-")
    found = [path for path in FONT_FOLDER.rglob("*.ttf") if any(name in str(path) for name in names)]
    return sorted(path for path in found if "Math" not in path.name)


def words(rng: Rng, count: int) -> str:
    """A line of words that mean nothing."""
    made = ("".join(rng.choice(SYLLABLES, rng.integers(1, 5))) for _ in range(count))
    return " ".join(word.capitalize() if rng.random() < 0.15 else word for word in made)


def page(rng: Rng, faces: list[Path]) -> Image.Image:
    """A printed page, a form, a table, notes by hand or a receipt; ink on paper, seen straight on."""
    receipt = rng.random() < 0.35
    width = int(rng.integers(420, 620)) if receipt else int(rng.integers(900, 1300))
    height = int(width * (rng.uniform(1.4, 3.2) if receipt else rng.choice([1.414, 1.294, 0.72])))
    tint = (255 - rng.integers(0, 22), 255 - rng.integers(0, 26), 255 - rng.integers(0, 44))
    paper = Image.new("RGB", (width, height), tuple(int(value) for value in tint))
    draw = ImageDraw.Draw(paper)
    face = str(rng.choice(np.array([str(path) for path in faces])))
    size = int(rng.integers(16, 30))
    font, bold = ImageFont.truetype(face, size), ImageFont.truetype(face, int(size * rng.uniform(1.3, 2.4)))
    ink = tuple(int(value) for value in rng.integers(0, 90, 3))
    margin = int(width * rng.uniform(0.05, 0.13))
    style = "receipt" if receipt else str(rng.choice(["text", "columns", "table", "form", "notes"]))
    y = margin
    if style != "notes":
        draw.text((margin, y), words(rng, int(rng.integers(1, 4))), font=bold, fill=ink)
        y += int(size * 3.2)
    columns = 2 if style == "columns" else 1
    span = (width - 2 * margin) // columns
    for column in range(columns):
        left, at = margin + column * span, y
        while at < height - margin:
            _line(rng, draw, style, (left, at, left + span, int(size * 1.6)), font, ink)
            at += int(size * (1.5 if style != "notes" else 2.0) * (2 if rng.random() < 0.06 else 1))
    if style == "notes":
        for at in range(margin, height, int(size * 2.0)):
            draw.line((0, at + size, width, at + size), fill=(150, 180, 220), width=1)
    if rng.random() < 0.25:
        side = width // 5
        box = (width - margin - side, margin // 2, width - margin, margin // 2 + side // 2)
        draw.rectangle(box, fill=tuple(int(value) for value in rng.integers(0, 255, 3)))
    return paper


def _line(  # noqa: PLR0917 - what is drawn, where and how
    rng: Rng,
    draw: ImageDraw.ImageDraw,
    style: str,
    box: tuple[int, int, int, int],
    font: ImageFont.FreeTypeFont,
    ink: tuple[int, ...],
) -> None:
    left, top, right, pitch = box
    if style in {"receipt", "table"}:
        draw.text((left, top), words(rng, int(rng.integers(1, 4)))[:22], font=font, fill=ink)
        number = f"{rng.uniform(0, 300):.2f}"
        draw.text((right - draw.textlength(number, font=font), top), number, font=font, fill=ink)
        if style == "table":
            draw.line((left, top + pitch - 3, right, top + pitch - 3), fill=ink)
    elif style == "form":
        draw.text((left, top), words(rng, 2) + ":", font=font, fill=ink)
        draw.rectangle((left + (right - left) // 2, top, right, top + pitch - 6), outline=ink)
    elif style == "notes":
        handwriting(rng, draw, (left, top, int(left + (right - left) * rng.uniform(0.3, 1)), pitch), ink)
    else:
        text = words(rng, 14)
        while text and draw.textlength(text, font=font) > (right - left) * 0.96:
            text = text.rpartition(" ")[0]
        draw.text((left, top), text, font=font, fill=ink)


def handwriting(rng: Rng, draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], ink: tuple[int, ...]) -> None:
    """Wavy strokes that nobody can read; the box is left, top, right and the height of a line."""
    left, top, right, pitch = box
    x = float(left)
    while x < right:
        length = rng.uniform(30, 110)
        across = np.arange(x, min(x + length, right), 2.5)
        up = np.cumsum(rng.normal(0, pitch / 7, len(across)))
        up = np.clip(up - up.mean(), -pitch / 2.4, pitch / 2.4)
        points = [(float(at), float(top + pitch / 2 + rise)) for at, rise in zip(across, up, strict=True)]
        if len(points) > 1:
            draw.line(points, fill=ink, width=int(rng.integers(2, 4)))
        x += length + rng.uniform(8, 26)


def photographed(flat: Image.Image, ground: Image.Image, rng: Rng) -> Image.Image:
    """A page lying on something, seen by a phone: perspective, bent paper, shade, a shadow, blur and noise."""
    out_width, out_height = (1200, 1600) if rng.random() < 0.75 else (1600, 1200)
    ground = ground.resize((out_width, out_height)).filter(ImageFilter.GaussianBlur(float(rng.uniform(0.5, 6))))
    base = np.asarray(ground, np.float32) * rng.uniform(0.4, 0.9)
    pixels = np.asarray(flat, np.float32)
    height, width = pixels.shape[:2]
    along = np.linspace(0, np.pi * rng.uniform(0.5, 2), width)
    bend = rng.uniform(0, 0.02) * height * np.sin(along + rng.uniform(0, 6))
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    bent = rows + bend.astype(np.float32)
    bowed = cv2.remap(pixels, columns, bent, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    scale = rng.uniform(0.62, 1.25) * min(out_width / width, out_height / height)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32) * (width * scale / 2, height * scale / 2)
    angle = rng.normal(0, 0.12) if rng.random() < 0.8 else rng.uniform(-np.pi, np.pi)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = np.array([out_width, out_height]) * rng.uniform(0.44, 0.56, 2)
    corners = corners @ turn + middle + rng.normal(0, 0.03 * out_width, (4, 2))
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, corners.astype(np.float32))
    size = (out_width, out_height)
    laid = cv2.warpPerspective(bowed, matrix, size, flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.ones((height, width), np.float32), matrix, size)[..., None]
    shadow = cv2.GaussianBlur(np.roll(mask[..., 0], (14, 10), (0, 1)), (0, 0), 14)[..., None]
    picture = base * (1 - 0.55 * shadow) * (1 - mask) + laid * mask
    picture *= light(rng, out_height, out_width)
    picture *= rng.uniform(0.9, 1.08, 3)
    soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.6))), np.float64)
    noisy = soft + rng.normal(0, rng.uniform(0.5, 6), soft.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def light(rng: Rng, height: int, width: int) -> npt.NDArray[np.float32]:
    """(height, width, 1): a slope of light, and often the edge of somebody's shadow."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    slope = (columns / width - 0.5) * rng.uniform(-0.4, 0.4) + (rows / height - 0.5) * rng.uniform(-0.4, 0.4)
    shine = rng.uniform(0.55, 1.0) + slope
    if rng.random() < 0.4:
        edge = (columns - width * rng.uniform(0.2, 0.8)) * rng.uniform(-1, 1) + (rows - height * rng.uniform(0.2, 0.8))
        shine *= 1 - rng.uniform(0.15, 0.45) / (1 + np.exp((-edge / rng.uniform(10, 60)).clip(-60, 60)))
    return np.asarray(shine, np.float32)[..., None]


def scanned_page(flat: Image.Image, rng: Rng) -> Image.Image:
    """A page from a flat-bed scanner: slightly turned, off-white, perhaps grey or black and white."""
    turned = flat.rotate(float(rng.normal(0, 0.8)), Image.Resampling.BICUBIC, fillcolor=(250, 250, 248))
    grain = rng.normal(0, rng.uniform(0, 3), (*turned.size[::-1], 1))
    pixels = np.asarray(turned, np.float32) * rng.uniform(0.92, 1.0) + grain
    picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    if rng.random() < 0.4:
        grey = picture.convert("L")
        picture = (grey.point(lambda level: 255 * (level > 150)) if rng.random() < 0.4 else grey).convert("RGB")
    return picture


def screen(photo: Image.Image, rng: Rng, faces: list[Path]) -> Image.Image:
    """A phone or a desktop that shows a photo: a post, a chat, a page; bars with text above and below."""
    width, height = SCREENS[int(rng.integers(len(SCREENS)))]
    dark = rng.random() < 0.45
    ground, ink = ((18, 18, 20), (235, 235, 235)) if dark else ((252, 252, 252), (25, 25, 28))
    picture = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(picture)
    unit = max(width, height) // 64
    face = str(rng.choice(np.array([str(path) for path in faces])))
    font, small = ImageFont.truetype(face, unit), ImageFont.truetype(face, int(unit * 0.8))
    if height > width and rng.random() < 0.85:
        draw.text((unit, unit // 2), f"{rng.integers(0, 24)}:{rng.integers(10, 60)}", font=small, fill=ink)
        for number in range(4):
            left = width - unit * (number + 2)
            draw.rectangle((left, unit * 0.7, left + unit * 0.6, unit * 1.4), fill=ink)
    accent = tuple(int(value) for value in rng.integers(30, 230, 3))
    bar = ground if rng.random() < 0.5 else accent
    draw.rectangle((0, 2 * unit, width, 5 * unit), fill=bar)
    draw.text((unit * 3, unit * 3), words(rng, 2), font=font, fill=ink)
    shown = photo.copy()
    inset = int(rng.choice([0, unit, 3 * unit]))
    share = rng.uniform(0.25, 0.6)
    shown.thumbnail((width - 2 * inset, int(height * share)), Image.Resampling.LANCZOS)
    scale = (width - 2 * inset) / shown.width
    if height > width and scale > 1:
        shown = shown.resize((width - 2 * inset, int(shown.height * scale)), Image.Resampling.BICUBIC)
    top = 5 * unit + int(rng.choice([0, unit, 4 * unit]))
    picture.paste(shown, (inset, top))
    y = top + shown.height + unit
    while y < height - 4 * unit:
        face_colour = tuple(int(value) for value in rng.integers(40, 220, 3))
        draw.ellipse((unit, y, unit * 2.6, y + unit * 1.6), fill=face_colour)
        draw.text((unit * 3.4, y), words(rng, int(rng.integers(2, 9))), font=small, fill=ink)
        y += int(unit * rng.choice([1.4, 2.2, 3.0]))
    draw.rectangle((0, height - 3 * unit, width, height), fill=bar)
    for number in range(4):
        left = int(width * (number + 0.5) / 4)
        draw.rectangle((left, height - 2 * unit, left + unit, height - unit), outline=ink, width=2)
    return picture


def meme(photo: Image.Image, rng: Rng, faces: list[Path]) -> Image.Image:
    """Big letters on a photo, or on a white field above it."""
    picture = photo.copy()
    picture.thumbnail((900, 900))
    bold = [path for path in faces if "Bold" in path.name]
    size = max(picture.width // int(rng.integers(9, 16)), 12)
    font = ImageFont.truetype(str(bold[int(rng.integers(len(bold)))]), size)
    top, bottom = words(rng, int(rng.integers(2, 4))), words(rng, int(rng.integers(2, 4)))
    if rng.random() < 0.5:
        field = Image.new("RGB", (picture.width, picture.height + 3 * size), "white")
        field.paste(picture, (0, 3 * size))
        ImageDraw.Draw(field).multiline_text((size // 2, size // 3), f"{top}\n{bottom}", font=font, fill="black")
        return field
    draw = ImageDraw.Draw(picture)
    for y, text in ((size // 4, top), (picture.height - int(size * 1.5), bottom)):
        place, rim = (picture.width / 2, y), size // 12 + 1
        draw.text(place, text.upper(), font=font, fill="white", stroke_width=rim, stroke_fill="black", anchor="ma")
    return picture


def paper_photo(photo: Image.Image, rng: Rng) -> Image.Image:
    """A paper photo that was scanned: a white rim, faded dyes, dust, and the scanner's lid around it."""
    picture = photo.copy()
    picture.thumbnail((1400, 1400))
    grey = rng.random() < 0.3
    pixels = np.asarray(picture.convert("L").convert("RGB") if grey else picture, np.float32)
    fade = rng.uniform(0.55, 0.9)
    pixels = pixels * fade + 255 * (1 - fade) * rng.uniform(0.3, 0.8)
    pixels *= np.array([1.0, rng.uniform(0.86, 0.98), rng.uniform(0.7, 0.95)])
    pixels += rng.normal(0, rng.uniform(1, 6), pixels.shape)
    specks = rng.random(pixels.shape[:2]) < 0.0004
    pixels[cv2.dilate(specks.astype(np.uint8), np.ones((2, 2), np.uint8)) > 0] = 245
    paper = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    rim = int(min(paper.size) * rng.uniform(0.02, 0.08))
    framed = Image.new("RGB", (paper.width + 2 * rim, paper.height + 2 * rim), (240, 236, 226))
    framed.paste(paper, (rim, rim))
    lid = int(min(paper.size) * rng.uniform(0, 0.12))
    bed = Image.new("RGB", (framed.width + 2 * lid, framed.height + 2 * lid), (248, 248, 247))
    bed.paste(framed, (lid, lid))
    return bed.rotate(float(rng.normal(0, 1.2)), Image.Resampling.BICUBIC, fillcolor=(248, 248, 247))


def forwarded(picture: Image.Image, rng: Rng) -> Image.Image:
    """As a messenger sends it: scaled down, and JPEG at a modest quality."""
    scale = min(1.0, rng.uniform(500, 1700) / max(picture.size))
    size = max(int(picture.width * scale), 1), max(int(picture.height * scale), 1)
    buffer = io.BytesIO()
    picture.resize(size, Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=int(rng.integers(35, 92)))
    return Image.open(buffer).convert("RGB")


def cropped(picture: Image.Image, rng: Rng) -> Image.Image:
    """A part of it, as people cut a screenshot down to what they mean."""
    width, height = (int(side * rng.uniform(0.45, 1.0)) for side in picture.size)
    left, top = int(rng.integers(picture.width - width + 1)), int(rng.integers(picture.height - height + 1))
    return picture.crop((left, top, left + max(width, 1), top + max(height, 1)))


def noir(picture: Image.Image, rng: Rng) -> Image.Image:
    """A photo in black and white, perhaps with hard contrast."""
    grey = picture.convert("L")
    factor = rng.uniform(0.8, 1.7)
    grey = grey.point([int(min(max((level - 128) * factor + 128, 0), 255)) for level in range(256)])
    return grey.convert("RGB")
