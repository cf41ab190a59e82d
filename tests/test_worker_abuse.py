"""What a worker may do to the process that started it, as if a hostile file had taken over its decoder: nothing."""

from __future__ import annotations

import gc
import itertools
import os
import signal
import struct
import sys
import time
from multiprocessing.connection import Connection
from typing import Any

import psutil
import pytest

from albumclean.media.worker_link import WorkerLink
from albumclean.media.workers import Ask, FailureKind, WorkerFailure, WorkerPool

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and signals as POSIX has them")

MEMORY = 4 << 30
NONSENSE = WorkerFailure(FailureKind.CRASH, "crashed its worker (it answered with nonsense)")


def abuse(job: tuple[str, Any], ask: Ask) -> Any:
    """Runs in the worker."""
    what, value = job
    gc.unfreeze()  # a worker hides from the collector what it begins with
    pipes = [each for each in gc.get_objects() if isinstance(each, Connection) and each.writable and each.readable]
    match what:
        case "half":
            for pipe in pipes:
                os.write(pipe.fileno(), struct.pack("!i", 1000) + b"the beginning")
            time.sleep(1000)
        case "huge":
            for pipe in pipes:
                os.write(pipe.fileno(), struct.pack("!i", 0x7FFFFFFF) + bytes(60_000))
            time.sleep(1000)
        case "nonsense":
            for pipe in pipes:
                pipe.send_bytes(value)
            time.sleep(1000)
        case "keep":
            kept.append(b"x" * value)
        case "sleep":
            time.sleep(value)
        case "half and die":
            if ask(value):
                for pipe in pipes:
                    os.write(pipe.fileno(), struct.pack("!i", 1000) + b"the beginning")
                os.kill(os.getpid(), signal.SIGKILL)
        case "ask and die":
            ask(value)
            os.kill(os.getpid(), value)
        case "ask":
            return ask(value)
    return os.getpid()


kept: list[bytes] = []  # of a worker


def outcomes(jobs: list[tuple[str, Any]], **changes: Any) -> list[Any]:
    settings: dict[str, Any] = {"workers": 1, "timeout": 60.0, "memory": MEMORY, "queue": 1}
    pool = WorkerPool(abuse, **settings | changes)
    return [outcome for _, outcome in pool.run(jobs, lambda question: question)]


def test_half_an_answer_does_not_hold_up_the_scan() -> None:
    half, after = outcomes([("half", 0), ("pid", 0)], timeout=3.0)
    assert WorkerFailure(FailureKind.TIMEOUT, "took longer than 3 seconds") == half
    assert isinstance(after, int)


def test_an_answer_without_end_is_not_taken_in() -> None:
    huge, after = outcomes([("huge", 0), ("pid", 0)])
    assert NONSENSE == huge
    assert isinstance(after, int)


def test_nonsense_from_a_worker_costs_one_job() -> None:
    messages = [b"", b"\x80\x05garbage", b"\x80\x05K\x01.", b"(" * 500 + b"."]
    *nonsense, after = outcomes([*(("nonsense", message) for message in messages), ("pid", 0)])
    assert [NONSENSE] * 4 == nonsense
    assert isinstance(after, int)


def test_a_worker_that_has_grown_is_replaced() -> None:
    first, second, third = outcomes([("pid", 0), ("keep", 400 << 20), ("pid", 1)], memory=3 << 29)
    assert first == second
    assert third != first


def test_where_the_system_sets_no_limit_the_parent_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS and Windows take no limit of the address space."""
    monkeypatch.setattr(WorkerLink, "_resident", lambda link: MEMORY + 1 if link._watched else 0)
    [outcome] = outcomes([("sleep", 1000)])
    assert WorkerFailure(FailureKind.MEMORY, "needs more memory than a worker may use") == outcome


def test_a_worker_that_is_killed_once_costs_nothing() -> None:
    killed: set[object] = set()

    def kill_first(question: object) -> object:
        if question not in killed:
            killed.add(question)
            for child in psutil.Process().children():
                kill_worker(child)
        return question

    jobs = [("ask", number) for number in range(4)]
    pool = WorkerPool(abuse, workers=1, timeout=60.0, memory=MEMORY, queue=1)
    assert [0, 1, 2, 3] == [outcome for _, outcome in pool.run(jobs, kill_first)]
    assert {0, 1, 2, 3} == killed


def test_a_worker_that_is_killed_in_the_midst_of_its_answer_costs_nothing() -> None:
    first = itertools.chain([True], itertools.repeat(False))
    pool = WorkerPool(abuse, workers=1, timeout=60.0, memory=MEMORY, queue=1)
    [(_, outcome)] = pool.run([("half and die", 0)], lambda _: next(first))
    assert isinstance(outcome, int)


def kill_worker(child: psutil.Process) -> None:
    try:
        if "spawn_main" in " ".join(child.cmdline()):
            child.kill()
    except psutil.NoSuchProcess:
        """It has ended since it was listed."""


def test_a_worker_that_is_killed_while_it_starts_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    launch, launched = WorkerLink._launch, itertools.count()

    def shot(link: WorkerLink) -> None:
        launch(link)
        if next(launched) < 6:
            link.kill()

    monkeypatch.setattr(WorkerLink, "_launch", shot)
    [pid] = outcomes([("pid", 0)])
    assert isinstance(pid, int)


def test_a_job_that_loses_two_workers_is_done_by_the_third() -> None:
    die = itertools.chain([True, True], itertools.repeat(False))
    pool = WorkerPool(abuse, workers=1, timeout=60.0, memory=MEMORY, queue=1)
    [(_, outcome)] = pool.run([("half and die", 0)], lambda _: next(die))
    assert isinstance(outcome, int)


def test_a_job_that_loses_three_workers_fails_as_killed_or_as_crashed() -> None:
    killed, crashed, after = outcomes([("ask and die", signal.SIGKILL), ("ask and die", signal.SIGSEGV), ("pid", 0)])
    assert FailureKind.KILLED == killed.kind
    assert WorkerFailure(FailureKind.CRASH, "crashed its worker (SIGSEGV)") == crashed
    assert isinstance(after, int)
