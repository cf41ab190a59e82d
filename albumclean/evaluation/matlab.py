"""What MATLAB wrote: numbers and lists of names out of `.mat` files up to version 7.

Source: MathWorks, "MAT-File Format"; read by scipy. Version 7.3 is another format (HDF5).
"""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np

from albumclean.errors import TableError
from albumclean.evaluation.weighted import Floats
from albumclean.words import shown


def numbers(path: Path, variable: str) -> Floats:
    """A matrix as (n,), column by column as MATLAB counts. Raises TableError."""
    value = _variable(path, variable)
    if value.dtype.kind not in "fiu":
        raise _error(path, f"its variable {variable} holds no numbers")
    found: Floats = value.astype(np.float64).ravel(order="F")
    return found


def texts(path: Path, variable: str) -> list[str]:
    """A cell array of texts, column by column. Raises TableError."""
    value = _variable(path, variable)
    cells = [_text(cell) for cell in value.ravel(order="F")] if value.dtype == object else []
    if not cells or None in cells:
        raise _error(path, f"its variable {variable} is not a list of texts")
    return [cell for cell in cells if cell is not None]


def _text(cell: object) -> str | None:
    return str(cell.item()) if isinstance(cell, np.ndarray) and cell.size == 1 and cell.dtype.kind == "U" else None


def _variable(path: Path, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        data = path.read_bytes()  # scipy says of a file that ends early what it says of a disk that fails
    except OSError as error:
        raise _error(path, f"it can't be read ({error.strerror or error})") from error
    try:
        value = loadmat(io.BytesIO(data), variable_names=[name]).get(name)
    except NotImplementedError as error:
        raise _error(path, "it is in MATLAB's format 7.3; save it again with save(..., '-v7')") from error
    except (
        MatReadError, OSError, ValueError, TypeError, KeyError, IndexError, OverflowError, MemoryError, zlib.error
    ) as error:  # fmt: skip
        raise _error(path, "it is not a sound MATLAB file") from error
    if not isinstance(value, np.ndarray):
        raise _error(path, f"it has no variable {name}")
    return value


def _error(path: Path, detail: str) -> TableError:
    return TableError(path=shown(path), detail=detail)
