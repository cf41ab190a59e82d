"""The MOS part of the judge as it is trained: features standardised, dropout, gradients."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from albumclean.scoring.nets.efficientnet_lite import EfficientNetLite0

HIDDEN: Final = 128
DROP_INPUT: Final = 0.3
DROP_HIDDEN: Final = 0.3
FROZEN: Final = ("stem", "stages.0.", "stages.1.")


class Impression(nn.Module):
    """Pictures (n, 3, H, W), normalised -> MOS (n,), not clipped."""

    mean: Tensor
    spread: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.backbone = EfficientNetLite0()
        for name, parameter in self.backbone.named_parameters():
            parameter.requires_grad_(not name.startswith(FROZEN))
        features = self.backbone.features
        self.hidden = nn.Linear(features, HIDDEN)
        self.out = nn.Linear(HIDDEN, 1)
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("spread", torch.ones(features))

    def forward(self, pictures: Tensor) -> Tensor:
        """Half precision where the network in use has it, too."""
        with torch.autocast("cpu", torch.bfloat16):
            features = self.backbone.forward_features(pictures)
        x = (features - self.mean) / self.spread
        inner = functional.gelu(self.hidden(functional.dropout(x, DROP_INPUT, self.training)))
        score: Tensor = self.out(functional.dropout(inner, DROP_HIDDEN, self.training))[:, 0]
        return score
