"""What other duplicate finders say, read as groups: their own words, as captured on a folder of seven files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.near_duplicates.groups import Group, read_groups
from benchmarks.near_duplicates.measure import Tally, measure
from benchmarks.near_duplicates.peers import environments, measured
from benchmarks.near_duplicates.peers.__main__ import Runner, runs_of
from benchmarks.near_duplicates.peers.answer import Answer, grouped, paired
from benchmarks.near_duplicates.peers.choose import best
from benchmarks.near_duplicates.peers.registry import TOOLS
from benchmarks.near_duplicates.truth import Relation, Row

PHOTOS = Path("/photos")

# /photos/one 0.jpg, its byte copy, a quarter-size WebP, a recompressed and a turned copy; another photo; a broken file
GROUPS = [["/photos/one 0.jpg", "/photos/a b/bytes-0.jpg", "/photos/q60-0.jpg", "/photos/a b/half-0.webp"]]
COPIES = ("one 0.jpg", "a b/bytes-0.jpg", "q60-0.jpg", "a b/half-0.webp")
PAIRS = frozenset(
    {
        ("a b/bytes-0.jpg", "a b/half-0.webp"),
        ("a b/bytes-0.jpg", "one 0.jpg"),
        ("a b/bytes-0.jpg", "q60-0.jpg"),
        ("a b/half-0.webp", "one 0.jpg"),
        ("a b/half-0.webp", "q60-0.jpg"),
        ("one 0.jpg", "q60-0.jpg"),
    }
)

IMAGEDEDUP = {
    "read": 6,
    "duplicates": {
        "one 0.jpg": ["q60-0.jpg", "a b/bytes-0.jpg", "a b/half-0.webp"],
        "q60-0.jpg": ["one 0.jpg", "a b/bytes-0.jpg", "a b/half-0.webp"],
        "one 1.jpg": [],
        "turned-0.png": [],
        "a b/bytes-0.jpg": ["one 0.jpg", "q60-0.jpg", "a b/half-0.webp"],
        "a b/half-0.webp": ["one 0.jpg", "q60-0.jpg", "a b/bytes-0.jpg"],
    },
}
CZKAWKA = [["/photos/a b/bytes-0.jpg", "/photos/a b/half-0.webp", "/photos/one 0.jpg", "/photos/q60-0.jpg"]]
FINDIMAGEDUPES_100 = [["/photos/a b/bytes-0.jpg", "/photos/one 0.jpg"]]


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        ("imagededup", IMAGEDEDUP),
        ("imagededup-cnn", IMAGEDEDUP),
        ("czkawka", CZKAWKA),
        ("image-dedup-ai", {"read": 6, "groups": GROUPS}),
        ("difpy", {"read": 6, "groups": GROUPS}),
        ("clearclutter", {"read": 6, "groups": GROUPS}),
        ("findimagedupes", CZKAWKA),
    ],
)
def test_every_tools_own_words_give_the_same_pairs(tool: str, said: object) -> None:
    assert PAIRS == TOOLS[tool].read(said, PHOTOS).links


@pytest.mark.parametrize("tool", ["image-dedup-ai", "difpy", "clearclutter"])
def test_the_file_that_a_tool_would_keep_comes_first(tool: str) -> None:
    assert (COPIES,) == TOOLS[tool].read({"read": 6, "groups": GROUPS}, PHOTOS).groups


def test_what_a_tool_does_not_find_is_not_made_up() -> None:
    assert {("a b/bytes-0.jpg", "one 0.jpg")} == TOOLS["findimagedupes"].read(FINDIMAGEDUPES_100, PHOTOS).links


def test_a_chain_of_pairs_is_not_taken_for_a_group() -> None:
    chain = {"read": 3, "duplicates": {"a.jpg": ["b.jpg"], "b.jpg": ["a.jpg", "c.jpg"], "c.jpg": ["b.jpg"]}}
    assert {("a.jpg", "b.jpg"), ("b.jpg", "c.jpg")} == TOOLS["imagededup"].read(chain, PHOTOS).links


def test_sets_of_difpy_that_share_a_file_stay_apart() -> None:
    said = {"read": 3, "groups": [["/photos/a.jpg", "/photos/b.jpg"], ["/photos/b.jpg", "/photos/c.jpg"]]}
    assert {("a.jpg", "b.jpg"), ("b.jpg", "c.jpg")} == TOOLS["difpy"].read(said, PHOTOS).links


@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_words_of_another_form_are_refused(tool: str) -> None:
    for said in ({"error": "no such folder"}, [[1, 2]], "nothing"):
        with pytest.raises(ValueError, match="answer"):
            TOOLS[tool].read(said, PHOTOS)


def test_a_file_outside_the_folder_is_refused() -> None:
    with pytest.raises(ValueError, match="elsewhere"):
        grouped([["/photos/a.jpg", "/elsewhere/b.jpg"]], PHOTOS)


def test_a_group_of_one_says_nothing() -> None:
    assert Answer() == grouped([["/photos/a.jpg"]], PHOTOS)
    assert Answer() == paired({"a.jpg": ["a.jpg"], "b.jpg": []})


def test_an_answer_is_written_in_the_form_that_is_measured(tmp_path: Path) -> None:
    rows = [Row(file, "A", Relation.DERIVED) for file in COPIES]
    grouped(GROUPS, PHOTOS).write(tmp_path / "groups.json")
    assert [{"kind": "derived", "members": list(COPIES)}] == json.loads((tmp_path / "groups.json").read_text())
    assert [Group("derived", (0, 1, 2, 3))] == read_groups(tmp_path / "groups.json", rows)


def test_pairs_are_measured_as_pairs(tmp_path: Path) -> None:
    rows = [
        Row("a.jpg", "A", Relation.SOURCE),
        Row("b.jpg", "A", Relation.DERIVED),
        Row("c.jpg", "A", Relation.DERIVED),
    ]
    paired({"b.jpg": ["a.jpg", "c.jpg"], "a.jpg": ["b.jpg"]}).write(tmp_path / "pairs.json")
    assert Tally(right=2, wrong=0, missed=1) == measure(rows, read_groups(tmp_path / "pairs.json", rows)).derived_pairs


def test_of_two_settings_as_good_the_more_precise_is_chosen() -> None:
    loose, strict = Tally(right=4, wrong=4, missed=0), Tally(right=2, wrong=0, missed=2)  # an F1 of 2/3 both
    assert "strict" == best({"loose": loose, "strict": strict, "nothing": Tally(0, 0, 8)})
    assert "first" == best({"first": loose, "second": loose})


def test_every_tool_is_pinned_and_tries_its_default_in_a_sweep() -> None:
    for tool in TOOLS.values():
        assert all("==" in requirement for requirement in tool.requirements)
        assert tool.default in tool.settings
        assert len(set(tool.settings)) == len(tool.settings)


def test_the_default_is_timed_by_itself() -> None:
    default, sweep, best = runs_of(TOOLS["czkawka"], sweep=True, best={"czkawka": "5"})
    assert (["10"], ["czkawka"]) == (default.settings, default.names)
    assert {"10", *sweep.settings} == set(TOOLS["czkawka"].settings)
    assert {f"czkawka@{setting}" for setting in sweep.settings} == set(sweep.names)
    assert (["5"], ["czkawka@best"]) == (best.settings, best.names)


def test_an_unfinished_environment_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    finished = False

    def run(command: list[str], check: bool) -> None:
        asked.append(command)
        (tmp_path / "czkawka-0.1.2").mkdir(exist_ok=True)
        if "pip" in command and not finished:
            raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(environments.NotInstalledError, match="could not be installed"):
        environments.python_of(TOOLS["czkawka"], tmp_path)
    finished = True
    environments.python_of(TOOLS["czkawka"], tmp_path)
    assert 4 == len(asked)
    environments.python_of(TOOLS["czkawka"], tmp_path)
    assert 4 == len(asked)


def test_a_tool_that_is_not_there_is_told_and_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    out.mkdir()
    [run] = runs_of(TOOLS["findimagedupes"], sweep=False, best={})
    assert not Runner(photos, out, tmp_path / "cache").run(run, decoding=1.0)
    assert "not installed" in json.loads((out / "findimagedupes.meta.json").read_text())["failed"]


def test_time_and_memory_of_child_processes_count(tmp_path: Path) -> None:
    work = "import time; block = bytearray(60 << 20); time.sleep(0.5)\nwhile time.process_time() < 0.1: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}], check=True)"
    cost = measured.run([sys.executable, "-c", parent], tmp_path / "log", {}, tmp_path)
    assert 0 == cost.code
    assert cost.cpu >= 0.1
    assert cost.peak_mib >= 60


def test_a_tool_that_tries_to_delete_fails(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.jpg").write_bytes(b"precious")
    before = measured.listing(photos)
    guard = measured.guard(photos)
    if not guard:
        pytest.skip("this system gives no mount namespace")
    delete = "import os, sys; os.remove(sys.argv[1])"
    command = [*guard, sys.executable, "-c", delete, str(photos / "a.jpg")]
    cost = measured.run(command, tmp_path / "log", {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}, tmp_path)
    assert "Read-only file system" in cost.error
    assert before == measured.listing(photos)


def test_a_changed_file_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"one")
    before = measured.listing(tmp_path)
    (tmp_path / "a.jpg").write_bytes(b"three")
    assert before != measured.listing(tmp_path)
