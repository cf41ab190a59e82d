"""Teach the second opinion on the MOS: a second ending of the network, from BIQ2021 and LIVE In the Wild.

    python -m models.train_opinion --biq2021 DIR --livec DIR --pictures DIR --cache DIR

Needs the views of `opinion_views`. Begins at the first opinion and changes nothing that others read: the severities,
the embedding and the features stay bit by bit. It is trained several times, by other draws, and the mean of the weights
is taken (Wortsman et al. 2022, "Model soups", arXiv:2203.05482). The score is the mean of both opinions. The tests are
not read. Kill it at any time; the same command goes on from the last checkpoint.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from albumclean.evaluation.metrics import srcc
from albumclean.scoring.device import place
from albumclean.scoring.scorers.judge import load
from models import biq2021, clean, livec, opinion_views
from models.head_data import LEAST_SPREAD
from models.opinion import Opinion, Views, predicted, shares, stored, tensors
from models.opinion_views import Seen
from models.running import Pace, Run, ranked
from models.settling import settle, straightened
from models.weights_file import add_to, parser_of_heads

CHECKPOINT: Final = "opinion-{}.checkpoint.pt"  # by seed
CHECKPOINT_EVERY: Final = 100  # steps
STANDARDISED_BY: Final = 1500  # views


@dataclass(frozen=True, slots=True)
class Recipe(Pace):
    """How the ending is trained."""

    steps: int = 500
    rated: int = 30  # views of BIQ2021 in a batch
    phones: int = 12  # of LIVE In the Wild
    phone_weight: float = 0.5  # how much the latter count
    spoiled: int = 2  # photos, each with three spoiled copies
    falling: float = 0.05  # how much their order counts
    rate: float = 5e-5
    head_rate: float = 1e-4
    decay: float = 0.03
    warm_up: float = 0.15
    dropout: float = 0.2
    album_weight: float = 1.5  # how much likelier an `ss02` photo is to be drawn: users have such photos
    averaging: float = 0.99
    seeds: int = 2


@dataclass(frozen=True, slots=True)
class Truth:
    """What the views are of."""

    mos: npt.NDArray[np.float32]  # of BIQ2021's `train`
    subset: npt.NDArray[np.int64]  # its number
    phones: npt.NDArray[np.float32]  # of LIVE In the Wild, on the judge's scale


class Rung(NamedTuple):
    """A photo or a spoiled copy of it."""

    seen: Seen
    first: float  # the first opinion on it


Spoiled = list[Rung]  # of many photos, each before its copies


def rungs(first: Opinion, spoiled: list[Seen]) -> Spoiled:
    """With what the first opinion says; it is part of the score, so the fall of both together is what counts."""
    said = predicted(first, Views(spoiled))
    return [Rung(each, said[each.photo, each.view]) for each in spoiled]


def _by_shape(spoiled: Spoiled) -> dict[tuple[int, ...], list[Spoiled]]:
    """Ladders of one shape, as a batch has to be."""
    found: dict[tuple[int, ...], list[Spoiled]] = {}
    for _, views in groupby(spoiled, key=lambda rung: rung.seen.photo):
        ladder = list(views)
        if len({rung.seen.fork.shape for rung in ladder}) == 1:
            found.setdefault(ladder[0].seen.fork.shape, []).append(ladder)
    return found


class Sampler:
    """Draws batches."""

    def __init__(
        self, rated: Views, phones: Views, spoiled: Spoiled, truth: Truth, recipe: Recipe, *, seed: int
    ) -> None:
        self.rated, self.phones, self.truth, self.recipe, self.seed = rated, phones, truth, recipe, seed
        self.random = np.random.default_rng(seed)
        albums = truth.subset == biq2021.SUBSETS.index("ss02")
        self._weights = np.where(albums, recipe.album_weight, 1.0)
        self._ladders = _by_shape(spoiled)

    def ladders(self) -> list[Rung]:
        """Photos of one shape, each before three spoiled copies of it."""
        shapes = sorted(self._ladders)
        counts = [len(self._ladders[shape]) for shape in shapes]
        ladders = self._ladders[shapes[self.random.choice(len(shapes), p=shares(counts))]]
        drawn: list[Rung] = []
        for _ in range(self.recipe.spoiled):
            ladder = ladders[self.random.integers(len(ladders))]
            # Too much light is what the first opinion forgives most: its copies come first, and twice as often.
            likely = shares([2.0 if 1 <= rung.seen.view <= 2 else 1.0 for rung in ladder[1:]])
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
        said = 10 * functional.smooth_l1_loss(scores, mos, beta=0.1) + ranked(scores, mos)
        loss = loss + recipe.phone_weight * said
        ladders = self.ladders()
        said = opinion.mos(opinion.inner(*tensors([rung.seen for rung in ladders]), recipe.dropout))
        both = (said + torch.tensor([rung.first for rung in ladders])) / 2
        both = both.reshape(recipe.spoiled, 4)
        severity = torch.tensor([rung.seen.severity for rung in ladders]).reshape(recipe.spoiled, 4)[:, 1:]
        fall = both[:, :1] - both[:, 1:]
        return loss + recipe.falling * functional.softplus((0.01 + 0.1 * severity - fall) / 0.02).mean()


def prepare(opinion: Opinion, rated: Views, phones: Views, truth: Truth) -> None:
    """Standardise, and bring what is said now to the scale of BIQ2021, and LIVE In the Wild's to what is said then."""
    random = np.random.default_rng(0)
    parts = [rated.draw(random, 50) for _ in range(STANDARDISED_BY // 50)]
    with torch.inference_mode():
        features = torch.cat([opinion.features(*tensors(part)) for part in parts])
    opinion.standardise(features.mean(0).clone(), features.std(0).clamp(min=LEAST_SPREAD).clone())
    said = predicted(opinion, Views([each for part in parts for each in part]))
    slope, offset = _line(said, truth.mos)
    with torch.no_grad():
        opinion.out.weight.mul_(slope)
        opinion.out.bias.mul_(slope).add_(offset)
    slope, offset = _line(predicted(opinion, phones), truth.phones)
    with torch.no_grad():
        opinion.slope.fill_(slope)
        opinion.offset.fill_(offset)


def _line(said: dict[tuple[int, int], float], mos: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Slope and intercept from what is said of photos' views to people's scores."""
    scores = torch.tensor(list(said.values()), dtype=torch.float64)
    return straightened(scores, torch.from_numpy(mos[[photo for photo, _ in said]]).double())


def train(opinion: Opinion, sampler: Sampler, val: Views, val_mos: list[float], checkpoint: Path) -> Opinion:
    """What it comes to: the running average of the weights."""
    recipe = sampler.recipe
    torch.manual_seed(sampler.seed)
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
    sampler.random = np.random.default_rng([sampler.seed, run.first])
    for step in run.left:
        run.learn(step, sampler.loss(opinion))
        if run.is_saved(step):
            print(f"val, this opinion alone: {alone(run.average, val, val_mos):.4f}", flush=True)
    return run.average


def alone(opinion: Opinion, val: Views, val_mos: list[float]) -> float:
    """The SRCC of this opinion by itself."""
    said = predicted(opinion, val)
    return srcc(np.array([said[number, 0] for number in range(len(said))]), np.array(val_mos))


def mean_of(opinions: list[Opinion]) -> Opinion:
    """With the mean of their weights."""
    mean = copy.deepcopy(opinions[0])
    states = [each.state_dict() for each in opinions]
    mean.load_state_dict({name: torch.stack([state[name] for state in states]).mean(0) for name in states[0]})
    return mean


def main() -> None:
    """Train, and write the second opinion into the weights."""
    parser = parser_of_heads(__doc__)
    parser.add_argument("--livec", type=Path, required=True, help="LIVE In the Wild, unpacked")
    parser.add_argument("--pictures", type=Path, required=True, help="as opinion_views had it")
    arguments = parser.parse_args()
    place("cpu")
    torch.set_num_threads(arguments.threads)
    recipe = Recipe()
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
    first = Opinion(network)
    prepare(first, seen["biq2021-train"], seen["livec-train"], truth)
    ladders = rungs(first, spoiled)
    val_mos = [photo.mos for photo in val]
    taught = []
    for seed in range(recipe.seeds):
        checkpoint = arguments.cache / CHECKPOINT.format(seed)
        sampler = Sampler(seen["biq2021-train"], seen["livec-train"], ladders, truth, recipe, seed=seed)
        taught.append(train(copy.deepcopy(first), sampler, seen["biq2021-val"], val_mos, checkpoint))
    opinion = mean_of(taught)
    print(f"val, the mean of {recipe.seeds} by itself: {alone(opinion, seen['biq2021-val'], val_mos):.4f}")

    weight = torch.cat([first.out.weight, opinion.out.weight], dim=1).detach() / 2
    bias = (first.out.bias + opinion.out.bias).detach() / 2
    add_to(arguments.out, stored(opinion) | {"mos.weight": weight, "mos.bias": bias})
    metrics = json.loads(arguments.metrics.read_text(encoding="utf-8"))
    counts = {"biq2021": len(rated), "livec": len(phones), "val": len(val)}
    metrics["training"]["opinion"] = {"photos": counts, "steps": recipe.steps, "seeds": recipe.seeds}
    settle(arguments.out, val, metrics["training"])
    arguments.metrics.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
