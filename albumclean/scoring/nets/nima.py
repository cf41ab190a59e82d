"""NIMA with a MobileNet: how people would spread their votes from 1 to 10 on a picture.

The network of idealo's published files, Keras' MobileNet (alpha 1) with one dense layer; parameters are converted by
`from_keras`. Layers carry Keras' names.

Keras has changed how MobileNet pads before a stride of two: by a pixel on all sides up to 2.1.6, by one on the right
and below since. No weight tells the two apart, but the scores do. The published files were trained and measured with
2.1.6 and say so.

Source: Talebi and Milanfar, arXiv:1709.05424; https://github.com/idealo/image-quality-assessment (Apache-2.0);
`keras/applications/mobilenet.py` of Keras 2.1.6 (MIT) and 3.
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
_PAD_LAYER: Final = "conv_pad_1/"  # of a block that does not halve: only where all are padded on all sides


class Nima(nn.Module):
    """Pictures -> mean vote and its standard deviation."""

    def __init__(self, *, one_sided: bool = False) -> None:
        """`one_sided`: before a stride of two, padded on the right and below only, as Keras does since 2.2."""
        super().__init__()
        self.one_sided = one_sided
        halving_padding = 0 if one_sided else 1
        self.conv1 = nn.Conv2d(3, 32, 3, stride=2, padding=halving_padding, bias=False)
        self.conv1_bn = nn.BatchNorm2d(32, eps=_EPSILON)
        width = 32
        for number, wider in enumerate(_WIDTHS, 1):
            stride, padding = (2, halving_padding) if number in _HALVING else (1, 1)
            depthwise = nn.Conv2d(width, width, 3, stride, padding, groups=width, bias=False)
            self.add_module(f"conv_dw_{number}", depthwise)
            self.add_module(f"conv_dw_{number}_bn", nn.BatchNorm2d(width, eps=_EPSILON))
            self.add_module(f"conv_pw_{number}", nn.Conv2d(width, wider, kernel_size=1, bias=False))
            self.add_module(f"conv_pw_{number}_bn", nn.BatchNorm2d(wider, eps=_EPSILON))
            width = wider
        self.dense_1 = nn.Linear(_LAST, VOTES)

    def forward(self, whole: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 RGB (N, H, W, 3), even sides -> mean and standard deviation of the votes (N, 2), float32, in votes.

        No embedding: (N, 0). `patches` are not used.
        """
        values = mean_and_spread(self.shares(whole))
        return values, values.new_empty((len(values), 0))

    def shares(self, whole: Tensor) -> Tensor:
        """uint8 RGB (N, H, W, 3) -> the share of each vote (N, 10), float32; a row's sum is 1."""
        x = whole.permute(0, 3, 1, 2).float() / 127.5 - 1
        x = functional.relu6(self.conv1_bn(self.conv1(self._padded(x))))
        for number in range(1, len(_WIDTHS) + 1):
            x = self._padded(x) if number in _HALVING else x
            for part in (f"conv_dw_{number}", f"conv_pw_{number}"):
                x = functional.relu6(self.get_submodule(f"{part}_bn")(self.get_submodule(part)(x)))
        votes: Tensor = self.dense_1(x.mean(dim=(2, 3)))
        return votes.float().softmax(dim=1)

    def _padded(self, x: Tensor) -> Tensor:
        return functional.pad(x, (0, 1, 0, 1)) if self.one_sided else x


def mean_and_spread(shares: Tensor) -> Tensor:
    """Shares of the votes from 1 to 10, (N, 10) -> mean and standard deviation of a vote (N, 2)."""
    votes = torch.arange(1.0, VOTES + 1, device=shares.device)
    mean = (shares * votes).sum(dim=1)
    spread = (shares * (votes - mean[:, None]) ** 2).sum(dim=1).sqrt()
    return torch.stack((mean, spread), dim=1)


def from_keras(arrays: Mapping[str, Tensor], *, one_sided: bool = False) -> dict[str, Tensor]:
    """A state dict of `Nima` from Keras' arrays, whose names are `layer/weight` ("conv1/kernel", "conv1_bn/gamma").

    Kernels are (height, width, in, out), depthwise ones (height, width, channels, 1), those of dense layers (in, out).
    `layer/` stands for a layer without weights: by those, a file that pads otherwise than `one_sided` says is told.
    Raises KeyError for a name that Keras doesn't give to a weight, and ValueError for a file of the other padding.
    """
    if one_sided is (_PAD_LAYER in arrays):
        raise ValueError("it pads otherwise")
    weights = {key: array for key, array in arrays.items() if not key.endswith("/")}
    # The dense layer's name ends with how many of them Keras had made in that run.
    dense = {key.partition("/")[0] for key in weights if key.startswith("dense")}
    aliases = dict.fromkeys(dense, "dense_1") if len(dense) == 1 else {}
    return {name: value for key, array in weights.items() for name, value in [_converted(key, array, aliases)]}


def _converted(key: str, array: Tensor, aliases: Mapping[str, str]) -> tuple[str, Tensor]:
    layer, _, weight = key.rpartition("/")
    if array.ndim == 4:  # Keras 3 calls depthwise kernels as it calls all others
        array = array.permute(2, 3, 0, 1) if layer.startswith("conv_dw") else array.permute(3, 2, 0, 1)
    elif weight == "kernel":
        array = array.T
    return f"{aliases.get(layer, layer)}.{_NAMES[weight]}", array.contiguous()


_NAMES: Final = {
    "kernel": "weight",
    "depthwise_kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
