"""NIMA as nima.pytorch trains it: a MobileNetV2 or a ResNet, and one layer for the votes from 1 to 10.

The names of the parameters are the original's, so that its files load as they are.

Source: https://github.com/truskovskiyk/nima.pytorch (MIT); Talebi and Milanfar, arXiv:1709.05424.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from torch import Tensor, nn
from torchvision import models

from albumclean.scoring.nets import mobilenet_v2
from albumclean.scoring.nets.nima import VOTES, mean_and_spread
from albumclean.scoring.nets.pixels import imagenet

RESNETS: Final[dict[str, Callable[[], models.ResNet]]] = {
    "resnet18": models.resnet18,
    "resnet34": models.resnet34,
    "resnet50": models.resnet50,
    "resnet101": models.resnet101,
    "resnet152": models.resnet152,
}


class NimaPyTorch(nn.Module):
    """Pictures -> mean vote and its standard deviation."""

    def __init__(self, base: nn.Sequential, features: int) -> None:
        """`base` takes pictures (N, 3, H, W) to maps of that many features."""
        super().__init__()
        self.base_model = base
        self.head = nn.Sequential(nn.ReLU(), nn.Identity(), nn.Linear(features, VOTES), nn.Softmax(dim=1))

    def forward(self, whole: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 RGB (N, H, W, 3) -> mean and standard deviation of the votes (N, 2), float32, in votes.

        No embedding: (N, 0). `patches` are not used.
        """
        values = mean_and_spread(self.head(self.base_model(imagenet(whole)).mean(dim=(2, 3))).float())
        return values, values.new_empty((len(values), 0))


def with_mobilenet() -> NimaPyTorch:
    """On a MobileNetV2, as its first versions are, the published file among them."""
    return NimaPyTorch(nn.Sequential(mobilenet_v2.features()), mobilenet_v2.FEATURES)


def with_resnet(name: str) -> NimaPyTorch:
    """On one of `RESNETS`, as its later versions are."""
    resnet = RESNETS[name]()
    return NimaPyTorch(nn.Sequential(*list(resnet.children())[:-1]), resnet.fc.in_features)
