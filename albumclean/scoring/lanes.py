"""Forward passes side by side.

On a CPU, one thread to a forward pass wastes nothing, whatever else the cores have to do; several threads in one pass
wait for each other at the end of every layer, each time that a decoder holds the core of one. On a GPU, the second lane
copies and collects while the first computes, each in a stream of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from albumclean.scoring.device import Placement, free_pixels

MOST_LANES = 4  # each takes memory; where there are more cores, a lane has several threads
LANES_ON_GPU = 2


def lanes_on(placement: Placement, cores: int) -> int:
    """How many forward passes run best at a time where there are `cores` for them."""
    if placement.on_cpu:
        return max(1, min(cores, MOST_LANES))
    return LANES_ON_GPU if placement.on_cuda else 1


class Lanes:
    """Lets forward passes begin, and gives each its share of the cores, or its stream."""

    def __init__(self, placement: Placement, cores: int) -> None:
        """`cores`: those of this machine that may be used."""
        self.count = lanes_on(placement, cores)
        self._placement = placement
        self._cores = cores
        self._most = free_pixels(placement)
        self._running = 0  # pixels
        self._changed = threading.Condition()
        self._own = threading.local()  # a thread's stream
        self._threads_before: int | None = None  # PyTorch's, before the first lane set its own

    @contextmanager
    def room(self, pixels: int, *, by_torch: bool = True) -> Iterator[None]:
        """For a forward pass of so many pixels: waits while those that run leave no memory for it.

        One that would take all of it, or more, runs alone and, if it runs `by_torch`, has all cores.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._running or self._running + pixels <= self._most)
            self._running += pixels
            if by_torch and self._placement.on_cpu:
                self._remember_threads()
        try:
            abreast = min(self.count, max(1, self._most // pixels))
            with self._surroundings(self._cores // abreast) if by_torch else nullcontext():
                yield
        finally:
            with self._changed:
                self._running -= pixels
                self._changed.notify_all()

    def _surroundings(self, threads: int) -> AbstractContextManager[object]:
        if self._placement.on_cuda:
            return self._stream()
        return self._threads(max(1, threads)) if self._placement.on_cpu else nullcontext()

    @property
    def threads(self) -> int:
        """How many cores each lane has where all of them run."""
        return max(1, self._cores // self.count)

    def _remember_threads(self) -> None:
        """Before any lane sets its own: PyTorch gives a new thread what the last one has set."""
        if self._threads_before is None:
            import torch

            self._threads_before = torch.get_num_threads()

    @contextmanager
    def _threads(self, number: int) -> Iterator[None]:
        """So many threads for what the calling thread computes; then as many as before, for it and for new ones."""
        import torch

        torch.get_num_threads()  # a thread's first question sets its number to what any thread has set last
        torch.set_num_threads(number)
        try:
            yield
        finally:
            torch.set_num_threads(self._threads_before or number)

    def _stream(self) -> AbstractContextManager[object]:
        """The calling thread's own: what runs there waits for nothing that another thread has begun."""
        import torch

        if not hasattr(self._own, "stream"):
            self._own.stream = torch.cuda.Stream(self._placement.device)  # type: ignore[no-untyped-call]
        return torch.cuda.stream(self._own.stream)
