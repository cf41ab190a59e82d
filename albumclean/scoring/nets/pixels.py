"""From a photo's bytes to a network's input: the same few lines for every network, in training and in use."""

from __future__ import annotations

import torch
from torch import Tensor

from albumclean.domain import InputSpec


def normalise(pictures: Tensor, spec: InputSpec) -> Tensor:
    """uint8 (N, H, W, 3) of `network_view` -> float32 (N, 3, H, W) as (x - mean) / std, channels last in memory."""
    mean, std = (_over_channels(each, pictures.device) for each in (spec.mean, spec.std))
    return pictures.float().sub_(mean).div_(std).permute(0, 3, 1, 2)


def _over_channels(values: tuple[float, float, float], device: torch.device) -> Tensor | float:
    """One number if it is that of all three channels: a third of the time."""
    return values[0] if len(set(values)) == 1 else torch.tensor(values, device=device)


def imagenet(pictures: Tensor) -> Tensor:
    """uint8 RGB (N, H, W, 3) -> float32 (N, 3, H, W) as torchvision's `ToTensor` and `Normalize` for ImageNet do it."""
    mean = torch.tensor((0.485, 0.456, 0.406), device=pictures.device)
    std = torch.tensor((0.229, 0.224, 0.225), device=pictures.device)
    return ((pictures.float() / 255 - mean) / std).permute(0, 3, 1, 2)
