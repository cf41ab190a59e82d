"""Things laid on a photo or around it: text, stickers, frames, the screen of a phone. RGB in, RGB out."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

WORDS = (
    "Happy birthday!",
    "Our holiday",
    "Best day ever",
    "Summer 2019",
    "Greetings from us",
    "Do you remember?",
    "LOL",
)
MARKS = ("(c) A. Photographer", "SAMPLE", "example.org", "(c) 2018 Studio Nord")

WHITE = (255, 255, 255)
BLACK = (0, 0, 0)


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own typeface, so that every machine draws the same."""
    return ImageFont.load_default(max(8, size))


def captioned(image: Image.Image, how: str, rng: np.random.Generator) -> Image.Image:
    """Words over the picture: `bottom` (a line), `band` (on a dark strip) or `meme` (large, above and below)."""
    changed = image.copy()
    draw = ImageDraw.Draw(changed)
    width, height = image.size
    text = str(rng.choice(WORDS))
    size = min(width, height) // (9 if how == "meme" else 16)
    if how == "band":
        draw.rectangle((0, height - 2 * size, width, height), fill=(20, 20, 20))
    lines = [(height - size, text)]
    if how == "meme":
        lines.append((size, str(rng.choice(WORDS)).upper()))
    for y, line in lines:
        outline = max(1, size // 14)
        draw.text((width / 2, y), line, WHITE, font(size), "mm", stroke_width=outline, stroke_fill=BLACK)
    return changed


def dated(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The orange date that cameras print into a corner."""
    changed = image.copy()
    size = min(image.size) // 22
    text = f"{rng.integers(1, 29):02}.{rng.integers(1, 13):02}.20{rng.integers(4, 22):02}"
    place = (image.width - size, image.height - size)
    ImageDraw.Draw(changed).text(place, text, (255, 140, 30), font(size), anchor="rs")
    return changed


def watermarked(image: Image.Image, how: str, rng: np.random.Generator) -> Image.Image:
    """Half-transparent letters: `corner`, `centre`, or `tiled` over the whole picture."""
    layer = Image.new("L", image.size)
    draw = ImageDraw.Draw(layer)
    width, height = image.size
    text = str(rng.choice(MARKS))
    if how == "tiled":
        size = min(image.size) // 18
        for row, y in enumerate(range(0, height + size, size * 5)):
            for x in range(-(row % 2) * size * 5, width, size * 12):
                draw.text((x, y), text, 80, font(size))
    elif how == "centre":
        draw.text((width / 2, height / 2), text, 110, font(min(image.size) // 9), anchor="mm")
    else:
        size = min(image.size) // 20
        draw.text((width - size, height - size), text, 150, font(size), anchor="rs")
    return Image.composite(Image.new("RGB", image.size, WHITE), image, layer)


def stickered(image: Image.Image, count: int, rng: np.random.Generator) -> Image.Image:
    """`count` smileys or hearts, each 12 to 22 % of the short side."""
    changed = image.copy()
    draw = ImageDraw.Draw(changed)
    for _ in range(count):
        side = min(image.size) * rng.uniform(0.12, 0.22)
        x, y = (float(rng.uniform(0, length - side)) for length in image.size)
        if rng.random() < 0.5:
            _smiley(draw, x, y, side)
        else:
            _heart(draw, x, y, side)
    return changed


def _smiley(draw: ImageDraw.ImageDraw, x: float, y: float, side: float) -> None:
    draw.ellipse((x, y, x + side, y + side), fill=(255, 204, 51), outline=(200, 140, 0), width=max(1, int(side / 30)))
    for eye in (0.32, 0.68):
        draw.ellipse(
            (x + side * (eye - 0.06), y + side * 0.3, x + side * (eye + 0.06), y + side * 0.48), fill=(80, 50, 10)
        )
    mouth = (x + side * 0.22, y + side * 0.3, x + side * 0.78, y + side * 0.82)
    draw.arc(mouth, 20, 160, fill=(80, 50, 10), width=max(1, int(side / 16)))


def _heart(draw: ImageDraw.ImageDraw, x: float, y: float, side: float) -> None:
    points = []
    for step in range(60):
        turn = 2 * math.pi * step / 60
        across = 16 * math.sin(turn) ** 3
        up = 13 * math.cos(turn) - 5 * math.cos(2 * turn) - 2 * math.cos(3 * turn) - math.cos(4 * turn)
        points.append((x + side * (across + 17) / 34, y + side * (13 - up) / 30))
    draw.polygon(points, fill=(226, 38, 77))


def framed(image: Image.Image, how: str) -> Image.Image:
    """A border: `thin-white` (2 %), `white` (5 %), `black` (8 %), or `instant` (broad below, like instant film)."""
    share = {"thin-white": 0.02, "white": 0.05, "black": 0.08, "instant": 0.06}[how]
    edge = max(1, round(min(image.size) * share))
    below = edge * 4 if how == "instant" else edge
    frame = Image.new("RGB", (image.width + 2 * edge, image.height + edge + below), BLACK if how == "black" else WHITE)
    frame.paste(image, (edge, edge))
    return frame


def squared(image: Image.Image, how: str) -> Image.Image:
    """Padded to a square: `white`, `black`, or `blurred` (the photo itself, enlarged and out of focus, behind it)."""
    side = max(image.size)
    if how == "blurred":
        short = min(image.size)
        left, top = (image.width - short) // 2, (image.height - short) // 2
        behind = image.crop((left, top, left + short, top + short)).resize((side, side))
        square = behind.filter(ImageFilter.GaussianBlur(side / 40))
    else:
        square = Image.new("RGB", (side, side), WHITE if how == "white" else BLACK)
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square


def screenshot(image: Image.Image, how: str, rng: np.random.Generator) -> Image.Image:
    """The photo on the screen of a phone: `gallery-black`, `gallery-white`, `feed` (words below it) or `sideways`."""
    width, height = [(1080, 2340), (1170, 2532), (1080, 1920)][rng.integers(3)]
    if how == "sideways":
        width, height = height, width
    paper, ink = (BLACK, (235, 235, 235)) if how in {"gallery-black", "sideways"} else (WHITE, (30, 30, 30))
    screen = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(screen)
    status, bar = 70, 0 if how == "sideways" else 170
    room = (width, height - (2 * status if how == "sideways" else 2 * (status + bar)))
    factor = min(room[0] / image.width, room[1] / image.height)
    shown = image.resize((max(1, round(image.width * factor)), max(1, round(image.height * factor))))
    top = status + bar if how == "feed" else (height - shown.height) // 2
    screen.paste(shown, ((width - shown.width) // 2, top))
    draw.text((50, status / 2), f"{rng.integers(24):02}:{rng.integers(60):02}", ink, font(36), anchor="lm")
    draw.rounded_rectangle((width - 110, 22, width - 50, 48), 6, outline=ink, width=3)
    draw.rectangle((width - 105, 27, width - 105 + int(rng.integers(10, 50)), 43), fill=ink)
    draw.text((width - 140, status / 2), ["5G", "LTE", "4G"][rng.integers(3)], ink, font(32), anchor="rm")
    if bar:
        _bars(draw, how, top + shown.height, ink, rng)
    return screen


def _bars(draw: ImageDraw.ImageDraw, how: str, below: int, ink: tuple[int, int, int], rng: np.random.Generator) -> None:
    width, height = draw.im.size
    if how == "feed":
        draw.ellipse((40, 95, 130, 185), fill=tuple(int(value) for value in rng.integers(60, 220, 3)))
        draw.text((160, 140), f"user_{rng.integers(100, 9999)}", ink, font(40), anchor="lm")
        draw.text((50, below + 60), f"{rng.integers(2, 900)} likes", ink, font(38), anchor="lm")
        draw.text((50, below + 120), str(rng.choice(WORDS)), ink, font(38), anchor="lm")
    else:
        draw.text((60, 140), "<", ink, font(56), anchor="lm")
        draw.text((width / 2, 140), f"{rng.integers(1, 29)} May", ink, font(42), anchor="mm")
    for column in range(4):
        x = width * (column + 0.5) / 4
        draw.ellipse((x - 28, height - 140, x + 28, height - 84), outline=ink, width=5)
