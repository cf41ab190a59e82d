"""What the judge sees in photos and their copies, cached: what the embedding's projection is fitted to.

    python -m models.copy_features --biq2021 DIR --photos DIR --cache DIR [--part 0 --parts 2]

Kill it at any time; the same command goes on. What it leaves out, `train_embedding` computes.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageOps

from albumclean.media.view import network_view
from albumclean.scoring.device import place
from albumclean.scoring.nets.judge import Judge
from albumclean.scoring.scorers.judge import INPUT
from models import biq2021, clean
from models.copies import KINDS, copy_of
from models.synthesise import load_judge, parser_of_parts
from models.train_backbone import IMPRESSION

LISTS: Final = (Path(__file__).with_name("clean_photos.csv"), Path(__file__).parents[1] / "benchmarks/clean_12mp.csv")
WHOLE: Final = replace(INPUT, patches=None)
CHUNK: Final = 25  # photos a file
COPIES: Final = 8  # of each photo
SHAPES: Final = ((4, 4), (4, 3), (3, 4))  # in quarters of the side
SHORT_SIDE: Final = 1024  # of the photos that are copied, at most
EVERY: Final = {"ss02": 3, "ss03": 4}  # of BIQ2021's photos; of ss01 one a block
BLOCK: Final = 100  # neighbours in BIQ2021 may be of one scene or photographer


@dataclass(frozen=True, slots=True)
class Source:
    """A photo to copy."""

    path: Path
    origin: str  # photos of one origin stand together in training, or apart from it


def sources(biq: Path, photos: Path) -> list[Source]:
    """Photos of different things, none of which any test uses."""
    rated = biq2021.read(biq, "train")
    found = []
    for subset, every in EVERY.items():
        # A photo that belongs to a series would make strangers of its like.
        some = [photo.path for photo in rated if photo.subset == subset and not photo.scene][::every]
        found += [Source(path, f"{subset} {_number(path) // BLOCK}") for path in some]
    scenes = {photo.scene: photo.path for photo in rated if photo.scene and photo.subset == "ss01"}
    blocks: dict[str, Path] = {}
    for scene, path in scenes.items():  # neighbouring scenes can be one series
        blocks.setdefault(f"ss01 {_number(Path(scene)) // BLOCK}", path)
    found += [Source(path, block) for block, path in blocks.items()]
    origins: dict[str, str] = {}
    for file in LISTS:
        with file.open(newline="", encoding="utf-8") as table:
            origins.update({row["sha1"]: row["source"] for row in csv.DictReader(table)})
    return found + [Source(photo.path, origins[photo.path.stem]) for photo in clean.read(photos)]


def _number(path: Path) -> int:
    return int(path.stem[path.stem.index("(") + 1 : path.stem.index(")")])


def pictures(source: Source) -> tuple[list[Image.Image], list[int]]:
    """A photo and its copies, always the same; and their kinds: -1 for the photo, else the number in `KINDS`."""
    seed = int.from_bytes(hashlib.blake2b(source.path.name.encode(), digest_size=6).digest(), "big")
    random = np.random.default_rng([13, seed])
    image = clean.open_rgb(source.path, SHORT_SIDE)
    if image.width == image.height:  # as all of BIQ2021 is; cameras make other shapes
        across, down = SHAPES[random.integers(len(SHAPES))]
        image = ImageOps.fit(image, (image.width * across // 4, image.height * down // 4))
    names = list(KINDS)
    kinds = sorted(random.choice(len(names), COPIES, replace=False).tolist())
    return [image, *(copy_of(image, names[kind], random) for kind in kinds)], [-1, *kinds]


def whole_features(network: Judge, images: Iterable[Image.Image]) -> npt.NDArray[np.float16]:
    """(n, F): of the whole pictures."""
    rows = []
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for image in images:
            view = network_view(image, WHOLE)
            rows.append(network.look(torch.from_numpy(view.whole.copy())[None]).features[0].half().numpy())
    return np.stack(rows)


def chunk_file(cache: Path, number: int) -> Path:
    """Where the features of photos CHUNK * number and the following lie, each with its copies."""
    return cache / "copies" / f"{number:04d}.npz"


def fill(network: Judge, found: Sequence[Source], cache: Path, *, part: int = 0, parts: int = 1) -> None:
    """Compute what the cache lacks, or a part of it."""
    (cache / "copies").mkdir(exist_ok=True)
    for number in range(part, -(-len(found) // CHUNK), parts):
        file = chunk_file(cache, number)
        if file.exists():
            continue
        features, kinds, photo = [], [], []
        for each in range(number * CHUNK, min((number + 1) * CHUNK, len(found))):
            images, kinds_of_photo = pictures(found[each])
            features.append(whole_features(network, images))
            kinds += kinds_of_photo
            photo += [each] * len(images)
        np.savez(file.with_suffix(".new.npz"), features=np.concatenate(features), kind=kinds, photo=photo)
        file.with_suffix(".new.npz").replace(file)
        print(f"copies: {min((number + 1) * CHUNK, len(found))} of {len(found)} photos", flush=True)


def main() -> None:
    """Fill the cache with what is missing."""
    arguments = parser_of_parts(__doc__, photos=True).parse_args()
    place("cpu")
    torch.set_num_threads(arguments.threads)
    found = sources(arguments.biq2021, arguments.photos)
    network = load_judge(arguments.cache / IMPRESSION)
    fill(network, found, arguments.cache, part=arguments.part, parts=arguments.parts)


if __name__ == "__main__":
    main()
