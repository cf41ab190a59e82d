"""Features of spoiled photos: what the severity heads learn from. Kill it at any time; the same command goes on.

    python -m models.synthesise --biq2021 DIR --photos DIR --cache DIR [--part 0 --parts 2] [--weights FILE]

A group is one photo at one size, clean and with one fault at three severities (a ladder: the same fault, growing); in a
third of the groups another fault is there as well, at one severity. Each is seen as in use: the whole picture and
patches of native resolution, by the fine-tuned backbone, that of the cache or of a judge's FILE. `Example.known` tells
which severities can be taken as true: a heavy fault hides a light one of another kind.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from safetensors.torch import load_file

from albumclean.distortions import DISTORTIONS, KADID, distort, kadid, kadid_level, kadid_reference
from albumclean.domain import Degradation
from albumclean.media.view import network_view
from albumclean.scoring.device import place
from albumclean.scoring.nets.judge import FAULTS, Judge
from albumclean.scoring.scorers.judge import INPUT
from models import biq2021, clean
from models.train_backbone import IMPRESSION

GROUPS: Final = 2400
BY_TURNS: Final = 2000  # of these the faults take turns; the rest are compression, every second one pixelation
CHUNK: Final = 20  # groups a file
CLEAN_MOS: Final = 0.8  # BIQ2021's photos from here on count as clean
SMALLEST, LARGEST = 384, 3000  # short sides
SLOW: Final = {"jpeg2000": 640, "avif": 1200, "webp": 1600}  # codecs that take seconds for large pictures
SECOND: Final = 0.3  # share of the groups with a second fault
# As in a camera: light, lens and hand, then the sensor, then the file.
ORDER: Final = {"defocus": 1, "motion": 1, "underexposure": 2, "overexposure": 2, "noise": 3, "compression": 4}
HIDES: Final = 0.4  # from this severity on, a fault makes a lighter one of another kind hard to tell


@dataclass(frozen=True, slots=True)
class Example:
    """One picture of a group."""

    image: Image.Image
    severities: npt.NDArray[np.float32]  # (6,), in the order of `FAULTS`
    known: npt.NDArray[np.float32]  # (6,), 1 where the severity can be trusted


class Source:
    """Clean photos: half from the collected ones, half from BIQ2021's best."""

    def __init__(self, photos: list[clean.CleanPhoto], rated: list[biq2021.Rated]) -> None:
        self.photos = photos
        self.rated = [photo for photo in rated if photo.subset == "ss03" and photo.mos >= CLEAN_MOS]

    def group(self, number: int) -> list[Example]:
        """The examples of group `number`, always the same."""
        random = np.random.default_rng([11, number])
        by_fault = FAULTS[number % len(FAULTS)] if number < BY_TURNS else Degradation.COMPRESSION
        names = sorted(name for name, each in DISTORTIONS.items() if each.degradation == by_fault)
        name = names[random.integers(len(names))]
        if number >= BY_TURNS and number % 2:
            name = "pixelate"  # of slight pixelation the heads saw too little
        numbers = [number for number, kind, _ in KADID if kind == name]
        image = self._photo(random, SLOW.get(name, LARGEST))
        if numbers and random.random() < 0.35:
            return _kadid_group(image, numbers[0], name, by_fault, random)
        second = None
        if random.random() < SECOND:
            other = sorted(set(DISTORTIONS) - set(names) - (set(SLOW) if min(image.size) > 700 else set()))
            second = other[random.integers(len(other))], float(random.uniform(0.05, 0.6))
        levels = [0.0, *(float(random.uniform(low, high)) for low, high in ((0.03, 0.3), (0.25, 0.65), (0.6, 1.0)))]
        return [_spoiled(image, name, level, second, [11, number, 1]) for level in levels]

    def _photo(self, random: np.random.Generator, largest: int) -> Image.Image:
        if not self.photos or random.random() < 0.5:
            image = biq2021.open_rgb(self.rated[random.integers(len(self.rated))].path)
            return image if random.random() < 0.6 else _cropped(image, random)
        photo = self.photos[random.integers(len(self.photos))]
        most = min(photo.short_side, largest)
        # Most pictures are small, to be quick; the sizes of phones' originals are there, too.
        side = round(math.exp(random.uniform(math.log(SMALLEST), math.log(max(most, SMALLEST)))))
        return clean.open_rgb(photo.path, most if random.random() < 0.1 else side)


def _cropped(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """A part of another shape, of at least 320 pixels a side."""
    width, height = (int(random.integers(320, side + 1)) for side in image.size)
    left, top = int(random.integers(image.width - width + 1)), int(random.integers(image.height - height + 1))
    return image.crop((left, top, left + width, top + height))


def _spoiled(image: Image.Image, name: str, level: float, second: tuple[str, float] | None, seed: list[int]) -> Example:
    faults = [(name, level)] + ([second] if second else [])
    faults.sort(key=lambda fault: ORDER[DISTORTIONS[fault[0]].degradation])
    severities, known = np.zeros(len(FAULTS), np.float32), np.ones(len(FAULTS), np.float32)
    for number, (each, severity) in enumerate(faults):
        image = distort(image, each, severity, np.random.default_rng([*seed, number]))
        severities[FAULTS.index(DISTORTIONS[each].degradation)] = severity
    if second:
        for each, severity in faults:
            heaviest = max(other for name, other in faults if name != each)
            if heaviest > HIDES and severity < heaviest:
                known[FAULTS.index(DISTORTIONS[each].degradation)] = 0.0
    return Example(image, severities, known)


def _kadid_group(image: Image.Image, number: str, name: str, fault: str, random: np.random.Generator) -> list[Example]:
    """The published protocol's strengths, on training photos."""
    reference = kadid_reference(image)
    seed = int(random.integers(1 << 31))
    examples = []
    for level in (0, *sorted(random.choice(np.arange(1, 6), 3, replace=False).tolist())):
        severities = np.zeros(len(FAULTS), np.float32)
        severities[FAULTS.index(fault)] = kadid_level(name, level) if level else 0.0
        spoiled = kadid(reference, number, level, np.random.default_rng(seed)) if level else reference
        examples.append(Example(spoiled, severities, np.ones(len(FAULTS), np.float32)))
    return examples


def load_judge(weights: Path) -> Judge:
    """The network with the fine-tuned backbone, of an impression or of a judge, and heads that are not yet trained."""
    state = load_file(weights)
    network = Judge(INPUT, hidden=len(state["hidden.weight"]), fault_hidden=1, embedding=1)
    prefix = "backbone."
    # As it will be shipped: stored in half precision.
    backbone = {name[len(prefix) :]: t.half().float() for name, t in state.items() if name.startswith(prefix)}
    network.backbone.load_state_dict(backbone)
    return network.eval().to(memory_format=torch.channels_last)


def features_of(network: Judge, images: Iterable[Image.Image]) -> npt.NDArray[np.float16]:
    """(n, 2, F): of the whole pictures and the mean over their patches."""
    rows = []
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for image in images:
            view = network_view(image, INPUT)
            whole = network.look(torch.from_numpy(view.whole.copy())[None]).features
            close = network.look_closely(torch.from_numpy(view.patches)[None])
            rows.append(torch.stack([whole[0], close[0]]).half().numpy())
    return np.stack(rows)


def chunk_file(cache: Path, number: int) -> Path:
    """Where the features of groups CHUNK * number and the following lie."""
    return cache / "synthetic" / f"{number:04d}.npz"


def write_chunk(source: Source, network: Judge, cache: Path, number: int) -> None:
    """Make the groups of one file."""
    groups = [source.group(each) for each in range(number * CHUNK, (number + 1) * CHUNK)]
    examples = [example for group in groups for example in group]
    file = chunk_file(cache, number)
    np.savez(
        file.with_suffix(".new.npz"),
        features=np.concatenate([features_of(network, [example.image for example in group]) for group in groups]),
        severities=np.stack([example.severities for example in examples]),
        known=np.stack([example.known for example in examples]),
        group=np.repeat(np.arange(number * CHUNK, (number + 1) * CHUNK), [len(group) for group in groups]),
    )
    file.with_suffix(".new.npz").replace(file)


def add_weights(parser: argparse.ArgumentParser) -> None:
    """Where the backbone comes from."""
    help_ = f"an impression or a judge, for its backbone (default: {IMPRESSION} in the cache)"
    parser.add_argument("--weights", type=Path, help=help_)


def parser_of_parts(description: str | None, *, photos: bool = False) -> argparse.ArgumentParser:
    """The options of a command that fills the cache with what the backbone sees, alone or as one of several.

    With `photos` it also needs the clean photos.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--biq2021", type=Path, required=True, help="a checkout of nisarahmedrana/BIQ2021")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--part", type=int, default=0, help="run several at once, each with its part")
    parser.add_argument("--parts", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    if photos:
        help_ = "the `train` folder of clean photos: see models/clean.py"
        parser.add_argument("--photos", type=Path, required=True, help=help_)
    return parser


def main() -> None:
    """Fill the cache with what is missing."""
    parser = parser_of_parts(__doc__, photos=True)
    add_weights(parser)
    arguments = parser.parse_args()
    place("cpu")
    torch.set_num_threads(arguments.threads)
    network = load_judge(arguments.weights or arguments.cache / IMPRESSION)
    source = Source(clean.read(arguments.photos), biq2021.read(arguments.biq2021, "train"))
    (arguments.cache / "synthetic").mkdir(exist_ok=True)
    for number in range(arguments.part, GROUPS // CHUNK, arguments.parts):
        if not chunk_file(arguments.cache, number).exists():
            write_chunk(source, network, arguments.cache, number)
            print(f"{number * CHUNK + CHUNK} of {GROUPS} groups", flush=True)


if __name__ == "__main__":
    main()
