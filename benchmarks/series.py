"""Which shot of a series is kept, by what people gave each of its photos.

    python -m benchmarks.series --biq2021 DIR --split val [--json FILE] [--check]

The series are BIQ2021's scenes (a checkout of it) with three photos or more: focus and exposure vary, the view does
not. Photos go the way of a scan, then through the keeper's criteria with default settings, as shots of one moment.
Beside it stand single values of the judge and what others choose by: variance of the Laplacian, the largest file,
chance. The bar: the kept photo's MOS is within 0.05 of the best in 85 % of the series. `test` is for the end; choose
on `val`.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from albumclean.config import SimilarSettings
from albumclean.domain import GroupKind, PhotoFacts
from albumclean.similar.keeper import rank
from benchmarks.judged import Judged, Row, Share, judge, use_threads
from models import biq2021
from models.biq2021 import Rated
from models.evaluate import laplacian_variance

NEAR, BAR = 0.05, 0.85
SMALLEST = 3  # photos of a series


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo of a series with all that anybody chooses by."""

    rated: Rated
    judged: Judged
    laplacian: float
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Result:
    """How one way to choose did."""

    name: str
    near: float  # share of the series in which the choice is as good as the best
    best: float  # share in which it is the best
    lost: float  # MOS, mean
    series: int

    def line(self) -> str:
        """For the table; chance has no interval, it is counted out."""
        share = Share(round(self.near * self.series), self.series)
        near = f"{100 * self.near:.1f} %" if self.name == "random" else str(share)
        return f"{self.name:18} {near:34} {100 * self.best:5.1f} %  {self.lost:.4f}"

    def json(self) -> Row:
        """As one JSON object."""
        return {"near": round(self.near, 4), "best": round(self.best, 4), "mean_mos_lost": round(self.lost, 4)}


def series_of(folder: Path, split: str) -> list[list[Rated]]:
    """The photos of each scene that has enough of them."""
    scenes: dict[str, list[Rated]] = {}
    for photo in biq2021.read(folder, split):
        if photo.scene:
            scenes.setdefault(photo.scene, []).append(photo)
    return [photos for photos in scenes.values() if len(photos) >= SMALLEST]


def shots_of(series: Sequence[Sequence[Rated]]) -> list[list[Shot]]:
    """Judge them all."""
    photos = [photo for each in series for photo in each]
    judged: dict[Path, Judged] = {}
    for number, each in enumerate(judge(photo.path for photo in photos), 1):
        judged[each.path] = each
        if number % 50 == 0:
            print(f"{number} of {len(photos)} photos judged", file=sys.stderr, flush=True)
    sharpness = dict(zip((photo.path for photo in photos), laplacian_variance(photos).tolist(), strict=True))
    return [
        [Shot(photo, judged[photo.path], sharpness[photo.path], photo.path.stat().st_size) for photo in each]
        for each in series
    ]


def kept(shots: Sequence[Shot]) -> Shot:
    """By the keeper's criteria in their default order."""
    facts: list[PhotoFacts] = [shot.judged.facts() for shot in shots]
    ranked, _ = rank(facts, SimilarSettings(), kind=GroupKind.MOMENT)
    return next(shot for shot in shots if shot.judged.path == ranked[0].path)


def highest(value: Callable[[Shot], float]) -> Callable[[Sequence[Shot]], Shot]:
    """Chooses the photo with the highest value, of equal ones the first by path."""
    return lambda shots: max(sorted(shots, key=lambda shot: shot.rated.path), key=value)


CHOICES: dict[str, Callable[[Sequence[Shot]], Shot]] = {
    "albumclean": kept,
    "preference alone": highest(lambda shot: shot.judged.values["preference"]),
    "mos alone": highest(lambda shot: shot.judged.values["mos"]),
    "laplacian": highest(lambda shot: shot.laplacian),
    "largest file": highest(lambda shot: shot.size),
}


def measure(series: Sequence[Sequence[Shot]]) -> list[Result]:
    """Every way to choose, chance the last."""
    results = []
    for name, choose in CHOICES.items():
        results.append(_result(name, [[_lost(choose(shots), shots)] for shots in series]))
    return [*results, _result("random", [[_lost(shot, shots) for shot in shots] for shots in series])]


def _lost(chosen: Shot, shots: Sequence[Shot]) -> float:
    return max(shot.rated.mos for shot in shots) - chosen.rated.mos


def _result(name: str, lost: Sequence[Sequence[float]]) -> Result:
    """`lost`: for each series what it costs, one value for each choice that is as likely as the others."""

    def mean(value: Callable[[float], float]) -> float:
        return math.fsum(math.fsum(map(value, each)) / len(each) for each in lost) / len(lost)

    return Result(
        name,
        near=mean(lambda cost: cost <= NEAR + 1e-9),  # MOS have four digits: their differences are not exact
        best=mean(lambda cost: cost == 0),
        lost=mean(lambda cost: cost),
        series=len(lost),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--biq2021", type=Path, required=True)
    parser.add_argument("--split", choices=("val", "test"), required=True)
    parser.add_argument("--json", type=Path, help="write the numbers here, too")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--check", action="store_true", help="exit with 1 if the bar is missed")
    arguments = parser.parse_args()
    use_threads(arguments.threads)
    series = shots_of(series_of(arguments.biq2021, arguments.split))
    results = measure(series)
    print(f"{len(series)} series, {sum(map(len, series))} photos")
    print(f"{'chosen by':18} {f'within {NEAR} of the best':34} {'best':>7}  MOS lost")
    for result in results:
        print(result.line())
    if arguments.json:
        numbers = {"series": len(series), "choices": {result.name: result.json() for result in results}}
        arguments.json.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    sys.exit(arguments.check and results[0].near < BAR)


if __name__ == "__main__":
    main()
