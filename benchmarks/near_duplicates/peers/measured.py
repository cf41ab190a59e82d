"""A command run to its end: its time and memory, all its child processes included, and a folder it can't write to."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

POLL = 0.2  # seconds between two looks at the memory

# In a mount namespace of its own the folder is laid over itself, read-only: a tool that tries to delete fails.
READ_ONLY = (
    "unshare", "--mount", "--map-root-user", "sh", "-c",
    'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"', "sh",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took."""

    code: int
    error: str  # the end of what it wrote to standard error
    wall: float  # seconds
    cpu: float  # seconds, user and system
    peak_mib: float  # the most that all its processes held at one time; pages they share count once


def run(command: Sequence[str], log: Path, environment: Mapping[str, str], cwd: Path) -> Cost:
    """Run `command` to its end. Its output goes to the file `log`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    peak = 0
    with log.open("wb") as out:
        process = psutil.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=dict(environment), cwd=cwd)
        while process.poll() is None:
            peak = max(peak, held(process))
            time.sleep(POLL)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    error = "" if process.returncode == 0 else log.read_text(encoding="utf-8", errors="replace")[-400:]
    return Cost(process.returncode, error, wall, cpu, peak / 2**20)


def held(process: psutil.Process) -> int:
    """Bytes of a process and its descendants; on Linux a shared page counts in parts (PSS)."""
    total = 0
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for member in family:
        try:
            memory = member.memory_full_info()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        total += getattr(memory, "pss", memory.rss)
    return total


def guard(folder: Path) -> tuple[str, ...]:
    """What to put before a command so that it can't write to `folder`; nothing where the system can't do that."""
    if sys.platform != "linux":
        return ()
    try:
        tried = subprocess.run([*READ_ONLY, str(folder), "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return ()
    return (*READ_ONLY, str(folder)) if tried.returncode == 0 else ()


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below `folder` with its size and time of change, to see that nothing has touched it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            status = path.stat()
            found[path.relative_to(folder).as_posix()] = (status.st_size, status.st_mtime_ns)
    return found


def use_cores(count: int) -> None:
    """Let this process and all that it starts run on so many cores only (0: on all)."""
    if count and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
