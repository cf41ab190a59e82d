"""CenseoQoE's network, which judges one picture by a ResNet and a small head: one number, higher is better.

ModelScope's `damo/cv_resnet_image-quality-assessment-mos_youtubeUGC` is this with a ResNet-18, trained on frames of
YouTube-UGC. The names of the parameters are the original's, so that its files load as they are.

Source: https://github.com/Tencent/CenseoQoE (MIT); Wen et al., arXiv:2111.07104.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.models import resnet18

_HIDDEN = 1024


class CenseoMos(nn.Module):
    """Pictures -> MOS."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = resnet18()
        width = self.backbone.fc.in_features
        self.backbone.fc = nn.Identity()  # which has no parameters: the original's backbone ends before it
        self.head = _Head(width)

    def forward(self, whole: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 RGB (N, H, W, 3) -> MOS (N, 1) in [0, 1], float32, and no embedding (N, 0). `patches` are not used."""
        # The original swaps red and blue on the way from an array to a picture, in training as well.
        pictures = whole.flip(-1).permute(0, 3, 1, 2).float() / 255
        mos = self.head(self.backbone(pictures)).float().sigmoid()
        return mos, mos.new_empty((len(mos), 0))


class _Head(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc_out = nn.Sequential(nn.Linear(width, _HIDDEN), nn.ReLU(inplace=True), nn.Linear(_HIDDEN, 1))

    def forward(self, features: Tensor) -> Tensor:
        out: Tensor = self.fc_out(torch.flatten(features, 1))
        return out
