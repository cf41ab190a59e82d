"""Train the head of the MOS scorer on BIQ2021 and write `models/mos_lite0.safetensors`.

    python -m models.train_mos --biq2021 DIR --cache DIR

Features of `train` (each photo and its mirror image) are standardised and projected on their principal components;
small two-layer networks are trained on those, and the one that does best on `val` is shipped, with the projection
folded into its first layer. `test` is not read. Seeds are fixed; other machines may differ in the last digits.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from models import biq2021, convert_lite0
from models.evaluate_mos import METRICS_FILE, WEIGHTS
from models.extract_features import extract
from models.metrics import METRICS, srcc

COMPONENTS: Final = 512
LEAST_SPREAD: Final = 0.01  # channels that hardly ever change would be blown up by standardisation
RIDGE_ALPHAS: Final = (1000.0, 3000.0, 6000.0, 10000.0)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a head is trained."""

    hidden: int
    members: int = 1  # trained apart, averaged, shipped as one wider head
    epochs: int = 80
    whitening: float = 0.0  # power of the components' variance that they are divided by
    drop_input: float = 0.3
    drop_hidden: float = 0.5
    mixup: float = 0.4  # parameter of the beta distribution; 0: none
    rate: float = 1e-3
    decay: float = 1e-2
    batch: int = 256

    def describe(self) -> str:
        """Only what differs between recipes."""
        default = asdict(Recipe(hidden=0))
        return " ".join(f"{name}={value}" for name, value in asdict(self).items() if value != default[name])


RECIPES: Final = (
    Recipe(hidden=64),
    Recipe(hidden=128),
    Recipe(hidden=128, whitening=0.25),
    Recipe(hidden=64, members=2),
    Recipe(hidden=64, epochs=160),
)


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


def ridge(data: Data) -> dict[str, float]:
    """SRCC on `val` of a linear head, for comparison, by its penalty."""
    x = data.train[0]
    gram = (x.T @ x).double()
    target = (x.T @ (data.train_mos - data.train_mos.mean())).double()[:, None]
    result = {}
    for alpha in RIDGE_ALPHAS:
        weight = torch.cholesky_solve(target, torch.linalg.cholesky(gram + alpha * torch.eye(len(gram)).double()))
        result[f"alpha={alpha:g}"] = round(srcc((data.val.double() @ weight)[:, 0].numpy(), data.val_mos.numpy()), 4)
    return result


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


def train_head(data: Data, vectors: Tensor, variance: Tensor, recipe: Recipe) -> dict[str, Tensor]:
    """The head's state dict on *raw* features: projection, standardisation and calibration are folded in."""
    power = variance**-recipe.whitening
    projection = vectors * (power / (variance * power**2).mean().sqrt())  # (F, COMPONENTS); unit variance on average
    views = data.train @ projection
    members = [train_member(views, data.train_mos, recipe, seed) for seed in range(recipe.members)]
    with torch.no_grad():
        inner = torch.cat([hidden.weight for hidden, _ in members])  # (H, COMPONENTS)
        weight = ((inner @ projection.T) / data.spread).half().float()  # (H, F), rounded as it will be stored
        # With the bias from the rounded weights, rounding errors count from the mean photo and not from zero.
        bias = torch.cat([hidden.bias for hidden, _ in members]) - weight @ data.mean
        out_weight = torch.cat([out.weight for _, out in members], dim=1) / recipe.members  # (1, H)
        out_bias = torch.stack([out.bias for _, out in members]).mean(0)  # (1,)
        head = {"hidden.weight": weight, "hidden.bias": bias, "out.weight": out_weight, "out.bias": out_bias}
        # Dropout and mixup make a head timid: stretch its scores by the straight line that fits `val` best.
        scores = judge(head, data.val * data.spread + data.mean)
        slope = ((scores - scores.mean()) * (data.val_mos - data.val_mos.mean())).mean() / scores.var(correction=0)
        head["out.weight"] = out_weight * slope
        head["out.bias"] = (out_bias - scores.mean()) * slope + data.val_mos.mean()
    return head


def judge(head: dict[str, Tensor], features: Tensor) -> Tensor:
    """Scores (n,) of raw features (n, F): what `MosLite0.judge` computes."""
    inner = functional.gelu(functional.linear(features, head["hidden.weight"], head["hidden.bias"]))
    return functional.linear(inner, head["out.weight"], head["out.bias"])[:, 0]


def save(head: dict[str, Tensor], backbone: Path, out: Path) -> str:
    """Write backbone and head as one file; large matrices in half precision, the rest in single. Its SHA-256."""
    state = {f"backbone.{name}": tensor for name, tensor in load_file(backbone).items()}
    state |= {name: tensor.contiguous() for name, tensor in head.items()}
    state["hidden.weight"] = state["hidden.weight"].half()
    save_file(state, out)
    return hashlib.sha256(out.read_bytes()).hexdigest()


def main() -> None:
    """Train every recipe, ship the best."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--biq2021", type=Path, required=True, help="a checkout of nisarahmedrana/BIQ2021")
    parser.add_argument("--cache", type=Path, required=True, help="a folder for the features (700 MB)")
    parser.add_argument("--backbone", type=Path, default=convert_lite0.DEFAULT_OUT)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--metrics", type=Path, default=METRICS_FILE)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    data = read(arguments.biq2021, arguments.cache, arguments.backbone)
    vectors, variance = principal(data.train[0])

    truth = data.val_mos.numpy()
    heads: dict[Recipe, tuple[dict[str, Tensor], dict[str, float]]] = {}
    for recipe in RECIPES:
        head = train_head(data, vectors, variance, recipe)
        scores = judge(head, data.val * data.spread + data.mean).numpy()
        heads[recipe] = head, {name: round(metric(scores, truth), 4) for name, metric in METRICS.items()}
        print(recipe.describe(), heads[recipe][1], flush=True)
    best = max(heads, key=lambda recipe: heads[recipe][1]["srcc"] + heads[recipe][1]["plcc"])
    sha256 = save(heads[best][0], arguments.backbone, arguments.out)
    training = {
        "data": "BIQ2021, models/biq2021_split.csv",
        "photos": {"train": len(data.train_mos), "val": len(data.val_mos)},
        "backbone": f"{convert_lite0.PACKAGE}, wheel SHA-256 {convert_lite0.WHEEL_SHA256}",
        "recipe": asdict(best),
        "val": {recipe.describe(): metrics for recipe, (_, metrics) in heads.items()},
        "val_srcc_of_ridge": ridge(data),
    }
    arguments.metrics.write_text(json.dumps({"training": training}, indent=2) + "\n", encoding="utf-8")
    print(f"{arguments.out}: SHA-256 {sha256}; write it into albumclean/scoring/scorers/mos_lite0.py")


if __name__ == "__main__":
    main()
