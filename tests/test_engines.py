"""Engines: a scan by a cluster finds what a scan by this machine finds, and takes losses as it should."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

import albumclean
from albumclean.config import ScanSettings, Settings
from albumclean.domain import Failure, FileIdentity, Root
from albumclean.engines import cluster, engine, fitness, station
from albumclean.engines.analyse import DECODER, Analysis, Job, Wanted
from albumclean.engines.cluster import DaskEngine
from albumclean.engines.engine import Assignment, Looked
from albumclean.engines.errands import Contents, Errand, News, Plan, Report
from albumclean.engines.networks import NetworkThread
from albumclean.engines.reading import Batch
from albumclean.engines.scan import SHIPPED, ScanSummary, ScanWatcher, needs, scan
from albumclean.engines.scheduler import Killed, Outcome, Refusal, Scheduler, Welcome
from albumclean.errors import (
    EngineUnknown,
    FolderUnseen,
    ReadError,
    SchedulerLost,
    SchedulerUnnamed,
    WorkersGone,
    WorkerUnfit,
)
from albumclean.scoring.findings import Findings
from albumclean.store.cache import Cache
from albumclean.store.thumbnails import Shelf
from tests.pictures import save, scene

distributed = pytest.importorskip("distributed")


def _ignore(*_: object) -> None:
    """Nobody watches."""


# --- a real cluster -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A scheduler and one worker with two threads, in this process: starting others would take seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the dashboard has another port, while another cluster runs here
        made = distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, protocol="tcp", host="127.0.0.1"
        )
    with made:
        yield made.scheduler_address


class Home:
    """A cache, and scans of it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.cache = Cache.open(folder / "cache.sqlite")
        self._thumbnails = folder / "thumbnails.sqlite"
        self.failures: list[Failure] = []

    def scan(self, album: Path, scheduler: str = "", stop: Callable[[ScanSummary], bool] | None = None) -> ScanSummary:
        """Ends before look-alikes are compared, if not earlier: that has nothing to do with engines."""
        base = Settings()
        name = "dask" if scheduler else "local"
        wish = replace(base.scan, workers=1, device="cpu", engine=name, scheduler=scheduler)
        seen = ScanSummary()

        def scanning(summary: ScanSummary, _: Path) -> None:
            nonlocal seen
            seen = summary

        def is_over() -> bool:
            return stop(seen) if stop else 0 < seen.to_do == seen.done

        watcher = ScanWatcher(_ignore, scanning, _ignore, self.failures.append)
        settings = replace(base, scan=wish)
        return scan([Root(album)], self.cache, settings, watcher, thumbnails=self._thumbnails, stop=is_over)

    def facts(self) -> list[object]:
        """All but scores and marks, by path."""
        specs = [scorer.spec for scorer in SHIPPED]
        return [
            (known.asset, known.photo, known.failure, sorted(known.scores)) for known in self.cache.known((), specs)
        ]

    def scores(self) -> list[float]:
        specs = [scorer.spec for scorer in SHIPPED]
        return [known.scores[key] for known in self.cache.known((), specs) for key in sorted(known.scores)]


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[Callable[[], Home]]:
    made: list[Home] = []

    def another() -> Home:
        made.append(Home(tmp_path / f"home-{len(made)}"))
        return made[-1]

    yield another
    for home in made:
        home.cache.__exit__(None, None, None)


def test_a_cluster_finds_what_this_machine_finds(
    album: Path, address: str, homes: Callable[[], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        save(scene(number), album / f"{number}.jpg")
    shutil.copy(album / "1.jpg", album / "copy of 1.jpg")
    for name in ("cut.jpg", "cut again.jpg"):
        (album / name).write_bytes((album / "2.jpg").read_bytes()[:900])
    here, there = homes(), homes()
    ours, theirs = here.scan(album), there.scan(album, address)
    assert (ours.decoded, ours.recognised, ours.failed) == (theirs.decoded, theirs.recognised, theirs.failed)
    assert (4, 1, 2) == (theirs.decoded, theirs.recognised, theirs.failed)
    assert here.facts() == there.facts()
    assert len(here.scores()) > 0
    assert np.allclose(here.scores(), there.scores(), rtol=0, atol=1e-4)
    assert sorted(map(str, here.failures)) == sorted(map(str, there.failures))

    # A renamed photo costs one hash and no inference, though its old name is forgotten before anybody reads the new.
    (album / "3.jpg").rename(album / "new name.jpg")
    shown: list[object] = []
    monkeypatch.setattr(NetworkThread, "put", lambda *view: shown.append(view))
    again = there.scan(album, address)
    assert [] == shown
    assert (1, 0, 1) == (again.recognised, again.decoded, again.forgotten)


def test_a_worker_that_does_not_see_the_folder_ends_the_scan_before_it_begins(
    album: Path, address: str, homes: Callable[[], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    save(scene(1), album / "1.jpg")

    def lstat(_: object) -> os.stat_result:
        raise FileNotFoundError(2, "No such file or directory")

    home = homes()
    monkeypatch.setattr(fitness, "_lstat", lstat)
    with pytest.raises(FolderUnseen, match=r"does not see .*album"):
        home.scan(album, address)
    assert [] == home.failures


def test_a_scan_that_is_stopped_goes_on_where_it_was(album: Path, address: str, homes: Callable[[], Home]) -> None:
    for number in range(6):
        save(scene(number, 64, 48), album / f"{number}.jpg")
    home = homes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "FEWEST_FILES", 1)
        patch.setattr(cluster, "TASKS_AT_ONCE", 1)
        first = home.scan(album, address, stop=lambda summary: summary.done > 0)
    second = home.scan(album, address)
    assert first.stopped
    assert 0 < first.decoded < 6
    assert 6 == first.decoded + second.decoded


def test_no_scheduler_is_a_sentence_and_not_a_traceback(album: Path, homes: Callable[[], Home]) -> None:
    save(scene(1), album / "1.jpg")
    with pytest.raises(SchedulerLost, match="does not answer"):
        homes().scan(album, "nonsense://127.0.0.1:1")


# --- what becomes of losses, with a scheduler that loses on purpose -------------------------------------------------


class Lossy(Scheduler):
    """Does tasks at once, or as `fate` says. Workers are there as `there` says."""

    def __init__(
        self, fate: Callable[[str, Sequence[Errand]], Outcome | None], there: Sequence[str] = ("a", "b")
    ) -> None:
        super().__init__("tcp://made:1", None)
        self.fate = fate
        self.there = set(there)
        self.handed: list[tuple[frozenset[str], bool]] = []  # to whom, and whether others may do it
        self.unfit: dict[str, WorkerUnfit] = {}
        self.plan: Plan | None = None
        self._tasks: list[tuple[object, Outcome]] = []
        self._outcomes: dict[object, Outcome] = {}

    def workers(self) -> set[str]:
        return set(self.there)

    def share(self, plan: Plan) -> None:
        self.plan = plan

    def greet(self, worker: str) -> object:
        return self._do(Refusal(worker, self.unfit[worker]) if worker in self.unfit else Welcome())

    def look(self, errands: Sequence[Errand], workers: Any, *, others: bool) -> object:
        self.handed.append((frozenset(workers), others))
        told = Report(tuple(News(errand.number, Analysis(_content(errand)), _content(errand)) for errand in errands))
        return self._do(self.fate(min(workers), errands) or told)

    def _do(self, outcome: Outcome) -> object:
        task = object()
        self._tasks.append((task, outcome))
        self._outcomes[task] = outcome
        return task

    def next_done(self, timeout: float) -> object | None:
        return self._tasks.pop(0)[0] if self._tasks else None

    def outcome(self, task: object) -> Outcome:
        return self._outcomes[task]

    def call_back(self, tasks: Sequence[object]) -> None:
        self._tasks.clear()


def _content(errand: Errand) -> bytes:
    return errand.identity.path.name.encode().ljust(32)


class Nothing:
    """A library of which nothing is known."""

    def witnesses(self) -> list[tuple[Path, FileIdentity]]:
        return []

    def contents(self) -> Iterator[bytes]:
        return iter(())

    def contents_of(self, files: Sequence[FileIdentity]) -> dict[FileIdentity, bytes]:
        return {}

    def left(self) -> int:
        return 40

    def missing(self, content: bytes) -> Wanted | None:
        return None


def _jobs(number: int) -> Iterator[Job]:
    return (Job(FileIdentity(Path(f"/album/{each}.jpg"), 1, 1, 1, 1), 1) for each in range(number))


def _looked(scheduler: Lossy, number: int, patience: float = 60.0) -> list[Looked]:
    assignment = Assignment(ScanSettings(engine="dask", scheduler="tcp://made:1"), (), Nothing())
    run = cluster._Run(scheduler, assignment, _jobs(number), lambda _: None, patience)
    return [event for event in run.events() if isinstance(event, Looked)]


def test_each_file_is_told_of_once_whatever_is_lost() -> None:
    bad = 7

    def fate(_: str, errands: Sequence[Errand]) -> Outcome | None:
        return Killed() if any(errand.number == bad for errand in errands) else None

    looked = _looked(Lossy(fate), 20)
    assert sorted(f"/album/{each}.jpg" for each in range(20)) == sorted(str(each.identity.path) for each in looked)
    failed = [each for each in looked if not isinstance(each.result, Analysis)]
    assert [Path("/album/7.jpg")] == [each.identity.path for each in failed]
    assert "four workers" in str(failed[0].result)


def test_a_worker_that_turns_out_unfit_gets_no_more_files_and_the_others_do_its_work(caplog: Any) -> None:
    unfit = WorkerUnfit(host="a", detail="its folder has vanished")
    scheduler = Lossy(lambda worker, _: Refusal("a", unfit) if worker == "a" and len(scheduler.handed) < 4 else None)
    looked = _looked(scheduler, 40)
    assert 40 == len({each.identity.path for each in looked})
    assert (frozenset("b"), False) == scheduler.handed[-1]
    first = scheduler.handed.index((frozenset("b"), False))
    assert {(frozenset("b"), False)} == set(scheduler.handed[first:])
    assert "its folder has vanished" in caplog.text


def test_one_unfit_worker_at_the_beginning_ends_the_scan_though_others_are_fit() -> None:
    scheduler = Lossy(lambda *_: None)
    scheduler.unfit["b"] = WorkerUnfit(host="b", detail="it has another version")
    with pytest.raises(WorkerUnfit, match="another version"):
        _looked(scheduler, 3)
    assert [] == scheduler.handed


def test_a_cluster_without_workers_ends_the_scan_after_a_while() -> None:
    with pytest.raises(WorkersGone, match="has had no worker"):
        _looked(Lossy(lambda *_: None, there=()), 3, patience=-1.0)


def test_a_content_that_a_worker_wrongly_takes_for_known_is_asked_for_again() -> None:
    asked: list[Errand] = []

    def fate(_: str, errands: Sequence[Errand]) -> Outcome | None:
        asked.extend(errands)
        return None

    assignment = Assignment(ScanSettings(engine="dask", scheduler="tcp://made:1"), (), Nothing())
    wanted = Wanted((), thumbnail=True)
    answers = iter((wanted, None))
    run = cluster._Run(Lossy(fate), assignment, _jobs(1), lambda _: next(answers), 60.0)
    looked = [event for event in run.events() if isinstance(event, Looked)]
    assert 1 == len(looked)
    assert [None, wanted] == [errand.wanted for errand in asked]


def test_a_scan_killed_while_it_writes_costs_no_thumbnail() -> None:
    written: list[str] = []
    kept = SimpleNamespace(write=lambda **_: written.append("scores"))
    shelf = SimpleNamespace(put=lambda _: written.append("thumbnails"))
    Batch(cast("Cache", kept), cast("Shelf", shelf), needs()).commit()
    assert ["thumbnails", "scores"] == written


# --- who may take part ----------------------------------------------------------------------------------------------


def _plan(**changes: Any) -> Plan:
    base = Plan("key", albumclean.__version__, DECODER, tuple(each.spec for each in SHIPPED), ScanSettings(), (), b"")
    return replace(base, **changes)


def test_a_worker_of_the_same_kind_is_fit() -> None:
    assert ["judge", "kind"] == [scorer.spec.name for scorer in fitness.scorers_for(_plan())]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": "0.0.1"}, "it has albumclean"),
        ({"decoder": "other"}, "install the same versions"),
        ({"scorers": (replace(SHIPPED[0].spec, revision="other"),)}, "another one than here"),
        ({"scorers": (replace(SHIPPED[0].spec, name="none"),)}, "There is no scorer"),
    ],
)
def test_a_worker_whose_scores_would_be_others_is_unfit(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(WorkerUnfit, match=words):
        fitness.scorers_for(_plan(**changes))


def test_a_folder_that_vanishes_from_a_worker_is_not_the_fault_of_its_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = News(0, ReadError(path=tmp_path / "album" / "1.jpg", detail="No such file or directory"))
    made = SimpleNamespace(look=lambda *_: Report((gone,), Findings()))
    monkeypatch.setattr(station, "_station_for", lambda _: made)
    (tmp_path / "album").mkdir()
    witness = FileIdentity(tmp_path / "album" / "1.jpg", 1, 1, 1, 1)
    plan = _plan(witnesses=((str(tmp_path / "album"), witness),))
    with pytest.raises(FolderUnseen):
        station.look(plan, [])
    save(scene(1, 64, 64), tmp_path / "album" / "2.jpg")  # the folder is there: only the one photo is not
    assert (gone,) == station.look(plan, []).news


def test_a_station_that_nobody_needs_ends_by_itself_and_takes_no_more() -> None:
    made = station.Station(_plan(), (), idle=0.0)
    made.ended.wait(30)
    assert made.is_closed
    assert made.look([], Contents(b"")) is None


# --- which engines there are ----------------------------------------------------------------------------------------


def test_engines_are_checked_before_anything_is_looked_through() -> None:
    engine.check(ScanSettings())
    with pytest.raises(EngineUnknown, match="there are local, dask"):
        engine.check(ScanSettings(engine="ray"))
    with pytest.raises(SchedulerUnnamed, match="--scheduler"):
        engine.check(ScanSettings(engine="dask"))
    with pytest.raises(SchedulerUnnamed):
        DaskEngine(Assignment(ScanSettings(engine="dask"), (), Nothing()))
