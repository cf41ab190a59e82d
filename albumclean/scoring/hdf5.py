"""Keras' weights from an HDF5 file: its own arrays only, nothing that it points to elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from albumclean.errors import CheckpointUnusable
from albumclean.words import shown

if TYPE_CHECKING:
    from torch import Tensor

HEAD: Final = b"\x89HDF\r\n\x1a\n"  # the first bytes
_FILTERS: Final = frozenset({1, 2, 3})  # deflate, shuffle, checksum: built in; others are programs that HDF5 would load
_DEEPEST: Final = 32  # groups within groups; Keras has a handful


def read_arrays(path: Path, largest: int) -> dict[str, Tensor]:
    """Arrays of numbers by `layer/weight`, as Keras names them ("conv1/kernel"), of at most `largest` bytes together.

    A layer without weights is an empty array by `layer/` ("conv_pad_1/"): some tell how the others are used.
    Links to other files are not followed. Raises CheckpointUnusable if h5py is not installed, for an array that lies in
    other files or is packed in an unusual way, and for too many bytes; h5py's errors where the file is damaged.
    """
    try:
        import h5py
    except ImportError as error:
        detail = "reading Keras' files needs the package h5py; install it beside albumclean (`pip install h5py`)"
        raise CheckpointUnusable(path=shown(path), detail=detail) from error
    import torch

    arrays: dict[str, Tensor] = {}
    total = 0

    def visit(name: str, entry: object) -> None:  # is called for what hard links lead to: never another file
        nonlocal total
        if name.count("/") > _DEEPEST:  # the library's own walk takes for ever then
            raise CheckpointUnusable(path=shown(path), detail="its arrays lie deeper than those of any network")
        if isinstance(entry, h5py.Group) and not len(entry):
            arrays[f"{name.rpartition('/')[2]}/"] = torch.empty(0)
        if not isinstance(entry, h5py.Dataset) or entry.dtype.kind != "f":
            return
        if trouble := _trouble(entry):
            raise CheckpointUnusable(path=shown(path), detail=f"its {shown(name)[:100]} {trouble}")
        total += entry.size * entry.dtype.itemsize  # by its header: nothing is unpacked yet
        if total > largest:
            raise CheckpointUnusable(path=shown(path), detail=f"it unpacks to more than {largest >> 30} GB")
        group, _, weight = name.rpartition("/")
        key = f"{group.rpartition('/')[2]}/{weight.partition(':')[0]}"
        if key in arrays:
            raise CheckpointUnusable(path=shown(path), detail=f"it holds {shown(key)[:100]} twice")
        arrays[key] = torch.from_numpy(entry[()].astype(entry.dtype.newbyteorder("="), copy=False).copy())

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return arrays


def _trouble(entry: Any) -> str | None:  # noqa: ANN401 - h5py has no types
    """Why the array is not read."""
    if entry.is_virtual or entry.external:
        return "lies in other files, which albumclean does not read"
    made = entry.id.get_create_plist()
    if any(made.get_filter(number)[0] not in _FILTERS for number in range(made.get_nfilters())):
        return "is packed in a way that Keras does not use"
    return None
