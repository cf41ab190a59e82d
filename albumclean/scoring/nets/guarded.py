"""The network of another package, held to what its scorer's spec says: a wrong answer is never a score."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from albumclean.domain import ScorerSpec
from albumclean.errors import AlbumcleanError
from albumclean.scoring.contract import made_view
from albumclean.words import shown

_LONGEST: Final = 300  # characters of what an error of another package says

log = logging.getLogger(__name__)

PATIENCE: Final = 600.0  # seconds for a batch: the slowest known models take half a minute for a photo on a CPU


class Guarded(nn.Module):
    """Asks the network in a thread of its own, so that one that hangs does not hang the program, and checks its answer.

    A picture that the network fails on has no score (NaN). A network that fails on an ordinary made picture as well,
    answers in another shape, or does not answer in time can't be used at all.
    """

    def __init__(self, network: nn.Module, spec: ScorerSpec, broken: Callable[[str], AlbumcleanError]) -> None:
        """`broken` makes the error that names the scorer; it is raised where the network is none."""
        super().__init__()
        if not isinstance(network, nn.Module):
            raise broken("what it loads is no torch.nn.Module.")
        self.network = network.to(memory_format=torch.channels_last)
        self.eval()
        self._spec = spec
        self._broken = broken

    def forward(self, whole: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 pictures as every scorer gets them -> float32 (N, quantities), NaN where there is none, and (N, 0)."""
        try:
            values = self._asked(whole, patches)
        except _Failed:
            self._try_out(whole.device)
            values = self._one_by_one(whole, patches)
        return values, values.new_empty((len(values), 0))

    def _asked(self, whole: Tensor, patches: Tensor) -> Tensor:
        """Raises _Failed where the network raised, and the scorer's error where its answer is none."""

        def call() -> object:
            with torch.inference_mode():  # each thread has to say so for itself
                return self.network(whole, patches)

        try:
            answer = _within(PATIENCE, call)
        except TimeoutError as error:
            raise self._broken(f"it did not answer within {PATIENCE:g} seconds.") from error
        if not (isinstance(answer, tuple) and len(answer) == 2):
            raise self._broken("its network does not give a pair: values and embeddings.")
        values, wanted = answer[0], (len(whole), len(self._spec.quantities))
        if not (isinstance(values, Tensor) and values.is_floating_point()):
            raise self._broken("the values that its network gives are no tensor of floating-point numbers.")
        if tuple(values.shape) != wanted:
            raise self._broken(f"its network gives values of shape {tuple(values.shape)} where {wanted} is right.")
        return values.float().to(whole.device)

    def _try_out(self, device: torch.device) -> None:
        """Was it the pictures, or does nothing work? Raises the scorer's error for the latter."""
        view = made_view(self._spec.input)
        whole, patches = (torch.from_numpy(np.stack([each])).to(device) for each in (view.whole, view.patches))
        try:
            self._asked(whole, patches)
        except _Failed as failed:
            said = shown(" ".join(str(failed).split())[:_LONGEST])
            raise self._broken(f"its network fails on every picture: {said}") from failed

    def _one_by_one(self, whole: Tensor, patches: Tensor) -> Tensor:
        """Those that it fails on get NaN: too small for it, or memory ran out."""
        rows = [torch.full((1, len(self._spec.quantities)), torch.nan, device=whole.device) for _ in whole]
        for at in range(len(rows)):
            try:
                rows[at] = self._asked(whole[at : at + 1], patches[at : at + 1])
            except _Failed as failed:
                log.info("the scorer %s failed on a picture: %s", self._spec.name, failed)
        return torch.cat(rows)


class _Failed(Exception):
    """The network raised; says what."""


def _within(seconds: float, call: Callable[[], object]) -> object:
    """What the call gives. Raises TimeoutError, and _Failed for whatever it raises."""
    given: list[object] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            given.append(call())
        except BaseException as error:  # noqa: BLE001 - the trust boundary: other people's code
            raised.append(error)

    thread = threading.Thread(target=run, name="scorer", daemon=True)  # ends with the program, whatever it does
    thread.start()
    thread.join(seconds)
    if raised:
        raise _Failed(f"{type(raised[0]).__name__}: {raised[0]}") from raised[0]
    if not given:
        raise TimeoutError
    return given[0]
