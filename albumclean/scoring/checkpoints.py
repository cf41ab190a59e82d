"""Weights from files of others: read without running anything that they hold, and bounded.

A PyTorch checkpoint is a pickle, which can run any program while it is read. `torch.load(weights_only=True)` knows only
tensors and plain containers and refuses the rest; safetensors and HDF5 hold no code at all. The readers of all three
are libraries in C++, C and Rust, which a made file may crash: `scoring.inspection` calls them in a process of its own.
"""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from albumclean.errors import CheckpointUnusable
from albumclean.scoring import hdf5
from albumclean.words import counted, shown

if TYPE_CHECKING:
    from torch import Tensor

LARGEST: Final = 2 << 30  # bytes, unpacked too; the largest network that is known here has a quarter of it
MOST_WEIGHTS: Final = 100_000  # names; large networks have some thousand
MODELSCOPE_FILE: Final = "pytorch_model.pt"  # in the folder that `modelscope download` makes
TOO_MUCH: Final = "it needs more memory than a file of its size should"

_ENDINGS: Final = frozenset({".pt", ".pth", ".bin", ".safetensors", ".hdf5", ".h5", ".tar"})
_WRAPPERS: Final = ("state_dict", "model_state_dict", "model", "net", "params", "params_ema")  # what trainers nest in
_DEEPEST: Final = 8  # of such nests; a dictionary may even hold itself
_PREFIXES: Final = ("module.", "model.")  # of DataParallel, and of modules that hold one model
_TORCH_HEADS: Final = (b"PK\x03\x04", b"\x80")  # a ZIP archive; a bare pickle of old
_LFS_HEAD: Final = b"version https://git-lfs"  # what a clone without Git LFS has in the place of a large file
_ASKED_FOR: Final = re.compile(r"(?:GLOBAL|Unsupported class|call) ([\w.]+)")  # in PyTorch's refusals


def find_weights(path: Path) -> Path:
    """The file with the weights: `path` itself, or what lies in that folder as `modelscope download` leaves it.

    That is the model's folder (`.../damo/NAME`), or in newer versions one with `snapshots/REVISION` below. Raises
    CheckpointUnusable if there is no such file, or several that could be meant.
    """
    try:
        if not stat.S_ISDIR(path.stat().st_mode):
            return path
        for pattern in (MODELSCOPE_FILE, f"snapshots/*/{MODELSCOPE_FILE}", "*"):
            found = sorted(each for each in path.glob(pattern) if each.suffix.lower() in _ENDINGS and each.is_file())
            if len(found) == 1:
                return found[0]
            if found:
                raise _refusal(
                    path, f"it holds {len(found)} files with weights; name one of them, as {shown(found[0])}"
                )
    except OSError as error:
        raise CheckpointUnusable(path=shown(path), detail=error.strerror or error) from error
    raise _refusal(path, "it is a folder without a file of weights in it")


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, on the CPU, without the wrappers and prefixes of trainers.

    Reads PyTorch's files (new and old), safetensors, and Keras' HDF5, whose arrays are named `layer/weight`.

    Raises CheckpointUnusable for a file that can't be read, is damaged, too large, or holds anything but weights.
    """
    head, size = _look_at(path)
    try:
        if head.startswith(hdf5.HEAD):
            return _checked(path, hdf5.read_arrays(path, LARGEST))
        if head.startswith(_TORCH_HEADS):
            return _checked(path, _plain(path, _from_torch(path, size)))
        if size > 8 and int.from_bytes(head[:8], "little") < size:  # safetensors: the length of a JSON header
            return _checked(path, _plain(path, _from_safetensors(path)))
    except CheckpointUnusable:
        raise
    except MemoryError as error:
        raise CheckpointUnusable(path=shown(path), detail=TOO_MUCH) from error
    # The trust boundary: on bytes that are cut off or made up, the readers raise nearly anything.
    except Exception as error:
        detail = TOO_MUCH if "allocate memory" in str(error) else "it is damaged or cut off"
        raise CheckpointUnusable(path=shown(path), detail=detail) from error
    if head == _LFS_HEAD:
        raise _refusal(path, "it is only a pointer of Git LFS to the weights; `git lfs pull` fetches them")
    raise _refusal(path, "it is no file of PyTorch, safetensors or Keras")


def _look_at(path: Path) -> tuple[bytes, int]:
    """The first bytes and the size of a regular file; a pipe would be waited for, a device never ends."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise _refusal(path, "it is no file")
        if found.st_size > LARGEST:
            raise _refusal(path, f"it is larger than {LARGEST >> 30} GB")
        with path.open("rb") as file:
            return file.read(len(_LFS_HEAD)), found.st_size
    except OSError as error:
        raise CheckpointUnusable(path=shown(path), detail=error.strerror or error) from error


def _from_torch(path: Path, size: int) -> object:
    import pickle
    import warnings

    import torch

    if zipfile.is_zipfile(path):
        _check_archive(path, size)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old pickles; what they hold is checked here
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        asked = _ASKED_FOR.search(str(error))
        what = (
            f"it asks for {asked[1][:100]}, which weights never do"
            if asked
            else "it is damaged, or holds more than weights"
        )
        raise _refusal(path, f"{what}; nothing of it was run") from error


def _check_archive(path: Path, size: int) -> None:
    """PyTorch packs without compressing, so that an archive can't hold more than its own size."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        names = {entry.filename.rpartition("/")[2] for entry in entries}
        if "constants.pkl" in names:
            raise _refusal(
                path, "it is a program of TorchScript; albumclean reads weights and runs no programs of others"
            )
        if "data.pkl" not in names:
            raise _refusal(path, "it is an archive, but none of PyTorch's")
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise _refusal(path, "it is a compressed archive, which PyTorch does not make; unpack it first")
        if sum(entry.file_size for entry in entries) > size:
            raise _refusal(path, "it claims to hold more than its own size")
        if archive.testzip() is not None:  # PyTorch itself does not compare the checksums
            raise _refusal(path, "it was damaged on its way: a checksum in it is wrong; fetch it again")


def _from_safetensors(path: Path) -> object:
    from safetensors.torch import load_file

    return load_file(path)


def _plain(path: Path, content: object) -> dict[str, Tensor]:
    """The innermost state dict, without the prefixes that all names share."""
    import torch

    for _ in range(_DEEPEST):
        if not isinstance(content, Mapping):
            break
        inner = next((content[name] for name in _WRAPPERS if isinstance(content.get(name), Mapping)), None)
        if inner is None:
            break
        content = inner
    state: dict[str, Tensor] = {}
    if isinstance(content, Mapping):
        state = {
            name: each for name, each in content.items() if isinstance(name, str) and isinstance(each, torch.Tensor)
        }
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): value for name, value in state.items()}
    return state


def _checked(path: Path, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same, if all are ordinary tensors and not too many; what they claim to be large costs nothing yet."""
    import torch

    if not state:
        raise _refusal(path, "it holds no weights by name")
    if len(state) > MOST_WEIGHTS:
        raise _refusal(path, f"it holds {counted(len(state), 'weight')}, far more than any network")
    for name, tensor in state.items():
        if (
            type(tensor) not in {torch.Tensor, torch.nn.Parameter}
            or tensor.layout is not torch.strided
            or tensor.device.type != "cpu"
            or tensor.is_quantized
            or tensor.is_nested
        ):
            raise _refusal(
                path, f"its {shown(name)[:100]} is no ordinary array of numbers (sparse, quantised or empty)"
            )
    # As they claim, not as they are stored: one number may be repeated to any size.
    if sum(tensor.numel() * tensor.element_size() for tensor in state.values()) > LARGEST:
        raise _refusal(path, f"it claims to hold more than {LARGEST >> 30} GB of weights")
    return state


def _refusal(path: Path, detail: str) -> CheckpointUnusable:
    return CheckpointUnusable(path=shown(path), detail=detail)
