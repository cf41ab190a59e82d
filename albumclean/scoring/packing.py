"""Weights in a byte each: for a file that travels with every copy of the program. Nothing is computed in bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_OUTPUTS, _INPUTS = ".outputs", ".inputs"  # behind the name of an array of bytes: its factors, by output and by input
_MOST: Final = 127
_LEAST: Final = 1e-12  # instead of the largest of a row or column of zeros


def packed(name: str, weight: Floats) -> dict[str, npt.NDArray[Any]]:
    """A weight (outputs, inputs, ...) by its name in a file: whole numbers from -127 to 127, and their factors.

    Inputs whose numbers are small by nature have large weights, so each input has its own factor, and then each output.
    """
    inputs = _largest(weight.swapaxes(0, 1))
    weight = weight / _along(inputs, weight, 1)
    outputs = np.maximum(_largest(weight) / np.float32(_MOST), np.float32(_LEAST))
    steps = np.rint(weight / _along(outputs, weight, 0)).astype(np.int8)
    return {name: steps, name + _OUTPUTS: outputs, name + _INPUTS: inputs}


def unpacked(state: Mapping[str, npt.NDArray[Any]]) -> dict[str, Floats]:
    """All arrays of a file in single precision, whatever they are stored in."""
    found = {name: array.astype(np.float32) for name, array in state.items()}
    for name, array in state.items():
        if array.dtype == np.int8:
            found[name] *= _along(found.pop(name + _OUTPUTS), array, 0) * _along(found.pop(name + _INPUTS), array, 1)
    return found


def _largest(weight: Floats) -> Floats:
    """The largest absolute value of each row, which may have several dimensions."""
    found: Floats = np.abs(weight).reshape(len(weight), -1).max(axis=1)
    return np.maximum(found, np.float32(_LEAST))


def _along(factors: Floats, weight: npt.NDArray[Any], dimension: int) -> Floats:
    """The factors as an array that multiplies the weight along one dimension."""
    shape = [1] * weight.ndim
    shape[dimension] = len(factors)
    return factors.reshape(shape)
