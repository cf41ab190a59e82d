"""The table of photos and what people gave them: `file`, `mos` and, if it likes, `subset`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from albumclean.errors import TableError
from albumclean.evaluation.sheets import Row, read_sheet
from albumclean.words import shown

_SCALES: Final = ((0.0, 1.0), (1.0, 5.0), (0.0, 10.0), (0.0, 100.0))  # in use in this field; the first that fits


@dataclass(frozen=True, slots=True)
class Rated:
    """One photo with what people gave it."""

    file: str  # as the table says it
    path: Path
    mos: float  # on the table's scale
    subset: str  # empty where none is named


@dataclass(frozen=True, slots=True)
class Table:
    """All rows, in their order; each photo once."""

    rows: tuple[Rated, ...]
    repeated: int  # rows that said again what an earlier one had said

    @property
    def subsets(self) -> tuple[str, ...]:
        """The names of the subsets, sorted."""
        return tuple(sorted({row.subset for row in self.rows} - {""}))


def read_table(path: Path) -> Table:
    """Read text or .xlsx, as `read_sheet` does, with the columns `file` and `mos`. Raises TableError.

    Other columns are ignored. Where the comma is not the delimiter, it may be the decimal mark.
    """
    rows: dict[str, Rated] = {}
    repeated = 0
    for record in read_sheet(path, ("file", "mos")):
        row = _rated(path, record)
        known = rows.setdefault(os.path.normpath(row.path), row)
        if known is row:
            continue
        if (known.mos, known.subset) != (row.mos, row.subset):
            raise record.error(f"{shown(row.file)} was named before, with another score or subset")
        repeated += 1
    if not rows:
        raise TableError(path=shown(path), detail="it has a header but no rows")
    return Table(as_on_disk(rows.values()), repeated)


def scale_of(scores: Sequence[float]) -> tuple[float, float] | None:
    """The usual scale that the scores seem to be on: 0 to 1, 1 to 5, 0 to 10 or 0 to 100; None for any other."""
    low, high = min(scores), max(scores)
    return next((scale for scale in _SCALES if scale[0] <= low and high <= scale[1]), None)


def as_on_disk(rows: Iterable[Rated]) -> tuple[Rated, ...]:
    """The rows, each with the path as the disk spells it: tables that were made on Windows mix `.JPG` and `.jpg`."""
    listings: dict[Path, dict[str, list[str]]] = {}
    return tuple(row if _exists(row.path) else replace(row, path=_in_another_case(row.path, listings)) for row in rows)


def _rated(path: Path, record: Row) -> Rated:
    file = record.text("file")
    if not file:
        raise record.error("no file is named")
    return Rated(file, path.absolute().parent / file, record.number("mos"), record.text("subset"))


def _exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - pathlib's raises for names that are too long


def _in_another_case(path: Path, listings: dict[Path, dict[str, list[str]]]) -> Path:
    """The one file of the folder whose name differs in case only; the path itself where there is none or several."""
    folder = path.parent
    if folder not in listings:
        names: dict[str, list[str]] = {}
        try:
            for entry in folder.iterdir():
                names.setdefault(entry.name.casefold(), []).append(entry.name)
        except OSError:
            names = {}  # the photo will be listed as one that can't be read
        listings[folder] = names
    alike = listings[folder].get(path.name.casefold(), [])
    return folder / alike[0] if len(alike) == 1 else path
