"""Train the judge's heads on the features of the fine-tuned backbone and write `models/judge.safetensors`.

    python -m models.train_heads --biq2021 DIR --fine DIR --cache DIR

Needs what `train_backbone` and `synthesise` left in the cache; the features of BIQ2021 are added to it.
The MOS head is the one that was trained with the backbone; `val` says what each fault costs
and how sure the score is. `test` is not read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from albumclean.evaluation.metrics import plcc, srcc
from albumclean.scoring.device import place
from albumclean.scoring.nets.efficientnet_lite import FORK, STAGES
from albumclean.scoring.nets.judge import FAULTS
from albumclean.scoring.nets.packing import packed
from models import biq2021
from models.impression import Impression
from models.rated_features import all_pictures, features, of_splits
from models.synthesise import CHUNK, GROUPS, chunk_file, load_judge
from models.train_backbone import IMPRESSION
from models.train_regions import train_regions

WEIGHTS: Final = Path(__file__).with_name("judge.safetensors")
METRICS_FILE: Final = Path(__file__).with_name("judge.json")
Head = tuple[nn.Linear, nn.Linear]  # with a GELU between

LEAST_SPREAD: Final = 0.01  # channels that hardly ever change would be blown up by standardisation
HELD_OUT: Final = 10  # every tenth group of spoiled photos is for looking at only
FAULT_HIDDEN: Final = 64
LEAST_WEIGHT: Final = 0.06  # a fault that a photo gained must cost it something, whatever the impression says
CLEAN_MOS: Final = 0.75  # rated photos from here on teach the severity heads what is no fault: night, fog, bokeh


@dataclass(frozen=True, slots=True)
class Spoiled:
    """Features of spoiled photos."""

    features: Tensor  # (n, 2 F), standardised
    severities: Tensor  # (n, 6)
    known: Tensor  # (n, 6)
    group: Tensor  # (n,)

    def part(self, rows: Tensor) -> Spoiled:
        """Some of the rows."""
        return Spoiled(self.features[rows], self.severities[rows], self.known[rows], self.group[rows])


@dataclass(frozen=True, slots=True)
class Rated:
    """Features of photos with human scores."""

    features: Tensor  # (n, 2 F), standardised
    mos: Tensor  # (n,)
    subset: Tensor  # (n,), number in `biq2021.SUBSETS`


@dataclass(frozen=True, slots=True)
class Data:
    """All that heads learn from."""

    train: Rated
    val: Rated
    spoiled: Spoiled
    held_out: Spoiled
    fine: Tensor  # (m, 2 F), standardised: photos that are meant to look as they do, without scores
    mean: Tensor  # (2 F,), of the features before standardisation
    spread: Tensor  # (2 F,)


def read(folder: Path, fine: Path, cache: Path) -> Data:
    """Extract what the cache does not hold yet, and standardise."""
    network = load_judge(cache / IMPRESSION)
    photos = of_splits(folder)
    raw = {pictures.name: _flat(features(network, cache, pictures)) for pictures in all_pictures(folder, fine)}
    chunks = [np.load(chunk_file(cache, number)) for number in range(GROUPS // CHUNK)]
    spoiled = _flat(np.concatenate([chunk["features"] for chunk in chunks]))
    everything = torch.cat([raw["train"], spoiled])
    mean, spread = everything.mean(0), everything.std(0).clamp(min=LEAST_SPREAD)
    severities, known, group = (
        torch.from_numpy(np.concatenate([chunk[name] for chunk in chunks])) for name in ("severities", "known", "group")
    )
    rated = {
        name: Rated(
            (raw[name] - mean) / spread,
            torch.tensor([photo.mos for photo in some]),
            torch.tensor([biq2021.SUBSETS.index(photo.subset) for photo in some]),
        )
        for name, some in photos.items()
    }
    both = Spoiled((spoiled - mean) / spread, severities, known, group)
    looked_at = group % HELD_OUT == 0
    return Data(
        rated["train"],
        rated["val"],
        both.part(~looked_at),
        both.part(looked_at),
        (raw["fine"] - mean) / spread,
        mean,
        spread,
    )


def _flat(found: npt.NDArray[np.float16] | None) -> Tensor:
    if found is None:
        raise SystemExit("The cache lacks features.")  # can't be: only a part of several leaves some out
    return torch.from_numpy(found.astype(np.float32)).flatten(1)


def train_faults(data: Data, seed: int = 0, epochs: int = 25) -> Head:
    """Severities: their values, and their order inside each ladder."""
    torch.manual_seed(seed)
    spoiled = data.spoiled
    hidden, out = nn.Linear(spoiled.features.shape[1], FAULT_HIDDEN), nn.Linear(FAULT_HIDDEN, len(FAULTS))
    nn.init.constant_(out.bias, 0.1)
    optimiser = torch.optim.AdamW([*hidden.parameters(), *out.parameters()], lr=1e-3, weight_decay=0.02)
    good = data.train.features[data.train.mos >= CLEAN_MOS]
    groups: Tensor = torch.unique(spoiled.group)
    rows_of = {int(number): (spoiled.group == number).nonzero()[:, 0] for number in groups}
    at_once, good_at_once, fine_at_once = 48, 48, 24
    steps = len(groups) // at_once
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-3, total_steps=epochs * steps)
    for _ in range(epochs):
        order = groups[torch.randperm(len(groups))]
        for start in range(0, steps * at_once, at_once):
            batch = spoiled.part(torch.cat([rows_of[int(number)] for number in order[start : start + at_once]]))
            clean = torch.cat(
                [
                    good[torch.randint(len(good), (good_at_once,))],
                    data.fine[torch.randint(len(data.fine), (fine_at_once,))],
                ]
            )
            inner = functional.gelu(hidden(functional.dropout(torch.cat([batch.features, clean]), 0.2)))
            severity = out(functional.dropout(inner, 0.2))
            truth = torch.cat([batch.severities, torch.zeros(len(clean), len(FAULTS))])
            weight = torch.cat([batch.known, torch.full((len(clean), len(FAULTS)), 0.3)])
            weight = weight * torch.where(truth > 0, 3.0, 1.0)  # each fault is absent from most examples
            loss = 20 * ((severity - truth) ** 2 * weight).sum() / weight.sum()
            same = (batch.group[:, None] == batch.group[None])[:, :, None]
            gap = batch.severities[:, None] - batch.severities[None]
            ordered = same & ((batch.known[:, None] * batch.known[None]) > 0) & (gap > 0.02)
            seen = severity[: len(batch.group)]
            rise = (seen[:, None] - seen[None])[ordered]
            loss = loss + 4 * functional.relu(0.5 * gap[ordered] - rise).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return hidden.eval(), out.eval()


def carried_over(start: Impression, data: Data) -> Head:
    """The MOS head that was trained with the backbone, on standardised features of the whole picture."""
    features = start.mean.shape[0]
    mean, spread = data.mean[:features], data.spread[:features]
    hidden, out = nn.Linear(features, start.hidden.out_features), nn.Linear(start.hidden.out_features, 1)
    with torch.no_grad():
        raw = start.hidden.weight / start.spread
        hidden.weight.copy_(raw * spread)
        hidden.bias.copy_(start.hidden.bias + raw @ (mean - start.mean))
        out.weight.copy_(start.out.weight)
        out.bias.copy_(start.out.bias)
    return hidden.eval(), out.eval()


def pairs(spoiled: Spoiled) -> tuple[Tensor, Tensor]:
    """Rows of the better and of the worse of each two in a ladder."""
    total = spoiled.severities.sum(1)
    same = spoiled.group[:, None] == spoiled.group[None]
    gap = total[None] - total[:, None]
    better, worse = (same & (gap > 0.03)).nonzero().unbind(1)
    return better, worse


def apply(head: Head, features: Tensor) -> Tensor:
    """(n, outputs), not clipped."""
    with torch.no_grad():
        found: Tensor = head[1](functional.gelu(head[0](features)))
    return found


def numbers(scores: Tensor, rated: Rated) -> dict[str, float]:
    """SRCC overall and by subset, PLCC."""
    found, truth = scores.double().numpy(), rated.mos.double().numpy()
    result = {"srcc": srcc(found, truth), "plcc": plcc(found, truth)}
    for number, name in enumerate(biq2021.SUBSETS):
        rows = (rated.subset == number).numpy()
        result[name] = srcc(found[rows], truth[rows])
    return {name: round(float(value), 4) for name, value in result.items()}


def in_order(scores: Tensor, spoiled: Spoiled) -> float:
    """Share of pairs in ladders whose better photo scores higher."""
    better, worse = pairs(spoiled)
    return round(float((scores[better] > scores[worse]).float().mean()), 4)


def fault_numbers(severity: Tensor, spoiled: Spoiled) -> dict[str, dict[str, float]]:
    """By fault: mean error where it is there, mean reading where it is not."""
    result: dict[str, dict[str, float]] = {}
    for number, name in enumerate(FAULTS):
        there = (spoiled.severities[:, number] > 0) & (spoiled.known[:, number] > 0)
        absent = (spoiled.severities[:, number] == 0) & (spoiled.known[:, number] > 0)
        error = (severity[there, number] - spoiled.severities[there, number]).abs().mean()
        result[name] = {"error": round(float(error), 3), "false": round(float(severity[absent, number].mean()), 3)}
    return result


def train_spread(scores: Tensor, inner: Tensor, rated: Rated) -> nn.Linear:
    """The logarithm of the score's standard deviation from the MOS head's hidden layer (n, H), by likelihood.

    Few small steps from one and the same deviation for all: with more of them it learns the photos that it is fitted
    to. By cross-validation on `val` (by scene) people's score lies within one deviation in 75 %, within two in 95 %;
    with 300 steps of four times the size it was 62 and 84 %.
    """
    torch.manual_seed(0)
    layer = nn.Linear(inner.shape[1], 1)
    nn.init.zeros_(layer.weight)
    nn.init.constant_(layer.bias, float((scores - rated.mos).std().log()))
    optimiser = torch.optim.AdamW(layer.parameters(), lr=5e-4, weight_decay=0.5)
    error = (scores - rated.mos) ** 2
    for _ in range(20):
        spread = layer(inner)[:, 0]
        loss = (spread + 0.5 * error * torch.exp(-2 * spread)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return layer.eval()


def fault_weights(scores: Tensor, severity: Tensor, rated: Rated) -> Tensor:
    """What each fault takes from the score, (6,), never less than `LEAST_WEIGHT`: least squares on `val`."""
    kept = torch.ones(len(FAULTS), dtype=torch.bool)
    weights = torch.zeros(len(FAULTS), dtype=torch.float64)
    residual = rated.mos.double()
    for _ in range(len(FAULTS)):
        columns = torch.cat([scores[:, None], -severity[:, kept], torch.ones(len(scores), 1)], dim=1).double()
        penalty = torch.eye(columns.shape[1]).double() * 2.0
        penalty[0, 0] = penalty[-1, -1] = 0.0
        fitted = torch.linalg.solve(columns.T @ columns + penalty, columns.T @ residual)[1:-1]
        weights.zero_()
        weights[kept] = fitted
        if (weights[kept] >= 0).all():
            break
        kept &= weights >= 0
    return weights.clamp(min=LEAST_WEIGHT).float()


def straightened(scores: Tensor, mos: Tensor) -> tuple[float, float]:
    """Slope and intercept of the line that fits best: heads that are trained with dropout are timid."""
    slope = ((scores - scores.mean()) * (mos - mos.mean())).mean() / scores.var(correction=0)
    return float(slope), float(mos.mean() - slope * scores.mean())


def folded(name: str, layer: nn.Linear, mean: Tensor, spread: Tensor) -> dict[str, Tensor]:
    """Weight and bias on raw features, the weight rounded as it will be stored."""
    weight = (layer.weight / spread).half().float().detach()
    # With the bias from the rounded weights, rounding errors count from the mean photo and not from zero.
    return {f"{name}.weight": weight, f"{name}.bias": (layer.bias - weight @ mean).detach()}


def with_opinion(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights with a second opinion on the MOS, which is the first one's until `train_opinion` has taught it."""
    late = {f"stages.{number}.": f"stages.{number - FORK}." for number in range(FORK, len(STAGES))} | {"head.": "head."}
    more: dict[str, Tensor] = {}
    for name, tensor in state.items():
        for before, after in late.items():
            if name.startswith(f"backbone.{before}"):
                more |= as_bytes(name.replace(f"backbone.{before}", f"opinion.{after}"), tensor)
    more |= as_bytes("opinion_hidden.weight", state["hidden.weight"])
    more["opinion_hidden.bias"] = state["hidden.bias"].clone()
    for name in ("mos.weight", "spread.weight"):
        more[name] = torch.cat([state[name], state[name]], dim=1) / 2
    return state | more


def as_bytes(name: str, tensor: Tensor) -> dict[str, Tensor]:
    """A tensor as the opinion's are stored: filters and matrices in a byte for each number."""
    return packed(name, tensor) if tensor.dim() > 1 else {name: tensor.float().clone()}


def save(state: dict[str, Tensor], out: Path) -> str:
    """Write one file: bytes as they are, matrices and filters in half precision, the rest in single. Its SHA-256."""
    half = ("backbone.", "hidden.weight", "fault_hidden.weight", "projection.weight", "preference.weight")

    def stored(name: str, tensor: Tensor) -> Tensor:
        if tensor.dtype is torch.int8:
            return tensor.contiguous()
        return (tensor.half() if name.startswith(half) else tensor.float()).contiguous()

    save_file({name: stored(name, tensor) for name, tensor in state.items()}, out)
    out.chmod(0o644)  # it was made for its owner only
    return hashlib.sha256(out.read_bytes()).hexdigest()


def add_to(out: Path, more: dict[str, Tensor]) -> str:
    """Add tensors to a file of weights, or replace them; the others stay bit by bit. Its SHA-256."""
    return save(load_file(out) | more, out)


def parser_of_heads(description: str | None) -> argparse.ArgumentParser:
    """The options of a command that trains heads from the cache and writes them into the weights."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--biq2021", type=Path, required=True, help="a checkout of nisarahmedrana/BIQ2021")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--metrics", type=Path, default=METRICS_FILE)
    parser.add_argument("--threads", type=int, default=2)
    return parser


def main() -> None:
    """Train, fold, write the weights and the numbers."""
    parser = parser_of_heads(__doc__)
    parser.add_argument("--fine", type=Path, required=True, help="the `tune` part of benchmarks/must_not_fool.csv")
    arguments = parser.parse_args()
    place("cpu")
    torch.set_num_threads(arguments.threads)
    data = read(arguments.biq2021, arguments.fine, arguments.cache)
    val, held_out = data.val, data.held_out

    faults = train_faults(data)
    severity, severity_of_spoiled = (apply(faults, each).clamp(0, 1) for each in (val.features, held_out.features))
    found_faults = fault_numbers(severity_of_spoiled, held_out)
    print(json.dumps(found_faults), flush=True)

    start = Impression()
    start.load_state_dict(load_file(arguments.cache / IMPRESSION))
    hidden, out = head = carried_over(start, data)
    features = hidden.in_features
    impression, impression_of_spoiled = (
        apply(head, each[:, :features])[:, 0] for each in (val.features, held_out.features)
    )
    weights = fault_weights(impression, severity, val)
    slope, intercept = straightened(impression - severity @ weights, val.mos)
    weights = weights * slope
    scores = impression * slope + intercept - severity @ weights
    found = {
        "impression alone": {**numbers(impression, val), "in_order": in_order(impression_of_spoiled, held_out)},
        "less the faults": {
            **numbers(scores, val),
            "in_order": in_order(impression_of_spoiled * slope - severity_of_spoiled @ weights, held_out),
            "rmse": round(float(((scores - val.mos) ** 2).mean().sqrt()), 4),
        },
    }
    print(json.dumps(found), weights.tolist(), flush=True)

    network = load_judge(arguments.cache / IMPRESSION)
    regions = train_regions(network, biq2021.read(arguments.biq2021, "train"))
    spread = train_spread(scores, functional.gelu(hidden(val.features[:, :features])).detach(), val)
    state = {f"backbone.{name}": tensor for name, tensor in network.backbone.state_dict().items()}
    state |= {f"spread.{name}": tensor for name, tensor in spread.state_dict().items()}
    state |= {f"regions.{name}": tensor for name, tensor in regions.state_dict().items()}
    state |= {f"faults.{name}": tensor for name, tensor in faults[1].state_dict().items()}
    state |= folded("hidden", hidden, data.mean[:features], data.spread[:features])
    state |= folded("fault_hidden", faults[0], data.mean, data.spread)
    state["mos.weight"], state["mos.bias"] = out.weight.detach() * slope, out.bias.detach() * slope + intercept
    state["fault_weights"] = weights
    sha256 = save(with_opinion(state), arguments.out)
    training = {
        "data": "BIQ2021 by models/biq2021_split.csv; models/clean_photos.csv",
        "photos": {"train": len(data.train.mos), "val": len(val.mos), "spoiled": len(data.spoiled.group)},
        "val": found,
        "faults_of_held_out_groups": found_faults,
        "fault_weights": {name: round(value, 4) for name, value in zip(FAULTS, weights.tolist(), strict=True)},
    }
    arguments.metrics.write_text(json.dumps({"training": training}, indent=2) + "\n", encoding="utf-8")
    print(f"{arguments.out}: SHA-256 {sha256}; write it into albumclean/scoring/scorers/judge.py")


if __name__ == "__main__":
    main()
