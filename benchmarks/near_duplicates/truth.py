"""What a file of the benchmark is: the rows of `truth.csv`."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from enum import StrEnum
from pathlib import Path


class Relation(StrEnum):
    """What a file is to the photo that it shows."""

    SOURCE = "source"  # as it was collected, byte for byte
    SAME_BYTES = "same-bytes"
    SAME_PIXELS = "same-pixels"  # other metadata, or packed otherwise without loss
    DERIVED = "derived"  # resized, recompressed, edited
    NEGATIVE = "negative"  # a shot of its own that looks like others of its family

    @property
    def is_exact(self) -> bool:
        """Whether it has the pixels of the source."""
        return self in {Relation.SOURCE, Relation.SAME_BYTES, Relation.SAME_PIXELS}


@dataclass(frozen=True, slots=True)
class Row:
    """One file. Files of the same shot are copies of one another; files of different shots never are."""

    file: str  # relative to the folder of pictures, with forward slashes
    shot: str
    relation: Relation
    transformation: str = ""
    strength: str = ""  # a number or a word, as the transformation has it
    family: str = ""  # shots of one family look alike; its type stands before the first hyphen
    taken: str = ""  # the file's own EXIF time, ISO 8601 without zone

    @property
    def family_type(self) -> str:
        """`night`, `document`, `series`, ...; empty where it has no family."""
        return self.family.partition("-")[0]


COLUMNS = tuple(field.name for field in fields(Row))


def read(table: Path) -> list[Row]:
    """The rows of a truth. Raises ValueError where its columns are not the agreed ones."""
    with table.open(encoding="utf-8", newline="") as file:
        lines = csv.DictReader(file)
        if tuple(lines.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{table}: the columns must be {', '.join(COLUMNS)}")
        return [
            Row(
                line["file"],
                line["shot"],
                Relation(line["relation"]),
                line["transformation"],
                line["strength"],
                line["family"],
                line["taken"],
            )
            for line in lines
        ]


def write(table: Path, rows: Iterable[Row]) -> None:
    """Put the rows into `table`, which appears only when it is whole."""
    unfinished = table.with_name(table.name + ".part")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(COLUMNS)
        lines.writerows(astuple(row) for row in rows)
    unfinished.replace(table)
