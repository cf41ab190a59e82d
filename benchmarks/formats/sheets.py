"""Contact sheets: what albumclean shows of each file of the corpus, for a person to look at."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from PIL import Image, ImageDraw

from benchmarks.formats.check import Found

_CELL = 150  # pixels a side of a thumbnail
_LABEL = 14
_COLUMNS, _ROWS = 10, 7
_BACKGROUND, _INK, _BAD = (90, 90, 90), (255, 255, 255), (255, 160, 60)


def draw(found: Iterable[Found], wrong: frozenset[str], folder: Path) -> list[Path]:
    """Write `FAMILY-N.png` sheets, each picture under its number in the list of its family; those named in `wrong`
    (by `Row.name`) are marked. Returns what was written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ordered = sorted(found, key=lambda one: (one.row.family, one.row.source, one.row.path))
    written = []
    for family, members in groupby(ordered, key=lambda one: one.row.family):
        cells = list(enumerate(members, 1))
        for page, start in enumerate(range(0, len(cells), _COLUMNS * _ROWS), 1):
            sheet = _sheet(cells[start : start + _COLUMNS * _ROWS], wrong)
            place = folder / f"{family}-{page}.png"
            sheet.save(place)
            written.append(place)
    return written


def _sheet(cells: Sequence[tuple[int, Found]], wrong: frozenset[str]) -> Image.Image:
    rows = -(-len(cells) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * _CELL, rows * (_CELL + _LABEL)), _BACKGROUND)
    pen = ImageDraw.Draw(sheet)
    for at, (number, one) in enumerate(cells):
        left, top = at % _COLUMNS * _CELL, at // _COLUMNS * (_CELL + _LABEL)
        if one.small is not None:
            with Image.open(io.BytesIO(one.small)) as picture:
                picture.thumbnail((_CELL - 4, _CELL - 2))
                sheet.paste(picture, (left, top + _LABEL))
        said = "failure" if one.failure else Path(one.row.path).name[-20:]
        pen.text((left, top + 1), f"{number} {said}", _BAD if one.row.name in wrong else _INK)
    return sheet
