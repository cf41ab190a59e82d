"""`albumclean eval` as a user runs it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from albumclean.cli.evaluate_kadid import evaluate_kadid
from albumclean.cli.output import Output
from albumclean.config import Settings
from albumclean.errors import ExitCode, OutputExists, OutputUnusable, UsageError
from albumclean.evaluation.kadid import HEADS
from albumclean.evaluation.measured import Measured
from albumclean.scoring import opinion
from albumclean.scoring.scorer import Scorer
from tests.pictures import save, scene

JUDGE = Measured.of(opinion.default(), ("judge",))


def evaluate(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "albumclean", "eval", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def rated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of eight photos in two subsets, one broken and one missing."""
    folder = tmp_path_factory.mktemp("rated")
    lines = ["File;MOS;Subset"]
    for number in range(8):
        picture = scene(number // 4, 640, 480).filter(ImageFilter.GaussianBlur(number % 4 * 2))
        save(picture, folder / "photos" / f"{number}.jpg")
        lines.append(f"photos/{number}.jpg;{5 - number % 4};{'ab'[number // 4]}")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    lines += ["broken.jpg;2;a", "gone.jpg;2;b"]
    (folder / "table.csv").write_text("\n".join(lines))
    return folder / "table.csv"


def test_the_answer_is_one_json_object_and_nothing_else(rated: Path, tmp_path: Path) -> None:
    out, plot = tmp_path / "out.csv", tmp_path / "plot.svg"
    done = evaluate(rated, "--json", "--predictions", out, "--plot", plot)
    found = json.loads(done.stdout)
    assert 1 == done.returncode
    assert 8 == found["photos"]
    assert -1 <= found["srcc"] <= 1
    assert [1, 5] == found["scale"]
    assert found["rmse"] is None
    assert {"a": 4, "b": 4} == {name: each["photos"] for name, each in found["subsets"].items()}
    assert ["broken.jpg", "gone.jpg"] == [each["file"] for each in found["failed"]]
    assert all(each["file"] in done.stderr for each in found["failed"])
    rows = list(csv.DictReader(out.read_text("utf-8").splitlines()))
    assert [f"photos/{number}.jpg" for number in range(8)] == [row["file"] for row in rows]
    assert all(0 <= float(row["prediction"]) <= 1 and 0 <= float(row["defocus"]) <= 1 for row in rows)
    assert plot.read_text().startswith("<svg")


def test_people_get_a_table_with_intervals(rated: Path) -> None:
    done = evaluate(rated)
    assert 1 == done.returncode
    assert "on a scale of 1 to 5, 2 photos left out" in done.stdout
    assert all(word in done.stdout for word in ("SRCC", "KRCC", "all", "…"))


def test_the_table_itself_is_never_written_over(rated: Path) -> None:
    before = rated.read_bytes()
    done = evaluate(rated, "--predictions", rated)
    assert (2, before) == (done.returncode, rated.read_bytes())
    assert "is there already" in done.stderr


def test_only_an_empty_file_or_one_of_our_own_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    output = Output.check(path, b"mark")
    assert output is not None
    output.write(b"mark 1")
    assert output == Output.check(path, b"mark")
    path.write_bytes(b"")
    assert output == Output.check(path, b"mark")
    path.write_bytes(b"a letter")  # put there while the run went on
    with pytest.raises(OutputExists):
        Output.check(path, b"mark")
    with pytest.raises(OutputExists):
        output.write(b"mark 2")
    assert b"a letter" == path.read_bytes()


def test_what_can_not_be_written_is_said_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(OutputUnusable, match="folder does not exist"):
        Output.check(tmp_path / "none" / "out.csv", b"mark")
    with pytest.raises(OutputUnusable):
        Output.check(tmp_path, b"mark")
    with pytest.raises(UsageError, match="must end with"):
        Output.check(tmp_path / "plot.jpg", b"mark", suffixes=(".svg", ".png"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Name either"),
        (("none.csv",), "none.csv can't be used as a table"),
        (("t.csv", "--kadid", "."), "Name either"),
        (("--kadid", ".", "--plot", "x.svg"), "go with a table"),
    ],
)
def test_wrong_usage_is_said_in_words(arguments: tuple[str, ...], said: str) -> None:
    done = evaluate(*arguments)
    assert (2, "") == (done.returncode, done.stdout)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_if_no_photo_can_be_judged_the_numbers_are_null(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("file,mos\na.jpg,1\n")
    done = evaluate(tmp_path / "t.csv", "--json")
    assert (3, 0, None) == (done.returncode, json.loads(done.stdout)["photos"], json.loads(done.stdout)["srcc"])


def test_the_kadid_protocol_runs_on_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def judge(images: Iterable[Image.Image], device: str, scorer: Scorer) -> Iterator[dict[str, float]]:
        for image in images:  # a scorer that knows nothing but the detail
            detail = float(np.asarray(image.convert("L").filter(ImageFilter.FIND_EDGES)).std())
            yield {**dict.fromkeys(HEADS, 0.0), "mos": 0.5, "defocus": 1 / (1 + detail)}

    monkeypatch.setattr("albumclean.cli.evaluate_kadid.judge_images", judge)
    save(scene(1, 640, 480), tmp_path / "photos" / "1.jpg")
    save(scene(2, 320, 240), tmp_path / "photos" / "small.jpg")
    assert ExitCode.SOME_FAILED == evaluate_kadid(tmp_path / "photos", JUDGE, Settings(), "cpu", json_=True)
    found = json.loads(capsys.readouterr().out)
    assert (1, 10) == (found["photos"], found["kadid"]["ladders"])
    assert found["kadid"]["by_head"]["blur"]["mean_srcc"] > 0.8
    assert (0, 4) == (found["kadid"]["by_head"]["noise"]["mean_srcc"], found["kadid"]["by_head"]["noise"]["constant"])
    assert 12 == len(found["kadid"]["matrix"]["rise_at_level_5"])
    assert "smaller than 512 x 384" in found["failed"][0]["reason"]
    evaluate_kadid(tmp_path / "photos", JUDGE, Settings(), "cpu", json_=False)
    assert "gaussian-blur" in capsys.readouterr().out


def test_the_protocol_asks_for_one_scorer_that_says_faults() -> None:
    for faults, said in (((), "does not say how much blur"), (JUDGE.faults * 2, "say which of judge and judge")):
        with pytest.raises(UsageError, match=said):
            evaluate_kadid(Path(), replace(JUDGE, faults=faults), Settings(), "cpu", json_=True)


def test_a_folder_without_a_usable_photo_is_an_error(tmp_path: Path) -> None:
    save(scene(2, 320, 240), tmp_path / "small.jpg")
    with pytest.raises(UsageError, match="no photos"):
        evaluate_kadid(tmp_path, JUDGE, Settings(), "cpu", json_=True)
