"""The commands as a user runs them: processes, real files, a real terminal, the real trash."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from albumclean.domain import FileIdentity, PlanItem, PlannedFile, TrashPlan
from albumclean.store.journal_rows import RunKind
from albumclean.store.ledger import Ledger
from albumclean.trash.files import hash_file
from tests.pictures import save, scene
from tests.tmux import Pane

COMMAND = [sys.executable, "-m", "albumclean"]


def albumclean(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(home, album) after one scan: two pairs of copies, one of them with companions, and a broken file."""
    base = tmp_path_factory.mktemp("cli")
    album, home = base / "album", base / "home"
    for seed in (1, 2, 3):
        save(scene(seed, 640, 480), album / f"{seed}.jpg", taken_at=f"2024:05:06 07:08:0{seed}")
    (album / "1 (1).jpg").write_bytes((album / "1.jpg").read_bytes())
    (album / "1.xmp").write_text('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
    (album / "1 (1).xmp").write_text('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
    save(scene(2, 640, 480).resize((320, 240)), album / "2 small.jpg", quality=85)
    (album / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    for path in album.iterdir():
        os.utime(path, ns=(1_600_000_000_123_456_789, 1_600_000_000_123_456_789))
    environ = {**os.environ, "ALBUMCLEAN_HOME": str(home), "XDG_DATA_HOME": str(home / "share")}
    done = albumclean("scan", album, "--json", env=environ)
    assert (1, 6, 1) == (done.returncode, json.loads(done.stdout)["found"], json.loads(done.stdout)["failed"])
    return home, album


@pytest.fixture
def library(scanned: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The album; the home is a copy for this test, so that each begins with nothing decided."""
    home, album = scanned
    own = tmp_path / "own"
    own.mkdir()
    (own / "cache.sqlite").write_bytes((home / "cache.sqlite").read_bytes())
    monkeypatch.setenv("ALBUMCLEAN_HOME", str(own))
    monkeypatch.setenv("XDG_DATA_HOME", str(own / "share"))
    return album


@pytest.fixture
def pane() -> Iterator[Pane]:
    with Pane(160, 40) as opened:
        yield opened


def review(pane: Pane, *arguments: str | Path) -> None:
    """In a terminal, until the first question is there."""
    names = ("ALBUMCLEAN_HOME", "XDG_DATA_HOME", "PYTHONPATH")
    environ = {name: os.environ[name] for name in names if name in os.environ} | {"LC_ALL": "C.UTF-8"}
    pane.start([*COMMAND, "review", "--similar", "--terminal", *map(str, arguments)], environ)
    pane.wait(r" of 2 · \d open")


def test_review_trash_and_undo_bring_every_byte_and_time_back(library: Path, pane: Pane) -> None:
    before = snapshot(library)
    review(pane)
    pane.press("t")
    pane.wait("· 1 open")
    pane.press("t")
    pane.wait("· 0 open")
    pane.press("q")
    pane.wait(r"Move 2 photos \(3 files with their companions\), .* to the trash\? \[y/N\]")
    assert before == snapshot(library)
    pane.press("y")
    assert 0 == pane.end()
    assert "2 photos" in pane.told
    gone = before.keys() - snapshot(library).keys()
    assert {"1 (1).jpg", "1 (1).xmp", "2 small.jpg"} == gone
    assert gone == {path.name for path in (Path(os.environ["XDG_DATA_HOME"]) / "Trash" / "files").iterdir()}
    done = albumclean("undo")
    assert (0, before) == (done.returncode, snapshot(library))


def test_a_no_to_the_last_question_moves_nothing_and_is_asked_again(library: Path, pane: Pane) -> None:
    before = snapshot(library)
    review(pane)
    pane.press("t")
    pane.wait("· 1 open")
    pane.press("q")
    pane.wait(r"\[y/N\]")
    pane.press("n")
    assert (0, before) == (pane.end(), snapshot(library))
    review(pane)
    pane.wait("1 photo chosen in (an )?earlier review")
    pane.press("q")
    pane.wait(r"Move 1 photo .*\[y/N\]")
    pane.press("n")
    assert (0, before) == (pane.end(), snapshot(library))


def test_to_moves_into_a_folder_of_the_users_own(library: Path, tmp_path: Path, pane: Pane) -> None:
    before = snapshot(library)
    review(pane, "--to", tmp_path / "aside")
    pane.press("t")
    pane.wait("· 1 open")
    pane.press("q")
    pane.wait(r"\[y/N\]")
    pane.press("y")
    assert 0 == pane.end()
    moved = [path.name for path in (tmp_path / "aside").rglob("1 (1).*")]
    assert {"1 (1).jpg", "1 (1).xmp"} == set(moved)
    assert 0 == albumclean("undo").returncode
    assert before == snapshot(library)


def test_ctrl_c_in_a_review_keeps_the_answers_and_says_how_to_go_on(library: Path, pane: Pane) -> None:
    review(pane)
    pane.press("k")
    pane.wait("· 1 open")
    pane.press("C-c")
    assert 130 == pane.end()
    assert "run `albumclean review` again" in pane.told
    kept = [json.loads(line)["path"] for line in albumclean("propose", "--similar", "--json").stdout.splitlines()]
    assert {"2.jpg", "2 small.jpg"} == {Path(path).name for path in kept}


@pytest.mark.parametrize("answers", ["t\nt\ny\n", "y\n", ""])
def test_input_that_is_no_terminal_never_moves_anything(library: Path, answers: str) -> None:
    before = snapshot(library)
    done = albumclean("review", input=answers)
    assert (3, before) == (done.returncode, snapshot(library))
    assert "not a terminal" in done.stderr


def test_a_photo_that_changed_after_the_scan_is_not_moved(library: Path, pane: Pane) -> None:
    victim = library / "2 small.jpg"
    original = victim.read_bytes()
    review(pane)
    pane.press("t")
    pane.wait("· 1 open")
    pane.press("t")
    pane.wait("· 0 open")
    pane.press("q")
    pane.wait(r"\[y/N\]")
    try:
        victim.write_bytes(original + b"edited")
        pane.press("y")
        assert 1 == pane.end()
        assert original + b"edited" == victim.read_bytes()
        assert "2 small.jpg stays where it is" in pane.told
        assert 0 == albumclean("undo").returncode
    finally:
        victim.write_bytes(original)
        os.utime(victim, ns=(1_600_000_000_123_456_789, 1_600_000_000_123_456_789))


def test_proposals_are_one_json_object_a_line_with_reasons(library: Path) -> None:
    done = albumclean("propose", "--similar", "--json")
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    trashed = {Path(entry["path"]).name: entry for entry in entries if entry["action"] == "trash"}
    assert {"1 (1).jpg", "2 small.jpg"} == trashed.keys()
    assert ("exact", "derived") == (trashed["1 (1).jpg"]["kind"], trashed["2 small.jpg"]["kind"])
    assert str(library / "2.jpg") == trashed["2 small.jpg"]["keeper"]
    assert all(entry["sentence"] and entry["version"] == 1 for entry in entries)
    assert [str(library / "1 (1).xmp")] == trashed["1 (1).jpg"]["companions"]


def test_below_decides_what_is_proposed_and_computes_nothing(library: Path) -> None:
    def count(threshold: str) -> int:
        return len(albumclean("propose", "--below", threshold, "--json").stdout.splitlines())

    assert 0 == count("0")
    assert 3 == count("1")  # of five readable photos; the keepers of two groups stay out of it


def test_csv_has_a_header_and_a_line_for_each(library: Path) -> None:
    lines = albumclean("propose", "--similar", "--csv").stdout.splitlines()
    assert "action,path,rule,mos" == lines[0][:20]
    assert 1 + 4 == len(lines)


def test_status_names_what_could_not_be_read(library: Path) -> None:
    done = albumclean("status")
    assert f"{library}/broken.jpg" in done.stdout
    failed = json.loads(albumclean("status", "--json").stdout)["failed"]
    assert [str(library / "broken.jpg")] == [failure["path"] for failure in failed]


def test_doctor_finds_all_well() -> None:
    done = albumclean("doctor")
    assert (0, True) == (done.returncode, "All is well." in done.stdout), done.stdout


def test_help_does_not_import_anything_heavy() -> None:
    probe = "import sys, albumclean.cli.main; print([m for m in ('torch', 'numpy', 'PIL', 'rich') if m in sys.modules])"
    assert (
        "[]" == subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout.strip()
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["scan"], 2, "No folder was named"),
        (["scan", "/nowhere/at/all"], 3, "/nowhere/at/all does not exist"),
        (["propose"], 3, "Run `albumclean scan FOLDER` first"),
        (["review"], 3, "Run `albumclean scan FOLDER` first"),
        (["propose", "--csv", "--json"], 2, "Choose one"),
        (["undo", "--run", "7"], 1, "the journal knows no such run"),
        (["undo", "never.jpg"], 1, "albumclean has never moved it"),
        (["scan", "--device", "cuda", "."], 2, "--device auto"),
        (["frobnicate"], 2, "No such command"),
    ],
)
def test_a_mistake_gets_a_sentence_and_a_code(
    arguments: list[str], code: int, said: str, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(scene(1), album / "a.jpg")
    monkeypatch.chdir(album)
    done = albumclean(*arguments)
    assert said in done.stderr
    assert code == done.returncode
    assert "Traceback" not in done.stderr


def test_a_damaged_configuration_is_named(home: Path) -> None:
    (home / "config.toml").write_text("[scan\n")
    done = albumclean("status")
    assert 2 == done.returncode
    assert str(home / "config.toml") in done.stderr


def test_undo_with_nothing_to_undo_says_so() -> None:
    done = albumclean("undo")
    assert (0, "There is nothing to bring back.\n") == (done.returncode, done.stdout)


def test_an_empty_folder_is_no_error(album: Path) -> None:
    done = albumclean("scan", album)
    assert 0 == done.returncode
    assert "There are no photos here." in done.stdout


def test_ctrl_c_ends_a_scan_cleanly_and_the_next_one_goes_on(album: Path, home: Path) -> None:
    for seed in range(12):  # made pictures look alike, and each pair of them is compared
        save(scene(seed), album / f"{seed}.jpg")
    process = subprocess.Popen([*COMMAND, "scan", str(album)], stderr=subprocess.PIPE, text=True)
    while not (home / "cache.sqlite").exists():
        time.sleep(0.01)
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert 130 == process.returncode
    assert "run the same scan again" in errors
    assert "Traceback" not in errors
    done = albumclean("scan", album, "--json")
    assert (0, 12) == (done.returncode, json.loads(done.stdout)["found"])


@pytest.mark.parametrize("aside", [None, "aside"])
def test_an_interrupted_run_comes_first_and_apply_finishes_it(library: Path, tmp_path: Path, aside: str | None) -> None:
    quarantine = tmp_path / aside if aside else None
    before = snapshot(library)
    seen = (library / "3.jpg").stat()
    identity = FileIdentity(library / "3.jpg", seen.st_size, seen.st_mtime_ns, seen.st_ino, seen.st_dev)
    item = PlanItem((PlannedFile(identity, hash_file(identity.path)),), "low-quality", "Scored 0.10 of 1.")
    with Ledger.open(Path(os.environ["ALBUMCLEAN_HOME"]) / "ledger.sqlite") as ledger:
        ledger.begin(RunKind.APPLY, TrashPlan((item,), quarantine))  # and then the power went
    done = albumclean("review")
    assert (3, before) == (done.returncode, snapshot(library))
    assert "`albumclean apply` finishes it" in done.stderr
    done = albumclean("apply")
    assert (0, {"3.jpg"}) == (done.returncode, before.keys() - snapshot(library).keys())
    assert "1 photo" in done.stdout
    assert f"moved to {quarantine or 'the trash'}." in done.stdout
    assert (0, before) == (albumclean("undo").returncode, snapshot(library))


def test_nothing_is_decided_by_looking(library: Path) -> None:
    albumclean("propose")
    with Ledger.open(Path(os.environ["ALBUMCLEAN_HOME"]) / "ledger.sqlite") as ledger:
        assert ([], []) == (ledger.pending(), ledger.history())
