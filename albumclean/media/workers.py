"""A pool of isolated worker processes: what crashes, hangs or eats memory in one costs one job, not the scan.

Knows nothing of photos. Each worker is a spawned process with one pipe, driven by one thread of the parent. A task may
ask the parent while it works; the answer is given in the thread that iterates `WorkerPool.run`, as SQLite connections
belong to one thread.
"""

from __future__ import annotations

import atexit
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import Any, Generic, TypeVar

from albumclean.errors import AlbumcleanError
from albumclean.media.worker_link import (
    Stopped,
    WorkerLink,
    WorkerLost,
    WorkerRefused,
    WorkersUnavailable,
    message_of,
)
from albumclean.media.worker_process import DONE, Ask, FailureKind, WorkerFailure

Job = TypeVar("Job")
Result = TypeVar("Result")

__all__ = ["Ask", "FailureKind", "WorkerFailure", "WorkerPool", "WorkersUnavailable"]

# Losing a worker once or twice may be anybody's doing, and should not be held against a photo.
_ATTEMPTS = 3
_JOIN_SECONDS = 5.0
_WAKE_SECONDS = 0.2  # how late `end` can be, and Ctrl-C on Windows, where a wait for a lock can't be interrupted

_KILLED = "can't be looked at now: its worker was killed twice, perhaps for want of memory"


@dataclass(frozen=True, slots=True)
class _Question:
    driver: _Driver[Any, Any]
    question: Any


@dataclass(frozen=True, slots=True)
class _Finished:
    job: Any
    outcome: Any


class WorkerPool(Generic[Job, Result]):
    """Runs `task(job, ask)` for many jobs in up to `workers` processes.

    A job whose worker ends under it is done again in a new one, questions included, up to twice.

    task: a function at the top level of an importable module; job, result, questions and answers are pickled.
    timeout: seconds that a worker may work on one job, or what gives them for a job; waiting for an answer does not
    count.
    memory: bytes of address space for one worker, None for no limit. macOS and Windows know no such limit; there a
    worker is ended when it is seen to hold more.
    queue: how many jobs may be taken from the source and not yet be handed back; bounds memory.
    """

    def __init__(
        self,
        task: Callable[[Job, Ask], Result],
        *,
        workers: int,
        timeout: float | Callable[[Job], float],
        memory: int | None = None,
        queue: int | None = None,
    ) -> None:
        self._task = message_of(task)
        self._workers = max(1, workers)
        self._timeout = timeout if callable(timeout) else lambda _: timeout
        self._memory = memory
        self._queue = max(queue or 2 * self._workers, self._workers)
        self._ending = threading.Event()

    def end(self) -> None:
        """From any thread: let runs end soon; the jobs that are still worked on are given up."""
        self._ending.set()

    def run(
        self, jobs: Iterable[Job | None], answer: Ask
    ) -> Generator[tuple[Job, Result | WorkerFailure | AlbumcleanError], None, None]:
        """Yield each job with what became of it, in the order of finishing; an AlbumcleanError is what the task raised.

        `jobs` is pulled and `answer` is called in the thread that iterates. Processes are started as jobs come, and
        are gone when the iterator ends, is closed, or an exception leaves it. Raises WorkersUnavailable when a
        process can't be started at all; what `jobs` and `answer` raise goes through.
        """
        shared = _Shared(self._task, self._timeout, self._memory)
        drivers: list[_Driver[Job, Result]] = []
        source = iter(jobs)
        more, outstanding, not_yet = True, 0, False

        def stop() -> None:
            shared.stopping.set()
            for driver in drivers:
                driver.stop()
            for driver in drivers:
                driver.join()

        # A Ctrl-C between two results may end the program with this run unfinished. multiprocessing then ends all
        # processes and waits for them, for ever if a driver takes that for a crash and starts another one.
        atexit.register(stop)
        try:
            while (more or outstanding) and not self._ending.is_set():
                may_pull = more and outstanding < self._queue and not (not_yet and outstanding)
                event = shared.next_event(wait=not may_pull)  # answers go first: a worker waits for each
                if event is None and not may_pull:
                    continue  # nothing happened for a while
                if event is None:
                    try:
                        job = next(source)
                    except StopIteration:
                        more = False
                        continue
                    not_yet = job is None
                    if job is None:
                        continue
                    outstanding += 1
                    shared.todo.put((job,))
                    if len(drivers) < min(self._workers, outstanding):
                        drivers.append(_Driver(shared))
                elif isinstance(event, BaseException):
                    raise event
                elif isinstance(event, _Question):
                    event.driver.replies.put((answer(event.question),))
                else:
                    outstanding -= 1
                    not_yet = False
                    yield event.job, event.outcome
        finally:
            atexit.unregister(stop)
            stop()


class _Shared:
    """What the drivers of one run have in common."""

    def __init__(self, task: bytes, timeout: Callable[[Any], float], memory: int | None) -> None:
        self.task, self.timeout, self.memory = task, timeout, memory
        self.todo: queue.SimpleQueue[tuple[Any] | None] = queue.SimpleQueue()
        self.events: queue.SimpleQueue[_Question | _Finished | BaseException] = queue.SimpleQueue()
        self.stopping = threading.Event()
        if sys.platform != "win32":
            # Started here and not by the first driver, whose blocked SIGINT it would unblock.
            resource_tracker.ensure_running()

    def next_event(self, *, wait: bool) -> _Question | _Finished | BaseException | None:
        """None if there is none; `wait`: even after a while."""
        try:
            return self.events.get(timeout=_WAKE_SECONDS) if wait else self.events.get_nowait()
        except queue.Empty:
            return None


class _Driver(Generic[Job, Result]):
    """The thread that feeds one worker process, watches its time, and replaces it when it is lost."""

    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        self._link = WorkerLink(shared.task, shared.memory, shared.stopping)
        self.replies: queue.SimpleQueue[tuple[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._drive, name="albumclean-worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Make the thread end soon, whatever its worker is doing."""
        self._shared.todo.put(None)
        self.replies.put(None)
        self._link.kill()

    def join(self) -> None:
        self._thread.join(_JOIN_SECONDS)

    def _drive(self) -> None:
        if sys.platform != "win32":
            # Inherited by the workers: a Ctrl-C before they have learnt to ignore it prints no traceback of theirs.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            while (entry := self._shared.todo.get()) is not None:
                (job,) = entry
                self._shared.events.put(_Finished(job, self._outcome(job)))
        except Stopped:
            pass
        except BaseException as error:  # noqa: BLE001  handed on: the thread that iterates raises it
            self._shared.events.put(error)
        finally:
            self._link.end()

    def _outcome(self, job: Job) -> object:
        message = message_of(job)
        code = None
        for _ in range(_ATTEMPTS):
            outcome = self._attempt(message, self._shared.timeout(job))
            if not isinstance(outcome, _Lost):
                return outcome
            code = outcome.code
        return _crash(code)

    def _attempt(self, message: bytes, timeout: float) -> object:
        """What became of the job in this worker, or `_Lost`, if the worker has ended meanwhile."""
        if not self._link.is_alive:  # or it died while it had nothing to do, which is not this job's fault
            self._link.end()
            self._link.start()
        try:
            self._link.send(message)
            outcome = self._conversation(timeout)
        except WorkerLost:
            return _Lost(self._link.end(by_itself=True))
        except WorkerRefused as refused:
            outcome = refused.failure
            if outcome.kind is FailureKind.TIMEOUT:
                outcome = WorkerFailure(outcome.kind, f"took longer than {timeout:g} seconds")
        broken = isinstance(outcome, WorkerFailure) and outcome.kind is not FailureKind.ERROR
        if broken or self._link.is_spent:  # after a MemoryError, too: libraries seldom clean up behind one
            self._link.end()
        return outcome

    def _conversation(self, left: float) -> object:
        while True:
            began = time.monotonic()
            kind, content = self._link.receive(left)
            left -= time.monotonic() - began
            if kind == DONE:
                return content
            self._shared.events.put(_Question(self, content))
            reply = self.replies.get()
            if reply is None:
                raise Stopped
            self._link.send(message_of(reply[0]))


@dataclass(frozen=True, slots=True)
class _Lost:
    """The worker ended by itself, with this exit code."""

    code: int | None


def _crash(code: int | None) -> WorkerFailure:
    if code is not None and code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        if name == "SIGKILL":  # nothing that a decoder does to itself
            return WorkerFailure(FailureKind.KILLED, _KILLED)
        return WorkerFailure(FailureKind.CRASH, f"crashed its worker ({name})")
    return WorkerFailure(FailureKind.CRASH, f"crashed its worker (exit code {code})")
