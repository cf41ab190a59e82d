"""Shots that look alike and are no copies of one another, made where real ones are scarce.

Every maker draws from the generator that it is given, so a family's name, its seed and a number say which picture
comes out. Made families carry `simulated` in their name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from albumclean.distortions.linear import to_bytes, to_light
from benchmarks.near_duplicates.containers import Copy, camera_exif, jpeg, lossless
from benchmarks.near_duplicates.geometry import fitted
from benchmarks.near_duplicates.overlays import font
from benchmarks.near_duplicates.truth import Relation

Floats = npt.NDArray[np.float32]

FRAMES = 5  # of a simulated burst
CAMERAS = (("Apple", "iPhone 11"), ("samsung", "SM-G973F"), ("Google", "Pixel 4a"), ("Canon", "Canon EOS 70D"))
NAMES = ("Anna Berg", "Tom Ellis", "Maria Costa", "Jan de Vries", "Li Wei", "Noor Haddad", "Olga Orlova", "Sam Reed")
WORDS = (
    "ip", "river", "garden", "morning", "ticket", "window", "coffee", "market", "station", "paper", "winter",
    "answer", "bridge", "lesson", "doctor", "music", "travel", "kitchen", "summer", "letter", "friend", "report",
    "weather", "city", "train", "dinner", "table", "hotel", "island", "forest", "meeting", "invoice", "colour",
    "engine", "budget", "recipe", "water", "the", "a", "of", "and", "with", "for", "on", "in", "to", "from", "this",
    "that", "will", "can", "may", "please", "send", "us", "your", "our",
)  # fmt: skip


# ---- bursts ----


@dataclass(frozen=True, slots=True)
class Burst:
    """What the frames of one burst share: the scene's depth, what moves in it, the camera and the time."""

    seed: int

    def frame(self, base: Image.Image, number: int) -> Copy:
        """Shot `number` of a hand-held burst of the scene that `base` shows.

        The base is halved first, so that its own noise and compression are gone. Then every frame gets what tells real
        shots apart: the camera has moved (turn, shift, and parallax by a depth map, which no plane transform undoes),
        something in the scene has moved, the exposure differs a little, and the sensor's noise is new.
        """
        scene = np.random.default_rng(self.seed)
        own = np.random.default_rng([self.seed, number])
        small = fitted(base, max(480, min(1600, max(base.size) // 2)))
        light = to_light(np.asarray(small))
        height, width = light.shape[:2]
        where = _moved(height, width, scene, own)
        seen = cv2.remap(light, where[0], where[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
        light = np.clip(seen, 0, 1).astype(np.float32) * np.float32(2 ** own.normal(0, 0.06))
        electrons = float(scene.choice([400.0, 1500.0, 5000.0]))  # of a white pixel
        light += np.sqrt(light / electrons + (2 / electrons) ** 2) * own.standard_normal(light.shape, dtype=np.float32)
        edge_x, edge_y = round(width * 0.03), round(height * 0.03)
        picture = Image.fromarray(to_bytes(light)).crop((edge_x, edge_y, width - edge_x, height - edge_y))
        return Copy(jpeg(picture, 93, self._exif(scene, number)), "JPEG", Relation.NEGATIVE)

    def _exif(self, scene: np.random.Generator, number: int) -> bytes:
        if self.seed % 2:  # half of the bursts have lost it
            return b""
        start = datetime(2016, 1, 1) + timedelta(minutes=int(scene.integers(4_000_000)))
        taken = start + timedelta(seconds=number * int(scene.integers(1, 4)))
        make, model = CAMERAS[scene.integers(len(CAMERAS))]
        return camera_exif(taken.strftime("%Y:%m:%d %H:%M:%S"), make, model, 1 / 125, 200)


def _moved(height: int, width: int, scene: np.random.Generator, own: np.random.Generator) -> tuple[Floats, Floats]:
    """For each pixel of the new frame, x and y in the base."""
    side = min(height, width)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle = np.float32(np.radians(own.normal(0, 0.5)))
    from_x, from_y = x - width / 2, y - height / 2
    shift_x, shift_y = own.normal(0, 0.008 * side, 2)
    at_x = from_x * np.cos(angle) - from_y * np.sin(angle) + width / 2 + shift_x
    at_y = from_x * np.sin(angle) + from_y * np.cos(angle) + height / 2 + shift_y
    depth = _soft_noise(scene, height, width, 5)
    baseline = own.normal(0, 0.006 * side, 2)
    at_x += depth * baseline[0]
    at_y += depth * baseline[1]
    for _ in range(int(scene.integers(1, 4))):
        centre_x, centre_y = scene.uniform(0.2, 0.8) * width, scene.uniform(0.2, 0.8) * height
        radius = scene.uniform(0.08, 0.16) * side
        bump = np.exp(-(((x - centre_x) ** 2 + (y - centre_y) ** 2) / radius**2))
        push = own.uniform(-0.4, 0.4, 2) * radius
        at_x += bump * push[0]
        at_y += bump * push[1]
    return at_x.astype(np.float32), at_y.astype(np.float32)


def _soft_noise(rng: np.random.Generator, height: int, width: int, cells: int) -> Floats:
    """A smooth field with values about in [-1, 1]."""
    coarse = rng.uniform(-1, 1, (cells, cells)).astype(np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)


# ---- dark and flat ----


def dark(base: Image.Image, rng: np.random.Generator) -> Copy:
    """Almost nothing to see: a scene 5 to 7 stops under, or the frame of a covered lens."""
    light = to_light(np.asarray(fitted(base, 1280)))
    if rng.random() < 0.4:
        light[:] = 0.0004
    else:
        light *= np.float32(2.0 ** -rng.uniform(5, 7))
    height, width = light.shape[:2]
    light += np.float32(0.0012) * rng.standard_normal(light.shape, dtype=np.float32)
    hot = rng.integers(0, (height, width), (40, 2))
    light[hot[:, 0], hot[:, 1], rng.integers(0, 3, 40)] = 0.4
    return Copy(jpeg(Image.fromarray(to_bytes(light)), int(rng.integers(80, 96))), "JPEG", Relation.NEGATIVE)


def sky(rng: np.random.Generator) -> Copy:
    """Cloudless or nearly: blue growing paler downwards."""
    height, width = _frame(rng)
    top = np.array([70, 125, 195]) + rng.uniform(-14, 14, 3)
    below = top + rng.uniform(25, 60) * np.array([1.0, 0.7, 0.35])
    ramp = np.linspace(0, 1, height, dtype=np.float32)[:, None, None] ** rng.uniform(0.7, 1.5)
    picture = top + (below - top) * ramp + np.zeros((height, width, 1))
    clouds = np.maximum(0, _soft_noise(rng, height, width, int(rng.integers(3, 9))) - rng.uniform(0.2, 1.0))
    return _photographed(picture + clouds[..., None] * rng.uniform(5, 30), rng)


def wall(rng: np.random.Generator) -> Copy:
    """A plain wall, paper or table: one colour, the light falling off to a side, a fine texture."""
    height, width = _frame(rng)
    colour = np.array([205, 196, 182]) + rng.uniform(-18, 18, 3)
    across, down = rng.uniform(-16, 16, 2)
    slope = np.linspace(-across, across, width)[None, :] + np.linspace(-down, down, height)[:, None]
    texture = cv2.GaussianBlur(rng.standard_normal((height, width), dtype=np.float32), (0, 0), rng.uniform(0.8, 2.5))
    picture = colour + slope[..., None] + (texture / texture.std() * rng.uniform(0.5, 3))[..., None]
    return _photographed(picture, rng)


def fog(rng: np.random.Generator) -> Copy:
    """Soft grey without a single edge."""
    height, width = _frame(rng)
    field = _soft_noise(rng, height, width, int(rng.integers(2, 5))) * rng.uniform(4, 14)
    picture = rng.uniform(150, 215) + field[..., None] + rng.uniform(-4, 4, 3)
    return _photographed(picture, rng)


def _frame(rng: np.random.Generator) -> tuple[int, int]:
    sizes = ((1200, 1600), (1600, 1200), (768, 1024), (1080, 1920))
    return sizes[rng.integers(len(sizes))]


def _photographed(picture: npt.NDArray[np.floating], rng: np.random.Generator) -> Copy:
    noisy = picture + rng.normal(0, rng.uniform(0.6, 2.5), picture.shape)
    image = Image.fromarray(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
    return Copy(jpeg(image, int(rng.integers(82, 96))), "JPEG", Relation.NEGATIVE)


# ---- pages and screens ----

_A4 = (1240, 1754)  # pixels at 150 dots an inch


def letter(rng: np.random.Generator) -> Copy:
    """One letterhead, another text each time."""
    page, draw = _page("Berg & Ellis, 12 Harbour Road", rng)
    y = 380
    for _ in range(int(rng.integers(12, 30))):
        draw.text((120, y), _line(rng, int(rng.integers(6, 12))), 30, font(26))
        y += 40
    return _scanned(page, rng)


def form(rng: np.random.Generator) -> Copy:
    """The hardest of them: one printed form, filled in by another person each time."""
    page, draw = _page("Application for a library card", rng)
    labels = ("Name", "Street", "Town", "Born", "Telephone", "Number", "Date", "Signature")
    for row, label in enumerate(labels):
        y = 340 + row * 150
        draw.text((120, y), label, 20, font(28))
        draw.rectangle((330, y - 20, 1100, y + 60), outline=60, width=3)
        value = str(rng.choice(NAMES)) if label in {"Name", "Signature"} else _line(rng, 2).title()
        value = "".join(map(str, rng.integers(0, 10, 9))) if label in {"Born", "Telephone", "Number", "Date"} else value
        draw.text((350 + int(rng.integers(0, 30)), y + 20), value, 70, font(38), anchor="lm")
    return _scanned(page, rng)


def bill(rng: np.random.Generator) -> Copy:
    """A table of goods and prices."""
    page, draw = _page("INVOICE", rng)
    for row in range(int(rng.integers(10, 26))):
        y = 380 + row * 46
        draw.text((120, y), _line(rng, 2), 30, font(26))
        draw.text((1100, y), f"{rng.integers(1, 999)}.{rng.integers(100):02}", 30, font(26), anchor="ra")
        draw.line((120, y + 38, 1110, y + 38), 190, 1)
    return _scanned(page, rng)


def chat(rng: np.random.Generator) -> Copy:
    """The screen of a messenger: bubbles left and right with other words each time."""
    width, height = 1080, 2160
    screen = Image.new("RGB", (width, height), (236, 229, 221))
    draw = ImageDraw.Draw(screen)
    draw.rectangle((0, 0, width, 200), fill=(7, 94, 84))
    draw.text((160, 130), str(rng.choice(NAMES)), (255, 255, 255), font(48), anchor="lm")
    y = 250
    while y < height - 300:
        words = _line(rng, int(rng.integers(2, 7)))
        wide = min(900, 80 + 22 * len(words))
        left = 40 if rng.random() < 0.5 else width - 40 - wide
        colour = (255, 255, 255) if left == 40 else (220, 248, 198)
        draw.rounded_rectangle((left, y, left + wide, y + 110), 24, fill=colour)
        draw.text((left + 30, y + 55), words, (30, 30, 30), font(36), anchor="lm")
        y += 140
    draw.rounded_rectangle((40, height - 150, width - 40, height - 50), 50, fill=(255, 255, 255))
    return Copy(lossless(screen, "PNG"), "PNG", Relation.NEGATIVE)


def _page(title: str, rng: np.random.Generator) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    page = Image.new("L", _A4, int(rng.integers(244, 256)))
    draw = ImageDraw.Draw(page)
    draw.text((120, 150), title, 10, font(54))
    draw.line((120, 240, 1120, 240), 60, 4)
    return page, draw


def _line(rng: np.random.Generator, words: int) -> str:
    return " ".join(str(word) for word in rng.choice(WORDS, words))


def _scanned(page: Image.Image, rng: np.random.Generator) -> Copy:
    """As a scanner gives it: a slight turn, a little noise, JPEG."""
    turned = page.rotate(float(rng.normal(0, 0.25)), Image.Resampling.BICUBIC, fillcolor=250)
    values = np.asarray(turned, np.float32) + rng.normal(0, rng.uniform(0.3, 2), (page.height, page.width))
    clean = Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8)).convert("RGB")
    return Copy(jpeg(clean, int(rng.integers(78, 93))), "JPEG", Relation.NEGATIVE)


MADE: dict[str, Callable[[np.random.Generator], Copy]] = {
    "flat-sky-simulated": sky,
    "flat-wall-simulated": wall,
    "flat-fog-simulated": fog,
    "document-letter-simulated": letter,
    "document-form-simulated": form,
    "document-bill-simulated": bill,
    "screenshot-chat-simulated": chat,
}
DARK = "dark-simulated"
