"""The cache in PostgreSQL beside SQLite: `python -m benchmarks.postgres_cache --work DIR [--photos 30] [--rows 20000]`.

On a server of its own (this machine's binaries, a unix socket): real scans whose results must be the same, a scan
killed with `kill -9` and a server that stops in the middle of one, after which the next scan has to finish the work;
and what it costs to write and to read, as a ratio to SQLite. CPU is that of the program and of the server together.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from albumclean.domain import Asset, Embedding, FileIdentity, Fingerprint, Photo, Score, ServerAddress, UserMarks
from albumclean.scoring import registry
from albumclean.store.cache import Cache
from albumclean.store.connection import Address
from benchmarks.common import ALBUMCLEAN, environment, fresh, make_album
from tests import postgres_server
from tests.postgres_server import PostgresServer

BATCH = 60  # photos in one commit, as many as a scan has in two seconds at its quickest
QUESTIONS = (("propose", "--json"), ("status", "--json"))
KILLED_AFTER = (0.0, 1.0)  # seconds
TOLERANCE = 1e-4  # batches of another composition may round differently


def main() -> None:
    """See the module."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--work", type=Path, required=True)
    options.add_argument("--photos", type=int, default=30)
    options.add_argument("--rows", type=int, default=20_000)
    options.add_argument("--out", type=Path, help="takes the costs as JSON")
    chosen = options.parse_args()
    if why := postgres_server.missing():
        sys.exit(why)
    work = fresh(chosen.work)
    with postgres_server.running() as server:
        well = Scans(work, server, chosen.photos).check()
        numbers = measure(work, server, chosen.rows)
    if chosen.out:
        chosen.out.write_text(json.dumps(numbers))
    print("all results are the same" if well else "RESULTS DIFFER")
    sys.exit(not well)


class Scans:
    """Real scans of a small album."""

    def __init__(self, work: Path, server: PostgresServer, count: int) -> None:
        self.work = work
        self.server = server
        self.album = make_album(work / "album", count, side=400, per_folder=10)
        photos = sorted(self.album.rglob("*.jpg"))
        for photo in photos[::5]:
            shutil.copy2(photo, photo.with_name(f"copy of {photo.name}"))
            photo.with_suffix(".xmp").write_text('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
        photos[0].with_name("cut.jpg").write_bytes(photos[0].read_bytes()[:3000])

    def check(self) -> bool:
        """Whether all came out as it should."""
        expected = self.results(self.scanned("sqlite", None))
        address = self.server.empty_database()
        well = self.told("a scan", expected, self.results(self.scanned("postgres", address)))
        again = self.scan("postgres", address)
        well &= again.returncode == 0 and json.loads(again.stdout)["read"] == 0
        print(f"an unchanged rescan read {json.loads(again.stdout)['read']} files")

        for number, seconds in enumerate(KILLED_AFTER):
            address = self.server.empty_database()
            started = self.begin(f"killed{number}", address)
            self.wait_for_rows(address)
            time.sleep(seconds)
            kill(started)
            what = f"kill -9 {seconds} s after the first findings were written"
            well &= self.told(what, expected, self.results(self.scanned(f"killed{number}", address)))

        address = self.server.empty_database()
        started = self.begin("stopped", address)
        self.wait_for_rows(address)
        self.server.stop()
        _, said = started.communicate(timeout=120)
        print(f"the server was stopped; exit code {started.returncode}: {said.strip().splitlines()[-1]}")
        well &= started.returncode == 3 and "was lost" in said and "Traceback" not in said
        self.server.start()
        return well & self.told("after it", expected, self.results(self.scanned("stopped", address)))

    def wait_for_rows(self, address: ServerAddress) -> None:
        """Until the scan has written something that it would not like to lose."""
        while True:
            with Cache.open(address) as cache:
                if any(cache.contents()):
                    return
            time.sleep(0.1)

    def begin(self, name: str, address: ServerAddress | None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*ALBUMCLEAN, "scan", "--json", "--workers", "1", self.album],
            env=self.environment(name, address),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def environment(self, name: str, address: ServerAddress | None) -> dict[str, str]:
        url = {} if address is None else {"ALBUMCLEAN_CACHE_URL": address.url}
        return {**environment(self.work / name), **url}

    def scan(self, name: str, address: ServerAddress | None) -> subprocess.CompletedProcess[str]:
        started = self.begin(name, address)
        out, said = started.communicate()
        return subprocess.CompletedProcess("scan", started.returncode, out, said)

    def scanned(self, name: str, address: ServerAddress | None) -> tuple[str, ServerAddress | None]:
        done = self.scan(name, address)
        if done.returncode != 1:  # the cut photo
            sys.exit(f"the scan ended with {done.returncode}: {done.stderr}")
        return name, address

    def results(self, of: tuple[str, ServerAddress | None]) -> dict[str, object]:
        """All that the program says of the album, and all that the cache holds of each file."""
        name, address = of
        found: dict[str, object] = {}
        for question in QUESTIONS:
            done = subprocess.run(
                [*ALBUMCLEAN, *question],
                env=self.environment(name, address),
                capture_output=True,
                text=True,
                check=True,
            )
            lines = [json.loads(line) for line in done.stdout.splitlines()]
            own = {"cache", "thumbnails", "ledger", "last_scan"}
            found[question[0]] = [{key: value for key, value in line.items() if key not in own} for line in lines]
        specs = [registry.spec(each) for each in registry.DEFAULT]
        with Cache.open(address or self.work / name / "cache.sqlite") as cache:
            for known in cache.known((), specs):
                scores = {quantity: round(value / TOLERANCE) for quantity, value in known.scores.items()}
                found[str(known.asset.primary.path)] = (known.asset, known.marks, known.photo, known.failure, scores)
        return found

    def told(self, what: str, expected: dict[str, object], found: dict[str, object]) -> bool:
        differ = [name for name in {*expected, *found} if rounded(expected.get(name)) != rounded(found.get(name))]
        print(f"{what}: {'the same as with SQLite' if not differ else f'DIFFERENT: {sorted(differ)}'}")
        return not differ


def rounded(value: object) -> object:
    """With numbers as exact as they are promised to be."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return round(value, 3) if isinstance(value, float) else value


def kill(started: subprocess.Popen[str]) -> None:
    """With all its workers, as when the machine goes."""
    for each in (*psutil.Process(started.pid).children(recursive=True), psutil.Process(started.pid)):
        with suppress(psutil.NoSuchProcess):
            each.kill()
    started.communicate()


# --- cost -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one piece of work, in seconds."""

    wall: float
    cpu: float


def measure(work: Path, server: PostgresServer, count: int) -> dict[str, float]:
    """Print what each kind of work costs a photo, and how much more than in SQLite; the ratios of CPU by name."""
    costs = [work_on(where, server, count) for where in (work / "cost.sqlite", server.empty_database())]
    print(f"{count:,} photos               SQLite, us a photo     PostgreSQL, us a photo   ratio of CPU, of time")
    for name, lite in costs[0].items():
        there = costs[1][name]
        us = 1e6 / count
        each = [f"{cost.cpu * us:10.1f} CPU {cost.wall * us:8.1f}" for cost in (lite, there)]
        print(f"{name:<28} {'  '.join(each)} {there.cpu / lite.cpu:10.2f} {there.wall / lite.wall:8.2f}")
    return {name: costs[1][name].cpu / lite.cpu for name, lite in costs[0].items()}


def work_on(where: Address, server: PostgresServer, count: int) -> dict[str, Cost]:
    """What a scan and what comes after it do with so many photos."""
    spec = registry.spec(registry.JUDGE)
    files = [FileIdentity(Path(f"/p/{n // 500:04}/IMG_{n:07}.jpg"), 4_000_000 + n, n, n, 1) for n in range(count)]
    digests = [n.to_bytes(32, "big") for n in range(count)]

    def meet() -> None:
        scan = cache.begin_scan([Path("/p")])
        for at in range(0, count, 1000):
            cache.meet(scan, [(Asset(file), UserMarks()) for file in files[at : at + 1000]])

    def write() -> None:
        for at in range(0, count, BATCH):
            some = range(at, min(at + BATCH, count))
            cache.write(
                hashes=[(files[n], digests[n]) for n in some],
                photos=[
                    (
                        Photo(digests[n], 4032, 3024, "JPEG", "2024-05-06T07:08:09", "Maker"),
                        Fingerprint(digests[n], n, n + 1, bytes(64), 20.0),
                        "f1",
                    )
                    for n in some
                ],
                scores=[
                    Score(digests[n], spec.name, spec.revision, quantity, n / count)
                    for n in some
                    for quantity in spec.quantities
                ],
                embeddings=[(Embedding(digests[n], bytes(128)), "e1") for n in some],
            )

    def known() -> None:
        all_came(sum(1 for _ in cache.known((), [spec])))

    def prints() -> None:
        all_came(sum(1 for _ in cache.fingerprints("f1")))

    def all_came(found: int) -> None:
        if found != count:
            sys.exit(f"{found} of {count} photos came back")

    with Cache.open(where) as cache:
        pieces: dict[str, Callable[[], None]] = {
            "meet (a first crawl)": meet,
            "meet again, unchanged": meet,
            "write all findings": write,
            "known() with all scores": known,
            "fingerprints()": prints,
        }
        return {name: timed(piece, server) for name, piece in pieces.items()}


def timed(piece: Callable[[], None], server: PostgresServer) -> Cost:
    """What it costs the program and the server."""
    wall, cpu = time.perf_counter(), time.process_time() + server_cpu(server)
    piece()
    return Cost(time.perf_counter() - wall, time.process_time() + server_cpu(server) - cpu)


def server_cpu(server: PostgresServer) -> float:
    """Seconds that the server's processes have worked, those that have ended too."""
    total = 0.0
    main_process = psutil.Process(server.pid)
    for process in (main_process, *main_process.children(recursive=True)):
        times = process.cpu_times()
        total += times.user + times.system
    ended = main_process.cpu_times()
    return total + ended.children_user + ended.children_system


if __name__ == "__main__":
    main()
