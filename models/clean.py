"""Clean photographs to spoil on purpose, collected outside the repository.

    python -m benchmarks.collect_photos models/clean_photos.csv DIR
    python -m benchmarks.collect_photos benchmarks/clean_12mp.csv DIR

leaves them in `DIR/train`. Sources that any test uses have no picture there, so no photographer stands in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps


@dataclass(frozen=True, slots=True)
class CleanPhoto:
    """One picture."""

    path: Path
    short_side: int  # pixels


def read(folder: Path) -> list[CleanPhoto]:
    """All pictures below a folder, by their paths' order."""
    photos = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with Image.open(path) as image:
            photos.append(CleanPhoto(path, min(image.size)))
    return photos


def open_rgb(path: Path, short_side: int | None = None) -> Image.Image:
    """Upright, without its colour profile's finer points; scaled down to `short_side` if it is larger."""
    with Image.open(path) as file:
        if short_side:
            file.draft("RGB", (2 * short_side, 2 * short_side))
        image = ImageOps.exif_transpose(file).convert("RGB")
    if short_side and min(image.size) > short_side:
        scale = short_side / min(image.size)
        size = round(image.width * scale), round(image.height * scale)
        image = image.resize(size, Image.Resampling.LANCZOS)
    return image
