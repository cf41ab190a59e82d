"""Weights in a byte each: for a file that travels with every copy of the program. Nothing is computed in bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

_OUTPUTS, _INPUTS = ".outputs", ".inputs"  # behind the name of a tensor of bytes: its factors, by output and by input
_MOST: Final = 127
_LEAST: Final = 1e-12  # instead of the largest of a row or column of zeros


def packed(name: str, weight: Tensor) -> dict[str, Tensor]:
    """A weight (outputs, inputs, ...) by its name in a file: whole numbers from -127 to 127, and their factors.

    Inputs whose numbers are small by nature have large weights, so each input has its own factor, and then each output.
    """
    weight = weight.detach().float()
    inputs = weight.abs().transpose(0, 1).flatten(1).amax(dim=1).clamp(min=_LEAST)
    weight = weight / _along(inputs, weight, 1)
    outputs = (weight.abs().flatten(1).amax(dim=1) / _MOST).clamp(min=_LEAST)
    steps = (weight / _along(outputs, weight, 0)).round().to(torch.int8)
    return {name: steps, name + _OUTPUTS: outputs, name + _INPUTS: inputs}


def unpacked(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """All tensors of a file in single precision, whatever they are stored in."""
    found = {name: tensor.float() for name, tensor in state.items()}
    for name, tensor in state.items():
        if tensor.dtype is torch.int8:
            found[name] *= _along(found.pop(name + _OUTPUTS), tensor, 0) * _along(found.pop(name + _INPUTS), tensor, 1)
    return found


def _along(factors: Tensor, weight: Tensor, dimension: int) -> Tensor:
    """The factors as a tensor that multiplies the weight along one dimension."""
    shape = [1] * weight.dim()
    shape[dimension] = len(factors)
    return factors.reshape(shape)
