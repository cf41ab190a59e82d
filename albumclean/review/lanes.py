"""A few worker processes that many threads share: what is urgent goes first, and slow work never takes all of them."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from albumclean.errors import AlbumcleanError
from albumclean.media.workers import Ask, WorkerFailure, WorkerPool

Job = TypeVar("Job")
Result = TypeVar("Result")

_JOIN_SECONDS = 6.0


class Ended(AlbumcleanError):
    """The review has ended, so no more pictures are made."""


@dataclass(order=True, slots=True)
class _Ticket(Generic[Job, Result]):
    urgency: int  # the smallest first
    number: int  # in the order of asking
    job: Job = field(compare=False)
    future: Future[Result | WorkerFailure | AlbumcleanError] = field(compare=False, default_factory=Future)


class Lanes(Generic[Job, Result]):
    """Runs `task(job, ask)` in up to `lanes` processes, each started when it is first needed; nothing may be asked.

    `timeout` and `memory` are for one job, as in `WorkerPool`. With more than one lane, one stays free of jobs of an
    urgency above 0. End it with `end`. May be used by several threads.
    """

    def __init__(
        self,
        task: Callable[[Job, Ask], Result],
        *,
        lanes: int,
        timeout: float,
        memory: int | None = None,
        idle: float = 600.0,
    ) -> None:
        """`idle`: seconds after which a process that has nothing to do ends; the next job starts it anew."""
        self._idle = idle
        self._most_slow = max(1, lanes - 1)
        self._changed = threading.Condition()
        self._waiting: list[_Ticket[Job, Result]] = []  # a heap
        self._slow = 0  # jobs of an urgency above 0 that are worked on
        self._asked = 0
        self._ended = False
        self._pools = [
            WorkerPool[Job, Result](task, workers=1, timeout=timeout, memory=memory, queue=1) for _ in range(lanes)
        ]
        self._threads = [
            threading.Thread(target=self._serve, args=(pool,), name="albumclean-lane", daemon=True)
            for pool in self._pools
        ]
        for thread in self._threads:
            thread.start()

    def ask(self, job: Job, urgency: int) -> Future[Result | WorkerFailure | AlbumcleanError]:
        """What becomes of the job, as `WorkerPool.run` yields or raises it; `Ended` if it is not done any more."""
        with self._changed:
            self._asked += 1
            ticket = _Ticket[Job, Result](urgency, self._asked, job)
            if self._ended:
                ticket.future.set_result(Ended())
            else:
                heapq.heappush(self._waiting, ticket)
                self._changed.notify_all()
        return ticket.future

    def end(self) -> None:
        """Give up what waits and what is worked on, and stop the processes."""
        with self._changed:
            self._ended = True
            waiting, self._waiting = self._waiting, []
            self._changed.notify_all()
        for ticket in waiting:
            ticket.future.set_result(Ended())
        for pool in self._pools:
            pool.end()
        for thread in self._threads:
            thread.join(_JOIN_SECONDS)

    def _serve(self, pool: WorkerPool[Job, Result]) -> None:
        """One lane. A run of its pool is one process, from the first job until there is nothing to do for a while."""
        while (first := self._next()) is not None:
            current = [first]  # at most one: with a queue of one, a pool gives a job's result before it pulls the next
            try:
                with closing(pool.run(self._jobs(current), _answer)) as results:
                    for _, outcome in results:
                        self._settle(current.pop()).set_result(outcome)
            except Exception as error:  # noqa: BLE001 - it is raised again in the thread that asked
                for ticket in current:
                    self._settle(ticket).set_exception(error)
            else:
                for ticket in current:
                    self._settle(ticket).set_result(Ended())

    def _jobs(self, current: list[_Ticket[Job, Result]]) -> Iterator[Job]:
        while current:
            yield current[0].job
            if (ticket := self._next(self._idle)) is not None:
                current.append(ticket)

    def _next(self, seconds: float | None = None) -> _Ticket[Job, Result] | None:
        """What is to be done now; None at the end, or if nothing comes within so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._may_begin(), seconds)
            if self._ended or not self._may_begin():
                return None
            ticket = heapq.heappop(self._waiting)
            self._slow += ticket.urgency > 0
            return ticket

    def _may_begin(self) -> bool:
        return bool(self._waiting) and (self._waiting[0].urgency == 0 or self._slow < self._most_slow)

    def _settle(self, ticket: _Ticket[Job, Result]) -> Future[Result | WorkerFailure | AlbumcleanError]:
        with self._changed:
            self._slow -= ticket.urgency > 0
            self._changed.notify_all()
        return ticket.future


def _answer(question: object) -> None:
    raise TypeError(f"nobody answers {question!r}")
