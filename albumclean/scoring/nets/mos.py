"""A photo's mean opinion score: pooled features of EfficientNet-Lite0 and a small two-layer head."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from albumclean.domain import InputSpec
from albumclean.scoring.nets.efficientnet_lite import EfficientNetLite0
from albumclean.scoring.nets.pixels import normalise


class MosLite0(nn.Module):
    """Photos -> MOS in [0, 1]. The features' standardisation is folded into the first layer of the head."""

    def __init__(self, spec: InputSpec, hidden: int) -> None:
        super().__init__()
        self.spec = spec
        self.backbone = EfficientNetLite0()
        self.hidden = nn.Linear(self.backbone.features, hidden)
        self.out = nn.Linear(hidden, 1)

    def judge(self, features: Tensor) -> Tensor:
        """Features (N, F), float32 -> scores (N, 1), not yet clipped."""
        score: Tensor = self.out(functional.gelu(self.hidden(features)))
        return score

    def forward(self, pictures: Tensor) -> Tensor:
        """uint8 (N, H, W, 3), H and W multiples of 32 -> float32 (N, 1) in [0, 1], under autocast as well."""
        features = self.backbone.forward_features(normalise(pictures, self.spec))  # (N, F), float32
        with torch.autocast(pictures.device.type, enabled=False):  # thousands of terms: half precision is too coarse
            return self.judge(features).clamp(0.0, 1.0)
