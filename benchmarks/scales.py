"""What a calibration is worth, and whether two scorers together are better than the judge alone.

    albumclean models add FILE --name NAME
    python -m benchmarks.scales --biq2021 DIR --model NAME

On the validation photos of BIQ2021 (`models/biq2021_split.csv`), which neither trained the judge nor are its test: 20
times cut into halves, scenes whole, each half fitted once and measured once. Beside the model, the judge bent out of
shape and turned around, and an old measure of sharpness.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from albumclean.config import Locations
from albumclean.domain import ScorerSpec
from albumclean.engines.judge import judge_images
from albumclean.evaluation import metrics
from albumclean.evaluation.scales import applied
from albumclean.evaluation.weighted import Floats
from albumclean.scoring import registry
from albumclean.scoring.calibrating import fitted_to_people, matched
from albumclean.scoring.calibration import Calibration
from albumclean.scoring.collection import Scorers
from models import biq2021
from models.evaluate import laplacian_variance

BELOW = (0.2, 0.3, 0.35, 0.5)
CUTS, RESAMPLES = 20, 1000
JUDGE = registry.spec(registry.JUDGE)
SHARPNESS = replace(JUDGE, name="log of the Laplacian's variance", value_range=(0.0, 12.0))
BENT = replace(JUDGE, name="judge, bent: 1 + 100 (1 - mos)^3", value_range=(1.0, 101.0), rises=False)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """The photos, each array (n,)."""

    people: Floats
    judge: Floats
    scene: np.ndarray[tuple[int, ...], np.dtype[np.int64]]  # photos of one scene share a number

    def halves(self) -> Iterator[tuple[np.ndarray[tuple[int, ...], np.dtype[np.bool_]], ...]]:
        """(fitted, measured)"""
        for cut in range(CUTS):
            side = np.random.default_rng(cut).permutation(self.scene.max() + 1) % 2
            first = side[self.scene] == 0
            yield first, ~first
            yield ~first, first


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--biq2021", type=Path, required=True)
    parser.add_argument("--model", required=True, help="a scorer that was added")
    options = parser.parse_args()
    photos = biq2021.read(options.biq2021, "val")
    scenes = [photo.scene or str(photo.path) for photo in photos]
    model = Scorers.of(Locations.from_environment().models).find(options.model)
    judge = np.array([said["mos"] for said in judge_images(biq2021.open_rgb(photo.path) for photo in photos)])
    images = (biq2021.open_rgb(photo.path) for photo in photos)
    raw = np.array([said[model.spec.quantities[0]] for said in judge_images(images, scorer=model)])
    known = Known(
        people=np.array([photo.mos for photo in photos]),
        judge=judge,
        scene=np.unique(scenes, return_inverse=True)[1].astype(np.int64),
    )
    print(f"{len(photos)} photos; each pair of numbers: below the threshold, and of those below by people, too\n")
    print(row("", "SRCC", "RMSE", *(f"below {at:.2f}" for at in BELOW)))
    print(described("people", [known.people], [known.people]))
    for name, values, spec in (
        ("judge", judge, JUDGE),
        (options.model, raw, model.spec),
        ("sharpness", np.log1p(laplacian_variance(photos)), SHARPNESS),
        ("judge, bent", 1 + 100 * (1 - judge) ** 3, BENT),
    ):
        measure(name, values, spec, known)
    together(options.model, raw, model.spec, known)


def measure(name: str, raw: Floats, spec: ScorerSpec, known: Known) -> None:
    """A line for the stretched range and for each way to fit."""
    before = applied(Calibration.of_range(spec), raw)
    print(described(f"{name}, as it is", [before], [known.people]))
    for title, target, fit in (("matched", known.judge, matched), ("labels", known.people, fitted_to_people)):
        said, truth = [], []
        for fitted, held_out in known.halves():
            said.append(applied(fit(raw[fitted], target[fitted], spec), raw[held_out]))
            truth.append(known.people[held_out])
        print(described(f"{name}, {title}", said, truth))


def together(name: str, raw: Floats, spec: ScorerSpec, known: Known) -> None:
    """The judge with the matched model, by the model's weight, and the difference to the judge alone."""
    print(f"\njudge:1 with {name}, matched: SRCC and its difference to the judge's (95 % of resamples of scenes), RMSE")
    matched_to = applied(matched(raw, known.judge, spec), raw)
    alone = metrics.srcc(known.judge, known.people)
    for weight in (0.125, 0.25, 0.5, 1.0):
        mean = (known.judge + weight * matched_to) / (1 + weight)
        differences = []
        for seed in range(RESAMPLES):
            scenes = known.scene.max() + 1
            drawn = np.bincount(np.random.default_rng(seed).integers(0, scenes, scenes), minlength=scenes)[known.scene]
            rows = np.repeat(np.arange(len(known.scene)), drawn)
            people = known.people[rows]
            differences.append(metrics.srcc(mean[rows], people) - metrics.srcc(known.judge[rows], people))
        low, high = np.percentile(differences, (2.5, 97.5))
        srcc, rmse = metrics.srcc(mean, known.people), metrics.rmse(mean, known.people)
        print(f"{name}:{weight:<6g} {srcc:.3f}  {srcc - alone:+.3f} ({low:+.3f} to {high:+.3f})  {rmse:.3f}")


def described(name: str, said: Sequence[Floats], truth: Sequence[Floats]) -> str:
    """One line of the table: means over the cuts."""
    pairs = list(zip(said, truth, strict=True))
    shares = []
    for at in BELOW:
        below, both = ([a < at for a, _ in pairs], [(a < at) & (b < at) for a, b in pairs])
        shares.append(f"{np.mean([each.mean() for each in below]):6.1%} {np.mean([each.mean() for each in both]):6.1%}")
    srcc = np.mean([metrics.srcc(a, b) for a, b in pairs])
    rmse = np.mean([metrics.rmse(a, b) for a, b in pairs])
    return row(name, f"{srcc:.3f}", f"{rmse:.3f}", *shares)


def row(name: str, *cells: str) -> str:
    return f"{name:24}" + "".join(f"{cell:>15}" for cell in cells)


if __name__ == "__main__":
    main()
