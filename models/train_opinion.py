"""Teach the second opinion on the MOS: a second ending of the network, from BIQ2021 and LIVE In the Wild.

    python -m models.train_opinion --biq2021 DIR --livec DIR --pictures DIR --cache DIR

Needs the views of `opinion_views`. Begins at the second opinion that the file has (`train_heads`: the first one's) and
changes nothing that others read: the severities, the embedding and the features stay bit by bit. The score is the mean
of both opinions, brought to `val` by one straight line; then the standard deviation is fitted anew. The tests are not
read. Kill it at any time; the same command goes on from the last checkpoint.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from albumclean.evaluation.metrics import srcc
from albumclean.media.view import network_view
from albumclean.scoring.device import place
from albumclean.scoring.nets.judge import FAULTS, QUANTITIES, Judge
from albumclean.scoring.scorers.judge import INPUT, load
from models import biq2021, clean, livec, opinion_views
from models.opinion import Opinion, Views, predicted, shares, stored, tensors
from models.opinion_views import Seen
from models.running import Pace, Run, ranked
from models.train_heads import LEAST_SPREAD, add_to, numbers, parser_of_heads, straightened, train_spread
from models.train_heads import Rated as RatedFeatures

CHECKPOINT: Final = "opinion.checkpoint.pt"
CHECKPOINT_EVERY: Final = 100  # steps
STANDARDISED_BY: Final = 1500  # views
SEVERITIES: Final = [QUANTITIES.index(fault) for fault in FAULTS]  # where the judge's values have them


@dataclass(frozen=True, slots=True)
class Recipe(Pace):
    """How the ending is trained."""

    steps: int = 700
    rated: int = 28  # views of BIQ2021 in a batch
    phones: int = 14  # of LIVE In the Wild
    spoiled: int = 2  # photos, each with three spoiled copies
    rate: float = 5e-5
    head_rate: float = 1e-4
    decay: float = 0.05
    warm_up: float = 0.15
    dropout: float = 0.25
    album_weight: float = 1.7  # how much likelier an `ss02` photo is to be drawn: users have such photos
    averaging: float = 0.99
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Truth:
    """What the views are of."""

    mos: npt.NDArray[np.float32]  # of BIQ2021's `train`
    subset: npt.NDArray[np.int64]  # its number
    phones: npt.NDArray[np.float32]  # of LIVE In the Wild, on the judge's scale


class Sampler:
    """Draws batches."""

    def __init__(self, rated: Views, phones: Views, spoiled: list[Seen], truth: Truth, recipe: Recipe) -> None:
        self.rated, self.phones, self.truth, self.recipe = rated, phones, truth, recipe
        self.random = np.random.default_rng(recipe.seed)
        albums = truth.subset == biq2021.SUBSETS.index("ss02")
        self._weights = np.where(albums, recipe.album_weight, 1.0)
        self._by_shape: dict[tuple[int, ...], list[list[Seen]]] = {}
        for _, views in groupby(spoiled, key=lambda each: each.photo):
            ladder = list(views)
            if len({each.fork.shape for each in ladder}) == 1:  # a batch is of one shape
                self._by_shape.setdefault(ladder[0].fork.shape, []).append(ladder)

    def ladders(self) -> list[Seen]:
        """Photos of one shape, each before three spoiled copies of it."""
        shapes = sorted(self._by_shape)
        shape = shapes[self.random.choice(len(shapes), p=shares([len(self._by_shape[each]) for each in shapes]))]
        drawn: list[Seen] = []
        for _ in range(self.recipe.spoiled):
            ladder = self._by_shape[shape][self.random.integers(len(self._by_shape[shape]))]
            # Too much light is what the first opinion forgives most: its copies come first, and twice as often.
            likely = shares([2.0 if 1 <= each.view <= 2 else 1.0 for each in ladder[1:]])
            rows = self.random.choice(len(ladder) - 1, 3, replace=False, p=likely)
            drawn += [ladder[0], *(ladder[1 + row] for row in rows)]
        return drawn

    def loss(self, opinion: Opinion) -> Tensor:
        """Of the next batch: both crowds' scores and their order, and photos above their spoiled copies."""
        recipe, truth = self.recipe, self.truth
        views = self.rated.draw(self.random, recipe.rated, self._weights)
        photos = [each.photo for each in views]
        scores = opinion.mos(opinion.inner(*tensors(views), recipe.dropout))
        mos, subset = torch.from_numpy(truth.mos[photos]), truth.subset[photos]
        loss = 10 * functional.smooth_l1_loss(scores, mos, beta=0.1)
        for number in range(len(biq2021.SUBSETS)):
            rows = torch.from_numpy(np.flatnonzero(subset == number))
            if len(rows) > 3:
                loss = loss + ranked(scores[rows], mos[rows]) * len(rows) / len(photos)
        views = self.phones.draw(self.random, recipe.phones)
        scores = opinion.mos_of_phones(opinion.inner(*tensors(views), recipe.dropout))
        mos = torch.from_numpy(truth.phones[[each.photo for each in views]])
        loss = loss + 10 * functional.smooth_l1_loss(scores, mos, beta=0.1) + ranked(scores, mos)
        ladders = self.ladders()
        rungs = opinion.mos(opinion.inner(*tensors(ladders), recipe.dropout)).reshape(recipe.spoiled, 4)
        severity = torch.tensor([each.severity for each in ladders]).reshape(recipe.spoiled, 4)[:, 1:]
        fall = rungs[:, :1] - rungs[:, 1:]
        return loss + 0.5 * functional.softplus((0.2 * severity - fall) / 0.03).mean()


def prepare(opinion: Opinion, rated: Views, phones: Views, mos_of_phones: npt.NDArray[np.float32]) -> None:
    """Standardise, and bring LIVE In the Wild's scale to what is said now."""
    random = np.random.default_rng(0)
    with torch.inference_mode():
        parts = [rated.draw(random, 50) for _ in range(STANDARDISED_BY // 50)]
        features = torch.cat([opinion.features(*tensors(part)) for part in parts])
    opinion.standardise(features.mean(0).clone(), features.std(0).clamp(min=LEAST_SPREAD).clone())
    said = predicted(opinion, phones)
    scores = np.array(list(said.values()))
    slope, offset = np.polyfit(scores, mos_of_phones[[photo for photo, _ in said]], 1)
    with torch.no_grad():
        opinion.slope.fill_(float(slope))
        opinion.offset.fill_(float(offset))


def train(opinion: Opinion, sampler: Sampler, val: Views, val_mos: list[float], checkpoint: Path) -> None:
    """Leaves the running average of the weights in `opinion`."""
    recipe = sampler.recipe
    heads = [parameter for name, parameter in opinion.named_parameters() if not name.startswith("ending.")]
    run = Run(
        opinion,
        list(opinion.ending.parameters()),
        heads,
        recipe,
        steps=recipe.steps,
        checkpoint=checkpoint,
        every=CHECKPOINT_EVERY,
    )
    if run.first:
        sampler.random = np.random.default_rng([recipe.seed, run.first])
    for step in run.left:
        run.learn(step, sampler.loss(opinion))
        if run.is_saved(step):
            said = predicted(run.average, val)
            alone = srcc(np.array([said[number, 0] for number in range(len(said))]), np.array(val_mos))
            print(f"val, this opinion alone: {alone:.4f}", flush=True)
    opinion.load_state_dict(run.average.state_dict())


def impressions(network: Judge, photos: list[biq2021.Rated]) -> tuple[Tensor, Tensor]:
    """Of the photos as in use: what the MOS' head reads (n, 2 H), and what the faults take from it (n,)."""
    found, costs = [], []
    with torch.inference_mode():
        for photo in photos:
            view = network_view(biq2021.open_rgb(photo.path), INPUT)
            with torch.autocast("cpu", torch.bfloat16):
                look = network.look(torch.from_numpy(view.whole.copy())[None])
                found.append(network.impression(look)[0])
                values = network.values(look, network.look_closely(torch.from_numpy(view.patches)[None]))
            costs.append((values[0, SEVERITIES] * network.fault_weights).sum())
    return torch.stack(found).clone(), torch.stack(costs).clone()


def main() -> None:
    """Train, and write the second opinion into the weights."""
    parser = parser_of_heads(__doc__)
    parser.add_argument("--livec", type=Path, required=True, help="LIVE In the Wild, unpacked")
    parser.add_argument("--pictures", type=Path, required=True, help="as opinion_views had it")
    arguments = parser.parse_args()
    place("cpu")
    torch.set_num_threads(arguments.threads)
    recipe = Recipe()
    torch.manual_seed(recipe.seed)
    rated, val = (biq2021.read(arguments.biq2021, split) for split in ("train", "val"))
    phones = livec.read(arguments.livec, "train")
    seen = {
        name: Views(opinion_views.read(arguments.cache, name, len(photos)))
        for name, photos in (("biq2021-train", rated), ("biq2021-val", val), ("livec-train", phones))
    }
    spoiled = opinion_views.read(arguments.cache, "spoiled", len(clean.read(arguments.pictures)))
    truth = Truth(
        np.array([photo.mos for photo in rated], np.float32),
        np.array([biq2021.SUBSETS.index(photo.subset) for photo in rated]),
        np.array([photo.mos / 100 for photo in phones], np.float32),
    )
    network = load(arguments.out)
    opinion = Opinion(network)
    prepare(opinion, seen["biq2021-train"], seen["livec-train"], truth.phones)
    sampler = Sampler(seen["biq2021-train"], seen["livec-train"], spoiled, truth, recipe)
    val_mos = [photo.mos for photo in val]
    train(opinion, sampler, seen["biq2021-val"], val_mos, arguments.cache / CHECKPOINT)

    first = network.mos.weight.detach()[:, : opinion.hidden.out_features]
    weight = torch.cat([first, opinion.out.weight.detach() / 2], dim=1)
    bias = (network.mos.bias.detach() + opinion.out.bias.detach()) / 2
    add_to(arguments.out, stored(opinion) | {"mos.weight": weight, "mos.bias": bias})
    inner, cost = impressions(load(arguments.out).for_inference(), val)
    scores = (inner @ weight.T + bias)[:, 0] - cost
    slope, intercept = straightened(scores, torch.tensor(val_mos))
    scores = scores * slope + intercept
    table = RatedFeatures(inner, torch.tensor(val_mos), torch.tensor([biq2021.SUBSETS.index(p.subset) for p in val]))
    spread = train_spread(scores, inner, table)
    more = {"mos.weight": weight * slope, "mos.bias": bias * slope + intercept}
    more |= {"fault_weights": network.fault_weights * slope}
    more |= {f"spread.{name}": tensor.detach() for name, tensor in spread.state_dict().items()}
    sha256 = add_to(arguments.out, more)
    found = {**numbers(scores, table), "rmse": round(float(((scores - table.mos) ** 2).mean().sqrt()), 4)}
    print(json.dumps(found), f"slope {slope:.3f}")
    metrics = json.loads(arguments.metrics.read_text(encoding="utf-8"))
    counts = {"biq2021": len(rated), "livec": len(phones), "val": len(val)}
    metrics["training"]["opinion"] = {"photos": counts, "steps": recipe.steps, "val": found}
    arguments.metrics.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    print(f"{arguments.out}: SHA-256 {sha256}; write it into albumclean/scoring/scorers/judge.py")


if __name__ == "__main__":
    main()
