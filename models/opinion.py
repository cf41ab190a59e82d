"""The second opinion as it is trained: its ending and head with gradients, and batches of what it begins at."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from albumclean.scoring.lite0 import FORK
from albumclean.scoring.nets.efficientnet_lite import Block, EfficientNetLite0, Ending, pool
from albumclean.scoring.nets.judge import Judge
from models.opinion_views import Seen
from models.weights_file import as_bytes

Weights = npt.NDArray[np.float64]


class Opinion(nn.Module):
    """The ending with its head as it is trained: features standardised, dropout, gradients.

    It begins at the first opinion.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, judge: Judge) -> None:
        super().__init__()
        self.ending = Ending(FORK + 1)
        self.ending.stages = copy.deepcopy(judge.backbone.stages[FORK:])
        self.ending.head = copy.deepcopy(judge.backbone.head)
        self.hidden = copy.deepcopy(judge.hidden)
        self.out = nn.Linear(self.hidden.out_features, 1)
        half = self.hidden.out_features
        with torch.no_grad():  # what both say together is the mean of what each says
            self.out.weight.copy_(2 * judge.mos.weight[:, :half])
            self.out.bias.copy_(judge.mos.bias)
        # Another crowd, asked in another way: its scale, and what else it saw.
        self.slope, self.offset = nn.Parameter(torch.tensor(1.0)), nn.Parameter(torch.tensor(0.0))
        self.besides = nn.Linear(half, 1)
        nn.init.zeros_(self.besides.weight)
        nn.init.zeros_(self.besides.bias)
        self.register_buffer("mean", torch.zeros(EfficientNetLite0.features))
        self.register_buffer("spread", torch.ones(EfficientNetLite0.features))

    def standardise(self, mean: Tensor, spread: Tensor) -> None:
        """From now on the head reads standardised features; what it says stays the same."""
        with torch.no_grad():
            self.hidden.bias.add_(self.hidden.weight @ mean)
            self.hidden.weight.mul_(spread)
        self.mean.copy_(mean)
        self.spread.copy_(spread)

    def features(self, fork: Tensor, early: Tensor) -> Tensor:
        """(n, h, w, C) and (n, E) -> (n, F), as the judge's head reads them."""
        x = fork.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
        pooled = [early]
        with torch.autocast("cpu", torch.bfloat16):
            for stage in self.ending.stages:
                for block in cast(Iterable[Block], stage):
                    x, wide = _through(block, x)
                    if block.stride > 1:
                        pooled.append(pool(wide))
                pooled.append(pool(x))
            pooled.append(pool(functional.relu6(self.ending.head(x))))
        return torch.cat(pooled, dim=1)

    def inner(self, fork: Tensor, early: Tensor, dropout: float) -> Tensor:
        """The head's hidden layer, (n, H)."""
        x = (self.features(fork, early) - self.mean) / self.spread
        inner = functional.gelu(self.hidden(functional.dropout(x, dropout, self.training)))
        return functional.dropout(inner, dropout, self.training)

    def mos(self, inner: Tensor) -> Tensor:
        """(n,), as BIQ2021's people would say."""
        found: Tensor = self.out(inner)[:, 0]
        return found

    def mos_of_phones(self, inner: Tensor) -> Tensor:
        """(n,), as the people of LIVE In the Wild would say, on the same scale."""
        found: Tensor = self.slope * self.mos(inner) + self.offset + self.besides(inner)[:, 0]
        return found


def _through(block: Block, x: Tensor) -> tuple[Tensor, Tensor]:
    """What a block makes of a map, and its wide map; filters in single precision, whose gradients are quicker there."""
    wide = block.widen(x)
    with torch.autocast("cpu", enabled=False):
        filtered = functional.relu6(block.depthwise(wide.float()), inplace=True)
    narrow: Tensor = block.project(filtered)
    return (narrow + x if block.residual else narrow), wide


class Views:
    """Views by the shape of their maps; batches are of one shape."""

    def __init__(self, seen: list[Seen]) -> None:
        by_shape: dict[tuple[int, ...], list[Seen]] = {}
        for each in seen:
            by_shape.setdefault(each.fork.shape, []).append(each)
        self.shapes = [by_shape[shape] for shape in sorted(by_shape)]

    def batches(self, size: int = 32) -> Iterator[list[Seen]]:
        """All of them."""
        for views in self.shapes:
            for start in range(0, len(views), size):
                yield views[start : start + size]

    def draw(self, random: np.random.Generator, size: int, weights: Weights | None = None) -> list[Seen]:
        """Views of one shape, likelier the more there are of it. `weights`: by photo."""
        views = self.shapes[random.choice(len(self.shapes), p=shares([len(each) for each in self.shapes]))]
        likely = None if weights is None else shares([weights[each.photo] for each in views])
        return [views[row] for row in random.choice(len(views), min(size, len(views)), p=likely, replace=False)]


def shares(weights: list[int] | list[float]) -> Weights:
    """In proportion to the weights, together 1."""
    found = np.array(weights, dtype=np.float64)
    found /= found.sum()
    return found


def tensors(views: list[Seen]) -> tuple[Tensor, Tensor]:
    """Their maps (n, h, w, C) and early features (n, E)."""
    fork = torch.from_numpy(np.stack([each.fork for each in views]))
    return fork.float(), torch.from_numpy(np.stack([each.early for each in views])).float()


def predicted(opinion: Opinion, views: Views) -> dict[tuple[int, int], float]:
    """The MOS by photo and view."""
    opinion.eval()
    found: dict[tuple[int, int], float] = {}
    with torch.inference_mode():
        for batch in views.batches():
            scores = opinion.mos(opinion.inner(*tensors(batch), 0.0)).tolist()
            found |= {(each.photo, each.view): score for each, score in zip(batch, scores, strict=True)}
    opinion.train()
    return found


def stored(opinion: Opinion) -> dict[str, Tensor]:
    """The ending and its hidden layer, on raw features, as they lie in the file."""
    weight = opinion.hidden.weight / opinion.spread
    state = {"opinion_hidden.weight": weight, "opinion_hidden.bias": opinion.hidden.bias - weight @ opinion.mean}
    state |= {f"opinion.{name}": tensor for name, tensor in opinion.ending.state_dict().items()}
    return {key: each for name, tensor in state.items() for key, each in as_bytes(name, tensor.detach()).items()}
