"""Weights for networks of any form, the same on every machine: what a network answers with them can be written down."""

from __future__ import annotations

import math
import re
import zlib

import numpy as np
import torch
from torch import Tensor, nn


def made_weights(network: nn.Module) -> dict[str, Tensor]:
    """A state dict for it, drawn from the parameters' names, so that other modules with the same names get the same."""
    return {name: torch.from_numpy(_values(name, tuple(each.shape))) for name, each in network.state_dict().items()}


def _values(name: str, shape: tuple[int, ...]) -> np.ndarray:
    if name.endswith("num_batches_tracked"):
        return np.array(0, dtype=np.int64)
    values = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape, dtype=np.float32)
    if len(shape) > 1:
        gain = 1.2 if len(shape) == 4 else 0.1
        return values * np.float32(math.sqrt(gain / math.prod(shape[1:])))
    if re.search(r"\.\d+\.1\.weight$", name):  # MobileNetV2's first and last: far above where ReLU6 would end
        return 8 + np.abs(values)
    if name.endswith(("running_var", "weight")):
        return 1 + np.abs(values) / 10
    return values / 10
