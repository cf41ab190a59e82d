"""CPU of a rescan: `python -m benchmarks.rescan --work DIR [--count 10000]`.

Scans a made album, scans it again unchanged, renames every file and scans once more. The bars: the unchanged rescan
costs under 2 s of CPU beyond an interpreter start and reads no file; the renamed one scores nothing.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.common import fresh, make_album, run

LIMIT = 2.0  # CPU seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--count", type=int, default=10_000)
    arguments = parser.parse_args()
    work = fresh(arguments.work)
    album, home = make_album(work / "album", arguments.count), work / "home"

    def scan() -> tuple[dict[str, object], float]:
        result = run(home, "scan", album, "--json")
        return result.json(), result.cpu

    first, first_cpu = scan()
    idle = run(home, "-c", "pass", command=[sys.executable]).cpu
    again, again_cpu = scan()
    for path in sorted(album.rglob("*.jpg")):
        path.rename(path.with_name(f"moved-{path.name}"))
    renamed, renamed_cpu = scan()
    print(f"first scan: {first['scored']} scored, {first_cpu:.1f} s of CPU")
    print(
        f"unchanged: {again['read']} read, {again['scored']} scored, {again_cpu - idle:.2f} s of CPU beyond {idle:.2f}"
    )
    print(f"renamed: {renamed['recognised']} recognised, {renamed['scored']} scored, {renamed_cpu - idle:.2f} s of CPU")
    well = (
        (first["scored"], again["read"], again["scored"]) == (arguments.count, 0, 0)
        and (renamed["recognised"], renamed["scored"], renamed["forgotten"]) == (arguments.count, 0, arguments.count)
        and again_cpu - idle < LIMIT
    )
    print("within the bar" if well else "MISSED")
    sys.exit(not well)


if __name__ == "__main__":
    main()
