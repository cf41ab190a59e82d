"""One command of the real program, watched: its time, its memory, its words, and perhaps a killer among its workers."""

from __future__ import annotations

import contextlib
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import psutil

from benchmarks.common import ALBUMCLEAN, environment

T = TypeVar("T")

HANG = 3600.0  # seconds after which a command counts as hung
_LOOK_EVERY = 0.05
_PARENT_LIMIT = 64 << 30  # address space; torch maps a lot of it and uses little

# Line feeds and tabs are ours; all else that steers a terminal can only come out of a file or its name.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_WITHOUT_RIGHTS = (
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
)


@dataclass(slots=True)
class Trial:
    """What became of a command."""

    code: int
    out: str
    err: str
    seconds: float
    parent: int = 0  # most bytes that the program itself held
    workers: int = 0  # most bytes that one worker held
    started: int = 0  # worker processes that were seen
    kills: dict[str, int] = field(default_factory=dict)  # by signal
    left: int = 0  # processes that outlived it

    @property
    def breaks(self) -> list[str]:
        """Promises to the reader that its output breaks."""
        found = []
        if self.code not in {0, 1}:
            found.append(f"exit code {self.code}: {self.err[-300:]!r}")
        if "Traceback (most recent call last)" in self.out + self.err:
            at = self.err.find("Traceback")
            found.append(f"a traceback: {self.err[at:][-400:]!r}")
        found += [
            f"a control character: {line!r}" for line in (self.out + self.err).split("\n") if _CONTROL.search(line)
        ]
        if self.left:
            found.append(f"{self.left} processes were left behind")
        return found


def command(home: Path, *words: str | Path, killer: random.Random | None = None, every: float = 1.0) -> Trial:
    """Run `albumclean WORDS` as a user without root's rights, and look at it while it runs.

    `killer`: kills a worker about every `every` seconds, now as the kernel does that lacks memory, now as a crash.
    """
    rights = _WITHOUT_RIGHTS if os.geteuid() == 0 and shutil.which("setpriv") else ()
    surroundings = environment(home)
    with (home.parent / "out").open("wb+") as out, (home.parent / "err").open("wb+") as err:
        began = time.monotonic()
        process = subprocess.Popen(
            [*rights, *ALBUMCLEAN, *(str(word) for word in words)], env=surroundings, stdout=out, stderr=err,
            preexec_fn=_limit,  # noqa: PLW1509 - no threads here yet
        )  # fmt: skip
        trial = Trial(0, "", "", 0.0)
        watcher = _Watcher(process.pid, trial, killer, every)
        watcher.start()
        try:
            trial.code = process.wait(HANG)
        except subprocess.TimeoutExpired:
            process.kill()
            trial.code = process.wait()
            trial.err = f"hung for {HANG} s"
        watcher.end()
        trial.seconds = time.monotonic() - began
        for stream in (out, err):
            stream.seek(0)
        trial.out = out.read().decode("utf-8", "surrogateescape")
        trial.err += err.read().decode("utf-8", "surrogateescape")
    return trial


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_PARENT_LIMIT, _PARENT_LIMIT))
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))


class _Watcher(threading.Thread):
    def __init__(self, pid: int, trial: Trial, killer: random.Random | None, every: float) -> None:
        super().__init__(daemon=True)
        self._pid, self._trial, self._killer, self._every = pid, trial, killer, every
        self._ending = threading.Event()
        self._seen: dict[int, psutil.Process] = {}

    def end(self) -> None:
        self._ending.set()
        self.join()
        _, alive = psutil.wait_procs(list(self._seen.values()), timeout=5)
        self._trial.left = sum(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in alive)
        self._trial.started = len(self._seen)

    def run(self) -> None:
        due = self._next()
        while not self._ending.wait(_LOOK_EVERY):
            self._trial.parent = max(self._trial.parent, _peak(self._pid))
            workers = self._workers()
            for worker in workers:
                self._seen[worker.pid] = worker
                self._trial.workers = max(self._trial.workers, _peak(worker.pid))
            if self._killer is not None and workers and time.monotonic() >= due:
                self._kill(self._killer.choice(workers), self._killer.choice((signal.SIGKILL, signal.SIGSEGV)))
                due = self._next()

    def _next(self) -> float:
        return time.monotonic() + (self._killer.expovariate(1 / self._every) if self._killer else 0.0)

    def _kill(self, worker: psutil.Process, how: signal.Signals) -> None:
        with contextlib.suppress(psutil.Error):
            worker.send_signal(how)
            self._trial.kills[how.name] = self._trial.kills.get(how.name, 0) + 1

    def _workers(self) -> list[psutil.Process]:
        return _quiet(lambda: [child for child in psutil.Process(self._pid).children() if _is_worker(child)], [])


def _is_worker(process: psutil.Process) -> bool:
    return _quiet(lambda: "spawn_main" in " ".join(process.cmdline()), False)


def _quiet(ask: Callable[[], T], otherwise: T) -> T:
    try:
        return ask()
    except psutil.Error:
        return otherwise


def _peak(pid: int) -> int:
    """The most bytes that a process has held; 0 where Linux's /proc does not say."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    except (OSError, ValueError):
        pass
    return 0


if sys.platform == "win32":
    raise SystemExit("this benchmark needs POSIX")
