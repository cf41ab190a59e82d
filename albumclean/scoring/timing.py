"""How fast a scorer is on this machine, and how much memory it takes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from albumclean.errors import AlbumcleanError
from albumclean.media.view import network_view
from albumclean.media.workers import Ask, WorkerFailure, WorkerPool
from albumclean.scoring.collection import Scorers
from albumclean.scoring.inspection import made_picture

PICTURE: Final = (4000, 3000)  # pixels: 12 megapixels, as phones take them
_LONGEST: Final = 1800.0  # seconds for one scorer
_VIEWS: Final = 3  # of the same picture, timed each


@dataclass(frozen=True, slots=True)
class Timing:
    """What one scorer takes for a photo of `PICTURE`'s size that is decoded already."""

    scorer: str
    device: str
    precision: str
    threads: int
    batch: int  # photos at once
    preparing: float  # seconds a photo, on one core
    forward: float  # seconds a photo
    memory: int  # bytes, the most that the process held, Python and its packages included


@dataclass(frozen=True, slots=True)
class _Job:
    name: str
    models: Path
    device: str
    batch: int
    seconds: float


def timings(
    names: Sequence[str], models: Path, *, device: str, batch: int = 0, seconds: float = 10.0
) -> Iterator[tuple[str, Timing | AlbumcleanError | WorkerFailure]]:
    """Time each scorer for about `seconds`, or one batch if that takes longer, in a process of its own."""
    pool = WorkerPool(_time, workers=1, timeout=_LONGEST)
    for name in names:
        for job, outcome in pool.run([_Job(name, models, device, batch, seconds)], _no_questions):
            yield job.name, outcome


def _time(job: _Job, ask: Ask) -> Timing:
    from albumclean.scoring.batches import NetworkBatches

    scorer = Scorers.of(job.models).find(job.name)
    picture = made_picture(PICTURE)
    began = time.perf_counter()
    for _ in range(_VIEWS):
        view = network_view(picture, scorer.spec.input)
    preparing = (time.perf_counter() - began) / _VIEWS

    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    network = NetworkBatches(scorer, job.device, job.batch, threads=threads)
    if network.by_torch:
        import torch

        torch.set_num_threads(threads)  # a worker has one; a scan's networks run in the main process and take all
    took: list[float] = []
    while not took or sum(took) < job.seconds:
        batch = network.batch
        began = time.perf_counter()
        for number in range(batch):
            network.add(number.to_bytes(32, "big"), view)
        network.flush()
        took.append((time.perf_counter() - began) / batch)
    steady = took[1:] or took  # the first one warms up
    forward = sum(steady) / len(steady)
    return Timing(
        job.name,
        network.placement.device,
        network.precision,
        threads,
        network.batch,
        preparing,
        forward,
        _most_memory(),
    )


def _most_memory() -> int:
    """Bytes: the most that this process has held."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _no_questions(question: object) -> None:
    """The process asks nothing."""
