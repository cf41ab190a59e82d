"""Where networks run, in which precision, and how many photos at once. Imports torch only where that is said."""

from __future__ import annotations

import ctypes.util
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from albumclean.errors import DeviceMissing, TorchUnusable
from albumclean.media.allocation import importing, keep_freed_memory

if TYPE_CHECKING:
    import torch

LARGEST_BATCH = 32  # more gains nothing
LARGEST_BATCH_ON_CPU = 4  # more falls out of the caches and of what the allocator keeps
LARGEST_PIXELS_ON_CPU = 2_000_000  # of all photos of a batch, for the same reason
ACTIVATION_BYTES_PER_PIXEL = 700  # peak of an EfficientNet-Lite0 forward pass per input pixel in float32, measured
SHARE_OF_FREE_MEMORY = 0.25  # the decoders and the rest of the machine need theirs

# What NVIDIA's driver, AMD's, and Windows' for its Linux leave in /dev; a container that may use a GPU has them, too.
_GPU_NODES = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd", "/dev/dxg")

_NO_MEMORY = ("allocate memory", "out of memory", "can't alloc", "bad_alloc", "bad allocation")

_KEPT = 1 << 30  # bytes of freed memory that the networks keep for the next batch


@dataclass(frozen=True, slots=True)
class Placement:
    """A device, as PyTorch calls it."""

    device: str

    @property
    def on_cpu(self) -> bool:
        """Whether the forward pass takes the cores that decoders want."""
        return self.device == "cpu"

    @property
    def on_cuda(self) -> bool:
        """Whether it runs on a GPU that copies and computes in streams of their own (ROCm's count as such)."""
        return self.device.startswith("cuda")

    @property
    def autocast(self) -> torch.dtype | None:
        """The half precision in which PyTorch runs best there; None: float32. Imports torch."""
        import torch

        if self.on_cuda:
            return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
        if self.device == "mps":
            return torch.float16
        return torch.bfloat16 if _cpu_has_bf16() else None


def place(device: str) -> Placement:
    """Resolve `auto`, `cpu`, `cuda` or `mps`. Raises DeviceMissing. Call before torch is imported elsewhere.

    Imports torch itself only where there may be a GPU.
    """
    _prepare_for_sharing()
    if device == "cpu" or (device == "auto" and not _may_have_gpu()):
        return Placement("cpu")
    import_torch()
    import torch

    usable = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device == "auto":
        device = next(name for name in ("cuda", "mps", "cpu") if usable[name])
    if not usable.get(device.split(":")[0], False):
        raise DeviceMissing(device=device)
    return Placement(device)


def import_torch() -> None:
    """Import torch, which is large, if it is not there. Raises TorchUnusable."""
    if "torch" not in sys.modules:
        try:
            with importing():
                import torch  # noqa: F401
        except (ImportError, OSError) as error:
            raise TorchUnusable(detail=error) from error


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
    if placement.on_cuda:
        import torch

        free = torch.cuda.mem_get_info(placement.device)[0]
    else:
        free = psutil.virtual_memory().available
    return int(free * SHARE_OF_FREE_MEMORY / ACTIVATION_BYTES_PER_PIXEL)


def settle(placement: Placement) -> None:
    """Wait until what was sent to a GPU has arrived there: then threads with streams of their own may use it."""
    if placement.on_cuda:
        import torch

        torch.cuda.synchronize(placement.device)


def no_memory(error: BaseException) -> bool:
    """Whether that is what an error of PyTorch or OpenVINO says; most have no class of their own for it."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or any(each in words for each in _NO_MEMORY)


def _may_have_gpu() -> bool:
    """Whether it is worth asking torch, whose import takes seconds: no means that there is none that it could use."""
    system = platform.system()
    if system == "Linux":
        return any(Path(node).exists() for node in _GPU_NODES)
    return system != "Windows" or ctypes.util.find_library("nvcuda") is not None


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
