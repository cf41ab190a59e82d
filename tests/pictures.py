"""Pictures that look enough like photos for scorers and hashes; drawn from a seed, the same on every machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def scene(seed: int, width: int = 320, height: int = 240) -> Image.Image:
    """A picture with structure at all scales (noise with a 1/f spectrum) and a few hard edges."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3))
    for level in range(1, 7):
        cells = 2**level
        coarse = rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
        layer = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        total += np.asarray(layer, dtype=np.float64) / 1.6**level
    total = 255 * (total - total.min()) / (total.max() - total.min())
    for _ in range(4):
        x, y = rng.integers(0, width - 40), rng.integers(0, height - 40)
        total[y : y + 30, x : x + 30] = rng.integers(0, 256, 3)
    return Image.fromarray(total.astype(np.uint8))


def save(image: Image.Image, path: Path, *, quality: int = 92, taken_at: str | None = None) -> Path:
    """Save by the suffix; `taken_at` as in EXIF, "2024:05:06 07:08:09"."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    if taken_at:
        exif[0x010F], exif[0x0110] = "Maker", "Model 1"
        exif.get_ifd(0x8769).update({0x9003: taken_at, 0x829A: 0.01})  # and exposed for 1/100 s: a camera's photo
    if path.suffix.lower() in {".jpg", ".jpeg"}:
        image.save(path, quality=quality, exif=exif)
    else:
        image.save(path)
    return path
