"""Train the judge's heads on the features of the fine-tuned backbone and write `models/judge.safetensors`.

    python -m models.train_heads --biq2021 DIR --fine DIR --cache DIR

Needs what `train_backbone` and `synthesise` left in the cache; the features of BIQ2021 are added to it.
The MOS head is the one that was trained with the backbone; `val` says what each fault costs
and how sure the score is. `test` is not read.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from albumclean.scoring.device import place
from albumclean.scoring.nets.efficientnet_lite import FORK, STAGES
from albumclean.scoring.nets.judge import CONTENT_CHANNELS
from albumclean.scoring.scorers.judge import EMBEDDING
from models import biq2021
from models.head_data import apply, read
from models.impression import Impression
from models.settling import settle
from models.synthesise import load_judge
from models.train_backbone import IMPRESSION
from models.train_faults import fault_numbers, state_of, train_faults
from models.train_regions import train_regions
from models.weights_file import as_bytes, folded, parser_of_heads, save


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


def main() -> None:
    """Train, fold, write the weights and the numbers."""
    parser = parser_of_heads(__doc__)
    parser.add_argument("--fine", type=Path, required=True, help="the `tune` part of benchmarks/must_not_fool.csv")
    arguments = parser.parse_args()
    place("cpu")
    torch.set_num_threads(arguments.threads)
    impression = arguments.cache / IMPRESSION
    data = read(arguments.biq2021, arguments.fine, arguments.cache, impression)
    faults = train_faults(data)
    found = fault_numbers(apply(faults, data.held_out.features).clamp(0, 1), data.held_out)
    print(json.dumps(found), flush=True)

    start = Impression()
    start.load_state_dict(load_file(impression))
    network = load_judge(impression)
    regions = train_regions(network, biq2021.read(arguments.biq2021, "train"))
    state = {f"backbone.{name}": tensor for name, tensor in network.backbone.state_dict().items()}
    state |= {f"regions.{name}": tensor for name, tensor in regions.state_dict().items()}
    state |= folded("hidden", start.hidden, start.mean, start.spread) | state_of(faults, data)
    state |= {"mos.weight": start.out.weight.detach(), "mos.bias": start.out.bias.detach()}
    state |= {"spread.weight": torch.zeros_like(state["mos.weight"]), "spread.bias": torch.zeros(1)}  # until settled
    state["fault_weights"] = torch.zeros(len(found))
    for name, outputs, inputs in (
        ("preference", 1, 2 * network.backbone.features),
        ("projection", EMBEDDING, CONTENT_CHANNELS),
    ):  # until they have been trained
        state |= {f"{name}.weight": torch.zeros(outputs, inputs), f"{name}.bias": torch.zeros(outputs)}
    save(with_opinion(state), arguments.out)
    training: dict[str, object] = {
        "data": "BIQ2021 by models/biq2021_split.csv; models/clean_photos.csv",
        "photos": {"train": len(data.train.mos), "spoiled": len(data.spoiled.group)},
        "faults_of_held_out_groups": found,
    }
    settle(arguments.out, biq2021.read(arguments.biq2021, "val"), training)
    arguments.metrics.write_text(json.dumps({"training": training}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
