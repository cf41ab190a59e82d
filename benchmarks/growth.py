"""What a library's size costs afterwards: `python -m benchmarks.growth --work DIR [--counts 100 ... 1000000]`.

For each size a library as a scan leaves it (`benchmarks.great_library`; one that an earlier run made in DIR/<count> is
used again), and over it, each in a process of its own: `status`, `propose`, an unchanged `scan`, and beside that
`find -printf '%p %s %T@'`, which looks at every file of the same tree too. Told are CPU seconds and seconds by the
clock of the second of two runs, peak memory, and the bytes of the cache for each photo. There is no bar in here:
`benchmarks.rescan_million` and `benchmarks.million_proposals` hold those.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.common import ALBUMCLEAN, environment

COUNTS = (100, 1_000, 10_000, 100_000, 1_000_000)
QUICK_COUNTS = (100, 1_000, 10_000)
COMMANDS = ("status", "propose", "scan")


@dataclass(frozen=True, slots=True)
class Taken:
    """What one command took."""

    cpu: float  # seconds, of it and of all that it started
    seconds: float  # by the clock
    peak: int  # bytes, the most that one of its processes held


@dataclass(frozen=True, slots=True)
class Size:
    """One library."""

    photos: int
    cache: int  # bytes
    taken: dict[str, Taken]  # by command; "find" where there is one


def taken(command: Sequence[str], home: Path) -> Taken:
    """Run it; ends the benchmark if it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment(home), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command} ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Taken(used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss * unit)


def library(folder: Path, count: int, fit: Path | None) -> Path:
    """The library of this size below `folder`, made where it is not there."""
    place = folder / str(count)
    if not (place / "made.json").exists():
        command = [sys.executable, "-m", "benchmarks.great_library", str(place), "--count", str(count)]
        subprocess.run([*command, *(["--fit", str(fit)] if fit else [])], stdout=subprocess.DEVNULL, check=True)
    return place


def measure(place: Path, count: int) -> Size:
    """Everything about one library."""
    home, photos = place / "home", place / "photos"
    found = {}
    for name in COMMANDS:
        command = [*ALBUMCLEAN, name, *([str(photos), "--quiet"] if name == "scan" else [])]
        taken(command, home)  # what the system keeps in memory is there, as after any use
        found[name] = taken(command, home)
    if finder := shutil.which("find"):
        command = [finder, str(photos), "-printf", "%p %s %T@\\n"]
        taken(command, home)
        found["find"] = taken(command, home)
    return Size(count, sum(path.stat().st_size for path in home.glob("cache.sqlite*")), found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="the libraries lie here and stay")
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--quick", action="store_true", help=f"{', '.join(map(str, QUICK_COUNTS))} photos, as a try")
    parser.add_argument("--fit", type=Path, help="as for benchmarks.great_library")
    parser.add_argument("--out", type=Path, help="write the numbers here as JSON, too")
    arguments = parser.parse_args()
    sizes = []
    for count in QUICK_COUNTS if arguments.quick else arguments.counts:
        size = measure(library(arguments.work.absolute(), count, arguments.fit), count)
        sizes.append(size)
        said = ", ".join(
            f"{name} {each.cpu:.2f} s of CPU ({each.seconds:.2f} s, {each.peak / 1e6:.0f} MB)"
            for name, each in size.taken.items()
        )
        print(f"{count:>9,} photos: {said}; {size.cache / count:,.0f} bytes a photo in the cache", flush=True)
    if arguments.out:
        arguments.out.write_text(json.dumps({"sizes": [asdict(size) for size in sizes]}, indent=1))


if __name__ == "__main__":
    main()
