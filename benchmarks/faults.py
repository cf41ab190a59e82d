"""Fail or kill albumclean at every single call with which it changes the disk: is every photo still there, once?

    python -m benchmarks.faults --count 1000 --seed 1

For each operation (apply to the trash, to a folder, to another drive; undo; resume; the user's answers; a migration of
the ledger; the cache; thumbnails) a first run is traced, to know which system calls it makes and how often. Then each
round makes an album anew, starts the operation in a process of its own, and has strace(1) fail the n-th call of a
kind, once or from there on, or kill the process there with SIGKILL; SQLite's own calls included. Then the next run
recovers, and every byte is looked for (`fault_check`). Exits 1 if a single thing is not as it must be.

Needs Linux and strace. --count 0 injects every fault that there is.
"""

from __future__ import annotations

import argparse
import itertools
import json
import mmap
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from albumclean.errors import AlbumcleanError
from benchmarks.fault_operations import OPERATIONS, Operation, Scene

# What changes the disk, and what makes a change last. close: network drives tell of a full disk only then.
CALLS = (
    "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "open", "openat",
    "write", "pwrite64", "writev", "fsync", "fdatasync", "ftruncate", "utimensat", "chmod", "fchmod", "fchmodat",
    "setxattr", "lsetxattr", "fsetxattr", "sendfile", "copy_file_range", "close", "flock",
)  # fmt: skip
LOOKS = ("read", "pread64", "newfstatat", "statx", "getdents64")
ERRORS = ("ENOSPC", "EIO", "EACCES", "EPERM", "EROFS", "EDQUOT", "EINTR", "ENAMETOOLONG")
_OF_CALL = {"close": ("EIO", "ENOSPC", "EDQUOT"), "flock": ("EIO", "ENOLCK"), **dict.fromkeys(LOOKS, ("EIO", "EACCES"))}
_PATIENCE = 60.0  # seconds after which an operation hangs
_CRASHED = 70


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the n-th call of one kind."""

    call: str
    nth: int
    error: str | None  # None: SIGKILL instead of the call
    lasting: bool = False  # to all later calls of the kind too

    @property
    def kind(self) -> str:
        return "SIGKILL" if self.error is None else f"{self.error}{'+' if self.lasting else ''}"

    @property
    def strace(self) -> str:
        what = "signal=KILL" if self.error is None else f"error={self.error}"
        return f"--inject={self.call}:{what}:when={self.nth}{'+' if self.lasting else ''}"


def faults_of(counts: Counter[str]) -> Iterator[Fault]:
    """Every fault that can strike an operation that makes so many calls of each kind."""
    for call in sorted(counts):
        for nth in range(1, counts[call] + 1):
            if call not in LOOKS:
                yield Fault(call, nth, None)
            for error in _OF_CALL.get(call, ERRORS):
                yield Fault(call, nth, error)
                # A call that is interrupted for ever is tried again for ever: no system does that.
                if error in {"ENOSPC", "EIO", "EACCES"} and call not in {*LOOKS, "close"}:
                    yield Fault(call, nth, error, lasting=True)


class Child:
    """The operation, forked from this process and held until it is traced."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._note = mmap.mmap(-1, 8192)  # shared: to begin and to say how it ended needs no call that could fail
        self.pid = os.fork()
        if self.pid == 0:
            while not self._note[0]:
                time.sleep(0.001)
            self._note[0] = 0
            self._work(work)

    def _work(self, work: Callable[[], None]) -> None:
        code = 0
        try:
            work()
        except AlbumcleanError:
            code = 1  # said in one clear line
        except BaseException:  # noqa: BLE001 - the trust boundary: whatever else is raised is a finding
            text = traceback.format_exc()[-8000:].encode()
            self._note[: len(text)] = text
            code = _CRASHED
        os._exit(code)

    def end(self) -> tuple[str, str]:
        """Let it go on, and (how it ended, what was wrong with that)."""
        self._note[0] = 1
        deadline = time.monotonic() + _PATIENCE
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                return "hung", f"did not end within {_PATIENCE} s"
            time.sleep(0.002)
        if os.WIFSIGNALED(status):
            return "killed", ""
        code = os.WEXITSTATUS(status)
        if code == _CRASHED:
            return "crashed", bytes(self._note).rstrip(b"\0").decode()
        return ("done", "told")[code], ""


def traced(child: Child, arguments: Sequence[str]) -> tuple[str, str, str]:
    """(how the child ended, what was wrong with that, strace's log)."""
    log = tempfile.NamedTemporaryFile("r", prefix="strace-")  # noqa: SIM115
    with log:
        tracer = subprocess.Popen(
            ["strace", "-f", "-y", "-o", log.name, *arguments, "-p", str(child.pid)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert tracer.stderr is not None
        said = tracer.stderr.readline()
        if b"attached" not in said:
            sys.exit(f"strace can't trace: {said!r}")
        how, wrong = child.end()
        tracer.communicate()
        return how, wrong, Path(log.name).read_text(errors="replace")


def counted(log: str) -> Counter[str]:
    return Counter(found[1] for line in log.splitlines() if (found := re.match(r"(?:\d+\s+)?(\w+)\(", line)))


def census(operation: Operation, base: Path, other: Path) -> Counter[str]:
    """How often the operation makes each call when nothing goes wrong."""
    scene = Scene.fresh(base, other)
    operation.prepare(scene)
    how, wrong, log = traced(Child(lambda: operation.run(scene)), [f"--trace={','.join((*CALLS, *LOOKS))}"])
    if how != "done":
        sys.exit(f"{operation.name} fails even without a fault: {how} {wrong}")
    problems = operation.check(scene)
    if problems:
        sys.exit(f"{operation.name} is wrong even without a fault: {problems}")
    return counted(log)


@dataclass(frozen=True, slots=True)
class Round:
    """One operation and what strikes it; perhaps the run after it is struck too."""

    operation: Operation
    fault: Fault
    second: Fault | None = None

    @property
    def faults(self) -> list[Fault]:
        return [self.fault] if self.second is None else [self.fault, self.second]


@dataclass(slots=True)
class Result:
    ends: list[tuple[Fault, str]]  # how each run ended whose fault struck
    problems: list[str]


def play(chosen: Round, base: Path, other: Path) -> Result:
    scene = Scene.fresh(base, other)
    operation = chosen.operation
    operation.prepare(scene)
    result = Result([], [])
    for fault, work in zip(chosen.faults, (operation.run, operation.again), strict=False):
        child = Child(lambda work=work: work(scene))  # type: ignore[misc]
        how, wrong, log = traced(child, [f"--trace={fault.call}", fault.strace])
        if how == "killed" or "(INJECTED)" in log:
            result.ends.append((fault, how))
        if wrong:
            result.problems.append(f"{how}: {wrong}")
    try:
        result.problems += operation.check(scene)
    except Exception:  # noqa: BLE001 - the trust boundary: what the next run raises is a finding
        result.problems.append(traceback.format_exc())
    return result


def rounds(operations: Sequence[Operation], counts: dict[str, Counter[str]], seed: int) -> Iterator[Round]:
    """All faults, from each operation and kind of call in turn; after some, the next run is struck too."""
    dice = random.Random(seed)
    heaps: dict[tuple[str, str, bool], list[Round]] = {}
    for operation in operations:
        everything = list(faults_of(counts[operation.name]))
        for fault in everything:
            # The next run makes fewer calls than the first: strike early.
            second = replace(again, nth=1 + again.nth // 4) if (again := dice.choice(everything)).nth % 4 == 1 else None
            heaps.setdefault((operation.name, fault.call, fault.error is None), []).append(
                Round(operation, fault, second)
            )
    for heap in heaps.values():
        dice.shuffle(heap)
    for turn in itertools.zip_longest(*heaps.values()):
        yield from (each for each in turn if each is not None)


def table(results: Counter[tuple[str, str, str]], bad: Counter[tuple[str, str]]) -> Iterator[str]:
    kinds = sorted({kind for _, kind, _ in results})
    names = list(dict.fromkeys(name for name, _, _ in results))
    yield " | ".join(["operation", *kinds, "faults", "violations"])
    for name in names:
        sums = [sum(n for (one, kind, _), n in results.items() if (one, kind) == (name, each)) for each in kinds]
        yield " | ".join(
            [name, *map(str, sums), str(sum(sums)), str(sum(n for (one, _), n in bad.items() if one == name))]
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="faults that must have struck; 0: all that there are")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[], help="an operation; may be repeated")
    parser.add_argument("--work", type=Path, help="where the albums lie (/dev/shm if it is there)")
    parser.add_argument("--other", type=Path, help="a folder on another file system than --work")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    options = parser.parse_args()
    memory = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(prefix="faults-", dir=options.work or (memory if memory.is_dir() else None)) as one,
        tempfile.TemporaryDirectory(prefix="faults-", dir=options.other) as two,
    ):
        return _run(options, Path(one).resolve(), Path(two).resolve())


def _run(options: argparse.Namespace, base: Path, other: Path) -> int:
    if base.stat().st_dev == other.stat().st_dev:
        print("note: --work and --other lie on one file system; the moves between two are not tested")
    operations = [each for each in OPERATIONS if not options.only or each.name in options.only]
    counts = {each.name: census(each, base / "x", other / "x") for each in operations}
    for name, count in counts.items():
        print(
            f"{name}: {sum(count[call] for call in CALLS)} calls that change the disk,"
            f" {sum(1 for _ in faults_of(count))} faults to inject"
        )
    begun = time.monotonic()
    results: Counter[tuple[str, str, str]] = Counter()
    bad: Counter[tuple[str, str]] = Counter()
    missed = 0
    for each in rounds(operations, counts, options.seed):
        if options.count and results.total() >= options.count:
            break
        result = play(each, base / "x", other / "x")
        results.update((each.operation.name, fault.kind, how) for fault, how in result.ends)
        missed += len(each.faults) - len(result.ends)
        if result.problems:
            bad[each.operation.name, each.fault.kind] += 1
            struck = " then ".join(fault.strace for fault in each.faults)
            print(f"VIOLATION {each.operation.name} {struck}", *result.problems[:8], sep="\n    ", flush=True)
    print(*table(results, bad), sep="\n")
    ends = Counter(how for (_, _, how), n in results.items() for _ in range(n))
    print(
        f"{results.total()} faults injected ({dict(ends)}), {missed} came too late to strike,"
        f" {sum(bad.values())} violations, {time.monotonic() - begun:.0f} s (seed {options.seed})"
    )
    if options.json:
        rows = [{"operation": a, "fault": b, "ended": c, "count": n} for (a, b, c), n in sorted(results.items())]
        options.json.write_text(
            json.dumps({"seed": options.seed, "violations": sum(bad.values()), "faults": rows}, indent=1)
        )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
