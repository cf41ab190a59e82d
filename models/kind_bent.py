"""Papers that public collections hardly have, made for training the kinds: what is not flat, or not all text.

Cross-validation had shown that folded and curved pages, pages full of pictures, squared paper and whiteboards are
missed; cards are like them. All randomness comes from the generator that the caller gives.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from models.kind_made import Rng, handwriting, light, words

Floats = npt.NDArray[np.float32]
Colour = tuple[int, int, int]


def _colour(rng: Rng, low: int, high: int) -> Colour:
    red, green, blue = (int(value) for value in rng.integers(low, high, 3))
    return red, green, blue


def _cut(photo: Image.Image, width: int, height: int, rng: Rng) -> Image.Image:
    """A part of the photo, of this size."""
    scale = max(width / photo.width, height / photo.height) * rng.uniform(1.0, 1.6)
    larger = photo.resize((int(photo.width * scale) + 1, int(photo.height * scale) + 1))
    left, top = int(rng.integers(larger.width - width + 1)), int(rng.integers(larger.height - height + 1))
    return larger.crop((left, top, left + width, top + height))


def _text(  # noqa: PLR0917 - what is drawn, where and how
    rng: Rng, draw: ImageDraw.ImageDraw, left: int, top: int, right: int, bottom: int, face: str, size: int, ink: Colour
) -> None:
    font = ImageFont.truetype(face, size)
    for y in range(top, bottom - size, int(size * 1.35)):
        text = words(rng, 14)
        while text and draw.textlength(text, font=font) > right - left:
            text = text.rpartition(" ")[0]
        draw.text((left, y), text, font=font, fill=ink)


def magazine(photo: Image.Image, rng: Rng, faces: list[Path]) -> Image.Image:
    """A page of a magazine or a leaflet: columns and cells, in them text or parts of the photo, on coloured ground."""
    width, height = 1000, int(1000 * rng.choice([1.414, 1.294, 1.25, 0.72]))
    paper = Image.new("RGB", (width, height), _colour(rng, 236, 256))
    draw = ImageDraw.Draw(paper)
    face = str(rng.choice(np.array([str(path) for path in faces])))
    margin, gap = int(rng.integers(20, 70)), int(rng.integers(8, 30))
    accent = _colour(rng, 10, 210)
    top = margin
    if rng.random() < 0.75:  # a headline, perhaps on a photo or on a bar
        tall = int(height * rng.uniform(0.07, 0.35))
        if rng.random() < 0.5:
            paper.paste(_cut(photo, width, tall, rng), (0, 0))
        elif rng.random() < 0.5:
            draw.rectangle((0, 0, width, tall), fill=accent)
        size = int(rng.integers(36, 80))
        ink = (255, 255, 255) if rng.random() < 0.5 else accent
        draw.text((margin, max(tall - 2 * size, 10)), words(rng, 3)[:24], font=ImageFont.truetype(face, size), fill=ink)
        top = tall + gap
    columns, rows = int(rng.integers(1, 5)), int(rng.integers(1, 6))
    wide, tall = (width - 2 * margin) // columns, (height - top - margin) // rows
    pictured = rng.uniform(0.1, 0.75)
    for cell in range(columns * rows):
        left, upper = margin + cell % columns * wide, top + cell // columns * tall
        right, lower = left + wide - gap, upper + tall - gap
        if min(right - left, lower - upper) < 40:
            continue
        ink = _colour(rng, 0, 70)
        if rng.random() < 0.2:
            draw.rectangle((left - gap // 2, upper - gap // 2, right + gap // 2, lower + gap // 2), fill=accent)
            ink = (250, 250, 250)
        if rng.random() < pictured:
            share = rng.uniform(0.4, 0.9)
            paper.paste(_cut(photo, right - left, int((lower - upper) * share), rng), (left, upper))
            upper += int((lower - upper) * share) + 4
        _text(rng, draw, left, upper, right, lower, face, int(rng.integers(13, 24)), ink)
    return paper


def squared(rng: Rng) -> Image.Image:
    """Notes and sketches by hand, on squared, dotted or plain paper, in pencil, ink or a marker."""
    width, height = (1000, int(1000 * rng.uniform(1.2, 1.5)))
    if rng.random() < 0.3:
        width, height = height, width
    paper = Image.new("RGB", (width, height), _colour(rng, 225, 256))
    draw = ImageDraw.Draw(paper)
    pitch, ground = int(rng.integers(18, 44)), str(rng.choice(["squares", "squares", "dots", "plain"]))
    pale = _colour(rng, 150, 225)
    for at in range(0, max(width, height), pitch):
        if ground == "squares":
            draw.line((at, 0, at, height), fill=pale)
            draw.line((0, at, width, at), fill=pale)
        elif ground == "dots":
            for across in range(0, width, pitch):
                draw.point((across, at), fill=pale)
    ink = _colour(rng, 20, 140) if rng.random() < 0.5 else (30, 40, int(rng.integers(60, 190)))
    y = int(rng.integers(10, height // 4))
    while y < height * rng.uniform(0.3, 1.2) and y < height - 60:
        high = int(pitch * rng.uniform(1, 2.2))
        if rng.random() < 0.2:
            figure(rng, draw, (int(rng.integers(40, width // 2)), y, int(rng.integers(120, 400))), ink, 3)
            y += 3 * high
        else:
            handwriting(rng, draw, (int(rng.integers(20, 120)), y, int(width * rng.uniform(0.3, 0.98)), high), ink)
        y += int(high * rng.uniform(1, 1.5))
    return paper


def figure(rng: Rng, draw: ImageDraw.ImageDraw, box: tuple[int, int, int], ink: Colour, thick: int) -> None:
    """A box, a ring, an arrow or a curve; the box is left, top and width."""
    left, top, wide = box
    right, bottom = left + wide, top + int(wide * rng.uniform(0.3, 0.8))
    shape = str(rng.choice(["box", "ring", "arrow", "curve"]))
    if shape == "box":
        draw.rectangle((left, top, right, bottom), outline=ink, width=thick)
    elif shape == "ring":
        draw.ellipse((left, top, right, bottom), outline=ink, width=thick)
    elif shape == "arrow":
        draw.line((left, top, right, bottom), fill=ink, width=thick)
        draw.line((right, bottom, right - 18, bottom - 22), fill=ink, width=thick)
        draw.line((right, bottom, right - 26, bottom - 4), fill=ink, width=thick)
    else:
        across = np.linspace(0, 1, 30)
        up = np.sin(across * rng.uniform(2, 9)) * (bottom - top) / 2 + (top + bottom) / 2
        points = [(float(left + at * wide), float(y)) for at, y in zip(across, up, strict=True)]
        draw.line(points, fill=ink, width=thick)


def board(rng: Rng) -> Image.Image:
    """A whiteboard seen straight on: marker in a few colours, boxes, arrows, wiped-off strokes, mirrored lamps."""
    width, height = 1500, int(rng.integers(850, 1200))
    picture = Image.new("RGB", (width, height), _colour(rng, 215, 250))
    draw = ImageDraw.Draw(picture)
    inks = [(20, 20, 25), (30, 50, 170), (190, 30, 40), (20, 130, 70)][: int(rng.integers(1, 5))]
    thick = int(rng.integers(4, 9))
    for _ in range(int(rng.integers(4, 22))):
        ink = inks[int(rng.integers(len(inks)))]
        left, top = int(rng.integers(20, width - 300)), int(rng.integers(20, height - 160))
        if rng.random() < 0.5:
            figure(rng, draw, (left, top, int(rng.integers(120, 380))), ink, thick)
        for line in range(int(rng.integers(1, 4))):
            right, high = left + int(rng.integers(120, 560)), int(rng.integers(36, 70))
            handwriting(rng, draw, (left + 14, top + 10 + line * high, min(right, width - 10), high), ink)
    pixels = np.asarray(picture, np.float32)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    for _ in range(int(rng.integers(0, 3))):
        x, y, wide = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(40, 260)
        shine = np.exp(-((columns - x) ** 2 + ((rows - y) * rng.uniform(0.5, 3)) ** 2) / (2 * wide**2))
        pixels = pixels + (255 - pixels) * (shine * rng.uniform(0.3, 1.0))[..., None]
    frame = int(rng.integers(0, 22))
    framed = cv2.copyMakeBorder(
        pixels.astype(np.uint8), frame, frame, frame, frame, cv2.BORDER_CONSTANT, value=_colour(rng, 60, 200)
    )
    return Image.fromarray(framed)


def card(photo: Image.Image, rng: Rng, faces: list[Path]) -> Image.Image:
    """An identity card, a licence or the page of a passport: a small picture, fields, perhaps lines for machines."""
    width, height = 1000, int(1000 / rng.choice([1.586, 1.42, 1.586]))
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    tint, other = (np.array(_colour(rng, 170, 250), np.float32) for _ in range(2))
    share = (0.5 + 0.5 * np.sin(rows / rng.uniform(30, 400) + columns / rng.uniform(60, 600)))[..., None]
    pixels = tint * share + other * (1 - share)
    lines = np.sin(rows * rng.uniform(0.2, 0.9) + 8 * np.sin(columns / rng.uniform(20, 120)))[..., None]
    picture = Image.fromarray((pixels + lines * rng.uniform(0, 12)).clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    face = str(rng.choice(np.array([str(path) for path in faces])))
    ink = _colour(rng, 0, 90)
    wide = int(width * rng.uniform(0.22, 0.32))
    at = 40 if rng.random() < 0.8 else width - wide - 40
    picture.paste(_cut(photo, wide, int(wide * 1.28), rng), (at, int(height * rng.uniform(0.15, 0.3))))
    draw.text((40, 24), words(rng, 3).upper()[:34], font=ImageFont.truetype(face, 40), fill=_colour(rng, 0, 160))
    left = wide + 80 if at == 40 else 50
    bottom = height - 40
    if rng.random() < 0.5:
        bottom = height - 150
        mono = [path for path in faces if "Mono" in path.name] or faces
        font = ImageFont.truetype(str(mono[int(rng.integers(len(mono)))]), 36)
        for line in range(2):
            code = "".join(rng.choice(list("ABCDEFGHKLMNOPRSTUV0123456789<<<<<<<<<<"), 44))
            draw.text((30, height - 120 + 50 * line), code, font=font, fill=(20, 20, 20))
    y = 100
    while y < bottom - 60:
        draw.text((left, y), words(rng, 2), font=ImageFont.truetype(face, 18), fill=ink)
        draw.text((left, y + 20), words(rng, 2).upper()[:24], font=ImageFont.truetype(face, 30), fill=(15, 15, 20))
        y += int(rng.integers(60, 96))
    return picture


def _relief(rng: Rng, rows: Floats, columns: Floats) -> Floats:
    """How high the paper lies, on its longer side's scale: folded, rolled, bound, or crumpled, or some of it."""
    height = np.zeros_like(rows)
    for over in (rows, columns):
        if rng.random() < 0.55:
            for fold in rng.choice([0.25, 1 / 3, 0.5, 2 / 3, 0.75], int(rng.integers(1, 4)), replace=False):
                height += rng.normal(0, 0.13) * np.abs(over - fold - rng.normal(0, 0.01))
        if rng.random() < 0.4:
            height += rng.normal(0, 0.12) * (over - rng.uniform(0, 1)) ** 2
    if rng.random() < 0.25:  # towards the spine of a book
        spine = rng.choice([-0.05, 0.5, 1.05])
        height -= rng.uniform(0.06, 0.25) * np.exp(-np.abs(columns - spine) / rng.uniform(0.05, 0.2))
    if rng.random() < 0.3:
        for cells in (3, 7, 13):
            rough = cv2.resize(rng.normal(0, 1, (cells, cells)).astype(np.float32), rows.shape[::-1])
            height += rng.uniform(0, 0.07) / cells * np.abs(rough)
    return height.astype(np.float32)


def bent(flat: Image.Image, ground: Image.Image, rng: Rng) -> Image.Image:
    """A paper that does not lie flat, seen by a phone: each pixel of the view is followed back to the paper.

    What lies higher moves away from the middle of the view; what is turned from the light is darker.
    """
    out_width, out_height = (1200, 1600) if rng.random() < 0.7 else (1600, 1200)
    laid = ground.resize((out_width, out_height))
    base = cv2.GaussianBlur(np.asarray(laid, np.float32), (0, 0), float(rng.uniform(0.5, 7))) * rng.uniform(0.4, 1.0)
    scale = 1000 / max(flat.size)
    pixels = np.asarray(flat.resize((round(flat.width * scale), round(flat.height * scale))), np.float32)
    height, width = pixels.shape[:2]
    rim = 120  # so that the edge can bend outwards
    rows, columns = np.mgrid[0 : height + 2 * rim, 0 : width + 2 * rim].astype(np.float32) - rim
    relief = _relief(rng, rows / height, columns / width)
    away = rng.normal(0, 0.7, 2)
    from_x = columns - 1000 * relief * (away[0] + (columns / width - 0.5))
    from_y = rows - 1000 * relief * (away[1] + (rows / height - 0.5))
    paper = cv2.remap(pixels, from_x.astype(np.float32), from_y.astype(np.float32), cv2.INTER_LINEAR)
    ones = np.ones((height, width), np.float32)
    mask = cv2.remap(ones, from_x.astype(np.float32), from_y.astype(np.float32), cv2.INTER_LINEAR)
    slopes = np.stack([np.gradient(cv2.GaussianBlur(relief, (0, 0), 2) * 1000, axis=axis) for axis in (1, 0)])
    towards = rng.normal(0, 1, 2)
    towards *= rng.uniform(0.6, 2.4) / np.linalg.norm(towards)
    shade = (1 + slopes[0] * towards[0] + slopes[1] * towards[1]).clip(0.35, 1.35)
    paper = paper * shade[..., None]
    matrix = _view(rng, (width, height), rim, (out_width, out_height))
    size = (out_width, out_height)
    paper = cv2.warpPerspective(paper, matrix, size, flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(mask, matrix, size)[..., None]
    shadow = cv2.GaussianBlur(np.roll(mask[..., 0], rng.integers(-24, 24, 2), (0, 1)), (0, 0), 16)[..., None]
    picture = base * (1 - rng.uniform(0.2, 0.6) * shadow) * (1 - mask) + paper * mask
    picture *= light(rng, out_height, out_width) * rng.uniform(0.9, 1.25) * rng.uniform(0.93, 1.06, 3)
    soft = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), float(rng.uniform(0.4, 1.8)))
    noisy = soft + rng.normal(0, rng.uniform(0.5, 6), soft.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def _view(rng: Rng, paper: tuple[int, int], rim: int, view: tuple[int, int]) -> npt.NDArray[np.float64]:
    """From the paper with its rim to the view: a hand-held camera, from quite near to quite far."""
    width, height = paper
    scale = rng.uniform(0.5, 1.25) * min(view[0] / width, view[1] / height)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32) * (width * scale / 2, height * scale / 2)
    angle = rng.normal(0, 0.12) if rng.random() < 0.75 else rng.uniform(-np.pi, np.pi)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = np.array(view) * rng.uniform(0.44, 0.56, 2)
    corners = corners @ turn + middle + rng.normal(0, 0.035 * view[0], (4, 2))
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) + rim
    return np.asarray(cv2.getPerspectiveTransform(source, corners.astype(np.float32)), np.float64)
