"""Full disks, short writes, failing drives and kills: a sample of `benchmarks/faults.py`, and what each one is for."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import filelock
import pytest

from albumclean.domain import MoveState, TrashOutcome
from albumclean.errors import AlbumcleanError, DiskFull, StoreError
from albumclean.store.ledger import Ledger
from albumclean.trash import apply_plan, files, quarantine, recover, resume, undo
from benchmarks.fault_check import not_as_before
from benchmarks.fault_operations import OPERATIONS, Operation, Scene
from tests.striking import Killed, struck
from tests.trash_helpers import item, plan, snapshot, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the trash of Linux desktops")

ERRORS = ("ENOSPC", "EIO", "EACCES", "EPERM", "EROFS", "EDQUOT", "EINTR", "ENAMETOOLONG")
MOVING = [each for each in OPERATIONS if each.name.startswith(("apply", "undo", "resume"))]
REAL_RENAME = files._kernel_rename


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in memory where that can be: a thousand syncs take their time on a disk."""
    monkeypatch.setenv("XDG_DATA_HOME", "set by the scene")
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="faults-", dir=memory) as folder:
        yield Path(folder).resolve()


@pytest.fixture
def scene(place: Path) -> Scene:
    return Scene.fresh(place / "base", place / "other")


@pytest.fixture
def between_drives(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rename into or out of "other" is one to another drive."""

    def rename(source: Path, destination: Path) -> None:
        if ("other" in source.parts) != ("other" in destination.parts):
            raise OSError(errno.EXDEV, "cross-device")
        REAL_RENAME(source, destination)

    monkeypatch.setattr(files, "_kernel_rename", rename)


def play(operation: Operation, place: Path, at: int, error: Callable[[], BaseException], *, after: bool) -> bool:
    """One operation with one fault, and the next run; whether the fault was met."""
    scene = Scene.fresh(place / "base", place / "other")
    operation.prepare(scene)
    with suppress(Killed, AlbumcleanError), struck(str(place), at, error, after=after) as met:
        operation.run(scene)
    assert [] == operation.check(scene), f"{operation.name}, call {at} ({met[-1:]}) of {len(met)}"
    return len(met) > at


@pytest.mark.usefixtures("between_drives")
@pytest.mark.parametrize("operation", MOVING, ids=lambda operation: operation.name)
def test_no_error_at_any_call_loses_doubles_or_tears_a_photo(place: Path, operation: Operation) -> None:
    at = 0
    while True:
        code = ERRORS[at % len(ERRORS)]
        if not play(operation, place, at, lambda code=code: OSError(getattr(errno, code), code), after=at % 3 == 0):  # type: ignore[misc]
            break
        at += 11 if at % 2 else 10
    assert at > 20


@pytest.mark.usefixtures("between_drives")
@pytest.mark.parametrize("operation", MOVING, ids=lambda operation: operation.name)
def test_no_kill_loses_doubles_or_tears_a_photo(place: Path, operation: Operation) -> None:
    at = 1
    while play(operation, place, at, Killed, after=at % 2 == 0):
        at += 19
    assert at > 20


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_real_processes_survive_faults_of_the_system_and_sigkill() -> None:
    command = [sys.executable, "-m", "benchmarks.faults", "--count", "24", "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    if "strace can't trace" in done.stderr:
        pytest.skip("this machine lets nobody trace")
    assert 0 == done.returncode, done.stdout + done.stderr
    assert ", 0 violations" in done.stdout


# --- a disk that is full in the middle of a file -----------------------------------------------------------------


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """The system writes only a part of what a call asks for, then nothing: as on a disk that fills."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def limited(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, size: int) -> None:
    real = getattr(module, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        with no_file_longer_than(size):
            return real(*args, **kwargs)

    monkeypatch.setattr(module, name, call)


@pytest.mark.usefixtures("between_drives")
@pytest.mark.parametrize("size", [0, 1, 350, 699])
def test_a_copy_that_was_cut_short_is_no_copy(scene: Scene, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    limited(monkeypatch, quarantine, "copy_verified", size)
    with Ledger.open(scene.ledger) as ledger:
        outcomes = apply_plan(plan(*scene.plan.items, quarantine=scene.other / "out"), ledger)
    assert {MoveState.FAILED} == {outcome.state for outcome in outcomes}
    assert [] == [*scene.wrong(), *not_as_before(scene.album)]


@pytest.mark.parametrize("size", [0, 1, 40])
def test_a_note_that_was_cut_short_sends_nothing_to_the_trash(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    limited(monkeypatch, files, "_write_exclusively", size)
    with Ledger.open(scene.ledger) as ledger:
        outcomes = apply_plan(scene.plan, ledger)
    assert {MoveState.FAILED} == {outcome.state for outcome in outcomes}
    assert [] == [*scene.wrong(), *not_as_before(scene.album)]


@pytest.mark.parametrize("size", [0, 30])
def test_no_photo_enters_a_folder_that_later_scans_would_look_into(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    value = plan(*scene.plan.items, quarantine=scene.base / "out")
    with Ledger.open(scene.ledger) as ledger:
        with monkeypatch.context() as patch:
            limited(patch, quarantine, "_close_to_scans", size)
            with pytest.raises(AlbumcleanError, match="can't be moved"):
                apply_plan(value, ledger)
        assert [] == not_as_before(scene.album)
        resume(ledger)
        (run,) = (scene.base / "out").iterdir()
        assert "*" in (run / ".albumcleanignore").read_text().splitlines()
    assert [] == scene.wrong()


@pytest.mark.parametrize("spare", [1, 2])
def test_a_ledger_without_space_leaves_every_photo_whole_at_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, spare: int
) -> None:
    """Not only after the next run: who knows when that is."""
    real = Ledger.begin

    def then_full(self: Ledger, *args: Any) -> Any:
        run = real(self, *args)
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        self._connection.execute(f"PRAGMA max_page_count = {pages + spare}")
        return run

    folders = [scene.base / "album" / f"{'long name ' * 20}{number}" for number in range(12)]
    assets = [[write(folder / f"a{end}") for end in (".jpg", ".xmp", ".aae", ".mov")] for folder in folders]
    items = [item(photo, rest) for photo, *rest in assets]
    before = snapshot(scene.base / "album")
    with Ledger.open(scene.ledger) as ledger:
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "begin", then_full)
            with pytest.raises(DiskFull):
                apply_plan(plan(*items, quarantine=scene.base / "out"), ledger)
        half_way = [path for asset in ledger.unsettled() for path in (move.path for move in asset)]
        assert [] != half_way, "the disk was full between two photos"
        assert [] == [path for path in half_way if not path.exists()], "torn, until somebody comes by"
        ledger._connection.execute("PRAGMA max_page_count = 1000000")
        assert {MoveState.MOVED} == {outcome.state for outcome in resume(ledger)} - {MoveState.PLANNED}
        undo(ledger)
    assert before == snapshot(scene.base / "album")


# --- what makes it hold ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("between_drives")
def test_the_original_goes_only_when_its_copy_is_on_the_disk_and_was_read_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def noted(module: Any, name: str, what: Callable[..., str]) -> None:
        real = getattr(module, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            done.append(f"{name} {what(*args)}")
            return real(*args, **kwargs)

        monkeypatch.setattr(module, name, call)

    noted(os, "fsync", lambda descriptor: Path(os.readlink(f"/proc/self/fd/{descriptor}")).suffix or "folder")
    noted(files, "hash_file", lambda path: path.suffix)
    noted(files, "rename_no_replace", lambda source, *_: source.suffix)
    noted(quarantine, "remove_original", lambda file: file.path.suffix)
    photo = write(scene.base / "album" / "only.jpg")
    with Ledger.open(scene.ledger) as ledger:
        apply_plan(plan(item(photo), quarantine=scene.other / "out"), ledger)
    copying = done[done.index("fsync .part") :]
    wanted = ["fsync .part", "hash_file .part", "rename_no_replace .part", "fsync folder", "remove_original .jpg"]
    assert wanted == [each for each in copying if each in wanted]
    above = len((scene.base / "album").parts) + 2  # the folders that were made on the other drive
    assert above <= done[: done.index("fsync .part")].count("fsync folder")


def test_a_share_that_syncs_no_folders_takes_photos_all_the_same(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def files_only(descriptor: int) -> None:
        if Path(os.readlink(f"/proc/self/fd/{descriptor}")).is_dir():
            raise OSError(errno.EINVAL, "not for folders")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", files_only)
    with Ledger.open(scene.ledger) as ledger:
        outcomes = apply_plan(plan(*scene.plan.items, quarantine=scene.base / "out"), ledger)
    assert {MoveState.MOVED} == {outcome.state for outcome in outcomes}


def refusing(monkeypatch: pytest.MonkeyPatch, path: Path, source: Path | None = None) -> None:
    """Nothing can be moved to `path`, nor (`source`) from there."""

    def rename(one: Path, other: Path) -> None:
        if other == path or (source is not None and one == source):
            raise OSError(errno.EIO, "input/output error")
        REAL_RENAME(one, other)

    monkeypatch.setattr(files, "_kernel_rename", rename)


def test_a_file_that_can_not_be_put_back_is_put_back_by_the_next_run(scene: Scene) -> None:
    photo, sidecar = write(scene.base / "album/p.jpg"), write(scene.base / "album/p.xmp")
    before = snapshot(scene.base / "album")
    with Ledger.open(scene.ledger) as ledger:
        with pytest.MonkeyPatch.context() as patch:
            refusing(patch, sidecar, photo)
            (outcome,) = apply_plan(plan(item(photo, [sidecar])), ledger)
        assert MoveState.FAILED is outcome.state
        assert "p.xmp lies at" in outcome.reason
        assert not sidecar.exists()
        recover(ledger)
        assert before == snapshot(scene.base / "album")
        assert [MoveState.MOVED] == [done.state for done in resume(ledger)]
        assert [MoveState.RESTORED] == [done.state for done in undo(ledger)]
        assert before == snapshot(scene.base / "album")


def test_an_undo_brings_back_what_an_earlier_move_could_not_put_back(scene: Scene) -> None:
    photo, sidecar = write(scene.base / "album/p.jpg"), write(scene.base / "album/p.xmp")
    before = snapshot(scene.base / "album")
    with Ledger.open(scene.ledger) as ledger:
        with pytest.MonkeyPatch.context() as patch:
            refusing(patch, sidecar, photo)
            apply_plan(plan(item(photo, [sidecar])), ledger)
            (failed, *_) = undo(ledger)
            assert MoveState.FAILED is failed.state
            assert (True, False) == (photo.exists(), sidecar.exists())
        undo(ledger)
        assert before == snapshot(scene.base / "album")
        assert [] == ledger.unsettled()


def test_a_torn_photo_whose_companion_s_place_is_taken_is_not_called_done_by_an_undo(scene: Scene) -> None:
    photo, sidecar = write(scene.base / "album/p.jpg"), write(scene.base / "album/p.xmp")
    before = snapshot(scene.base / "album")
    with Ledger.open(scene.ledger) as ledger:
        with suppress(Killed), struck(str(scene.base / "album"), 0, Killed, after=True, call="renameat2"):
            apply_plan(plan(item(photo, [sidecar])), ledger)
        write(sidecar, b"something new")
        for _ in range(2):
            (outcome,) = undo(ledger)
            assert (MoveState.FAILED, True) == (outcome.state, "another file has taken its place" in outcome.reason)
            assert (True, b"something new") == (photo.exists(), sidecar.read_bytes())
        sidecar.unlink()
        assert [MoveState.RESTORED] == [done.state for done in recover(ledger)]
        assert before == snapshot(scene.base / "album")
        assert [] == ledger.unsettled()


@pytest.mark.parametrize("at", ["an error", "a kill"])
def test_what_an_undo_could_not_make_whole_is_made_whole_by_any_next_run(scene: Scene, at: str) -> None:
    photo, sidecar = write(scene.base / "album/p.jpg"), write(scene.base / "album/p.xmp")
    before = snapshot(scene.base / "album")
    with Ledger.open(scene.ledger) as ledger:
        with pytest.MonkeyPatch.context() as patch:
            refusing(patch, sidecar, photo)
            apply_plan(plan(item(photo, [sidecar])), ledger)
            if at == "an error":
                undo(ledger)
            else:  # the rest of the move is given up, and the undo has not begun
                with suppress(Killed), struck(str(scene.base), 0, Killed, call="begin"):
                    undo(ledger)
            assert (True, False) == (photo.exists(), sidecar.exists())
        recover(ledger)
        assert before == snapshot(scene.base / "album")
        assert [] == ledger.unsettled()


@pytest.mark.parametrize("next_run", [recover, undo], ids=["any run", "an undo, which says so"])
def test_a_file_that_does_not_come_back_is_brought_back_by_the_next_run(
    scene: Scene, next_run: Callable[[Ledger], list[TrashOutcome]]
) -> None:
    photo, sidecar = write(scene.base / "album/p.jpg"), write(scene.base / "album/p.xmp")
    before = snapshot(scene.base / "album")
    with Ledger.open(scene.ledger) as ledger:
        apply_plan(plan(item(photo, [sidecar])), ledger)
        with pytest.MonkeyPatch.context() as patch:
            refusing(patch, sidecar)
            (outcome,) = undo(ledger)
        assert MoveState.FAILED is outcome.state
        assert "the rest is back in its place" in outcome.reason
        assert [MoveState.RESTORED] == [done.state for done in next_run(ledger)]
        assert before == snapshot(scene.base / "album")


def test_a_photo_of_which_nothing_came_back_is_still_moved(scene: Scene) -> None:
    photo = write(scene.base / "album/p.jpg")
    with Ledger.open(scene.ledger) as ledger:
        apply_plan(plan(item(photo)), ledger)
        with pytest.MonkeyPatch.context() as patch:
            refusing(patch, photo)
            undo(ledger)
        assert [MoveState.MOVED] == [move.state for move in ledger.moves(1)]


@pytest.mark.parametrize("after", ["at once", "undo"])
def test_a_photo_that_was_scanned_while_its_companion_was_away_does_not_go_without_it(scene: Scene, after: str) -> None:
    photo, sidecar = write(scene.base / "album/p.jpg"), write(scene.base / "album/p.xmp")
    before = snapshot(scene.base / "album")
    with Ledger.open(scene.ledger) as ledger:
        with suppress(Killed), struck(str(scene.base / "album"), 0, Killed, after=True, call="renameat2"):
            apply_plan(plan(item(photo, [sidecar])), ledger)
        assert (True, False) == (photo.exists(), sidecar.exists())
        scanned = plan(item(photo))  # all that a scan finds now
        if after == "undo":
            undo(ledger)
        (outcome,) = apply_plan(scanned, ledger)
        assert (MoveState.SKIPPED, True) == (outcome.state, "p.xmp, which belongs to it" in outcome.reason)
        assert before == snapshot(scene.base / "album")
        assert [MoveState.MOVED] == [done.state for done in apply_plan(plan(item(photo, [sidecar])), ledger)]


def test_a_photo_does_not_go_while_its_companion_is_stuck_half_way(scene: Scene) -> None:
    photo, sidecar = write(scene.base / "album/p.jpg"), write(scene.base / "album/p.xmp")
    before = snapshot(scene.base / "album")
    with Ledger.open(scene.ledger) as ledger:
        with pytest.MonkeyPatch.context() as patch:
            refusing(patch, sidecar, photo)
            apply_plan(plan(item(photo, [sidecar])), ledger)
            refusing(patch, sidecar)
            (outcome,) = apply_plan(plan(item(photo)), ledger)
        assert (MoveState.SKIPPED, True) == (outcome.state, photo.exists())
        recover(ledger)
        assert before == snapshot(scene.base / "album")


@pytest.mark.parametrize("method", ["_acquire", "_release"])
def test_a_lock_that_fails_is_said_in_words(scene: Scene, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    def refused(self: object, *_: object, **__: object) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(filelock.FileLock, method, refused)
    with Ledger.open(scene.ledger) as ledger, pytest.raises(StoreError, match="its lock can't be"):
        recover(ledger)


@pytest.mark.parametrize(
    "ask",
    [
        Ledger.history,
        Ledger.unsettled,
        Ledger.pending,
        Ledger.dismissed,
        lambda ledger: ledger.kept("duplicate"),
        lambda ledger: ledger.last_words("duplicate"),
        lambda ledger: list(ledger.items(1, MoveState.MOVED)),
    ],
)
def test_a_ledger_that_can_not_be_read_is_said_in_words(scene: Scene, ask: Callable[[Ledger], object]) -> None:
    with Ledger.open(scene.ledger) as ledger:
        ledger._connection.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
        with pytest.raises(StoreError):
            ask(ledger)
