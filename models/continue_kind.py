"""The kind head goes on learning from more sources, without the pictures that it was first trained on.

    python -m models.continue_kind START --pictures DIR --biq2021 DIR --photos DIR --hard DIR --cache DIR [--threads N]

START is a `kind.safetensors` as `train_kind` or this left it. The head is trained on the pictures of split `more` and
on some made of BIQ2021, for which half of what it is told is what START says, so that it forgets nothing; then
its weights are put between START's and the new ones (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022),
which keeps what START knew of pictures that are not there any more. First the cutoffs are chosen by the rule of
`kind_cutoffs`, by heads that went on without a fifth of the owners; a cutoff never falls. Writes `kind.safetensors` and
`kind_cutoffs.json`; `measure_kind` gives the numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias, cast

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from albumclean.domain import PhotoKind
from models.kind_cutoffs import FOLDS, part, told
from models.kind_cutoffs import METRICS_OUT as CUTOFFS_OUT
from models.kind_features import parser_of_kinds, places_of
from models.kind_samples import KINDS, Sample, kept_samples, more_samples
from models.train_kind import SMOOTHING, WEIGHTS_OUT, Scale, Table, probabilities, read

EPOCHS: Final = 6
RATE: Final = 3e-4
BATCH: Final = 128
DROP_SHOWN, DROP_MEASURED, DROP_HIDDEN = 0.3, 0.15, 0.3
PULL: Final = 1e-3  # back to START, on the squares of what the weights have moved
TRUST: Final = 0.5  # how much of what START says is believed on what it shall not forget
SHARE: Final = 0.8  # of the way from START to the end of training
WEIGHT: Final = {PhotoKind.PHOTO: 1.3, PhotoKind.SCREENSHOT: 2.0, PhotoKind.GRAPHIC: 1.5, PhotoKind.DOCUMENT: 3.0}

State: TypeAlias = dict[str, Tensor]


def joined(*tables: Table) -> Table:
    """All rows of them."""
    shown, measured = torch.cat([each.shown for each in tables]), torch.cat([each.measured for each in tables])
    return Table(shown, measured, [sample for each in tables for sample in each.samples])


def scaled(state: State, scale: Scale) -> State:
    """The head for columns in this scale."""
    found = {name: value.float() for name, value in state.items()}
    shift = found["shown.weight"] @ scale.mean[0] + found["measured.weight"] @ scale.mean[1]
    found["shown.bias"] = found["shown.bias"] + shift
    found["shown.weight"] = found["shown.weight"] * scale.spread[0]
    found["measured.weight"] = found["measured.weight"] * scale.spread[1]
    return found


def plain(state: State, scale: Scale) -> State:
    """The head for columns as they are, as it is shipped, of one for columns in this scale."""
    found = dict(state)
    found["shown.weight"] = found["shown.weight"] / scale.spread[0]
    found["measured.weight"] = found["measured.weight"] / scale.spread[1]
    shift = found["shown.weight"] @ scale.mean[0] + found["measured.weight"] @ scale.mean[1]
    found["shown.bias"] = found["shown.bias"] - shift
    found["shown.weight"] = found["shown.weight"].half()
    return {name: value.contiguous() for name, value in found.items()}


def _logits(state: State, shown: Tensor, measured: Tensor) -> Tensor:
    """(n, 5), with dropout."""
    shown, measured = functional.dropout(shown, DROP_SHOWN), functional.dropout(measured, DROP_MEASURED)
    inner = shown @ state["shown.weight"].T + measured @ state["measured.weight"].T + state["shown.bias"]
    hidden = functional.dropout(functional.gelu(inner), DROP_HIDDEN)
    return hidden @ state["out.weight"].T + state["out.bias"]


def going_on(start: State, more: Table, kept: Table, seed: int = 0) -> State:
    """The head after training from `start`, on columns as they are."""
    torch.manual_seed(seed)
    table = joined(kept, more)
    scale = Scale(table)
    shown, measured = scale.columns(table)
    wanted = functional.one_hot(table.kinds, len(KINDS)).float() * (1 - SMOOTHING) + SMOOTHING / len(KINDS)
    here = len(kept.samples)
    wanted[:here] = (1 - TRUST) * wanted[:here] + TRUST * probabilities(start, kept)
    weight = torch.tensor([WEIGHT.get(sample.kind, 1.0) for sample in table.samples])
    first = scaled(start, scale)
    state = {name: value.clone().requires_grad_() for name, value in first.items()}
    optimiser = torch.optim.Adam(state.values(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, EPOCHS * -(-len(wanted) // BATCH))
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(wanted)).split(BATCH):  # type: ignore[no-untyped-call]
            found = _logits(state, shown[rows], measured[rows]).log_softmax(1)
            loss = -((wanted[rows] * found).sum(1) * weight[rows]).mean()
            loss = loss + PULL * torch.stack([((state[name] - first[name]) ** 2).sum() for name in first]).sum()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return plain({name: first[name] + SHARE * (state[name].detach() - first[name]) for name in first}, scale)


def out_of_fold(start: State, more: Table, kept: Table) -> Tensor:
    """(n, 5) likelihoods of `more`, each from a head that went on without that owner's pictures."""
    fold = [_fold(sample) for sample in more.samples]
    found = torch.zeros(len(fold), len(KINDS))
    for number in range(FOLDS):
        seen, left = ([row for row, at in enumerate(fold) if (at == number) is out] for out in (False, True))
        if left:
            state = going_on(start, part(more, seen), kept)
            found[torch.tensor(left)] = probabilities(state, part(more, left))
    return found


def _fold(sample: Sample) -> int:
    owner = sample.source.partition("+")[0].lower()
    return hashlib.md5(owner.encode(), usedforsecurity=False).digest()[0] % FOLDS


def chosen(found: Tensor, samples: Sequence[Sample], before: dict[str, float]) -> dict[str, object]:
    """What `kind_cutoffs` tells of them, with the higher of its cutoffs and those of before."""
    rows = [at for at, sample in enumerate(samples) if sample.make != "cropped"]
    outcome = told(found[torch.tensor(rows)], [samples[row] for row in rows])
    by_rule = cast(dict[str, float], outcome["cutoffs"])
    return {
        **outcome,
        "by_rule": by_rule,
        "cutoffs": {kind: max(least, before[kind]) for kind, least in by_rule.items()},
    }


def main() -> None:
    """Choose, fit, write the weights and the numbers."""
    parser = parser_of_kinds(__doc__)
    parser.add_argument("start", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)  # else most of the time goes into them
    places, start = places_of(arguments), load_file(arguments.start)
    more, kept = (read(arguments.cache, samples(places)) for samples in (more_samples, kept_samples))
    before = json.loads(CUTOFFS_OUT.read_text(encoding="utf-8"))["cutoffs"]
    cutoffs = chosen(out_of_fold(start, more, kept), more.samples, before)
    CUTOFFS_OUT.write_text(json.dumps(cutoffs, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(cutoffs, indent=2))
    state = going_on(start, more, kept)
    save_file(state, WEIGHTS_OUT)
    sha256 = hashlib.sha256(WEIGHTS_OUT.read_bytes()).hexdigest()
    print(f"{WEIGHTS_OUT}: SHA-256 {sha256}; write it into albumclean/scoring/scorers/kind.py")


if __name__ == "__main__":
    main()
