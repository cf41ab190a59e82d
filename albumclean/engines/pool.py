"""The decoding workers as the settings ask for them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from albumclean.config import ScanSettings
from albumclean.media.workers import Ask, WorkerPool

Job = TypeVar("Job")
Result = TypeVar("Result")


def worker_pool(
    task: Callable[[Job, Ask], Result], wish: ScanSettings, timeout: Callable[[Job], float] | None = None
) -> WorkerPool[Job, Result]:
    """A pool for `task`; one worker per core unless the settings name a number. `timeout` in place of the settings'."""
    workers = wish.workers or usable_cores()
    seconds = timeout or wish.decode_timeout
    return WorkerPool(task, workers=workers, timeout=seconds, memory=wish.worker_memory, queue=2 * workers)


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
