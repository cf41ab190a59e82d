"""What the kind head is trained on: the judge's features and the statistics of pictures of known kinds, cached.

    python -m models.kind_features --pictures DIR --biq2021 DIR --photos DIR --hard DIR --cache DIR [--part N/M]

`models.kind_samples` says which, and what lies in which folder. Kill it at any time; the same command goes on. Runs the
judge as the scan does, in half precision where that is the machine's.
"""

from __future__ import annotations

import argparse
import hashlib
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image, ImageOps

from albumclean.media.picture import Picture
from albumclean.media.statistics import statistics
from albumclean.media.view import network_view
from albumclean.scoring import registry
from albumclean.scoring.device import place
from models import biq2021, kind_bent, kind_made
from models.kind_samples import TESTS, Places, Sample, kept_samples, more_samples, train_samples


def open_rgb(path: Path) -> Image.Image:
    """Upright; transparent pixels on white, as viewers show them."""
    with Image.open(path) as file:
        file.draft("RGB", (4800, 4800))
        image = ImageOps.exif_transpose(file)
        if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        return image.convert("RGB")


def picture_of(sample: Sample, grounds: Sequence[Path], faces: list[Path]) -> Image.Image:
    """The decoded picture of a sample; its randomness comes from its name."""
    rng = np.random.default_rng(zlib.crc32(sample.name.encode()))
    image = open_rgb(sample.path)

    def ground() -> Image.Image:
        return open_rgb(grounds[int(rng.integers(len(grounds)))])

    steps: dict[str, Callable[[Image.Image], Image.Image]] = {
        "plain": lambda image: image,
        "forwarded": lambda image: kind_made.forwarded(image, rng),
        "cropped": lambda image: kind_made.cropped(image, rng),
        "noir": lambda image: kind_made.noir(image, rng),
        "paper": lambda image: kind_made.paper_photo(image, rng),
        "page": lambda _: kind_made.page(rng, faces),
        "scanned": lambda image: kind_made.scanned_page(image, rng),
        "photographed": lambda image: kind_made.photographed(image, ground(), rng),
        "screen": lambda image: kind_made.screen(image, rng, faces),
        "meme": lambda image: kind_made.meme(image, rng, faces),
        "turned": lambda image: image.rotate(90 * int(rng.integers(1, 4)), expand=True),
        "bent": lambda image: kind_bent.bent(image, ground(), rng),
        "magazine": lambda image: kind_bent.magazine(image, rng, faces),
        "squared": lambda _: kind_bent.squared(rng),
        "board": lambda _: kind_bent.board(rng),
        "card": lambda image: kind_bent.card(image, rng, faces),
    }
    for step in sample.make.split("+"):
        image = steps[step](image)
    return image


def extract(samples: Sequence[Sample], out: Path, grounds: Sequence[Path]) -> None:
    """Append what is missing in `out` (one .npz a sample: features float16 (F,), statistics float32 (S,))."""
    import torch

    from albumclean.scoring.nets.judge import Judge

    placement = place("cpu")
    network = cast(Judge, registry.load_network(registry.JUDGE)).to(memory_format=torch.channels_last)
    torch.set_num_threads(1)
    faces = kind_made.fonts()
    out.mkdir(parents=True, exist_ok=True)
    for number, sample in enumerate(samples):
        target = cell(out, sample)
        if target.exists():
            continue
        try:
            picture = Picture(picture_of(sample, grounds, faces))
        except (OSError, ValueError, SyntaxError) as error:
            print(f"{sample.path.name}: {error}", flush=True)
            continue
        whole = torch.from_numpy(network_view(picture, registry.spec(registry.JUDGE).input).whole[None].copy())
        dtype = placement.autocast
        with torch.inference_mode(), torch.autocast("cpu", dtype=dtype, enabled=dtype is not None):
            features = network.look(whole).features
        found = features[0].float().numpy()
        with target.with_suffix(".part").open("wb") as file:
            np.savez(file, features=found.astype(np.float16), statistics=statistics(picture))
        target.with_suffix(".part").rename(target)
        if number % 100 == 0:
            print(f"{number} of {len(samples)}", flush=True)


def cell(out: Path, sample: Sample) -> Path:
    """Where a sample's features lie."""
    return out / f"{hashlib.sha256(sample.name.encode()).hexdigest()[:20]}.npz"


def parser_of_kinds(description: str | None) -> argparse.ArgumentParser:
    """What the scripts for kinds are told; `places_of` makes something of it."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("pictures", "biq2021", "photos", "hard", "cache"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--others", type=Path, action="append", default=[], help="a folder of photos for the test")
    parser.add_argument("--threads", type=int, default=1)
    return parser


def places_of(arguments: argparse.Namespace) -> Places:
    """Where the pictures lie."""
    return Places(arguments.pictures, arguments.biq2021, arguments.photos, arguments.hard, tuple(arguments.others))


def main() -> None:
    """Fill the cache."""
    parser = parser_of_kinds(__doc__)
    parser.add_argument("--part", default="0/1", help="number and count, to run several at once")
    arguments = parser.parse_args()
    number, count = map(int, arguments.part.split("/"))
    places = places_of(arguments)
    parts = (train_samples, more_samples, kept_samples, *TESTS.values())
    samples = list({sample.name: sample for part in parts for sample in part(places)}.values())
    samples.sort(key=lambda sample: zlib.crc32(sample.name.encode()))  # what is there early is a fair part of it all
    grounds = [photo.path for photo in biq2021.read(places.biq2021, "train")]
    extract(samples[number::count], arguments.cache, grounds)


if __name__ == "__main__":
    main()
