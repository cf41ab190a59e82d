"""The history says of every photo what became of it, why and by whose word, and brings back just what is meant."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from albumclean.config import Locations
from albumclean.domain import (
    Action,
    Decision,
    DecisionBy,
    FileIdentity,
    MoveState,
    PlanItem,
    PlannedFile,
    TrashPlan,
)
from albumclean.errors import UndoImpossible
from albumclean.history import History
from albumclean.store.journal_rows import RunKind
from albumclean.store.ledger import Ledger
from albumclean.trash import apply_plan, undo
from tests.striking import Killed, struck
from tests.trash_helpers import digest, item, plan, snapshot, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the trash of Linux desktops")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path / "ledger" / "ledger.sqlite")


def test_a_run_says_what_moved_why_and_what_stayed_in_its_place(ledger: Ledger, album: Path) -> None:
    keeper, copy, sidecar = write(album / "a.jpg"), write(album / "a (1).jpg"), write(album / "a (1).xmp")
    size = copy.stat().st_size + sidecar.stat().st_size
    said = time.time()
    ledger.remember([Decision(digest(copy), copy, Action.TRASH, "duplicate", said)])
    apply_plan(plan(item(copy, [sidecar], keeper)), ledger)
    history = History(ledger)
    (run,) = history.runs()
    assert (1, RunKind.APPLY, None, {MoveState.MOVED: 1}, size) == (
        run.id,
        run.kind,
        run.destination,
        run.photos,
        run.bytes,
    )
    assert run.can_be_undone and not run.is_unfinished
    (group,) = history.groups(run.id)
    (moved,) = group.items
    assert (keeper, "duplicate") == (group.kept, group.rule)
    assert (copy, (sidecar,), size, MoveState.MOVED, "") == (
        moved.path,
        moved.companions,
        moved.size,
        moved.state,
        moved.reason,
    )
    assert ("is a copy", keeper, DecisionBy.USER, said) == (
        moved.sentence,
        moved.kept,
        moved.decided_by,
        moved.decided_at,
    )
    assert moved.destination is not None and moved.destination.exists()


def test_photos_for_which_the_same_one_stayed_are_a_group_and_single_photos_are_none(
    ledger: Ledger, album: Path
) -> None:
    keeper = write(album / "keep.jpg")
    names = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    a, b, c, d = (write(album / name) for name in names)
    apply_plan(plan(item(a, keeper=keeper), item(b), item(c, keeper=keeper), item(d)), ledger)
    groups = History(ledger).groups(1)
    assert [[a, c], [b], [d]] == [[moved.path for moved in group.items] for group in groups]
    assert [keeper, None, None] == [group.kept for group in groups]
    assert 3 == History(ledger).count_groups(1)
    assert groups == list(History(ledger).all_groups(1))
    assert [groups[1]] == History(ledger).groups(1, offset=1, limit=1)


def test_a_group_comes_back_alone(ledger: Ledger, album: Path) -> None:
    keeper = write(album / "keep.jpg")
    a, b, c = (write(album / name) for name in ("a.jpg", "b.jpg", "c.jpg"))
    apply_plan(plan(item(a, keeper=keeper), item(b), item(c, keeper=keeper)), ledger)
    history = History(ledger)
    for number in (moved.id for moved in history.groups(1)[0].items[1:]):
        outcomes = history.undo(group=number)
    assert [(a, MoveState.RESTORED), (c, MoveState.RESTORED)] == [(each.path, each.state) for each in outcomes]
    assert {"keep.jpg", "a.jpg", "c.jpg"} == set(snapshot(album))
    assert [{MoveState.RESTORED: 2}, {MoveState.MOVED: 1, MoveState.RESTORED: 2}] == [
        run.photos for run in history.runs()
    ]


def test_of_two_photos_from_one_path_the_one_that_is_meant_comes_back(ledger: Ledger, album: Path) -> None:
    path = write(album / "IMG_1.jpg", b"the first")
    apply_plan(plan(item(path)), ledger)
    write(path, b"the second")
    apply_plan(plan(item(path)), ledger)
    history = History(ledger)
    first = history.groups(1)[0].items[0].id
    (outcome,) = history.undo(items=[first])
    assert (MoveState.RESTORED, b"the first") == (outcome.state, path.read_bytes())
    assert [MoveState.MOVED] == [each.state for group in history.groups(2) for each in group.items]


@pytest.mark.parametrize("call", ["renameat2", "settle"])
def test_what_is_half_way_can_be_undone(ledger: Ledger, album: Path, call: str) -> None:
    photo, sidecar = write(album / "a.jpg"), write(album / "a.xmp")
    before = snapshot(album)
    history = History(ledger)
    if call == "renameat2":  # killed there
        with suppress(Killed), struck(str(album), 0, Killed, after=True, call=call):
            apply_plan(plan(item(photo, [sidecar])), ledger)
    else:  # and on the way back
        apply_plan(plan(item(photo, [sidecar])), ledger)
        with suppress(Killed), struck(str(album), 0, Killed, after=True, call=call):
            undo(ledger)
    (run,) = [run for run in history.runs() if run.kind is RunKind.APPLY]
    assert (0, True) == (run.photos.get(MoveState.MOVED, 0), run.can_be_undone)
    history.undo(run=run.id)
    assert before == snapshot(album)
    assert [False] * len(history.runs()) == [run.can_be_undone for run in history.runs()]


def test_an_undo_lists_what_it_brought_back(ledger: Ledger, album: Path) -> None:
    a, b = write(album / "a.jpg"), write(album / "b.jpg")
    size = a.stat().st_size
    apply_plan(plan(item(a), item(b)), ledger)
    undo(ledger, paths=[a])
    history = History(ledger)
    last, first = history.runs()
    assert (RunKind.UNDO, {MoveState.RESTORED: 1}, size) == (last.kind, last.photos, last.bytes)
    assert (RunKind.APPLY, 2) == (first.kind, sum(first.photos.values()))
    assert [(a, last.id, None)] == [
        (each.path, each.undone_by, each.destination) for group in history.groups(last.id) for each in group.items
    ]


def test_what_stayed_has_its_reason(ledger: Ledger, album: Path) -> None:
    photo = write(album / "a.jpg")
    planned = plan(item(photo))
    write(photo, b"edited meanwhile", mtime_ns=1_600_000_000_000_000_000)
    apply_plan(planned, ledger)
    (run,) = History(ledger).runs()
    (moved,) = History(ledger).groups(1)[0].items
    assert ({MoveState.SKIPPED: 1}, 0, False) == (run.photos, run.bytes, run.can_be_undone)
    assert moved.state is MoveState.SKIPPED and "changed" in moved.reason


def test_a_rules_own_decision_is_told_from_the_users(ledger: Ledger, album: Path) -> None:
    a, b, c = (write(album / name) for name in ("a.jpg", "b.jpg", "c.jpg"))
    now, content = time.time(), digest(a)
    ledger.remember(
        [
            Decision(content, a, Action.TRASH, "duplicate", now - 9, DecisionBy.USER),
            Decision(content, a, Action.TRASH, "duplicate", now - 5, DecisionBy.RULE),
            Decision(digest(b), b, Action.TRASH, "another rule", now),
        ]
    )
    apply_plan(plan(item(a), item(b), item(c)), ledger)
    ledger.remember([Decision(content, a, Action.TRASH, "duplicate", now + 3600)])
    assert [DecisionBy.RULE, None, None] == [group.items[0].decided_by for group in History(ledger).groups(1)]


def test_only_one_of_run_group_and_items_can_be_named(ledger: Ledger) -> None:
    with pytest.raises(ValueError):
        History(ledger).undo(run=1, items=[1])


def test_numbers_that_the_journal_does_not_know_move_nothing(ledger: Ledger, album: Path) -> None:
    photo, sidecar = write(album / "a.jpg"), write(album / "a.xmp")
    apply_plan(plan(item(photo, [sidecar])), ledger)
    history = History(ledger)
    known = history.groups(1)[0].id
    for items in ([99], [known, 99], [known + 1]):  # the last is the line of the sidecar
        with pytest.raises(UndoImpossible, match="knows no photo"):
            history.undo(items=items)
    with pytest.raises(UndoImpossible, match="knows no photo"):
        history.undo(group=99)
    with pytest.raises(UndoImpossible, match="knows no such run"):
        history.undo(run=99)
    assert {} == snapshot(album)
    history.undo(run=1)
    with pytest.raises(UndoImpossible, match="was an undo itself"):
        history.undo(run=2)
    assert [] == history.undo(items=[known]), "what is back already has no outcome"
    assert (None, [], 0) == (history.run(99), history.groups(99), history.count_groups(99))


def test_names_that_are_not_text_are_kept(ledger: Ledger, album: Path) -> None:
    name = "caf\udce9.jpg"
    photo = write(album / name)
    apply_plan(plan(item(photo)), ledger)
    assert name == History(ledger).groups(1)[0].items[0].path.name


def test_values_of_the_past_can_not_be_changed(ledger: Ledger, album: Path) -> None:
    apply_plan(plan(item(write(album / "a.jpg"))), ledger)
    with pytest.raises(dataclasses.FrozenInstanceError):
        History(ledger).runs()[0].id = 2  # type: ignore[misc]


def test_a_hundred_thousand_moves_are_read_page_by_page(ledger: Ledger) -> None:
    keeper = PlannedFile(FileIdentity(Path("/album/keep.jpg"), 1, 1, 1, 1), b"k" * 32)
    items = (
        PlanItem(
            (PlannedFile(FileIdentity(Path(f"/album/{n:06}.jpg"), 10, 1, n, 1), b"%032d" % n),),
            "keep-best",
            "A copy.",
            keeper if n % 10 == 0 else None,
        )
        for n in range(100_000)
    )
    ledger.begin(RunKind.APPLY, TrashPlan(tuple(items)))
    history = History(ledger)
    begun = time.perf_counter()
    (run,) = history.runs()
    page = history.groups(1, offset=50_000, limit=100)
    took = time.perf_counter() - begun
    assert {MoveState.PLANNED: 100_000} == run.photos
    assert (90_001, 100) == (history.count_groups(1), len(page))
    assert took < 5, f"a page took {took:.1f} s"
    read = 0
    for group in history.all_groups(1):
        read += len(group.items)
        if read > 20_000:
            break
    assert 20_001 == read


# --- the commands -----------------------------------------------------------------------------------------------


def albumclean(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "albumclean", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def moved(album: Path) -> Path:
    """Run 1 in the user's own ledger: two copies of one photo and a single one, its name with a terminal escape."""
    keeper = write(album / "keep.jpg")
    a, b, c = (write(album / name) for name in ("a.jpg", "b.jpg", "c\x1b[31m.jpg"))
    with Ledger.open(Locations.from_environment().ledger) as ledger:
        ledger.remember([Decision(digest(a), a, Action.TRASH, "duplicate", time.time())])
        apply_plan(plan(item(a, keeper=keeper), item(b, keeper=keeper), item(c)), ledger)
    return album


def test_history_tells_runs_photos_and_reasons(moved: Path) -> None:
    runs = albumclean("history")
    assert (0, "") == (runs.returncode, runs.stderr)
    assert "3 moved" in runs.stdout and "trash" in runs.stdout and "albumclean undo --run 1" in runs.stdout
    told = albumclean("history", "1").stdout
    for words in (str(moved / "a.jpg"), "is a copy", "You chose so on", f"{moved / 'keep.jpg'}", "Now at", "--item 1"):
        assert words in told
    assert "\x1b" not in told and "c\\x1b[31m.jpg" in told
    assert "no decision is on record" in told


def test_history_as_json_says_the_same(moved: Path) -> None:
    document = json.loads(albumclean("history", "--json").stdout)
    assert (1, 1, {"moved": 3}) == (document["version"], document["count"], document["runs"][0]["photos"])
    document = json.loads(albumclean("history", "1", "--json").stdout)
    assert [["a.jpg", "b.jpg"], ["c\x1b[31m.jpg"]] == [
        [Path(each["path"]).name for each in group["items"]] for group in document["groups"]
    ]
    assert ["user", None] == [each["decided_by"] for each in document["groups"][0]["items"]]


def test_undo_takes_a_group_or_a_number_but_one_way_only(moved: Path) -> None:
    before = set(snapshot(moved))
    both = albumclean("undo", "--group", "1", "--run", "1")
    assert (2, before) == (both.returncode, set(snapshot(moved)))
    assert "1 photo brought back" in albumclean("undo", "--item", "3").stdout
    assert {"c\x1b[31m.jpg"} == set(snapshot(moved)) - before
    assert "2 photos brought back" in albumclean("undo", "--group", "2").stdout
    assert {"keep.jpg", "a.jpg", "b.jpg", "c\x1b[31m.jpg"} == set(snapshot(moved))
    assert "nothing to bring back" in albumclean("undo", "--item", "3").stdout
    assert 1 == albumclean("undo", "--item", "99").returncode


def test_undo_list_says_what_history_says(moved: Path) -> None:
    assert albumclean("history").stdout == albumclean("undo", "--list").stdout
    assert {"keep.jpg"} == set(snapshot(moved)), "it brings back nothing"


def test_what_never_was_is_said_plainly(home: Path) -> None:
    assert "Nothing was ever moved." in albumclean("history").stdout
    none = albumclean("history", "7")
    assert (3, True) == (none.returncode, "no run 7" in none.stderr)
    assert 2 == albumclean("history", "7", "--limit", "3").returncode
