"""A month of nightly runs over a phone's backup that grows and changes, with all that goes wrong in such a month.

The real command, crawl, decoder, model, rules and trash; the clock is ours, and worker processes run in this one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from albumclean.domain import Action, Decision, DecisionBy, MoveState
from albumclean.engines.networks import NetworkThread
from albumclean.store.cache import Cache
from albumclean.store.journal_rows import Move
from albumclean.store.ledger import Ledger
from albumclean.trash import undo
from albumclean.unattended.lock import run_lock
from tests.nights import House, Killed, Told


def digest(path: Path) -> bytes:
    return blake2b(path.read_bytes(), digest_size=32).digest()


class Month(House):
    """The house for thirty nights; every night is checked for what must always hold."""

    def __init__(self, home: Path, album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(home, album, monkeypatch)
        self.nights = 0
        self.seed = 0
        self.allowed = False  # a rule has been turned on

    def spend(self, *options: str, folders: Iterable[Path] = ()) -> Told:
        """One night. No byte that lay in the album may be gone; without a rule nothing may have moved."""
        self.nights += 1
        before = {path: digest(path) for path in self.album.rglob("*") if path.is_file()}
        told = self.run("--json", *options, folders=folders)
        after = {path: digest(path) for path in self.album.rglob("*") if path.is_file()}
        if told.code == 4 or not self.allowed:
            assert before == after, self.nights
        trash = [digest(path) for path in (self.home / "share" / "Trash" / "files").glob("*")]
        assert set(before.values()) <= {*after.values(), *trash}, self.nights
        # Of every content that was there, one file at least still is: only copies go.
        assert set(before.values()) == set(after.values()), self.nights
        return told

    def take(self, number: int = 1, folder: str = "Camera") -> list[Path]:
        """New photos from the phone."""
        self.seed += number
        return [
            self.shoot(f"{folder}/IMG_{seed:04}.jpg", seed) for seed in range(self.seed - number + 1, self.seed + 1)
        ]

    def copy(self, path: Path, name: str) -> Path:
        """The same bytes once more, as when a picture is sent again."""
        copy = self.album / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        return self.settle(copy)

    def known(self) -> set[str]:
        with Cache.open(self.home / "cache.sqlite") as cache:
            return {known.asset.primary.path.name for known in cache.known()}

    def scored(self) -> int:
        """How many contents the model has seen, ever."""
        with Cache.open(self.home / "cache.sqlite") as cache:
            return len({known.content_hash for known in cache.known() if known.photo is not None})

    def ledger(self) -> Ledger:
        return Ledger.open(self.home / "ledger.sqlite")

    def leave_owner(self) -> None:
        """What a killed run leaves: the note that says who it was."""
        owner = {"pid": 4242, "host": "nas", "since": self.clock.now, "command": "albumclean run"}
        (self.home / "run.owner").write_text(json.dumps(owner))


@pytest.fixture
def month(home: Path, album: Path, monkeypatch: pytest.MonkeyPatch) -> Month:
    return Month(home, album, monkeypatch)


@pytest.mark.timeout(300)
def test_a_month_of_nights_over_a_living_phone_backup(month: Month, monkeypatch: pytest.MonkeyPatch) -> None:
    # --- the first nights propose only -----------------------------------------------------------------------------
    first = month.take(8)
    told = month.spend()
    assert (0, 8, [], []) == (told.code, told.document["new"], told.moved, month.could_go())

    more = month.take(3)
    told = month.spend()
    assert (0, 3) == (told.code, told.document["new"])

    # Night 3: one picture is sent again, another comes back from WhatsApp, smaller and without its EXIF.
    resent = month.copy(first[0], "Download/IMG_0001 (1).jpg")
    whatsapp = month.album / "WhatsApp Images" / "IMG-20261122-WA0001.jpg"
    whatsapp.parent.mkdir()
    with Image.open(first[1]) as image:
        image.resize((240, 180), Image.Resampling.LANCZOS).save(whatsapp, quality=60)
    month.settle(whatsapp)
    told = month.spend()
    assert (0, 1, []) == (told.code, told.document["new"], told.moved)
    assert [resent.name] == month.could_go("exact")
    assert whatsapp.name in told_about(month)

    # Night 4: a photo is renamed. It is known by its content, and nothing is said of a loss.
    first[2].rename(first[2].with_name("beach.jpg"))
    told = month.spend()
    assert (0, 0, []) == (told.code, told.document["new"], told.document["held_back"])
    assert {"beach.jpg"} == month.known() & {"beach.jpg", first[2].name}

    # Night 5: a photo is edited in its place; night 6: one is deleted.
    month.shoot("Camera/IMG_0004.jpg", 104)
    told = month.spend()
    assert (0, 1) == (told.code, told.document["new"])
    first[4].unlink()
    told = month.spend()
    assert (0, []) == (told.code, told.document["held_back"])
    assert first[4].name not in month.known()

    # Nights 7 and 8: a sync tool is in the middle of a file, then done with it.
    month.seed += 1
    arriving = month.shoot(f"Camera/IMG_{month.seed:04}.jpg", month.seed)
    whole = arriving.read_bytes()
    arriving.write_bytes(whole[: len(whole) // 2])
    month.settle(arriving, ago=5 - 86_400)  # five seconds before the run
    told = month.spend()
    assert (0, 0, "") == (told.code, told.document["new"], told.err)
    assert arriving.name not in month.known()
    arriving.write_bytes(whole)
    month.settle(arriving)
    told = month.spend()
    assert (0, 1, "") == (told.code, told.document["new"], told.err)

    # Night 9: a known photo is just being written over: what is known of it is not forgotten.
    known = arriving.read_bytes()
    arriving.write_bytes(known[:1000])
    month.settle(arriving, ago=5 - 86_400)
    told = month.spend()
    assert (0, []) == (told.code, told.document["held_back"])
    assert arriving.name in month.known()
    arriving.write_bytes(known)
    month.settle(arriving)

    # Night 10: the night before is still at work.
    with run_lock(month.home / "ledger.sqlite", "albumclean run /photos"):
        told = month.spend()
    assert (75, "") == (told.code, told.out)
    assert "albumclean run /photos" in told.err

    # Nights 11 and 12: a run is killed in the middle of the scan; the next one says so and goes on.
    month.take(4)
    with monkeypatch.context() as patch:
        patch.setattr(NetworkThread, "put", _killed_at(2, NetworkThread.put))
        with pytest.raises(Killed):
            month.spend()
    month.leave_owner()
    told = month.spend()
    assert 0 == told.code
    assert any("did not end by itself: process 4242 on nas" in note for note in told.document["notes"])
    assert len(month.known()) == len(list(month.album.rglob("*.jpg")))
    assert 0 == month.report()["unscored"]
    assert [] == month.trashed()

    # --- the user turns a rule on ------------------------------------------------------------------------------------
    month.configure(auto='rules = ["exact-copies"]\nmax_photos = 3\nmax_share = 0.5')
    month.allowed = True
    told = month.spend()
    assert (0, [resent.name], [resent.name]) == (told.code, told.moved, month.trashed())
    assert "Exactly the same as" in told.document["moved"][0]["sentence"]
    assert told.out.count("\n") == 1
    page = Path(told.document["page"])
    assert "latest.html" != page.name  # it stays
    assert "Moved by the rule exact-copies" in page.read_text("utf-8")
    with month.ledger() as ledger:
        (run,) = ledger.history()
        assert {MoveState.MOVED: 1} == run.photos
        assert not ledger.pending()

        # Night 14: the user takes it back, and that is their last word.
        undo(ledger, run=run.id)
    assert resent.exists()
    told = month.spend()
    assert (0, [], []) == (told.code, told.moved, month.could_go())

    # Night 15: "keep" under another rule, said of the content; the copy of it stays as well.
    kept = month.copy(more[0], "Download/kept.jpg")
    with month.ledger() as ledger:
        ledger.remember([Decision(digest(kept), more[0], Action.KEEP, "low-quality", month.clock(), DecisionBy.USER)])
    told = month.spend()
    assert (0, []) == (told.code, told.moved)
    assert [kept.name] == month.could_go()

    # Nights 16 and 17: the clocks go back an hour. What was written "in an hour" waits for one night.
    month.clock.now -= 3600
    (late,) = month.take(1)
    month.settle(late, ago=-86_400 - 1800)
    told = month.spend()
    assert (0, 0, []) == (told.code, told.document["new"], told.document["held_back"])
    told = month.spend()
    assert (0, 1) == (told.code, told.document["new"])

    # --- the library goes away ---------------------------------------------------------------------------------------
    library, elsewhere = month.known(), month.album.with_name("elsewhere")
    month.copy(more[1], "Download/again.jpg")
    month.album.rename(elsewhere)
    month.album.mkdir()
    for _ in range(2):  # nights 18 and 19: the mount point is empty
        told = month.spend()
        assert (4, []) == (told.code, told.moved)
        assert "is empty" in told.document["held_back"][0]
        assert told.document["line"].startswith("albumclean: HELD BACK")
        assert library == month.known()
    month.album.rmdir()
    told = month.run("--json")  # night 20: not even the mount point is there
    month.nights += 1
    assert 3 == told.code
    assert library == month.known()
    elsewhere.rename(month.album)
    told = month.spend()  # night 21: all is back; nothing has to be scored again, and the copy of night 18 goes
    assert (0, 0, ["again.jpg"]) == (told.code, told.document["new"], told.moved)

    # Nights 22 and 23: half of it is gone, and stays so. A copy appears meanwhile: it is not touched.
    camera, aside = month.album / "Camera", month.album.with_name("aside")
    aside.mkdir()
    for path in sorted(camera.iterdir())[:-1]:
        path.rename(aside / path.name)
    copied = month.copy(camera / "beach.jpg", "Download/during.jpg")
    library = month.known()
    for _ in range(2):
        told = month.spend()
        assert (4, []) == (told.code, told.moved)
        assert "are left" in told.document["held_back"][0]
        assert library <= month.known()
    assert copied.exists()

    # Night 24: the user says that it was on purpose.
    told = month.spend("--accept-loss")
    assert (0, [copied.name]) == (told.code, told.moved)
    assert {path.name for path in month.album.rglob("*.jpg")} == month.known()
    for path in sorted(aside.iterdir()):
        shutil.copy2(path, camera / path.name)
    told = month.spend()
    assert (0, 0) == (told.code, told.document["new"])  # night 25: they come back, known by content

    # Nights 26 and 27: a flood of copies, more than the user allows in one night; then they are fewer.
    flood = [month.copy(first[5], f"Download/flood {number}.jpg") for number in range(5)]
    flood += [month.copy(more[2], "Download/flood 5.jpg")]
    told = month.spend()
    assert (4, []) == (told.code, told.moved)
    assert "max_photos" in told.document["held_back"][0]
    assert "--accept-loss" not in told.err
    for path in flood:
        path.unlink()
    told = month.spend()
    assert (0, []) == (told.code, told.moved)

    # Nights 28 and 29: killed between two moves; the next one explains, and finishes within its limits.
    twins = [month.copy(path, f"Download/twin {path.name}") for path in (more[1], more[2])]
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "settle", _killed_when_moved(2))
        with pytest.raises(Killed):
            month.spend()
    month.leave_owner()
    told = month.spend()
    assert 0 == told.code
    assert [] == [path for path in twins if path.exists()]
    assert any(" had been moved " in note or " in its place " in note for note in told.document["notes"])
    with month.ledger() as ledger:
        assert not ledger.unfinished_runs()
        assert not ledger.pending()

    # Night 30: nothing is new, and nothing is said.
    month.nights += 1
    told = month.run("--quiet")
    assert (0, "", "") == (told.code, told.out, told.err)
    assert 30 == month.nights


def told_about(month: Month) -> set[str]:
    """Names of all that the last report speaks of as not to be kept."""
    return {Path(each["path"]).name for each in month.report()["proposals"] if each["action"] != "keep"}


def _killed_at(number: int, real: Any) -> Any:
    left = [number]

    def put(*args: object) -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed
        real(*args)

    return put


def _killed_when_moved(number: int) -> Any:
    real, left = Ledger.settle, [number]

    def settle(self: Ledger, moves: Iterable[Move], state: MoveState, *args: Any, **more: Any) -> None:
        if state is MoveState.MOVED:
            left[0] -= 1
            if not left[0]:
                raise Killed
        real(self, moves, state, *args, **more)

    return settle
