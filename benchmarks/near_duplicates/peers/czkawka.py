"""czkawka's Python binding (MIT): `czkawka_core` 10, the library of the well-known program, for similar pictures.

The binding fixes hash size 8 (64 bits), the gradient hash and the Lanczos filter, and starts with a distance of at
most 10; its README shows 15. It names no file to keep.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.near_duplicates.peers.answer import Answer, grouped
from benchmarks.near_duplicates.peers.tool import Tool, groups


class Czkawka(Tool):
    """A setting is `<most bits that differ>`."""

    name = "czkawka"
    requirements = ("czkawka==0.1.2",)
    default = "10"
    settings = ("0", "2", "5", "7", "10", "15")
    keeps = False

    def ask(self, folder: Path, scratch: Path, settings: Sequence[str]) -> Iterator[tuple[str, object]]:
        module = importlib.import_module("czkawka")
        for setting in settings:  # it keeps no hashes between searches: each reads the folder again
            finder = module.ImageSimilarity()
            finder.set_directories([folder])
            finder.set_similarity(int(setting))
            yield setting, [[str(path) for path in group] for group in finder.find_similar()]

    def read(self, said: object, folder: Path) -> Answer:
        return grouped(groups(said), folder)
