"""A worker of a cluster at work: decoders and networks that stay between errands, one `Station` in a process.

Several tasks bring their errands at once (two, as the driver sends them), so that the decoders have the next files
while the networks still have the last. A station that nobody needs any more ends by itself.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import count

from albumclean.domain import FileIdentity
from albumclean.engines.analyse import Analysis, Job, Wanted, analyse, networks_of
from albumclean.engines.errands import Contents, Errand, News, Plan, Report, same_file
from albumclean.engines.fitness import check_roots, host, scorers_for
from albumclean.engines.networks import NetworkThread
from albumclean.engines.pool import worker_pool
from albumclean.errors import AlbumcleanError, ReadError, WorkerUnfit
from albumclean.media.workers import Ask, WorkerFailure
from albumclean.scoring.findings import Findings
from albumclean.scoring.scorer import Scorer

IDLE = 60.0  # seconds without an errand after which a station gives its memory back
_WAKE = 0.2  # seconds
_POLL = 0.05  # seconds between two looks at what the networks have found


def look(plan: Plan, errands: Sequence[Errand], is_given_up: Callable[[], bool] = lambda: False) -> Report:
    """Run these errands on this worker; `is_given_up` is asked meanwhile: whether nobody waits for them any more.

    Raises WorkerUnfit if it can't run any of this plan.
    """
    try:
        while (report := _station_for(plan).look(errands, Contents(plan.known), is_given_up)) is None:
            """It has ended meanwhile, as nobody seemed to need it."""
    except WorkerUnfit:
        raise
    except AlbumcleanError as error:  # of its device, its models, its memory for processes
        raise WorkerUnfit(host=host(), detail=str(error)) from error
    if any(isinstance(news.result, ReadError) for news in report.news):
        check_roots(plan)
    return report


def look_at(errand: Errand, ask: Ask) -> Analysis:
    """In a decoder: `analyse`, with the file as this machine sees it."""
    job = Job(_here(errand.identity), errand.max_pixels)
    return analyse(job, lambda question: ask((errand.number, question.content_hash)))


def _here(identity: FileIdentity) -> FileIdentity:
    try:
        found = FileIdentity.of(identity.path, os.lstat(identity.path))
    except OSError:
        return identity  # reading it says what is wrong
    return found if same_file(identity, found) else identity


class Station:
    """Decoders and networks, and the thread that feeds them. Serves all plans with the same scorers and settings."""

    def __init__(self, plan: Plan, scorers: Sequence[Scorer], idle: float = IDLE) -> None:
        self.serves = plan.scorers, plan.wish
        self._wish = plan.wish
        self._idle = idle
        self._everything = Wanted(plan.scorers, thumbnail=True)
        self._network = NetworkThread(plan.wish.device, plan.wish.batch, scorers)
        self._numbers = count()
        self._todo: queue.SimpleQueue[Errand] = queue.SimpleQueue()
        self._lock = threading.RLock()  # guards what follows
        self._tasks: dict[int, _Task] = {}  # by the number that an errand has here
        self._waiting: dict[bytes, list[_Task]] = {}  # by the content of which the networks have not told all
        self._busy = 0  # tasks that have not been given back
        self._closed = False
        self.ended = threading.Event()  # its decoders and networks are gone
        self._error: BaseException | None = None
        self._decoding = 0  # errands that the pool has; of the feeding thread alone
        threading.Thread(target=self._work, name="albumclean-station", daemon=True).start()

    @property
    def is_closed(self) -> bool:
        """Whether it takes no errands any more."""
        return self._closed

    def close(self) -> None:
        """Let it end once it has done what it was given."""
        with self._lock:
            self._closed = True

    # --- the threads that bring errands -----------------------------------------------------------------------------

    def look(
        self, errands: Sequence[Errand], known: Contents, is_given_up: Callable[[], bool] = lambda: False
    ) -> Report | None:
        """Wait for what becomes of them, as far as they are not given up. None if the station is closed.

        Raises what has ended it.
        """
        task = _Task(known)
        with self._lock:
            if self._closed and self._error is None:
                return None
            self._busy += 1
            for errand in errands:
                number = next(self._numbers)  # an errand may come twice, after its first worker seemed lost
                self._tasks[number] = task
                task.errands[number] = errand
                self._todo.put(replace(errand, number=number))
        try:
            while not task.decoded.wait(_POLL):
                self._collect()
                if is_given_up():
                    return Report(())
            if task.contents:
                flushed = self._network.flush()
                while not flushed.wait(_POLL):
                    self._collect()
            self._collect()
        except BaseException:
            self.close()  # the next task shall find one that works
            raise
        finally:
            with self._lock:
                self._busy -= 1
                for content in task.contents:
                    self._waiting[content].remove(task)
                    if not self._waiting[content]:
                        del self._waiting[content]
                for number in task.errands:
                    self._tasks.pop(number, None)
        return Report(tuple(task.news), task.findings)

    def _collect(self) -> None:
        with self._lock:
            if self._error is not None:
                raise self._error
            found = self._network.findings()
            for score in found.scores:
                for task in self._waiting.get(score.content_hash, ()):
                    task.findings.scores.append(score)
            for embedding in found.embeddings:
                for task in self._waiting.get(embedding.content_hash, ()):
                    task.findings.embeddings.append(embedding)

    # --- the thread that feeds ------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            pool = worker_pool(look_at, self._wish)
            with self._network, closing(pool.run(self._jobs(), self._answer)) as results:
                for errand, result in results:
                    self._take(errand, result)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the threads that wait
            self._error = error
        finally:
            self.close()
            self.ended.set()

    def _jobs(self) -> Iterator[Errand | None]:
        idle_since = time.monotonic()
        while True:
            try:
                errand = self._todo.get_nowait() if self._decoding else self._todo.get(timeout=_WAKE)
            except queue.Empty:
                errand = None
            if errand is not None:
                idle_since = time.monotonic()
                if errand.number not in self._tasks:
                    continue  # given up
                self._decoding += 1
            elif not self._decoding:
                with self._lock:
                    self._closed |= time.monotonic() - idle_since > self._idle and not self._busy
                    if self._closed and not self._busy:
                        return
            yield errand

    def _answer(self, question: tuple[int, bytes]) -> Wanted | None:
        number, content = question
        with self._lock:
            if (task := self._tasks.get(number)) is None:
                return None  # whoever brought it has been given up
            errand = task.errands[number]
            task.read[number] = content
            if task.decoding.setdefault(content, number) != number:
                return None  # a copy; its fate is that of the first
        unread = None if content in task.known else self._everything
        wanted = errand.wanted if errand.content == content else unread
        if wanted is not None:
            self._network.expect(spec.name for spec in networks_of(wanted.scorers))
        return wanted

    def _take(self, errand: Errand, result: Analysis | AlbumcleanError | WorkerFailure) -> None:
        self._decoding -= 1
        with self._lock:
            if (task := self._tasks.pop(errand.number, None)) is None:
                return
            content = task.read.get(errand.number)
            views = result.views if isinstance(result, Analysis) else {}
            if content is not None and views:
                task.contents.append(content)
                self._waiting.setdefault(content, []).append(task)
        if isinstance(result, Analysis):
            for name, view in views.items():
                self._network.put(name, result.content_hash, view)
            result = replace(result, views={})
        task.news.append(News(task.errands[errand.number].number, result, content, frozenset(views)))
        if len(task.news) == len(task.errands):
            task.decoded.set()


class _Task:
    """Errands that came together, and what is found."""

    def __init__(self, known: Contents) -> None:
        self.known = known  # contents of which nothing is wanted
        self.errands: dict[int, Errand] = {}  # by the number that each has here
        self.read: dict[int, bytes] = {}  # the content of those that have been read
        self.decoding: dict[bytes, int] = {}  # of copies, only the first is looked at
        self.contents: list[bytes] = []  # that the networks are shown
        self.news: list[News] = []
        self.findings = Findings()
        self.decoded = threading.Event()


_lock = threading.Lock()  # guards what follows
_station: Station | None = None
_fit: set[str] = set()  # keys of plans for which this worker was found fit


def _station_for(plan: Plan) -> Station:
    """This process's station, made anew for other scorers. Raises WorkerUnfit."""
    global _station  # noqa: PLW0603 - there is one set of decoders and networks in a process, whoever brings errands
    with _lock:
        if plan.key not in _fit:
            scorers_for(plan)
            _fit.add(plan.key)
        if _station is None or _station.is_closed or _station.serves != (plan.scorers, plan.wish):
            if _station is not None:
                _station.close()
            _station = Station(plan, scorers_for(plan))
        return _station
