"""ModelScope's degradation network: how noisy, blurred and compressed a picture is, place by place.

`damo/cv_resnet50_image-quality-assessment_degradation`: a ResNet-50 without its pooling and six heads of convolutions.
The names of the parameters are the original's, so that its file loads as it is.

Source: the PyPI package `modelscope` (Apache-2.0), `models/cv/image_quality_assessment_degradation`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, Self, cast

import torch
from torch import Tensor, nn
from torchvision.models import resnet50

from albumclean.scoring.nets.folding import fold_batch_norms

QUANTITIES: Final = ("noise", "blur", "compression")  # in the order of the original's answer; higher is worse
_HEADS: Final = tuple(f"{name}_regression" for name in QUANTITIES)
_UNUSED: Final = ("classifier", "bright_regression", "color_regression")  # trained with the rest, never asked
_CHANNELS: Final = (2048, 1024, 256, 64, 1)

# The first stages hold most of a picture's memory and see little of its surroundings: large pictures pass them in
# strips, each with as much beside it as its features depend on, so that the features are those of the whole picture.
STRIP_PIXELS: Final = 1 << 21
_EARLY: Final = 6  # the stem and the first two of the four groups of blocks
_EARLY_STRIDE: Final = 8
_EARLY_REACH: Final = 48  # pixels to each side; the receptive field is 91 wide, and strips lie on the stride's grid


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
        values = severities(self.maps(whole))
        return values, values.new_empty((len(values), 0))

    def maps(self, whole: Tensor) -> Tensor:
        """uint8 RGB (N, H, W, 3) -> (N, 3, H / 32, W / 32): the heads' answers place by place, before the sigmoid."""
        features = self.features[_EARLY:](self._early(whole))
        return torch.cat([self.get_submodule(name)(features) for name in _HEADS], dim=1)

    def for_inference(self) -> Self:
        """The same function, quicker; its parameters are others afterwards."""
        fold_batch_norms(self.features)
        return self

    def _early(self, whole: Tensor) -> Tensor:
        """uint8 (N, H, W, 3) -> features (N, 512, H / 8, W / 8), rounded up; of a large picture strip by strip."""
        early = self.features[:_EARLY]
        rows, columns = whole.shape[1:3]
        if rows * columns <= STRIP_PIXELS:
            return early(_pixels(whole))  # type: ignore[no-any-return]
        axis = 1 if rows >= columns else 2
        length = whole.shape[axis]
        found: Tensor | None = None
        for start, end in _strips(length, min(rows, columns)):
            first, last = max(0, start - _EARLY_REACH), min(length, end + _EARLY_REACH)
            strip = early(_pixels(whole.narrow(axis, first, last - first)))
            if found is None:
                size = (*strip.shape[:2], *(-(-side // _EARLY_STRIDE) for side in (rows, columns)))
                found = strip.new_empty(size).contiguous(memory_format=torch.channels_last)
            cells = -(-(end - start) // _EARLY_STRIDE)
            kept = strip.narrow(axis + 1, (start - first) // _EARLY_STRIDE, cells)
            found.narrow(axis + 1, start // _EARLY_STRIDE, cells).copy_(kept)
        return cast(Tensor, found)


def severities(maps: Tensor) -> Tensor:
    """The heads' answers (N, 3, rows, columns) -> severities (N, 3), as the original averages and corrects them."""
    noise, blur, compression = maps.mean(dim=(2, 3)).float().sigmoid().unbind(dim=1)
    return torch.stack((_stretched(noise), blur + compression / 2, compression), dim=1)


def _pixels(whole: Tensor) -> Tensor:
    return whole.permute(0, 3, 1, 2).float() / 255


def _strips(length: int, across: int) -> Iterator[tuple[int, int]]:
    """Start and end of each strip along a side of `length` pixels, the other one `across`."""
    step = max(_EARLY_REACH, STRIP_PIXELS // across // _EARLY_STRIDE * _EARLY_STRIDE)
    for start in range(0, length, step):
        yield start, min(start + step, length)


def _head() -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in pairwise(_CHANNELS):
        layers += [nn.Conv2d(before, after, kernel_size=3, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1])


def _stretched(noise: Tensor) -> Tensor:
    """The original's own correction, step by step as it does it: what 0.1 lifts above 0.3 stays there."""
    lifted = torch.where(noise > 0.3, noise + 0.1, noise)
    return torch.where((lifted >= 0.2) & (lifted <= 0.3), (lifted - 0.2) * 2 + 0.2, lifted)
