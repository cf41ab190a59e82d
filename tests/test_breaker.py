"""The circuit breaker, the auto rules, the limits and the lock of unattended runs: each by itself."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from albumclean.config import AutoSettings, UnattendedSettings, load_settings
from albumclean.domain import (
    Action,
    Companion,
    CompanionKind,
    Decision,
    DecisionBy,
    FileIdentity,
    GroupKind,
    MoveState,
    PhotoFacts,
    Proposal,
    RootRole,
    UserMarks,
)
from albumclean.errors import ConfigError, RunBusy, StoreError
from albumclean.store.census import Count
from albumclean.store.database import open_database, schema_of
from albumclean.store.journal_rows import RunKind
from albumclean.store.ledger import MIGRATIONS, Ledger
from albumclean.unattended.auto import may_ever_go
from albumclean.unattended.auto_rules.exact_copies import RULE
from albumclean.unattended.breaker import RootLook, excess, losses
from albumclean.unattended.limits import ON_BATTERY, TIME_IS_UP, Limits, on_battery, stand_back
from albumclean.unattended.lock import run_lock
from albumclean.unattended.registry import all_rules, rules_named
from tests.facts import group_of, photo
from tests.trash_helpers import item, plan, write

PHOTOS = Path("/photos")
COUNTS = st.integers(0, 2000)
SHARES = st.floats(0, 1)


def look(met: int, known: int = 0, counted: int | None = None, *, device: int | None = 1, moved: int = 0) -> RootLook:
    count = None if counted is None else Count(PHOTOS, counted, 0, 1, 1_700_000_000.0)
    return RootLook(PHOTOS, met, known, device, count, moved)


# --- more than the user allowed -----------------------------------------------------------------------------------


@given(COUNTS, COUNTS, COUNTS, SHARES)
def test_no_run_moves_more_than_the_number_or_the_share_allowed(
    planned: int, library: int, most: int, share: float
) -> None:
    limits = AutoSettings(max_photos=most, max_share=share)
    within = planned <= most and planned <= share * library
    assert within == (not excess(planned, library, limits))


@given(COUNTS, COUNTS, COUNTS, SHARES)
def test_what_is_held_back_stays_held_back_when_more_is_planned(
    planned: int, library: int, most: int, share: float
) -> None:
    limits = AutoSettings(max_photos=most, max_share=share)
    if excess(planned, library, limits):
        assert excess(planned + 1, library, limits)


def test_it_says_how_many_and_which_setting() -> None:
    too_many, too_large = excess(60, 100, AutoSettings(max_photos=50, max_share=0.02))
    assert "60 photos" in too_many
    assert "max_photos" in too_many
    assert "2.00%" in too_large
    assert "max_share" in too_large


# --- is the library still there -----------------------------------------------------------------------------------


@given(COUNTS, COUNTS, st.none() | COUNTS)
def test_a_root_with_half_of_its_photos_or_fewer_is_a_loss(met: int, known: int, counted: int | None) -> None:
    expected = max(known, counted or 0)
    assert (expected > 0 and 2 * met <= expected) == bool(losses([look(met, known, counted)]))


@given(st.lists(st.builds(look, COUNTS, COUNTS, st.none() | COUNTS), min_size=1, max_size=5))
def test_one_lost_root_is_enough_however_many_are_well(looks: Sequence[RootLook]) -> None:
    assert any(losses([each]) for each in looks) == bool(losses(looks))


@given(COUNTS, COUNTS, st.none() | COUNTS)
def test_a_loss_that_the_user_accepts_is_none_unless_the_root_is_out_of_reach(
    met: int, known: int, counted: int | None
) -> None:
    assert [] == losses([look(met, known, counted)], accepted=True)
    (said,) = losses([look(met, known, counted, device=None)], accepted=True)
    assert "can't be reached" in said


def test_an_empty_root_on_another_device_is_called_what_it_is() -> None:
    (said,) = losses([look(0, 10, 10, device=2)])
    assert "another drive or none is mounted" in said


def test_photos_that_albumclean_has_moved_itself_are_no_loss() -> None:
    assert [] == losses([look(40, 40, 100, moved=60)])
    assert losses([look(40, 40, 100, moved=10)])


def test_a_new_root_and_an_empty_new_root_are_no_loss() -> None:
    assert [] == losses([look(5), look(0)])


# --- the census ---------------------------------------------------------------------------------------------------


def test_the_census_keeps_the_last_count_of_each_root(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.census.of(PHOTOS) is None
        first = Count(PHOTOS, 10, 1000, 2**63 + 5, 1.5)
        ledger.census.record([first, Count(Path("/other"), 1, 1, 1, 1.0)])
        assert first == ledger.census.of(PHOTOS)
        second = Count(PHOTOS, 12, 1200, 3, 2.5)
        ledger.census.record([second])
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        assert second == ledger.census.of(PHOTOS)


def test_a_ledger_of_schema_2_gets_a_census_and_a_copy_of_itself_first(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    open_database(path, MIGRATIONS[:2], backup=True).close()
    with Ledger.open(path) as ledger:
        ledger.census.record([Count(PHOTOS, 1, 1, 1, 1.0)])
    copy = open_database(tmp_path / "ledger.before-3.sqlite", MIGRATIONS[:2], backup=False)
    assert 2 == schema_of(copy)
    copy.close()


def test_the_census_knows_what_was_moved_since_from_below_the_root(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        places = [tmp_path / "a" / "1.jpg", tmp_path / "a" / "2.jpg", tmp_path / "ab" / "3.jpg"]
        run = ledger.begin(
            RunKind.APPLY, plan(*(item(write(place), [write(place.with_suffix(".xmp"))]) for place in places))
        )
        moves = ledger.moves(run.id)
        ledger.settle(moves, MoveState.MOVED)
        before = Count(tmp_path / "a", 9, 9, 1, time.time() - 60)
        assert 2 == ledger.census.moved_since(before)
        assert 0 == ledger.census.moved_since(replace(before, at=time.time() + 60))
        ledger.settle(moves[:2], MoveState.RESTORED)
        assert 1 == ledger.census.moved_since(before)


# --- whose word counts --------------------------------------------------------------------------------------------


def decide(ledger: Ledger, name: str, action: Action, rule: str, by: DecisionBy = DecisionBy.USER) -> None:
    ledger.remember([Decision(name.encode(), Path("/album") / name, action, rule, 1.0, by)])


def test_kept_under_any_rule_is_kept_until_the_user_says_otherwise(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        decide(ledger, "a", Action.KEEP, "low-quality")
        decide(ledger, "a", Action.TRASH, "keep-best", DecisionBy.RULE)
        decide(ledger, "b", Action.KEEP, "keep-best")
        decide(ledger, "b", Action.REVIEW, "keep-best")
        decide(ledger, "c", Action.TRASH, "keep-best")
        assert frozenset({b"a"}) == ledger.kept_contents()


def test_what_a_rule_decided_and_did_not_do_is_taken_back_and_nothing_of_the_users(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        decide(ledger, "a", Action.TRASH, "keep-best", DecisionBy.RULE)
        decide(ledger, "b", Action.TRASH, "keep-best")
        ledger.withdraw_rules()
        assert [Path("/album/b")] == [each.path for each in ledger.pending()]


def test_a_decision_of_a_rule_stays_open_as_long_as_its_move_is_not_finished(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        made = item(write(tmp_path / "a.jpg"))
        content = made.files[0].content_hash
        assert content is not None
        word = Decision(content, tmp_path / "a.jpg", Action.TRASH, "keep-best", 1.0, DecisionBy.RULE)
        ledger.remember([word])
        run = ledger.begin(RunKind.APPLY, plan(made)).id
        ledger.withdraw_rules()
        assert [run] == ledger.runs_of_rules()
        ledger.settle(ledger.moves(run), MoveState.MOVING)
        ledger.withdraw_rules()
        assert [run] == ledger.runs_of_rules()


def test_only_a_run_that_no_person_confirmed_is_a_run_of_rules(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        runs = []
        for name, by in (("a.jpg", DecisionBy.RULE), ("b.jpg", DecisionBy.USER)):
            made = item(write(tmp_path / name))
            content = made.files[0].content_hash
            assert content is not None
            ledger.remember([Decision(content, tmp_path / name, Action.TRASH, "keep-best", 1.0, by)])
            runs.append(ledger.begin(RunKind.APPLY, plan(made)).id)
        assert runs[:1] == ledger.runs_of_rules()


# --- auto rules ---------------------------------------------------------------------------------------------------


def exact(*members: PhotoFacts, kind: GroupKind = GroupKind.EXACT) -> Proposal:
    """The proposal for the last member; the first is the keeper."""
    return group_of(*members, kind=kind)[-1]


def companion(name: str, size: int = 10, kind: CompanionKind = CompanionKind.XMP) -> Companion:
    return Companion(kind, FileIdentity(Path("/album") / name, size, 1, hash(name) % 2**30, 1))


def with_companions(facts: PhotoFacts, *companions: Companion) -> PhotoFacts:
    return replace(facts, asset=replace(facts.asset, companions=companions))


KEEPER, COPY = photo("keeper.jpg", content="same"), photo("copy.jpg", content="same")


def test_every_auto_rule_says_its_name_and_what_it_moves() -> None:
    for rule in all_rules():
        assert rule.name.replace("-", "").isalnum()
        assert rule.text
        assert not rule.wants(group_of(KEEPER, COPY)[0])
    assert "exact-copies" in {rule.name for rule in all_rules()}
    assert len({rule.name for rule in all_rules()}) == len(all_rules())


def test_no_rule_is_on_by_itself() -> None:
    assert () == rules_named(AutoSettings().rules, Path("config.toml"))


def test_an_unknown_rule_is_an_error_in_the_configuration() -> None:
    with pytest.raises(ConfigError, match="no auto rule 'exact'; there are exact-copies"):
        rules_named(["exact"], Path("config.toml"))


def test_the_same_bytes_are_wanted() -> None:
    assert RULE.wants(exact(KEEPER, COPY))
    assert may_ever_go(exact(KEEPER, COPY))


@pytest.mark.parametrize(
    "proposal",
    [
        exact(KEEPER, photo("copy.jpg", content="same pixels, other bytes")),
        exact(KEEPER, COPY, kind=GroupKind.DERIVED),
        exact(KEEPER, COPY, kind=GroupKind.MOMENT),
        replace(exact(KEEPER, COPY), rule="low-quality"),
        replace(exact(KEEPER, COPY), group=None),
        exact(KEEPER, with_companions(COPY, companion("copy.xmp"))),
        exact(
            with_companions(KEEPER, companion("keeper.xmp", 10)),
            with_companions(COPY, companion("copy.xmp", 11)),
        ),
        exact(
            with_companions(KEEPER, companion("keeper.mov", 10, CompanionKind.LIVE_VIDEO)),
            with_companions(COPY, companion("copy.xmp", 10)),
        ),
    ],
)
def test_anything_less_than_the_same_bytes_and_companions_is_left_for_the_review(proposal: Proposal) -> None:
    assert not RULE.wants(proposal)


def test_companions_count_as_the_same_only_by_their_bytes() -> None:
    keeper = with_companions(KEEPER, companion("keeper.xmp"))
    copy = with_companions(COPY, companion("copy.xmp"))
    proposal = exact(keeper, copy)
    assert RULE.wants(proposal)
    same = {KEEPER.path: COPY.content, COPY.path: COPY.content}
    alike = {**same, Path("/album/keeper.xmp"): b"x", Path("/album/copy.xmp"): b"x"}
    assert RULE.confirms(proposal, lambda file: alike[file.path])
    other = {**alike, Path("/album/copy.xmp"): b"five stars"}
    assert not RULE.confirms(proposal, lambda file: other[file.path])


@pytest.mark.parametrize("changed", [KEEPER.path, COPY.path])
def test_bytes_that_are_no_longer_those_of_the_scan_are_not_confirmed(changed: Path) -> None:
    assert not RULE.confirms(exact(KEEPER, COPY), lambda file: b"new" if file.path == changed else COPY.content)


@pytest.mark.parametrize(
    "proposal",
    [
        replace(exact(KEEPER, COPY), action=Action.REVIEW),
        exact(KEEPER, replace(COPY, asset=replace(COPY.asset, role=RootRole.PROTECTED))),
        exact(KEEPER, replace(COPY, marks=UserMarks(favourite=True))),
        exact(KEEPER, replace(COPY, marks=UserMarks(rating=3))),
        exact(KEEPER, replace(COPY, marks=UserMarks(unknown=True))),
        exact(KEEPER, replace(COPY, photo=None)),
        exact(replace(KEEPER, photo=None), COPY),
        exact(KEEPER, replace(COPY, asset=replace(COPY.asset, primary=KEEPER.asset.primary))),
        exact(
            KEEPER,
            replace(
                COPY, asset=replace(COPY.asset, primary=replace(COPY.asset.primary, inode=KEEPER.asset.primary.inode))
            ),
        ),
    ],
)
def test_no_rule_gets_what_is_unsure_treasured_unread_or_the_keeper_itself(proposal: Proposal) -> None:
    assert not may_ever_go(proposal)


# --- settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "[auto]\nmax_share = 1.5",
        "[auto]\nmax_share = -0.1",
        "[auto]\nmax_share = nan",
        "[auto]\nmax_photos = -1",
        "[unattended]\nmax_time = -5",
        "[unattended]\nnice = 20",
        "[unattended]\nnice = -1",
        "[unattended]\nsettle = -1",
        "[crawl]\nsettle = -1.0",
        "[auto]\nrules = 'exact-copies'",
    ],
)
def test_settings_that_make_no_sense_are_refused_at_once(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(ConfigError):
        load_settings(path, {})


# --- limits -------------------------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_time_is_up_after_so_many_minutes_and_stays_up() -> None:
    clock = Clock()
    limits = Limits(UnattendedSettings(max_time=2), clock, lambda: False)
    clock.now = 119.0
    assert not limits.are_reached()
    clock.now = 120.0
    assert limits.are_reached()
    clock.now = 0.0
    assert limits.are_reached()
    assert TIME_IS_UP == limits.reason


def test_without_a_limit_a_run_may_take_all_night() -> None:
    clock = Clock()
    limits = Limits(UnattendedSettings(), clock, lambda: False)
    clock.now = 1e6
    assert not limits.are_reached()


def test_a_run_ends_when_the_power_goes() -> None:
    clock, power = Clock(), [False]
    limits = Limits(UnattendedSettings(), clock, lambda: power[0])
    assert not limits.forbid()
    power[0] = True
    clock.now = 10.0
    assert not limits.are_reached()  # not looked at yet: each look costs
    clock.now = 30.0
    assert limits.are_reached()
    assert ON_BATTERY == limits.reason


def test_a_run_may_go_on_with_battery_where_the_user_allows_it() -> None:
    limits = Limits(UnattendedSettings(on_battery=True), Clock(), lambda: True)
    assert not limits.forbid()


@pytest.mark.parametrize(("plugged", "expected"), [(True, False), (False, True), (None, False)])
def test_only_a_battery_that_is_known_to_be_in_use_counts(
    monkeypatch: pytest.MonkeyPatch, plugged: bool | None, expected: bool
) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: SimpleNamespace(power_plugged=plugged), raising=False)
    assert expected == on_battery()


def test_a_computer_without_a_battery_or_without_sensors_runs_on_power(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: None, raising=False)
    assert not on_battery()
    monkeypatch.delattr(psutil, "sensors_battery")
    assert not on_battery()


class FakeProcess:
    def __init__(self, nice: int) -> None:
        self.level, self.disk = nice, 0

    def nice(self, value: int | None = None) -> int:
        if value is not None:
            self.level = value
        return self.level

    def ionice(self, value: int) -> None:
        self.disk = value


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX niceness")
@pytest.mark.parametrize(("before", "wish", "after"), [(0, 10, 10), (15, 10, 15), (5, 0, 5)])
def test_other_programs_go_first_and_the_priority_is_never_raised(
    monkeypatch: pytest.MonkeyPatch, before: int, wish: int, after: int
) -> None:
    process = FakeProcess(before)
    monkeypatch.setattr("psutil.Process", lambda: process)
    stand_back(wish)
    assert after == process.level


# --- the lock -----------------------------------------------------------------------------------------------------

HOLD = """
import sys, time
from pathlib import Path
from albumclean.unattended.lock import run_lock
with run_lock(Path(sys.argv[1]), "albumclean run /photos"):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def another_run(ledger: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(ledger)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "held\n" == process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def test_a_second_run_is_told_who_is_at_work_and_a_killed_one_is_named_afterwards(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    with another_run(ledger) as process:
        with pytest.raises(RunBusy, match=f"process {process.pid} on .*albumclean run /photos"), run_lock(ledger, "me"):
            pytest.fail("both run")
        process.kill()
        process.wait()
        with run_lock(ledger, "me") as killed:
            assert killed is not None
            assert (process.pid, "albumclean run /photos") == (killed.pid, killed.command)
    with run_lock(ledger, "me") as killed:
        assert killed is None


def test_a_run_that_fails_lets_go_of_the_lock(tmp_path: Path) -> None:
    with pytest.raises(KeyError), run_lock(tmp_path / "ledger.sqlite", "me"):
        raise KeyError
    with run_lock(tmp_path / "ledger.sqlite", "me") as killed:
        assert killed is None


@pytest.mark.skipif(sys.platform == "win32", reason="flock is of POSIX")
@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK])
def test_on_a_file_system_without_locks_a_living_owner_is_respected_and_a_dead_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refused(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("fcntl.flock", refused)
    ledger = tmp_path / "ledger.sqlite"
    with run_lock(ledger, "me"), pytest.raises(RunBusy), run_lock(ledger, "you"):
        pytest.fail("both run")
    with run_lock(ledger, "me"):
        markers = {path: path.read_text() for path in tmp_path.iterdir() if path.name.startswith("run.lock")}
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    for path, text in markers.items():
        if text:  # what a killed run leaves behind: the same file, of a process that is no more
            path.write_text(text.replace(str(os.getpid()), str(gone.pid)))
    with run_lock(ledger, "me"):
        pass


def test_a_lock_that_cannot_be_had_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="can't be locked"), run_lock(tmp_path / "file" / "ledger.sqlite", "me"):
        pytest.fail("there is no such folder")


def test_a_torn_note_of_the_owner_does_not_stop_the_next_run(tmp_path: Path) -> None:
    (tmp_path / "run.owner").write_text(json.dumps({"pid": 1})[:-3])
    with run_lock(tmp_path / "ledger.sqlite", "me") as killed:
        assert killed is None


def test_two_libraries_do_not_wait_for_one_another(tmp_path: Path) -> None:
    with run_lock(tmp_path / "a" / "ledger.sqlite", "me"), run_lock(tmp_path / "b" / "ledger.sqlite", "you") as killed:
        assert killed is None
