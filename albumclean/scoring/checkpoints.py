"""Weights from files of others: read without running anything that they hold, and bounded.

A PyTorch checkpoint is a pickle, which can run any program while it is read. `torch.load(weights_only=True)` knows only
tensors and plain containers and refuses the rest; safetensors and HDF5 hold no code at all.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from albumclean.errors import CheckpointUnusable

if TYPE_CHECKING:
    from torch import Tensor

LARGEST: Final = 4 << 30  # bytes, unpacked too; the largest published quality model has a tenth of it
MODELSCOPE_FILE: Final = "pytorch_model.pt"  # in the folder that `modelscope download` makes

_WRAPPERS: Final = ("state_dict", "model_state_dict", "model", "net", "params", "params_ema")  # what trainers nest in
_PREFIXES: Final = ("module.", "model.")  # of DataParallel, and of modules that hold one model
_TORCH_HEADS: Final = (b"PK\x03\x04", b"\x80")  # a ZIP archive; a bare pickle of old
_HDF5_HEAD: Final = b"\x89HDF\r\n\x1a\n"


def find_weights(path: Path) -> Path:
    """The file with the weights: `path` itself, or what lies in that folder as `modelscope download` leaves it.

    Raises CheckpointUnusable if there is no such file, or several that could be meant.
    """
    if not path.is_dir():
        return path
    if (path / MODELSCOPE_FILE).is_file():
        return path / MODELSCOPE_FILE
    endings = {".pt", ".pth", ".bin", ".safetensors", ".hdf5", ".h5", ".tar"}
    found = sorted(each for each in path.iterdir() if each.suffix.lower() in endings and each.is_file())
    if len(found) == 1:
        return found[0]
    detail = "it holds no file with weights" if not found else f"it holds {len(found)} files with weights; name one"
    raise CheckpointUnusable(path=path, detail=detail)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, on the CPU, without the wrappers and prefixes of trainers.

    Reads PyTorch's files (new and old), safetensors, and Keras' HDF5, whose arrays are named `layer/weight`.

    Raises CheckpointUnusable for a file that can't be read, is damaged, too large, or holds anything but weights.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise CheckpointUnusable(path=path, detail=error.strerror or error) from error
    if size > LARGEST:
        raise CheckpointUnusable(path=path, detail=f"it is larger than {LARGEST >> 30} GB")
    if head == _HDF5_HEAD:
        return _from_keras(path)
    if head.startswith(_TORCH_HEADS):
        return _from_torch(path)
    if size > 8 and int.from_bytes(head, "little") < size:  # safetensors: the length of a JSON header comes first
        return _from_safetensors(path)
    raise CheckpointUnusable(path=path, detail="it is no file of PyTorch, safetensors or Keras")


def _from_torch(path: Path) -> dict[str, Tensor]:
    import pickle

    import torch

    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
                    raise CheckpointUnusable(path=path, detail=f"it unpacks to more than {LARGEST >> 30} GB")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        detail = "it holds more than weights (perhaps a program); nothing of it was run"
        raise CheckpointUnusable(path=path, detail=detail) from error
    # The trust boundary: on bytes that are cut off or made up, PyTorch's reader raises nearly anything.
    except (RuntimeError, ValueError, EOFError, OSError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise CheckpointUnusable(path=path, detail="it is damaged or cut off") from error
    return _plain(path, content)


def _from_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return _plain(path, load_file(path))
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointUnusable(path=path, detail="it is damaged or cut off") from error


def _from_keras(path: Path) -> dict[str, Tensor]:
    try:
        import h5py
    except ImportError as error:
        detail = "reading Keras' files needs the package h5py; install it beside albumclean (`pip install h5py`)"
        raise CheckpointUnusable(path=path, detail=detail) from error
    import torch

    arrays: dict[str, Tensor] = {}
    total = 0

    def visit(name: str, entry: object) -> None:
        nonlocal total
        if isinstance(entry, h5py.Dataset) and entry.dtype.kind == "f":
            total += entry.size * entry.dtype.itemsize  # by its header: nothing is unpacked yet
            if total > LARGEST:
                raise CheckpointUnusable(path=path, detail=f"it unpacks to more than {LARGEST >> 30} GB")
            layer, weight = name.split("/")[-2:]
            arrays[f"{layer}/{weight.partition(':')[0]}"] = torch.from_numpy(entry[()])

    try:
        with h5py.File(path, "r") as file:
            file.visititems(visit)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise CheckpointUnusable(path=path, detail="it is damaged or cut off") from error
    if not arrays:
        raise CheckpointUnusable(path=path, detail="it holds no weights")
    return arrays


def _plain(path: Path, content: object) -> dict[str, Tensor]:
    """The innermost state dict, without the prefixes that all names share."""
    import torch

    while isinstance(content, Mapping):
        inner = next((content[name] for name in _WRAPPERS if isinstance(content.get(name), Mapping)), None)
        if inner is None:
            break
        content = inner
    if not isinstance(content, Mapping):
        raise CheckpointUnusable(path=path, detail="it holds no weights by name")
    state = {str(name): value for name, value in content.items() if isinstance(value, torch.Tensor)}
    if not state:
        raise CheckpointUnusable(path=path, detail="it holds no weights by name")
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): value for name, value in state.items()}
    return state
