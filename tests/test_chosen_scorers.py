"""Scorers of the user beside the judge: real scans with a made network, and what the catalogue reads of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from albumclean.catalogue import Catalogue
from albumclean.config import Settings
from albumclean.domain import NATIVE, Action, NativeInput, PhotoFacts, Root, Says, ScorerSpec
from albumclean.engines.scan import SHIPPED, ScanSummary, ScanWatcher, scan
from albumclean.scoring import registry
from albumclean.scoring.collection import Scorers
from albumclean.scoring.opinion import Opinion
from albumclean.scoring.scorer import Scorer
from albumclean.store.cache import Cache
from albumclean.store.ledger import Ledger
from tests.pictures import save, scene


class Redness(torch.nn.Module):
    """How red a picture is, in [0, 10]; no number for one that is black."""

    def forward(self, whole: torch.Tensor, patches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        means = whole.float().mean(dim=(1, 2))
        value = means[:, :1] / means.sum(dim=1, keepdim=True) * 10
        return value, value.new_empty((len(value), 0))


@dataclass(frozen=True)
class Red:
    """A scorer as a package would bring it."""

    name: str = "red"
    says: Says = Says.QUALITY
    revision: str = "1"

    @property
    def spec(self) -> ScorerSpec:
        return ScorerSpec(
            name=self.name,
            revision=self.revision,
            quantities=("redness",),
            value_range=(0.0, 10.0),
            licence="CC0",
            summary="How red it is.",
            input=NativeInput(least=1, short_side=1, most=1 << 24),
            min_short_side=NATIVE,
            says=self.says,
        )

    def load(self) -> torch.nn.Module:
        return Redness()


class Shelf:
    """A source of scorers."""

    def __init__(self, *scorers: Red) -> None:
        self.scorers = {scorer.name: scorer for scorer in scorers}

    def names(self) -> Sequence[str]:
        return sorted(self.scorers)

    def find(self, name: str) -> Scorer | None:
        return self.scorers.get(name)


KNOWN = Scorers(Shelf(Red(), Red("lovely", Says.BEAUTY), Red("faulty", Says.FAULTS)))


def opinion(*wishes: str) -> Opinion:
    return Opinion.chosen(wishes, KNOWN, lambda _: None)


def _ignore(*_: object) -> None:
    """Nobody watches."""


class Library:
    """Two real photos, one of them red, and the scans of them."""

    def __init__(self, folder: Path) -> None:
        self.album = folder / "album"
        for name, share in (("red.png", 1.0), ("grey.png", 0.2)):
            pixels = np.asarray(scene(5)).copy()
            pixels[..., 1:] = (pixels[..., 1:] * (1 - share)).astype(np.uint8)
            save(Image.fromarray(pixels), self.album / name)
        self.cache = Cache.open(folder / "cache.sqlite")
        self.ledger = Ledger.open(folder / "ledger.sqlite")
        self.thumbnails = folder / "thumbnails.sqlite"
        self.failures: list[str] = []

    def scan(self, chosen: Sequence[Scorer] = SHIPPED) -> ScanSummary:
        base = Settings()
        settings = replace(base, scan=replace(base.scan, workers=1))
        watcher = ScanWatcher(_ignore, _ignore, _ignore, lambda failure: self.failures.append(failure.reason))
        return scan([Root(self.album)], self.cache, settings, watcher, thumbnails=self.thumbnails, scorers=chosen)

    def seen_by(self, chosen: Opinion) -> dict[str, PhotoFacts]:
        catalogue = Catalogue(self.cache, self.ledger, Settings(), opinion=chosen)
        return {facts.path.name: facts for facts in catalogue.photos()}

    def raw(self, spec: ScorerSpec) -> dict[str, dict[str, float]]:
        return {
            known.asset.primary.path.name: {quantity: value for (_, quantity), value in known.scores.items()}
            for known in self.cache.known((), [spec])
        }


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = Library(tmp_path)
    yield made
    made.cache.__exit__(None, None, None)
    made.ledger.__exit__(None, None, None)


def test_a_chosen_scorer_takes_the_place_of_the_judge(library: Library) -> None:
    library.scan(opinion("red").scorers)
    seen = library.seen_by(opinion("red"))
    assert pytest.approx(1.0) == seen["red.png"].mos
    assert 0.3 < (seen["grey.png"].mos or 0) < 0.6
    catalogue = Catalogue(library.cache, library.ledger, Settings(), opinion=opinion("red"))
    assert {"red.png": seen["red.png"].mos, "grey.png": seen["grey.png"].mos} == {
        facts.path.name: dict(catalogue.mos_of([facts.content]))[facts.content] for facts in seen.values()
    }
    histogram = catalogue.mos_histogram(10)
    assert (2, 1) == (sum(histogram.counts), histogram.counts[9])
    assert sum(path.stat().st_size for path in library.album.iterdir()) == sum(histogram.bytes)


def test_what_the_judge_says_does_not_depend_on_who_is_asked_beside_it(library: Library) -> None:
    # So large that the judge sees it reduced, and the other one as it is.
    save(scene(7).resize((4900, 4810)), library.album / "large.jpg", quality=60)
    library.scan()
    alone = library.raw(registry.spec(registry.JUDGE)), library.raw(registry.spec(registry.KIND))
    library.cache.forget([path.resolve() for path in library.album.iterdir()])
    library.cache.__exit__(None, None, None)
    library.cache = Cache.open(library.thumbnails.parent / "other.sqlite")
    library.scan(opinion("red").scorers)
    assert alone == (library.raw(registry.spec(registry.JUDGE)), library.raw(registry.spec(registry.KIND)))
    assert {"red.png", "grey.png", "large.jpg"} == library.raw(Red().spec).keys()


def test_an_ensemble_is_the_weighted_mean_on_one_scale(library: Library) -> None:
    both = opinion("judge:3", "red")
    library.scan(both.scorers)
    judged, red, mixed = (library.seen_by(each) for each in (opinion("judge"), opinion("red"), both))
    for name in ("red.png", "grey.png"):
        assert pytest.approx(((judged[name].mos or 0) * 3 + (red[name].mos or 0)) / 4) == mixed[name].mos


def test_a_photo_that_one_voice_has_not_seen_has_no_score_and_is_not_proposed(library: Library) -> None:
    library.scan()
    chosen = opinion("judge", "red")
    assert [None, None] == [facts.mos for facts in library.seen_by(chosen).values()]
    settings = replace(Settings(), low_quality=replace(Settings().low_quality, below=1.0))
    catalogue = Catalogue(library.cache, library.ledger, settings, opinion=chosen)
    assert 2 == catalogue.count_unscored()
    assert [] == [proposal for proposal in catalogue.proposals((), {"low-quality"}) if proposal.action is Action.TRASH]
    library.scan(chosen.scorers)
    assert 0 == catalogue.count_unscored()
    assert [] != list(catalogue.proposals((), {"low-quality"}))


def test_the_next_scan_asks_only_the_scorer_that_is_missing(library: Library) -> None:
    assert 2 == library.scan().decoded
    assert 2 == library.scan(opinion("red").scorers).decoded
    assert 0 == library.scan(opinion("red").scorers).decoded
    assert 0 == library.scan().decoded


def test_another_revision_is_another_scorer(library: Library) -> None:
    library.scan(opinion("red").scorers)
    newer = Opinion.chosen(["red"], Scorers(Shelf(Red(revision="2"))), lambda _: None)
    assert [None, None] == [facts.mos for facts in library.seen_by(newer).values()]
    assert 2 == library.scan(newer.scorers).decoded


def test_beauty_and_faults_never_become_the_score(library: Library) -> None:
    chosen = opinion("lovely", "faulty")
    library.scan(chosen.scorers)
    judged, seen = library.seen_by(opinion("judge")), library.seen_by(chosen)
    assert {name: facts.mos for name, facts in judged.items()} == {name: facts.mos for name, facts in seen.items()}
    assert {name: facts.degradations for name, facts in judged.items()} == {
        name: facts.degradations for name, facts in seen.items()
    }
    assert pytest.approx(1.0) == seen["red.png"].aesthetic
    assert {"red.png", "grey.png"} == library.raw(Red("faulty", Says.FAULTS).spec).keys()


def test_a_photo_of_which_a_chosen_scorer_says_nothing_is_named_and_keeps_what_the_judge_says(library: Library) -> None:
    save(Image.new("RGB", (320, 240)), library.album / "black.png")
    summary = library.scan(opinion("red").scorers)
    assert (1, ["red gave no usable score for it"]) == (summary.failed, library.failures)
    (seen,) = (facts for name, facts in library.seen_by(opinion("judge")).items() if name == "black.png")
    assert (True, None) == (seen.mos is not None, seen.failure)
