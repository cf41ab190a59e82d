"""`kill -9` in the middle of scans: `python -m benchmarks.kill_scan --work DIR [--kills 50]`.

A scan is killed at a random moment of its run; the next one finishes. Its cache must equal an uninterrupted run's, no
worker may be left behind, and the photos must be untouched. The album has copies, broken files and sidecars.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil

from albumclean.store.layouts import Layout
from benchmarks.common import ALBUMCLEAN, environment, fresh, make_album, run

COUNT = 150
TOLERANCE = 1e-3  # batches of another composition may round differently


def make(album: Path) -> Path:
    make_album(album, COUNT, side=400, per_folder=40)
    photos = sorted(album.rglob("*.jpg"))
    for photo in photos[::9]:
        shutil.copy2(photo, photo.with_name(f"copy of {photo.name}"))
        photo.with_suffix(".xmp").write_text('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
    for photo in photos[::17]:
        broken = photo.read_bytes()[:3000]
        photo.with_name(f"cut {photo.name}").write_bytes(broken)
        photo.with_name(f"cut again {photo.name}").write_bytes(broken)
    (album / "empty.jpg").touch()
    return album


Rows = tuple[list[object], dict[tuple[object, ...], float]]


def rows_of(home: Path) -> Rows:
    """Everything that the cache knows, without scan numbers and times; and the scores."""
    connection = sqlite3.connect(home / "cache.sqlite")
    queries = (
        "SELECT path, size, mtime_ns, inode, role, companions, rating, favourite, content_hash, failure_stage, "
        "failure_reason, failure_transient, decoder FROM file ORDER BY path",
        "SELECT * FROM photo ORDER BY content_hash",
        "SELECT * FROM fingerprint ORDER BY content_hash",
    )
    facts: list[object] = [connection.execute(query).fetchall() for query in queries]
    scorers = {
        number: (revision, Layout(number, name, tuple(json.loads(quantities))))
        for number, name, revision, quantities in connection.execute(
            "SELECT id, name, revision, quantities FROM scorer"
        )
    }
    scores: dict[tuple[object, ...], float] = {
        (content, layout.scorer, revision, quantity): value
        for content, number, main, others in connection.execute("SELECT content_hash, scorer, main, others FROM score")
        for revision, layout in [scorers[number]]
        for quantity, value in layout.unpack(main, others).items()
    }
    connection.close()
    return facts, scores


def same(one: Rows, other: Rows) -> bool:
    return (
        one[0] == other[0]
        and one[1].keys() == other[1].keys()
        and all(abs(value - other[1][key]) <= TOLERANCE for key, value in one[1].items())
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    work = fresh(arguments.work)
    rng = random.Random(arguments.seed)
    album = make(work / "album")
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(album.rglob("*.*"))}
    started = time.monotonic()
    run(work / "reference", "scan", album, "--quiet")
    length = time.monotonic() - started
    expected = rows_of(work / "reference")
    worst = bad = midway = 0
    for number in range(arguments.kills):
        home = work / f"home-{number}"
        process = subprocess.Popen(
            [*ALBUMCLEAN, "scan", str(album), "--quiet"], env=environment(home), stderr=subprocess.DEVNULL
        )
        moment = rng.uniform(0.05, length)
        time.sleep(moment)
        workers = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        process.send_signal(signal.SIGKILL)
        midway += process.wait() == -signal.SIGKILL
        time.sleep(1.0)
        left = [pid for pid in workers if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]
        run(home, "scan", album, "--quiet")
        equal = same(expected, rows_of(home))
        bad += not equal or bool(left)
        worst = max(worst, len(left))
        if not equal or left:
            print(f"kill {number} after {moment:.2f} s: cache equal: {equal}, workers left behind: {left}")
        shutil.rmtree(home)
    after = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(album.rglob("*.*"))}
    untouched = before == after
    print(
        f"{arguments.kills} kills ({midway} before the scan had ended, of {length:.1f} s): {bad} with a different "
        f"cache or workers left behind; photos untouched: {untouched}"
    )
    sys.exit(bool(bad) or not untouched)


if __name__ == "__main__":
    main()
