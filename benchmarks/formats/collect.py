"""Fetch the files of the list from their public sources, each checked by its SHA-256."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.collect_photos import Entry, Sources
from benchmarks.formats.corpus import Row


def is_there(row: Row, folder: Path) -> bool:
    """Whether the corpus folder holds the very file of the row."""
    place = folder / row.name
    return place.is_file() and hashlib.sha256(place.read_bytes()).hexdigest() == row.sha256


def collect(rows: list[Row], folder: Path, mirror: Path | None) -> Counter[str]:
    """Put every file in its place; files that are there and right are kept. Returns how many ended in which way.

    `wrong` are those whose source gave other bytes, `missing` those that could not be had; both are told on stderr.
    """
    ended: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as work:
        sources = Sources(Path(work), mirror)
        for row in rows:
            how = "kept" if is_there(row, folder) else _fetch(row, folder / row.name, sources)
            ended[how] += 1
    return ended


def _fetch(row: Row, place: Path, sources: Sources) -> str:
    try:
        data = sources.bytes_of(Entry(row.source, row.path, row.family, "", ""))
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"{row.source} {row.path}: {error}", file=sys.stderr)
        return "missing"
    if hashlib.sha256(data).hexdigest() != row.sha256:
        print(f"{row.source} {row.path}: other bytes than listed", file=sys.stderr)
        return "wrong"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    return "written"
