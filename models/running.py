"""A training that may be killed at any time: steps, the running average of the weights, and checkpoints."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

N = TypeVar("N", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a network learns: the part of a recipe that does not depend on what it learns from."""

    rate: float  # of the body, at its highest
    head_rate: float
    decay: float
    warm_up: float  # share of the steps
    averaging: float  # what a step leaves of the average


class Run(Generic[N]):
    """One training, begun or gone on with from its last checkpoint. In the end `average` is what was learned."""

    def __init__(
        self,
        network: N,
        body: Sequence[nn.Parameter],
        head: Sequence[nn.Parameter],
        pace: Pace,
        *,
        steps: int,
        checkpoint: Path,
        every: int,
    ) -> None:
        """`body` and `head`: the parameters to train. `every`: steps between two checkpoints; one comes at the end."""
        self.network, self.average = network, copy.deepcopy(network)
        self.steps, self.first = steps, 0  # `first`: steps that were done before
        self._trained = [*body, *head]
        self._averaging, self._checkpoint, self._every = pace.averaging, checkpoint, every
        groups = [{"params": body, "lr": pace.rate}, {"params": head, "lr": pace.head_rate}]
        self._optimiser = torch.optim.AdamW(groups, weight_decay=pace.decay)
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser, [pace.rate, pace.head_rate], total_steps=steps, pct_start=pace.warm_up
        )
        if checkpoint.exists():
            state = torch.load(checkpoint, weights_only=True)
            network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self._optimiser.load_state_dict(state["optimiser"])
            self._schedule.load_state_dict(state["schedule"])
            self.first = int(state["step"])
        self._began = time.monotonic()
        network.train()

    @property
    def left(self) -> range:
        """The numbers of the steps that are still to be done."""
        return range(self.first + 1, self.steps + 1)

    def is_saved(self, step: int) -> bool:
        """Whether a checkpoint is written after this step."""
        return step % self._every == 0 or step == self.steps

    def learn(self, step: int, loss: Tensor) -> None:
        """One step down this loss."""
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._trained, 5.0)
        self._optimiser.step()
        self._schedule.step()
        share = 1 - min(self._averaging, step / (step + 20))
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(now, share)
        if step % 50 == 0:
            pace = (time.monotonic() - self._began) / (step - self.first)
            print(f"step {step} of {self.steps}, loss {float(loss.detach()):.3f}, {pace:.2f} s a step", flush=True)
        if self.is_saved(step):
            self._save(step)

    def _save(self, step: int) -> None:
        state = {"network": self.network.state_dict(), "average": self.average.state_dict(), "step": step}
        state |= {"optimiser": self._optimiser.state_dict(), "schedule": self._schedule.state_dict()}
        torch.save(state, self._checkpoint.with_suffix(".new"))
        self._checkpoint.with_suffix(".new").replace(self._checkpoint)


def ranked(scores: Tensor, truth: Tensor, comparable: Tensor | None = None) -> Tensor:
    """Loss of pairs in the wrong order, by how far they lie apart; 0 without pairs.

    `comparable`: (n, n), which pairs count; None: all.
    """
    gap = truth[:, None] - truth[None]
    ordered = gap > 0.05
    if comparable is not None:
        ordered &= comparable
    if not ordered.any():
        return scores.sum() * 0
    margin = (scores[:, None] - scores[None])[ordered] / 0.08
    return (functional.softplus(-margin) * gap[ordered]).sum() / gap[ordered].sum()
