"""The child's half of the worker pool: a process that does one job after the other until its pipe ends."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing import connection, parent_process
from multiprocessing.connection import Connection
from typing import Any

from albumclean.errors import AlbumcleanError
from albumclean.media.allocation import KEPT_BY_A_DECODER, importing, keep_freed_memory
from albumclean.words import shown

Ask = Callable[[Any], Any]

PICKLE_PROTOCOL = 5
# Bytes. The largest honest ones are a photo at 100 % for the review, some 60 MB, and the views of one, some 10 MB.
_LARGEST_MESSAGE = 256 << 20
_LONGEST_REASON = 200  # characters
READY, QUESTION, DONE = range(3)  # the kinds of messages to the parent


class FailureKind(StrEnum):
    """How a worker failed at a job."""

    CRASH = "crash"
    KILLED = "killed"  # from outside, as the system does when memory runs out: says little of the job
    TIMEOUT = "timeout"
    MEMORY = "memory"
    ERROR = "error"  # the task raised something that it should not


@dataclass(frozen=True, slots=True)
class WorkerFailure:
    """A job that cost its worker, or that ended in an error which nobody foresaw."""

    kind: FailureKind
    reason: str  # for people, completes "<file> ..."

    @classmethod
    def memory(cls) -> WorkerFailure:
        """For a job that needs more than there is for it."""
        return cls(FailureKind.MEMORY, "needs more memory than a worker may use")


class _ParentGone(SystemExit):
    """No one is left to work for. Not an Exception, so that no task catches it."""


def largest_message(memory: int | None) -> int | None:
    """Bytes that a worker may say at once, so that it can't make its parent grow; no limit if it has none itself."""
    return None if memory is None else _LARGEST_MESSAGE


def serve(pipe: Connection[Any, Any], task_pickle: bytes, memory: int | None) -> None:
    """The worker process: do one job after the other until the pipe ends."""
    _isolate(memory)
    largest = largest_message(memory)
    try:
        with importing():
            task = pickle.loads(task_pickle)  # noqa: S301  our own parent; imports what the task needs
    except Exception as error:  # noqa: BLE001  an import may raise anything, and the parent must hear of it
        _put(pipe, READY, f"{type(error).__name__}: {error}")
        return
    _put(pipe, READY, None)

    def ask(question: Any) -> Any:  # noqa: ANN401  the caller's own protocol
        _put(pipe, QUESTION, question)
        return pickle.loads(_next(pipe))  # noqa: S301  our own parent

    while True:
        outcome = _attempt(task, _next(pipe), ask)
        try:
            _put(pipe, DONE, outcome, largest)
        except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
            _put(pipe, DONE, WorkerFailure(FailureKind.ERROR, f"gave what can't be handed over: {_brief(error)}"))
        except MemoryError:
            _put(pipe, DONE, WorkerFailure.memory())


def _attempt(task: Callable[[Any, Ask], Any], job_pickle: bytes, ask: Ask) -> object:
    try:
        return task(pickle.loads(job_pickle), ask)  # noqa: S301  our own parent
    except AlbumcleanError as error:
        return error
    except MemoryError:
        return WorkerFailure.memory()
    except Exception as error:  # noqa: BLE001  isolation is this module's purpose: an error costs one job
        return WorkerFailure(FailureKind.ERROR, f"failed unexpectedly: {type(error).__name__}: {_brief(error)}")


def _brief(error: Exception) -> str:
    """What the error says, as one short line that is safe to print: it may quote the file."""
    return shown(" ".join(str(error).split())[:_LONGEST_REASON])


def _put(pipe: Connection[Any, Any], kind: int, content: object, largest: int | None = None) -> None:
    message = pickle.dumps((kind, content), PICKLE_PROTOCOL)
    if largest is not None and len(message) > largest:
        raise pickle.PicklingError(f"{len(message)} bytes are too many")
    try:
        pipe.send_bytes(message)
    except OSError:
        raise _ParentGone from None


def _next(pipe: Connection[Any, Any]) -> bytes:
    try:
        return pipe.recv_bytes()
    except (EOFError, OSError):
        raise _ParentGone from None


def _isolate(memory: int | None) -> None:
    """Runs before anything heavy is imported."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent decides
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)  # C libraries write there themselves
    os.dup2(silence, 2)
    os.close(silence)
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ[variable] = "1"  # the workers are the parallelism; and each thread costs address space
    keep_freed_memory(KEPT_BY_A_DECODER)
    threading.Thread(target=_die_with_parent, name="watch-parent", daemon=True).start()
    if memory is not None and sys.platform not in {"win32", "darwin"}:  # macOS accepts the limit and ignores it
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _die_with_parent() -> None:
    """A parent that was killed can't stop a worker that hangs: the worker watches for it."""
    if (parent := parent_process()) is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
