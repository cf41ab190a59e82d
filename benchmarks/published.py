"""The two networks that ModelScope publishes, by their shape only, and how their authors feed them.

- MOS: `damo/cv_resnet_image-quality-assessment-mos_youtubeUGC` (from Tencent's CenseoQoE, MIT).
- Degradation: `damo/cv_resnet50_image-quality-assessment_degradation` (Apache-2.0).

Written after their description, for time only: the weights are random. Pillow's bicubic stands for OpenCV's, which is
quicker by some hundredths of a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

if TYPE_CHECKING:
    from torch import Tensor, nn


def mos_network() -> nn.Module:
    """ResNet-18's last stage (strides as torchvision's), pooled, and two linear layers."""
    from torch import nn
    from torchvision.models import resnet18

    head = (nn.Flatten(), nn.Linear(512, 1024), nn.ReLU(), nn.Linear(1024, 1), nn.Sigmoid())
    return nn.Sequential(*list(resnet18(weights=None).children())[:-1], *head).eval()


def degradation_network() -> Callable[[Tensor], list[Tensor]]:
    """ResNet-50 without pool and last layer, and six heads of four convolutions, each averaged over space."""
    import torch
    from torch import nn
    from torchvision.models import resnet50

    def head() -> nn.Module:
        widths = (2048, 1024, 256, 64, 1)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(inplace=True)]
        return nn.Sequential(*layers[:-1])

    backbone = nn.Sequential(*list(resnet50(weights=None).children())[:-2]).eval()
    heads = [head() for _ in range(6)]

    def forward(pixels: Tensor) -> list[Tensor]:
        features = backbone(pixels)
        return [torch.sigmoid(each(features).mean(dim=(2, 3))) for each in heads]

    return forward


def mos_input(path: Path) -> Tensor:
    """(1, 3, 720, 1280) in [0, 1]: the middle of the photo at a size that covers 1920 x 1080, portraits turned."""
    image = decoded(path)
    portrait = image.height > image.width
    cover, crop = ((1080, 1920), (720, 1280)) if portrait else ((1920, 1080), (1280, 720))
    scale = max(cover[0] / image.width, cover[1] / image.height)
    image = image.resize((math.ceil(scale * image.width), math.ceil(scale * image.height)), Image.Resampling.BICUBIC)
    left, top = (image.width - crop[0]) // 2, (image.height - crop[1]) // 2
    image = image.crop((left, top, left + crop[0], top + crop[1]))
    return _tensor(image.transpose(Image.Transpose.ROTATE_90) if portrait else image)


def degradation_input(path: Path) -> Tensor:
    """(1, 3, height, width) in [0, 1]: all pixels of a photo of more than 1280 x 720."""
    return _tensor(decoded(path))


def decoded(path: Path) -> Image.Image:
    """All pixels, upright."""
    with Image.open(path) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def _tensor(image: Image.Image) -> Tensor:
    import torch

    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()
    return pixels.float().div(255)[None]
