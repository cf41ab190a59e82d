"""Fit a MOS head to the features of the frozen backbone: where `train_backbone` starts from.

    python -m models.train_probe --biq2021 DIR --cache DIR

Features of `train` (each photo and its mirror image) are standardised and projected on their principal components;
a small two-layer network is trained on those, and the projection is folded into its first layer. `test` is not read.
Seeds are fixed; other machines may differ in the last digits.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from albumclean.evaluation.metrics import srcc
from models import biq2021, convert_lite0, extract_features
from models.extract_features import extract
from models.impression import HIDDEN, Impression

PROBE: Final = "probe.safetensors"
COMPONENTS: Final = 512
LEAST_SPREAD: Final = 0.01  # channels that hardly ever change would be blown up by standardisation


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a head is trained."""

    hidden: int = HIDDEN
    members: int = 1  # trained apart, averaged, shipped as one wider head
    epochs: int = 80
    whitening: float = 0.0  # power of the components' variance that they are divided by
    drop_input: float = 0.3
    drop_hidden: float = 0.5
    mixup: float = 0.4  # parameter of the beta distribution; 0: none
    rate: float = 1e-3
    decay: float = 1e-2
    batch: int = 256


@dataclass(frozen=True, slots=True)
class Data:
    """What heads are trained on and chosen by, standardised by `train`."""

    train: Tensor  # (2, n, F): photos and their mirror images
    train_mos: Tensor  # (n,)
    val: Tensor  # (m, F)
    val_mos: Tensor  # (m,)
    mean: Tensor  # (F,), of `train` before standardisation
    spread: Tensor  # (F,)


def read(folder: Path, cache: Path, backbone: Path) -> Data:
    """Extract what the cache does not hold yet, and standardise."""
    views = [torch.from_numpy(extract(folder, cache, backbone, "train", each)) for each in ("plain", "flip")]
    val = torch.from_numpy(extract(folder, cache, backbone, "val"))
    mean = views[0].mean(0)
    spread = views[0].std(0).clamp(min=LEAST_SPREAD)
    scores = [torch.tensor([photo.mos for photo in biq2021.read(folder, split)]) for split in ("train", "val")]
    train = torch.stack([(view - mean) / spread for view in views])
    return Data(train, scores[0], (val - mean) / spread, scores[1], mean, spread)


def principal(features: Tensor) -> tuple[Tensor, Tensor]:
    """The first components of (n, F) as columns (F, COMPONENTS), and their variances, largest first."""
    variance, vectors = torch.linalg.eigh((features.T @ features).double() / len(features))
    order = variance.argsort(descending=True)[:COMPONENTS]
    return vectors[:, order].float(), variance[order].float()


def train_member(views: Tensor, mos: Tensor, recipe: Recipe, seed: int) -> tuple[nn.Linear, nn.Linear]:
    """One two-layer network on projected features (2, n, COMPONENTS)."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    photos = views.shape[1]
    hidden, out = nn.Linear(views.shape[2], recipe.hidden), nn.Linear(recipe.hidden, 1)
    nn.init.constant_(out.bias, float(mos.mean()))
    optimiser = torch.optim.AdamW([*hidden.parameters(), *out.parameters()], lr=recipe.rate, weight_decay=recipe.decay)
    steps = photos // recipe.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=recipe.epochs * steps)
    for _ in range(recipe.epochs):
        order = torch.randperm(photos)
        mirrored = torch.randint(2, (photos,))
        for start in range(0, steps * recipe.batch, recipe.batch):
            rows = order[start : start + recipe.batch]
            x, y = views[mirrored[rows], rows], mos[rows]
            if recipe.mixup:
                share = torch.from_numpy(random.beta(recipe.mixup, recipe.mixup, len(rows))).float()
                partner = torch.randperm(len(rows))
                x = share[:, None] * x + (1 - share)[:, None] * x[partner]
                y = share * y + (1 - share) * y[partner]
            inner = functional.gelu(hidden(functional.dropout(x, recipe.drop_input)))
            loss = functional.mse_loss(out(functional.dropout(inner, recipe.drop_hidden))[:, 0], y)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return hidden.eval(), out.eval()


def probe(data: Data, backbone: Path, recipe: Recipe) -> Impression:
    """The network with the head trained on frozen features, calibrated on `val`."""
    vectors, variance = principal(data.train[0])
    power = variance**-recipe.whitening
    projection = vectors * (power / (variance * power**2).mean().sqrt())  # (F, COMPONENTS); unit variance on average
    views = data.train @ projection
    members = [train_member(views, data.train_mos, recipe, seed) for seed in range(recipe.members)]
    network = Impression()
    network.backbone.load_state_dict(extract_features.load_backbone(backbone).state_dict())
    with torch.no_grad():
        network.mean.copy_(data.mean)
        network.spread.copy_(data.spread)
        network.hidden.weight.copy_(torch.cat([hidden.weight for hidden, _ in members]) @ projection.T)
        network.hidden.bias.copy_(torch.cat([hidden.bias for hidden, _ in members]))
        weight = torch.cat([out.weight for _, out in members], dim=1) / recipe.members  # (1, H)
        bias = torch.stack([out.bias for _, out in members]).mean(0)  # (1,)
        # Dropout and mixup make a head timid: stretch its scores by the straight line that fits `val` best.
        scores = functional.linear(functional.gelu(network.hidden(data.val)), weight, bias)[:, 0]
        slope = ((scores - scores.mean()) * (data.val_mos - data.val_mos.mean())).mean() / scores.var(correction=0)
        network.out.weight.copy_(weight * slope)
        network.out.bias.copy_((bias - scores.mean()) * slope + data.val_mos.mean())
        scores = functional.linear(functional.gelu(network.hidden(data.val)), network.out.weight, network.out.bias)[
            :, 0
        ]
    print("SRCC on val:", round(srcc(scores.double().numpy(), data.val_mos.double().numpy()), 4))
    return network


def main() -> None:
    """Extract the features, fit the head, write `probe.safetensors` to the cache."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--biq2021", type=Path, required=True, help="a checkout of nisarahmedrana/BIQ2021")
    parser.add_argument("--cache", type=Path, required=True, help="a folder for the features (700 MB)")
    parser.add_argument("--backbone", type=Path, default=convert_lite0.DEFAULT_OUT)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    network = probe(read(arguments.biq2021, arguments.cache, arguments.backbone), arguments.backbone, Recipe())
    save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, arguments.cache / PROBE)


if __name__ == "__main__":
    main()
