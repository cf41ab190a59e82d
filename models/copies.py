"""Copies of a photo as they lie in albums: what the embedding learns to see through.

Simple ones, of moderate strength drawn at random, by Pillow and `albumclean.distortions`. They are for training only:
the benchmark of near-duplicates makes its own, with other code.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from albumclean.distortions import distort

Random = np.random.Generator
Kind = Callable[[Image.Image, Random], Image.Image]

PHONES: Final = ((18, 32), (18, 39), (3, 4), (16, 10))  # screens, width to height
SEPIA: Final = (0.393, 0.769, 0.189, 0.0, 0.349, 0.686, 0.168, 0.0, 0.272, 0.534, 0.131, 0.0)


def _cropped(image: Image.Image, random: Random) -> Image.Image:
    width, height = (round(side * random.uniform(0.72, 0.97)) for side in image.size)
    left, top = int(random.integers(image.width - width + 1)), int(random.integers(image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def _small(image: Image.Image, random: Random) -> Image.Image:
    return _scaled(image, random.uniform(120, 320) / max(image.size))


def _scaled(image: Image.Image, scale: float) -> Image.Image:
    size = tuple(max(1, round(side * scale)) for side in image.size)
    return image.resize((size[0], size[1]), Image.Resampling.LANCZOS)


def _recompressed(image: Image.Image, random: Random) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=int(random.integers(10, 40)))
    return Image.open(file).convert("RGB")


def _toned(image: Image.Image, random: Random) -> Image.Image:
    image = ImageEnhance.Brightness(image).enhance(random.uniform(0.65, 1.4))
    image = ImageEnhance.Contrast(image).enhance(random.uniform(0.7, 1.5))
    gamma = random.uniform(0.7, 1.4)
    return image.point([round(255 * (level / 255) ** gamma) for level in range(256)] * 3)


def _coloured(image: Image.Image, random: Random) -> Image.Image:
    image = ImageEnhance.Color(image).enhance(random.uniform(0.2, 1.9))
    gains = [random.uniform(0.8, 1.2) for _ in range(3)]
    return image.point([min(255, round(level * gain)) for gain in gains for level in range(256)])


def _grey(image: Image.Image, random: Random) -> Image.Image:
    grey = ImageEnhance.Contrast(image.convert("L")).enhance(random.uniform(0.8, 1.4))
    return grey.convert("RGB")


def _filtered(image: Image.Image, random: Random) -> Image.Image:
    """Sepia or tinted, faded, with dark corners."""
    if random.random() < 0.5:
        tinted = image.convert("RGB", SEPIA)
    else:
        tint = tuple(int(level) for level in random.integers(60, 256, 3))
        tinted = ImageChops.multiply(image, Image.new("RGB", image.size, (tint[0], tint[1], tint[2])))
    image = Image.blend(image, tinted, random.uniform(0.4, 1.0))
    lift = int(random.integers(0, 60))
    image = image.point([lift + round(level * (255 - lift) / 255) for level in range(256)] * 3)
    corners = Image.radial_gradient("L").resize(image.size).point(lambda level: level // 2)
    return Image.composite(Image.new("RGB", image.size), image, corners)


def _captioned(image: Image.Image, random: Random) -> Image.Image:
    """A line of text, half of the time on a bar."""
    image = image.copy()
    draw = ImageDraw.Draw(image)
    size = image.height * random.uniform(0.05, 0.16)
    top = random.uniform(0, image.height - 1.4 * size)
    if random.random() < 0.5:
        draw.rectangle((0, top, image.width, top + 1.4 * size), fill="white" if random.random() < 0.5 else "black")
    words = "".join(chr(random.integers(97, 123)) if random.random() < 0.8 else " " for _ in range(40))
    level = int(random.integers(256))
    draw.text(
        (random.uniform(0, 0.3) * image.width, top), words, (level, 255 - level, level), ImageFont.load_default(size)
    )
    return image


def _bordered(image: Image.Image, random: Random) -> Image.Image:
    level = (0, 255, int(random.integers(256)))[random.integers(3)]
    width = round(min(image.size) * random.uniform(0.02, 0.12))
    framed = ImageOps.expand(image, width, (level, level, level))
    if random.random() < 0.4:  # an instant picture's foot
        framed = ImageOps.pad(framed, (framed.width, round(framed.height * 1.12)), color=(level, level, level))
    return framed


def _screenshot(image: Image.Image, random: Random) -> Image.Image:
    """The photo as wide as a screen, with the bars and buttons of a viewer."""
    across, down = PHONES[random.integers(len(PHONES))]
    if random.random() < 0.3:
        across, down = down, across
    width, height = 640, round(640 * down / across)
    dark = bool(random.random() < 0.6)
    screen = Image.new("RGB", (width, height), (0, 0, 0) if dark else (245, 245, 247))
    photo = ImageOps.contain(image, (width, round(height * random.uniform(0.75, 1.0))), Image.Resampling.LANCZOS)
    screen.paste(photo, ((width - photo.width) // 2, (height - photo.height) // 2))
    draw = ImageDraw.Draw(screen)
    ink = (255, 255, 255) if dark else (20, 20, 20)
    draw.text((24, 8), "9:41", ink, ImageFont.load_default(18))
    draw.rounded_rectangle((width - 60, 10, width - 24, 26), 4, outline=ink)
    for button in range(int(random.integers(2, 6))):
        draw.ellipse((40 + 120 * button, height - 44, 66 + 120 * button, height - 18), outline=ink, width=2)
    return screen


def _mirrored(image: Image.Image, random: Random) -> Image.Image:
    return ImageOps.mirror(image)


def _turned(image: Image.Image, random: Random) -> Image.Image:
    turns = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
    return image.transpose(turns[random.integers(len(turns))])


def _straightened(image: Image.Image, random: Random) -> Image.Image:
    """Turned by a few degrees, and what is empty then cut off."""
    angle = random.uniform(1, 8) * random.choice([-1, 1])
    turned = image.rotate(angle, Image.Resampling.BICUBIC)
    part = 1 - 1.2 * np.sin(np.radians(abs(angle))) * max(image.size) / min(image.size)
    cut = tuple(side * (1 - max(0.6, part)) / 2 for side in image.size)
    return turned.crop((round(cut[0]), round(cut[1]), round(image.width - cut[0]), round(image.height - cut[1])))


def _stretched(image: Image.Image, random: Random) -> Image.Image:
    factor = random.uniform(1.05, 1.25)
    if random.random() < 0.5:
        return image.resize((round(image.width * factor), image.height))
    return image.resize((image.width, round(image.height * factor)))


def _blurred(image: Image.Image, random: Random) -> Image.Image:
    name = ("gaussian-blur", "lens-blur", "motion-blur")[random.integers(3)]
    return distort(image, name, random.uniform(0.2, 0.7), random)


def _noisy(image: Image.Image, random: Random) -> Image.Image:
    return distort(image, "camera-noise", random.uniform(0.3, 0.8), random)


def _exposed(image: Image.Image, random: Random) -> Image.Image:
    name = "underexposure" if random.random() < 0.5 else "overexposure"
    return distort(image, name, random.uniform(0.3, 0.7), random)


def _sharpened(image: Image.Image, random: Random) -> Image.Image:
    return image.filter(ImageFilter.UnsharpMask(random.uniform(1, 3), int(random.integers(80, 250)), 2))


def _forwarded(image: Image.Image, random: Random) -> Image.Image:
    """Cropped, toned, scaled down and recompressed, as after several hands."""
    copy = _toned(_cropped(image, random), random)
    return _recompressed(_scaled(copy, random.uniform(240, 480) / max(copy.size)), random)


KINDS: Final[dict[str, Kind]] = {
    "crop": _cropped,
    "small": _small,
    "recompressed": _recompressed,
    "tone": _toned,
    "colour": _coloured,
    "grey": _grey,
    "filter": _filtered,
    "caption": _captioned,
    "border": _bordered,
    "screenshot": _screenshot,
    "mirror": _mirrored,
    "turn": _turned,
    "straightened": _straightened,
    "stretched": _stretched,
    "blur": _blurred,
    "noise": _noisy,
    "exposure": _exposed,
    "sharpened": _sharpened,
    "forwarded": _forwarded,
}


def copy_of(image: Image.Image, kind: str, random: Random) -> Image.Image:
    """A copy of an RGB picture, one of `KINDS`; how strong it is comes from `random`."""
    return KINDS[kind](image, random)
