"""What the fine-tuned backbone sees in BIQ2021's photos, cached: whole pictures and the mean over their patches.

    python -m models.rated_features --biq2021 DIR --fine DIR --cache DIR [--part 0 --parts 2] [--weights FILE]

Two processes of one thread are twice as fast as one of two. What they leave out, the trainings compute.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from albumclean.scoring.device import place
from albumclean.scoring.nets.judge import Judge
from models import biq2021, clean
from models.synthesise import add_weights, features_of, load_judge, parser_of_parts
from models.train_backbone import IMPRESSION

CHUNK: Final = 200  # photos between two writes
STOCK: Final = 2400  # of `ss03`, at least


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures whose features have a folder in the cache."""

    name: str
    paths: list[Path]


def of_splits(folder: Path) -> dict[str, list[biq2021.Rated]]:
    """The rated photos that heads learn from and are chosen by."""
    return {"train": _chosen(biq2021.read(folder, "train")), "val": biq2021.read(folder, "val")}


def all_pictures(folder: Path, fine: Path) -> list[Pictures]:
    """Rated photos by split (as `of_splits` has them), then the pictures below `fine`, by their paths' order."""
    rated = [Pictures(split, [photo.path for photo in photos]) for split, photos in of_splits(folder).items()]
    return [*rated, Pictures("fine", sorted(path for path in fine.rglob("*") if path.is_file()))]


def features(
    network: Judge, cache: Path, pictures: Pictures, *, part: int = 0, parts: int = 1
) -> npt.NDArray[np.float16] | None:
    """(n, 2, F) in the order of the paths; what the cache holds is not computed again.

    With `parts` above 1, only a part of what is missing is computed; None if more is missing then.
    """
    folder = cache / f"rated-{pictures.name}"
    folder.mkdir(exist_ok=True)
    files = []
    for number, start in enumerate(range(0, len(pictures.paths), CHUNK)):
        files.append(folder / f"{number:03d}.npy")
        if not files[-1].exists() and number % parts == part:
            images = (clean.open_rgb(path) for path in pictures.paths[start : start + CHUNK])
            np.save(files[-1].with_suffix(".new.npy"), features_of(network, images))
            files[-1].with_suffix(".new.npy").replace(files[-1])
            print(f"{folder.name}: {min(start + CHUNK, len(pictures.paths))} of {len(pictures.paths)}", flush=True)
    if not all(file.exists() for file in files):
        return None
    return np.concatenate([np.load(file) for file in files])


def _chosen(photos: list[biq2021.Rated]) -> list[biq2021.Rated]:
    """All focus series and albums, and every so many of the stock photos: they are the least like albums."""
    polished = [photo.path for photo in photos if photo.subset == "ss03"]
    kept = set(polished[:: max(1, len(polished) // STOCK)])
    return [photo for photo in photos if photo.subset != "ss03" or photo.path in kept]


def main() -> None:
    """Fill the cache with what is missing."""
    parser = parser_of_parts(__doc__)
    parser.add_argument("--fine", type=Path, required=True, help="the `tune` part of benchmarks/must_not_fool.csv")
    add_weights(parser)
    arguments = parser.parse_args()
    place("cpu")
    torch.set_num_threads(arguments.threads)
    network = load_judge(arguments.weights or arguments.cache / IMPRESSION)
    for pictures in all_pictures(arguments.biq2021, arguments.fine):
        features(network, arguments.cache, pictures, part=arguments.part, parts=arguments.parts)


if __name__ == "__main__":
    main()
