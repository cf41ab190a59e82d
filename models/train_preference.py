"""Train the judge's preference, which shot of one scene people like best, and add it to `models/judge.safetensors`.

    python -m models.train_preference --biq2021 DIR --cache DIR

Runs after `train_faults`, on the features that are in the cache. Ridge regression on what differs inside a scene: of
BIQ2021's `train` series, and of the spoiled copies that `synthesise` made, whose faults the series don't have. The
penalty was chosen in cross-validation by scene; `val` is only looked at.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from albumclean.evaluation.weighted import Floats
from albumclean.scoring.device import place
from models import biq2021
from models.evaluate import laplacian_variance
from models.head_data import LEAST_SPREAD
from models.rated_features import Pictures, features, of_splits
from models.synthesise import CHUNK, GROUPS, chunk_file, load_judge
from models.train_backbone import IMPRESSION
from models.weights_file import add_to, parser_of_heads

PENALTY: Final = 10.0
FOLDS: Final = 10
LADDERS_EVERY: Final = 4  # of the files of spoiled copies
LADDER_WEIGHT: Final = 0.1  # of a spoiled copy beside a photo that people scored
FAULT_COST: Final = 0.4  # MOS that a fault at its worst takes from a copy
NEAR: Final = 0.05  # MOS: a choice this near to the best is as good
SMALLEST: Final = 3  # photos of a series that counts in the numbers
REACH: Final = 4.0  # standard deviations to either side that stay inside [0, 1]


@dataclass(frozen=True, slots=True)
class Shots:
    """Pictures by scene."""

    features: npt.NDArray[np.float32]  # (n, 2 F)
    worth: Floats  # (n,), MOS or what stands for it
    scene: npt.NDArray[np.int64]  # (n,)
    weight: Floats  # (n,)

    def part(self, rows: npt.NDArray[np.bool_]) -> Shots:
        """Some of the rows."""
        return Shots(self.features[rows], self.worth[rows], self.scene[rows], self.weight[rows])

    def __add__(self, other: Shots) -> Shots:
        return Shots(
            np.concatenate([self.features, other.features]),
            np.concatenate([self.worth, other.worth]),
            np.concatenate([self.scene, other.scene + self.scene.max() + 1]),
            np.concatenate([self.weight, other.weight]),
        )


def rated_shots(found: npt.NDArray[np.float16], photos: Sequence[biq2021.Rated]) -> tuple[Shots, list[biq2021.Rated]]:
    """The photos of scenes with at least two; `found` is (n, 2, F)."""
    scenes = [photo.scene for photo in photos]
    rows = [row for row, scene in enumerate(scenes) if scene and scenes.count(scene) > 1]
    kept = [photos[row] for row in rows]
    names = sorted({photo.scene for photo in kept})
    scene = np.array([names.index(photo.scene) for photo in kept])
    mos = np.array([photo.mos for photo in kept])
    return Shots(found[rows].reshape(len(rows), -1).astype(np.float32), mos, scene, np.ones(len(rows))), kept


def ladders(cache: Path) -> Shots:
    """Spoiled copies of one photo as shots of one scene."""
    chunks = [np.load(chunk_file(cache, number)) for number in range(0, GROUPS // CHUNK, LADDERS_EVERY)]
    found, severities, group = (
        np.concatenate([chunk[name] for chunk in chunks]) for name in ("features", "severities", "group")
    )
    _, scene = np.unique(group, return_inverse=True)
    worth = -FAULT_COST * severities.sum(axis=1).astype(np.float64)
    return Shots(found.reshape(len(found), -1).astype(np.float32), worth, scene, np.full(len(found), LADDER_WEIGHT))


def centred(values: npt.NDArray[np.floating], scene: npt.NDArray[np.int64]) -> Floats:
    """What differs from the scene's mean. Rows are photos."""
    mean = np.zeros((int(scene.max()) + 1, *values.shape[1:]))
    np.add.at(mean, scene, values)
    count = np.maximum(np.bincount(scene), 1).reshape(-1, *[1] * (values.ndim - 1))
    difference: Floats = values - (mean / count)[scene]
    return difference


def fit(rated: Shots, spoiled: Shots) -> Floats:
    """Weights of the features, (2 F,): ridge, solved over photos as there are fewer of them than features."""
    spread = np.maximum(centred(rated.features, rated.scene).std(axis=0), LEAST_SPREAD)
    both = rated + spoiled
    difference = centred(both.features, both.scene) / spread
    root = np.sqrt(both.weight)
    likeness = difference @ difference.T / difference.shape[1]
    system = root[:, None] * likeness * root + PENALTY * np.eye(len(root))
    dual = root * np.linalg.solve(system, root * centred(both.worth, both.scene))
    weights: Floats = dual @ difference / difference.shape[1] / spread
    return weights


def cross_validated(rated: Shots, spoiled: Shots) -> Floats:
    """Each photo's value, (n,), by weights that were fitted without its scene."""
    fold = np.random.default_rng(1).permutation(int(rated.scene.max()) + 1)[rated.scene] % FOLDS
    values = np.zeros(len(fold))
    for number in range(FOLDS):
        values[fold == number] = rated.features[fold == number] @ fit(rated.part(fold != number), spoiled)
        print(f"preference: fold {number + 1} of {FOLDS}", flush=True)
    return values


def choice_numbers(values: Floats, shots: Shots) -> dict[str, float]:
    """What the choice of the highest value costs in series of three or more."""
    series = [np.flatnonzero(shots.scene == number) for number in np.unique(shots.scene)]
    lost = np.array(
        [shots.worth[rows].max() - shots.worth[rows][values[rows].argmax()] for rows in series if len(rows) >= SMALLEST]
    )
    return {
        "series": len(lost),
        "near_the_best": round(float((lost <= NEAR + 1e-9).mean()), 3),
        "best": round(float((lost == 0).mean()), 3),
        "mean_mos_lost": round(float(lost.mean()), 4),
    }


def main() -> None:
    """Cross-validate, fit, scale, write the weights and the numbers."""
    arguments = parser_of_heads(__doc__).parse_args()
    place("cpu")
    torch.set_num_threads(arguments.threads)
    network = load_judge(arguments.cache / IMPRESSION)
    raw: dict[str, npt.NDArray[np.float16]] = {}
    shots: dict[str, Shots] = {}
    photos: dict[str, list[biq2021.Rated]] = {}
    for split, all_photos in of_splits(arguments.biq2021).items():
        found = features(network, arguments.cache, Pictures(split, [photo.path for photo in all_photos]))
        if found is None:
            raise SystemExit("The cache lacks features.")  # can't be: only a part of several leaves some out
        raw[split] = found
        shots[split], photos[split] = rated_shots(found, all_photos)
    train, val, spoiled = shots["train"], shots["val"], ladders(arguments.cache)
    weights = fit(train, spoiled)
    numbers = {
        "cross_validated": {
            "preference": choice_numbers(cross_validated(train, spoiled), train),
            "laplacian": choice_numbers(laplacian_variance(photos["train"]), train),
        },
        "val": {
            "preference": choice_numbers(val.features @ weights, val),
            "laplacian": choice_numbers(laplacian_variance(photos["val"]), val),
        },
    }
    print(json.dumps(numbers), flush=True)

    everything = np.concatenate([raw["train"].reshape(len(raw["train"]), -1).astype(np.float32), spoiled.features])
    scale = 0.5 / (REACH * float((everything @ weights).std()))
    rounded = torch.from_numpy(weights * scale).half()
    # The bias from the rounded weights: half for the mean photo.
    bias = 0.5 - rounded.double() @ torch.from_numpy(everything.mean(axis=0)).double()
    sha256 = add_to(arguments.out, {"preference.weight": rounded[None], "preference.bias": bias[None]})
    kept = json.loads(arguments.metrics.read_text(encoding="utf-8")) if arguments.metrics.exists() else {}
    kept["preference"] = {"preference_for_a_mos_of_1": round(scale, 4), **numbers}
    arguments.metrics.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    print(f"{arguments.out}: SHA-256 {sha256}; write it into albumclean/scoring/scorers/judge.py")


if __name__ == "__main__":
    main()
