"""The commands that look at a whole library: `python -m benchmarks.million_proposals --library DIR [--out FILE]`.

DIR is what `benchmarks.great_library` makes: DIR/photos and DIR/home, with a million photos in the cache. Runs the
real commands as processes of their own, each `--rounds` times, and measures from the start to the end of the process
(of a review: to the first page of questions, as the browser asks for it): wall time, CPU and peak memory, by `wait4`.
The bar: `status`, `propose` and the first page of `review` each under 1 s (the median of the rounds) and 500 MB (the
peak of all). Beside them the first line of `propose --json`, which goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from statistics import median

from benchmarks.common import ALBUMCLEAN, environment

LIMIT_SECONDS, LIMIT_BYTES = 1.0, 500_000_000
LIMITED = ("status", "propose", "review")  # what the bar is about
_ADDRESS = re.compile(rb"http://127\.0\.0\.1:\d+/enter\?key=\S+")
_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process."""

    wall: float  # seconds until what was wanted was there
    cpu: float  # seconds, until its end
    peak: int  # bytes


def command(home: Path, *arguments: str) -> Cost:
    """A command from its start to its end. Exits where it fails."""
    started = time.perf_counter()
    process = _started(home, *arguments)
    for _ in process.stdout or ():
        pass
    used = _ended(process)
    if process.returncode:
        sys.exit(f"albumclean {' '.join(arguments)} ended with {process.returncode}")
    return Cost(time.perf_counter() - started, *used)


def first_line(home: Path, *arguments: str) -> Cost:
    """A command until its first line of output; then it is ended."""
    started = time.perf_counter()
    process = _started(home, *arguments)
    line = process.stdout.readline() if process.stdout else b""
    wall = time.perf_counter() - started
    process.terminate()
    used = _ended(process)
    if not line:
        sys.exit("no proposal was printed: there is nothing to measure")
    return Cost(wall, *used)


def first_page(home: Path) -> Cost:
    """A review until the browser has all that it shows first; then it is ended as by Ctrl-C."""
    started = time.perf_counter()
    process = _started(home, "review", "--web", "--no-open")
    try:
        address = next((found.group() for line in process.stdout or () if (found := _ADDRESS.search(line))), b"")
        if not address:
            sys.exit("the review gave no address: is there anything to review?")
        told = _first_questions(address.decode())
        wall = time.perf_counter() - started
    finally:
        process.send_signal(signal.SIGINT)
        used = _ended(process)
    if not told:
        sys.exit("the review has no questions: there is nothing to measure")
    return Cost(wall, *used)


def _first_questions(address: str) -> int:
    """How many questions the page shows first, asked for as its scripts do."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    base = address.split("/enter", maxsplit=1)[0]
    with opener.open(address) as page:
        page.read()
    with opener.open(f"{base}/api/overview") as answer:
        answer.read()
    with opener.open(f"{base}/api/questions?sort=score&order=asc&offset=0&limit=60") as answer:
        return len(json.load(answer)["questions"])


def _started(home: Path, *arguments: str) -> subprocess.Popen[bytes]:
    surroundings = {**environment(home), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen([*ALBUMCLEAN, *arguments], env=surroundings, stdout=subprocess.PIPE)


def _ended(process: subprocess.Popen[bytes]) -> tuple[float, int]:
    """CPU seconds and peak bytes of a process, once it has ended."""
    if process.stdout is not None:
        process.stdout.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime, used.ru_maxrss * _UNIT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, required=True, help="what benchmarks.great_library has made")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, help="write the numbers as JSON")
    parser.add_argument("--check", action="store_true", help="end with 1 if the bar is missed")
    options = parser.parse_args()
    home = options.library / "home"
    measures: dict[str, Callable[[], Cost]] = {
        "status": lambda: command(home, "status"),
        "propose": lambda: command(home, "propose"),
        "review": lambda: first_page(home),
        "propose --json, first line": lambda: first_line(home, "propose", "--json"),
    }
    photos = json.loads(_output(home, "status", "--json"))["photos"]  # also brings the cache into memory
    rounds = [{name: measure() for name, measure in measures.items()} for _ in range(options.rounds)]
    print(f"{photos:,} photos in the cache; the median of {options.rounds} rounds, the peak of all")
    found: dict[str, float] = {"photos": photos}
    missed = False
    for name in measures:
        costs = [each[name] for each in rounds]
        wall, cpu = median(each.wall for each in costs), median(each.cpu for each in costs)
        peak = max(each.peak for each in costs)
        is_within = wall < LIMIT_SECONDS and peak < LIMIT_BYTES
        missed = missed or (name in LIMITED and not is_within)
        verdict = ("within the bar" if is_within else "MISSED") if name in LIMITED else "no bar"
        print(f"{name:<28}{wall:6.2f} s {cpu:6.2f} s of CPU {peak / 1e6:6.0f} MB  {verdict}")
        key = name.split(",", maxsplit=1)[0].replace(" --", "_")
        found |= {f"{key}_seconds": wall, f"{key}_cpu": cpu, f"{key}_bytes": peak}
    if options.out:
        options.out.write_text(json.dumps(found), "utf-8")
    print("MISSED" if missed else "within the bar")
    sys.exit(missed and options.check)


def _output(home: Path, *arguments: str) -> bytes:
    return subprocess.run([*ALBUMCLEAN, *arguments], env=environment(home), check=True, capture_output=True).stdout


if __name__ == "__main__":
    main()
