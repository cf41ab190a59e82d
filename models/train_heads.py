"""Put the judge together from the fine-tuned backbone and write `models/judge.safetensors`.

    python -m models.train_heads --biq2021 DIR --cache DIR

Needs what `train_backbone` left in the cache. The MOS head is the one that was trained with the backbone; the map of
local quality is taught here. All other heads say nothing until their trainings have been: `train_faults`, which also
settles the score, comes next. `test` is not read.
"""

from __future__ import annotations

import json

import torch
from safetensors.torch import load_file
from torch import Tensor

from albumclean.scoring.device import place
from albumclean.scoring.lite0 import CONTENT_CHANNELS, FORK, STAGES
from albumclean.scoring.nets.judge import FAULTS
from albumclean.scoring.scorers.judge import EMBEDDING
from models import biq2021
from models.impression import Impression
from models.synthesise import load_judge
from models.train_backbone import IMPRESSION
from models.train_faults import FAULT_HIDDEN
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
    """Teach the map, fold, write the weights."""
    arguments = parser_of_heads(__doc__).parse_args()
    place("cpu")
    torch.set_num_threads(arguments.threads)
    start = Impression()
    start.load_state_dict(load_file(arguments.cache / IMPRESSION))
    network = load_judge(arguments.cache / IMPRESSION)
    regions = train_regions(network, biq2021.read(arguments.biq2021, "train"))
    features, hidden = network.backbone.features, start.hidden.out_features
    state = {f"backbone.{name}": tensor for name, tensor in network.backbone.state_dict().items()}
    state |= {f"regions.{name}": tensor for name, tensor in regions.state_dict().items()}
    state |= folded("hidden", start.hidden, start.mean, start.spread)
    state |= {f"mos.{name}": tensor for name, tensor in start.out.state_dict().items()}
    for name, outputs, inputs in (
        ("spread", 1, hidden),
        ("fault_hidden", FAULT_HIDDEN, 2 * features),
        ("faults", len(FAULTS), FAULT_HIDDEN),
        ("preference", 1, 2 * features),
        ("projection", EMBEDDING, CONTENT_CHANNELS),
    ):
        state |= {f"{name}.weight": torch.zeros(outputs, inputs), f"{name}.bias": torch.zeros(outputs)}
    state["fault_weights"] = torch.zeros(len(FAULTS))
    save(with_opinion(state), arguments.out)
    training = {"data": "BIQ2021 by models/biq2021_split.csv; models/clean_photos.csv"}
    arguments.metrics.write_text(json.dumps({"training": training}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
