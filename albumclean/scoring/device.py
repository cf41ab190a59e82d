"""Where networks run, in which precision, and how many photos at once. Imports torch when called."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from albumclean.errors import DeviceMissing
from albumclean.media.allocation import importing, keep_freed_memory

if TYPE_CHECKING:
    import torch

LARGEST_BATCH = 32  # more gains nothing
LARGEST_BATCH_ON_CPU = 4  # more falls out of the caches and of what the allocator keeps
LARGEST_PIXELS_ON_CPU = 2_000_000  # of all photos of a batch, for the same reason
ACTIVATION_BYTES_PER_PIXEL = 700  # peak of an EfficientNet-Lite0 forward pass per input pixel in float32, measured
SHARE_OF_FREE_MEMORY = 0.25  # the decoders and the rest of the machine need theirs

_KEPT = 1 << 30  # bytes of freed memory that the networks keep for the next batch


@dataclass(frozen=True, slots=True)
class Placement:
    """A torch device and how to run on it."""

    device: str
    autocast: torch.dtype | None  # None: float32

    @property
    def on_cpu(self) -> bool:
        """Whether the forward pass takes the cores that decoders want."""
        return self.device == "cpu"

    @property
    def on_cuda(self) -> bool:
        """Whether it runs on a GPU that copies and computes in streams of their own (ROCm's count as such)."""
        return self.device.startswith("cuda")

    def __str__(self) -> str:
        return f"{self.device}, {str(self.autocast or 'float32').removeprefix('torch.')}"


def place(device: str) -> Placement:
    """Resolve `auto`, `cpu`, `cuda` or `mps`. Raises DeviceMissing. Call before torch is imported elsewhere."""
    _prepare_for_sharing()
    with nullcontext() if "torch" in sys.modules else importing():
        import torch

    usable = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device == "auto":
        device = next(name for name in ("cuda", "mps", "cpu") if usable[name])
    if not usable.get(device.split(":")[0], False):
        raise DeviceMissing(device=device)
    if device.startswith("cuda"):
        return Placement(device, torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16)
    if device == "mps":
        return Placement(device, torch.float16)
    return Placement(device, torch.bfloat16 if _cpu_has_bf16() else None)


def batch_size(placement: Placement, pixels: int, lanes: int = 1) -> int:
    """How many photos, each with so many pixels in its view, a forward pass may take; at least one.

    From the memory that is free now. `lanes`: how many forward passes share it at a time.
    """
    fits = free_pixels(placement) // pixels
    if placement.on_cpu:
        fits = min(fits, LARGEST_BATCH_ON_CPU, LARGEST_PIXELS_ON_CPU // pixels)
    return max(1, min(fits // lanes, LARGEST_BATCH))


def free_pixels(placement: Placement) -> int:
    """How many pixels may be in forward passes at a time, by the memory that is free now."""
    import torch

    on_cuda = placement.on_cuda
    free = torch.cuda.mem_get_info(placement.device)[0] if on_cuda else psutil.virtual_memory().available
    return int(free * SHARE_OF_FREE_MEMORY / ACTIVATION_BYTES_PER_PIXEL)


def settle(placement: Placement) -> None:
    """Wait until what was sent to a GPU has arrived there: then threads with streams of their own may use it."""
    if placement.on_cuda:
        import torch

        torch.cuda.synchronize(placement.device)


def _prepare_for_sharing() -> None:
    """Let the forward pass live beside the decoders: measured, a quarter of the CPU time on two busy cores."""
    # Threads that wait for each other would spin, on cores that the decoders want. Read when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    keep_freed_memory(_KEPT, arenas=1)  # one for all threads: what one of them freed, another takes


def _cpu_has_bf16() -> bool:
    """Whether the CPU multiplies bfloat16 natively; emulated, it is slower than float32."""
    import torch

    capability = torch.cpu.get_capabilities()
    return bool(capability.get("avx512_bf16") or capability.get("amx_bf16") or capability.get("bf16"))
