"""A cluster of Dask: errands go to its workers, a handful of files at a time, and their news come back.

Dask knows which workers there are, notices when one is lost, and gives its tasks to others. What is albumclean's own:
each worker is greeted before it gets a file (`engines.fitness`), no more is handed out than keeps all of them busy, and
what a lost worker did not bring back is asked for again, file by file where a whole task seems to kill its workers.
"""

from __future__ import annotations

import importlib.util
import logging
import time
from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Final
from uuid import uuid4

import albumclean
from albumclean.config import ScanSettings
from albumclean.domain import FileIdentity
from albumclean.engines.analyse import DECODER, Analysis, Job, Question
from albumclean.engines.engine import Answer, Assignment, Event, Looked
from albumclean.engines.errands import Errand, News, Plan, Report, prefixes
from albumclean.engines.scheduler import Refusal, Scheduler, Task, Welcome
from albumclean.errors import AlbumcleanError, ClusterSupportMissing, SchedulerUnnamed, WorkersGone
from albumclean.media.workers import FailureKind, WorkerFailure
from albumclean.scoring.findings import Findings
from albumclean.words import shown

log = logging.getLogger(__name__)

MOST_FILES: Final = 32  # of a task: some seconds' work, which is what a lost worker costs
FEWEST_FILES: Final = 4  # towards the end, so that all workers end at about the same time
TASKS_AT_ONCE: Final = 3  # of a worker: two whose files take turns, and one that waits there for its turn
PATIENCE: Final = 60.0  # seconds without any worker
_LOOK_EVERY: Final = 1.0  # seconds between two looks at who is there

_KILLED = WorkerFailure(FailureKind.KILLED, "can't be looked at now: four workers of the cluster ended over it")


def check(wish: ScanSettings) -> None:
    """Raises ClusterSupportMissing and SchedulerUnnamed."""
    if importlib.util.find_spec("distributed") is None:
        raise ClusterSupportMissing
    if not wish.scheduler:
        raise SchedulerUnnamed


class DaskEngine:
    """See the module and `Engine`."""

    def __init__(self, assignment: Assignment, patience: float = PATIENCE) -> None:
        """`patience`: seconds that the cluster may be without a worker."""
        check(assignment.wish)
        self._assignment = assignment
        self._patience = patience

    def run(self, jobs: Iterator[Job], answer: Answer) -> Generator[Event]:
        """See `Engine`. Raises SchedulerLost, WorkersGone, WorkerUnfit."""
        with Scheduler.connected(self._assignment.wish.scheduler) as scheduler:
            run = _Run(scheduler, self._assignment, jobs, answer, self._patience)
            try:
                yield from run.events()
            finally:
                run.give_up()


engine = DaskEngine


@dataclass(frozen=True, slots=True)
class _Handed:
    """Errands that were handed out together."""

    address: str  # the worker that they were meant for; if it is lost, Dask chooses another
    homes: frozenset[str]  # the workers that may do it; empty: any
    errands: Sequence[Errand]


class _Run:
    def __init__(
        self, scheduler: Scheduler, assignment: Assignment, jobs: Iterator[Job], answer: Answer, patience: float
    ) -> None:
        self._scheduler = scheduler
        self._known = assignment.known
        self._jobs = jobs
        self._answer = answer
        self._patience = patience
        self._numbers = count()
        self._errands: dict[int, Errand] = {}  # of which there is no news yet
        self._again: deque[Sequence[Errand]] = deque()  # what has to be handed out once more
        self._out: dict[Task, _Handed] = {}
        self._greeted: dict[Task, str] = {}  # the workers that have not answered yet
        self._fit: set[str] = set()
        self._unfit: dict[str, AlbumcleanError] = {}
        self._begun = False
        self._looked = self._manned = time.monotonic()
        scheduler.share(_plan(assignment))

    def events(self) -> Generator[Event]:
        """All news of all jobs."""
        self._meet_workers()
        while self._greeted or not self._fit:  # those who are there at the beginning must be fit
            yield from self._wait()
            if self._unfit:
                raise min(self._unfit.items())[1]
        self._begun = True
        while self._hand_out():
            yield from self._wait()

    def give_up(self) -> None:
        """Call back what is still out."""
        self._scheduler.call_back([*self._out, *self._greeted])

    def _wait(self) -> Generator[Event]:
        """What the next task brings, or nothing after a while."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_EVERY:
            self._looked = now
            self._meet_workers()
        task = self._scheduler.next_done(_LOOK_EVERY)
        if task in self._greeted:
            self._welcome(task)
        elif task in self._out:
            yield from self._received(task)

    # --- workers ----------------------------------------------------------------------------------------------------

    def _meet_workers(self) -> None:
        """Greet those who are new, and forget those who are gone."""
        there = self._scheduler.workers()
        for address in there - self._fit - self._unfit.keys() - set(self._greeted.values()):
            self._greeted[self._scheduler.greet(address)] = address
        for task in [task for task, address in self._greeted.items() if address not in there]:
            del self._greeted[task]
        for address in sorted(self._fit - there):
            log.warning("the worker %s is gone; others go on with its files", shown(address))
        self._fit &= there
        for task, handed in list(self._out.items()):
            if handed.homes and not handed.homes & self._fit:
                self._again.append(self._out.pop(task).errands)
        now = time.monotonic()
        if self._fit or self._greeted:
            self._manned = now
        elif refused := sorted(self._unfit.keys() & there):
            raise self._unfit[refused[0]]
        elif now - self._manned > self._patience:
            raise WorkersGone(address=self._scheduler.address, seconds=self._patience)

    def _welcome(self, task: Task) -> None:
        if (outcome := self._scheduler.outcome(task)) is None:
            return
        address = self._greeted.pop(task)
        if isinstance(outcome, Welcome):
            self._fit.add(address)
        elif isinstance(outcome, Refusal):
            self._refuse(address, outcome.error)

    def _refuse(self, address: str, error: AlbumcleanError) -> None:
        if self._begun and address not in self._unfit:  # before, it ends the scan
            log.warning("%s", error)
        self._fit.discard(address)
        self._unfit[address] = error

    # --- errands ----------------------------------------------------------------------------------------------------

    def _hand_out(self) -> bool:
        """Keep all workers busy. False once nothing is left to wait for."""
        if not self._out and not self._again:  # so that the end is seen even if the last worker has gone meanwhile
            if not (errands := self._next_errands()):
                return False
            self._again.append(errands)
        busy = Counter(handed.address for handed in self._out.values())
        room = [(number, address) for address in self._fit for number in range(busy[address], TASKS_AT_ONCE)]
        for _, address in sorted(room):  # who has the least comes first
            if not (errands := self._next_errands()):
                break
            # A worker that was refused has nothing to do, and would be the first to which Dask gives a task.
            homes = frozenset(self._fit if self._unfit else ())
            task = self._scheduler.look(errands, homes or {address}, others=not homes)
            self._out[task] = _Handed(address, homes, errands)
        return True

    def _next_errands(self) -> Sequence[Errand]:
        if self._again:
            return self._again.popleft()
        left = self._known.left() - len(self._errands)
        share = left // (2 * TASKS_AT_ONCE * max(1, len(self._fit)))
        jobs = list(islice(self._jobs, max(FEWEST_FILES, min(MOST_FILES, share))))
        contents = self._known.contents_of([job.identity for job in jobs])
        errands = [self._errand(job.identity, job.max_pixels, contents.get(job.identity)) for job in jobs]
        self._errands.update((errand.number, errand) for errand in errands)
        return errands

    def _errand(self, identity: FileIdentity, max_pixels: int, content: bytes | None) -> Errand:
        wanted = None if content is None else self._known.missing(content)
        return Errand(identity, max_pixels, next(self._numbers), content, wanted)

    def _received(self, task: Task) -> Generator[Event]:
        if (outcome := self._scheduler.outcome(task)) is None:
            return
        handed = self._out.pop(task)
        if isinstance(outcome, Report):
            yield from self._told(outcome)
        elif isinstance(outcome, Refusal):
            self._again.append(handed.errands)
            self._refuse(outcome.address or handed.address, outcome.error)
        elif len(handed.errands) > 1:  # lost with worker after worker: one of them may be why
            self._again.extend([errand] for errand in handed.errands)
        else:
            yield from self._told(Report((News(handed.errands[0].number, _KILLED),)))

    def _told(self, report: Report) -> Generator[Event]:
        taken: set[bytes] = set()
        for news in report.news:
            errand = self._errands.pop(news.number)
            looked = self._looked_at(errand, news)
            if looked is None:
                continue
            if looked.networks and news.content is not None:
                taken.add(news.content)
            yield looked
        yield Findings(
            [score for score in report.findings.scores if score.content_hash in taken],
            [embedding for embedding in report.findings.embeddings if embedding.content_hash in taken],
        )

    def _looked_at(self, errand: Errand, news: News) -> Looked | None:
        """The news as the scan is to hear it; None if the file has to be looked at once more."""
        if news.content is None:
            return Looked(errand.identity, news.result)
        wanted = self._answer(Question(errand.identity, news.content))
        if wanted is None:  # it is known, or came in as a copy meanwhile
            return Looked(errand.identity, Analysis(news.content))
        if not isinstance(news.result, Analysis):
            return Looked(errand.identity, news.result)
        if news.result.photo is None:  # the worker took it for one of which all is known
            again = replace(errand, content=news.content, wanted=wanted)
            self._errands[again.number] = again
            self._again.append([again])
            return None
        result = news.result if wanted.thumbnail else replace(news.result, thumbnail=None)
        return Looked(errand.identity, result, news.networks)


def _plan(assignment: Assignment) -> Plan:
    return Plan(
        key=uuid4().hex,
        version=albumclean.__version__,
        decoder=DECODER,
        scorers=tuple(scorer.spec for scorer in assignment.scorers),
        wish=assignment.wish,
        witnesses=tuple((str(folder), file) for folder, file in assignment.known.witnesses()),
        known=prefixes(assignment.known.contents()),
    )
