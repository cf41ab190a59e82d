"""A threshold means the same with any scorer; no order of photos changes, and nothing is made up."""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image
from typer.testing import CliRunner, Result

from albumclean.cli.main import app
from albumclean.config import Locations
from albumclean.domain import Asset, FileIdentity, Fingerprint, Photo, Says, Score, ScorerSpec, SquareInput, UserMarks
from albumclean.errors import (
    CalibrationDamaged,
    CalibrationRefused,
    CalibrationUnusable,
    NothingKnown,
    ScorerUnknown,
    TableError,
    UsageError,
)
from albumclean.evaluation.scales import applied, check
from albumclean.scoring import registry
from albumclean.scoring.calibrating import FEWEST, Floats, NoOrder, fitted_to_people, matched
from albumclean.scoring.calibration import (
    JUDGE,
    LABELS,
    Calibration,
    CalibrationShelf,
    Fitted,
    check_knots,
)
from albumclean.scoring.collection import Scorers
from albumclean.scoring.opinion import Opinion
from albumclean.store.cache import Cache
from tests.pictures import save

if TYPE_CHECKING:
    from torch import Tensor, nn

JUDGES = registry.spec(registry.JUDGE)
PLAIN = replace(JUDGES, name="plain", quantities=("mean",), embedding=0, weights="", weights_sha256="")
FALLING = replace(PLAIN, name="falling", rises=False)
NIMA = replace(PLAIN, name="nima", value_range=(1.0, 10.0))

FITS = pytest.mark.parametrize("fit", [fitted_to_people, matched], ids=["people", "matched"])


# --- the fits ---------------------------------------------------------------------------------------------------

values = npst.arrays(np.float64, st.integers(2, 300), elements=st.floats(0, 1, width=32))


@st.composite
def seen(draw: st.DrawFn) -> tuple[Floats, Floats]:
    """Values of a scorer and what they are fitted to, of any shape: ties, jumps, no relation at all."""
    raw = draw(values)
    noise = draw(npst.arrays(np.float64, len(raw), elements=st.floats(0, 1, width=32)))
    share = draw(st.sampled_from([0.0, 0.3, 1.0]))
    return raw, raw * (1 - share) + noise * share


def try_fit(fit: Callable[..., Calibration], raw: Floats, target: Floats, spec: ScorerSpec) -> Calibration | None:
    try:
        return fit(raw, target, spec)
    except NoOrder:
        return None


@FITS
@settings(deadline=None, derandomize=True, max_examples=150)
@given(seen())
def test_a_map_rises_strictly_over_the_whole_range_and_stays_in_it(
    fit: Callable[..., Calibration], made: tuple[Floats, Floats]
) -> None:
    found = try_fit(fit, *made, PLAIN)
    if found is None:
        return
    check_knots(found.raw, found.common)
    assert all(left < right for left, right in pairwise(found.common))
    assert 2 <= len(found.raw) <= 64
    assert 0 <= found.raw[0] and found.raw[-1] <= 1
    steps = [found(value) for value in np.linspace(-0.1, 1.1, 200)]
    assert all(0 <= step <= 1 for step in steps)
    assert steps == sorted(steps)


@FITS
@settings(deadline=None, derandomize=True, max_examples=100)
@given(seen())
def test_the_order_of_photos_never_changes(fit: Callable[..., Calibration], made: tuple[Floats, Floats]) -> None:
    found = try_fit(fit, *made, PLAIN)
    if found is None:
        return
    ordered = np.unique(made[0].round(3))
    mapped = applied(found, ordered)
    assert (np.diff(mapped) > 0).all() or min(np.diff(found.common)) < 1e-12, "not even two photos become equal"


@FITS
@settings(deadline=None, derandomize=True, max_examples=60)
@given(values)
def test_who_is_on_the_common_scale_already_stays_there(fit: Callable[..., Calibration], raw: Floats) -> None:
    found = try_fit(fit, raw, raw, PLAIN)
    if found is None:
        assert raw.max() - raw.min() < 1e-6 or len(np.unique(raw)) * 8 < 2 * len(raw) or len(raw) < 16
        return
    for value in (*raw.tolist(), 0.0, 0.25, 1.0):
        assert value == pytest.approx(found(value), abs=2e-6)


@FITS
@settings(deadline=None, derandomize=True, max_examples=60)
@given(seen(), st.sampled_from([(1.0, 0.0), (9.0, 1.0), (-1.0, 1.0), (-100.0, 100.0), (0.001, 0.0)]))
def test_another_unit_or_direction_of_the_scorer_gives_the_same(
    fit: Callable[..., Calibration], made: tuple[Floats, Floats], unit: tuple[float, float]
) -> None:
    raw, target = made
    raw = raw.round(2)
    factor, offset = unit
    ends = sorted((offset, factor + offset))
    spec = replace(PLAIN, value_range=(ends[0], ends[1]), rises=factor > 0)
    plain, other = try_fit(fit, raw, target, PLAIN), try_fit(fit, factor * raw + offset, target, spec)
    assert (plain is None) == (other is None)
    if plain is not None and other is not None and min(np.diff(plain.raw)) > 1e-6:
        assert [plain(value) for value in raw] == pytest.approx(
            [other(factor * value + offset) for value in raw], abs=1e-6
        )


def test_a_falling_scorer_gets_a_falling_map() -> None:
    quality = np.linspace(0.05, 0.95, 200)
    for fit in (fitted_to_people, matched):
        found = fit(1 - quality, quality, FALLING)
        check_knots(found.raw, found.common)
        assert found(0.0) > found(0.3) > found(0.9) > found(1.0)
        assert 0.7 == pytest.approx(found(0.3), abs=0.01)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.02, 0.95), st.integers(FEWEST, 1500))
def test_a_matched_scorer_leaves_as_many_photos_below_any_threshold(seed: int, below: float, photos: int) -> None:
    draw = np.random.default_rng(seed)
    judge = draw.beta(5, 2, photos)
    other = 1 + 9 * np.clip(judge**3 + draw.normal(0, 0.05, photos), 0, 1)  # bent, and of another mind
    found = applied(matched(other, judge, NIMA), other)
    assert np.mean(judge < below) == pytest.approx(np.mean(found < below), abs=0.015 + 2 / photos)


def test_a_bent_judge_is_straightened_out_on_photos_that_were_not_seen() -> None:
    draw = np.random.default_rng(1)
    judge = draw.beta(5, 2, 4000)
    bent = 1 + 100 * (1 - judge) ** 3
    spec = replace(FALLING, value_range=(1.0, 101.0))
    fitted, held_out = slice(0, 2000), slice(2000, None)
    for fit in (fitted_to_people, matched):
        found = applied(fit(bent[fitted], judge[fitted], spec), bent[held_out])
        assert np.sqrt(np.mean((found - judge[held_out]) ** 2)) < 0.01
        for below in (0.3, 0.35, 0.5):
            assert np.mean(judge[held_out] < below) == pytest.approx(np.mean(found < below), abs=0.005)


def test_isotonic_regression_is_that_of_the_textbook() -> None:
    """Pools of Ayer et al.: 1, 3, 2 become 1 and 2.5; then the pool is one point in its middle (Oron & Flournoy)."""
    raw = np.repeat([0.1, 0.2, 0.3, 0.4], 8)
    people = np.repeat([0.2, 0.6, 0.5, 0.9], 8)
    found = fitted_to_people(raw, people, PLAIN)
    assert (0.0, 0.1, 0.25, 0.4, 1.0) == pytest.approx(found.raw)
    assert (0.0, 0.2, 0.55, 0.9, 1.0) == pytest.approx(found.common)


@pytest.mark.parametrize(("photo", "vote"), [(0, 0.0), (0, 1.0), (59, 0.0), (59, 1.0)])
def test_no_single_vote_makes_the_end_of_a_scale(photo: int, vote: float) -> None:
    draw = np.random.default_rng(2)
    raw = np.sort(draw.uniform(0.4, 0.6, 60))
    people = np.clip(raw + draw.normal(0, 0.02, 60), 0, 1)
    wild = people.copy()
    wild[photo] = vote  # somebody sees the worst or the best photo as nobody else does
    end = float(raw[photo])
    assert fitted_to_people(raw, people, PLAIN)(end) == pytest.approx(fitted_to_people(raw, wild, PLAIN)(end), abs=0.1)


@FITS
@pytest.mark.parametrize("photos", [0, 1, 2, 60])
def test_equal_values_make_no_scale(fit: Callable[..., Calibration], photos: int) -> None:
    with pytest.raises(NoOrder):
        fit(np.full(photos, 0.5), np.linspace(0, 1, photos), PLAIN)
    with pytest.raises(NoOrder):
        fit(np.linspace(0, 1, photos), np.full(photos, 0.5), PLAIN)


@FITS
def test_a_value_beyond_the_range_that_is_said_is_no_trouble(fit: Callable[..., Calibration]) -> None:
    raw = np.linspace(-3, 4, 200)
    found = fit(raw, np.linspace(0, 1, 200), PLAIN)
    check_knots(found.raw, found.common)
    assert found(-2.0) < found(3.0)


@FITS
def test_the_order_in_which_photos_come_is_irrelevant(fit: Callable[..., Calibration]) -> None:
    draw = np.random.default_rng(3)
    raw = draw.uniform(0, 1, 300).round(2)  # with ties
    target = np.clip(raw + draw.normal(0, 0.1, 300), 0, 1)
    mixed = draw.permutation(300)
    assert fit(raw, target, PLAIN) == fit(raw[mixed], target[mixed], PLAIN)


def test_a_check_counts_what_it_says() -> None:
    draw = np.random.default_rng(4)
    judge = draw.uniform(0, 1, 1000)
    found = check(1 + 9 * judge**2, judge, NIMA, matched, [0.3])
    (below,) = found.below
    assert 1000 == found.photos
    assert 1.0 == pytest.approx(found.srcc or 0.0)
    assert below.reference == np.mean(judge < 0.3)
    assert below.before == np.mean(judge**2 < 0.3)
    assert below.reference == pytest.approx(below.after, abs=0.01)
    assert below.both == pytest.approx(below.after, abs=0.01)
    assert found.rmse_after < 0.01 < found.rmse_before
    assert found.agrees


def test_no_photo_is_measured_by_a_map_that_was_fitted_to_it() -> None:
    raw = np.linspace(0, 1, 103)
    fits: list[set[float]] = []

    def spied(x: Floats, y: Floats, spec: ScorerSpec) -> Calibration:
        fits.append(set(x.tolist()))
        return matched(x, y, spec)

    check(raw, raw, PLAIN, spied, [0.3])
    held_out = [value for fit in fits for value in set(raw.tolist()) - fit]
    assert sorted(raw.tolist()) == sorted(held_out), "each is held out once"


@pytest.mark.parametrize(("target", "agrees"), [("same", True), ("reversed", False), ("noise", False)])
def test_agreement_by_chance_is_none(target: str, agrees: bool) -> None:
    draw = np.random.default_rng(5)
    raw = draw.uniform(0, 1, 60)
    people = {"same": raw + draw.normal(0, 0.3, 60), "reversed": 1 - raw, "noise": draw.uniform(0, 1, 60)}[target]

    def flat(*_: object) -> Calibration:
        return Calibration((0.0, 1.0), (0.0, 1.0))

    assert agrees is check(raw, np.clip(people, 0, 1), PLAIN, flat, [0.3]).agrees


# --- the shelf --------------------------------------------------------------------------------------------------


def fitted(spec: ScorerSpec = NIMA, **changed: Any) -> Fitted:
    made = Fitted(
        scorer=spec.name,
        revision=spec.revision,
        method=LABELS,
        source="labels.csv",
        reference="people, 1 to 5",
        photos=120,
        made_at="2026-11-22T19:40:00+00:00",
        quality={"srcc": 0.7},
        raw=(1.0, 4.0, 10.0),
        common=(0.0, 0.25, 1.0),
    )
    return replace(made, **changed)


@pytest.fixture
def shelf(home: Path) -> CalibrationShelf:
    return CalibrationShelf(Locations.from_environment().models)


def test_what_is_put_there_is_found_again(shelf: CalibrationShelf) -> None:
    assert (None, []) == (shelf.of(NIMA), shelf.names())
    path = shelf.put(fitted())
    assert fitted() == shelf.find("nima")
    assert ["nima"] == shelf.names()
    assert [path] == list(shelf.folder.iterdir()), "nothing is left behind"
    found = shelf.of(NIMA)
    assert found is not None
    assert (0.25, 0.125) == (found(4.0), found(2.5))
    assert "fitted to people's scores in labels.csv: 120 photos, 2026-11-22" == found.note
    shelf.put(fitted(photos=121))
    assert fitted(photos=121) == shelf.find("nima")
    assert shelf.drop("nima")
    assert (None, False) == (shelf.find("nima"), shelf.drop("nima"))


def test_a_calibration_of_another_revision_is_not_used_and_that_is_said(shelf: CalibrationShelf) -> None:
    shelf.put(fitted(revision="of last year"))
    assert shelf.of(NIMA) is None
    (note,) = shelf.notes([JUDGES, NIMA])
    assert "nima was made for another revision" in note and "`albumclean calibrate nima`" in note
    chosen = Opinion.chosen(["nima"], Scorers(Brought()), shelf.of)
    assert 0.5 == chosen.mos({("nima", "mean"): 5.5}), "its range is stretched"


def test_a_scorer_of_quality_that_is_not_calibrated_is_named(shelf: CalibrationShelf) -> None:
    taste = replace(NIMA, name="taste", says=Says.BEAUTY)
    (note,) = shelf.notes([JUDGES, registry.spec(registry.KIND), NIMA, taste])
    assert "nima is not calibrated" in note
    shelf.put(fitted())
    assert [] == shelf.notes([JUDGES, NIMA, taste])


def test_what_is_matched_to_a_judge_of_another_scale_is_named(shelf: CalibrationShelf) -> None:
    shelf.put(fitted(method=JUDGE, reference=shelf.yardstick()))
    assert [] == shelf.notes([NIMA])
    shelf.put(fitted(JUDGES, raw=(0.0, 0.5, 1.0), common=(0.0, 0.4, 1.0)))
    (note,) = shelf.notes([NIMA])
    assert "matched to the judge as it was before" in note
    assert shelf.of(NIMA) is not None


@pytest.mark.parametrize(
    "name", ["../../up", "a/b", "..", ".", "con", "ünï", "a b", "\x1b[2J", "x\udc80", "%2e", "a:b"]
)
def test_no_name_of_a_scorer_leads_out_of_the_shelf(shelf: CalibrationShelf, name: str) -> None:
    path = shelf.put(fitted(replace(NIMA, name=name)))
    assert shelf.folder == path.parent == path.resolve().parent
    assert [path.name] == os.listdir(shelf.folder)
    assert [name] == shelf.names()
    assert fitted(replace(NIMA, name=name)) == shelf.find(name)


def broken(**changed: Any) -> bytes:
    document = {
        "version": 1,
        "scorer": "nima",
        "revision": NIMA.revision,
        "method": "labels",
        "source": "t.csv",
        "reference": "people",
        "photos": 60,
        "made_at": "2026-11-22T19:40:00+00:00",
        "quality": {},
        "raw": [1, 2],
        "common": [0, 1],
    } | changed
    return json.dumps({key: value for key, value in document.items() if value is not ...}).encode()


DAMAGE = {
    "empty": b"",
    "no JSON": b"{",
    "no text": b"\xff\xfe\x00",
    "another kind": b"[]",
    "deep": b"[" * 100_000,
    "another version": broken(version=2),
    "a key too few": broken(photos=...),
    "a key too many": broken(also=1),
    "a wrong type": broken(photos=True),
    "a wrong name": broken(scorer="other"),
    "a text as number": broken(raw=["1", "2"]),
    "no number": broken(raw=[1, math.nan]),
    "endless": broken(raw=[1, math.inf]),
    "huge": broken(raw=[1, 10**400]),
    "a step back": broken(raw=[2, 1]),
    "no step": broken(raw=[1, 1]),
    "beyond the scale": broken(common=[0, 1.5]),
    "up and down": broken(raw=[1, 2, 3], common=[0, 1, 0.5]),
    "one point": broken(raw=[1], common=[0]),
    "odd": broken(raw=[1, 2, 3]),
    "quality in words": broken(quality={"srcc": "good"}),
    "long": broken() + b" " * (2 << 20),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_named_and_never_used(shelf: CalibrationShelf, damage: bytes) -> None:
    path = shelf.put(fitted())
    path.write_bytes(damage)
    with pytest.raises(CalibrationDamaged) as caught:
        shelf.of(NIMA)
    assert str(path) in str(caught.value) and "`albumclean calibrate nima` makes it anew" in str(caught.value)
    assert shelf.drop("nima"), "it can be forgotten all the same"


def test_a_whole_file_is_no_damage(shelf: CalibrationShelf) -> None:
    shelf.put(fitted()).write_bytes(broken())
    assert shelf.of(NIMA) is not None


@pytest.mark.parametrize("at", ["fsync", "replace"])
def test_a_write_that_fails_leaves_what_was_there(
    shelf: CalibrationShelf, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    shelf.put(fitted())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, at, full)
    with pytest.raises(CalibrationUnusable, match="No space left"):
        shelf.put(fitted(photos=1))
    monkeypatch.undo()
    assert fitted() == shelf.find("nima")
    assert 1 == len(list(shelf.folder.iterdir()))


# --- the command ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bright:
    """A scorer that a user brought: the brighter, the better."""

    spec: ScorerSpec

    def load(self) -> nn.Module:
        import torch
        from torch import nn

        class Mean(nn.Module):
            def forward(self, whole: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
                mean = whole.float().mean(dim=(1, 2, 3))
                return (1 + mean / 255 * 9)[:, None], torch.zeros(len(whole), 0)

        return Mean().eval()


class Brought:
    """The user's scorers."""

    found = (
        Bright(replace(NIMA, input=SquareInput(16), half_precision=False)),
        Bright(replace(NIMA, name="taste", says=Says.BEAUTY)),
        Bright(replace(NIMA, name="faults", says=Says.FAULTS)),
    )

    def names(self) -> Sequence[str]:
        return sorted(scorer.spec.name for scorer in self.found)

    def find(self, name: str) -> Bright | None:
        return next((scorer for scorer in self.found if scorer.spec.name == name), None)


@pytest.fixture(autouse=True)
def brought(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Scorers, "of", classmethod(lambda _, models: Scorers(Brought())))


def run(*arguments: str | Path) -> Result:
    """Errors that a user would see come as `exception`."""
    return CliRunner().invoke(app, ["calibrate", *map(str, arguments)])


def scanned(folder: Path, judge: Sequence[float], other: Sequence[float] | None, *, kind: str = "photo") -> None:
    """As if scans had met these photos and asked the judge and, unless None, the other scorer."""
    kinds = registry.spec(registry.KIND)
    with Cache.open(Locations.from_environment().cache) as cache:
        scan = cache.begin_scan([folder])
        for number, mos in enumerate(judge):
            file = FileIdentity(folder / f"{kind}{number}.jpg", 10, 20, hash((folder, kind, number)) & 0xFFFFFF, 40)
            digest = str(file.path).encode()[-32:].rjust(32, b"\0")
            cache.meet(scan, [(Asset(file), UserMarks())])
            scores = [Score(digest, "judge", JUDGES.revision, "mos", mos)]
            scores += [Score(digest, "kind", kinds.revision, name, float(name == kind)) for name in kinds.quantities]
            if other is not None:
                scores.append(Score(digest, "nima", NIMA.revision, "mean", other[number]))
            photo = Photo(digest, 40, 30, "JPEG")
            cache.write(
                hashes=[(file, digest)],
                photos=[(photo, Fingerprint(digest, 1, 1, bytes(192), 50.0), "f")],
                scores=scores,
            )
        cache.finish_scan(scan)


MOS = np.linspace(0.02, 0.98, 200)
OTHER = 1 + 9 * MOS**3


def test_after_it_a_threshold_leaves_as_many_photos_as_with_the_judge(album: Path, shelf: CalibrationShelf) -> None:
    scanned(album, MOS.tolist(), OTHER.tolist())
    done = run("nima")
    assert 0 == done.exit_code, done.exception
    assert f"200 photos (all scanned photos; judge {JUDGES.revision})" in done.output
    assert "your threshold" in done.output and "Kept in" in done.output
    scale = shelf.of(NIMA)
    assert scale is not None
    for below in (0.2, 0.3, 0.35, 0.5):
        assert np.mean(below > MOS) == pytest.approx(np.mean([scale(value) < below for value in OTHER]), abs=0.011)
    found = shelf.find("nima")
    assert found is not None
    assert (JUDGE, 200, shelf.yardstick()) == (found.method, found.photos, found.reference)
    assert "fitted to the judge's scores" in run().output


def test_every_command_that_asks_a_scorer_reads_it_by_its_calibration(album: Path, shelf: CalibrationShelf) -> None:
    scanned(album, MOS.tolist(), OTHER.tolist())
    ask = ["report", "--json", "-", "--scorer", "nima"]

    def below(done: Result) -> int:
        return sum(json.loads(done.stdout)["histogram"]["counts"][:35])

    before = CliRunner().invoke(app, ask)
    assert "nima is not calibrated" in before.stderr
    run("nima")
    after = CliRunner().invoke(app, ask)
    assert "calibrated" not in after.stderr
    assert below(before) > 1.8 * below(after)
    assert below(CliRunner().invoke(app, ["report", "--json", "-"])) == pytest.approx(below(after), abs=2)
    shelf.path_of("nima").write_bytes(b"{")
    stopped = CliRunner().invoke(app, ask)
    assert isinstance(stopped.exception, CalibrationDamaged), "it proposes nothing by a guess"


def test_it_says_where_a_scale_is_rough_and_where_the_two_disagree(album: Path) -> None:
    scanned(album, MOS.tolist(), OTHER.tolist())
    assert "Mind" not in run("nima", "--dry-run").output
    scanned(album, MOS.tolist(), np.random.default_rng(6).permutation(OTHER).tolist())
    assert "the two see other things" in run("nima", "--dry-run").output
    scanned(album, (0.32 + 0.6 * MOS).tolist(), OTHER.tolist())
    assert "of these lie below 0.35, so the lower end of the scale is a rough one" in run("nima", "--dry-run").output


def test_a_dry_run_keeps_nothing(album: Path, home: Path) -> None:
    scanned(album, MOS.tolist(), OTHER.tolist())
    before = sorted(home.rglob("*"))
    done = run("nima", "--dry-run")
    assert 0 == done.exit_code and "Nothing was kept" in done.output
    assert before == sorted(home.rglob("*"))


def test_the_answer_is_one_json_object(album: Path) -> None:
    scanned(album, MOS.tolist(), OTHER.tolist())
    done = json.loads(run("nima", "--json", "--dry-run").stdout)
    assert (1, "nima", "judge", 200, None, []) == tuple(
        done[key] for key in ("version", "scorer", "method", "photos", "kept", "failed")
    )
    assert {0.2, 0.3, 0.35, 0.4, 0.5} == {each["at"] for each in done["below"]}
    check_knots(done["raw"], done["common"])
    kept = json.loads(run("nima", "--json").stdout)["kept"]
    assert Path(kept).is_file()
    (listed,) = json.loads(run("--json").stdout)["calibrations"]
    assert ("nima", 200) == (listed["scorer"], listed["photos"])
    assert {"version": 1, "scorer": "nima", "forgotten": True} == json.loads(run("nima", "--reset", "--json").stdout)


def test_only_photos_of_the_folders_count_and_no_screenshots(album: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    scanned(album, MOS.tolist(), OTHER.tolist())
    scanned(album, [0.1] * 70, [9.0] * 70, kind="screenshot")
    scanned(elsewhere, MOS.tolist()[:90], OTHER.tolist()[:90])
    assert 200 == json.loads(run("nima", album, "--json").stdout)["photos"]
    assert 90 == json.loads(run("nima", elsewhere, "--json").stdout)["photos"]
    assert 290 == json.loads(run("nima", "--json").stdout)["photos"]


def refusal(*arguments: str | Path) -> str:
    done = run(*arguments)
    assert isinstance(done.exception, (CalibrationRefused, UsageError, NothingKnown)), done.output
    return str(done.exception)


def test_who_has_seen_nothing_or_too_little_says_what_to_do(album: Path, shelf: CalibrationShelf) -> None:
    assert "Run `albumclean scan FOLDER`" in refusal("nima")
    scanned(album, MOS.tolist(), None)
    assert "Run `albumclean scan FOLDER --scorer nima` first" in refusal("nima")
    scanned(album, MOS.tolist()[: FEWEST - 1], OTHER.tolist())
    assert f"there are {FEWEST - 1} photos to go by, and it takes {FEWEST}" in refusal("nima")
    assert [] == shelf.names()


def test_equal_values_are_no_scale(album: Path, shelf: CalibrationShelf) -> None:
    scanned(album, MOS.tolist(), [5.0] * 200)
    assert "gave all 200 photos the same value, 5" in refusal("nima")
    scanned(album, [0.5] * 200, OTHER.tolist())
    assert "the judge gave all 200 photos the same score" in refusal("nima")
    assert [] == shelf.names()


def test_who_does_not_say_how_good_a_photo_is_has_no_scale() -> None:
    assert "does not say how good a photo is" in refusal("faults")
    assert "does not say how good a photo is" in refusal("kind")
    assert "the others are matched to it" in refusal("judge")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--dry-run",), "Name the scorer too"),
        (("nima", "x", "--labels", "t.csv"), "either folders or --labels"),
        (("nima", "--scale", "1:5"), "--scale goes with --labels"),
        (("nima", "--labels", "t.csv", "--scale", "5"), "is not understood"),
        (("nima", "--labels", "t.csv", "--scale", "1:1"), "is not understood"),
        (("nima", "--labels", "t.csv", "--scale", "1:nan"), "is not understood"),
        (("nima", "--reset", "x"), "goes alone"),
    ],
)
def test_wrong_usage_is_said_in_words(arguments: tuple[str, ...], said: str) -> None:
    assert said in refusal(*arguments)


def test_an_unknown_scorer_and_a_missing_table_are_named() -> None:
    assert isinstance(run("none").exception, ScorerUnknown)
    assert isinstance(run("nima", "--labels", "none.csv").exception, TableError)


def test_a_damaged_calibration_can_be_made_anew_listed_and_forgotten(album: Path, shelf: CalibrationShelf) -> None:
    shelf.put(fitted()).write_bytes(b"{")
    listed = run()
    assert 1 == listed.exit_code and "can't be used" in listed.output
    scanned(album, MOS.tolist(), OTHER.tolist())
    assert 0 == run("nima").exit_code
    assert shelf.of(NIMA) is not None
    shelf.path_of("nima").write_bytes(b"{")
    assert "is forgotten" in run("nima", "--reset").output
    assert "nothing was changed" in run("nima", "--reset").output
    assert "No scorer is calibrated" in run().output


def test_the_model_may_be_gone_and_its_calibration_is_forgotten_all_the_same(shelf: CalibrationShelf) -> None:
    shelf.put(fitted(replace(NIMA, name="gone")))
    assert "would be forgotten" in run("gone", "--reset", "--dry-run").output
    assert ["gone"] == shelf.names()
    assert 0 == run("gone", "--reset").exit_code
    assert [] == shelf.names()


@pytest.fixture(scope="module")
def rated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Sixty grey pictures, the brighter the better liked, on a scale of 1 to 5; one is broken."""
    folder = tmp_path_factory.mktemp("rated")
    lines = ["file,mos"]
    for number in range(60):
        save(Image.new("RGB", (64, 48), (4 * number,) * 3), folder / f"{number}.png")
        lines.append(f"{number}.png,{1 + 4 * math.sqrt(number / 59):.3f}")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / "table.csv").write_text("\n".join([*lines, "broken.jpg,2"]))
    draw = np.random.default_rng(7)
    by_chance = [f"{number}.png,{draw.integers(1, 6)}" for number in range(60)]
    (folder / "by_chance.csv").write_text("\n".join(["file,mos", *by_chance]))
    worst_first = [line.replace(",", ",-", 1) for line in lines[1:]]
    (folder / "falling.csv").write_text("\n".join(["file,mos", *worst_first]))
    yield folder


def test_labels_bring_a_scorer_onto_peoples_scale(rated: Path, shelf: CalibrationShelf) -> None:
    done = run("nima", "--labels", rated / "table.csv", "--json", "--workers", "1")
    assert 1 == done.exit_code
    found = json.loads(done.stdout)
    assert ("labels", 60, "people, 1 to 5") == (found["method"], found["photos"], found["reference"])
    assert ["broken.jpg"] == [each["file"] for each in found["failed"]]
    assert found["rmse"]["after"] < 0.05 < found["rmse"]["before"]
    scale = shelf.of(NIMA)
    assert scale is not None
    for number in range(8, 60, 8):
        assert math.sqrt(number / 59) == pytest.approx(scale(1 + 9 * 4 * number / 255), abs=0.06)


def test_labels_that_say_the_reverse_are_refused_unless_the_scale_says_so(rated: Path, shelf: CalibrationShelf) -> None:
    """-1 is what 1 was: with the usual order, the best photo would get the worst score."""
    table = rated / "falling.csv"
    assert "on no usual scale" in refusal("nima", "--labels", table, "--workers", "1")
    assert "do not rise with people's scores" in refusal(
        "nima", "--labels", table, "--scale", "-5:-1", "--workers", "1"
    )
    assert "which is not on the scale" in refusal("nima", "--labels", table, "--scale", "0:1", "--workers", "1")
    assert [] == shelf.names()
    assert 0 == run("nima", "--labels", table, "--scale", "-1:-5", "--workers", "1").exit_code


def test_labels_given_by_chance_are_no_scale(rated: Path, shelf: CalibrationShelf) -> None:
    table = rated / "by_chance.csv"
    assert "beyond what chance does" in refusal("nima", "--labels", table, "--workers", "1")
    assert [] == shelf.names()


def test_what_is_kept_is_no_program(album: Path, shelf: CalibrationShelf) -> None:
    """A text that is read with JSON alone, for its owner to read and to write."""
    scanned(album, MOS.tolist(), OTHER.tolist())
    run("nima")
    path = shelf.path_of("nima")
    assert not stat.S_IMODE(path.stat().st_mode) & 0o111
    json.loads(path.read_bytes())
