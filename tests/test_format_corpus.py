"""The benchmark of real formats tells the truth: it passes what is read rightly and names whatever is not."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.formats import corpus
from benchmarks.formats.__main__ import main
from benchmarks.formats.corpus import Row
from benchmarks.formats.layout import deviation, layout_of

_SIDEWAYS = 6  # EXIF: to be turned clockwise
_SIZE = (96, 64)


def _scene() -> Image.Image:
    """No two corners of it are alike, so that every wrong turn shows."""
    picture = Image.new("RGB", _SIZE, (60, 90, 140))
    picture.paste((220, 40, 30), (0, 0, 48, 20))
    picture.paste((30, 200, 60), (72, 40, 96, 64))
    return picture


def _row(folder: Path, family: str, made: Path, **expected: object) -> Row:
    """The row of a file that a test has made, the file put where the row wants it."""
    data = made.read_bytes()
    blank = Row("github:some/where@0", made.name, hashlib.sha256(data).hexdigest(), family, "read")
    row = replace(blank, **expected)  # type: ignore[arg-type]
    place = folder / row.name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return row


@pytest.fixture
def rows(tmp_path: Path) -> list[Row]:
    """A turned JPEG with facts, an animation, and a file that is cut off."""
    folder, made = tmp_path / "corpus", tmp_path / "made"
    made.mkdir()
    upright = layout_of(_scene()).hex()
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0110] = _SIDEWAYS, "Maker", "M1"
    exif.get_ifd(0x8769)[0x9003] = "2024:05:06 07:08:09"
    turned = made / "turned.jpg"
    _scene().transpose(Image.Transpose.ROTATE_90).save(turned, quality=95, exif=exif)
    moving = made / "moving.gif"
    frames = [_scene().quantize(16), _scene().transpose(Image.Transpose.ROTATE_180).quantize(16)]
    frames[0].save(moving, save_all=True, append_images=frames[1:])
    cut = made / "cut.png"
    _scene().save(cut)
    cut.write_bytes(cut.read_bytes()[:120])
    width, height = _SIZE
    size = {"width": width, "height": height, "layout": upright}
    return [
        _row(folder, "jpeg", turned, format="JPEG", taken_at="2024-05-06T07:08:09", camera="Maker M1", **size),
        _row(folder, "animation", moving, format="GIF", pictures=2, **size),
        _row(folder, "damaged", cut, outcome="failure", words="cut off|damaged"),
    ]


def _run(tmp_path: Path, rows: list[Row], *more: str | Path) -> int:
    table = tmp_path / "list.csv"
    corpus.write(rows, table)
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path / "corpus"), "--list", str(table), *map(str, more)])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_files_that_are_read_as_expected_pass(
    tmp_path: Path, rows: list[Row], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(tmp_path, rows, "--sheets", tmp_path / "sheets") == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].split() == ["all", "3", "2", "1", "3"]
    sheets = sorted(place.name for place in (tmp_path / "sheets").iterdir())
    assert sheets == ["animation-1.png", "damaged-1.png", "jpeg-1.png"]


def test_every_wrong_expectation_is_named_with_its_file(
    tmp_path: Path, rows: list[Row], capsys: pytest.CaptureFixture[str]
) -> None:
    turned, moving, cut = rows
    upside_down = layout_of(_scene().transpose(Image.Transpose.ROTATE_180)).hex()
    wrong = [
        replace(
            turned, format="PNG", width=64, taken_at="", camera="Other", rating="5", extras="motion", layout=upside_down
        ),
        replace(moving, pictures=1),
        replace(cut, words="empty"),
    ]

    assert _run(tmp_path, wrong) == 1

    out = capsys.readouterr().out
    for said in (
        "format: JPEG in place of PNG",
        "size: 96 x 64 in place of 64 x 64",
        "taken at: 2024-05-06T07:08:09 in place of none",
        "camera: Maker M1 in place of Other",
        "rating: none in place of 5",
        "extras: none in place of motion",
        "picture is upside down",
        "pictures: 2 in place of 1",
        'in place of "empty"',
    ):
        assert said in out
    for row in wrong:
        assert f"{row.name}  github:some/where {row.path}" in out


def test_a_failure_where_a_picture_must_be_read_and_the_reverse_are_named(
    tmp_path: Path, rows: list[Row], capsys: pytest.CaptureFixture[str]
) -> None:
    turned, moving, cut = rows
    swapped = [replace(turned, outcome="failure", words="cut off"), moving, replace(cut, outcome="read")]

    assert _run(tmp_path, swapped) == 1

    out = capsys.readouterr().out
    assert "was read, though it must fail (cut off)" in out
    assert "was not read: " in out


def test_a_missing_or_changed_file_is_no_pass(
    tmp_path: Path, rows: list[Row], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "corpus" / rows[0].name).write_bytes(b"something else")

    assert _run(tmp_path, rows) == 1
    assert f"{rows[0].name}  is missing or holds other bytes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("turn", "name"),
    [
        (Image.Transpose.FLIP_LEFT_RIGHT, "mirrored"),
        (Image.Transpose.FLIP_TOP_BOTTOM, "flipped"),
        (Image.Transpose.ROTATE_180, "upside down"),
        (Image.Transpose.ROTATE_270, "turned"),
        (Image.Transpose.ROTATE_90, "turned"),
        (Image.Transpose.TRANSPOSE, "transposed"),
        (Image.Transpose.TRANSVERSE, "transversed"),
    ],
)
def test_every_wrong_turn_is_told(turn: Image.Transpose, name: str) -> None:
    said = deviation(layout_of(_scene()), layout_of(_scene().transpose(turn)))

    assert said is not None
    assert said.startswith(f"is {name}")


def test_swapped_channels_are_told_and_another_filter_is_not() -> None:
    red, green, blue = _scene().split()
    swapped = Image.merge("RGB", (blue, green, red))
    softer = _scene().resize((48, 32), Image.Resampling.BICUBIC)

    assert deviation(layout_of(_scene()), layout_of(softer)) is None
    assert "has other colours" in (deviation(layout_of(_scene()), layout_of(swapped)) or "")


def test_see_through_parts_are_laid_on_white() -> None:
    glass = Image.new("RGBA", (12, 12), (0, 0, 0, 0))

    assert layout_of(glass) == bytes([255]) * 108


def test_the_list_itself_is_whole() -> None:
    rows = corpus.read()

    assert len(rows) >= 300
    assert {row.outcome for row in rows} == {"read", "failure"}
    assert [row.name for row in rows if row.outcome == "failure" and not row.words] == []
    assert [row.name for row in rows if row.outcome == "read" and not (row.width and row.height and row.format)] == []
    assert [row.name for row in rows if not row.layout and row.outcome == "read" and not row.note] == []
    assert [row.name for row in rows if not row.readers] == []


def test_a_list_that_names_one_file_twice_is_refused(tmp_path: Path, rows: list[Row]) -> None:
    corpus.write([rows[0], rows[0]], tmp_path / "list.csv")

    with pytest.raises(ValueError, match="the same file"):
        corpus.read(tmp_path / "list.csv")
