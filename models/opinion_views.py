"""What the stages that both endings share see of the photos that the second opinion learns from, cached.

    python -m models.opinion_views --biq2021 DIR --livec DIR --pictures DIR --cache DIR [--part 0 --parts 2]

PICTURES is the folder of photos of the split `more` of `kind_sources.csv`. Kill it at any time; the same command goes
on. Rated photos are seen whole, as in use, and as parts of them (80 % of the sides or more), half of them mirrored and
some saved once more as a good JPEG. The pictures are seen as they are and spoiled in nine ways, most often by too much
light: what slightly spoils a photo must not please.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageOps

from albumclean.distortions import DISTORTIONS, distort
from albumclean.media.view import network_view
from albumclean.scoring.device import place
from albumclean.scoring.lite0 import EARLY
from albumclean.scoring.nets.judge import Judge
from albumclean.scoring.scorers.judge import INPUT, load
from models import biq2021, clean, livec
from models.synthesise import parser_of_parts
from models.weights_file import WEIGHTS

RATED_VIEWS: Final = 3  # of a photo of BIQ2021
LIVEC_VIEWS: Final = 5
CHUNK: Final = 64  # photos a file
SMALLEST, LARGEST = 500, 1300  # short sides of the pictures, in pixels
RESAVED: Final = 0.4  # share of the parts
SPOILT: Final[tuple[tuple[tuple[str, ...], float, float], ...]] = (  # one of these, at a severity between
    (("overexposure",), 0.1, 0.35),
    (("overexposure",), 0.35, 0.7),
    (("overexposure",), 0.7, 1.0),
    (("underexposure",), 0.1, 0.4),
    (("underexposure",), 0.4, 1.0),
    (("gaussian-blur", "lens-blur", "motion-blur"), 0.1, 1.0),
    (("camera-noise", "white-noise", "colour-noise"), 0.1, 1.0),
    (("jpeg", "messenger", "webp"), 0.2, 1.0),
    (tuple(sorted(set(DISTORTIONS) - {"jpeg2000", "avif"})), 0.1, 1.0),
)

Halves = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Seen:
    """One view of a photo."""

    photo: int  # its number in its list
    view: int  # 0: as it is
    fork: Halves  # (h, w, C): the map where the endings part
    early: Halves  # the pooled features of the maps before
    severity: float  # of what it was spoiled by; 0: nothing


@dataclass(frozen=True, slots=True)
class Source:
    """A list of photos and what is to be seen of them."""

    name: str
    paths: Sequence[Path]
    views: Callable[[Path], Iterator[tuple[Image.Image, float]]]  # with the severity of what was done


def sources(biq: Path, live: Path, pictures: Path) -> list[Source]:
    """All that is to be seen."""
    rated = {split: [photo.path for photo in biq2021.read(biq, split)] for split in ("train", "val")}
    phones = {split: [photo.path for photo in livec.read(live, split)] for split in ("train",)}
    spoiled = [photo.path for photo in clean.read(pictures)]
    return [
        Source("biq2021-train", rated["train"], lambda path: _parts(path, RATED_VIEWS)),
        Source("biq2021-val", rated["val"], lambda path: _parts(path, 1)),
        Source("livec-train", phones["train"], lambda path: _parts(path, LIVEC_VIEWS)),
        Source("spoiled", spoiled, _spoiled),
    ]


def _parts(path: Path, number: int) -> Iterator[tuple[Image.Image, float]]:
    image = biq2021.open_rgb(path)
    yield image, 0.0
    for view in range(1, number):
        random = _random(path, view)
        part = image
        if random.random() < RESAVED:
            part = distort(part, "jpeg", float(random.uniform(0.0, 0.12)), random)
        share = random.uniform(0.8, 1.0)
        width, height = (int(side * share) for side in image.size)
        left = int(random.integers(image.width - width + 1))
        top = int(random.integers(image.height - height + 1))
        part = part.crop((left, top, left + width, top + height))
        yield ImageOps.mirror(part) if random.random() < 0.5 else part, 0.0


def _spoiled(path: Path) -> Iterator[tuple[Image.Image, float]]:
    side = int(np.exp(_random(path, 0).uniform(np.log(SMALLEST), np.log(LARGEST))))
    image = clean.open_rgb(path, side)
    yield image, 0.0
    for view, (kinds, low, high) in enumerate(SPOILT, 1):
        random = _random(path, view)
        kind, severity = kinds[random.integers(len(kinds))], float(random.uniform(low, high))
        yield distort(image, kind, severity, random), severity


def _random(path: Path, view: int) -> np.random.Generator:
    """The same draws for a photo wherever it lies."""
    return np.random.default_rng(
        [int(hashlib.sha1(path.name.encode(), usedforsecurity=False).hexdigest()[:8], 16), view]
    )


def chunk_file(cache: Path, name: str, number: int) -> Path:
    """Where the views of the photos CHUNK * number and the following lie."""
    return cache / "opinion" / f"{name}-{number:04d}.npz"


def write_chunk(network: Judge, source: Source, cache: Path, number: int) -> None:
    """See the photos of one file."""
    photos, views, shapes, severities, forks, early = [], [], [], [], [], []
    start = number * CHUNK
    for photo, path in enumerate(source.paths[start : start + CHUNK], start):
        for view, (image, severity) in enumerate(source.views(path)):
            pixels = torch.from_numpy(network_view(image, INPUT).whole.copy())[None]
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
                look = network.look(pixels)
            fork = look.fork[0].float().permute(1, 2, 0).half().numpy()
            photos.append(photo)
            views.append(view)
            shapes.append(fork.shape)
            severities.append(severity)
            forks.append(fork.ravel())
            early.append(look.features[0, EARLY].half().numpy())
    file = chunk_file(cache, source.name, number)
    np.savez(
        file.with_suffix(".new.npz"),
        photo=np.array(photos),
        view=np.array(views),
        shape=np.array(shapes),
        severity=np.array(severities, np.float32),
        fork=np.concatenate(forks),
        early=np.stack(early),
    )
    file.with_suffix(".new.npz").replace(file)


def read(cache: Path, name: str, photos: int) -> list[Seen]:
    """All views of a source of so many photos. Raises FileNotFoundError if not all have been seen."""
    found = []
    for number in range(-(-photos // CHUNK)):
        held = np.load(chunk_file(cache, name, number))
        shapes = held["shape"]
        ends = np.cumsum(shapes.prod(axis=1))
        fork, early = held["fork"], held["early"]
        for row, (photo, view, severity) in enumerate(zip(held["photo"], held["view"], held["severity"], strict=True)):
            start = ends[row] - shapes[row].prod()
            found.append(
                Seen(int(photo), int(view), fork[start : ends[row]].reshape(shapes[row]), early[row], float(severity))
            )
    return found


def main() -> None:
    """Fill the cache with what is missing."""
    parser = parser_of_parts(__doc__)
    parser.add_argument("--livec", type=Path, required=True, help="LIVE In the Wild, unpacked")
    parser.add_argument("--pictures", type=Path, required=True, help="photos to spoil")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    arguments = parser.parse_args()
    place("cpu")
    torch.set_num_threads(arguments.threads)
    network = load(arguments.weights)
    (arguments.cache / "opinion").mkdir(parents=True, exist_ok=True)
    for source in sources(arguments.biq2021, arguments.livec, arguments.pictures):
        for number in range(arguments.part, -(-len(source.paths) // CHUNK), arguments.parts):
            if not chunk_file(arguments.cache, source.name, number).exists():
                write_chunk(network, source, arguments.cache, number)
                print(f"{source.name}: {number * CHUNK + CHUNK} of {len(source.paths)}", flush=True)


if __name__ == "__main__":
    main()
