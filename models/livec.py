"""LIVE In the Wild (Ghadiyaram & Bovik, 2016): photos of phones with MOS by a crowd; what to learn from, and a test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from albumclean.evaluation.preset import read_preset
from albumclean.evaluation.preset_registry import preset_named
from albumclean.evaluation.table import Rated

PRESET: Final = "live-itw"  # has the split


def read(folder: Path, split: str) -> Sequence[Rated]:
    """The photos of "train" or "test", in the order of the database, with MOS of [0, 100] by about 175 people each.

    `folder` is the database or holds it.
    """
    table, _ = read_preset(preset_named(PRESET), folder, split)
    return table.rows
