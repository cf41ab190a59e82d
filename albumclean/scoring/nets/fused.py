"""Convolutions that do what follows them in the same pass over memory, on x86 processors.

oneDNN, the library of convolutions in PyTorch, can clip a result while it is still in the registers, and keep weights
in the layout that it likes best. PyTorch lets only its compiler ask for that, by operators that it doesn't promise to
keep. So they are tried once on made numbers, in each precision; where they are missing or answer otherwise, `usable`
says no, and the plain network does the work.
"""

from __future__ import annotations

import logging
import math
import platform
from functools import cache, partial
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

log = logging.getLogger(__name__)

_NEAR: Final = {torch.float32: 1e-5, torch.bfloat16: 1 / 64}  # what rounding may change, by precision
_PROCESSORS: Final = ("x86_64", "amd64")  # as `platform` names them on Linux and macOS, and on Windows
_CLIP: Final = ("hardtanh", [0.0, 6.0], "")  # ReLU6
_NOTHING: Final[tuple[str, list[float], str]] = ("none", [], "")


class FusedConv:
    """A convolution with bias, padded as TensorFlow's "SAME", with or without ReLU6 after it. Only for inference.

    Keeps its weights in the layouts that oneDNN wants for the shapes it has met: one, seldom two of them.
    """

    def __init__(self, conv: nn.Conv2d, dtype: torch.dtype, *, clip: bool) -> None:
        """For a stride of 1 or 2, an odd kernel, and sides that the stride divides."""
        weight, bias = conv.weight.detach(), conv.bias
        (kernel, _), (stride, _) = conv.kernel_size, conv.stride
        self._padding = [kernel // 2] * 2
        self._uneven: tuple[int, int, int, int] | None = None
        if stride > 1:
            # "SAME" pads one pixel more on the right than on the left, which PyTorch can't ask oneDNN for. A kernel
            # with a row and a column of zeros before it does the same, without a padded copy of the map; but where
            # each output needs all inputs, as in the stem, those zeros cost more than the copy.
            if conv.groups > 1:
                weight = functional.pad(weight, (1, 0, 1, 0))
            else:
                before = (kernel - stride) // 2
                after = kernel - stride - before
                self._uneven = (before, after, before, after)
                self._padding = [0, 0]
        self._weight = weight.to(dtype).contiguous()
        self._bias = None if bias is None else bias.detach().to(dtype)
        self._stride = [stride] * 2
        self._groups = conv.groups
        self._after = _CLIP if clip else _NOTHING
        self._by_shape: dict[torch.Size, Tensor] = {}
        self._by_layout: dict[bytes, Tensor] = {}

    def __call__(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) on the CPU, channels last -> (N, outputs, H / stride, W / stride), in this precision."""
        x = x.to(self._weight.dtype)
        if self._uneven is not None:
            x = functional.pad(x, self._uneven)
        found: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self._packed(x.shape), self._bias, self._padding, self._stride, [1, 1], self._groups, *self._after
        )
        return found

    def _packed(self, shape: torch.Size) -> Tensor:
        """The weights as oneDNN wants them for inputs of this shape; otherwise each call would reorder them."""
        found = self._by_shape.get(shape)
        if found is None:
            packed = torch.ops.mkldnn._reorder_convolution_weight(
                self._weight, self._padding, self._stride, [1, 1], self._groups, list(shape)
            )
            layout = torch.ops.mkldnn._get_mkldnn_serialized_md(packed).numpy().tobytes()
            found = self._by_shape[shape] = self._by_layout.setdefault(layout, packed)
        return found


def channel_moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """(N, C, H, W) in any precision -> means and population variances over the places, each (N, C) in float32.

    Reads the map twice and writes nothing, picture by picture, which stays in the cache.
    """
    means, variances = [], []
    for number in range(len(x)):
        scratch = torch.zeros(2, x.shape[1])  # that these are float32 asks for float32 results
        mean, variance = torch.batch_norm_update_stats(x[number : number + 1], scratch[0], scratch[1], 0.0)
        means.append(mean)
        variances.append(variance)
    return torch.stack(means), torch.stack(variances)


@cache
def usable(dtype: torch.dtype) -> bool:
    """Whether the fused operators exist here and give in this precision what the plain ones give."""
    if dtype not in _NEAR or platform.machine().lower() not in _PROCESSORS or not torch.backends.mkldnn.enabled:
        return False
    try:
        return _agrees(dtype)
    except (AttributeError, NotImplementedError, RuntimeError, TypeError) as error:  # other versions of PyTorch
        log.debug("no fused convolutions in %s: %s", dtype, error)
        return False


def _agrees(dtype: torch.dtype) -> bool:
    """Whether the fused operators give for made numbers what the plain ones give in single precision."""
    near = partial(torch.allclose, rtol=_NEAR[dtype], atol=_NEAR[dtype])
    with torch.inference_mode(), torch.autocast("cpu", enabled=False):
        x = _made(2, 8, 6, 4).to(dtype).contiguous(memory_format=torch.channels_last)
        for outputs, kernel, stride, groups in ((24, 3, 2, 1), (8, 5, 2, 8), (8, 3, 1, 8), (8, 1, 1, 1)):
            with torch.device("meta"):
                conv = nn.Conv2d(8, outputs, kernel, stride, groups=groups)
            conv.weight, conv.bias = (nn.Parameter(_made(*each.shape)) for each in (conv.weight, torch.empty(outputs)))
            expected = _plainly(conv, x.float())
            if not near(FusedConv(conv, dtype, clip=True)(x).float(), functional.relu6(expected)):
                return False
        mean, variance = channel_moments(x)
        return near(mean, x.float().mean((2, 3))) and near(variance, x.float().var((2, 3), correction=0))


def _plainly(conv: nn.Conv2d, x: Tensor) -> Tensor:
    (kernel, _), (stride, _) = conv.kernel_size, conv.stride
    before = (kernel - stride) // 2
    after = kernel - stride - before
    return functional.conv2d(
        functional.pad(x, (before, after, before, after)), conv.weight, conv.bias, stride, groups=conv.groups
    )


def _made(*shape: int) -> Tensor:
    """Numbers from -1 to 1 that half precision holds exactly."""
    return (torch.arange(math.prod(shape)) * 37 % 65 / 32 - 1).reshape(shape)
