"""What apply promises: a photo goes whole to a place that is known, or stays, and the user is told why."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from albumclean.config import CrawlSettings
from albumclean.crawl import crawl
from albumclean.domain import Action, Asset, Decision, MoveState, PlanItem, PlannedFile, Root, TrashOutcome
from albumclean.errors import QuarantineUnusable
from albumclean.store.ledger import Ledger
from albumclean.trash import (
    apply,
    apply_plan,
    checks,
    files,
    freedesktop,
    inside_a_trash,
    lock,
    recover,
    resume,
    system,
)
from tests.trash_helpers import digest, identity, item, plan, planned, snapshot, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the trash of Linux desktops")


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    return Ledger.open(tmp_path / "ledger" / "ledger.sqlite")


@pytest.fixture
def album(tmp_path: Path) -> Path:
    return tmp_path / "album"


def only(outcomes: list[TrashOutcome]) -> TrashOutcome:
    assert 1 == len(outcomes)
    return outcomes[0]


def skipped(outcomes: list[TrashOutcome], words: str) -> None:
    outcome = only(outcomes)
    assert MoveState.SKIPPED is outcome.state
    assert words in outcome.reason
    assert outcome.path.exists()


def test_a_photo_goes_to_the_home_trash_with_all_its_files(ledger: Ledger, album: Path, tmp_path: Path) -> None:
    photo, sidecar = write(album / "ä b.jpg"), write(album / "ä b.xmp")
    content = photo.read_bytes()
    outcome = only(apply_plan(plan(item(photo, [sidecar])), ledger))
    assert (MoveState.MOVED, photo) == (outcome.state, outcome.path)
    trash = tmp_path / "xdg" / "Trash"
    assert content == (trash / "files" / "ä b.jpg").read_bytes()
    lines = (trash / "info" / "ä b.jpg.trashinfo").read_bytes().splitlines()
    assert b"[Trash Info]" == lines[0]
    assert os.fsencode(photo) == unquote_to_bytes(lines[1].removeprefix(b"Path="))
    assert lines[2].startswith(b"DeletionDate=20")
    assert 0o700 == stat.S_IMODE((trash / "files").stat().st_mode)
    assert not photo.exists() and not sidecar.exists()


def test_an_empty_plan_is_no_run(ledger: Ledger) -> None:
    assert [] == apply_plan(plan(), ledger)
    assert [] == ledger.history()


def test_same_named_files_get_names_of_their_own(ledger: Ledger, album: Path) -> None:
    photos = [write(album / folder / "a.jpg") for folder in "xyz"]
    outcomes = apply_plan(plan(*(item(photo) for photo in photos)), ledger)
    names = [outcome.destinations[0].name for outcome in outcomes if outcome.destinations[0]]
    assert ["a.jpg", "a.2.jpg", "a.3.jpg"] == names


def test_a_file_in_the_trash_without_a_note_is_not_overwritten(ledger: Ledger, album: Path, tmp_path: Path) -> None:
    stray = write(tmp_path / "xdg" / "Trash" / "files" / "a.jpg", b"a stray")
    apply_plan(plan(item(write(album / "a.jpg"))), ledger)
    assert b"a stray" == stray.read_bytes()


@pytest.mark.parametrize("claimed", [False, True], ids=["kernel", "placeholder"])
def test_a_program_that_takes_the_name_at_the_last_moment_keeps_its_file(
    ledger: Ledger, album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, claimed: bool
) -> None:
    rival = tmp_path / "xdg" / "Trash" / "files" / "a.jpg"
    real = freedesktop.take

    def raced(*arguments: object) -> None:
        if not rival.exists():
            write(rival, b"of another program")
        if claimed:
            monkeypatch.setattr(files, "_renameat2", None)
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(freedesktop, "take", raced)
    outcome = only(apply_plan(plan(item(write(album / "a.jpg"))), ledger))
    assert (MoveState.MOVED, b"of another program") == (outcome.state, rival.read_bytes())
    assert ["a.2.jpg.trashinfo"] == os.listdir(tmp_path / "xdg" / "Trash" / "info")


def test_read_only_files_and_names_that_are_not_utf8_can_go(ledger: Ledger, album: Path) -> None:
    locked = write(album / "locked.jpg")
    locked.chmod(0o444)
    odd = write(album / os.fsdecode(b"caf\xe9.jpg"))
    outcomes = apply_plan(plan(item(locked), item(odd)), ledger)
    assert [MoveState.MOVED] * 2 == [outcome.state for outcome in outcomes]


@pytest.mark.parametrize("name", ["x" * 251 + ".jpg", "é" * 125 + ".jpg"])
def test_the_longest_names_fit_with_the_notes_ending(ledger: Ledger, album: Path, name: str) -> None:
    outcomes = apply_plan(plan(item(write(album / "1" / name)), item(write(album / "2" / name))), ledger)
    assert [MoveState.MOVED] * 2 == [outcome.state for outcome in outcomes]


def test_another_file_system_uses_its_own_trash_with_relative_paths(
    ledger: Ledger, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = write(album / "sub" / "a.jpg")
    monkeypatch.setattr(freedesktop, "home_trash", lambda: Path("/proc/self/Trash"))
    monkeypatch.setattr(freedesktop, "_mount_point", lambda file: album)
    outcome = only(apply_plan(plan(item(photo)), ledger))
    own = album / f".Trash-{os.getuid()}"
    assert (own / "files" / "a.jpg",) == outcome.destinations
    assert b"Path=sub/a.jpg" in (own / "info" / "a.jpg.trashinfo").read_bytes()
    assert 0o700 == stat.S_IMODE(own.stat().st_mode)


def test_the_shared_trash_is_used_only_if_it_is_sticky_and_no_link(
    ledger: Ledger, album: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(freedesktop, "home_trash", lambda: Path("/proc/self/Trash"))
    monkeypatch.setattr(freedesktop, "_mount_point", lambda file: album)
    shared = album / ".Trash"
    shared.mkdir(parents=True)
    own = album / f".Trash-{os.getuid()}"
    assert own in only(apply_plan(plan(item(write(album / "1.jpg"))), ledger)).destinations[0].parents  # type: ignore[union-attr]
    shared.chmod(0o1777)
    second = only(apply_plan(plan(item(write(album / "2.jpg"))), ledger)).destinations[0]
    assert shared / str(os.getuid()) / "files" / "2.jpg" == second
    shared.rename(tmp_path / "real")
    shared.symlink_to(tmp_path / "real")
    assert own in only(apply_plan(plan(item(write(album / "3.jpg"))), ledger)).destinations[0].parents  # type: ignore[union-attr]


def test_no_trash_at_all_is_said_with_the_way_out(ledger: Ledger, album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = write(album / "a.jpg")
    monkeypatch.setattr(freedesktop, "home_trash", lambda: Path("/proc/self/Trash"))
    monkeypatch.setattr(freedesktop, "_mount_point", lambda file: Path("/proc/self"))
    outcome = only(apply_plan(plan(item(photo)), ledger))
    assert MoveState.FAILED is outcome.state
    assert "--to DIR" in outcome.reason
    assert photo.exists()


def change_bytes_only(photo: Path, keeper: Path) -> None:
    write(photo, b"X" * photo.stat().st_size)


def replace_by_copy(photo: Path, keeper: Path) -> None:
    write(photo.with_suffix(".new"), photo.read_bytes()).replace(photo)


def replace_by_link(photo: Path, keeper: Path) -> None:
    photo.unlink()
    photo.symlink_to(keeper)


def make_it_a_pipe(photo: Path, keeper: Path) -> None:
    photo.unlink()
    os.mkfifo(photo)


def remove_keeper(photo: Path, keeper: Path) -> None:
    keeper.unlink()


def change_keeper(photo: Path, keeper: Path) -> None:
    write(keeper, b"X" * keeper.stat().st_size)


def link_keeper(photo: Path, keeper: Path) -> None:
    keeper.unlink()
    keeper.symlink_to(photo)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (change_bytes_only, "its content has changed"),
        (replace_by_copy, "has been changed or replaced"),
        (replace_by_link, "not an ordinary file"),
        (make_it_a_pipe, "not an ordinary file"),
        (remove_keeper, "the one to keep"),
        (change_keeper, "has another content"),
        (link_keeper, "not an ordinary file"),
    ],
)
def test_what_changed_since_the_scan_is_skipped_and_said(
    ledger: Ledger, album: Path, change: Callable[[Path, Path], None], words: str
) -> None:
    photo, keeper = write(album / "a.jpg"), write(album / "k.jpg")
    value = plan(item(photo, keeper=keeper))
    change(photo, keeper)
    outcome = only(apply_plan(value, ledger))
    assert MoveState.SKIPPED is outcome.state
    assert words in outcome.reason
    assert os.path.lexists(photo)


def test_a_changed_companion_keeps_the_whole_photo_in_place(ledger: Ledger, album: Path) -> None:
    photo, sidecar = write(album / "a.jpg"), write(album / "a.xmp")
    value = plan(item(photo, [sidecar]))
    write(sidecar, b"five stars", mtime_ns=10**18)
    skipped(apply_plan(value, ledger), "changed or replaced")
    assert sidecar.exists()


def test_a_hard_link_of_the_photo_is_not_its_keeper(ledger: Ledger, album: Path) -> None:
    photo = write(album / "a.jpg")
    (album / "b.jpg").hardlink_to(photo)
    skipped(apply_plan(plan(item(photo, keeper=album / "b.jpg")), ledger), "same file as the one to keep")


def test_a_keeper_in_a_trash_does_not_count(ledger: Ledger, album: Path, tmp_path: Path) -> None:
    keeper = write(tmp_path / "xdg" / "Trash" / "files" / "a.jpg")
    skipped(apply_plan(plan(item(write(album / "a.jpg"), keeper=keeper)), ledger), "lies in a trash")


def test_two_photos_that_name_one_another_as_keeper_both_stay(ledger: Ledger, album: Path) -> None:
    a, b = write(album / "a.jpg"), write(album / "b.jpg")
    outcomes = apply_plan(plan(item(a, keeper=b), item(b, keeper=a)), ledger)
    assert [MoveState.SKIPPED] * 2 == [outcome.state for outcome in outcomes]
    assert a.exists() and b.exists()


def test_a_keeper_that_vanishes_with_the_photo_brings_it_back(
    ledger: Ledger, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As with one share mounted twice: two names and device numbers, one file.
    photo, keeper, sidecar = write(album / "a.jpg"), write(album / "k.jpg"), write(album / "a.xmp")
    before = snapshot(album)
    monkeypatch.setattr(apply, "keeper_is_in_place", lambda asset: False)
    outcome = only(apply_plan(plan(item(photo, [sidecar], keeper)), ledger))
    assert MoveState.ROLLED_BACK is outcome.state
    assert before == snapshot(album)


def test_a_file_swapped_at_the_very_moment_of_the_move_is_put_back(
    ledger: Ledger, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = write(album / "a.jpg")
    real = files._kernel_rename

    def swapped(source: Path, destination: Path) -> None:
        if source == photo:
            write(album / "new", b"the newest edit").replace(photo)
        real(source, destination)

    monkeypatch.setattr(files, "_kernel_rename", swapped)
    outcome = only(apply_plan(plan(item(photo)), ledger))
    assert MoveState.MOVED is not outcome.state
    assert "the very moment" in outcome.reason
    assert b"the newest edit" == photo.read_bytes()


def test_a_failure_half_way_puts_all_back_over_nothing_new(
    ledger: Ledger, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, sidecar = write(album / "a.jpg"), write(album / "a.xmp", b"old notes")
    real = files._kernel_rename

    def failing(source: Path, destination: Path) -> None:
        if source == photo:
            write(sidecar, b"notes that came meanwhile")
            raise OSError(5, "I/O")
        real(source, destination)

    monkeypatch.setattr(files, "_kernel_rename", failing)
    outcome = only(apply_plan(plan(item(photo, [sidecar])), ledger))
    assert MoveState.FAILED is outcome.state
    assert "input/output error" in outcome.reason and "a.xmp lies at" in outcome.reason
    assert (b"notes that came meanwhile", True) == (sidecar.read_bytes(), photo.exists())


def test_quarantine_keeps_the_tree_and_hides_from_scans(ledger: Ledger, album: Path) -> None:
    photos = [write(album / folder / "a.jpg") for folder in "xy"]
    outcomes = apply_plan(plan(*(item(photo) for photo in photos), quarantine=album / "out"), ledger)
    for photo, outcome in zip(photos, outcomes, strict=True):
        destination = outcome.destinations[0]
        assert destination is not None
        assert photo.relative_to("/") == Path(*destination.relative_to(album / "out").parts[1:])
    (run,) = (album / "out").iterdir()
    assert "*" in (run / ".albumcleanignore").read_text().splitlines()


def test_an_album_that_is_named_as_the_folder_is_not_closed_to_later_scans(ledger: Ledger, album: Path) -> None:
    going, staying = write(album / "a.jpg"), write(album / "keepers" / "b.jpg")
    own = write(album / "keepers" / ".albumcleanignore", b"*.xmp\n")
    outcome = only(apply_plan(plan(item(going), quarantine=album / "keepers"), ledger))
    assert MoveState.MOVED is outcome.state
    met = {found.primary.path for found in crawl([Root(album)], CrawlSettings()) if isinstance(found, Asset)}
    assert ({staying}, b"*.xmp\n") == (met, own.read_bytes())


def test_quarantine_on_another_file_system_keeps_bytes_time_and_mode(ledger: Ledger, album: Path) -> None:
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == album.parent.stat().st_dev:
        pytest.skip("there is no second file system here")
    photo = write(album / "a.jpg")
    photo.chmod(0o440)
    before = (photo.read_bytes(), photo.stat().st_mtime_ns, photo.stat().st_mode)
    folder = shm / f"albumclean-test-{os.getpid()}"
    try:
        destination = only(apply_plan(plan(item(photo), quarantine=folder), ledger)).destinations[0]
        assert destination is not None
        assert before == (destination.read_bytes(), destination.stat().st_mtime_ns, destination.stat().st_mode)
        assert not photo.exists()
    finally:
        import shutil

        shutil.rmtree(folder)


def test_a_copy_that_differs_leaves_the_original(
    ledger: Ledger, album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = write(album / "a.jpg")

    real = files._kernel_rename

    def other_drive(source: Path, destination: Path) -> None:
        if source == photo:
            raise OSError(errno.EXDEV, "cross-device")
        real(source, destination)

    def bad_disk(source: object, target: object, length: int) -> None:
        target.write(b"garbage")  # type: ignore[attr-defined]

    monkeypatch.setattr(files, "_kernel_rename", other_drive)
    monkeypatch.setattr("shutil.copyfileobj", bad_disk)
    outcome = only(apply_plan(plan(item(photo), quarantine=tmp_path / "q"), ledger))
    assert MoveState.FAILED is outcome.state
    assert "its copy differs" in outcome.reason
    assert photo.exists() and not list((tmp_path / "q").rglob("*.jpg"))


@pytest.mark.parametrize("links", [True, False])
def test_file_systems_without_the_kernels_help_overwrite_nothing_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    monkeypatch.setattr(files, "_renameat2", None)
    if not links:

        def refused(*_: object, **__: object) -> None:
            raise OSError(errno.EPERM, "no links here")

        monkeypatch.setattr(os, "link", refused)
    taken, photo = write(tmp_path / "taken.jpg", b"theirs"), write(tmp_path / "a.jpg", b"ours")
    with pytest.raises(FileExistsError):
        files.write_new(taken, b"a note", "mark")
    with pytest.raises(FileExistsError):
        files.rename_no_replace(photo, taken, "mark")
    assert (b"theirs", b"ours") == (taken.read_bytes(), photo.read_bytes())
    files.rename_no_replace(photo, tmp_path / "free.jpg", "mark")
    assert b"ours" == (tmp_path / "free.jpg").read_bytes()
    assert {"free.jpg", "taken.jpg"} == {path.name for path in tmp_path.iterdir() if path.is_file()}


def test_an_unusable_quarantine_stops_before_anything_moves(ledger: Ledger, album: Path, tmp_path: Path) -> None:
    photo = write(album / "a.jpg")
    for folder in (write(tmp_path / "file"), tmp_path / "xdg" / "Trash" / "files" / "q"):
        with pytest.raises(QuarantineUnusable):
            apply_plan(plan(item(photo), quarantine=folder), ledger)
    assert photo.exists() and [] == ledger.history()


def test_stop_leaves_the_rest_for_resume(ledger: Ledger, album: Path) -> None:
    photos = [write(album / f"{number}.jpg") for number in range(3)]
    done: list[TrashOutcome] = []
    apply_plan(plan(*map(item, photos)), ledger, on_outcome=done.append, stop=lambda: len(done) == 1)
    assert [False, True, True] == [photo.exists() for photo in photos]
    assert [MoveState.MOVED] * 2 == [outcome.state for outcome in resume(ledger)]
    assert [] == ledger.unfinished_runs() and [] == resume(ledger)


def test_ctrl_c_inside_a_photo_leaves_it_whole(ledger: Ledger, album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo, sidecar = write(album / "a.jpg"), write(album / "a.xmp")
    before = snapshot(album)

    def interrupted(asset: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(apply, "keeper_is_in_place", interrupted)
        with pytest.raises(KeyboardInterrupt):
            apply_plan(plan(item(photo, [sidecar])), ledger)
    # Both files had arrived: the move is finished rather than undone.
    assert {} == snapshot(album) and 2 == len(before)
    assert [MoveState.MOVED] * 2 == [move.state for move in ledger.moves(1)]


def test_a_moved_photo_carries_out_its_decision(ledger: Ledger, album: Path) -> None:
    photo = write(album / "a.jpg")
    ledger.remember([Decision(digest(photo), photo, Action.TRASH, "duplicate", 1.0)])
    apply_plan(plan(item(photo)), ledger)
    assert [] == ledger.pending()


def test_a_file_that_nobody_has_read_stays(ledger: Ledger, album: Path) -> None:
    photo = write(album / "a.jpg")
    unread = PlanItem((PlannedFile(identity(photo), None),), "r", "s")
    skipped(apply_plan(plan(unread), ledger), "never read")


def test_the_system_bin_is_used_where_there_is_one(
    ledger: Ledger, album: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("albumclean.trash.apply.sys.platform", "darwin")
    monkeypatch.setattr(system, "_send", lambda file: file.path.rename(tmp_path / "binned.jpg"))
    outcome = only(apply_plan(plan(item(write(album / "a.jpg"))), ledger))
    assert (MoveState.MOVED, (None,)) == (outcome.state, outcome.destinations)
    assert "system" == ledger.moves(1)[0].backend


def test_a_waiting_process_is_told_who_is_at_work(ledger: Ledger, tmp_path: Path) -> None:
    class Given(Exception):
        pass

    def give_up(owner: str) -> None:
        raise Given(owner)

    with lock.locked(ledger), pytest.raises(Given, match="another process"):
        recover(ledger, on_wait=give_up)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/home/me/.local/share/Trash/files/a.jpg", True),
        ("/media/usb/.Trash-1000/files/a.jpg", True),
        ("/media/usb/.Trash/1000/files/a.jpg", True),
        ("/Users/me/.Trash/a.jpg", True),
        ("/Volumes/usb/.Trashes/501/a.jpg", True),
        ("/d/$RECYCLE.BIN/S-1/a.jpg", True),
        ("/nas/photos/#recycle/a.jpg", True),
        ("/album/Trash/a.jpg", False),
        ("/album/.Trash-talk/a.jpg", False),
    ],
)
def test_trashes_are_recognised(path: str, expected: bool) -> None:
    assert expected is inside_a_trash(Path(path))


def test_the_moment_of_the_move_reads_the_keeper_too(ledger: Ledger, album: Path) -> None:
    keeper = planned(write(album / "k.jpg"))
    value = replace(item(write(album / "a.jpg")), keeper=replace(keeper, content_hash=None))
    skipped(apply_plan(plan(value), ledger), "another content")
    assert checks.keeper_is_in_place(ledger.item(1, 0))
