"""The judge's file of weights: how they are stored, and the options of the commands that write it."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from albumclean.scoring.packing import packed

WEIGHTS: Final = Path(__file__).with_name("judge.safetensors")
METRICS_FILE: Final = Path(__file__).with_name("judge.json")


def folded(name: str, layer: nn.Linear, mean: Tensor, spread: Tensor) -> dict[str, Tensor]:
    """Weight and bias on raw features, the weight rounded as it will be stored."""
    weight = (layer.weight / spread).half().float().detach()
    # With the bias from the rounded weights, rounding errors count from the mean photo and not from zero.
    return {f"{name}.weight": weight, f"{name}.bias": (layer.bias - weight @ mean).detach()}


def as_bytes(name: str, tensor: Tensor) -> dict[str, Tensor]:
    """A tensor as the opinion's are stored: filters and matrices in a byte for each number."""
    if tensor.dim() <= 1:
        return {name: tensor.float().clone()}
    return {key: torch.from_numpy(array) for key, array in packed(name, tensor.detach().float().numpy()).items()}


def save(state: dict[str, Tensor], out: Path) -> str:
    """Write one file: bytes as they are, matrices and filters in half precision, the rest in single. Its SHA-256."""
    half = ("backbone.", "hidden.weight", "fault_hidden.weight", "projection.weight", "preference.weight")

    def stored(name: str, tensor: Tensor) -> Tensor:
        if tensor.dtype is torch.int8:
            return tensor.contiguous()
        return (tensor.half() if name.startswith(half) else tensor.float()).contiguous()

    save_file({name: stored(name, tensor) for name, tensor in state.items()}, out)
    out.chmod(0o644)  # it was made for its owner only
    return hashlib.sha256(out.read_bytes()).hexdigest()


def add_to(out: Path, more: dict[str, Tensor]) -> str:
    """Add tensors to a file of weights, or replace them; the others stay bit by bit. Its SHA-256."""
    return save(load_file(out) | more, out)


def parser_of_heads(description: str | None) -> argparse.ArgumentParser:
    """The options of a command that trains heads from the cache and writes them into the weights."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--biq2021", type=Path, required=True, help="a checkout of nisarahmedrana/BIQ2021")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--metrics", type=Path, default=METRICS_FILE)
    parser.add_argument("--threads", type=int, default=2)
    return parser
