"""`albumclean explain` as a user runs it; where only the rules matter, with a judge that says what the test wants."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from albumclean.cli.main import main
from albumclean.domain import Degradation, Photo
from albumclean.engines import judge
from tests.pictures import save, scene

Run = Callable[..., tuple[int, str, str]]
FAULTS = {kind.value for kind in Degradation}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command in this process: (exit code, standard output, standard error)."""

    def explain(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["albumclean", "explain", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return explain


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the judge says of every file: `mos`, `rating`, ..."""
    said: dict[str, Any] = {"mos": 0.1, "mos_std": 0.1, "rating": None, "kind": "photo"}

    def inspect(path: Path, **_: object) -> judge.Inspection:
        values = {("judge", name): value for name, value in dict.fromkeys(FAULTS, 0.2).items()}
        values |= {("judge", "mos"): said["mos"], ("judge", "mos_std"): said["mos_std"], ("kind", said["kind"]): 1.0}
        photo = Photo(b"h" * 32, 4000, 3000, "JPEG", camera="Maker", rating=said["rating"])
        grid, vector = np.full((9, 12), 0.5, np.float32), np.zeros(1280, np.float32)
        grey = Image.new("RGB", (40, 30), "grey")
        return judge.Inspection(photo, values, grid, vector, ((0, 0),), 224, grey)

    monkeypatch.setattr(judge, "inspect", inspect)
    return said


def one(run: Run, *arguments: str | Path) -> dict[str, Any]:
    """The only photo of a run that must succeed."""
    code, out, _ = run("--json", *arguments)
    assert 0 == code
    (photo,) = json.loads(out)["photos"]
    return dict(photo)


def low_quality(photo: dict[str, Any]) -> dict[str, Any]:
    return next(rule for rule in photo["rules"] if rule["rule"] == "low-quality")


def test_a_photo_that_was_never_scanned_is_explained(album: Path, run: Run) -> None:
    path = save(scene(1, 640, 480), album / "a.jpg", taken_at="2024:05:06 07:08:09")
    code, out, err = run(path)
    assert (0, "") == (code, err)
    for text in (
        str(path),
        "640x480 JPEG",
        "2024-05-06 07:08:09",
        "Maker Model 1",
        "people's mean is probably between",
    ):
        assert text in out
    for kind in Degradation:
        assert f"\n{kind.text} " in out
    assert "quality map" in out
    assert "threshold of 0.35" in out
    assert "\x1b" not in out  # no colours and no picture where no one looks


def test_nothing_is_written_by_an_explanation(album: Path, home: Path, run: Run) -> None:
    path = save(scene(1), album / "a.jpg")
    before = [(each, each.stat().st_mtime_ns) for each in sorted(album.rglob("*"))]
    assert 0 == run(path)[0]
    assert before == [(each, each.stat().st_mtime_ns) for each in sorted(album.rglob("*"))]
    assert [] == list(home.iterdir())


def test_the_json_has_every_key_of_the_contract(album: Path, run: Run) -> None:
    path = save(scene(1, 640, 480), album / "a.jpg")
    (album / "a.xmp").write_text('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
    code, out, _ = run("--json", path, album / "none.jpg")
    document = json.loads(out)
    assert 1 == code
    assert ["version", "photos", "failed"] == list(document)
    assert 1 == document["version"]
    (photo,), (failure,) = document["photos"], document["failed"]
    assert {"path", "stage", "reason", "transient"} == failure.keys()
    page = (Path(__file__).parents[1] / "docs" / "explain.md").read_text("utf-8")
    assert [] == [key for key in (*photo, *photo["rules"][0]) if f"| `{key}` |" not in page]
    assert [str(album / "a.xmp")] == photo["companions"]
    assert (640, 480, "JPEG") == (photo["width"], photo["height"], photo["format"])
    assert FAULTS == photo["degradations"].keys()
    low, high = photo["interval"]
    assert 0 <= low <= photo["mos"] <= high <= 1
    assert 1 == len({len(row) for row in photo["quality_map"]})
    assert all(0 <= left < 640 and 0 <= top < 480 for left, top in photo["patches"])
    assert photo["map"] is None


def test_a_bad_photo_does_not_hide_the_others(album: Path, run: Run) -> None:
    first, last = save(scene(1), album / "1.jpg"), save(scene(2), album / "2.jpg")
    (album / "empty.jpg").touch()
    (album / "text.jpg").write_text("no picture")
    os.mkfifo(album / "pipe.jpg")
    (album / "dangling.jpg").symlink_to("nowhere")
    bad = [album / name for name in ("none.jpg", "empty.jpg", "text.jpg", "pipe.jpg", "dangling.jpg")]
    code, out, err = run(first, *bad, album, last)
    assert 1 == code
    assert str(first) in out
    assert str(last) in out
    named = [line.removeprefix("albumclean: ").split(": ")[0] for line in err.splitlines()]
    assert [str(path) for path in (*bad, album)] == named
    document = json.loads(run("--json", first, *bad, album, last)[1])
    assert [str(path) for path in (*bad, album)] == [failure["path"] for failure in document["failed"]]
    assert [str(first), str(last)] == [photo["path"] for photo in document["photos"]]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_photo_that_may_not_be_read_is_named(album: Path, run: Run) -> None:
    path = save(scene(1), album / "a.jpg")
    path.chmod(0)
    code, _, err = run(path)
    assert 1 == code
    assert "Permission denied" in err


def test_odd_names_neither_break_the_lines_nor_the_json(album: Path, run: Run) -> None:
    odd = [album / "new\nline.jpg", album / "esc\x1b[31m.jpg", album / os.fsdecode(b"byte\xff.jpg"), album / "-x.jpg"]
    for path in odd:
        save(scene(1), path)
    (album / "bad\n.jpg").touch()
    code, out, err = run("--", *odd, album / "bad\n.jpg")
    assert 1 == code
    assert 4 == sum(line.startswith("photo ") for line in out.splitlines())
    assert 1 == len(err.splitlines())
    assert "\x1b" not in out
    code, out, _ = run("--json", "--", *odd)
    assert 0 == code
    photos = json.loads(out)["photos"]
    assert str(odd[0]) == photos[0]["path"]
    assert "path_base64" in photos[2]
    out.encode("utf-8")


def test_a_link_stands_for_its_target(album: Path, run: Run) -> None:
    path = save(scene(1), album / "a.jpg")
    (album / "link.jpg").symlink_to(path)
    assert str(path) == one(run, album / "link.jpg")["path"]


def test_by_how_much_a_rule_fires_is_told(album: Path, run: Run, told: dict[str, Any]) -> None:
    path = save(scene(1), album / "a.jpg")
    told["mos"] = 0.24
    ruling = low_quality(one(run, path))
    assert ("trash", True) == (ruling["action"], ruling["proposed"])
    assert [{"fact": "mos", "value": 0.24, "threshold": 0.35}] == ruling["margins"]
    assert "MOS 0.24 is 0.11 below the threshold of 0.35" in run(path)[1]
    told["mos"] = 0.62
    ruling = low_quality(one(run, path))
    assert (None, False) == (ruling["action"], ruling["proposed"])
    assert [{"fact": "mos", "value": 0.62, "threshold": 0.35}] == ruling["margins"]
    assert "Does not propose it: MOS 0.62 is 0.27 above the threshold of 0.35" in run(path)[1]


def test_the_threshold_in_force_is_the_one_of_the_settings_or_of_this_command(
    album: Path, home: Path, run: Run, told: dict[str, Any]
) -> None:
    path = save(scene(1), album / "a.jpg")
    told["mos"] = 0.4
    (home / "config.toml").write_text("[low_quality]\nbelow = 0.45\n")
    assert "MOS 0.40 is 0.05 below the threshold of 0.45" in run(path)[1]
    assert "MOS 0.40 is 0.20 above the threshold of 0.20" in run(path, "--below", "0.2")[1]


def favourite(album: Path, home: Path, told: dict[str, Any]) -> None:
    (album / "a.jpg.json").write_text('{"favorited": true}')


def rated(album: Path, home: Path, told: dict[str, Any]) -> None:
    (album / "a.xmp").write_text('<a xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/>')


def rated_in_the_file(album: Path, home: Path, told: dict[str, Any]) -> None:
    told["rating"] = 4


def broken_sidecar(album: Path, home: Path, told: dict[str, Any]) -> None:
    (album / "a.xmp").write_text("<no")


def protected(album: Path, home: Path, told: dict[str, Any]) -> None:
    (home / "config.toml").write_text(f"[crawl]\nprotected = [{json.dumps(str(album))}]\n")


PROTECTIONS = [
    (favourite, "is a favourite"),
    (rated, "is rated 4"),
    (rated_in_the_file, "is rated 4"),
    (broken_sidecar, "has a sidecar that can't be read and may hold a rating"),
    (protected, "lies in a protected folder"),
]


@pytest.mark.parametrize(("protect", "why"), PROTECTIONS, ids=[protect.__name__ for protect, _ in PROTECTIONS])
def test_a_rule_that_would_fire_but_for_a_protection_is_told_with_it(
    protect: Callable[[Path, Path, dict[str, Any]], None],
    why: str,
    album: Path,
    home: Path,
    run: Run,
    told: dict[str, Any],
) -> None:
    path = save(scene(1), album / "a.jpg")
    assert low_quality(one(run, path))["proposed"] is True
    protect(album, home, told)
    photo = one(run, path)
    assert why == photo["held_back"]
    assert ("trash", False) == (low_quality(photo)["action"], low_quality(photo)["proposed"])
    out = run(path)[1]
    assert f"Would propose it for the trash, but it {why}: MOS 0.10 is 0.25 below" in out
    assert f"It {why}." in out


def test_a_photo_that_a_scan_leaves_out_is_never_proposed(tmp_path: Path, run: Run, told: dict[str, Any]) -> None:
    trash = tmp_path / "Trash"
    (trash / "info").mkdir(parents=True)
    photo = one(run, save(scene(1), trash / "files" / "a.jpg"))
    assert "is left out by a scan (a trash;" in photo["held_back"]
    assert low_quality(photo)["proposed"] is False


def test_a_companion_is_not_proposed_apart_from_its_photo(album: Path, run: Run, told: dict[str, Any]) -> None:
    save(scene(1), album / "a.jpg")
    (album / "a.THM").write_bytes((album / "a.jpg").read_bytes())
    photo = one(run, album / "a.THM")
    assert str(album / "a.THM") == photo["path"]
    assert "it belongs to a.jpg" in photo["held_back"]


def test_a_protected_folder_that_is_missing_is_said_once(
    album: Path, home: Path, run: Run, told: dict[str, Any]
) -> None:
    (home / "config.toml").write_text('[crawl]\nprotected = ["/no/such/folder"]\n')
    paths = [save(scene(seed), album / f"{seed}.jpg") for seed in (1, 2)]
    code, _, err = run(*paths)
    assert 0 == code
    assert 1 == err.count("nothing in it is protected")


def test_a_score_that_is_no_number_is_no_score(album: Path, run: Run, told: dict[str, Any]) -> None:
    path = save(scene(1), album / "a.jpg")
    told.update(mos=float("nan"), mos_std=float("nan"))
    photo = one(run, path)
    assert (None, None, None) == (photo["mos"], photo["mos_std"], photo["interval"])
    assert low_quality(photo)["proposed"] is False
    out = run(path)[1]
    assert "no usable value" in out
    assert "there is no MOS to compare with the threshold of 0.35" in out


def test_the_map_is_written_once_and_over_nothing_else(album: Path, tmp_path: Path, run: Run) -> None:
    path = save(scene(1, 640, 480), album / "a.jpg")
    target = tmp_path / "map.png"
    photo = one(run, path, "--map", target)
    assert str(target) == photo["map"]
    with Image.open(target) as picture:
        picture.load()
        assert 640 == picture.width
        assert picture.height > 480
    assert 0 == run(path, "--map", target)[0]  # its own file
    mine = save(scene(2), tmp_path / "mine.png")
    before = mine.read_bytes()
    for arguments, word in (
        ((path, "--map", mine), "already"),
        ((path, "--map", album / "out.jpg"), ".png"),
        ((path, "--map", tmp_path / "none" / "map.png"), "folder does not exist"),
        ((path, path, "--map", tmp_path / "new.png"), "one photo"),
    ):
        code, out, err = run(*arguments)
        assert (2, "") == (code, out)
        assert word in err
    assert before == mine.read_bytes()
    assert not (tmp_path / "new.png").exists()


def test_a_photo_that_fails_leaves_no_map(album: Path, tmp_path: Path, run: Run) -> None:
    (album / "a.jpg").write_text("no picture")
    assert 1 == run(album / "a.jpg", "--map", tmp_path / "map.png")[0]
    assert not (tmp_path / "map.png").exists()


@pytest.mark.parametrize("columns", [40, 80, 120, 300])
def test_a_terminal_gets_the_map_in_colour_unless_it_wants_none(
    columns: int, album: Path, run: Run, told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(scene(1, 640, 480), album / "a.jpg")
    for name, value in {"FORCE_COLOR": "1", "COLORTERM": "truecolor", "COLUMNS": str(columns), "LINES": "40"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TERM", "xterm-256color")
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in run(path)[1].splitlines()]
    assert any("▀▀▀" in line for line in plain)
    assert any("0 bad" in line and "1 good" in line for line in plain)
    assert max(map(len, plain)) <= columns
    (said,) = (line for line in plain if line.startswith("low-quality "))
    assert (columns >= 110) == any("▀" in line and line.startswith("score") for line in plain)
    assert "Proposes it for the trash" in said or columns == 40
    assert "▀" not in run(path, "--no-preview")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "▀" not in run(path)[1]  # half blocks without colours show nothing


def test_the_command_costs_the_others_no_start_up_time() -> None:
    heavy = "{'numpy', 'PIL', 'torch', 'rich'}"
    code = f"import sys, albumclean.cli.explain; sys.exit(bool({heavy} & sys.modules.keys()))"
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
