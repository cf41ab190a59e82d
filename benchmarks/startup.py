"""How long `albumclean --help` takes, and that it does not import torch: `python -m benchmarks.startup`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks.common import ALBUMCLEAN

RUNS, LIMIT = 20, 0.150  # seconds


def seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    probe = "import sys, albumclean.cli.main; print([m for m in ('torch', 'numpy', 'PIL', 'rich') if m in sys.modules])"
    heavy = subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, text=True).stdout.strip()
    helps, bare = [], []
    for _ in range(RUNS):  # in turn, so that a slow spell of the machine hits both
        helps.append(seconds([*ALBUMCLEAN, "--help"]))
        bare.append(seconds([sys.executable, "-c", "pass"]))
    median = statistics.median(helps)
    ratio = median / statistics.median(bare)
    spread = f"{min(helps) * 1000:.0f} to {max(helps) * 1000:.0f}"
    print(f"albumclean --help: median {median * 1000:.0f} ms of {RUNS} ({spread})")
    print(f"{ratio:.1f} times an empty interpreter in the same run")
    print(f"heavy modules imported: {heavy}")
    sys.exit(median > LIMIT or heavy != "[]")


if __name__ == "__main__":
    main()
