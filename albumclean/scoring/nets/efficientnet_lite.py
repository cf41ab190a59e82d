"""EfficientNet-Lite0 as a feature extractor: a picture becomes the mean and log spread of its channels at every depth.

Architecture: Tan & Le, "EfficientNet", 2019 (arXiv:1905.11946), in the "lite" variant of the TensorFlow TPU
repository: ReLU6 for swish, no squeeze-and-excitation. Two things differ from other implementations:

- the batch norms are folded into the convolutions (by `models/convert_lite0.py`), so each is a plain one with bias;
- there is no classifier; `forward_features` pools the maps on the way instead. Early maps know blur, noise and
  exposure, late ones know content, and the judgement of a photo needs both.

The late stages hold most of the weights and cost little: a network may end twice, once for each of two tasks
(`Ending`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import ClassVar, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from albumclean.scoring.lite0 import (
    FEATURES,
    FORK,
    HEAD_CHANNELS,
    LEAST_VARIANCE,
    MULTIPLE,
    PRECISE_STAGES,
    SPREAD_FLOOR,
    STAGES,
    STEM_CHANNELS,
    inputs_of,
    pools_wide,
)


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's "SAME": an odd pixel of padding goes to the right and to the bottom.

    Right for sides that the stride divides, which `MULTIPLE` makes sure of in the whole network.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, padding=(kernel // 2 if stride == 1 else 0), groups=groups)
        before = (kernel - stride) // 2
        after = kernel - stride - before
        self.uneven = (before, after, before, after) if stride > 1 else None  # left, right, top, bottom

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        if self.uneven is not None:
            x = functional.pad(x, self.uneven)
        return super().forward(x)


class Block(nn.Module):
    """Inverted residual: widen with 1 x 1, filter each channel by itself, narrow with 1 x 1, add the input if alike."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        width = inputs * expansion
        self.stride = stride
        self.residual = stride == 1 and inputs == outputs
        self.expand = SameConv(inputs, width, 1) if expansion > 1 else None
        self.depthwise = SameConv(width, width, kernel, stride, groups=width)
        self.project = SameConv(width, outputs, 1)

    def widen(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, inputs * expansion, H, W)."""
        return x if self.expand is None else functional.relu6(self.expand(x), inplace=True)

    def narrow(self, wide: Tensor, x: Tensor) -> Tensor:
        """The rest of the block, from what `widen` made of `x`: (N, outputs, H / stride, W / stride)."""
        narrow: Tensor = self.project(functional.relu6(self.depthwise(wide), inplace=True))
        return narrow + x if self.residual else narrow


class Ending(nn.Module):
    """The stages from one on, and the head; begins at the map of the stage before."""

    def __init__(self, first: int) -> None:
        """`first`: the number of its first stage, from 1."""
        super().__init__()
        self.first = first
        stages: list[nn.Sequential] = []
        inputs = inputs_of(first)
        for expansion, outputs, blocks, stride, kernel in STAGES[first - 1 :]:
            sizes = [(inputs, stride)] + [(outputs, 1)] * (blocks - 1)
            stages.append(nn.Sequential(*(Block(i, outputs, kernel, s, expansion) for i, s in sizes)))
            inputs = outputs
        self.stages = nn.ModuleList(stages)
        self.head = SameConv(inputs, HEAD_CHANNELS, 1)

    def pooled(self, x: Tensor) -> Tensor:
        """What `pool` gives for all `maps`, side by side, in float32."""
        return torch.cat([pool(each) for _, each in self.maps(x)], dim=1)

    def maps(self, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """The feature maps to pool, by name, as they are computed; use each before asking for the next.

        Each stage's, the head's; and some wide maps before a downsampling (`pools_wide`).
        """
        for number, stage in enumerate(self.stages, self.first):
            for block in cast(Iterable[Block], stage):
                with precision(x, number):
                    wide = block.widen(x)
                if pools_wide(number, block.stride):
                    yield f"wide{number}", wide
                with precision(x, number):
                    x = block.narrow(wide, x)
            yield f"stage{number}", x
        yield "head", functional.relu6(self.head(x), inplace=True)


class Look(NamedTuple):
    """What the network sees in N pictures."""

    features: Tensor  # float32 (N, F): what `pool` gives for all maps
    fork: Tensor  # (N, C, H / 16, W / 16): the map after stage `FORK`, where another ending may begin
    head: Tensor  # (N, 1280, H / 32, W / 32): the head's map


class EfficientNetLite0(Ending):
    """The network without its classifier. Input is RGB as (x - 127) / 128 with x in [0, 255]."""

    features: ClassVar[int] = FEATURES  # F of `forward_features`

    def __init__(self) -> None:
        super().__init__(first=1)
        self.stem = SameConv(3, STEM_CHANNELS, 3, stride=2)

    def look(self, x: Tensor) -> Look:
        """Pictures (N, 3, H, W)."""
        pooled: list[Tensor] = []
        fork = x
        for name, each in self.maps(x):
            pooled.append(pool(each))
            if name == f"stage{FORK}":
                fork = each
        return Look(torch.cat(pooled, dim=1), fork, each)

    def maps(self, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """As an ending's, of pictures (N, 3, H, W), with the stem's map (N, 32, H / 2, W / 2) before them."""
        with precision(x, 0):
            x = functional.relu6(self.stem(x), inplace=True)
        yield "stem", x
        yield from super().maps(x)

    def forward_features(self, x: Tensor) -> Tensor:
        """Pictures (N, 3, H, W), with H and W multiples of 32 -> float32 (N, F): what `pool` gives for all `maps`."""
        if x.shape[-2] % MULTIPLE or x.shape[-1] % MULTIPLE:
            raise ValueError(f"sides must be multiples of {MULTIPLE}, not {x.shape[-2]} x {x.shape[-1]}")
        return self.look(x).features


def precision(x: Tensor, stage: int) -> AbstractContextManager[object]:
    """Under autocast, keep the stem (stage 0) and the first stages in single precision."""
    return torch.autocast(x.device.type, enabled=False) if stage <= PRECISE_STAGES else nullcontext()


def pool(x: Tensor) -> Tensor:
    """(N, C, H, W) -> float32 (N, 2 C), whatever x's precision: each channel's mean and the log of its spread.

    The spread is the standard deviation over the places; people see its ratios, not its differences.
    """
    with torch.autocast(x.device.type, enabled=False):
        x = x.float()
        mean = x.mean(dim=(2, 3), keepdim=True)
        variance = (x - mean).square_().mean(dim=(2, 3))  # twice as fast as torch.var_mean, and as exact
        return torch.cat([mean.flatten(1), (variance.clamp(min=LEAST_VARIANCE).sqrt() + SPREAD_FLOOR).log()], dim=1)
