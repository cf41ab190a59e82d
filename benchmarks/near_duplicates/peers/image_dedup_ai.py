"""image-dedup-ai (MIT): perceptual hashes with a guard for flat pictures; groups are what links connect.

Documented defaults: pHash, a likeness of at least 0.9 (6 of 64 bits). It keeps the largest resolution, then the largest
file, then the shortest path, and lists that one first.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.near_duplicates.peers.answer import Answer, grouped
from benchmarks.near_duplicates.peers.tool import Tool, field, groups


class ImageDedupAi(Tool):
    """A setting is `<method>-<least likeness>`."""

    name = "image-dedup-ai"
    requirements = ("image-dedup-ai==0.1.0",)
    default = "phash-0.9"
    settings = tuple(
        f"{method}-{likeness}"
        for method in ("phash", "dhash", "ahash")
        for likeness in ("0.8", "0.84", "0.87", "0.9", "0.93", "0.95", "0.97", "1.0")
    )
    keeps = True

    def ask(self, folder: Path, scratch: Path, settings: Sequence[str]) -> Iterator[tuple[str, object]]:
        with importlib.import_module("image_dedup_ai").Index(str(scratch / "index.db")) as index:
            count = index.add(str(folder))
            for setting in settings:
                method, likeness = setting.split("-")
                found = index.find_duplicates(method=method, threshold=float(likeness))
                yield setting, {"read": count, "groups": found.groups}

    def read(self, said: object, folder: Path) -> Answer:
        return grouped(groups(field(said, "groups")), folder)
