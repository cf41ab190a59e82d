"""Make the benchmark: `python -m benchmarks.near_duplicates.generate SOURCES.csv OUT --photos DIR --seed 1`.

SOURCES.csv has the columns of `benchmarks.collect_photos`, which also fills DIR from it. Its `class` says what a photo
is for: `burst` to simulate bursts from; a class that begins with `series`, `night`, `dark`, `flat`, `document` or
`screenshot` is a family of look-alikes; every other one is a source of copies. OUT gets `files/` and, when all is done,
`truth.csv` (see `truth.py`). A stopped run goes on where it was; the same list and seed give the same files, whatever
the number of processes. File times are random: nothing is to be learned from them.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks.collect_photos import read as read_list
from benchmarks.near_duplicates import truth
from benchmarks.near_duplicates.containers import SUFFIXES, Copy, Original, exif_time
from benchmarks.near_duplicates.hard_negatives import DARK, MADE, Burst, dark
from benchmarks.near_duplicates.plan import ShotTask, planned, seed_of
from benchmarks.near_duplicates.transformations import BY_NAME
from benchmarks.near_duplicates.truth import Relation, Row

_EARLIEST, _LATEST = 1_262_304_000, 1_735_689_600  # 2010 and 2025, seconds since the epoch


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes the files of one shot. A value, so that it can be sent to worker processes."""

    out: Path
    seed: int

    def __call__(self, task: ShotTask) -> Path:
        """Write the shot and its copies, and last the rows that say so; returns where the rows lie."""
        done = self.out / "rows" / f"{task.shot}.csv"
        if not done.exists():
            first = _shot(task)
            rows = [self._write(task, task.stem, first)]
            original = Original(first.data)
            seen = {original.digest}
            for copy in task.copies:
                rng = np.random.default_rng(seed_of(self.seed, task.shot, copy.transformation, copy.strength))
                made = BY_NAME[copy.transformation].make(original, copy.strength, rng)
                if made.relation is Relation.DERIVED:
                    digest = Original(made.data).digest
                    if digest in seen:  # two ways with one result (a small photo that no messenger scales): a riddle
                        continue
                    seen.add(digest)
                rows.append(self._write(task, copy.stem, made, copy.transformation, copy.strength))
            truth.write(done, rows)
        return done

    def _write(self, task: ShotTask, stem: str, copy: Copy, transformation: str = "", strength: str = "") -> Row:
        name = stem + SUFFIXES[copy.format]
        path = self.out / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(copy.data)
        moment = _EARLIEST + seed_of(self.seed, name) % (_LATEST - _EARLIEST)
        os.utime(path, (moment, moment))
        with Image.open(io.BytesIO(copy.data)) as opened:
            taken = exif_time(opened.getexif())
        return Row(name, task.shot, copy.relation, transformation, strength, task.family, taken)


def _shot(task: ShotTask) -> Copy:
    """The untouched picture of a task."""
    if task.number is None and task.base is not None:
        data = task.base.read_bytes()
        return Copy(data, Original(data).format, Relation.NEGATIVE if task.family else Relation.SOURCE)
    rng = np.random.default_rng(task.seed)
    if task.base is None:
        return MADE[task.family](rng)
    base = Original(task.base.read_bytes()).image
    return dark(base, rng) if task.family == DARK else Burst(task.seed).frame(base, task.number or 0)


def _one_thread() -> None:
    cv2.setNumThreads(1)


def generate(tasks: list[ShotTask], out: Path, seed: int, workers: int) -> list[Row]:
    """Make all files that are not there yet; returns the rows of the truth, in the order of the tasks."""
    (out / "rows").mkdir(parents=True, exist_ok=True)
    maker = Maker(out, seed)
    with multiprocessing.get_context("spawn").Pool(workers, _one_thread, maxtasksperchild=200) as pool:
        tables = []
        for number, table in enumerate(pool.imap(maker, tasks), 1):
            tables.append(table)
            if number % 50 == 0 or number == len(tasks):
                print(f"{number} of {len(tasks)} shots", file=sys.stderr, flush=True)
    rows = [row for table in tables for row in truth.read(table)]
    truth.write(out / "truth.csv", rows)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="Make copies of photos with known relations, and look-alikes.")
    parser.add_argument("sources", type=Path, help="the list of photos")
    parser.add_argument("out", type=Path, help="the folder to fill")
    parser.add_argument("--photos", type=Path, required=True, help="where `benchmarks.collect_photos` put the list")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--copies", type=int, default=27, help="of a source that gets many")
    parser.add_argument("--made", type=int, default=24, help="shots of each simulated family")
    parser.add_argument("--limit", type=int, help="only the first so many rows of the list")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    entries = read_list(options.sources)[: options.limit]
    tasks = planned(entries, options.photos, options.seed, options.copies, options.made)
    rows = generate(tasks, options.out, options.seed, options.workers)
    for relation, count in Counter(row.relation for row in rows).items():
        print(f"{count:6} {relation}")


if __name__ == "__main__":
    main()
