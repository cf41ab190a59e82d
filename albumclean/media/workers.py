"""A pool of isolated worker processes: what crashes, hangs or eats memory in one costs one job, not the scan.

Knows nothing of photos. Each worker is a spawned process with one pipe, driven by one thread of the parent. A task may
ask the parent while it works; the answer is given in the thread that iterates `WorkerPool.run`, as SQLite connections
belong to one thread.
"""

from __future__ import annotations

import pickle
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar

from albumclean.errors import AlbumcleanError
from albumclean.media.worker_process import DONE, PICKLE_PROTOCOL, Ask, FailureKind, WorkerFailure, serve

Job = TypeVar("Job")
Result = TypeVar("Result")

__all__ = ["Ask", "FailureKind", "WorkerFailure", "WorkerPool", "WorkersUnavailable"]

_START_SECONDS = 120.0  # a cold disk and a virus scanner; the first import of numpy alone can take ten
_JOIN_SECONDS = 5.0
_WAKE_SECONDS = 0.2  # how late `end` can be, and Ctrl-C on Windows, where a wait for a lock can't be interrupted


class WorkersUnavailable(AlbumcleanError):
    """The decoding processes can't be started: {detail}. `albumclean doctor` may tell more."""


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

    task: a function at the top level of an importable module; job, result, questions and answers are pickled.
    timeout: seconds that a worker may work on one job; waiting for an answer does not count.
    memory: bytes of address space for one worker, None for no limit; has no effect on macOS and Windows.
    queue: how many jobs may be taken from the source and not yet be handed back; bounds memory.
    """

    def __init__(
        self,
        task: Callable[[Job, Ask], Result],
        *,
        workers: int,
        timeout: float,
        memory: int | None = None,
        queue: int | None = None,
    ) -> None:
        self._task = pickle.dumps(task, PICKLE_PROTOCOL)
        self._workers = max(1, workers)
        self._timeout = timeout
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
            shared.stopping.set()
            for driver in drivers:
                driver.stop()
            for driver in drivers:
                driver.join()


class _Shared:
    """What the drivers of one run have in common."""

    def __init__(self, task: bytes, timeout: float, memory: int | None) -> None:
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


class _Stopped(Exception):
    """The run is over; the driver ends."""


class _WorkerLost(Exception):
    """The process at the other end is gone."""


class _Driver(Generic[Job, Result]):
    """The thread that feeds one worker process, watches its time, and replaces it when it is lost."""

    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        self._lock = threading.Lock()  # guards `_process` against a stop while it is being started
        self._process: SpawnProcess | None = None
        self._pipe: Connection[Any, Any] | None = None
        self.replies: queue.SimpleQueue[tuple[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._drive, name="albumclean-worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Make the thread end soon, whatever its worker is doing."""
        self._shared.todo.put(None)
        self.replies.put(None)
        with self._lock:
            if self._process is not None:
                self._process.kill()

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
        except _Stopped:
            pass
        except BaseException as error:  # noqa: BLE001  handed on: the thread that iterates raises it
            self._shared.events.put(error)
        finally:
            self._discard()

    def _outcome(self, job: Job) -> object:
        if self._pipe is None:
            self._start()
        message = pickle.dumps(job, PICKLE_PROTOCOL)
        try:
            self._send(message)
        except _WorkerLost:  # it died while it had nothing to do; that is not this job's fault
            self._discard()
            self._start()
            self._send(message)
        try:
            outcome = self._conversation()
        except _WorkerLost:
            outcome = _crash(self._discard(ended=True))
        if isinstance(outcome, WorkerFailure) and outcome.kind is not FailureKind.ERROR:
            self._discard()  # after a MemoryError, too: libraries seldom clean up behind one
        return outcome

    def _conversation(self) -> object:
        left = self._shared.timeout
        while True:
            began = time.monotonic()
            message = self._receive(left)
            left -= time.monotonic() - began
            if message is None:
                return WorkerFailure(FailureKind.TIMEOUT, f"took longer than {self._shared.timeout:g} seconds")
            kind, content = message
            if kind == DONE:
                return content
            self._shared.events.put(_Question(self, content))
            reply = self.replies.get()
            if reply is None:
                raise _Stopped
            self._send(pickle.dumps(reply[0], PICKLE_PROTOCOL))

    def _start(self) -> None:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        with self._lock:
            if self._shared.stopping.is_set():
                raise _Stopped
            arguments = (theirs, self._shared.task, self._shared.memory)
            process = context.Process(target=serve, args=arguments, name="albumclean-worker", daemon=True)
            try:
                process.start()
            except OSError as error:
                raise WorkersUnavailable(detail=error) from error
            finally:
                theirs.close()  # else the end of the worker would not show as the end of the pipe
            self._process, self._pipe = process, ours
        try:
            ready = self._receive(_START_SECONDS)
            problem = "a new process does not answer" if ready is None else ready[1]
        except _WorkerLost:
            problem = f"a new process ended at once (exit code {self._discard(ended=True)})"
        if self._shared.stopping.is_set():
            raise _Stopped
        if problem is not None:
            raise WorkersUnavailable(detail=problem)

    def _send(self, message: bytes) -> None:
        try:
            self._connected().send_bytes(message)
        except (OSError, ValueError) as error:
            raise _WorkerLost from error

    def _receive(self, seconds: float) -> tuple[int, Any] | None:
        """The next message of the worker, or None when it says nothing in time."""
        try:
            if not self._connected().poll(max(seconds, 0.0)):
                return None
            message: tuple[int, Any] = pickle.loads(self._connected().recv_bytes())  # noqa: S301  our own process
        except (EOFError, OSError) as error:
            raise _WorkerLost from error
        return message

    def _connected(self) -> Connection[Any, Any]:
        if self._pipe is None:
            raise _WorkerLost
        return self._pipe

    def _discard(self, *, ended: bool = False) -> int | None:
        """End the process, if there is one; `ended`: its pipe has closed, so it is about to be gone by itself.

        Returns the exit code that it had by itself, else None.
        """
        with self._lock:
            process, self._process = self._process, None
            pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()
        if process is None:
            return None
        if ended:
            process.join(_JOIN_SECONDS)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join(_JOIN_SECONDS)
        with suppress(ValueError):  # still running after SIGKILL: stuck in the kernel, say on a dead network share
            process.close()
        return code


def _crash(code: int | None) -> WorkerFailure:
    if code is not None and code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
        return WorkerFailure(FailureKind.CRASH, f"crashed its worker ({name}{hint})")
    return WorkerFailure(FailureKind.CRASH, f"crashed its worker (exit code {code})")
