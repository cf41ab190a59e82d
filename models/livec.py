"""LIVE In the Wild (Ghadiyaram & Bovik, 2016): photos of phones with MOS by a crowd; what to learn from, and a test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from albumclean.evaluation.preset import read_preset
from albumclean.evaluation.preset_registry import preset_named

PRESET: Final = "live-itw"  # has the split


@dataclass(frozen=True, slots=True)
class Rated:
    """One photo."""

    path: Path
    mos: float  # [0, 100], of about 175 people


def read(folder: Path, split: str) -> list[Rated]:
    """The photos of "train" or "test", in the order of the database. `folder` is the database or holds it."""
    table, _ = read_preset(preset_named(PRESET), folder, split)
    return [Rated(row.path, row.mos) for row in table.rows]
