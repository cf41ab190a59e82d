"""The parent's end of one worker process: starts it, talks with it, watches its time and its memory, and ends it.

A decoder that runs wild may write anything into the pipe, or half of it. So nothing that comes out of the pipe is
taken to be whole, short, in time or sensible.
"""

from __future__ import annotations

import pickle
import threading
import time
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

import psutil

from albumclean.errors import AlbumcleanError
from albumclean.media.worker_process import (
    DONE,
    PICKLE_PROTOCOL,
    QUESTION,
    READY,
    FailureKind,
    WorkerFailure,
    largest_message,
    serve,
)

_START_SECONDS = 120.0  # a cold disk and a virus scanner; the first import of numpy alone can take ten
_JOIN_SECONDS = 5.0
# To start a process that is killed while it starts: where something kills workers every second or two, three in a row
# are met within a minute, and a scan of a night must not end by that.
_TRIES = 10
_LOOK_EVERY = 0.25  # seconds between two looks at the memory of a worker that works
_SPENT_SHARE = 4  # a worker that holds more than this part of its memory between two jobs is replaced


class WorkersUnavailable(AlbumcleanError):
    """The decoding processes can't be started: {detail}. `albumclean doctor` may tell more."""


class Stopped(Exception):
    """The run is over; nothing is started any more."""


class WorkerLost(Exception):
    """The process at the other end has ended."""


class WorkerRefused(Exception):
    """The process is there, but what it does is not borne any longer: `failure` says what. It has to be ended."""

    def __init__(self, failure: WorkerFailure) -> None:
        super().__init__(failure)
        self.failure = failure


class WorkerLink:
    """One worker process at a time. All methods but `kill` belong to one thread."""

    def __init__(self, task: bytes, memory: int | None, stopping: threading.Event) -> None:
        """`task`: pickled; `memory`: bytes, as in `WorkerPool`; `stopping`: once it is set, nothing is started."""
        self._task = task
        self._memory = memory
        self._stopping = stopping
        self._lock = threading.Lock()  # guards `_process` against a kill while it is being started
        self._process: SpawnProcess | None = None
        self._pipe: Connection[Any, Any] | None = None
        self._watched: psutil.Process | None = None

    @property
    def is_alive(self) -> bool:
        """Whether there is a process that can be given work."""
        return self._process is not None and self._process.is_alive()

    @property
    def is_spent(self) -> bool:
        """Whether it has kept so much memory of its last job that a new process is the better one."""
        return self._memory is not None and self._resident() > self._memory // _SPENT_SHARE

    def start(self) -> None:
        """Start a process and wait until it is ready. Raises WorkersUnavailable and Stopped."""
        for tries_left in reversed(range(_TRIES)):
            self._launch()
            problem, again = None, False
            try:
                problem = self.receive(_START_SECONDS)[1]
                with suppress(psutil.Error):
                    self._watched = psutil.Process(self._process.pid if self._process else None)
            except WorkerLost:
                code = self.end(by_itself=True)
                problem, again = f"a new process ended at once (exit code {code})", code is not None and code < 0
            except WorkerRefused:
                problem = "a new process does not answer"
            if self._stopping.is_set():
                raise Stopped
            if problem is None:
                return
            if not (again and tries_left):  # what was shot by somebody else may live the next time
                raise WorkersUnavailable(detail=problem)

    def _launch(self) -> None:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        with self._lock:
            if self._stopping.is_set():
                raise Stopped
            process = context.Process(
                target=serve, args=(theirs, self._task, self._memory), name="albumclean-worker", daemon=True
            )
            try:
                process.start()
            except OSError as error:
                raise WorkersUnavailable(detail=error) from error
            finally:
                theirs.close()  # else the end of the worker would not show as the end of the pipe
            self._process, self._pipe = process, ours

    def send(self, message: bytes) -> None:
        """Raises WorkerLost."""
        try:
            self._connected().send_bytes(message)
        except (OSError, ValueError) as error:
            raise WorkerLost from error

    def receive(self, seconds: float) -> tuple[int, Any]:
        """The kind and the content of the worker's next message.

        Raises WorkerLost when the process has ended, and WorkerRefused when it takes longer than `seconds`, grows
        beyond its memory, or sends too much or nonsense.
        """
        end = time.monotonic() + max(seconds, 0.0)
        try:
            while not self._connected().poll(min(_LOOK_EVERY, max(end - time.monotonic(), 0.0))):
                if time.monotonic() >= end:
                    raise WorkerRefused(_TOO_LATE)
                if self._memory is not None and self._resident() > self._memory:
                    raise WorkerRefused(WorkerFailure.memory())
            data = self._message(end)
        except (EOFError, OSError) as error:
            raise WorkerLost from error
        return _parsed(data)

    def kill(self) -> None:
        """From any thread: make the process end, whatever it does."""
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def end(self, *, by_itself: bool = False) -> int | None:
        """End the process, if there is one; `by_itself`: its pipe has closed, so it is about to be gone.

        Returns the exit code that it had by itself, else None.
        """
        with self._lock:
            process, self._process = self._process, None
            pipe, self._pipe = self._pipe, None
        self._watched = None
        if pipe is not None:
            pipe.close()
        if process is None:
            return None
        if by_itself:
            process.join(_JOIN_SECONDS)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join(_JOIN_SECONDS)
        with suppress(ValueError):  # still running after SIGKILL: stuck in the kernel, say on a dead network share
            process.close()
        return code

    def _message(self, end: float) -> bytes:
        """A message that has begun to arrive. A worker that stops in the midst of it must not hold up its reader."""
        pipe, late = self._connected(), threading.Event()

        def give_up() -> None:
            late.set()
            self.kill()

        timer = threading.Timer(max(end - time.monotonic(), _LOOK_EVERY), give_up)
        timer.daemon = True
        timer.start()
        try:
            return pipe.recv_bytes(largest_message(self._memory))
        except (EOFError, OSError) as error:
            if late.is_set():
                raise WorkerRefused(_TOO_LATE) from error
            if pipe.closed or not pipe.readable:  # which is what a message of a bad length leaves
                raise WorkerRefused(_NONSENSE) from error
            raise  # the worker has ended, perhaps in the midst of the message
        finally:
            timer.cancel()

    def _connected(self) -> Connection[Any, Any]:
        if self._pipe is None:
            raise WorkerLost
        return self._pipe

    def _resident(self) -> int:
        """Bytes of memory that the process holds; 0 where that can't be told."""
        if self._watched is None:
            return 0
        try:
            return int(self._watched.memory_info().rss)
        except psutil.Error:
            return 0


_TOO_LATE = WorkerFailure(FailureKind.TIMEOUT, "took too long")
_NONSENSE = WorkerFailure(FailureKind.CRASH, "crashed its worker (it answered with nonsense)")


def message_of(content: object) -> bytes:
    """What `WorkerLink.send` takes."""
    return pickle.dumps(content, PICKLE_PROTOCOL)


def _parsed(data: bytes) -> tuple[int, Any]:
    try:
        kind, content = pickle.loads(data)  # noqa: S301  our own process
        sensible = kind in {READY, QUESTION, DONE}
    except Exception as error:  # trust boundary: damaged pickles raise nearly anything
        raise WorkerRefused(_NONSENSE) from error
    if not sensible:
        raise WorkerRefused(_NONSENSE)
    return kind, content
