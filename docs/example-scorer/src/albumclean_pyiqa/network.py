"""A metric of pyiqa in the form in which albumclean asks. Imports torch and pyiqa, so only `load` imports it."""

from __future__ import annotations

import pyiqa
import torch
from torch import Tensor, nn


class PyiqaNetwork(nn.Module):
    """Pictures -> one value each."""

    def __init__(self, metric: str) -> None:
        super().__init__()
        self.metric = pyiqa.create_metric(metric, device="cpu")  # albumclean moves it to the device itself
        self.eval()

    def forward(self, whole: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 RGB (N, H, W, 3) -> float32 values (N, 1), and no embeddings (N, 0). `patches` are not used."""
        pictures = whole.permute(0, 3, 1, 2).float() / 255
        # One at a time, as pyiqa's own command asks: not every metric gives the same in a batch.
        values = torch.cat([self._value(picture[None]) for picture in pictures])
        return values, values.new_empty((len(values), 0))

    def _value(self, picture: Tensor) -> Tensor:
        with torch.random.fork_rng():  # some cut patches at random; the same picture has to get the same value
            torch.manual_seed(0)
            value: Tensor = self.metric(picture)
        return value.detach().float().reshape(1, 1)
