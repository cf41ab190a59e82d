"""Tables of scores, the KADID protocol on a made-up scorer, and the plots."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from albumclean.errors import TableError
from albumclean.evaluation import document, drawing
from albumclean.evaluation.agreement import agreement
from albumclean.evaluation.kadid import DISTORTIONS, HEADS, LEVELS, RUNGS, ladder, report
from albumclean.evaluation.logistic import Logistic
from albumclean.evaluation.scatter import Points, scatter, ticks
from albumclean.evaluation.table import read_table, scale_of
from tests.pictures import scene


def table(folder: Path, content: str | bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        "file,mos\na.jpg,0.5\n",
        "\ufefffile,mos\r\na.jpg,0.5\r\n",
        " MOS ; note ; File \n0,5;x;a.jpg\n\n",
        "file\tmos\tsubset\na.jpg\t0,5\t\n",
        'scene,"file","mos"\n"a, b","a.jpg","0.5"',
    ],
)
def test_a_table_is_read_in_any_usual_dress(tmp_path: Path, content: str) -> None:
    (row,) = read_table(table(tmp_path, content)).rows
    assert ("a.jpg", tmp_path / "a.jpg", 0.5, "") == (row.file, row.path, row.mos, row.subset)


def test_an_absolute_path_stays_and_a_relative_one_begins_at_the_table(tmp_path: Path) -> None:
    rows = read_table(table(tmp_path, f"file,mos\n{tmp_path}/x/a.jpg,1\nsub/b.jpg,2\n")).rows
    assert [tmp_path / "x" / "a.jpg", tmp_path / "sub" / "b.jpg"] == [row.path for row in rows]


def test_a_name_in_another_case_is_found_unless_two_files_fit(tmp_path: Path) -> None:
    for name in ("One.JPG", "two.jpg", "TWO.jpg"):
        (tmp_path / name).write_bytes(b"")
    rows = read_table(table(tmp_path, "file,mos\none.jpg,1\nTwo.jpg,2\n")).rows
    assert ["One.JPG", "Two.jpg"] == [row.path.name for row in rows]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "it is empty"),
        ("file,mos\n", "no rows"),
        ("name,mos\na.jpg,1\n", "the column 'file'"),
        ("a\n", "'file' and 'mos'"),
        ("file,mos\na.jpg,good\n", "line 2: the mos 'good' is not a number"),
        ("file,mos\na.jpg,nan\n", "line 2: the mos 'nan' is not a number"),
        ("file,mos\na.jpg\n", "line 2: there is no mos"),
        ("file,mos\n\n,0.5\n", "line 3: no file is named"),
        ("file,mos\na.jpg,1\n./a.jpg,2\n", "line 3: ./a.jpg was named before"),
        ("file,mos,subset\na.jpg,1,x\na.jpg,1,y\n", "line 3: a.jpg was named before"),
        ("file,mos\nfür.jpg,1\n".encode("latin-1"), "not UTF-8"),
        (b"file,mos\n\0\0\0", "not text"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "not UTF-8"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_its_line(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(TableError) as caught:
        read_table(table(tmp_path, content))
    assert said in str(caught.value)


def test_a_missing_table_is_an_error_in_words(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(TableError, match="it can't be read"):
            read_table(path)


def test_a_row_that_is_said_twice_counts_once(tmp_path: Path) -> None:
    found = read_table(table(tmp_path, "file,mos\na.jpg,1\nb.jpg,2\n./a.jpg,1\n"))
    assert (["a.jpg", "b.jpg"], 1) == ([row.file for row in found.rows], found.repeated)


def test_the_scale_is_the_first_usual_one_that_fits() -> None:
    assert [(0, 1), (1, 5), (0, 10), (0, 100), None, None] == [
        scale_of(scores) for scores in ([0.0, 1], [1.2, 4.8], [0.5, 7], [3, 88.0], [-1, 1], [5, 900.0])
    ]


def test_no_document_holds_a_nan(tmp_path: Path) -> None:
    run = document.Run("judge", "1", [("a.jpg", "gone")])
    for count in (0, 1, 3):
        found = agreement(np.full(count, 0.5), np.full(count, 0.5))
        results = document.Results(found, None, {"s": found}, {"t": found}, {})
        text = json.dumps(document.results_document(results, run), allow_nan=False)
        assert json.loads(text)["srcc"] is None
        assert json.loads(text)["subsets"]["s"]["photos"] == count


def readings(photos: int = 2) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Of a scorer whose every severity is 0.1."""
    return np.full((photos, RUNGS, len(HEADS)), 0.1)


def test_a_ladder_is_the_clean_photo_and_twelve_distortions_at_five_levels() -> None:
    pictures = list(ladder(scene(0, 640, 480), seed=1))
    assert RUNGS == len(pictures) == 1 + 12 * 5
    assert {(512, 384)} == {picture.size for picture in pictures}
    again = list(ladder(scene(0, 640, 480), seed=1))
    assert [picture.tobytes() for picture in pictures] == [picture.tobytes() for picture in again]


def test_a_scorer_that_says_the_same_at_every_level_gets_0_and_it_is_said() -> None:
    found = report(readings())
    assert (0.0, 0.0, 20, 20) == (
        found.protocol.overall.mean_srcc,
        found.protocol.overall.mean_plcc,
        found.protocol.overall.ladders,
        found.protocol.overall.constant,
    )


def test_each_distortion_is_read_from_its_own_severity() -> None:
    values = readings()
    for row, name in enumerate(DISTORTIONS):
        steps = slice(1 + LEVELS * row, 1 + LEVELS * (row + 1))
        if name in {"gaussian-blur", "lens-blur"}:
            values[:, steps, HEADS.index("defocus")] = np.linspace(0.2, 1, LEVELS)
        if name == "motion-blur":
            values[:, steps, HEADS.index("motion")] = np.linspace(0.2, 1, LEVELS)
        if "noise" in name:  # the wrong one
            values[:, steps, HEADS.index("compression")] = np.linspace(0.2, 1, LEVELS)
    found = report(values)
    assert 1.0 == pytest.approx(found.protocol.by_head["blur"].mean_srcc) == found.protocol.by_head["blur"].mean_plcc
    assert (0.0, 0.0) == (found.protocol.by_head["noise"].mean_srcc, found.protocol.by_head["compression"].mean_srcc)
    assert pytest.approx(0.3) == found.protocol.overall.mean_srcc
    row, column = DISTORTIONS.index("white-noise"), HEADS.index("compression")
    assert pytest.approx(0.9) == found.rise_at_worst[row, column]
    assert pytest.approx(0.5) == found.rise_mean[row, column]
    assert 0.0 == found.rise_at_worst[row, HEADS.index("noise")]


def test_a_plot_is_valid_svg_whatever_the_names_are() -> None:
    points = Points(np.array([0.1, 0.9, 0.5]), np.array([1.0, 5, 3]), ["<b>&", "a\x1b[0m", ""])
    shapes = scatter(points, Logistic(5, 1, 0.5, 0.1), "a < b", "people")
    root = ElementTree.fromstring(drawing.svg(shapes))
    text = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"<b>&", "a\\x1b[0m", "(no subset)", "a < b", "0.4", "3"} <= set(text)
    assert 3 + 3 == len(list(root.iter("{http://www.w3.org/2000/svg}circle")))  # and the legend's


@pytest.mark.parametrize("photos", [0, 1, 2])
def test_few_or_equal_photos_are_plotted_too(photos: int) -> None:
    points = Points(np.full(photos, 0.5), np.full(photos, 3.0), [""] * photos)
    shapes = scatter(points, None, "few", "people")
    with Image.open(io.BytesIO(drawing.png(shapes))) as picture:
        assert ("PNG", (1440, 1120)) == (picture.format, picture.size)
    assert drawing.MARK in drawing.png(shapes)[:1024]


def test_ticks_are_round_numbers_within_the_range() -> None:
    assert [1, 2, 3, 4, 5] == ticks(0.9, 5.1)
    assert pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0]) == ticks(-0.01, 1.01)


def test_dots_lie_where_they_should() -> None:
    lines = drawing.braille(np.array([0.0, 1.0]), np.array([0.0, 1.0]), columns=2, rows=2)
    assert ["⠀⠈", "⡀⠀"] == lines
