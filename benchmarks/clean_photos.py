"""The clean photos of `clean_12mp.csv`, as ladders of spoiled copies start from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from albumclean.config import ScanSettings
from albumclean.media.decode import decode
from benchmarks.collect_photos import read

LIST = Path(__file__).with_name("clean_12mp.csv")

PIXELS = 12_000_000
LARGEST = 12_600_000  # not worth scaling
SMALLEST = 11_500_000
BITS = 0.9  # per pixel that is shown: fewer, and the "clean" photo is itself a recompressed copy


@dataclass(frozen=True, slots=True)
class CleanPhoto:
    """A photo of the test split."""

    number: int  # in the list, whatever is left out
    path: Path
    sha1: str


def listed(folder: Path) -> tuple[list[CleanPhoto], dict[str, int]]:
    """The photos of `folder` that are used, and how many were left out and why."""
    chosen, left_out = [], {"absent": 0, "too small": 0, "too few bits": 0}
    for number, entry in enumerate(entry for entry in read(LIST) if entry.split == "test"):
        path = entry.target(folder)
        if not path.is_file():
            left_out["absent"] += 1
            continue
        with Image.open(path) as image:
            pixels = image.width * image.height
        if pixels < SMALLEST:
            left_out["too small"] += 1
        elif 8 * path.stat().st_size / min(pixels, PIXELS) < BITS:
            left_out["too few bits"] += 1
        else:
            chosen.append(CleanPhoto(number, path, entry.sha1))
    return chosen, left_out


def open_clean(path: Path) -> Image.Image:
    """Upright sRGB pixels, at most about 12 megapixels."""
    image = all_pixels(path.read_bytes(), path)
    if image.width * image.height <= LARGEST:
        return image
    scale = (PIXELS / (image.width * image.height)) ** 0.5
    return image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)


def all_pixels(data: bytes, path: Path) -> Image.Image:
    """A file's picture, upright and in sRGB, at its full size."""
    full = 1 << 30  # more than any short side: no reduction
    return decode(data, path, b"", min_short_side=full, max_pixels=ScanSettings().max_pixels).image
