"""Measure the shipped judge, from the JPEG to the score, on held-out photos of BIQ2021 and of others.

    python -m models.evaluate --biq2021 DIR --livec DIR --kadid DIR --elsewhere NAME=TABLE.csv

`--livec`: the held-out fifth of LIVE In the Wild. `--kadid`: clean photos for the KADID protocol. `--elsewhere`: a
table of photos as `albumclean eval` takes it, of which nothing was learned. Every photo goes the way it goes in use.
Adds to `models/judge.json` what the model card says; false trash, ladders, cost and changed copies are measured by
`benchmarks/`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from PIL import Image, ImageOps

from albumclean.engines.judge import judge_images
from albumclean.evaluation import kadid
from albumclean.evaluation.table import Rated as TableRow
from albumclean.evaluation.table import read_table
from albumclean.evaluation.weighted import Floats
from albumclean.scoring.scorers.judge import SPEC
from models import biq2021, livec
from models.biq2021 import SUBSETS, Rated
from models.metrics import agreement, keeper_accuracy, srcc
from models.weights_file import METRICS_FILE, WEIGHTS

LEAST_SIDE: Final = 768  # of a clean photo for the protocol
LEAST_BITS: Final = 1.0  # a pixel of a JPEG: below, it is not clean


def predict(paths: Iterable[Path]) -> dict[str, Floats]:
    """By quantity, (n,)."""
    found = list(judge_images(biq2021.open_rgb(path) for path in paths))
    return {name: np.array([values[name] for values in found]) for name in SPEC.quantities}


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
        rows = rows_of(photos, subset)
        result[subset] = agreement(predicted[rows], truth[rows], [scenes[row] for row in rows])
    return result


def coverage(found: dict[str, Floats], truth: Floats) -> dict[str, float]:
    """How often people's score lies within the judge's interval; a normal distribution has 0.683 and 0.954."""
    distance = np.abs(found["mos"] - truth) / found["mos_std"]
    shares = {"within_1_std": float((distance <= 1).mean()), "within_2_std": float((distance <= 2).mean())}
    shares["mean_std"] = float(found["mos_std"].mean())
    shares["srcc_of_std_and_error"] = srcc(found["mos_std"], np.abs(found["mos"] - truth))
    return {name: round(value, 3) for name, value in shares.items()}


def on_biq2021(folder: Path) -> dict[str, Any]:
    """Agreement with people."""
    test, leak = biq2021.read(folder, "test"), biq2021.read(folder, "leak")
    truth = np.array([photo.mos for photo in test])
    found = predict(photo.path for photo in test)
    scores, laplacian = found["mos"], laplacian_variance(test)
    official = [photo for photo in test if photo.official == "test"] + leak
    rows = [number for number, photo in enumerate(test) if photo.official == "test"]
    scenes = [photo.scene for photo in test]
    parts = {"all": list(range(len(test)))} | {subset: rows_of(test, subset) for subset in SUBSETS}
    return {
        "clean_test": by_subset(scores, test),
        "clean_test_intervals": coverage(found, truth),
        "clean_test_keeper": keeper_accuracy(scores, truth, scenes),
        "laplacian_variance_baseline": {
            **{name: round(srcc(laplacian[part], truth[part]), 4) for name, part in parts.items()},
            "keeper": keeper_accuracy(laplacian, truth, scenes),
        },
        "official_test": {
            "note": "296 of these 2,000 photos have a relative in train: not a measure of unseen scenes.",
            **by_subset(np.concatenate([scores[rows], predict(photo.path for photo in leak)["mos"]]), official),
        },
    }


def on_others(photos: Sequence[TableRow]) -> dict[str, float | list[float]]:
    """Agreement with people who were asked elsewhere, on a scale of their own."""
    truth = np.array([photo.mos for photo in photos])
    found = agreement(predict(photo.path for photo in photos)["mos"], truth, [""] * len(photos))
    return {name: value for name, value in found.items() if not name.startswith(("rmse", "scenes"))}


def on_clean_photos(folder: Path, most: int) -> dict[str, Any]:
    """The KADID protocol on photos of sources that nothing was trained on."""
    readings: list[list[list[float]]] = []
    skipped = 0
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or len(readings) >= most:
            continue
        with Image.open(path) as image:
            bits = 8 * path.stat().st_size / (image.width * image.height)
            if min(image.size) < LEAST_SIDE or (image.format == "JPEG" and bits < LEAST_BITS):
                skipped += 1
                continue
            upright = ImageOps.exif_transpose(image).convert("RGB")
        values = judge_images(kadid.ladder(upright, seed=len(readings)))
        readings.append([[value[head] for head in kadid.HEADS] for value in values])
        print(f"{len(readings)} photos", flush=True)
    found = kadid.report(readings)

    def matrix(rises: Floats) -> dict[str, dict[str, float]]:
        named = zip(kadid.DISTORTIONS, rises.tolist(), strict=True)
        return {name: dict(zip(kadid.HEADS, (round(v, 3) for v in row), strict=True)) for name, row in named}

    def short(correlation: kadid.Correlation) -> dict[str, float]:
        return {"srcc": round(correlation.mean_srcc, 4), "plcc": round(correlation.mean_plcc, 4)}

    return {
        "photos": found.photos,
        "skipped_as_small_or_compressed": skipped,
        "overall": short(found.protocol.overall),
        "by_head": {name: short(each) for name, each in found.protocol.by_head.items()},
        "by_distortion": {name: short(each) for name, each in found.protocol.by_distortion.items()},
        "rise_at_worst": matrix(found.rise_at_worst),
        "mean_reading_of_clean": dict(
            zip(kadid.HEADS, np.array(readings)[:, 0].mean(axis=0).round(3).tolist(), strict=True)
        ),
    }


def rows_of(photos: Sequence[Rated], subset: str) -> list[int]:
    """Where in `photos` a part of the database stands."""
    return [number for number, photo in enumerate(photos) if photo.subset == subset]


def main() -> None:
    """Measure, print, and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--biq2021", type=Path, help="a checkout of nisarahmedrana/BIQ2021")
    parser.add_argument("--livec", type=Path, help="LIVE In the Wild, unpacked")
    parser.add_argument("--elsewhere", action="append", default=[], metavar="NAME=TABLE", help="may be repeated")
    parser.add_argument("--kadid", type=Path, help="a folder of clean photos, not of the training's sources")
    parser.add_argument("--most", type=int, default=100, help="clean photos at most")
    parser.add_argument("--out", type=Path, default=METRICS_FILE)
    arguments = parser.parse_args()
    kept = json.loads(arguments.out.read_text(encoding="utf-8")) if arguments.out.exists() else {}
    result = {
        **kept,  # the training run has written its part
        "scorer": {"name": SPEC.name, "revision": SPEC.revision, "licence": SPEC.licence},
        "weights": {
            "file": WEIGHTS.name,
            "bytes": WEIGHTS.stat().st_size,
            "sha256": hashlib.sha256(WEIGHTS.read_bytes()).hexdigest(),
        },
        "made_with": {"python": platform.python_version(), "torch": torch.__version__, "processor": platform.machine()},
    }
    if arguments.biq2021:
        result |= on_biq2021(arguments.biq2021)
        print(json.dumps(result["clean_test"], indent=2))
    others = {name: read_table(Path(table)).rows for name, _, table in (e.partition("=") for e in arguments.elsewhere)}
    if arguments.livec:
        result["livec_test"] = on_others(livec.read(arguments.livec, "test"))
        print(json.dumps(result["livec_test"]))
    for name, rows in others.items():
        result["elsewhere"] = result.get("elsewhere", {}) | {name: on_others(rows)}
        print(name, json.dumps(result["elsewhere"][name]))
    if arguments.kadid:
        result["kadid"] = on_clean_photos(arguments.kadid, arguments.most)
        print(json.dumps(result["kadid"], indent=2))
    arguments.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
