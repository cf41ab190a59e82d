"""Peak memory of scans of different sizes: `python -m benchmarks.memory --work DIR [--counts 500 5000]`.

Sums the resident memory of the scan and its workers every 50 ms. The bar: the peak does not grow with the album, that
is, by no more than 10 % from the smallest to the largest.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.common import ALBUMCLEAN, environment, fresh, make_album

LIMIT = 1.10


def peak_of_scan(album: Path, home: Path) -> tuple[int, int]:
    """(peak of all processes together, of the main process alone), in bytes."""
    process = subprocess.Popen([*ALBUMCLEAN, "scan", str(album), "--quiet"], env=environment(home))
    watched = psutil.Process(process.pid)
    together = alone = 0
    while process.poll() is None:
        with suppress(psutil.Error):
            own = watched.memory_info().rss
            total = own
            for child in watched.children(recursive=True):
                with suppress(psutil.Error):
                    total += child.memory_info().rss
            together, alone = max(together, total), max(alone, own)
        time.sleep(0.05)
    if process.returncode:
        sys.exit(f"the scan ended with {process.returncode}")
    return together, alone


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--counts", type=int, nargs="+", default=[500, 5000])
    arguments = parser.parse_args()
    work = fresh(arguments.work)
    peaks = []
    for count in arguments.counts:
        album = make_album(work / f"album-{count}", count, side=768)
        together, alone = peak_of_scan(album, work / f"home-{count}")
        peaks.append(together)
        print(
            f"{count} photos: peak {together / 1e6:.0f} MB with the workers, {alone / 1e6:.0f} MB without", flush=True
        )
    ratio = peaks[-1] / peaks[0]
    print(f"ratio {ratio:.3f}: {'within the bar' if ratio <= LIMIT else 'MISSED'}")
    sys.exit(ratio > LIMIT)


if __name__ == "__main__":
    main()
