"""NIMA with a MobileNet: how people would spread their votes from 1 to 10 on a picture.

The network of idealo's published files, Keras' MobileNet (alpha 1) with one dense layer; parameters are converted by
`from_keras`. Layers carry Keras' names.

Source: Talebi and Milanfar, arXiv:1709.05424; https://github.com/idealo/image-quality-assessment (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

VOTES: Final = 10  # from 1 to 10
_EPSILON: Final = 1e-3  # Keras' batch normalisation; PyTorch's default is 1e-5
_WIDTHS: Final = (64, 128, 128, 256, 256, *[512] * 6, 1024, 1024)
_HALVING: Final = frozenset({2, 4, 6, 12})  # blocks with a stride of two, counted from 1
_LAST: Final = _WIDTHS[-1]


class Nima(nn.Module):
    """Pictures -> mean vote and its standard deviation."""

    votes: Tensor  # (10,)

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, kernel_size=3, stride=2, bias=False)
        self.conv1_bn = nn.BatchNorm2d(32, eps=_EPSILON)
        width = 32
        for number, wider in enumerate(_WIDTHS, 1):
            stride = 2 if number in _HALVING else 1
            padding = 0 if stride == 2 else 1  # of stride two, Keras pads on one side only: see `_padded`
            depthwise = nn.Conv2d(width, width, 3, stride, padding, groups=width, bias=False)
            self.add_module(f"conv_dw_{number}", depthwise)
            self.add_module(f"conv_dw_{number}_bn", nn.BatchNorm2d(width, eps=_EPSILON))
            self.add_module(f"conv_pw_{number}", nn.Conv2d(width, wider, kernel_size=1, bias=False))
            self.add_module(f"conv_pw_{number}_bn", nn.BatchNorm2d(wider, eps=_EPSILON))
            width = wider
        self.dense_1 = nn.Linear(_LAST, VOTES)
        self.register_buffer("votes", torch.arange(1.0, VOTES + 1), persistent=False)

    def forward(self, whole: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 RGB (N, H, W, 3), even sides -> mean and standard deviation of the votes (N, 2), float32, in votes.

        No embedding: (N, 0). `patches` are not used.
        """
        shares = self.shares(whole)
        mean = (shares * self.votes).sum(dim=1)
        spread = (shares * (self.votes - mean[:, None]) ** 2).sum(dim=1).sqrt()
        return torch.stack((mean, spread), dim=1), mean.new_empty((len(mean), 0))

    def shares(self, whole: Tensor) -> Tensor:
        """uint8 RGB (N, H, W, 3) -> the share of each vote (N, 10), float32; a row's sum is 1."""
        x = whole.permute(0, 3, 1, 2).float() / 127.5 - 1
        x = functional.relu6(self.conv1_bn(self.conv1(_padded(x))))
        for number in range(1, len(_WIDTHS) + 1):
            x = _padded(x) if number in _HALVING else x
            for part in (f"conv_dw_{number}", f"conv_pw_{number}"):
                x = functional.relu6(self.get_submodule(f"{part}_bn")(self.get_submodule(part)(x)))
        votes: Tensor = self.dense_1(x.mean(dim=(2, 3)))
        return votes.float().softmax(dim=1)


def from_keras(arrays: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of `Nima` from Keras' arrays, whose names are `layer/weight` ("conv1/kernel", "conv1_bn/gamma").

    Kernels are (height, width, in, out), depthwise ones (height, width, channels, 1), those of dense layers (in, out).
    Raises KeyError for a name that Keras doesn't give to a weight.
    """
    return {name: value for key, array in arrays.items() for name, value in [_converted(key, array)]}


def _converted(key: str, array: Tensor) -> tuple[str, Tensor]:
    layer, _, weight = key.rpartition("/")
    if weight == "depthwise_kernel":
        array = array.permute(2, 3, 0, 1)
    elif weight == "kernel":
        array = array.permute(3, 2, 0, 1) if array.ndim == 4 else array.T
    return f"{layer}.{_NAMES[weight]}", array.contiguous()


_NAMES: Final = {
    "kernel": "weight",
    "depthwise_kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def _padded(x: Tensor) -> Tensor:
    """Keras' ZeroPadding2D(((0, 1), (0, 1))), which stands before each convolution of stride two."""
    return functional.pad(x, (0, 1, 0, 1))
