"""This machine's engine against a cluster on the same cores: `python -m benchmarks.engines --photos DIR --work DIR`.

A scheduler and two workers of Dask, each worker with one core of its own, against the local engine on the same two
cores; in turns, in one run. `--count` photos are linked below `--work` and read by real scans up to the point where
look-alikes are compared, which is the same code for both. Then one scan loses a worker to `kill -9`, and one is killed
itself and run again. All caches must equal the first one: scores to 1e-4, embeddings to one step of their
rounding, everything else to the bit.

At the end what a cluster of more workers would do, from the costs that were measured here. `--check` makes a bar that
was missed an exit code.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from benchmarks.common import environment, fresh
from benchmarks.kill_scan import Rows, rows_of

TOLERANCE = 1e-4  # of a score
OVERHEAD = 0.10  # of the wall time
WORKERS = 2
PATTERNS = {".jpg", ".jpeg", ".png", ".bmp", ".heic", ".webp"}


@dataclass(frozen=True, slots=True)
class Round:
    """One scan that came to its end."""

    wall: float  # seconds, without the comparing of look-alikes
    cpu: float  # of all processes
    driver_cpu: float  # of the process that scans, for a photo, once it is under way
    sent: int  # bytes that the driver got and gave over the network
    rows: Rows
    vectors: dict[bytes, tuple[str, bytes]]  # embeddings
    thumbnails: dict[bytes, bytes]


class Cluster:
    """A scheduler and workers of Dask, each on one core."""

    def __init__(self, work: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self._work = work
        # As `dask scheduler` and `dask worker` would be started by hand; the first two cores are the resources.
        self.cores = sorted(os.sched_getaffinity(0))[:WORKERS]
        self._scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(port))
        self._workers = [self._worker(core) for core in self.cores]

    def _start(self, *words: str, cores: list[int] | None = None) -> psutil.Popen:
        with (self._work / f"{words[0]}.log").open("ab") as log:
            return psutil.Popen(
                [*pinned(cores or self.cores), sys.executable, "-m", "dask", *words, "--no-dashboard"],
                env={**environment(self._work / "worker"), "OMP_NUM_THREADS": "1"}
                if cores
                else environment(self._work),
                stdout=log,
                stderr=log,
            )

    def _worker(self, core: int) -> psutil.Popen:
        options = ("--nworkers", "1", "--nthreads", "2", "--memory-limit", "0", "--local-directory", str(self._work))
        return self._start("worker", self.address, *options, cores=[core])

    def wait(self) -> None:
        """Until all workers have joined."""
        from distributed import Client

        with Client(self.address, set_as_default=False, timeout=60) as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(WORKERS, timeout=120)

    def cpu(self) -> float:
        """Seconds of CPU of all its processes since they began."""
        total = 0.0
        for process in (self._scheduler, *self._workers):
            for each in (process, *process.children(recursive=True)):
                try:
                    times = each.cpu_times()
                    total += times.user + times.system + times.children_user + times.children_system
                except psutil.NoSuchProcess:
                    pass
        return total

    def kill_a_worker(self) -> None:
        """The process that works, as the system does when memory runs out; its nanny starts another one."""
        children = self._workers[0].children()
        max(children, key=lambda child: child.memory_info().rss).send_signal(signal.SIGKILL)

    def stop(self) -> None:
        for process in (*self._workers, self._scheduler):
            process.terminate()
        for process in (*self._workers, self._scheduler):
            process.wait(30)


def pinned(cores: list[int]) -> list[str]:
    """The beginning of a command that runs on these cores alone."""
    return ["taskset", "-c", ",".join(map(str, cores))]


@contextmanager
def cluster_in(work: Path) -> Iterator[Cluster]:
    made = Cluster(work)
    try:
        made.wait()
        yield made
    finally:
        made.stop()


# --- one scan, in a process of its own ------------------------------------------------------------------------------


def scan_here(home: Path, photos: Path, scheduler: str) -> None:
    """Scan, and print what it took as JSON."""
    from dataclasses import replace

    from albumclean.config import Settings
    from albumclean.domain import Failure, Root
    from albumclean.engines.scan import ScanSummary, ScanWatcher, scan
    from albumclean.store.cache import Cache

    began = time.monotonic()
    settings = Settings()
    if scheduler:
        settings = replace(settings, scan=replace(settings.scan, engine="dask", scheduler=scheduler))
    shown = ScanSummary()
    under_way = 0.0  # seconds of CPU when the first news came

    def progress(summary: ScanSummary, _: Path) -> None:
        nonlocal shown, under_way
        shown, under_way = summary, under_way or cpu_of_this_process()
        if summary.done % 16 == 0:
            print(summary.done, file=sys.stderr, flush=True)

    def nothing(_: Failure | ScanSummary) -> None:
        pass

    watcher = ScanWatcher(crawling=lambda *_: None, scanning=progress, comparing=nothing, failed=nothing)
    with Cache.open(home / "cache.sqlite") as cache:
        scan(
            [Root(photos)],
            cache,
            settings,
            watcher,
            thumbnails=home / "thumbnails.sqlite",
            stop=lambda: 0 < shown.to_do == shown.done,  # before look-alikes are compared
        )
    times = os.times()
    print(
        json.dumps(
            {
                "wall": time.monotonic() - began,
                "driver_cpu": (cpu_of_this_process() - under_way) / max(1, shown.done),
                "cpu": times.user + times.system + times.children_user + times.children_system,
            }
        )
    )


def cpu_of_this_process() -> float:
    times = os.times()
    return times.user + times.system


def started(home: Path, photos: Path, cluster: Cluster, *, local: bool) -> subprocess.Popen[str]:
    home.mkdir(parents=True, exist_ok=True)
    words = ["--photos", str(photos), "--work", str(home), "--one", "" if local else cluster.address]
    return subprocess.Popen(
        [*pinned(cluster.cores), sys.executable, "-m", "benchmarks.engines", *words],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def scanned(home: Path, photos: Path, cluster: Cluster, *, local: bool, kill_worker_at: int = 0) -> Round:
    before, sent = cluster.cpu(), loopback()
    process = started(home, photos, cluster, local=local)
    if kill_worker_at:
        wait_until(process, kill_worker_at)
        cluster.kill_a_worker()
    out, err = process.communicate()
    if process.returncode:
        sys.exit(f"the scan failed:\n{err}")
    told = json.loads(out.splitlines()[-1])
    cpu = told["cpu"] + (0 if local else cluster.cpu() - before)
    rows = (rows_of(home), *pictures_of(home))
    return Round(told["wall"], cpu, told["driver_cpu"], loopback() - sent, *rows)


def wait_until(process: subprocess.Popen[str], done: int) -> None:
    """Until so many photos are done."""
    for line in process.stderr or ():
        if line.strip().isdigit() and int(line) >= done:
            return
    sys.exit("the scan ended before it could be disturbed: use more photos")


def loopback() -> int:
    """Bytes that have gone through this machine's own network so far."""
    return psutil.net_io_counters(pernic=True)["lo"].bytes_recv


# --- the album, and what is compared --------------------------------------------------------------------------------


def linked(photos: Path, count: int, album: Path) -> Path:
    album.mkdir()
    found = sorted(path for path in photos.rglob("*") if path.suffix.lower() in PATTERNS)[:count]
    if len(found) < count:
        sys.exit(f"there are only {len(found)} photos below {photos}")
    for number, path in enumerate(found):
        name = re.sub(r"[^A-Za-z0-9.]", "_", path.name)
        os.link(path, album / f"{number:06}-{name}") if same_disk(path, album) else (
            album / f"{number:06}-{name}"
        ).write_bytes(path.read_bytes())
    return album


def same_disk(path: Path, other: Path) -> bool:
    return path.stat().st_dev == other.stat().st_dev


def pictures_of(home: Path) -> tuple[dict[bytes, tuple[str, bytes]], dict[bytes, bytes]]:
    """Embeddings and thumbnails, by content."""
    with closing(sqlite3.connect(home / "cache.sqlite")) as cache:
        vectors = {
            row[0]: (row[1], row[2]) for row in cache.execute("SELECT content_hash, revision, vector FROM embedding")
        }
    with closing(sqlite3.connect(home / "thumbnails.sqlite")) as shelf:
        thumbnails = dict(shelf.execute("SELECT content_hash, jpeg FROM thumbnail").fetchall())
    return vectors, thumbnails


def difference(one: Round, other: Round) -> float:
    """The largest difference of two scores; infinite if anything else differs.

    Embeddings are whole numbers up to 127, which may round to one more or less.
    """
    (facts, scores), (other_facts, other_scores) = one.rows, other.rows
    same = (
        facts == other_facts
        and scores.keys() == other_scores.keys()
        and one.thumbnails == other.thumbnails
        and one.vectors.keys() == other.vectors.keys()
        and all(alike(vector, other.vectors[content]) for content, vector in one.vectors.items())
    )
    return max((abs(value - other_scores[key]) for key, value in scores.items()), default=0.0) if same else math.inf


def alike(one: tuple[str, bytes], other: tuple[str, bytes]) -> bool:
    vectors = (np.frombuffer(vector, np.int8).astype(np.int16) for vector in (one[1], other[1]))
    return one[0] == other[0] and bool(abs(next(vectors) - next(vectors)).max() <= 1)


def simulate(cluster: Round, count: int, storage: int, mean_bytes: float) -> None:
    """What more workers would do: each as quick as a core here; one scheduler, one driver, one shared storage."""
    worker = cluster.cpu / count  # seconds of one core; driver and scheduler and all that begins are within it
    driver = cluster.driver_cpu
    sent = cluster.sent / count
    limits = {
        "the driver's one core": 1 / driver,
        f"the network ({storage} MB/s, photos and news)": storage * 1e6 / (mean_bytes + sent),
    }
    print(
        f"\nOn paper, from this run: a photo costs a worker {worker:.3f} s, the driver {driver * 1000:.1f} ms, ", end=""
    )
    print(f"{sent / 1000:.1f} kB of news over loopback and {mean_bytes / 1e6:.2f} MB of reading.")
    print(f"{'workers (cores)':>16}  {'photos/s':>9}  held back by")
    for workers in (1, 2, 4, 8, 16, 32, 64, 128, 256):
        best = {"the workers": workers / worker, **limits}
        name = min(best, key=best.__getitem__)
        print(f"{workers:>16}  {best[name]:>9.1f}  {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--storage", type=int, default=110, help="MB/s of the shared storage (1 Gbit/s: 110)")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)  # the process that scans
    arguments = parser.parse_args()
    if arguments.one is not None:
        scan_here(arguments.work, arguments.photos, arguments.one)
        return
    work = fresh(arguments.work)
    album = linked(arguments.photos, arguments.count, work / "album")
    mean_bytes = statistics.mean(path.stat().st_size for path in album.iterdir())
    local: list[Round] = []
    apart: list[Round] = []
    with cluster_in(work) as cluster:
        for number in range(arguments.rounds):
            local.append(scanned(work / f"local-{number}", album, cluster, local=True))
            apart.append(scanned(work / f"dask-{number}", album, cluster, local=False))
            for name, each in (("local", local[-1]), ("dask", apart[-1])):
                speed = arguments.count / each.wall
                print(f"round {number}: {name:5}  {each.wall:7.1f} s  {speed:5.1f} photos/s  {each.cpu:7.1f} s of CPU")
        worker_killed = scanned(
            work / "worker-killed", album, cluster, local=False, kill_worker_at=arguments.count // 3
        )
        cluster.wait()
        process = started(work / "driver-killed", album, cluster, local=False)
        wait_until(process, arguments.count // 3)
        process.kill()
        process.communicate()
        resumed = scanned(work / "driver-killed", album, cluster, local=False)
    bars = []
    first = local[0]
    for name, other in (
        ("two scans by the local engine", local[-1]),
        ("local and cluster", apart[-1]),
        ("local and a cluster that lost a worker", worker_killed),
        ("local and a cluster whose driver was killed and run again", resumed),
    ):
        worst = difference(first, other)
        bars.append(worst <= TOLERANCE)
        print(f"{name}: scores differ by {worst:.1e} at most, all else is equal: {verdict(bars[-1])}")
    overhead = min(each.wall for each in apart) / min(each.wall for each in local) - 1
    bars.append(overhead < OVERHEAD)
    print(f"overhead in wall time: {overhead:+.1%} (bar: below {OVERHEAD:.0%}): {verdict(bars[-1])}")
    costs = min(each.cpu for each in apart) / min(each.cpu for each in local) - 1
    print(
        f"overhead in CPU time: {costs:+.1%}; a lost worker cost {worker_killed.wall - apart[-1].wall:+.1f} s", end=""
    )
    print(f", and {resumed.wall:.1f} s were left to do after the driver was killed at a third of the way")
    simulate(apart[-1], arguments.count, arguments.storage, mean_bytes)
    sys.exit(arguments.check and not all(bars))


def verdict(held: bool) -> str:
    return "within the bar" if held else "MISSED"


if __name__ == "__main__":
    main()
