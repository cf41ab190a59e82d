"""Whatever call fails, and wherever a kill strikes, each file is at one known end, whole."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from albumclean.domain import MoveState, TrashPlan
from albumclean.errors import QuarantineUnusable, StoreError
from albumclean.store.ledger import Ledger
from albumclean.trash import apply_plan, files, recover, resume, undo
from tests.trash_helpers import check_each_file_is_at_one_end, item, plan, snapshot, write

CALLS = ("rename", "open", "fsync", "unlink", "utime", "mkdir", "link")


class Killed(BaseException):
    """Stands for `kill -9`: nothing in the code may catch it."""


class Faults:
    """Counts the calls that change the disk and makes the one with number `at` fail, before or after it is done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, below: Path) -> None:
        self.below = os.fspath(below)
        self.at = -1
        self.after = False
        self.error: Callable[[], BaseException] = Killed
        self.count = 0
        for name in CALLS:
            monkeypatch.setattr(os, name, self._wrapped(getattr(os, name)))
        monkeypatch.setattr(files, "_kernel_rename", self._wrapped(files._kernel_rename))

    def _wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if real.__name__ != "fsync" and not os.fspath(args[0]).startswith(self.below):
                return real(*args, **kwargs)
            here = self.count == self.at
            self.count += 1
            if here and not self.after:
                raise self.error()
            result = real(*args, **kwargs)
            if here:
                raise self.error()
            return result

        return call

    def arm(self, at: int, error: Callable[[], BaseException], *, after: bool) -> None:
        self.count, self.at, self.error, self.after = 0, at, error, after

    def disarm(self) -> None:
        self.at = -1


def album(folder: Path) -> tuple[TrashPlan, dict[Path, bytes]]:
    paths = [write(folder / name) for name in ("a/IMG.jpg", "a/IMG.xmp", "a/IMG.mov", "b/IMG.jpg")]
    keeper = write(folder / "keep.jpg")
    assets = (item(paths[0], paths[1:3], keeper), item(paths[3], (), keeper))
    return plan(*assets), {path: path.read_bytes() for path in paths}


def quarantined(value: TrashPlan, folder: Path | None) -> TrashPlan:
    return TrashPlan(value.items, folder)


@pytest.fixture(params=["trash", "claimed", "quarantine", "copied"])
def route(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    if request.param == "claimed":

        def unknown(source: Path, destination: Path) -> None:
            raise OSError(errno.EINVAL, "no such flag")

        monkeypatch.setattr(files, "_kernel_rename", unknown)
    if request.param == "copied":
        real = files._kernel_rename

        def between_drives(source: Path, destination: Path) -> None:
            if ("quarantine" in str(source)) != ("quarantine" in str(destination)):
                raise OSError(errno.EXDEV, "cross-device")
            real(source, destination)

        monkeypatch.setattr(files, "_kernel_rename", between_drives)
    yield request.param


def run_with_fault(
    base: Path, faults: Faults, route: str, at: int, error: Callable[[], BaseException], *, after: bool, undoing: bool
) -> bool:
    """One apply (or undo) with one fault, then recovery; whether the fault was reached."""
    value, before = album(base / "album")
    value = quarantined(value, base / "quarantine" if route in {"quarantine", "copied"} else None)
    shots = snapshot(base / "album")
    with Ledger.open(base / "ledger.sqlite") as ledger:
        if undoing:
            assert [MoveState.MOVED] * 2 == [done.state for done in apply_plan(value, ledger)]
        faults.arm(at, error, after=after)
        with suppress(Killed, QuarantineUnusable, StoreError):
            undo(ledger) if undoing else apply_plan(value, ledger)
        reached = faults.count > at
        faults.disarm()
    with Ledger.open(base / "ledger.sqlite") as ledger:
        if error is not Killed:
            check_each_file_is_at_one_end(ledger, before, ("source", "destination"))
        recover(ledger)
        check_each_file_is_at_one_end(ledger, before, ("source", "destination"))
        states = {move.state for run in ledger.history() for move in ledger.moves(run.id)}
        assert not states & {MoveState.MOVING, MoveState.RESTORING}
        whole = [{(move.state is MoveState.MOVED) for move in ledger.moves(1) if move.item == n} for n in (0, 1)]
        if ledger.history() and (not undoing or error is Killed):
            assert all(len(states) == 1 for states in whole), "an asset was torn apart"
        assert not list(base.rglob(".albumclean-*.part"))
        resume(ledger)
        undo(ledger)
        undo(ledger)
        assert shots == snapshot(base / "album")
        trash = [path for path in base.rglob("*") if path.is_file() and "Trash" in path.parts]
        assert [] == trash, "something of ours was left in the trash"
    return reached


@pytest.mark.parametrize("undoing", [False, True], ids=["apply", "undo"])
@pytest.mark.parametrize(
    ("code", "after"),
    [(None, False), (None, True), (errno.ENOSPC, False), (errno.EPERM, True)],
    ids=["killed-before", "killed-after", "disk-full", "refused-though-done"],
)
def test_no_fault_at_any_call_loses_doubles_or_tears_a_photo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, route: str, code: int | None, after: bool, undoing: bool
) -> None:
    faults = Faults(monkeypatch, tmp_path)
    error: Callable[[], BaseException] = Killed if code is None else lambda: OSError(code, os.strerror(code))
    at = 0
    while True:
        base = tmp_path / f"{at}"
        monkeypatch.setenv("XDG_DATA_HOME", str(base / "xdg"))
        if not run_with_fault(base, faults, route, at, error, after=after, undoing=undoing):
            break
        at += 1
    assert at > 3
