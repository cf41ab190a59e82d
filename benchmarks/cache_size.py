"""What the cache costs: `python -m benchmarks.cache_size --library DIR [--out FILE] [--quick]`.

DIR/home/cache.sqlite is the cache of a library that was scanned (`benchmarks.great_library` makes one). Prints the
bytes a photo, of all and by table; the CPU time of questions about the whole library, both kept and worked out anew;
and that of reading photos.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from albumclean.scoring import registry
from albumclean.store.cache import Cache

READ, READ_QUICKLY = 100_000, 2_000  # photos whose facts are read one after the other
LOW = 0.2  # a MOS that few photos are below


def cpu_of(work: Callable[[], object]) -> float:
    """Seconds of this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def sizes(cache: Cache) -> dict[str, int]:
    """Bytes of each table and index, the largest first."""
    rows = cache._connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC").fetchall()
    return {str(name): int(size) for name, size in rows}


def measure(cache: Cache, most: int) -> dict[str, float]:
    """The numbers, by name."""
    judge, kind = registry.spec(registry.JUDGE), registry.spec(registry.KIND)
    photos = cache.counts().files
    stored = sizes(cache)
    found = {"photos": float(photos), "bytes_per_photo": sum(stored.values()) / photos}
    found |= {f"bytes_per_photo_{name}": size / photos for name, size in stored.items() if size > photos}
    questions: dict[str, Callable[[], object]] = {
        "counts_kept": cache.counts,
        "counts_anew": cache._count,
        "histogram_kept": lambda: cache.histogram(judge),
        "histogram_anew": lambda: cache._sorted_by(judge, 100),
        "failures": lambda: list(cache.failures()),
        "roots": cache.roots,
        "has_videos": cache.has_videos,
        "below": lambda: sum(1 for _ in cache.contents_below(judge, LOW)),
    }
    found |= {f"ms_{name}": 1e3 * cpu_of(question) for name, question in questions.items()}
    read = min(most, photos)
    for name, specs in (("facts", ()), ("facts_and_scores", (judge, kind))):
        known = islice(cache.known((), specs), read)
        found[f"us_per_photo_{name}"] = 1e6 * cpu_of(lambda known=known: sum(1 for _ in known)) / read  # type: ignore[misc]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, required=True, help="as `benchmarks.great_library` made it")
    parser.add_argument("--out", type=Path, help="write the numbers to this JSON file")
    parser.add_argument("--quick", action="store_true", help=f"read {READ_QUICKLY:,} photos, not {READ:,}")
    wish = parser.parse_args()
    with Cache.open(wish.library / "home" / "cache.sqlite") as cache:
        found = measure(cache, READ_QUICKLY if wish.quick else READ)
    for name, number in found.items():
        print(f"{name:40} {number:14,.2f}")
    if wish.out:
        wish.out.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
