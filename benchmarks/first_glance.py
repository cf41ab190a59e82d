"""What a first glance saves and costs: `python -m benchmarks.first_glance --home HOME [--count 500] [--large]`.

HOME holds the cache.sqlite of a scanned library whose files are still there. Pairs that were looked at closely, drawn
by a seed, are looked at again in this process, with the glance and without it. The bar: no pair comes out otherwise.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

from albumclean.comparison import REVISION
from albumclean.domain import Comparison, FileIdentity, Relation
from albumclean.engines import look
from albumclean.engines.look import GLANCE_SIDE, LookJob, look_closely
from albumclean.errors import AlbumcleanError
from albumclean.store.cache import Cache

_MAX_PIXELS = 10**9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--count", type=int, default=500, help="pairs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=[each.value for each in Relation], help="pairs that were found to be this")
    parser.add_argument("--large", action="store_true", help="only where one is large enough for a smaller glance")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a pair comes out otherwise")
    arguments = parser.parse_args()
    with Cache.open(arguments.home / "cache.sqlite") as cache:
        pairs = list(cache.comparisons.without_reasons(REVISION))
        if arguments.only:
            pairs = [each for each in pairs if each.relation == arguments.only]
        if arguments.large:
            pairs = [each for each in pairs if _is_large(cache, each)]
        random.Random(arguments.seed).shuffle(pairs)
        chosen = sorted(pairs[: arguments.count], key=lambda each: (each.one, each.other))
        jobs = list(_jobs(cache, chosen))
    with patch.object(look, "_may_match", lambda _: True):
        closely, whole = _looked(jobs)
    glanced, quick = _looked(jobs)
    otherwise = [job for job, one, other in zip(jobs, closely, glanced, strict=True) if one != other]
    print(f"{len(jobs)} pairs: {dict(Counter(closely))}")
    print(f"CPU seconds a look: {whole:.3f} without a glance, {quick:.3f} with it, ratio {quick / whole:.2f}")
    print(f"found otherwise after a glance: {len(otherwise)}")
    for job in otherwise:
        print("  " + " and ".join(str(file.path) for file in job.files))
    if arguments.check and otherwise:
        sys.exit(1)


def _is_large(cache: Cache, pair: Comparison) -> bool:
    photos = [cache.photo(content) for content in (pair.one, pair.other)]
    return any(photo is not None and min(photo.width, photo.height) >= 2 * GLANCE_SIDE for photo in photos)


def _jobs(cache: Cache, pairs: Sequence[Comparison]) -> Iterator[LookJob]:
    for pair in pairs:
        files = [_file(cache, content) for content in (pair.one, pair.other)]
        known = tuple(file for file in files if file is not None)
        if len(known) == 2:
            yield LookJob(known, (pair.one, pair.other), _MAX_PIXELS)


def _file(cache: Cache, content: bytes) -> FileIdentity | None:
    return next((known.asset.primary for known in cache.known_with([content])), None)


def _looked(jobs: Sequence[LookJob]) -> tuple[list[str], float]:
    """What each pair was found to be, and seconds of CPU a look, in a process that has seen nothing yet."""
    look._sides.clear()
    look._glances.clear()
    found, began = [], time.process_time()
    for job in jobs:
        try:
            seen = look_closely(job, None).found
        except AlbumcleanError as error:
            found.append(type(error).__name__)
            continue
        assert isinstance(seen, Comparison)  # of pairs, nothing else is found
        found.append(seen.relation.value)
    return found, (time.process_time() - began) / max(1, len(jobs))


if __name__ == "__main__":
    main()
