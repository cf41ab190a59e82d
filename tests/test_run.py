"""`albumclean run`: one night, through the real command, scan and trash."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from PIL import Image

from albumclean.cli.run_report import Reports
from albumclean.domain import Action, Decision, MoveState, TrashOutcome
from albumclean.engines import compare
from albumclean.engines.search import Found, SearchJob, find_candidates
from albumclean.errors import OutputUnusable
from albumclean.store.cache import Cache
from albumclean.store.ledger import Ledger
from albumclean.trash.files import hash_file
from albumclean.unattended import auto, night
from albumclean.unattended.auto import AutoMove
from albumclean.unattended.limits import Limits
from tests.nights import House

ON = 'rules = ["exact-copies"]\nmax_share = 1.0'
RATED = '<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:RDF><rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="{}"/></rdf:RDF></x:xmpmeta>'  # noqa: E501


@pytest.fixture
def house(home: Path, album: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(home, album, monkeypatch)


@pytest.fixture
def pair(house: House) -> tuple[Path, Path]:
    """A photo and its exact copy, and the rule for such copies turned on."""
    house.configure(ON)
    keeper = house.shoot("a.jpg", 1)
    copy = house.album / "a copy.jpg"
    shutil.copy2(keeper, copy)
    return keeper, copy


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


# --- what it says -------------------------------------------------------------------------------------------------


def test_by_default_a_night_proposes_and_moves_nothing(house: House) -> None:
    original = house.shoot("a.jpg", 1)
    shutil.copy2(original, house.album / "b.jpg")
    told = house.run()
    assert (0, "") == (told.code, told.err)
    assert told.out.startswith("albumclean: 1 new photo, ")
    assert told.out.endswith("; nothing was moved\n")
    assert 1 == told.out.count("\n")
    assert ["b.jpg"] == house.could_go()
    assert ["a.jpg", "b.jpg"] == names(house.album)
    assert [] == house.trashed()


def test_a_file_that_cannot_be_read_is_named_and_alerts_once(house: House) -> None:
    house.shoot("a.jpg", 1)
    house.settle(house.shoot("b\x1b[31m.jpg", 2)).write_bytes(b"\xff\xd8\xff\xe0 torn")
    house.settle(house.album / "b\x1b[31m.jpg")
    told = house.run()
    assert 1 == told.code
    assert "1 unreadable" in told.out
    assert "b\\x1b[31m.jpg: " in told.err
    assert "\x1b" not in told.out + told.err
    again = house.run("--quiet")
    assert (0, "", "") == (again.code, again.out, again.err)
    assert 1 == len(house.report()["failures"])


def test_a_file_that_is_sent_just_while_the_scan_reads_it_is_no_alarm(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.shoot("a.jpg", 1)
    count = Cache.count_to_do

    def sent(self: Cache, *args: Any, **more: Any) -> int:
        house.shoot("a.jpg", 2, ago=1)
        return count(self, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Cache, "count_to_do", sent)
        told = house.night()
    assert (0, "", 0) == (told.code, told.err, told.document["new"])
    assert 1 == house.night().document["new"]


def test_a_quiet_run_speaks_only_of_news(house: House) -> None:
    house.shoot("a.jpg", 1)
    assert "1 new photo" in house.run("--quiet").out
    assert "" == house.run("--quiet").out
    assert "0 new photos" in house.run().out


def test_what_the_time_did_not_suffice_for_is_left_to_the_next_nights(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(5):
        house.shoot(f"{seed}.jpg", seed)
    with monkeypatch.context() as patch:
        patch.setattr(Limits, "are_reached", _after(2))
        told = house.night()
    assert (0, 2, 3, "its time was up") == (
        told.code,
        told.document["new"],
        told.document["left"],
        told.document["stopped"],
    )
    assert "3 left for the next run, as its time was up" in told.document["line"]
    told = house.night()
    assert (3, 0) == (told.document["new"], told.document["left"])


@pytest.mark.parametrize("late", [False, True])
def test_look_alikes_that_a_stopped_run_did_not_compare_are_compared_by_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    with Image.open(house.shoot("a.jpg", 1)) as image:
        image.resize((240, 180)).save(house.album / "small.jpg")
    over = not late

    def found(job: SearchJob) -> Found:
        nonlocal over
        over = True
        return find_candidates(job)

    with monkeypatch.context() as patch:
        patch.setattr(compare, "find_candidates", found)
        patch.setattr(Limits, "are_reached", _from(lambda: over and {"a.jpg", "small.jpg"} == _read(house)))
        assert "look-alikes left to compare" in house.night().document["line"]
    assert set() == _grouped(house)
    house.night()
    assert {"a.jpg", "small.jpg"} == _grouped(house)


def test_on_battery_nothing_is_done_and_nothing_is_wrong(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.shoot("a.jpg", 1)
    monkeypatch.setattr(Limits, "forbid", _on_battery)
    told = house.run()
    assert (0, "albumclean: nothing was done, as the computer runs on its battery\n") == (told.code, told.out)
    assert not (house.home / "cache.sqlite").exists()
    assert "" == house.run("--quiet").out


def test_a_scan_that_someone_else_has_begun_is_not_disturbed(house: House) -> None:
    house.shoot("a.jpg", 1)
    house.run()
    with FileLock(house.home / "cache.sqlite.lock"):
        told = house.run()
    assert (75, "") == (told.code, told.out)
    assert "a scan that is going on" in told.err


# --- mistakes in the settings -------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ['rules = ["exact"]', "max_share = 2.0", "max_photos = -1"])
def test_settings_that_make_no_sense_stop_the_run_before_it_begins(house: House, setting: str) -> None:
    house.configure(setting)
    told = house.run()
    assert (2, "") == (told.code, told.out)
    assert "config.toml" in told.err
    assert not (house.home / "cache.sqlite").exists()


def test_a_report_never_takes_the_place_of_a_file_of_the_users(house: House, tmp_path: Path) -> None:
    house.shoot("a.jpg", 1)
    mine = tmp_path / "reports" / "latest.html"
    mine.parent.mkdir()
    mine.write_text("my diary")
    told = house.run("--report", str(mine.parent))
    assert 2 == told.code
    assert "my diary" == mine.read_text()
    assert not (house.home / "cache.sqlite").exists()


def test_reports_go_where_the_user_says(house: House, tmp_path: Path) -> None:
    house.shoot("a.jpg", 1)
    assert 0 == house.run("--report", str(tmp_path / "x" / "y")).code
    assert ["latest.html", "latest.json"] == names(tmp_path / "x" / "y")


# --- what a rule may move -----------------------------------------------------------------------------------------


def test_an_exact_copy_moves_and_the_report_says_why(house: House, pair: tuple[Path, Path]) -> None:
    keeper, copy = pair
    told = house.run()
    assert 0 == told.code
    assert "1 photo moved to the trash (" in told.out
    assert ([keeper.name], [copy.name]) == (names(house.album), house.trashed())
    (moved,) = house.report()["run"]["moved"]
    assert (str(copy), "exact-copies") == (moved["path"], moved["rule"])
    assert "Exactly the same as" in moved["sentence"]
    assert 4 == len(names(house.home / "reports"))  # the latest, and this one for good


def test_copies_go_to_the_folder_that_the_user_named(house: House, pair: tuple[Path, Path], tmp_path: Path) -> None:
    house.configure(f'{ON}\nto = "{tmp_path}/aside"')
    told = house.run()
    assert f"1 photo moved to {tmp_path}/aside" in told.out
    assert pair[1].name in names(tmp_path / "aside")


def test_a_folder_that_cannot_take_them_holds_the_run_back(house: House, pair: tuple[Path, Path]) -> None:
    house.configure(f'{ON}\nto = "{pair[0]}/aside"')
    told = house.run()
    assert 4 == told.code
    assert pair[1].exists()
    with Ledger.open(house.home / "ledger.sqlite") as ledger:
        assert [] == ledger.runs_of_rules()


@pytest.mark.parametrize(
    ("mine", "theirs", "moved"),
    [
        (3, 3, []),  # both are rated
        (0, 0, ["a copy.jpg", "a copy.xmp"]),
        (0, None, ["a.jpg"]),  # the one with the companion stays
        (None, 0, ["a copy.jpg"]),
    ],
)
def test_companions_move_only_if_the_photo_that_stays_has_them_byte_for_byte(
    house: House, pair: tuple[Path, Path], mine: int | None, theirs: int | None, moved: list[str]
) -> None:
    for photo, rating in zip(pair[::-1], (mine, theirs), strict=True):
        if rating is not None:
            photo.with_suffix(".xmp").write_text(RATED.format(rating))
            house.settle(photo.with_suffix(".xmp"))
    assert 0 == house.night().code
    assert moved == house.trashed()


def test_a_companion_that_differs_in_one_byte_keeps_the_copy(house: House, pair: tuple[Path, Path]) -> None:
    for photo, text in zip(pair, ("0", "0 "), strict=True):
        photo.with_suffix(".xmp").write_text(f"<!--{text[0]}{text[-1]}-->{RATED.format(0)}")
        house.settle(photo.with_suffix(".xmp"))
    assert [] == house.night().moved


def test_a_protected_copy_stays_and_is_the_one_that_others_go_for(house: House, pair: tuple[Path, Path]) -> None:
    folder = house.album / "protected"
    folder.mkdir()
    shutil.copy2(pair[0], folder / "p.jpg")
    told = house.night("--protected", str(folder))
    assert ["a copy.jpg", "a.jpg"] == sorted(told.moved)
    assert (folder / "p.jpg").exists()


def test_the_user_is_never_overruled(house: House, pair: tuple[Path, Path]) -> None:
    content = hash_file(pair[0])
    with Ledger.open(house.home / "ledger.sqlite") as ledger:
        ledger.remember([Decision(content, pair[0], Action.KEEP, "low-quality", 1.0)])
    assert [] == house.night().moved


def test_a_photo_that_the_user_is_about_to_trash_is_not_counted_on(house: House, pair: tuple[Path, Path]) -> None:
    content = hash_file(pair[0])
    with Ledger.open(house.home / "ledger.sqlite") as ledger:
        ledger.remember([Decision(content, pair[0], Action.TRASH, "keep-best", 1.0)])
    assert [] == house.night().moved


def test_photos_outside_the_folders_of_this_run_are_not_touched(
    house: House, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.move(pair[1], other / "z.jpg")
    house.configure()
    house.run(folders=[house.album, other])
    house.configure(ON)
    assert [] == house.night().moved
    assert (other / "z.jpg").exists()


def test_names_of_one_file_are_no_copies(house: House, pair: tuple[Path, Path]) -> None:
    pair[1].unlink()
    os.link(pair[0], pair[1])
    assert [] == house.night().moved
    assert ["a copy.jpg", "a.jpg"] == names(house.album)


def test_what_was_moved_is_said_even_if_no_report_can_be_written(
    house: House, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OutputUnusable(path="latest.html", detail="No space left on device")

    monkeypatch.setattr(Reports, "write", full)
    told = house.run()
    assert 1 == told.code
    assert "1 photo moved to the trash" in told.out
    assert "No space left" in told.err


def test_nothing_moves_while_a_photo_is_half_moved(
    house: House, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    half = TrashOutcome(house.album / "c.jpg", MoveState.FAILED, "is the drive connected?")
    monkeypatch.setattr(night, "recover", lambda _: [half])
    told = house.night()
    assert (4, []) == (told.code, told.moved)
    assert "c.jpg was stopped half-way" in told.document["held_back"][0]
    assert "--accept-loss" not in told.err


# --- at the moment of the move ------------------------------------------------------------------------------------


def test_what_a_sync_tool_is_at_work_on_stays(
    house: House, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin() -> None:
        house.settle(Path(shutil.copy(pair[0], house.album / ".syncthing.a copy.xmp.tmp")), ago=5)

    _between_scan_and_move(monkeypatch, begin)
    assert [] == house.night().moved


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells")
def test_what_another_program_is_writing_to_stays(house: House, pair: tuple[Path, Path]) -> None:
    with pair[1].open("r+b"):
        assert [] == house.night().moved
    assert [pair[1].name] == house.night().moved


@pytest.mark.parametrize("which", [0, 1])
def test_a_file_that_changed_after_the_scan_stays(
    house: House, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    def change() -> None:
        pair[which].write_bytes(b"\xff\xd8" + pair[which].read_bytes()[2:])

    _between_scan_and_move(monkeypatch, change)
    told = house.night()
    assert [] == told.moved
    assert ["a copy.jpg", "a.jpg"] == names(house.album)


def test_same_times_and_other_bytes_are_noticed(
    house: House, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def rot() -> None:
        before = pair[0].stat()
        data = bytearray(pair[0].read_bytes())
        data[-10] ^= 1
        with pair[0].open("r+b") as file:
            file.write(data)
        os.utime(pair[0], ns=(before.st_atime_ns, before.st_mtime_ns))

    _between_scan_and_move(monkeypatch, rot)
    assert [] == house.night().moved


def test_a_keeper_that_the_drive_cannot_read_any_more_stops_everything(
    house: House, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    well = house.shoot("well.jpg", 2)
    shutil.copy2(well, house.album / "well copy.jpg")

    def failing(path: Path) -> bytes:
        if path == pair[0]:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return hash_file(path)

    monkeypatch.setattr(auto, "hash_file", failing)
    told = house.night()
    assert (4, []) == (told.code, told.moved)
    assert "The drive may be failing" in told.document["held_back"][0]
    assert 4 == len(names(house.album))


# --- the breaker, as far as it concerns the scan ------------------------------------------------------------------


def test_half_a_library_is_not_forgotten_and_not_cleaned_until_the_user_says_so(
    house: House, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    house.configure()
    for seed in range(2, 6):
        house.shoot(f"{seed}.jpg", seed)
    house.run()
    for seed in range(2, 5):
        shutil.move(house.album / f"{seed}.jpg", tmp_path)
    house.configure(ON)
    for _ in range(2):
        told = house.night()
        assert (4, []) == (told.code, told.moved)
        assert "Of 6 photos" in told.document["held_back"][0]
        assert "--accept-loss" in told.err
        assert 6 == _known(house)
    told = house.night("--accept-loss")
    assert (0, [pair[1].name]) == (told.code, told.moved)
    assert 2 == _known(house)


def test_a_loss_is_remembered_even_without_the_cache(house: House, tmp_path: Path) -> None:
    for seed in range(4):
        house.shoot(f"{seed}.jpg", seed)
    house.run()
    for seed in range(3):
        shutil.move(house.album / f"{seed}.jpg", tmp_path)
    for _ in range(2):
        for path in house.home.glob("cache.sqlite*"):
            path.unlink()
        assert 4 == house.run().code


def test_a_scan_by_hand_after_a_loss_does_not_make_the_run_forget_it(house: House, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from albumclean.cli.main import app

    for seed in range(4):
        house.shoot(f"{seed}.jpg", seed)
    house.run()
    for seed in range(3):
        shutil.move(house.album / f"{seed}.jpg", tmp_path)
    assert 0 == CliRunner().invoke(app, ["scan", "-q", str(house.album)]).exit_code
    assert 1 == _known(house)
    assert 4 == house.run().code


def test_one_folder_out_of_reach_holds_back_all_even_if_the_loss_is_accepted(
    house: House, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    for options in ((), ("--accept-loss",)):
        told = house.run("--json", *options, folders=[house.album, tmp_path / "unplugged"])
        assert (4, []) == (told.code, told.moved)
        assert "can't be reached" in told.document["held_back"][0]


def test_photos_moved_by_albumclean_are_not_missed(house: House, pair: tuple[Path, Path]) -> None:
    house.configure()
    house.run()
    house.configure(ON)
    assert [pair[1].name] == house.night().moved
    assert 0 == house.night().code  # one of two is left


def test_more_than_the_share_allowed_moves_nothing(house: House, pair: tuple[Path, Path]) -> None:
    house.configure('rules = ["exact-copies"]\nmax_share = 0.02')
    told = house.night()
    assert (4, []) == (told.code, told.moved)
    assert "max_share" in told.document["held_back"][0]
    assert "--accept-loss" not in told.err
    page = (house.home / "reports" / "latest.html").read_text("utf-8")
    assert "Nothing was moved, because:" in page
    assert "max_share" in page


def test_hostile_names_stay_harmless_in_the_page(house: House, pair: tuple[Path, Path]) -> None:
    pair[1].rename(house.album / "z<script>alert(1)<&.jpg")
    assert 1 == len(house.night().moved)
    page = (house.home / "reports" / "latest.html").read_text("utf-8")
    assert "<script" not in page
    assert "z&lt;script&gt;" in page


# ------------------------------------------------------------------------------------------------------------------


def _known(house: House) -> int:
    with Cache.open(house.home / "cache.sqlite") as cache:
        return cache.counts().files


def _grouped(house: House) -> set[str]:
    return {Path(each["path"]).name for each in house.report()["proposals"] if each["rule"] == "keep-best"}


def _read(house: House) -> set[str]:
    with Cache.open(house.home / "cache.sqlite") as cache:
        return {known.asset.primary.path.name for known in cache.known() if known.photo is not None}


def _after(number: int) -> Callable[[Limits], bool]:
    """The time is up when it has been asked for so often."""
    left = [number]

    def are_reached(self: Limits) -> bool:
        left[0] -= 1
        self.reason = "its time was up" if left[0] < 0 else ""
        return left[0] < 0

    return are_reached


def _from(when: Callable[[], bool]) -> Callable[[Limits], bool]:
    def are_reached(self: Limits) -> bool:
        self.reason = "its time was up" if when() else ""
        return bool(self.reason)

    return are_reached


def _on_battery(self: Limits) -> bool:
    self.reason = "the computer runs on its battery"
    return True


def _between_scan_and_move(monkeypatch: pytest.MonkeyPatch, happen: Callable[[], None]) -> None:
    wanted = AutoMove._wanted

    def then(self: AutoMove, most: int) -> Any:
        found = wanted(self, most)
        assert 1 == found[1]
        happen()
        return found

    monkeypatch.setattr(AutoMove, "_wanted", then)
