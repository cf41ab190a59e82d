"""MobileNetV2 as tonylins/pytorch-mobilenet-v2 first had it, on which networks that judge beauty are built.

Not torchvision's: the first block has a convolution more, the first and last activations have no upper end, and the
parameters have other names.

Source: https://github.com/tonylins/pytorch-mobilenet-v2 (Apache-2.0), in the form in which nima.pytorch and TANet carry
it; Sandler et al., arXiv:1801.04381.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn

FEATURES: Final = 1280
_FIRST: Final = 32
_STAGES: Final = (  # expansion, channels, blocks, stride of the first
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def features() -> nn.Sequential:
    """Pictures (N, 3, H, W) -> features (N, 1280, H / 32, W / 32)."""
    layers: list[nn.Module] = [_convolution(3, _FIRST, kernel=3, stride=2)]
    width = _FIRST
    for expansion, wider, blocks, first_stride in _STAGES:
        for number in range(blocks):
            layers.append(_Block(width, wider, expansion, first_stride if number == 0 else 1))
            width = wider
    layers.append(_convolution(width, FEATURES, kernel=1, stride=1))
    return nn.Sequential(*layers)


class _Block(nn.Module):
    """An inverted residual: widened, looked at by channel, narrowed again, and added to what came in if it fits."""

    def __init__(self, before: int, after: int, expansion: int, stride: int) -> None:
        super().__init__()
        self.adds = stride == 1 and before == after
        wide = before * expansion
        self.conv = nn.Sequential(
            *(nn.Conv2d(before, wide, kernel_size=1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(inplace=True)),
            *(nn.Conv2d(wide, wide, 3, stride, padding=1, groups=wide, bias=False), nn.BatchNorm2d(wide)),
            nn.ReLU6(inplace=True),
            *(nn.Conv2d(wide, after, kernel_size=1, bias=False), nn.BatchNorm2d(after)),
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(x)
        return x + out if self.adds else out


def _convolution(before: int, after: int, *, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )
