"""Teach the severity heads, and settle what each fault costs.

    python -m models.train_faults --biq2021 DIR --fine DIR --cache DIR

Runs after `train_heads`, and again on any judge, on what `synthesise` left in the cache; the features of BIQ2021 are
added to it. Everything that the severities have no part in stays as it is, bit by bit. `test` is not read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from albumclean.scoring.device import place
from albumclean.scoring.nets.judge import FAULTS
from models import biq2021
from models.head_data import Data, Head, Spoiled, apply, read
from models.settling import settle
from models.weights_file import add_to, folded, parser_of_heads

FAULT_HIDDEN: Final = 64
CLEAN_MOS: Final = 0.75  # rated photos from here on teach the severity heads what is no fault: night, fog, bokeh


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


def fault_numbers(severity: Tensor, spoiled: Spoiled) -> dict[str, dict[str, float]]:
    """By fault: mean error where it is there, mean reading where it is not."""
    result: dict[str, dict[str, float]] = {}
    for number, name in enumerate(FAULTS):
        there = (spoiled.severities[:, number] > 0) & (spoiled.known[:, number] > 0)
        absent = (spoiled.severities[:, number] == 0) & (spoiled.known[:, number] > 0)
        error = (severity[there, number] - spoiled.severities[there, number]).abs().mean()
        result[name] = {"error": round(float(error), 3), "false": round(float(severity[absent, number].mean()), 3)}
    return result


def state_of(head: Head, data: Data) -> dict[str, Tensor]:
    """The severity heads as they lie in the file, on raw features."""
    state = {f"faults.{name}": tensor.detach() for name, tensor in head[1].state_dict().items()}
    return state | folded("fault_hidden", head[0], data.mean, data.spread)


def main() -> None:
    """Teach, write the weights and the numbers."""
    parser = parser_of_heads(__doc__)
    parser.add_argument("--fine", type=Path, required=True, help="the `tune` part of benchmarks/must_not_fool.csv")
    arguments = parser.parse_args()
    place("cpu")
    torch.set_num_threads(arguments.threads)
    data = read(arguments.biq2021, arguments.fine, arguments.cache, arguments.out)
    faults = train_faults(data)
    found = fault_numbers(apply(faults, data.held_out.features).clamp(0, 1), data.held_out)
    print(json.dumps(found), flush=True)
    add_to(arguments.out, state_of(faults, data))
    metrics = json.loads(arguments.metrics.read_text(encoding="utf-8"))
    metrics["training"]["photos"] = {"train": len(data.train.mos), "spoiled": len(data.spoiled.group)}
    metrics["training"]["faults_of_held_out_groups"] = found
    settle(arguments.out, biq2021.read(arguments.biq2021, "val"), metrics["training"])
    arguments.metrics.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
