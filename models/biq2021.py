"""BIQ2021 (Ahmed & Asif, 2022; github.com/nisarahmedrana/BIQ2021): its photos, its MOS, and our leak-free split.

The MOS are read from the database's own files; `biq2021_split.csv` beside this module holds only our columns:
`file, subset, official, split, scene`. `split` is train, val, test, or leak (official test pictures
that have a relative in official train: neither trained on nor in our test).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

SPLIT_FILE: Final = Path(__file__).with_name("biq2021_split.csv")
SCORE_FILES: Final = ("Train (Images and MOS).csv", "Test (Images and MOS).csv")
SPLITS: Final = ("train", "val", "test", "leak")
SUBSETS: Final = ("ss01", "ss02", "ss03")


@dataclass(frozen=True, slots=True)
class Rated:
    """One photo of the database."""

    path: Path
    mos: float  # [0, 1], of about 30 observers
    subset: str  # ss01: focus and exposure series; ss02: personal albums; ss03: stock photos
    official: str  # train or test, as its authors split
    scene: str  # photos of one scene share it; empty for most


def read(folder: Path, split: str) -> list[Rated]:
    """The photos of one of our splits, in the order of our file. `folder` is a checkout of the database."""
    scores: dict[str, float] = {}
    for name in SCORE_FILES:
        with (folder / name).open(newline="", encoding="utf-8-sig") as file:
            scores.update({row["Image Name"].lower(): float(row["MOS"]) for row in csv.DictReader(file)})
    # One file is "ss02 (1014).JPG" on the disk and ".jpg" in the table.
    paths = {path.name.lower(): path for path in (folder / "Images").iterdir()}
    with SPLIT_FILE.open(newline="", encoding="utf-8") as file:
        return [
            Rated(paths[row["file"].lower()], scores[row["file"].lower()], row["subset"], row["official"], row["scene"])
            for row in csv.DictReader(file)
            if row["split"] == split
        ]


def open_rgb(path: Path) -> Image.Image:
    """The decoded photo. The database's files have neither orientation nor colour profile."""
    with Image.open(path) as image:
        return image.convert("RGB")
