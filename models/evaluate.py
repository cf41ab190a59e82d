"""Measure the shipped MOS scorer, end to end from JPEG to score, on BIQ2021's held-out photos.

    python -m models.evaluate_mos --biq2021 DIR [--out models/mos_lite0.json]

Every photo goes the way it goes in use: `network_view`, then the network that `scorers.mos_lite0.load` returns.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from PIL import Image

from albumclean.media.view import network_view
from albumclean.scoring.scorers.mos_lite0 import INPUT, SPEC, load
from models import biq2021
from models.biq2021 import SUBSETS, Rated
from models.extract_features import VARIANTS
from models.metrics import Floats, agreement, keeper_accuracy, srcc

BATCH: Final = 8
WEIGHTS: Final = Path(__file__).with_name("mos_lite0.safetensors")
METRICS_FILE: Final = Path(__file__).with_name("mos_lite0.json")
PRECISION_PHOTOS: Final = 304
CHANGED_STEP: Final = 3  # every third test photo is enough to see what a change does


def predict(
    network: torch.nn.Module, photos: Sequence[Rated], variant: str = "plain", bf16: bool = False
) -> tuple[Floats, float]:
    """Scores (n,), and the network's seconds per photo (decoding and scaling not counted)."""
    scores: list[float] = []
    seconds = 0.0
    for start in range(0, len(photos), BATCH):
        images = (VARIANTS[variant](biq2021.open_rgb(photo.path)) for photo in photos[start : start + BATCH])
        batch = torch.from_numpy(np.stack([network_view(image, INPUT) for image in images]))
        precision = torch.autocast("cpu", dtype=torch.bfloat16) if bf16 else contextlib.nullcontext()
        began = time.perf_counter()
        with torch.inference_mode(), precision:
            scores += network(batch)[:, 0].tolist()
        seconds += time.perf_counter() - began
    return np.array(scores), seconds / len(photos)


def laplacian_variance(photos: Sequence[Rated]) -> Floats:
    """The trivial baseline: variance of the 4-neighbour Laplacian of the luma at full size. (n,)"""
    values = []
    for photo in photos:
        with Image.open(photo.path) as image:
            y = np.asarray(image.convert("L"), dtype=np.float32)
        laplacian = y[:-2, 1:-1] + y[2:, 1:-1] + y[1:-1, :-2] + y[1:-1, 2:] - 4 * y[1:-1, 1:-1]
        values.append(float(laplacian.var()))
    return np.array(values)


def by_subset(predicted: Floats, photos: Sequence[Rated]) -> dict[str, dict[str, float | list[float]]]:
    """`agreement` over all the photos and over each part of the database."""
    truth = np.array([photo.mos for photo in photos])
    scenes = [photo.scene for photo in photos]
    result = {"all": agreement(predicted, truth, scenes)}
    for subset in SUBSETS:
        rows = [number for number, photo in enumerate(photos) if photo.subset == subset]
        result[subset] = agreement(predicted[rows], truth[rows], [scenes[row] for row in rows])
    return result


def measure(folder: Path, weights: Path) -> dict[str, object]:
    """Every number of the model card."""
    network = load(weights)
    test, leak = biq2021.read(folder, "test"), biq2021.read(folder, "leak")
    truth = np.array([photo.mos for photo in test])
    scores, _ = predict(network, test)
    laplacian = laplacian_variance(test)
    official = [photo for photo in test if photo.official == "test"] + leak
    rows = [number for number, photo in enumerate(test) if photo.official == "test"]
    official_scores = np.concatenate([scores[rows], predict(network, leak)[0]])

    changed: dict[str, object] = {}
    some, some_scores, some_truth = test[::CHANGED_STEP], scores[::CHANGED_STEP], truth[::CHANGED_STEP]
    for variant in ("flip", "side1024", "side256", "landscape", "portrait"):
        other, _ = predict(network, some, variant)
        changed[variant] = {
            "srcc_with_mos": round(srcc(other, some_truth), 4),
            "srcc_with_plain": round(srcc(other, some_scores), 4),
            "mean_change": round(float((other - some_scores).mean()), 4),
            "mean_abs_change": round(float(np.abs(other - some_scores).mean()), 4),
        }
        print(variant, changed[variant], flush=True)

    random = np.random.default_rng(0)
    some = [test[number] for number in sorted(random.choice(len(test), PRECISION_PHOTOS, replace=False))]
    some_truth = np.array([photo.mos for photo in some])
    single, single_seconds = predict(network, some)
    half, half_seconds = predict(network, some, bf16=True)
    return {
        "scorer": {"name": SPEC.name, "revision": SPEC.revision, "licence": SPEC.licence},
        "weights": {
            "file": weights.name,
            "bytes": weights.stat().st_size,
            "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        },
        "made_with": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "threads": torch.get_num_threads(),
            "processor": platform.machine(),
        },
        "clean_test": by_subset(scores, test),
        "clean_test_keeper": keeper_accuracy(scores, truth, [photo.scene for photo in test]),
        "laplacian_variance_baseline": {
            "all": round(srcc(laplacian, truth), 4),
            **{
                subset: round(srcc(laplacian[rows_of(test, subset)], truth[rows_of(test, subset)]), 4)
                for subset in SUBSETS
            },
            "keeper": keeper_accuracy(laplacian, truth, [photo.scene for photo in test]),
        },
        "official_test": {
            "note": "296 of these 2,000 photos have a relative in train: not a measure of unseen scenes.",
            **by_subset(official_scores, official),
        },
        "same_photos_changed": {
            "photos": len(test[::CHANGED_STEP]),
            "srcc_with_mos_unchanged": round(srcc(scores[::CHANGED_STEP], truth[::CHANGED_STEP]), 4),
            **changed,
        },
        "bf16_autocast": {
            "photos": len(some),
            "max_abs_change": round(float(np.abs(half - single).max()), 5),
            "mean_abs_change": round(float(np.abs(half - single).mean()), 5),
            "srcc_float32": round(srcc(single, some_truth), 4),
            "srcc_bf16": round(srcc(half, some_truth), 4),
            "seconds_per_photo_float32": round(single_seconds, 4),
            "seconds_per_photo_bf16": round(half_seconds, 4),
        },
    }


def rows_of(photos: Sequence[Rated], subset: str) -> list[int]:
    """Where in `photos` a part of the database stands."""
    return [number for number, photo in enumerate(photos) if photo.subset == subset]


def main() -> None:
    """Measure, print, and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--biq2021", type=Path, required=True, help="a checkout of nisarahmedrana/BIQ2021")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--out", type=Path, default=METRICS_FILE)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    result = measure(arguments.biq2021, arguments.weights)
    if arguments.out.exists():  # the training run has written its part
        result = {"training": json.loads(arguments.out.read_text(encoding="utf-8")).get("training"), **result}
    arguments.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result["clean_test"], indent=2))


if __name__ == "__main__":
    main()
