"""CenseoQoE's network, which judges one picture by a ResNet and a small head: one number, higher is better.

ModelScope's `damo/cv_resnet_image-quality-assessment-mos_youtubeUGC` is this with a ResNet-18, trained on frames of
YouTube-UGC. The names of the parameters are the original's, so that its files load as they are.

Source: https://github.com/Tencent/CenseoQoE (MIT); Wen et al., arXiv:2111.07104.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import torch
from torch import Tensor, nn
from torchvision.models import ResNet, resnet18

from albumclean.scoring.nets.folding import fold_batch_norms

_HIDDEN = 1024


class CenseoMos(nn.Module):
    """Pictures -> MOS."""

    def __init__(self, backbone: Callable[[], ResNet] = resnet18, *, sigmoid: bool = True) -> None:
        """`backbone`: one of torchvision's ResNets; `sigmoid`: whether it was trained to end with one."""
        super().__init__()
        self.backbone: ResNet = backbone()
        self.head = _Head(self.backbone.fc.in_features)
        self.backbone.fc = nn.Identity()  # which has no parameters: the original's backbone ends before it
        self._sigmoid = sigmoid

    def forward(self, whole: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 RGB (N, H, W, 3) -> MOS (N, 1), float32, and no embedding (N, 0). `patches` are not used.

        With a sigmoid in [0, 1]; without one it was trained to that range and may leave it.
        """
        # The originals see blue first: CenseoQoE as OpenCV reads, ModelScope by a swap on the way to the tensor.
        pictures = whole.flip(-1).permute(0, 3, 1, 2).float() / 255
        mos = self.head(self.backbone(pictures)).float()
        return (mos.sigmoid() if self._sigmoid else mos), mos.new_empty((len(mos), 0))

    def for_inference(self) -> Self:
        """The same function, quicker; its parameters are others afterwards."""
        fold_batch_norms(self.backbone)
        return self


class _Head(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc_out = nn.Sequential(nn.Linear(width, _HIDDEN), nn.ReLU(inplace=True), nn.Linear(_HIDDEN, 1))

    def forward(self, features: Tensor) -> Tensor:
        out: Tensor = self.fc_out(torch.flatten(features, 1))
        return out
