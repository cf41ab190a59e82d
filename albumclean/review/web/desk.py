"""Jobs from the web server's thread for the one thread that owns the session, the ledger and the cache."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, TypeVar

from albumclean.review.web.refusal import Refusal

T = TypeVar("T")

_TICK = 0.5  # seconds; on Windows nothing interrupts a wait, so Ctrl-C is noticed between two of them
_ENDED = "This review has ended. Your answers are remembered: `albumclean review` goes on with them."


class Paused(Refusal):
    """The owner is busy for long."""


@dataclass(frozen=True, slots=True)
class _Job(Generic[T]):
    work: Callable[[], T]
    answer: Future[T]

    def do(self) -> None:
        if self.answer.set_running_or_notify_cancel():
            with _Reporting(self.answer):
                self.answer.set_result(self.work())


@dataclass(frozen=True, slots=True)
class _Reporting(Generic[T]):
    """Whatever a job raises belongs to the one who asked for it; what is meant for the owner goes on to it too."""

    answer: Future[T]

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            return False
        if isinstance(error, Exception):
            self.answer.set_exception(error)
            return True
        self.answer.set_exception(Refusal(409, _ENDED))  # Ctrl-C
        return False


class Desk:
    """Where the server asks and the owner answers, one job after the other, in the order in which they came."""

    def __init__(self, idle: float, now: Callable[[], float] = time.monotonic) -> None:
        """`idle` is how many seconds without a sign of life (`seen`) end a `serve`."""
        self._jobs: queue.SimpleQueue[_Job[object]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._shut: Callable[[], Refusal] | None = None  # why nobody answers now
        self._idle = idle
        self._now = now
        self._last_seen = now()

    def seen(self) -> None:
        """The user is there. Any thread may call."""
        self._last_seen = self._now()

    async def ask(self, work: Callable[[], T]) -> T:
        """Have the owner do `work`; what it returns or raises. Raises Refusal while nobody will answer."""
        job = _Job(work, Future[T]())
        with self._lock:
            if self._shut is not None:
                raise self._shut()
            self._jobs.put(job)  # type: ignore[arg-type]  # the queue holds jobs of all kinds
        return await asyncio.wrap_future(job.answer)

    def serve(self, until: Callable[[], bool]) -> bool:
        """Do jobs until `until()` after one of them, or until nobody was seen for long; False for the latter.

        Called by the owner. Ctrl-C raises KeyboardInterrupt, also out of a job.
        """
        with self._lock:
            self._shut = None
        self.seen()
        while not until():
            if self._now() - self._last_seen >= self._idle:
                return False
            try:
                job = self._jobs.get(timeout=min(_TICK, self._idle))
            except queue.Empty:
                continue
            job.do()
        return True

    def pause(self, why: str) -> None:
        """Until the next `serve` nobody waits: those who ask are told `why`."""
        self._turn_away(lambda: Paused(409, why))

    def close(self) -> None:
        """No more jobs: those that wait are told that the review has ended."""
        self._turn_away(lambda: Refusal(409, _ENDED))

    def _turn_away(self, refusal: Callable[[], Refusal]) -> None:
        with self._lock:
            self._shut = refusal
        while not self._jobs.empty():
            waiting = self._jobs.get()
            if waiting.answer.set_running_or_notify_cancel():
                waiting.answer.set_exception(refusal())
