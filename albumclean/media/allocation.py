"""How a process deals with memory that is free, or that never will be.

glibc gives a large block back to the system as soon as it is free, and the next one is got anew, page by page, each
page cleared: a sixth of the time to decode a photo, and nearly half of a forward pass.
"""

from __future__ import annotations

import ctypes
import gc
import platform
from collections.abc import Iterator
from contextlib import contextmanager

KEPT_BY_A_DECODER = 256 << 20  # bytes: what a photo of 50 megapixels takes

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -2, -3, -8  # mallopt's options
_LARGEST_THRESHOLD = 32 << 20  # the most that glibc takes; larger blocks go back at once, as ever
_TOP_PAD = 64 << 20


def keep_freed_memory(most: int, *, arenas: int | None = None) -> None:
    """Let this process keep up to `most` bytes for the next time; other systems than glibc's are left as they are.

    `arenas`: how many stores of freed memory its threads share; None leaves that to glibc.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    mallopt = ctypes.CDLL(None).mallopt
    mallopt(_M_TRIM_THRESHOLD, most)
    mallopt(_M_MMAP_THRESHOLD, _LARGEST_THRESHOLD)
    mallopt(_M_TOP_PAD, _TOP_PAD)
    if arenas is not None:
        mallopt(_M_ARENA_MAX, arenas)


def give_back_memory() -> None:
    """Give to the system what was kept for a next time that will not come; only with glibc is anything kept."""
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def importing() -> Iterator[None]:
    """Around the import of something large: the garbage collector does not look for garbage in it, now or later.

    It would look at hundreds of thousands of objects, all of which stay, again and again: a sixth of PyTorch's import.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
