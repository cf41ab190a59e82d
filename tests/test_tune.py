"""A user's own answers teach the threshold: what they mean is found, what they don't say is not made up."""

from __future__ import annotations

import json
import math
import os
import random
import stat
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from albumclean.catalogue import Catalogue
from albumclean.cli.config_file import set_value
from albumclean.cli.tune import decided, hint
from albumclean.config import Locations, Settings, load_settings
from albumclean.domain import Action, Decision, DecisionBy, Score
from albumclean.errors import ConfigError, OutputUnusable
from albumclean.policy.thresholds import FEWEST, STEP, WIDEST, Advice, Decided, split, tune, wilson
from albumclean.scoring import registry
from albumclean.store.cache import Cache
from albumclean.store.ledger import Ledger
from tests.terminal import Terminal


def answers(
    seed: int, threshold: float, noise: float, count: int, highest: float = 0.6, lapse: float = 0.0
) -> list[Decided]:
    """A user who trashes below `threshold`, less surely near it, and sometimes takes the wrong key."""
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        mos = draw.uniform(0.02, highest)
        chance = 1 / (1 + math.exp(max(min((mos - threshold) / noise, 500), -500)))
        made.append(Decided(mos, draw.random() < lapse + (1 - 2 * lapse) * chance))
    return made


def by_chance(seed: int, count: int, share: float, highest: float = 0.35) -> list[Decided]:
    draw = random.Random(seed)
    return [Decided(draw.uniform(0.02, highest), draw.random() < share) for _ in range(count)]


# --- what the numbers say ---------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=25, derandomize=True)
@given(st.floats(0.1, 0.5), st.integers(60, 200), st.integers(0, 10_000))
def test_a_user_who_knows_their_threshold_is_understood(threshold: float, count: int, seed: int) -> None:
    made = answers(seed, threshold, 1e-6, count)
    found = tune(made, 0.95, resamples=200)
    nearest = (max(d.mos for d in made if d.trashed), min(d.mos for d in made if not d.trashed))
    assert Advice.CHANGE is found.advice
    assert found.proposed is not None
    assert nearest[0] - 0.015 <= found.proposed <= nearest[1] + 0.015


@pytest.mark.parametrize(("noise", "lapse", "count", "reach"), [(0.03, 0.02, 120, 0.04), (0.06, 0.05, 300, 0.04)])
def test_a_noisy_user_is_understood_within_the_interval(noise: float, lapse: float, count: int, reach: float) -> None:
    hit, errors = 0, []
    for seed in range(20):
        threshold = 0.15 + 0.015 * seed
        found = tune(answers(seed, threshold, noise, count, lapse=lapse), 0.95, resamples=200)
        assert found.middle is not None and found.interval is not None
        errors.append(found.middle - threshold)
        hit += found.interval[0] - 0.005 <= threshold <= found.interval[1] + 0.005
    assert max(map(abs, errors)) <= 2 * reach
    assert sorted(map(abs, errors))[10] <= reach / 2
    assert abs(sum(errors) / len(errors)) <= 0.01
    assert hit >= 17


@pytest.mark.parametrize("count", [30, 100, 300])
def test_a_user_who_decides_by_chance_has_no_clear_threshold(count: int) -> None:
    advice = [tune(by_chance(seed, count, 0.5), 0.35, resamples=200).advice for seed in range(30)]
    assert advice.count(Advice.UNCLEAR) >= 28


def test_a_wide_interval_is_no_answer() -> None:
    """This user's keeps surely score better than their trashes, but over a wide stretch both are likely."""
    found = tune(answers(4, 0.4, 0.2, 90, highest=0.9), 0.95, resamples=200)
    assert found.auc_interval is not None and found.auc_interval[0] > 0.5
    assert found.interval is not None and found.interval[1] - found.interval[0] > WIDEST
    assert (Advice.UNCLEAR, None) == (found.advice, found.proposed)


def test_too_few_answers_say_nothing_but_how_many_are_missing() -> None:
    found = tune(answers(1, 0.3, 0.01, FEWEST - 7), 0.35)
    assert (Advice.TOO_FEW, 7, None, None) == (found.advice, found.missing, found.proposed, found.interval)
    nobody = tune([], 0.35)
    assert (Advice.TOO_FEW, FEWEST, None) == (nobody.advice, nobody.missing, nobody.highest)


@settings(deadline=None, max_examples=40, derandomize=True)
@given(st.lists(st.builds(Decided, st.floats(0, 1), st.booleans()), min_size=FEWEST, max_size=80), st.floats(0.0, 1.0))
def test_no_proposal_goes_more_than_a_step_beyond_what_was_asked_about(made: list[Decided], present: float) -> None:
    found = tune(made, present, resamples=50)
    if found.proposed is not None:
        assert 0 <= found.proposed <= min(max(d.mos for d in made) + STEP, 1) + 1e-9
        assert found.proposed >= min(d.mos for d in made) - 0.01
        assert round(found.proposed, 2) == pytest.approx(found.proposed)


def test_a_user_who_trashes_everything_is_asked_a_step_more() -> None:
    found = tune(by_chance(1, 60, 1.0, highest=0.349), 0.35, resamples=100)
    assert (Advice.CHANGE, True) == (found.advice, found.at_edge)
    assert found.proposed == pytest.approx(0.39, abs=0.011)
    assert (None, None) == (found.auc, found.auc_interval)


def test_a_user_who_only_saw_the_worst_is_not_taken_to_mean_them() -> None:
    made = by_chance(1, 60, 1.0, highest=0.1)  # the worst first, all trashed, then they stopped
    assert Advice.STAY is tune(made, 0.35, resamples=100).advice


def test_a_user_who_keeps_everything_is_asked_less() -> None:
    found = tune(by_chance(1, 60, 0.0), 0.35, resamples=100)
    assert Advice.CHANGE is found.advice
    assert found.proposed is not None and found.proposed <= found.lowest  # type: ignore[operator]


def test_a_threshold_that_fits_is_left_alone() -> None:
    found = tune(answers(3, 0.3, 0.02, 200), 0.3, resamples=200)
    assert (Advice.STAY, None) == (found.advice, found.proposed)
    assert Advice.STAY is tune(answers(3, 0.3, 1e-6, 2000), 0.31, resamples=100).advice, "too small a change"


@settings(deadline=None, max_examples=15, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_answers_does_not_matter(draw: random.Random) -> None:
    made = answers(5, 0.3, 0.05, 60)
    mixed = list(made)
    draw.shuffle(mixed)
    assert tune(made, 0.35, resamples=50) == tune(mixed, 0.35, resamples=50)


@given(st.lists(st.builds(Decided, st.floats(0, 1), st.booleans())), st.floats(0, 1))
def test_every_answer_lies_on_one_side(made: list[Decided], at: float) -> None:
    found = split(made, at)
    assert len(made) == found.trashed_below + found.kept_below + found.trashed_above + found.kept_above
    assert sum(d.mos < at for d in made) == found.trashed_below + found.kept_below
    assert (found.kept_share is None) == (not any(d.mos < at for d in made))


def test_wilsons_interval_is_that_of_the_textbook() -> None:
    assert (0.0, 1.0) == wilson(0, 0)
    assert pytest.approx((0.0, 0.1135), abs=1e-4) == wilson(0, 30)
    assert pytest.approx((0.0552, 0.1744), abs=1e-4) == wilson(10, 100)


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    made = [Decided(0.1, True)] * 20 + [Decided(0.3, False)] * 20 + [Decided(0.2, True)] * 5 + [Decided(0.2, False)] * 5
    found = tune(made, 0.35, resamples=50)
    right = 20 * 25 + 5 * 20 + 5 * 5 / 2
    assert right / 625 == pytest.approx(found.auc)


# --- which answers count ----------------------------------------------------------------------------------------


def content(number: int) -> bytes:
    return number.to_bytes(32, "big")


def said(number: int, action: Action, rule: str = "low-quality", by: DecisionBy = DecisionBy.USER) -> Decision:
    return Decision(content(number), Path(f"/album/{number}.jpg"), action, rule, time.time(), by)


def scored(cache: Cache, scores: dict[int, float]) -> None:
    spec = registry.spec(registry.JUDGE)
    cache.write(scores=[Score(content(number), spec.name, spec.revision, "mos", mos) for number, mos in scores.items()])


@pytest.fixture
def catalogue(home: Path) -> Catalogue:
    locations = Locations.from_environment()
    return Catalogue(Cache.open(locations.cache), Ledger.open(locations.ledger), Settings())


def test_only_the_users_own_last_words_on_single_photos_count(catalogue: Catalogue) -> None:
    scored(catalogue.cache, {number: number / 10 for number in range(1, 8)})
    catalogue.ledger.remember(
        [
            said(1, Action.TRASH),
            said(2, Action.TRASH),
            said(2, Action.KEEP),  # the latest word wins
            said(3, Action.TRASH),
            said(3, Action.REVIEW),  # taken back
            said(4, Action.TRASH, rule="keep-best"),
            said(5, Action.TRASH, by=DecisionBy.RULE),
            said(6, Action.KEEP),
            said(99, Action.KEEP),  # scored by another model, or never
        ]
    )
    decisions, unscored = decided(catalogue)
    assert [(0.1, True), (0.2, False), (0.6, False)] == [(d.mos, d.trashed) for d in decisions]
    assert 1 == unscored


def test_a_photo_that_was_moved_away_still_counts(catalogue: Catalogue) -> None:
    """No file holds these contents any more: their scores stay, as they hang on the content."""
    scored(catalogue.cache, {1: 0.2})
    catalogue.ledger.remember([said(1, Action.TRASH)])
    assert not catalogue.cache.has_files()
    assert ([Decided(0.2, True)], 0) == decided(catalogue)


def teach(catalogue: Catalogue, made: Sequence[Decided]) -> None:
    scored(catalogue.cache, {number: each.mos for number, each in enumerate(made)})
    catalogue.ledger.remember(
        [said(number, Action.TRASH if each.trashed else Action.KEEP) for number, each in enumerate(made)]
    )


def test_the_hint_comes_only_with_something_to_propose(catalogue: Catalogue, home: Path) -> None:
    assert hint(catalogue) is None
    teach(catalogue, answers(1, 0.25, 0.01, 120))
    line = hint(catalogue)
    assert line is not None and "120 answers" in line and "albumclean tune" in line and "\n" not in line
    (home / "config.toml").write_text("[low_quality]\nbelow = 0.25\n")
    assert hint(catalogue) is None


# --- the command and the file -----------------------------------------------------------------------------------

COMMAND = [sys.executable, "-m", "albumclean", "tune"]


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, env={**os.environ, **environ}
    )


@pytest.fixture
def taught(catalogue: Catalogue, home: Path) -> Path:
    teach(catalogue, answers(1, 0.25, 0.01, 120))
    catalogue.cache._connection.close()
    catalogue.ledger.close()
    return home / "config.toml"


def test_nothing_changes_unless_the_user_accepts(taught: Path) -> None:
    done = run()
    assert (0, False) == (done.returncode, taught.exists())
    assert "Proposed threshold: 0.2" in done.stdout
    assert "now 0.35" in done.stdout and "AUC" in done.stdout
    document = json.loads(run("--json").stdout)
    assert ("change", 120, False) == (document["advice"], document["decided"], taught.exists())
    assert document["proposed"] == pytest.approx(0.25, abs=0.02)
    assert document["interval"][0] <= document["proposed"] <= document["interval"][1]


def test_what_is_accepted_is_what_the_next_run_uses(taught: Path) -> None:
    proposed = json.loads(run("--json", "--accept").stdout)["proposed"]
    assert proposed == load_settings(taught).low_quality.below
    again = run("--accept")
    assert (0, "fits your answers" in again.stdout) == (again.returncode, True)
    assert "nothing was changed" in again.stderr


def test_the_question_is_answered_no_by_return(taught: Path) -> None:
    for key, changed in (("\r", False), ("n\r", False), ("y\r", True)):
        terminal = Terminal(COMMAND, dict(os.environ))
        terminal.wait(r"\[y/N\]")
        os.write(terminal._master, key.encode())
        terminal.wait("is 0.2. now" if changed else "Nothing was changed")
        assert 0 == terminal.process.wait(20)
        assert changed == taught.exists()


def test_a_variable_that_wins_over_the_file_is_named(taught: Path) -> None:
    done = run("--accept", ALBUMCLEAN_LOW_QUALITY_BELOW="0.4")
    assert "ALBUMCLEAN_LOW_QUALITY_BELOW wins" in done.stderr


def test_few_answers_are_counted(catalogue: Catalogue) -> None:
    teach(catalogue, answers(1, 0.25, 0.01, 4))
    done = run()
    assert (0, True) == (done.returncode, "26 more answers" in done.stdout)
    assert "0 more" not in run().stdout.replace("26 more", "")


def test_comments_order_and_line_ends_stay(album: Path) -> None:
    path = album / "config.toml"
    before = (
        "# mine\r\n[scan]\r\nworkers = 2 # two\r\n\r\n[low_quality] # bad\r\n# old\r\nbelow = 0.4  # strict\r\n"
        "[crawl]\r\nexclude = [\r\n  'a', # first\r\n]\r\n"
    )
    path.write_bytes(before.encode())
    path.chmod(0o600)
    copy = set_value(path, "low_quality", "below", 0.29)
    assert before.replace("0.4", "0.29") == path.read_bytes().decode()
    assert copy == album / "config.before-tune.toml"
    assert before.encode() == copy.read_bytes()
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert {"config.toml", "config.before-tune.toml"} == {each.name for each in album.iterdir()}


@pytest.mark.parametrize(
    "before",
    ["", "[scan]\nworkers = 2\n", "low_quality.below = 0.4\n", "low_quality = { below = 0.4 }\n", "[low_quality]"],
)
def test_the_value_is_set_however_the_file_is_written(album: Path, before: str) -> None:
    path = album / "config.toml"
    path.write_text(before)
    set_value(path, "low_quality", "below", 0.29)
    expected = tomllib.loads(before)
    expected.setdefault("low_quality", {})["below"] = 0.29
    assert expected == tomllib.loads(path.read_text())


def test_a_missing_file_is_made(album: Path) -> None:
    path = album / "deep" / "config.toml"
    assert set_value(path, "low_quality", "below", 0.29) is None
    assert 0.29 == load_settings(path).low_quality.below


@pytest.mark.parametrize("broken", [b"[low_quality\n", b"\xff\xfe", b"low_quality = 3\n"])
def test_a_file_that_is_not_understood_stays_as_it_is(album: Path, broken: bytes) -> None:
    path = album / "config.toml"
    path.write_bytes(broken)
    with pytest.raises(ConfigError):
        set_value(path, "low_quality", "below", 0.29)
    assert [(path, broken)] == [(each, each.read_bytes()) for each in album.iterdir()]


@pytest.mark.parametrize("written", [0, 1])
def test_a_full_disk_leaves_the_file_whole(album: Path, monkeypatch: pytest.MonkeyPatch, written: int) -> None:
    """Whether the disk is full at the copy of the old file or at the new one."""
    path = album / "config.toml"
    path.write_text("[low_quality]\nbelow = 0.4\n")
    left = [None] * written

    def full(_: int) -> None:
        if not left:
            raise OSError(28, "No space left on device")
        left.pop()

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputUnusable, match="No space left"):
        set_value(path, "low_quality", "below", 0.29)
    assert ["config.before-tune.toml", "config.toml"][1 - written :] == sorted(each.name for each in album.iterdir())
    assert {"[low_quality]\nbelow = 0.4\n"} == {each.read_text() for each in album.iterdir()}


def test_a_linked_configuration_stays_a_link(album: Path) -> None:
    real, link = album / "dotfiles.toml", album / "config.toml"
    real.write_text("[low_quality]\nbelow = 0.4\n")
    link.symlink_to(real)
    set_value(link, "low_quality", "below", 0.29)
    assert link.is_symlink() and "0.29" in real.read_text()
