"""The table of photos and what people gave them: `file`, `mos` and, if it likes, `subset`."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from albumclean.errors import TableError
from albumclean.words import shown

_DELIMITERS: Final = (",", ";", "\t")
_SCALES: Final = ((0.0, 1.0), (1.0, 5.0), (0.0, 10.0), (0.0, 100.0))  # in use in this field; the first that fits


@dataclass(frozen=True, slots=True)
class Rated:
    """One row of the table."""

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
    """Read UTF-8 text with a header and one of comma, semicolon and tab between the columns.

    Other columns are ignored. Where the comma is not the delimiter, it may be the decimal mark. Raises TableError.
    """
    text = _text(path)
    delimiter, columns = _header(path, text)
    rows: dict[str, Rated] = {}
    repeated = 0
    for line, cells in _records(path, text, delimiter):
        row = _row(path, line, cells, columns, decimal_comma=delimiter != ",")
        key = os.path.normpath(row.path)
        known = rows.setdefault(key, row)
        if known is row:
            continue
        if (known.mos, known.subset) != (row.mos, row.subset):
            raise _error(path, line, f"{shown(row.file)} was named before, with another score or subset")
        repeated += 1
    if not rows:
        raise TableError(path=shown(path), detail="it has a header but no rows")
    return Table(_found(rows), repeated)


def scale_of(scores: Sequence[float]) -> tuple[float, float] | None:
    """The usual scale that the scores seem to be on: 0 to 1, 1 to 5, 0 to 10 or 0 to 100; None for any other."""
    low, high = min(scores), max(scores)
    return next((scale for scale in _SCALES if scale[0] <= low and high <= scale[1]), None)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TableError(path=shown(path), detail=f"it can't be read ({error.strerror or error})") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(path=shown(path), detail="it is not UTF-8 text") from error
    if "\0" in text:
        raise TableError(path=shown(path), detail="it is not text")
    if not text.strip():
        raise TableError(path=shown(path), detail="it is empty")
    return text


def _header(path: Path, text: str) -> tuple[str, dict[str, int]]:
    """The delimiter with which the first record names the columns, and where each stands."""
    most: dict[str, int] = {}
    for delimiter in _DELIMITERS:
        _, names = next(_records(path, text, delimiter, skip=0))
        columns: dict[str, int] = {}
        for number, name in enumerate(names):
            columns.setdefault(name.strip().casefold(), number)
        if {"file", "mos"} <= columns.keys():
            return delimiter, columns
        if len(columns) >= len(most):
            most = columns
    missing = " and ".join(repr(name) for name in ("file", "mos") if name not in most)
    raise TableError(path=shown(path), detail=f"its first line does not name the column {missing}")


def _records(path: Path, text: str, delimiter: str, skip: int = 1) -> Iterator[tuple[int, list[str]]]:
    """(number of its last line, cells) of every record that is not blank, without the first `skip`."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if skip:
                skip -= 1
                continue
            yield reader.line_num, cells
    except csv.Error as error:
        raise _error(path, reader.line_num, str(error)) from error


def _row(path: Path, line: int, cells: list[str], columns: dict[str, int], *, decimal_comma: bool) -> Rated:
    def cell(name: str) -> str:
        at = columns.get(name, len(cells))
        return cells[at].strip() if at < len(cells) else ""

    file, said = cell("file"), cell("mos")
    if not file:
        raise _error(path, line, "no file is named")
    try:
        mos = float(said.replace(",", ".") if decimal_comma else said)
    except ValueError:
        mos = math.nan
    if not math.isfinite(mos):
        raise _error(path, line, f"the mos {shown(said)!r} is not a number" if said else "there is no mos")
    return Rated(file, path.absolute().parent / file, mos, cell("subset"))


def _found(rows: dict[str, Rated]) -> tuple[Rated, ...]:
    """The rows, each with the path as the disk spells it: tables that were made on Windows mix `.JPG` and `.jpg`."""
    listings: dict[Path, dict[str, list[str]]] = {}
    return tuple(
        row if _exists(row.path) else Rated(row.file, _as_on_disk(row.path, listings), row.mos, row.subset)
        for row in rows.values()
    )


def _exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - pathlib's raises for names that are too long


def _as_on_disk(path: Path, listings: dict[Path, dict[str, list[str]]]) -> Path:
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


def _error(path: Path, line: int, detail: str) -> TableError:
    return TableError(path=shown(path), detail=f"line {line}: {detail}")
