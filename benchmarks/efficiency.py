"""How much of a scan is decoding and the network: `python -m benchmarks.efficiency --photos DIR [--check]`.

Three things are measured in turns, `--rounds` times, on the same 12-megapixel JPEGs, which lie in the page cache; of
each the median counts.

- Decode alone: `media.decode.decode` as a scan calls it, in one process for each core at the same time, each prepared
  as a scan's worker; the bytes are read beforehand.
- Forward alone: views that are ready through the networks of a scan in the threads that a scan has (`NetworkThread`);
  models are loaded and warm.
- Scan: the command `albumclean scan --device cpu` with a home of its own, of a quarter of the photos and of all.

The efficiency is (decode + forward) / scan in time of cores: wall time multiplied by the number of cores. `whole`
counts the command from its start to its end; `steady` takes off what a scan of no photos would cost (start-up, the
model, the end), as the difference of the two sizes: what a large library comes to. By CPU time the same is told beside
it: what is missing from 1 there is work, what is missing beyond that is waiting.

The bar, held by `--check` and meant for a machine that does nothing else: 0.85 for `whole` on two cores.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import pickle
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from albumclean.config import ScanSettings
from albumclean.engines.pool import usable_cores
from albumclean.media.allocation import KEPT_BY_A_DECODER, keep_freed_memory
from albumclean.media.decode import decode
from albumclean.scoring import registry
from albumclean.scoring.scorers import judge
from benchmarks.common import run
from benchmarks.judge_cost import photos_in

BAR = 0.85
QUICK = 24  # photos

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds for some photos: of wall time multiplied by the number of cores, and of CPU time."""

    cores: float
    cpu: float

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.cores - other.cores, self.cpu - other.cpu)

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.cores + other.cores, self.cpu + other.cpu)

    def each(self, photos: int) -> Spent:
        """Of one photo."""
        return Spent(self.cores / photos, self.cpu / photos)


@dataclass(frozen=True, slots=True)
class Efficiency:
    """The medians of all rounds, a photo each."""

    photos: int
    cores: int
    decode: Spent
    forward: Spent
    whole: Spent  # the scan with its start-up
    steady: Spent  # a photo more

    def share(self, scan: Spent) -> Spent:
        """(decode + forward) / scan."""
        pure = self.decode + self.forward
        return Spent(pure.cores / scan.cores, pure.cpu / scan.cpu)

    @property
    def is_well(self) -> bool:
        """Whether the bar is held."""
        return self.share(self.whole).cores >= BAR

    def numbers(self) -> dict[str, float]:
        """All of it, flat."""
        found: dict[str, float] = {"photos": self.photos, "cores": self.cores}
        for name in ("decode", "forward", "whole", "steady"):
            found |= {f"{name}_{kind}_seconds": round(each, 4) for kind, each in asdict(getattr(self, name)).items()}
        for name, scan in (("whole", self.whole), ("steady", self.steady)):
            found |= {f"efficiency_{name}_by_{kind}": round(each, 3) for kind, each in asdict(self.share(scan)).items()}
        return found


def measure(paths: Sequence[Path], work: Path, rounds: int = 3, cores: int | None = None) -> Efficiency:
    """Measure in turns. `work`: a folder for what is between."""
    cores = cores or usable_cores()
    few = max(4, len(paths) // 4)  # enough that every worker starts
    if len(paths) < 2 * few:
        sys.exit(f"at least {2 * few} photos are needed")
    views = work / "views.pickle"
    alone(make_views, paths, views)
    found: list[list[Spent]] = []
    for number in range(rounds):
        small, large = (of_scan(some, work / f"home-{number}-{len(some)}", cores) for some in (paths[:few], paths))
        pure = decode_alone(paths, cores), alone(forward_alone, views, cores)
        more = (large - small).each(len(paths) - few)
        found.append([*(each.each(len(paths)) for each in (*pure, large)), more])
        print(f"round {number + 1} of {rounds}: " + ", ".join(f"{each.cpu:.3f}" for each in found[-1]), file=sys.stderr)
    columns = zip(*found, strict=True)
    return Efficiency(len(paths), cores, *(_middle(column) for column in columns))


def _middle(each: Sequence[Spent]) -> Spent:
    return Spent(median(one.cores for one in each), median(one.cpu for one in each))


def of_scan(paths: Sequence[Path], home: Path, cores: int) -> Spent:
    """The whole command."""
    began = time.perf_counter()
    done = run(home, "scan", *paths, "--quiet", "--device", "cpu")
    wall = time.perf_counter() - began
    if done.code:
        sys.exit(f"the scan ended with {done.code}: {done.err}")
    return Spent(wall * cores, done.cpu)


def decode_alone(paths: Sequence[Path], cores: int) -> Spent:
    """The decode step, in as many processes as there are cores; only what happens while all of them decode counts."""
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(cores)
    with ProcessPoolExecutor(cores, context, initializer=_prepare, initargs=(together,)) as pool:
        parts = list(pool.map(_decode, [paths[number::cores] for number in range(cores)]))
    return Spent(sum(each.cores for each in parts), sum(each.cpu for each in parts))


_together: Any = None  # the barrier of a process of `decode_alone`: a pool hands one over in no other way


def _prepare(together: object) -> None:
    global _together  # noqa: PLW0603 - see there
    _together = together
    keep_freed_memory(KEPT_BY_A_DECODER)


def _decode(paths: Sequence[Path]) -> Spent:
    wall = cpu = 0.0
    most = ScanSettings().max_pixels
    _together.wait()
    for path in paths:
        data = path.read_bytes()
        began, began_cpu = time.perf_counter(), time.process_time()
        frame = decode(data, path, b"", min_short_side=judge.SPEC.min_short_side, max_pixels=most)
        wall += time.perf_counter() - began
        cpu += time.process_time() - began_cpu
        del frame  # as in a scan, one photo's pixels at a time
    return Spent(wall, cpu)


def alone(function: Callable[..., T], *arguments: object) -> T:
    """What it gives in a fresh process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def make_views(paths: Sequence[Path], to: Path) -> None:
    """What the networks see of the photos, into a file; and the photos into the page cache."""
    from benchmarks.judged import analyse_file

    views = [(analysis.content_hash, analysis.views) for analysis in map(analyse_file, paths)]
    to.write_bytes(pickle.dumps(views))


def forward_alone(views: Path, cores: int) -> Spent:
    """The networks alone, for a process of its own."""
    from albumclean.engines.networks import NetworkThread
    from albumclean.engines.scan import SHIPPED

    asked = pickle.loads(views.read_bytes())
    with NetworkThread("cpu", 0, SHIPPED) as network:
        for part in (asked[: 4 * cores], asked):  # the first pass builds what later ones use
            began, cpu = time.perf_counter(), time.process_time()
            for content_hash, seen in part:
                for name, view in seen.items():
                    network.put(name, content_hash, view)
            network.flush().wait()
            spent = Spent((time.perf_counter() - began) * cores, time.process_time() - cpu)
        scores = len(network.finish().scores)
    expected = sum(len(registry.spec(name).quantities) for name in registry.DEFAULT)
    if scores != expected * (len(asked) + min(4 * cores, len(asked))):
        sys.exit("the networks gave no score for some photos")
    return spent


def text_of(found: Efficiency) -> str:
    """For people."""
    rows = [("decode alone", found.decode), ("forward alone", found.forward)]
    rows += [("scan, a photo more", found.steady), ("scan, start-up shared", found.whole)]
    lines = [f"{found.photos} photos, {found.cores} cores; milliseconds a photo", " " * 24 + "wall x cores   CPU time"]
    lines += [f"{name:24}{1000 * each.cores:12.1f} {1000 * each.cpu:10.1f}" for name, each in rows]
    for name, scan in (("efficiency, a photo more", found.steady), ("efficiency, whole scan", found.whole)):
        share = found.share(scan)
        lines.append(f"{name:24}{share.cores:12.2f} {share.cpu:10.2f}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--count", type=int, default=200, help="at most so many, each once")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, help="a folder for what is between (default: a temporary one)")
    parser.add_argument("--out", type=Path, help="write the numbers here as JSON, too")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} photos in one round, as a try")
    parser.add_argument("--check", action="store_true", help="exit with 1 if the bar is missed")
    arguments = parser.parse_args()
    paths = photos_in(arguments.photos, QUICK if arguments.quick else arguments.count)
    with tempfile.TemporaryDirectory(dir=arguments.work) as work:
        found = measure(paths, Path(work), 1 if arguments.quick else arguments.rounds)
    print(text_of(found))
    if arguments.out:
        arguments.out.write_text(json.dumps(found.numbers(), indent=1) + "\n", encoding="utf-8")
    print("within the bar" if found.is_well else "MISSED")
    sys.exit(arguments.check and not found.is_well)


if __name__ == "__main__":
    main()
