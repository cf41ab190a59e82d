"""What a sync tool may still be writing is left alone, and a drive that goes away costs nothing."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from albumclean.config import CrawlSettings
from albumclean.crawl import Skipped, SkipReason, crawl
from albumclean.crawl import listing as listing_module
from albumclean.crawl.mounts import Folder, lost_with
from albumclean.crawl.partial import ABANDONED_AFTER, future_name, is_partial, is_trashed
from albumclean.crawl.settle import FUTURE, Settling, is_settled, open_for_writing
from albumclean.domain import Asset, Failure, Root

HOUR = 3600.0
steady = settings(derandomize=True, deadline=None)
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="what Linux tells of open files")


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder


def found(folder: Path, settle: float = 0.0, hidden: bool = False) -> list[Asset | Failure | Skipped]:
    return list(crawl([Root(folder)], CrawlSettings(settle=settle, hidden=hidden)))


def photos(findings: list[Asset | Failure | Skipped]) -> list[str]:
    return [each.primary.path.name for each in findings if isinstance(each, Asset)]


def skipped(findings: list[Asset | Failure | Skipped], reason: SkipReason) -> list[str]:
    return [each.path.name for each in findings if isinstance(each, Skipped) and each.reason is reason]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let the walk look at the clock of so many seconds from now; files can't be made to look older by `ctime`."""
    now = time.time()

    def set_clock(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: now + seconds)

    return set_clock


# How long


class Times:
    def __init__(self, mtime: float, ctime: float) -> None:
        self.st_mtime = mtime
        self.st_ctime = ctime


@pytest.mark.parametrize(
    ("mtime", "ctime", "fresh"),
    [
        (-HOUR, -HOUR, False),
        (-30, -30, True),
        (-HOUR, -30, True),  # copied with the times of the original
        (-30, -HOUR, True),
        (+HOUR, -HOUR, True),  # a clock that is an hour ahead
        (+3 * FUTURE, -HOUR, False),  # a camera that thinks it is 2099: not for ever
        (+3 * FUTURE, -30, True),
        (-120, -120, False),  # exactly the time to wait
    ],
)
def test_a_file_has_come_to_rest_when_no_time_of_it_is_recent(mtime: float, ctime: float, fresh: bool) -> None:
    now = 1_700_000_000.0
    assert fresh == Settling(120, now).is_fresh(Times(now + mtime, now + ctime))  # type: ignore[arg-type]


@steady
@given(st.floats(0, 3e9), st.floats(0, 3e9), st.floats(1, 1e5), st.floats(0, 3e9))
def test_every_file_comes_to_rest_at_last(mtime: float, ctime: float, seconds: float, now: float) -> None:
    status = Times(mtime, ctime)
    quiet = max(mtime, ctime) + seconds + 1
    assert not Settling(seconds, quiet).is_fresh(status)  # type: ignore[arg-type]
    assert not Settling(0, now).is_fresh(status)  # type: ignore[arg-type]


def test_a_photo_that_changed_just_now_waits_for_a_later_scan(tmp_path: Path, later: Callable[[float], None]) -> None:
    fill(tmp_path, "a.jpg")
    now = found(tmp_path, settle=120)
    assert ([], ["a.jpg"]) == (photos(now), skipped(now, SkipReason.UNSETTLED))
    later(121)
    assert ["a.jpg"] == photos(found(tmp_path, settle=120))


def test_without_a_time_to_settle_photos_are_taken_as_they_are(tmp_path: Path) -> None:
    assert ["a.jpg"] == photos(found(fill(tmp_path, "a.jpg")))


def test_a_photo_waits_for_its_companion(tmp_path: Path, later: Callable[[float], None]) -> None:
    fill(tmp_path, "IMG_1.HEIC", "IMG_1.MOV", "IMG_2.HEIC")
    later(HOUR)
    os.utime(tmp_path / "IMG_1.MOV", (time.time() - 5,) * 2)
    result = found(tmp_path, settle=120)
    assert (["IMG_2.HEIC"], ["IMG_1.HEIC"]) == (photos(result), skipped(result, SkipReason.UNSETTLED))
    waiting = next(each for each in result if isinstance(each, Skipped))
    assert "its companion IMG_1.MOV" in waiting.text


def test_an_excluded_companion_keeps_no_photo_waiting(tmp_path: Path, later: Callable[[float], None]) -> None:
    fill(tmp_path, "IMG_1.HEIC", "IMG_1.xmp")
    later(HOUR)
    os.utime(tmp_path / "IMG_1.xmp", (time.time() - 5,) * 2)
    settings = CrawlSettings(settle=120, exclude=("*.xmp",))
    assert ["IMG_1.HEIC"] == photos(list(crawl([Root(tmp_path)], settings)))


# Files on their way

ARRIVALS = {
    ".syncthing.IMG_1.MOV.tmp": "IMG_1.MOV",
    "~syncthing~IMG_1.MOV.tmp": "IMG_1.MOV",
    ".pending-1700000000-PXL_1.jpg": "PXL_1.jpg",
    ".IMG_1.HEIC.~1a2b3c4d": "IMG_1.HEIC",
    "IMG_1.jpg.ocTransferId643653835.part": "IMG_1.jpg",
    "IMG_1.jpg.part": "IMG_1.jpg",
    "IMG_1.jpg.1a2b3c4d.partial": "IMG_1.jpg",
    "IMG_1.jpg.partial": "IMG_1.jpg",
    "IMG_1.jpg.!sync": "IMG_1.jpg",
    "IMG_1.jpg.filepart": "IMG_1.jpg",
    "IMG_1.heic.crdownload": "IMG_1.heic",
    "IMG_1.jpg_exiftool_tmp": "IMG_1.jpg",
    ".IMG_1.HEIC.Ab12Cd": "IMG_1.HEIC",
    ".IMG_1.xmp.a1B2c3": "IMG_1.xmp",
}


@pytest.mark.parametrize(("name", "target"), ARRIVALS.items())
def test_the_name_of_a_file_on_its_way_tells_what_it_will_be(name: str, target: str) -> None:
    assert (target, True) == (future_name(name), is_partial(name))


@pytest.mark.parametrize(
    "name",
    ["IMG_1.jpg", ".IMG_1.jpg", "IMG_1.tmp", "notes.txt.part", "a.jpg~", ".bashrc.Ab12Cd", "IMG.partial.jpg", "x.json"],
)
def test_other_names_promise_no_photo(name: str) -> None:
    assert future_name(name) is None


@pytest.mark.parametrize("name", ARRIVALS)
@pytest.mark.parametrize("hidden", [False, True])
def test_what_is_on_its_way_is_told_and_not_taken(tmp_path: Path, name: str, hidden: bool) -> None:
    result = found(fill(tmp_path, name), hidden=hidden)
    assert ([], [name]) == (photos(result), skipped(result, SkipReason.PARTIAL))


@pytest.mark.parametrize(
    ("name", "waits"),
    [
        (".syncthing.IMG_1.MOV.tmp", "IMG_1.HEIC"),
        (".syncthing.IMG_1.HEIC.tmp", "IMG_1.HEIC"),
        (".IMG_1.HEIC.Ab12Cd", "IMG_1.HEIC"),
        ("IMG_1.AAE.part", "IMG_1.HEIC"),
        (".IMG_1.XMP.~12345678", "IMG_1.HEIC"),
    ],
)
def test_a_photo_waits_for_what_is_on_its_way_to_it(tmp_path: Path, name: str, waits: str) -> None:
    result = found(fill(tmp_path, "IMG_1.HEIC", "IMG_2.HEIC", name))
    assert (["IMG_2.HEIC"], [waits]) == (photos(result), skipped(result, SkipReason.UNSETTLED))


def test_what_lies_there_before_its_photo_waits_too(tmp_path: Path) -> None:
    result = found(fill(tmp_path, "IMG_1.CR2", "IMG_1.AAE", ".syncthing.IMG_1.JPG.tmp"))
    assert ([], {"IMG_1.CR2", "IMG_1.AAE"}) == (photos(result), set(skipped(result, SkipReason.UNSETTLED)))


def test_the_rest_of_a_broken_copy_keeps_no_photo_waiting_for_ever(
    tmp_path: Path, later: Callable[[float], None]
) -> None:
    fill(tmp_path, "IMG_1.HEIC", ".IMG_1.MOV.Ab12Cd")
    assert [] == photos(found(tmp_path))
    later(ABANDONED_AFTER + 1)
    result = found(tmp_path)
    assert (["IMG_1.HEIC"], [".IMG_1.MOV.Ab12Cd"]) == (photos(result), skipped(result, SkipReason.PARTIAL))


def test_a_syncthing_file_with_a_hashed_name_is_no_photo(tmp_path: Path) -> None:
    name = f".syncthing.{'0f' * 32}.tmp"
    assert [name] == skipped(found(fill(tmp_path, name)), SkipReason.PARTIAL)


@pytest.mark.parametrize("hidden", [False, True])
def test_what_android_has_in_its_bin_is_no_photo_even_if_it_is_named(tmp_path: Path, hidden: bool) -> None:
    fill(tmp_path, ".trashed-1700000000-IMG_1.jpg", "IMG_2.jpg")
    result = found(tmp_path, hidden=hidden)
    assert (["IMG_2.jpg"], [".trashed-1700000000-IMG_1.jpg"]) == (photos(result), skipped(result, SkipReason.TRASH))
    assert [] == photos(found(tmp_path / ".trashed-1700000000-IMG_1.jpg"))
    assert not is_trashed("trashed-1-a.jpg")


# Kept online


def test_an_icloud_placeholder_is_told_and_keeps_its_photo_whole(tmp_path: Path) -> None:
    fill(tmp_path, "IMG_1.HEIC", ".IMG_1.MOV.icloud", ".IMG_2.HEIC.icloud", ".notes.txt.icloud")
    result = found(tmp_path)
    assert [] == photos(result)
    assert [".IMG_1.MOV.icloud", ".IMG_2.HEIC.icloud", "IMG_1.HEIC"] == skipped(result, SkipReason.ONLINE_ONLY)


def test_a_photo_whose_moving_half_is_online_only_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "IMG_1.HEIC", "IMG_1.MOV", "film.mov")
    monkeypatch.setattr(listing_module, "_is_online_only", lambda status: status.st_size == 2)
    (tmp_path / "IMG_1.MOV").write_bytes(b"xx")
    (tmp_path / "film.mov").write_bytes(b"xx")
    result = found(tmp_path)
    assert ([], ["IMG_1.HEIC", tmp_path.name]) == (photos(result), skipped(result, SkipReason.ONLINE_ONLY))


# At the moment of a move


def only_asset(folder: Path) -> Asset:
    return next(each for each in found(folder) if isinstance(each, Asset))


def test_a_settled_photo_is_settled_and_a_fresh_one_is_not(tmp_path: Path) -> None:
    asset = only_asset(fill(tmp_path, "IMG_1.HEIC", "IMG_1.MOV"))
    now = (tmp_path / "IMG_1.HEIC").stat().st_ctime
    assert (True, False, True) == (
        is_settled(asset, now + 121, 120),
        is_settled(asset, now + 60, 120),
        is_settled(asset, now + 60, 0),
    )


def test_a_photo_with_a_fresh_companion_is_not_settled(tmp_path: Path) -> None:
    asset = only_asset(fill(tmp_path, "IMG_1.HEIC", "IMG_1.MOV"))
    now = (tmp_path / "IMG_1.HEIC").stat().st_ctime + HOUR
    os.utime(tmp_path / "IMG_1.MOV", (now - 5, now - 5))
    assert not is_settled(asset, now, 120)


@pytest.mark.parametrize("name", [".syncthing.IMG_1.MOV.tmp", ".IMG_1.HEIC.json.Ab12Cd", "img_1.xmp.part"])
def test_a_photo_is_not_settled_while_something_is_on_its_way_to_it(tmp_path: Path, name: str) -> None:
    asset = only_asset(fill(tmp_path, "IMG_1.HEIC"))
    fill(tmp_path, name)
    now = (tmp_path / name).stat().st_ctime + HOUR
    assert not is_settled(asset, now, 120)
    assert is_settled(asset, now + ABANDONED_AFTER, 120)


def test_what_is_on_its_way_to_another_photo_does_not_matter(tmp_path: Path) -> None:
    asset = only_asset(fill(tmp_path, "IMG_1.HEIC"))
    fill(tmp_path, ".syncthing.IMG_10.MOV.tmp")
    assert is_settled(asset, (tmp_path / "IMG_1.HEIC").stat().st_ctime + HOUR, 120)


def test_a_photo_that_can_no_longer_be_looked_at_is_not_settled(tmp_path: Path) -> None:
    asset = only_asset(fill(tmp_path, "IMG_1.HEIC"))
    (tmp_path / "IMG_1.HEIC").unlink()
    assert not is_settled(asset, 4e9, 120)


@linux_only
def test_a_file_that_a_program_has_open_to_write_is_found(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    with (tmp_path / "a.jpg").open("rb"), (tmp_path / "b.jpg").open("ab"):
        writing = open_for_writing([tmp_path / name for name in ("a.jpg", "b.jpg", "c.jpg", "gone.jpg")])
    assert frozenset({tmp_path / "b.jpg"}) == writing
    assert frozenset() == open_for_writing([tmp_path / "b.jpg"])


# A drive that goes away

AWAY = ["ENOTCONN", "ESTALE", "EIO", "ENODEV", "ETIMEDOUT"]


def unplug(monkeypatch: pytest.MonkeyPatch, mount: Path, code: str, after: str) -> None:
    """Let everything at and below `mount` fail from the moment on that the folder `after` is listed."""
    gone = False
    real_scandir, real_stat = os.scandir, Path.stat

    def check(path: object) -> None:
        text = os.fspath(path)  # type: ignore[call-overload]
        if gone and (text == str(mount) or text.startswith(f"{mount}/")):
            raise OSError(getattr(errno, code), os.strerror(getattr(errno, code)), text)

    def scandir(path: str | Path) -> Iterator[os.DirEntry[str]]:
        nonlocal gone
        gone = gone or os.fspath(path).endswith(after)
        check(path)
        return real_scandir(path)

    def stat(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        check(self)
        return real_stat(self, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(Path, "stat", stat)


@pytest.mark.parametrize("code", AWAY)
def test_a_share_that_vanishes_gives_one_line_for_all_that_was_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    fill(tmp_path, "a/1.jpg", "b/2.jpg", "c/3.jpg", "d/in/4.jpg")
    unplug(monkeypatch, tmp_path, code, after="/b")
    result = found(tmp_path)
    failures = [each for each in result if isinstance(each, Failure)]
    assert (["1.jpg"], [(tmp_path, True)]) == (photos(result), [(each.path, each.transient) for each in failures])
    assert "went away during the scan" in failures[0].reason


def test_a_share_in_the_midst_of_a_library_costs_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "a/1.jpg", "nas/b/2.jpg", "nas/c/3.jpg", "z/4.jpg")
    monkeypatch.setattr(
        "albumclean.crawl.listing.Folder",
        lambda path, key, device, around: Folder(path, key, device + ("nas" in path.parts), around),
    )
    unplug(monkeypatch, tmp_path / "nas", "EIO", after="nas/b")
    monkeypatch.setattr("albumclean.crawl.listing.replace", lambda folder, device: folder)
    result = found(tmp_path)
    failures = [each for each in result if isinstance(each, Failure)]
    assert (["1.jpg", "4.jpg"], [tmp_path / "nas"]) == (photos(result), [each.path for each in failures])


def test_one_folder_that_cannot_be_read_is_no_lost_drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "a/1.jpg", "b/2.jpg", "c/3.jpg")
    unplug(monkeypatch, tmp_path / "b", "EIO", after="/b")
    result = found(tmp_path)
    failures = [each for each in result if isinstance(each, Failure)]
    assert (["1.jpg", "3.jpg"], [tmp_path / "b"]) == (photos(result), [each.path for each in failures])
    assert "can't be listed" in failures[0].reason


def test_an_empty_folder_on_another_file_system_than_before_is_a_lost_drive(tmp_path: Path) -> None:
    device = tmp_path.stat().st_dev
    top = Folder(tmp_path, (device, 1), device)
    nas = Folder(tmp_path / "nas", (device + 1, 2), device + 1, top)
    year = Folder(tmp_path / "nas" / "2023", (device + 1, 3), device + 1, nas)
    (tmp_path / "nas").mkdir()
    assert (nas, nas) == (lost_with(year), lost_with(nas))
    assert lost_with(top) is None


def test_a_folder_that_someone_deletes_is_no_lost_drive(tmp_path: Path) -> None:
    device = tmp_path.stat().st_dev
    top = Folder(tmp_path, (device, 1), device)
    assert lost_with(Folder(tmp_path / "old", (device, 2), device, top)) is None


def test_an_unmounted_stick_whose_folder_is_gone_is_a_lost_drive(tmp_path: Path) -> None:
    device = tmp_path.stat().st_dev
    stick = Folder(tmp_path / "USB", (device + 1, 2), device + 1, Folder(tmp_path, (device, 1), device))
    assert stick == lost_with(Folder(tmp_path / "USB" / "in", (device + 1, 3), device + 1, stick))


def test_one_bad_file_on_a_drive_that_answers_is_told_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "a.jpg", "b.jpg")
    real = listing_module._status

    def status(entry: os.DirEntry[str]) -> os.stat_result:
        if entry.name == "a.jpg":
            raise OSError(errno.EIO, "Input/output error")
        return real(entry)

    monkeypatch.setattr(listing_module, "_status", status)
    result = found(tmp_path)
    assert (["b.jpg"], ["a.jpg"]) == (photos(result), [each.path.name for each in result if isinstance(each, Failure)])


# Odd names


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_differ_in_case_alone_are_files_of_their_own(tmp_path: Path) -> None:
    fill(tmp_path, "IMG_1.jpg", "img_1.JPG", "IMG_1.JPG", "in/a.jpg", "IN/a.jpg")
    assert 5 == len(photos(found(tmp_path)))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_text_wait_and_arrive_like_others(tmp_path: Path) -> None:
    for name in (b"\xff.jpg", b".syncthing.\xff.jpg.tmp", b"-n\n.jpg"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(b"x")
    result = found(tmp_path)
    assert ([b"-n\n.jpg"], [b"\xff.jpg"]) == (
        [os.fsencode(name) for name in photos(result)],
        [os.fsencode(name) for name in skipped(result, SkipReason.UNSETTLED)],
    )


def test_videos_are_counted_as_such(tmp_path: Path) -> None:
    fill(tmp_path, "IMG_1.HEIC", "IMG_1.MOV", "film.mov", "film.mkv", "old.AVI", "clip.3gp", "notes.txt")
    result = found(tmp_path)
    counts = {each.reason: each.count for each in result if isinstance(each, Skipped)}
    assert {SkipReason.VIDEO: 4, SkipReason.NOT_A_PHOTO: 1} == counts
