"""Tables that other people made: text with separators, and Excel's .xlsx, by the names of their columns."""

from __future__ import annotations

import csv
import io
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

from albumclean.errors import TableError
from albumclean.words import shown

_DELIMITERS: Final = (",", ";", "\t")
_HEADER_ROWS: Final = 5  # of an Excel sheet, among which the one with the names of the columns must be
# What openpyxl lets through of a damaged file: whatever the archive and the XML in it raise (SyntaxError: bad XML).
_UNSOUND: Final = (
    BadZipFile, zlib.error, EOFError, SyntaxError, LookupError, ValueError, TypeError, AttributeError,
    NotImplementedError, OverflowError,
)  # fmt: skip
_MOST_ROWS: Final = 1_000_000  # of one sheet: more is not a table of scores


@dataclass(frozen=True, slots=True)
class Row:
    """One record: text by column, the columns' names in lower case."""

    path: Path  # of the table
    line: int
    cells: Mapping[str, str]
    decimal_comma: bool = False  # whether a comma may be the decimal mark

    def text(self, column: str) -> str:
        """Without blanks around it; empty where the column or the cell is missing."""
        return self.cells.get(column.casefold(), "")

    def number(self, column: str) -> float:
        """Finite. Raises TableError."""
        said = self.text(column)
        try:
            value = float(said.replace(",", ".") if self.decimal_comma else said)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.error(f"the {column} {shown(said)!r} is not a number" if said else f"there is no {column}")
        return value

    def error(self, detail: str) -> TableError:
        """What is wrong with this record."""
        return line_error(self.path, self.line, detail)


def read_sheet(path: Path, columns: Sequence[str]) -> list[Row]:
    """All records of the first table in the file that has these columns. Raises TableError.

    `.xlsx` needs the package openpyxl. Anything else is UTF-8 text whose first line names the columns, with comma,
    semicolon or tab between them. Names may be in any case; other columns may be there.
    """
    if path.suffix.casefold() == ".xlsx":
        return _excel(path, columns)
    text = read_text(path)
    delimiter, places = _header(path, text, columns)
    return [
        Row(path, line, _named(cells, places), decimal_comma=delimiter != ",")
        for line, cells in _records(path, text, delimiter, skip=1)
    ]


def read_text(path: Path) -> str:
    """The whole file. Raises TableError where it is not UTF-8 text, or empty."""
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


def line_error(path: Path, line: int, detail: str) -> TableError:
    """What is wrong with one line of a file."""
    return TableError(path=shown(path), detail=f"line {line}: {detail}")


def _header(path: Path, text: str, columns: Sequence[str]) -> tuple[str, dict[str, int]]:
    """The delimiter with which the first record names the columns, and where each stands."""
    most: dict[str, int] = {}
    for delimiter in _DELIMITERS:
        _, names = next(_records(path, text, delimiter, skip=0))
        places = _places(names)
        if not _missing(columns, places):
            return delimiter, places
        if len(places) >= len(most):
            most = places
    missing = " and ".join(map(repr, _missing(columns, most)))
    raise TableError(path=shown(path), detail=f"its first line does not name the column {missing}")


def _records(path: Path, text: str, delimiter: str, skip: int) -> Iterator[tuple[int, list[str]]]:
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
        raise line_error(path, reader.line_num, str(error)) from error


def _excel(path: Path, columns: Sequence[str]) -> list[Row]:
    try:
        import openpyxl
    except ImportError as error:
        raise TableError(
            path=shown(path),
            detail='to read an Excel file, install `pip install "albumclean[datasets]"`, or save its sheet as '
            f"{shown(path.with_suffix('.csv').name)} in the same folder",
        ) from error
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            for sheet in book.worksheets:
                if (found := _of_sheet(path, sheet.iter_rows(values_only=True), columns)) is not None:
                    return found
        finally:
            book.close()
    except OSError as error:
        raise TableError(path=shown(path), detail=f"it can't be read ({error.strerror or error})") from error
    except _UNSOUND as error:
        raise TableError(path=shown(path), detail="it is not a sound Excel file") from error
    named = " and ".join(map(repr, columns))
    raise TableError(path=shown(path), detail=f"none of its sheets names the columns {named}")


def _of_sheet(path: Path, rows: Iterable[Sequence[object]], columns: Sequence[str]) -> list[Row] | None:
    numbered = enumerate(islice(rows, _MOST_ROWS), start=1)
    for _, names in islice(numbered, _HEADER_ROWS):
        places = _places(["" if cell is None else str(cell) for cell in names])
        if not _missing(columns, places):
            texts = ((line, ["" if cell is None else str(cell) for cell in cells]) for line, cells in numbered)
            return [Row(path, line, _named(cells, places)) for line, cells in texts if any(cells)]
    return None


def _places(names: Sequence[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for number, name in enumerate(names):
        places.setdefault(name.strip().casefold(), number)
    return places


def _missing(columns: Sequence[str], places: Mapping[str, int]) -> list[str]:
    return [name for name in columns if name.casefold() not in places]


def _named(cells: Sequence[str], places: Mapping[str, int]) -> dict[str, str]:
    return {name: cells[at].strip() for name, at in places.items() if at < len(cells)}
