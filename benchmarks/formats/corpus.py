"""The list of the corpus: where each file comes from, and what must be found in it.

`corpus.csv` holds one row a file. The files are not ours to ship: `benchmarks.formats collect` fetches them. What a
row expects was said by programs that share no decoder with albumclean where such exist (the row's `readers`), by the
publisher's own description, or by a person who looked at the picture (`note` says why).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

LIST = Path(__file__).with_name("corpus.csv")
NAME_DIGITS = 12  # of the SHA-256: what a file of the corpus is called


@dataclass(frozen=True, slots=True)
class Row:
    """A file and what must be found in it. Empty fields of a readable file mean: there must be nothing."""

    source: str  # github:owner/name@commit
    path: str  # inside the source
    sha256: str
    family: str  # what the file is an example of: heic, raw, damaged, ...
    outcome: str  # read, or failure
    words: str = ""  # of a failure: one of these (separated by |) stands in its reason
    format: str = ""
    width: int = 0  # upright pixels
    height: int = 0
    pictures: int = 1
    extras: str = ""  # separated by spaces, sorted
    taken_at: str = ""
    camera: str = ""
    rating: str = ""
    layout: str = ""  # the upright picture's mean colours (benchmarks.formats.layout), in hexadecimal; empty: unchecked
    readers: str = ""  # who says so
    note: str = ""  # where they differ, or why something is not checked

    @property
    def name(self) -> str:
        """Where the file lies below the corpus folder."""
        return f"{self.family}/{self.sha256[:NAME_DIGITS]}{PurePosixPath(self.path).suffix.lower() or '.bin'}"


COLUMNS = tuple(field.name for field in fields(Row))
_NUMBERS = ("width", "height", "pictures")


def read(table: Path = LIST) -> list[Row]:
    """The rows of a list. Raises ValueError where its columns are not the agreed ones or two rows name one file."""
    with table.open(encoding="utf-8", newline="") as file:
        lines = csv.DictReader(file)
        if tuple(lines.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{table}: the columns must be {', '.join(COLUMNS)}")
        rows = [_row(line) for line in lines]
    if len({row.name for row in rows}) < len(rows):
        raise ValueError(f"{table}: two rows name the same file")
    return rows


def write(rows: Iterable[Row], table: Path) -> None:
    """Rows sorted by family, source and path, so that a change of the list reads as one."""
    with table.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(COLUMNS)
        for row in sorted(rows, key=lambda row: (row.family, row.source, row.path)):
            lines.writerow(getattr(row, column) for column in COLUMNS)


def _row(line: dict[str, str]) -> Row:
    numbers = {column: int(line[column]) for column in _NUMBERS}
    texts = {column: line[column] for column in COLUMNS if column not in _NUMBERS}
    return Row(**texts, **numbers)  # type: ignore[arg-type]  # texts and numbers go to the fields of their type
