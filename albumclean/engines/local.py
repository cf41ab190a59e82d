"""This machine: decoding workers, and the networks in a thread of their own (torch releases the GIL), so that decoding
and forward passes overlap. All queues are bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any, Protocol

from albumclean.config import ScanSettings
from albumclean.engines.analyse import Analysis, Job, Question, Wanted, analyse, networks_of
from albumclean.engines.engine import Answer, Assignment, Event, Looked
from albumclean.engines.networks import NetworkThread
from albumclean.engines.pool import worker_pool
from albumclean.media.allocation import give_back_memory
from albumclean.media.view import NetworkView


class Showing(Protocol):
    """A worker's news in the place of a question: a part of a file that networks shall see, under a key of its own."""

    @property
    def key(self) -> bytes:
        """Stands where a content's hash stands in what is found."""
        ...

    @property
    def views(self) -> dict[str, NetworkView]:
        """As in `Analysis`."""
        ...


class LocalEngine:
    """See the module. `task` and `timeout` as in `worker_pool`."""

    def __init__(
        self,
        assignment: Assignment,
        task: Callable[[Any, Callable[[Any], Wanted | None]], Analysis],
        timeout: Callable[[Any], float] | None = None,
    ) -> None:
        self._assignment = assignment
        self._task = task
        self._timeout = timeout

    def run(self, jobs: Iterator[Job], answer: Answer) -> Generator[Event]:
        """See `Engine`. Raises WorkersUnavailable, and the errors of devices and models."""
        yield from self._looked(jobs, answer)
        give_back_memory()  # the models are gone, and the search for look-alikes needs room

    def _looked(self, jobs: Iterator[Job], answer: Answer) -> Generator[Event]:
        wish = self._assignment.wish

        def reply(question: Question | Showing) -> Wanted | None:
            if isinstance(question, Question):
                if (wanted := answer(question)) is not None:
                    network.expect(spec.name for spec in networks_of(wanted.scorers))
                return wanted
            for name, view in question.views.items():
                network.put(name, question.key, view)
            return None

        with (
            NetworkThread(wish.device, wish.batch, self._assignment.scorers) as network,
            closing(worker_pool(self._task, wish, self._timeout).run(jobs, reply)) as results,
        ):
            for job, result in results:
                if isinstance(result, Analysis):
                    yield Looked(job.identity, result, frozenset(result.views))
                    for name, view in result.views.items():
                        network.put(name, result.content_hash, view)
                else:
                    yield Looked(job.identity, result)
                yield network.findings()
            yield network.finish()


def check(_wish: ScanSettings) -> None:
    """Every machine can do it."""


def engine(assignment: Assignment) -> LocalEngine:
    """For photos."""
    return LocalEngine(assignment, analyse)
