"""Finding labels and pictures in the folder of a data set, however its archives were unpacked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from albumclean.errors import DatasetUnusable
from albumclean.words import counted, shown

_DEPTH: Final = 4  # folders that are looked into: archives bring one or two of their own
_SHOWN: Final = 8  # names of what was found instead
_TRIED: Final = 50  # pictures, by which a folder is chosen


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder that the user named, and what the data set should look like."""

    root: Path
    title: str
    layout: str

    def labels(self, *names: str) -> Path:
        """The file with the first of these names that is there, in any case; the nearest to the root.

        Raises DatasetUnusable where there is none of them.
        """
        for name in names:
            if found := self._files(name):
                return found[0]
        raise self.unusable(f"there is no file {' or '.join(names)}")

    def ending(self, suffix: str) -> list[Path]:
        """The files with this suffix (in lower case), the nearest to the root first."""
        return [Path(entry.path) for entry in self._entries() if entry.name.casefold().endswith(suffix)]

    def pictures(self, labels: Path, names: Sequence[str], *folders: str) -> Path:
        """The folder in which most of the pictures are, of those with such a name; the first of equals.

        An empty name stands for the folder of the labels. Raises DatasetUnusable where none of the pictures is in any.
        """
        if not names:
            raise self.unusable(f"{shown(labels.name)} names no pictures")
        step = max(1, len(names) // _TRIED)
        wanted = [name.casefold() for name in names[::step]]
        candidates = [place for name in folders for place in self._places(labels, name)]
        held = [_held(place, wanted) for place in candidates]
        if not any(held):
            where = " or ".join(f"a folder {name}" if name else "the folder of the labels" for name in folders)
            raise self.unusable(
                f"the pictures that {shown(labels.name)} names ({shown(names[0])}, …) are not in {where}"
            )
        return candidates[held.index(max(held))]

    def unusable(self, detail: str) -> DatasetUnusable:
        """What is wrong, with what was expected and what is there."""
        try:
            there = sorted(f"{entry.name}/" if entry.is_dir() else entry.name for entry in os.scandir(self.root))
        except OSError as error:
            return DatasetUnusable(
                path=shown(self.root), title=self.title, layout=self.layout, detail=error.strerror or str(error)
            )
        found = ", ".join(shown(name) for name in there[:_SHOWN]) or "nothing"
        more = f" and {counted(len(there) - _SHOWN, 'more name')}" if len(there) > _SHOWN else ""
        return DatasetUnusable(
            path=shown(self.root),
            title=self.title,
            layout=self.layout,
            detail=f"{detail}; what lies there: {found}{more}",
        )

    def _files(self, name: str) -> list[Path]:
        wanted = name.casefold()
        return [Path(entry.path) for entry in self._entries() if entry.name.casefold() == wanted and entry.is_file()]

    def _places(self, labels: Path, name: str) -> list[Path]:
        if not name:
            return [labels.parent]
        wanted = name.casefold()
        return [Path(entry.path) for entry in self._entries() if entry.name.casefold() == wanted and entry.is_dir()] + (
            [self.root] if self.root.name.casefold() == wanted else []
        )

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        """All that lies down to `_DEPTH` folders deep, the nearest first, by name."""
        level = [str(self.root)]
        for _ in range(_DEPTH):
            entries: list[os.DirEntry[str]] = []
            for folder in level:
                try:
                    with os.scandir(folder) as listing:
                        entries += sorted(listing, key=lambda entry: entry.name)
                except OSError:
                    continue  # what can't be listed is missed, and that is said
            yield from entries
            level = [entry.path for entry in entries if entry.is_dir() and not entry.name.startswith(".")]


def _held(folder: Path, names: Sequence[str]) -> int:
    """How many of the pictures (paths below the folder, in lower case) are there."""
    listings: dict[str, frozenset[str]] = {}
    held = 0
    for name in names:
        place, _, file = name.rpartition("/")
        if place not in listings:
            try:
                listings[place] = frozenset(entry.name.casefold() for entry in (folder / place).iterdir())
            except OSError:
                listings[place] = frozenset()
        held += file in listings[place]
    return held
