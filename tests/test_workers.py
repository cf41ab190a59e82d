"""What the worker pool promises: whatever happens in a worker costs one job, and nothing is left behind."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from albumclean.errors import DecodeError
from albumclean.media.workers import Ask, FailureKind, WorkerFailure, WorkerPool, WorkersUnavailable

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits as POSIX has them")


def misbehave(job: tuple[str, Any], ask: Ask) -> Any:
    """Runs in the worker: does what the job says."""
    what, value = job
    match what:
        case "echo":
            return value
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "exit":
            os._exit(value)
        case "sleep":
            time.sleep(value)
        case "grab":
            return len(bytearray(value))
        case "raise":
            raise ValueError(value)
        case "decode error":
            raise DecodeError(path=Path(value), detail="is empty (0 bytes)")
        case "print":
            print(value)  # noqa: T201
            os.write(1, b"straight to stdout\n")
            os.write(2, b"straight to stderr\n")
        case "ask":
            return ask(value)
        case "array":
            return np.zeros(value, np.uint8)
        case "pid":
            return os.getpid()
        case "unpicklable":
            return lambda: None
        case "threads":
            return os.environ["OMP_NUM_THREADS"]
    return what


def pool(**changes: Any) -> WorkerPool[tuple[str, Any], Any]:
    settings: dict[str, Any] = {"workers": 1, "timeout": 30.0, "memory": 4 << 30}
    return WorkerPool(misbehave, **settings | changes)


def outcomes(jobs: list[tuple[str, Any]], **changes: Any) -> dict[tuple[str, Any], Any]:
    return dict(pool(**changes).run(jobs, answer=lambda question: question))


def children() -> list[psutil.Process]:
    """Worker processes of this one; the resource tracker stays for good and does not count."""
    return workers_of(os.getpid())


def workers_of(pid: int) -> list[psutil.Process]:
    return [child for child in psutil.Process(pid).children() if is_worker(child)]


def is_worker(process: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # it has ended since it was listed
        return False


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    yield
    assert [] == children()
    assert [] == [thread for thread in threading.enumerate() if thread.name == "albumclean-worker"]


def test_every_job_comes_back_with_its_result() -> None:
    jobs = [("echo", number) for number in range(20)]
    assert {job: job[1] for job in jobs} == outcomes(jobs, workers=2)


def test_a_run_without_jobs_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("albumclean.media.worker_link.WorkerLink.start", pytest.fail)
    assert [] == list(pool().run([], answer=lambda question: question))


@posix
def test_a_crash_costs_one_job_and_names_the_signal() -> None:
    result = outcomes([("echo", 1), ("segfault", 0), ("exit", 3), ("echo", 2)])
    assert 1 == result["echo", 1]
    assert WorkerFailure(FailureKind.CRASH, "crashed its worker (SIGSEGV)") == result["segfault", 0]
    assert WorkerFailure(FailureKind.CRASH, "crashed its worker (exit code 3)") == result["exit", 3]
    assert 2 == result["echo", 2]


def test_a_job_that_hangs_is_ended_after_the_timeout() -> None:
    began = time.monotonic()
    result = outcomes([("sleep", 1000), ("echo", 1)], timeout=0.5)
    assert FailureKind.TIMEOUT == result["sleep", 1000].kind
    assert 1 == result["echo", 1]
    assert time.monotonic() - began < 20


def test_waiting_for_an_answer_is_not_working_time() -> None:
    def slow_answer(question: str) -> str:
        time.sleep(0.8)
        return question.upper()

    assert [(("ask", "a"), "A")] == list(pool(timeout=0.5).run([("ask", "a")], slow_answer))


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="no limit on memory there")
def test_too_much_memory_costs_one_job() -> None:
    result = outcomes([("grab", 8 << 30), ("echo", 1)], memory=2 << 30)
    assert WorkerFailure(FailureKind.MEMORY, "needs more memory than a worker may use") == result["grab", 8 << 30]
    assert 1 == result["echo", 1]


def test_the_project_s_own_errors_come_back_as_they_are() -> None:
    error = outcomes([("decode error", "a  b.jpg")])["decode error", "a  b.jpg"]
    assert isinstance(error, DecodeError)
    assert f"{Path('a  b.jpg')} can't be read as a photo: is empty (0 bytes)" == str(error)


def test_other_errors_are_failures_with_their_text() -> None:
    result = outcomes([("raise", "odd"), ("unpicklable", 0), ("echo", 1)])
    assert WorkerFailure(FailureKind.ERROR, "failed unexpectedly: ValueError: odd") == result["raise", "odd"]
    assert FailureKind.ERROR == result["unpicklable", 0].kind
    assert 1 == result["echo", 1]


def test_nothing_that_a_worker_prints_is_seen(capfd: pytest.CaptureFixture[str]) -> None:
    outcomes([("print", "hello"), ("segfault", 0)])
    assert ("", "") == capfd.readouterr()


def test_answers_are_given_in_the_iterating_thread() -> None:
    answered_by = set()

    def answer(question: int) -> int:
        answered_by.add(threading.get_ident())
        return question * 2

    jobs = [("ask", number) for number in range(10)]
    assert {job: job[1] * 2 for job in jobs} == dict(pool(workers=2).run(jobs, answer))
    assert {threading.get_ident()} == answered_by


def test_an_endless_source_is_pulled_only_as_far_as_the_queue() -> None:
    pulled = itertools.count()
    last = 0

    def endless() -> Iterator[tuple[str, Any]]:
        nonlocal last
        for last in pulled:
            yield "echo", last

    run = pool(workers=2, queue=5).run(endless(), answer=lambda question: question)
    for handed_back in range(1, 30):
        next(run)
        assert last < handed_back + 5
    run.close()


def test_large_arrays_come_through() -> None:
    assert 5_000_000 == outcomes([("array", 5_000_000)])["array", 5_000_000].nbytes


def test_one_process_serves_many_jobs() -> None:
    jobs = [("pid", number) for number in range(5)]
    assert 1 == len(set(outcomes(jobs).values()) - {os.getpid()})


def test_maths_libraries_get_one_thread() -> None:
    assert "1" == outcomes([("threads", 0)])["threads", 0]


def test_closing_the_iterator_ends_busy_workers_at_once() -> None:
    run = pool(workers=2).run([("echo", 1), ("sleep", 1000), ("sleep", 1001)], answer=lambda question: question)
    assert (("echo", 1), 1) == next(run)
    began = time.monotonic()
    run.close()
    assert time.monotonic() - began < 5
    assert [] == children()


def test_an_exception_in_the_answer_goes_through_and_ends_the_workers() -> None:
    def refuse(question: object) -> object:
        raise LookupError(question)

    with pytest.raises(LookupError):
        list(pool(workers=2).run([("ask", 1), ("sleep", 1000)], refuse))
    assert [] == children()


def test_an_exception_in_the_source_goes_through_and_ends_the_workers() -> None:
    def source() -> Iterator[tuple[str, Any]]:
        yield "sleep", 1000
        raise LookupError

    with pytest.raises(LookupError):
        list(pool().run(source(), answer=lambda question: question))
    assert [] == children()


def test_workers_that_cannot_start_are_an_error_of_the_whole_run(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = pool()
    monkeypatch.setattr(broken, "_task", b"\x80\x05cno.such.module\nthing\n.")
    with pytest.raises(WorkersUnavailable, match="No module named"):
        list(broken.run([("echo", 1)], answer=lambda question: question))


def test_an_idle_worker_that_was_killed_does_not_cost_the_next_job() -> None:
    def source() -> Iterator[tuple[str, Any]]:
        yield "echo", 1
        yield "echo", 2

    run = pool(queue=1).run(source(), answer=lambda question: question)
    assert (("echo", 1), 1) == next(run)
    [worker] = children()
    worker.kill()
    worker.wait(5)
    assert (("echo", 2), 2) == next(run)
    run.close()


ORPHANS = """
import sys
sys.path[:0] = {path!r}
from tests.test_workers import pool
if __name__ == "__main__":
    run = pool(workers=2).run([("pid", 0), ("pid", 1), ("sleep", 1000), ("sleep", 1001)], lambda question: question)
    print(next(run)[1], next(run)[1], flush=True)
    {ending}
"""


@contextmanager
def started(tmp_path: Path, ending: str = "next(run)") -> Iterator[subprocess.Popen[str]]:
    """A program with two workers, which has said so; `ending`: what it does then."""
    script = tmp_path / "run.py"
    path = [str(Path(__file__).parent.parent), *sys.path]
    script.write_text(ORPHANS.format(path=path, ending=ending))
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as parent:
        try:
            yield parent
        finally:
            parent.kill()  # else a promise that is broken would be waited for


def has_two_workers(parent: subprocess.Popen[str]) -> bool:
    assert parent.stdout is not None
    return 2 == len(parent.stdout.readline().split())


def gone(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=10)[1]


@posix
def test_no_worker_outlives_a_parent_that_was_killed(tmp_path: Path) -> None:
    with started(tmp_path) as parent:
        assert has_two_workers(parent)
        everyone = psutil.Process(parent.pid).children(recursive=True)
        assert len(everyone) >= 2
        parent.kill()
        assert gone(everyone)


@posix
def test_ctrl_c_does_not_disturb_a_job_under_way() -> None:
    """The terminal sends it to every process of the group; what happens then is the parent's to decide."""

    def source() -> Iterator[tuple[str, Any]]:
        yield "pid", 0
        yield "sleep", 0.5
        for worker in children():
            worker.send_signal(signal.SIGINT)

    run = pool(queue=2).run(source(), answer=lambda question: question)
    assert ["pid", "sleep"] == [job[0] for job, outcome in run if not isinstance(outcome, WorkerFailure)]


@posix
def test_ctrl_c_ends_the_workers_without_a_word_from_them(tmp_path: Path) -> None:
    with started(tmp_path) as parent:
        assert parent.stderr is not None
        assert has_two_workers(parent)
        everyone = workers_of(parent.pid)
        assert everyone
        os.killpg(parent.pid, signal.SIGINT)
        parent.wait(30)
        assert gone(everyone)
        assert 1 == parent.stderr.read().count("KeyboardInterrupt\n")


SLOWLY_ENDING = """
    import threading, time
    from multiprocessing.process import BaseProcess
    join = BaseProcess.join
    def slow(*arguments):
        time.sleep(threading.current_thread() is threading.main_thread())
        return join(*arguments)
    BaseProcess.join = slow  # Python waits for its processes when it exits; meanwhile the drivers do what they do
    raise KeyboardInterrupt
"""


def test_a_program_that_ends_in_the_midst_of_a_run_ends(tmp_path: Path) -> None:
    """By a Ctrl-C between two results, say: the workers that Python ends then are not taken for crashed ones."""
    with started(tmp_path, SLOWLY_ENDING) as parent:
        assert has_two_workers(parent)
        _, said = parent.communicate(timeout=30)
    assert said.rstrip().endswith("\nKeyboardInterrupt")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_ctrl_c_never_reaches_a_worker_not_even_while_it_starts(tmp_path: Path) -> None:
    """Else its interpreter, not yet silenced, would print a traceback of its own."""
    with started(tmp_path) as parent:
        samples: list[bool] = []
        while len(samples) < 200:
            assert parent.poll() is None
            everyone = workers_of(parent.pid)
            samples += [ignores_ctrl_c(worker.pid) for worker in everyone]
        parent.kill()
        assert {True} == set(samples)
        assert gone(everyone)


def ignores_ctrl_c(pid: int) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    masks = dict(line.split(":\t") for line in lines if line.startswith("Sig"))
    return bool((int(masks["SigBlk"], 16) | int(masks["SigIgn"], 16)) >> (signal.SIGINT - 1) & 1)
