"""Dask, as far as a scan needs it: who is there, a task for a worker, what became of it.

All that its library leaves untyped or says by exceptions of its own ends here.
"""

from __future__ import annotations

import logging
import queue
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar
from uuid import uuid4

from albumclean.engines.errands import Errand, Plan, Report
from albumclean.engines.fitness import greet
from albumclean.engines.station import look
from albumclean.errors import AlbumcleanError, SchedulerLost, WorkerUnfit
from albumclean.words import shown

_CONNECT: Final = 10.0  # seconds
_CLOSE: Final = 5.0  # seconds

Result = TypeVar("Result")
Task = Any  # distributed.Future, whose methods have no types


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a fit worker answers to a greeting."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a worker says that can't do its task."""

    address: str
    error: AlbumcleanError


@dataclass(frozen=True, slots=True)
class Killed:
    """A task that was tried on worker after worker, each of which was lost (Dask's `allowed-failures`: four)."""


Outcome = Report | Welcome | Refusal | Killed


class Scheduler:
    """A connection with the scheduler of a cluster. Belongs to one thread."""

    def __init__(self, address: str, client: Any) -> None:  # noqa: ANN401 - distributed.Client
        self.address = shown(address)
        self._client = client
        self._done: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self._plan: Task = None

    @classmethod
    @contextmanager
    def connected(cls, address: str) -> Iterator[Self]:
        """Raises SchedulerLost. TLS is set up in Dask's own configuration."""
        from distributed import Client
        from distributed.security import Security

        for name in ("distributed", "distributed.client", "distributed.core"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is said in our own words
        if address.startswith("tls:") and not Security().get_connection_args("client").get("ssl_context"):  # type: ignore[no-untyped-call]
            raise SchedulerLost(address=shown(address), detail="there is no certificate for it here (docs/cluster.md)")
        try:
            with warnings.catch_warnings():  # of versions of Dask that differ a little
                warnings.simplefilter("ignore")
                client: Any = Client(address, timeout=_CONNECT, set_as_default=False, name="albumclean")  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError, ValueError) as error:
            raise SchedulerLost(address=shown(address), detail=shown(str(error))) from error
        try:
            yield cls(address, client)
        finally:
            client.close(timeout=_CLOSE)

    def workers(self) -> set[str]:
        """The addresses of those who are there. Raises SchedulerLost."""
        try:
            return set(self._client.nthreads())
        except (OSError, TimeoutError) as error:
            raise self._lost(error) from error

    def share(self, plan: Plan) -> None:
        """What all tasks from now on are about."""
        with warnings.catch_warnings():  # Dask finds it large: 8 bytes of each content that is known, once a worker
            warnings.simplefilter("ignore")
            # As a task's result, not as data: so that Dask can make it anew for workers that come later.
            self._plan = self._client.submit(_as_it_is, plan, key=f"albumclean-plan-{plan.key}", pure=False)

    def greet(self, worker: str) -> Task:
        """Ask this worker whether it is fit: a Welcome or a Refusal."""
        return self._submit("greet", _greet, workers=[worker])

    def look(self, errands: Sequence[Errand], workers: Iterable[str], *, others: bool) -> Task:
        """Have one of these workers look at files; `others`: or another one, when those are lost."""
        return self._submit("look", _look, errands, workers=sorted(workers), allow_other_workers=others)

    def next_done(self, timeout: float) -> Task | None:
        """A task that is done, each once; None if none is within so many seconds."""
        try:
            return self._done.get(timeout=timeout)
        except queue.Empty:
            return None

    def outcome(self, task: Task) -> Outcome | None:
        """What came out. None if it was lost again on its way here; then it is done once more. Raises SchedulerLost."""
        from distributed import KilledWorker

        try:
            outcome: Outcome = task.result(timeout=_CONNECT)
        except TimeoutError:
            self._done.put(task)
            return None
        except KilledWorker:
            return Killed()
        except CancelledError as error:
            raise SchedulerLost(address=self.address, detail="the connection has ended") from error
        except OSError as error:
            raise self._lost(error) from error
        except Exception as error:  # noqa: BLE001 - trust boundary: a worker without albumclean, say, raises anything
            return Refusal("", WorkerUnfit(host="of the cluster", detail=shown(f"{type(error).__name__}: {error}")))
        return outcome

    def call_back(self, tasks: Sequence[Task]) -> None:
        """What of them has not begun, shall not."""
        self._client.cancel([*tasks, self._plan], force=True)

    def _submit(self, name: str, task: Callable[..., Outcome], *arguments: object, **where: object) -> Task:
        key = f"albumclean-{name}-{uuid4().hex}"
        future = self._client.submit(task, self._plan, *arguments, key=key, pure=False, **where)
        future.add_done_callback(self._done.put)
        return future

    def _lost(self, error: BaseException) -> SchedulerLost:
        return SchedulerLost(address=self.address, detail=shown(str(error).rstrip(".") or type(error).__name__))


# --- on a worker ----------------------------------------------------------------------------------------------------


def _as_it_is(plan: Plan) -> Plan:
    return plan


def _greet(plan: Plan) -> Welcome | Refusal:
    def welcomed() -> Welcome:
        greet(plan)
        return Welcome()

    return _or_refused(welcomed)


def _look(plan: Plan, errands: Sequence[Errand]) -> Report | Refusal:
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def is_given_up() -> bool:  # its client has gone, or called it back; a thread that runs can't be ended from outside
        task = worker.state.tasks.get(key)
        return task is None or task.state in {"cancelled", "released", "forgotten"}

    return _or_refused(lambda: look(plan, errands, is_given_up))


def _or_refused(work: Callable[[], Result]) -> Result | Refusal:
    from distributed import get_worker

    try:
        return work()
    except WorkerUnfit as error:
        return Refusal(get_worker().address, error)
