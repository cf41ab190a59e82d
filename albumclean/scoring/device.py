"""Where networks run, in which precision, and how many photos at once. Imports torch when called."""

from __future__ import annotations

import ctypes
import os
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from albumclean.errors import DeviceMissing

if TYPE_CHECKING:
    import torch

LARGEST_BATCH = 32  # more gains nothing
LARGEST_BATCH_ON_CPU = 4  # more falls out of the caches and of what the allocator keeps
LARGEST_PIXELS_ON_CPU = 2_000_000  # of all photos of a batch, for the same reason
ACTIVATION_BYTES_PER_PIXEL = 700  # peak of an EfficientNet-Lite0 forward pass per input pixel in float32, measured
SHARE_OF_FREE_MEMORY = 0.25  # the decoders and the rest of the machine need theirs

# glibc gives large blocks back to the system after each layer and gets them anew, page by page, in the next: nearly
# half of a forward pass. (mallopt's option, value): keep freed memory, and one arena, also for the networks' thread.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -2, -3, -8
_MALLOC_OPTIONS = (
    (_M_TRIM_THRESHOLD, 1 << 30),
    (_M_MMAP_THRESHOLD, 32 << 20),  # the most that glibc takes
    (_M_TOP_PAD, 64 << 20),
    (_M_ARENA_MAX, 1),
)


@dataclass(frozen=True, slots=True)
class Placement:
    """A torch device and how to run on it."""

    device: str
    autocast: torch.dtype | None  # None: float32

    def __str__(self) -> str:
        return f"{self.device}, {str(self.autocast or 'float32').removeprefix('torch.')}"


def place(device: str) -> Placement:
    """Resolve `auto`, `cpu`, `cuda` or `mps`. Raises DeviceMissing. Call before torch is imported elsewhere."""
    _prepare_for_sharing()
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


def batch_size(placement: Placement, pixels: int) -> int:
    """How many photos, each with so many pixels in its view, a forward pass may take; at least one.

    From the memory that is free now.
    """
    import torch

    if placement.device.startswith("cuda"):
        free = torch.cuda.mem_get_info(placement.device)[0]
    else:
        free = psutil.virtual_memory().available
    fits = int(free * SHARE_OF_FREE_MEMORY / (pixels * ACTIVATION_BYTES_PER_PIXEL))
    if placement.device == "cpu":
        fits = min(fits, LARGEST_BATCH_ON_CPU, LARGEST_PIXELS_ON_CPU // pixels)
    return max(1, min(fits, LARGEST_BATCH))


def _prepare_for_sharing() -> None:
    """Let the forward pass live beside the decoders: measured, a quarter of the CPU time on two busy cores."""
    # Threads that wait for each other would spin, on cores that the decoders want. Read when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        for option, value in _MALLOC_OPTIONS:
            libc.mallopt(option, value)


def _cpu_has_bf16() -> bool:
    """Whether the CPU multiplies bfloat16 natively; emulated, it is slower than float32."""
    import torch

    capability = torch.cpu.get_capabilities()
    return bool(capability.get("avx512_bf16") or capability.get("amx_bf16") or capability.get("bf16"))
