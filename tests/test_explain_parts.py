"""What an explanation is made of: margins, the overlay, and places in words."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from albumclean.config import LowQualitySettings, Settings
from albumclean.domain import Action, Degradation, PhotoFacts, Proposal, Reason, SimilarGroup, UserMarks
from albumclean.policy.registry import all_rules
from albumclean.policy.rule import Reach
from albumclean.report.explanation import Explanation
from albumclean.report.quality_map import MARK, overlay, png, ramp, scale
from albumclean.report.rulings import Margin, Ruling, rulings
from tests.facts import photo

Map = npt.NDArray[np.float32]
UNIT = st.floats(0, 1)


@dataclass(frozen=True, slots=True)
class NoisyRule:
    """A rule that no one has told the explanation of."""

    name: str = "noisy"

    def on_photo(self, facts: PhotoFacts, settings: Settings) -> Proposal | None:
        noise = facts.degradations.get(Degradation.NOISE, 0.0)
        reason = Reason("noise", noise, 0.7, "strong noise")
        return Proposal(facts, Action.REVIEW, self.name, "Noisy.", (reason,)) if noise > 0.7 else None

    def reach(self, settings: Settings) -> Reach:
        return Reach()

    def on_group(self, group: SimilarGroup, settings: Settings) -> Sequence[Proposal]:
        return ()


def ruling_of(facts: PhotoFacts, rule: str = "low-quality", settings: Settings = Settings()) -> Ruling:  # noqa: B008
    return next(ruling for ruling in rulings(facts, settings) if ruling.rule == rule)


@pytest.mark.parametrize(
    ("margin", "text"),
    [
        (Margin("mos", 0.24, 0.3), "MOS 0.24 is 0.06 below the threshold of 0.30"),
        (Margin("mos", 0.62, 0.3), "MOS 0.62 is 0.32 above the threshold of 0.30"),
        (Margin("mos", 0.2996, 0.3), "MOS 0.2996 is 0.0004 below the threshold of 0.3000"),
        (Margin("mos", 0.3, 0.3), "MOS 0.30 is exactly at the threshold"),
        (Margin("noise", 0.9, 0.7), "noise 0.90 is 0.20 above the threshold of 0.70"),
        (Margin("mos", None, 0.3), "there is no MOS to compare with the threshold of 0.30"),
    ],
)
def test_a_margin_says_which_side_and_how_far(margin: Margin, text: str) -> None:
    assert text == margin.text


@given(mos=UNIT, below=st.floats(0.01, 0.99), faults=st.lists(UNIT, min_size=6, max_size=6))
def test_the_margin_of_the_score_is_the_threshold_whether_it_fires_or_not(
    mos: float, below: float, faults: list[float]
) -> None:
    facts = replace(photo("a", mos=mos), degradations=dict(zip(Degradation, faults, strict=True)))
    ruling = ruling_of(facts, settings=Settings(low_quality=LowQualitySettings(below)))
    assert (Margin("mos", mos, below),) == ruling.margins
    assert (mos < below) == (ruling.proposal is not None)


def test_a_verdict_is_what_the_rule_itself_answers() -> None:
    for mos in (0.1, 0.9):
        facts = photo("a", mos=mos)
        expected = {rule.name: rule.on_photo(facts, Settings()) for rule in all_rules()}
        assert expected == {ruling.rule: ruling.proposal for ruling in rulings(facts, Settings())}


def test_a_new_rule_is_explained_without_being_known() -> None:
    quiet = replace(photo("a"), degradations={Degradation.NOISE: 0.4})
    (ruling,) = rulings(quiet, Settings(), [NoisyRule()])
    assert "Does not propose it: noise 0.40 is 0.30 below the threshold of 0.70." == ruling.verdict(None)
    noisy = replace(photo("a"), degradations={Degradation.NOISE: 0.9})
    (ruling,) = rulings(noisy, Settings(), [NoisyRule()])
    assert "Proposes it for a look: noise 0.90 is 0.20 above the threshold of 0.70." == ruling.verdict(None)


def test_a_rule_that_compares_photos_says_nothing_on_one() -> None:
    ruling = ruling_of(photo("a"), "keep-best")
    assert (None, ()) == (ruling.proposal, ruling.margins)
    assert "Says nothing on one photo by itself." == ruling.verdict("is a favourite")


def test_what_fires_comes_first() -> None:
    assert ["low-quality", "keep-best", "low-quality-videos", "old-screenshots"] == [
        ruling.rule for ruling in rulings(photo("a", mos=0.1), Settings())
    ]


def grey(width: int, height: int) -> Image.Image:
    return Image.new("RGB", (width, height), (128, 128, 128))


def bad_at(row: int, column: int, rows: int = 4, columns: int = 6) -> Map:
    quality = np.full((rows, columns), 0.5, np.float32)
    quality[row, column] = 0.0
    return quality


def test_a_bad_place_of_the_map_colours_that_part_of_the_photo_and_no_other() -> None:
    for row, column in np.ndindex(4, 6):
        mixed = np.asarray(overlay(grey(120, 80), bad_at(row, column)), np.int16)
        assert (80, 120, 3) == mixed.shape
        orange = (mixed[..., 0] - mixed[..., 2]).reshape(4, 20, 6, 20).mean(axis=(1, 3))
        assert (row, column) == np.unravel_index(orange.argmax(), orange.shape)
        assert mixed[row * 20 + 10, column * 20 + 10, 0] - mixed[row * 20 + 10, column * 20 + 10, 2] > 150
        far = np.maximum(np.abs(np.arange(4)[:, None] - row), np.abs(np.arange(6) - column)) > 1
        assert not orange[far].any()


def test_good_is_blue_bad_is_orange_and_the_middle_has_no_colour() -> None:
    for quality, order in ((0.0, (0, 1, 2)), (1.0, (2, 1, 0))):
        red_green_blue = np.asarray(overlay(grey(20, 20), np.full((2, 2), quality, np.float32)))[10, 10]
        assert list(order) == list(np.argsort(-red_green_blue.astype(int)))
    middle = np.asarray(overlay(grey(20, 20), np.full((2, 2), 0.5, np.float32)))
    assert (middle == middle[..., :1]).all()


@given(st.lists(UNIT, min_size=2, max_size=8))
def test_the_further_from_the_middle_the_more_colour(values: list[float]) -> None:
    quality = np.array(sorted(values, key=lambda value: abs(value - 0.5)), np.float32)
    share = ramp(quality)[1][:, 0]
    assert (np.diff(share) >= -1e-6).all()
    assert 0 <= share.min() <= share.max() <= 1


def test_colour_shows_in_black_and_in_white_too() -> None:
    for level in (0, 255):
        picture = Image.new("RGB", (40, 40), (level, level, level))
        bad, good = (np.asarray(overlay(picture, np.full((2, 2), q, np.float32)), int)[20, 20] for q in (0.0, 1.0))
        assert np.abs(bad - good).sum() > 150


def test_the_legend_runs_from_bad_to_good() -> None:
    colours = scale(21).astype(int)
    assert (21, 3) == colours.shape
    assert colours[0, 0] > colours[0, 2]
    assert colours[-1, 2] > colours[-1, 0]


@pytest.mark.parametrize("size", [(1, 1), (3000, 2), (40, 30), (800, 600), (30, 900)])
def test_a_map_can_be_drawn_of_any_shape(size: tuple[int, int]) -> None:
    data = png(grey(*size), bad_at(0, 0), [(0.0, 0.0, 0.1, 0.1), (0.9, 0.9, 1.0, 1.0)], "MOS 0.50")
    assert MARK in data[:200]
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        assert "PNG" == picture.format
        assert picture.width >= size[0]
        assert picture.height >= size[1]


def test_what_was_seen_closely_is_framed() -> None:
    plain, framed = (
        np.asarray(Image.open(io.BytesIO(png(grey(600, 400), np.full((4, 6), 0.5, np.float32), boxes, "MOS 0.50"))))
        for boxes in ([], [(0.5, 0.25, 0.75, 0.5)])
    )
    changed = (plain[:400] != framed[:400]).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert (100, 199, 300, 449) == (rows.min(), rows.max(), columns.min(), columns.max())
    assert not changed[102:198, 302:448].any()


def explanation(quality: Map, facts: PhotoFacts, std: float | None = 0.1) -> Explanation:
    return Explanation(facts, std, quality, ((0, 0), (300, 200)), 224, rulings(facts, Settings()))


def test_the_worst_and_the_best_place_have_names() -> None:
    quality = np.full((9, 12), 0.5, np.float32)
    quality[0, 0], quality[4, 6] = 0.2, 0.9
    assert "worst 0.20 (top left), best 0.90 (centre)" == explanation(quality, photo("a")).places
    quality[8, 11], quality[4, 11] = 0.1, 0.95
    assert "worst 0.10 (bottom right), best 0.95 (middle right)" == explanation(quality, photo("a")).places
    assert "about 0.50 everywhere" == explanation(np.full((1, 1), 0.5, np.float32), photo("a")).places


@given(mos=UNIT, std=UNIT)
def test_the_interval_is_around_the_score_and_within_the_scale(mos: float, std: float) -> None:
    interval = explanation(bad_at(0, 0), photo("a", mos=mos), std).interval
    assert interval is not None
    low, high = interval
    assert 0 <= low <= mos <= high <= 1
    assert high - low <= 2 * std + 1e-9
    assert explanation(bad_at(0, 0), photo("a", mos=mos), None).interval is None


def test_patches_end_where_the_photo_ends() -> None:
    assert ((0.0, 0.0, 0.56, 224 / 300), (0.75, 200 / 300, 1.0, 1.0)) == explanation(bad_at(0, 0), photo("a")).boxes


def test_a_scan_that_would_not_come_by_holds_back_before_any_mark() -> None:
    facts = replace(photo("a"), marks=UserMarks(favourite=True))
    assert "is a favourite" == explanation(bad_at(0, 0), facts).held_back
    left_out = replace(explanation(bad_at(0, 0), facts), left_out="a trash")
    assert "is left out by a scan (a trash)" == left_out.held_back
