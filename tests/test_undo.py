"""Undo brings a photo back as it was, never over another file, and says plainly when it can't."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from albumclean.domain import MoveState
from albumclean.errors import UndoImpossible
from albumclean.store.journal_rows import RunKind
from albumclean.store.ledger import Ledger
from albumclean.trash import apply_plan, resume, system, undo
from tests.trash_helpers import digest, item, plan, snapshot, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the trash of Linux desktops")


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    return Ledger.open(tmp_path / "ledger" / "ledger.sqlite")


@pytest.fixture
def album(tmp_path: Path) -> Path:
    return tmp_path / "album"


@pytest.mark.parametrize("quarantine", [None, "near", "far"])
def test_undo_restores_bytes_time_mode_and_folders(
    ledger: Ledger, album: Path, tmp_path: Path, quarantine: str | None
) -> None:
    places = {"near": tmp_path / "q", "far": Path(f"/dev/shm/albumclean-undo-{os.getpid()}")}
    photo, sidecar = write(album / "deep" / "down" / "a b.jpg"), write(album / "deep" / "down" / "a b.xmp")
    photo.chmod(0o444)
    before = snapshot(album)
    try:
        apply_plan(plan(item(photo, [sidecar]), quarantine=places.get(quarantine or "")), ledger)
        assert {} == snapshot(album)
        shutil.rmtree(album)
        assert [MoveState.RESTORED] == [outcome.state for outcome in undo(ledger)]
        assert before == snapshot(album)
        assert [] == [path for path in (tmp_path / "xdg").rglob("*") if path.is_file()]
        assert [] == undo(ledger), "a second undo finds nothing to do"
    finally:
        shutil.rmtree(places["far"], ignore_errors=True)


def test_bringing_back_is_the_users_word_to_keep(ledger: Ledger, album: Path) -> None:
    photo = write(album / "a.jpg")
    content = digest(photo)
    apply_plan(plan(item(photo)), ledger)
    undo(ledger)
    assert frozenset({content}) == ledger.kept("duplicate")


def test_another_file_at_the_old_place_is_never_overwritten(ledger: Ledger, album: Path) -> None:
    photo, sidecar = write(album / "a.jpg"), write(album / "a.xmp")
    apply_plan(plan(item(photo, [sidecar])), ledger)
    write(sidecar, b"something new")
    (outcome,) = undo(ledger)
    assert MoveState.FAILED is outcome.state
    assert str(sidecar) in outcome.reason and "Trash/files/a.xmp" in outcome.reason
    assert (b"something new", False) == (sidecar.read_bytes(), photo.exists())
    sidecar.unlink()
    assert [MoveState.RESTORED] == [outcome.state for outcome in undo(ledger)]


def test_a_file_that_comes_at_the_last_moment_is_not_overwritten(
    ledger: Ledger, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = write(album / "a.jpg")
    apply_plan(plan(item(photo)), ledger)
    real = Path.mkdir

    def raced(self: Path, *args: object, **kwargs: object) -> None:
        real(self, *args, **kwargs)  # type: ignore[arg-type]
        if self == album:
            photo.write_bytes(b"the latest")

    monkeypatch.setattr(Path, "mkdir", raced)
    (outcome,) = undo(ledger)
    assert (MoveState.FAILED, b"the latest") == (outcome.state, photo.read_bytes())


def test_an_emptied_trash_is_said_for_each_photo(ledger: Ledger, album: Path, tmp_path: Path) -> None:
    apply_plan(plan(item(write(album / "a.jpg")), item(write(album / "b.jpg"))), ledger)
    (tmp_path / "xdg" / "Trash" / "files" / "a.jpg").unlink()
    gone, back = undo(ledger)
    assert (MoveState.FAILED, MoveState.RESTORED) == (gone.state, back.state)
    assert "the trash was emptied" in gone.reason


def test_another_file_in_the_trash_under_the_same_name_is_not_taken(
    ledger: Ledger, album: Path, tmp_path: Path
) -> None:
    apply_plan(plan(item(write(album / "a.jpg"))), ledger)
    write(tmp_path / "xdg" / "Trash" / "files" / "a.jpg", b"not the photo")
    (outcome,) = undo(ledger)
    assert MoveState.FAILED is outcome.state
    assert not (album / "a.jpg").exists()


def test_what_the_desktop_has_brought_back_counts_as_back(ledger: Ledger, album: Path, tmp_path: Path) -> None:
    photo = write(album / "a.jpg")
    apply_plan(plan(item(photo)), ledger)
    (tmp_path / "xdg" / "Trash" / "files" / "a.jpg").rename(photo)
    assert [MoveState.RESTORED] == [outcome.state for outcome in undo(ledger)]


def test_undo_of_single_paths_folders_and_runs(ledger: Ledger, album: Path) -> None:
    first, second, third = (write(album / name) for name in ("x/a.jpg", "y/b.jpg", "y/c.jpg"))
    apply_plan(plan(item(first)), ledger)
    apply_plan(plan(item(second), item(third)), ledger)
    assert [second] == [outcome.path for outcome in undo(ledger, paths=[second])]
    assert [third] == [outcome.path for outcome in undo(ledger, paths=[album / "y"])]
    assert [first] == [outcome.path for outcome in undo(ledger, run=1)]
    kinds = [run.kind for run in ledger.history()]
    assert [RunKind.UNDO] * 3 + [RunKind.APPLY] * 2 == kinds
    with pytest.raises(UndoImpossible, match="never moved"):
        undo(ledger, paths=[album / "never.jpg"])
    with pytest.raises(UndoImpossible, match="no such run"):
        undo(ledger, run=99)


def test_undo_of_a_stopped_run_gives_up_its_rest(ledger: Ledger, album: Path) -> None:
    photos = [write(album / f"{number}.jpg") for number in range(3)]
    done: list[object] = []
    apply_plan(plan(*map(item, photos)), ledger, on_outcome=done.append, stop=lambda: len(done) == 1)
    undo(ledger)
    assert [] == resume(ledger)
    assert all(photo.exists() for photo in photos)


def test_the_system_bin_is_explained(
    ledger: Ledger, album: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("albumclean.trash.apply.sys.platform", "darwin")
    monkeypatch.setattr(system, "_send", lambda file: file.path.rename(tmp_path / "binned.jpg"))
    photo = write(album / "a.jpg")
    apply_plan(plan(item(photo)), ledger)
    (outcome,) = undo(ledger)
    assert MoveState.FAILED is outcome.state
    assert system.BY_HAND in outcome.reason
    (tmp_path / "binned.jpg").rename(photo)
    assert [MoveState.RESTORED] == [outcome.state for outcome in undo(ledger)]
