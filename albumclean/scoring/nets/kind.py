"""The kind head: what sort of picture it is, from the judge's features and from what its pixels are like.

The network saw what the picture shows, but at 384 pixels; the statistics know nothing of that, but see the pixels as
they are. Two layers on both are enough.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from albumclean.scoring.lite0 import CONTENT_CHANNELS
from albumclean.scoring.nets.judge import content

KINDS = 5


class KindHead(nn.Module):
    """Features and statistics -> probabilities. Their standardisation is folded into the first layer."""

    def __init__(self, statistics: int, hidden: int) -> None:
        super().__init__()
        self.shown = nn.Linear(CONTENT_CHANNELS, hidden)
        self.measured = nn.Linear(statistics, hidden, bias=False)
        self.out = nn.Linear(hidden, KINDS)

    def forward(self, features: Tensor, statistics: Tensor) -> Tensor:
        """(N, F) and (N, S) -> (N, 5), each row adding up to 1; float32, under autocast as well."""
        with torch.autocast(features.device.type, enabled=False):
            inner = functional.gelu(self.shown(content(features.float())) + self.measured(statistics.float()))
            logits: Tensor = self.out(inner)
            return logits.softmax(dim=1)
