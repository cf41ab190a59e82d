"""What the benchmarks share: running the command line in a home of its own, and albums made from a seed."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

ALBUMCLEAN = (sys.executable, "-m", "albumclean")


@dataclass(frozen=True, slots=True)
class Run:
    """A finished command."""

    code: int
    out: str
    err: str
    cpu: float  # seconds of this process and all that it waited for

    def json(self) -> dict[str, object]:
        document: dict[str, object] = json.loads(self.out)
        return document


def environment(home: Path) -> dict[str, str]:
    """Settings, databases and the trash below `home`."""
    home.mkdir(parents=True, exist_ok=True)
    return {**os.environ, "ALBUMCLEAN_HOME": str(home), "XDG_DATA_HOME": str(home / "share")}


def run(home: Path, *arguments: str | Path, command: Sequence[str] = ALBUMCLEAN) -> Run:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [*command, *map(str, arguments)], env=environment(home), capture_output=True, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(done.returncode, done.stdout, done.stderr, cpu)


def fresh(folder: Path) -> Path:
    """An empty folder; only ever one that a benchmark made."""
    mark = folder / ".albumclean-benchmark"
    if folder.exists() and any(folder.iterdir()):
        if not mark.exists():
            sys.exit(f"{folder} is not empty and was not made by a benchmark: name another with --work")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mark.touch()
    return folder


def make_album(folder: Path, count: int, side: int = 96, per_folder: int = 500) -> Path:
    """`count` small JPEGs of distinct random scenes in folders of 500."""
    rng = np.random.default_rng(2026)
    for number in range(count):
        place = folder / f"{number // per_folder:03}"
        place.mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
        coarse.resize((side * 4 // 3, side), Image.Resampling.BICUBIC).save(place / f"IMG_{number:05}.jpg", quality=85)
    return folder
