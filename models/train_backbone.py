"""Fine-tune the backbone and the MOS head: BIQ2021's scores, and pairs of a photo and its spoiled copy.

    python -m models.train_backbone --biq2021 DIR --photos DIR --cache DIR

Starts from the head that `train_probe` fitted to the frozen features, so that the first gradients already mean
something (Kumar et al. 2022, "Fine-tuning can distort pretrained features", arXiv:2202.10054). The stem and the first
two stages stay as they were: they are two fifths of the work, and they know edges and noise from ImageNet. In the end
the weights lie between where they began and where they came to, as far along as is best on `val` (Wortsman et al. 2022,
"Robust fine-tuning of zero-shot models", arXiv:2109.01903). Kill it at any time; the same command goes on from the last
checkpoint.
"""

from __future__ import annotations

import argparse
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from albumclean.distortions import DISTORTIONS, distort
from albumclean.evaluation.metrics import srcc
from albumclean.media.view import network_view
from albumclean.scoring.device import place
from albumclean.scoring.nets.pixels import normalise
from albumclean.scoring.scorers.judge import INPUT
from models import biq2021, clean
from models.impression import Impression
from models.running import Pace, Run, ranked
from models.train_probe import PROBE

IMPRESSION: Final = "impression.safetensors"
SIDE: Final = 384  # of the square views in training: `INPUT.area`
SHARES: Final = (0.4, 0.55, 0.7, 0.85, 1.0)  # of the way from the probe to the end of the training
CHECKPOINT_EVERY: Final = 200  # steps


@dataclass(frozen=True, slots=True)
class Recipe(Pace):
    """How the backbone is trained."""

    epochs: float = 2.4
    rated: int = 16  # photos of BIQ2021 in a batch
    spoiled: int = 2  # of them, that many also as a spoiled copy
    pairs: int = 1  # pairs of a clean photo from elsewhere and its spoiled copy
    rate: float = 1e-4
    head_rate: float = 3e-4
    decay: float = 0.01
    warm_up: float = 0.1
    smallest_crop: float = 0.8  # of the side
    resaved: float = 0.3  # share of the photos that are saved once more as a JPEG
    album_weight: float = 3.0  # how much likelier an `ss02` photo is to be drawn: users have such photos
    ranking: float = 1.0
    pair_weight: float = 1.0
    averaging: float = 0.995
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step learns from; the first `rated` pictures are the rated ones."""

    pictures: npt.NDArray[np.uint8]  # (n, SIDE, SIDE, 3)
    mos: npt.NDArray[np.float32]  # (rated,)
    subset: npt.NDArray[np.int64]  # (rated,)
    better: list[int]  # rows of photos
    worse: list[int]  # rows of their spoiled copies
    severity: list[float]


class Sampler:
    """Draws batches; its random state is part of a checkpoint."""

    def __init__(self, rated: list[biq2021.Rated], photos: list[clean.CleanPhoto], recipe: Recipe) -> None:
        self.rated, self.photos, self.recipe = rated, photos, recipe
        self.random = np.random.default_rng(recipe.seed)
        weights = np.array([recipe.album_weight if photo.subset == "ss02" else 1.0 for photo in rated])
        self._shares = weights / weights.sum()
        self._names = sorted(DISTORTIONS)

    def draw(self) -> Batch:
        """The next batch."""
        recipe, random = self.recipe, self.random
        chosen = random.choice(len(self.rated), recipe.rated, p=self._shares, replace=False)
        rated = [self.rated[number] for number in chosen]
        pictures, copies, severities = [], [], []
        for row, photo in enumerate(rated):
            image = self._resaved(biq2021.open_rgb(photo.path))
            box, mirrored = self._crop(image), bool(random.random() < 0.5)
            pictures.append(_view(image, box, mirrored))
            if row < recipe.spoiled:
                copied, severity = self._spoil(image)
                severities.append(severity)
                copies.append(_view(copied, box, mirrored))
        pictures += copies
        better, worse = list(range(len(copies))), list(range(recipe.rated, recipe.rated + len(copies)))
        for _ in range(recipe.pairs if self.photos else 0):
            image = clean.open_rgb(self.photos[random.integers(len(self.photos))].path, int(random.integers(448, 1025)))
            image = self._resaved(image)
            box, mirrored = self._crop(image), bool(random.random() < 0.5)
            copied, severity = self._spoil(image)
            better.append(len(pictures))
            worse.append(len(pictures) + 1)
            severities.append(severity)
            pictures += [_view(image, box, mirrored), _view(copied, box, mirrored)]
        return Batch(
            np.stack(pictures),
            np.array([photo.mos for photo in rated], np.float32),
            np.array([biq2021.SUBSETS.index(photo.subset) for photo in rated]),
            better,
            worse,
            severities,
        )

    def _crop(self, image: Image.Image) -> tuple[int, int, int, int]:
        side = int(min(image.size) * self.random.uniform(self.recipe.smallest_crop, 1))
        left = int(self.random.integers(image.width - side + 1))
        top = int(self.random.integers(image.height - side + 1))
        return left, top, left + side, top + side

    def _resaved(self, image: Image.Image) -> Image.Image:
        """Some photos once more as a good JPEG, so that one quality of the training data isn't taken for granted."""
        if self.random.random() >= self.recipe.resaved:
            return image
        return distort(image, "jpeg", float(self.random.uniform(0.0, 0.12)), self.random)

    def _spoil(self, image: Image.Image) -> tuple[Image.Image, float]:
        severity = float(self.random.uniform(0.15, 1.0))
        name = self._names[self.random.integers(len(self._names))]
        return distort(image, name, severity, self.random), severity


def _view(image: Image.Image, box: tuple[int, int, int, int], mirrored: bool) -> npt.NDArray[np.uint8]:
    view = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box, reducing_gap=3.0))
    return view[:, ::-1] if mirrored else view


def loss_of(network: Impression, batch: Batch, recipe: Recipe) -> Tensor:
    """Regression on the scores, their order inside each subset, and photos above their spoiled copies."""
    found = network(normalise(torch.from_numpy(batch.pictures), INPUT))
    scores, truth = found[: recipe.rated], torch.from_numpy(batch.mos)
    loss = 10 * functional.smooth_l1_loss(scores, truth, beta=0.1)
    subset = torch.from_numpy(batch.subset)
    loss = loss + recipe.ranking * ranked(scores, truth, subset[:, None] == subset[None])
    if batch.better:
        fall = found[batch.better] - found[batch.worse]
        wanted = 0.3 * torch.tensor(batch.severity)
        loss = loss + recipe.pair_weight * functional.softplus((wanted - fall) / 0.05).mean()
    return loss


def scores_of(network: Impression, photos: list[biq2021.Rated]) -> npt.NDArray[np.float64]:
    """Of whole views, as in use."""
    network.eval()
    found = []
    with torch.inference_mode():
        for start in range(0, len(photos), 8):
            views = [network_view(biq2021.open_rgb(photo.path), INPUT).whole for photo in photos[start : start + 8]]
            found.append(network(normalise(torch.from_numpy(np.stack(views)), INPUT)))
    network.train()
    return torch.cat(found).double().numpy()


def report(network: Impression, photos: list[biq2021.Rated], label: str) -> float:
    """Print how the network orders them; the SRCC over all."""
    scores, truth = scores_of(network, photos), np.array([photo.mos for photo in photos])
    parts = {"all": np.arange(len(photos))}
    parts |= {name: np.flatnonzero([photo.subset == name for photo in photos]) for name in biq2021.SUBSETS}
    found = {name: round(srcc(scores[rows], truth[rows]), 4) for name, rows in parts.items() if len(rows) > 2}
    print(label, found, flush=True)
    return found["all"]


def between(start: dict[str, Tensor], end: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """Weights on the straight line between two networks."""
    return {name: torch.lerp(tensor, end[name], share) for name, tensor in start.items()}


def prefetched(sampler: Sampler, depth: int = 4) -> Iterator[Batch]:
    """Batches drawn in a thread of their own."""
    with ThreadPoolExecutor(1) as thread:
        waiting = deque(thread.submit(sampler.draw) for _ in range(depth))
        while True:
            yield waiting.popleft().result()
            waiting.append(thread.submit(sampler.draw))


def train(network: Impression, sampler: Sampler, val: list[biq2021.Rated], recipe: Recipe, checkpoint: Path) -> None:
    """Leaves the running average of the weights in `network`."""
    trained = [tensor for tensor in network.backbone.parameters() if tensor.requires_grad]
    head = [*network.hidden.parameters(), *network.out.parameters()]
    steps = int(recipe.epochs * len(sampler.rated) / recipe.rated)
    run = Run(network, trained, head, recipe, steps=steps, checkpoint=checkpoint, every=CHECKPOINT_EVERY)
    # Batches are drawn ahead: a new stream when resumed.
    sampler.random = np.random.default_rng([recipe.seed, run.first])
    for step, batch in zip(run.left, prefetched(sampler), strict=False):
        run.learn(step, loss_of(network, batch, recipe))
        if step % max(1, steps // 6) == 0:
            report(run.average, val, f"val at step {step}")
    network.load_state_dict(run.average.state_dict())


def main() -> None:
    """Train, and write the backbone and the head in single precision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--biq2021", type=Path, required=True, help="a checkout of nisarahmedrana/BIQ2021")
    parser.add_argument(
        "--photos", type=Path, required=True, help="the `train` folder of clean photos: see models/clean.py"
    )
    parser.add_argument("--cache", type=Path, required=True, help="holds probe.safetensors; checkpoints go there")
    parser.add_argument("--epochs", type=float, default=Recipe().epochs)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    place("cpu")
    torch.set_num_threads(arguments.threads)
    recipe = Recipe(epochs=arguments.epochs)
    torch.manual_seed(recipe.seed)
    start = load_file(arguments.cache / PROBE)
    network = Impression()
    network.load_state_dict(start)
    network.to(memory_format=torch.channels_last)
    val = biq2021.read(arguments.biq2021, "val")
    sampler = Sampler(biq2021.read(arguments.biq2021, "train"), clean.read(arguments.photos), recipe)
    report(network, val, "val before")
    train(network, sampler, val, recipe, arguments.cache / "backbone.checkpoint.pt")
    end = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    found = {}
    for share in SHARES:
        network.load_state_dict(between(start, end, share))
        found[share] = report(network, val, f"val at {share} of the way")
    best = between(start, end, max(found, key=lambda share: found[share]))
    save_file({name: tensor.contiguous() for name, tensor in best.items()}, arguments.cache / IMPRESSION)


if __name__ == "__main__":
    main()
