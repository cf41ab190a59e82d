"""CPU of an unchanged rescan of a great library: `python -m benchmarks.rescan_million --work DIR [--library DIR]`.

The library is one of `benchmarks.great_library` and only looked at: its cache is copied to the working folder. Without
`--library` one of `--count` photos is made there. It is scanned until its folders are remembered; then `find DIR/photos
-printf '%p %s %T@\\n'`, which also looks up every file, and the rescan take turns. The bar: the rescan costs at most
three times the CPU of find, the start of the program included, and finds nothing to do. GNU find is needed.

`--check`: then the time of one file is changed and changed back; either time the next scan must read just that file.
`--quick` is a try with few photos, which says nothing of the bar: the start of the program is most of it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from albumclean.crawl.unchanged import RACY
from benchmarks.common import Run, fresh, run

LIMIT = 3.0  # times the CPU of find
ROUNDS = 3
_FIND = "%p %s %T@\\n"
QUICK = 20_000  # photos


def find(photos: Path) -> float:
    """CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["find", str(photos), "-printf", _FIND], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rescan(home: Path, photos: Path) -> Run:
    """A scan of the library, which must end well."""
    result = run(home, "scan", photos, "--json")
    if result.code != 0:
        sys.exit(f"the scan ended with {result.code}: {result.err}")
    return result


def reads_what_changed(home: Path, photos: Path) -> bool:
    """Whether a scan reads one file whose time has changed, and nothing else; as often as it does."""
    path = next(path for folder in sorted(photos.iterdir()) for path in sorted(folder.rglob("*.jpg")))
    before = path.stat()
    read = []
    for later in (1, 0):  # nanoseconds; the folder's own time stays as it was
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + later))
        read.append(rescan(home, photos).json()["read"])
    print(f"files read after {path.name} was touched, and touched back: {read}")
    return read == [1, 1]


def prepared(work: Path, library: Path | None, count: int) -> tuple[Path, Path]:
    """(a home that may be written to, the photos that its cache knows)."""
    if library is None:
        library = work / "library"
        command = [sys.executable, "-m", "benchmarks.great_library", str(library), "--count", str(count)]
        subprocess.run(command, check=True)
        time.sleep(RACY)  # what was changed just now is not relied on by the scan that meets it
    shutil.copytree(library / "home", work / "home")
    return work / "home", library / "photos"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--library", type=Path, help="made by benchmarks.great_library")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, help="a JSON file for the numbers")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    work = fresh(arguments.work.absolute())
    library = arguments.library and arguments.library.absolute()
    home, photos = prepared(work, library, QUICK if arguments.quick else arguments.count)
    first, second = rescan(home, photos), rescan(home, photos)
    print(f"to remember the folders: {first.cpu:.1f} s of CPU; then {second.cpu:.1f} s")
    finds, scans = [], []
    for _ in range(ROUNDS):
        finds.append(find(photos))
        scans.append(rescan(home, photos))
    files = scans[-1].json()["found"]
    floor, cost = statistics.median(finds), statistics.median(each.cpu for each in scans)
    ratio = cost / floor
    print(f"{files:,} photos: find {floor:.2f} s of CPU, unchanged rescan {cost:.2f} s: {ratio:.2f} times")
    idle = all(not each.json()[name] for each in scans for name in ("read", "scored", "forgotten", "compared"))
    well = idle and ratio <= LIMIT
    if arguments.check:
        well = reads_what_changed(home, photos) and well
    if arguments.out:
        numbers = {"photos": files, "find_cpu": floor, "rescan_cpu": cost, "ratio": ratio, "first_cpu": first.cpu}
        arguments.out.write_text(json.dumps(numbers | {"within": well}, indent=1))
    print("within the bar" if well else "MISSED")
    sys.exit(not well)


if __name__ == "__main__":
    main()
