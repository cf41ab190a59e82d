"""ModelScope's degradation network: how noisy, blurred and compressed a picture is, place by place.

`damo/cv_resnet50_image-quality-assessment_degradation`: a ResNet-50 without its pooling and six heads of convolutions.
The names of the parameters are the original's, so that its file loads as it is.

Source: the PyPI package `modelscope` (Apache-2.0), `models/cv/image_quality_assessment_degradation`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn
from torchvision.models import resnet50

QUANTITIES: Final = ("noise", "blur", "compression")  # in the order of the original's answer; higher is worse
_HEADS: Final = tuple(f"{name}_regression" for name in QUANTITIES)
_UNUSED: Final = ("classifier", "bright_regression", "color_regression")  # trained with the rest, never asked
_CHANNELS: Final = (2048, 1024, 256, 64, 1)


class Degradations(nn.Module):
    """Pictures -> severities."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(*list(resnet50().children())[:-2])
        for name in (*_HEADS, *_UNUSED):
            self.add_module(name, _head())

    def forward(self, whole: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 RGB (N, H, W, 3) -> severities (N, 3) of `QUANTITIES`, float32, and no embedding (N, 0).

        Noise and compression lie in [0, 1.1] and [0, 1], blur in [0, 1.5], as the original has them.
        `patches` are not used.
        """
        means = self.maps(whole).mean(dim=(2, 3)).float().sigmoid()
        noise, blur, compression = means.unbind(dim=1)
        values = torch.stack((_stretched(noise), blur + compression / 2, compression), dim=1)
        return values, values.new_empty((len(values), 0))

    def maps(self, whole: Tensor) -> Tensor:
        """uint8 RGB (N, H, W, 3) -> (N, 3, H / 32, W / 32): the heads' answers place by place, before the sigmoid."""
        features = self.features(whole.permute(0, 3, 1, 2).float() / 255)
        return torch.cat([self.get_submodule(name)(features) for name in _HEADS], dim=1)


def _head() -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in pairwise(_CHANNELS):
        layers += [nn.Conv2d(before, after, kernel_size=3, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1])


def _stretched(noise: Tensor) -> Tensor:
    """The original's own correction, step by step as it does it: what 0.1 lifts above 0.3 stays there."""
    lifted = torch.where(noise > 0.3, noise + 0.1, noise)
    return torch.where((lifted >= 0.2) & (lifted <= 0.3), (lifted - 0.2) * 2 + 0.2, lifted)
