"""Train the kind head on cached features and write `models/kind.safetensors`.

    python -m models.train_kind --pictures DIR --biq2021 DIR --photos DIR --hard DIR --cache DIR [--threads N]

Runs after `kind_features`, on what that left in the cache, and after `kind_cutoffs`, whose outcome stands in the
policy. `measure_kind` gives the numbers; `continue_kind` goes on from here with other pictures.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from albumclean.domain import PhotoKind
from albumclean.media.statistics import COUNT
from albumclean.scoring.lite0 import CONTENT_CHANNELS
from albumclean.scoring.nets.judge import content
from albumclean.scoring.nets.kind import KindHead
from models.kind_features import cell, parser_of_kinds, places_of
from models.kind_samples import KINDS, Sample, train_samples

HIDDEN: Final = 48
EPOCHS: Final = 15
RATE: Final = 2e-3
DECAY: Final = 0.02
BATCH: Final = 128
MODELS: Final = 6  # heads of other seeds, side by side in one: their mean of logits errs less than any of them
DROP_SHOWN, DROP_MEASURED, DROP_HIDDEN = 0.6, 0.15, 0.3
SMOOTHING: Final = 0.03
LEAST_SHOWN, LEAST_MEASURED = 0.02, 0.01  # spread of a column that hardly varies
FAR: Final = 8.0  # standard deviations: beyond, a picture is like none that the head has seen
WEIGHT: Final = {PhotoKind.PHOTO: 1.3, PhotoKind.SCREENSHOT: 3.0, PhotoKind.GRAPHIC: 1.5}  # documents are the most
CROWD: Final = 40  # pictures of one source from which on each weighs less
WEIGHTS_OUT: Final = Path(__file__).with_name("kind.safetensors")


@dataclass(frozen=True, slots=True)
class Table:
    """Cached pictures: (n, 2336) and (n, S), and what each is."""

    shown: Tensor
    measured: Tensor
    samples: list[Sample]

    @property
    def kinds(self) -> Tensor:
        """(n,), positions in `KINDS`."""
        return torch.tensor([KINDS.index(sample.kind) for sample in self.samples])


def read(cache: Path, samples: Sequence[Sample]) -> Table:
    """Those of the samples that are in the cache."""
    found = [(sample, np.load(path)) for sample in samples if (path := cell(cache, sample)).exists()]
    features = torch.from_numpy(np.stack([each["features"] for _, each in found])).float()
    measured = torch.from_numpy(np.stack([each["statistics"] for _, each in found])).float()
    return Table(content(features), measured, [sample for sample, _ in found])


def weights(samples: Sequence[Sample]) -> Tensor:
    """What each picture counts: by its kind, and those of a source with many pictures less, but for photos."""
    sources = [(sample.kind, _whose(sample)) for sample in samples]
    crowd = Counter(sources)
    fair = {source: min(1.0, (CROWD / count) ** 0.5) for source, count in crowd.items()}
    made = [WEIGHT.get(kind, 1.0) * (1.0 if kind is PhotoKind.PHOTO else fair[kind, whose]) for kind, whose in sources]
    return torch.tensor(made)


def _whose(sample: Sample) -> str:
    """The source; for documents of no source the way they were made, of which each is as good as a source."""
    made = sample.make.partition("+")[0] if sample.kind is PhotoKind.DOCUMENT else ""
    return sample.source or made


class Scale:
    """In which the columns of a table have mean 0 and spread 1."""

    def __init__(self, table: Table) -> None:
        self.mean = (table.shown.mean(0), table.measured.mean(0))
        self.spread = (
            table.shown.std(0).clamp(min=LEAST_SHOWN),
            table.measured.std(0).clamp(min=LEAST_MEASURED),
        )

    def columns(self, table: Table) -> tuple[Tensor, Tensor]:
        """Both parts of a table."""
        parts = zip((table.shown, table.measured), self.mean, self.spread, strict=True)
        shown, measured = (((part - mean) / spread).clamp(-FAR, FAR) for part, mean, spread in parts)
        return shown, measured


class Trained(nn.Module):
    """The head on standardised columns, with dropout."""

    def __init__(self, table: Table, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.scale = Scale(table)
        self.shown = nn.Linear(CONTENT_CHANNELS, HIDDEN)
        self.measured = nn.Linear(COUNT, HIDDEN, bias=False)
        self.out = nn.Linear(HIDDEN, len(KINDS))
        nn.init.normal_(self.shown.weight, 0.0, 0.3 / CONTENT_CHANNELS**0.5)

    def forward(self, shown: Tensor, measured: Tensor) -> Tensor:
        """Logits (n, 5)."""
        inner = self._seen_in_part(shown) if self.training else self.shown(shown)
        inner = inner + self.measured(functional.dropout(measured, DROP_MEASURED, self.training))
        logits: Tensor = self.out(functional.dropout(functional.gelu(inner), DROP_HIDDEN, self.training))
        return logits

    def _seen_in_part(self, shown: Tensor) -> Tensor:
        """As `self.shown`, of some columns, the same for the whole batch: dropout that spares the work for the rest."""
        kept = torch.randperm(CONTENT_CHANNELS)[: round((1 - DROP_SHOWN) * CONTENT_CHANNELS)]
        part = functional.linear(shown.index_select(1, kept), self.shown.weight.index_select(1, kept))
        return part / (1 - DROP_SHOWN) + self.shown.bias


def fit(table: Table, seed: int) -> Trained:
    """One head."""
    head = Trained(table, seed)
    shown, measured = head.scale.columns(table)
    kinds, weight = table.kinds, weights(table.samples)
    optimiser = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=DECAY, fused=True)
    steps = EPOCHS * -(-len(kinds) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(kinds)).split(BATCH):  # type: ignore[no-untyped-call]
            logits = head(shown[rows], measured[rows])
            each = functional.cross_entropy(logits, kinds[rows], reduction="none", label_smoothing=SMOOTHING)
            optimiser.zero_grad()
            (each * weight[rows]).mean().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return head.eval()


def shipped(heads: Sequence[Trained]) -> dict[str, Tensor]:
    """The weights of one `KindHead` that gives the mean of the heads' logits, on columns as they are."""
    names = ("shown.weight", "shown.bias", "measured.weight", "out.weight")
    state: dict[str, list[Tensor]] = {name: [] for name in names}
    for head in heads:
        shown, measured = head.shown.weight / head.scale.spread[0], head.measured.weight / head.scale.spread[1]
        state["shown.weight"].append(shown)
        state["measured.weight"].append(measured)
        state["shown.bias"].append(head.shown.bias - shown @ head.scale.mean[0] - measured @ head.scale.mean[1])
        state["out.weight"].append(head.out.weight.T / len(heads))
    joined = {name: torch.cat(parts).detach() for name, parts in state.items()}
    joined["out.weight"] = joined["out.weight"].T
    joined["out.bias"] = torch.stack([head.out.bias for head in heads]).mean(0).detach()
    joined["shown.weight"] = joined["shown.weight"].half()  # the only large one
    return {name: value.contiguous() for name, value in joined.items()}


def probabilities(state: dict[str, Tensor], table: Table) -> Tensor:
    """What the shipped head gives, (n, 5)."""
    shown = table.shown @ state["shown.weight"].float().T + state["shown.bias"]
    inner = functional.gelu(shown + table.measured @ state["measured.weight"].T)
    return (inner @ state["out.weight"].T + state["out.bias"]).softmax(dim=1)


def main() -> None:
    """Fit and write the weights."""
    arguments = parser_of_kinds(__doc__).parse_args()
    torch.set_num_threads(arguments.threads)
    places = places_of(arguments)
    train = read(arguments.cache, train_samples(places))
    state = shipped([fit(train, seed) for seed in range(MODELS)])
    save_file(state, WEIGHTS_OUT)
    head = KindHead(statistics=COUNT, hidden=HIDDEN * MODELS)
    head.load_state_dict({name: value.float() for name, value in state.items()})  # what the program does
    sha256 = hashlib.sha256(WEIGHTS_OUT.read_bytes()).hexdigest()
    print(f"{WEIGHTS_OUT}: SHA-256 {sha256}; write it into albumclean/scoring/scorers/kind.py")


if __name__ == "__main__":
    main()
