"""difPy (MIT): the mean squared error of pictures scaled to 50x50, of every pair.

Documented defaults: `similarity="duplicates"` (an error of 0), rotated copies too, only among pictures of the same
dimensions (`same_dim`). "similar" is an error of up to 5. A file and its matches are a set, of which it keeps the
largest file; two sets may share a file.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.near_duplicates.peers.answer import Answer, grouped
from benchmarks.near_duplicates.peers.tool import Tool, field, groups


class DifPy(Tool):
    """A setting is `<similarity>` or, for pictures of any dimensions, `<similarity>-any`."""

    name = "difpy"
    requirements = ("difPy==4.2.1",)
    default = "duplicates"
    settings = ("duplicates", "similar", "duplicates-any", "similar-any", "10-any", "20-any", "30-any", "40-any")
    keeps = True

    def ask(self, folder: Path, scratch: Path, settings: Sequence[str]) -> Iterator[tuple[str, object]]:
        module = importlib.import_module("difPy")
        pictures = module.build(str(folder), show_progress=False)
        for setting in settings:
            similarity, _, dimensions = setting.partition("-")
            found = module.search(pictures, similarity=similarity, same_dim=dimensions != "any", show_progress=False)
            worse = {str(file) for file in found.lower_quality}
            sets = [[str(file), *(str(other) for other, _ in copies)] for file, copies in found.result.items()]
            ranked = [sorted(members, key=lambda file: file in worse) for members in sets]
            yield setting, {"read": len(pictures._tensor_dictionary), "groups": ranked}

    def read(self, said: object, folder: Path) -> Answer:
        return grouped(groups(field(said, "groups")), folder)
