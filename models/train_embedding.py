"""Fit the judge's embedding to copies of photos, and add it to `models/judge.safetensors`.

    python -m models.train_embedding --biq2021 DIR --photos DIR --cache DIR

Runs after `train_heads`, on what `copy_features` left in the cache. Linear discriminant analysis (R. A. Fisher, 1936;
for likeness known as WCCN): the directions in which photos differ most by how much their copies differ, scaled so that
photos spread evenly. Size and shrinkage are chosen on a quarter of the sources, which the fit does not see.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from scipy.linalg import eigh

from albumclean.evaluation.weighted import Floats
from albumclean.scoring.device import place
from albumclean.scoring.lite0 import HEAD_CHANNELS
from albumclean.scoring.nets.judge import content
from albumclean.scoring.scorers.judge import EMBEDDING
from models.copies import KINDS
from models.copy_features import CHUNK, Source, chunk_file, fill, sources
from models.head_data import LEAST_SPREAD
from models.synthesise import load_judge, parser_of_parts
from models.train_backbone import IMPRESSION
from models.weights_file import METRICS_FILE, WEIGHTS, add_to

SIZES: Final = (64, 96, 128)
SHRINKAGES: Final = (0.1, 0.3, 1.0)
SHRINKAGE: Final = 0.3  # of the copies' covariance, in its mean variances
RATES: Final = (1e-3, 1e-4, 1e-5)  # of pairs of different photos that count as alike
HELD_OUT: Final = 4  # every fourth origin, by a hash of its name, is for choosing


@dataclass(frozen=True, slots=True)
class Copies:
    """Features of photos and their copies."""

    features: npt.NDArray[np.float32]  # (n, F)
    photo: npt.NDArray[np.int64]  # (n,)
    origin: npt.NDArray[np.int64]  # (n,)
    kind: npt.NDArray[np.int64]  # (n,), -1 for the photo itself, else its number in `KINDS`

    def part(self, rows: npt.NDArray[np.bool_]) -> Copies:
        """Some of the rows."""
        return Copies(self.features[rows], self.photo[rows], self.origin[rows], self.kind[rows])


def read(found: Sequence[Source], cache: Path) -> tuple[Copies, Copies]:
    """For fitting, and of other origins for choosing."""
    chunks = [np.load(chunk_file(cache, number)) for number in range(-(-len(found) // CHUNK))]
    features, photo, kind = (
        np.concatenate([chunk[name] for chunk in chunks]) for name in ("features", "photo", "kind")
    )
    origins = sorted({source.origin for source in found})
    origin = np.array([origins.index(source.origin) for source in found])[photo]
    everything = Copies(features.astype(np.float32), photo, origin, kind)
    held_out = np.array([_is_held_out(source.origin) for source in found])[photo]
    return everything.part(~held_out), everything.part(held_out)


def _is_held_out(origin: str) -> bool:
    return hashlib.blake2b(origin.encode(), digest_size=2).digest()[0] % HELD_OUT == 0


def contents(copies: Copies) -> npt.NDArray[np.float32]:
    """(n, C): what the projection takes, as in the network."""
    found: npt.NDArray[np.float32] = content(torch.from_numpy(copies.features)).numpy()
    return found


def fit(values: npt.NDArray[np.float32], photo: npt.NDArray[np.int64], shrinkage: float) -> tuple[Floats, Floats]:
    """The mean (C,) and the directions (max of `SIZES`, C), the most telling first."""
    _, number = np.unique(photo, return_inverse=True)
    mean, spread = values.mean(axis=0, dtype=np.float64), values.std(axis=0, dtype=np.float64) + LEAST_SPREAD
    x = (values - mean) / spread
    centre = np.zeros((int(number.max()) + 1, x.shape[1]))
    np.add.at(centre, number, x)
    centre /= np.bincount(number)[:, None]
    among_copies = (x - centre[number]).T @ (x - centre[number]) / len(x)
    among_photos = centre.T @ centre / len(centre)
    among_copies += shrinkage * np.trace(among_copies) / len(mean) * np.eye(len(mean))
    last = len(mean) - 1
    ratio, directions = eigh(among_photos, among_copies, subset_by_index=[last + 1 - max(SIZES), last])
    return mean, (directions / np.sqrt(ratio)).T[::-1] / spread


def recalls(vectors: npt.NDArray[np.floating], copies: Copies) -> dict[str, dict[str, float]]:
    """By rate of false pairs: the cosine from which on pairs count as alike, and the copies found by it, by kind.

    A copy is found if it is alike to its photo; false pairs are a photo and another photo, or a copy of it, of another
    origin.
    """
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    photos = np.flatnonzero(copies.kind == -1)
    likeness = unit[photos] @ unit.T
    own = copies.photo[photos][:, None] == copies.photo[None]
    strangers = np.sort(likeness[copies.origin[photos][:, None] != copies.origin[None]])
    row, column = np.nonzero(own & (copies.kind >= 0)[None])
    alike, kind = likeness[row, column], copies.kind[column]
    result = {}
    for rate in RATES:
        threshold = strangers[-max(1, round(rate * len(strangers)))]
        by_kind = {name: float((alike[kind == number] > threshold).mean()) for number, name in enumerate(KINDS)}
        numbers = {"cosine": float(threshold), "all": float((alike > threshold).mean()), **by_kind}
        result[f"{rate:g}"] = {name: round(value, 4) for name, value in numbers.items()}
    return result


def main() -> None:
    """Compute what the cache lacks, compare, fit, write the weights and the numbers."""
    parser = parser_of_parts(__doc__, photos=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--metrics", type=Path, default=METRICS_FILE)
    arguments = parser.parse_args()
    place("cpu")
    torch.set_num_threads(arguments.threads)
    found = sources(arguments.biq2021, arguments.photos)
    fill(load_judge(arguments.cache / IMPRESSION), found, arguments.cache)
    train, held_out = read(found, arguments.cache)
    values, other = contents(train), contents(held_out)

    head_means = held_out.features[:, -2 * HEAD_CHANNELS : -HEAD_CHANNELS]
    numbers: dict[str, object] = {
        "photos": {"train": len(np.unique(train.photo)), "held_out": len(np.unique(held_out.photo))},
        "raw cosine": recalls(head_means, held_out),
    }
    for shrinkage in SHRINKAGES:
        mean, directions = fit(values, train.photo, shrinkage)
        for size in SIZES if shrinkage == SHRINKAGE else (EMBEDDING,):
            name = f"{size} values, shrinkage {shrinkage:g}"
            numbers[name] = recalls((other - mean) @ directions[:size].T, held_out)
            print(name, json.dumps(numbers[name]), flush=True)

    mean, directions = fit(values, train.photo, SHRINKAGE)
    weight = torch.from_numpy(directions[:EMBEDDING].copy()).half()
    bias = -(weight.double() @ torch.from_numpy(mean))  # from the rounded weights: the mean photo stays at zero
    sha256 = add_to(arguments.out, {"projection.weight": weight, "projection.bias": bias})
    kept = json.loads(arguments.metrics.read_text(encoding="utf-8")) if arguments.metrics.exists() else {}
    kept["embedding"] = numbers
    arguments.metrics.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    print(f"{arguments.out}: SHA-256 {sha256}; write it into albumclean/scoring/scorers/judge.py")


if __name__ == "__main__":
    main()
