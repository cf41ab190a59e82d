"""What a tool said of a folder, in the form that `measure` reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Answer:
    """Groups of files of one folder; paths relative to it, with forward slashes.

    A group says that all its members are copies of one another; the file that the tool itself would keep comes first,
    where it names one. Groups may share files: a tool that answers in pairs may link A to B and B to C without a word
    of A and C, and a pair is a group of two.
    """

    groups: tuple[tuple[str, ...], ...] = ()

    @property
    def links(self) -> frozenset[tuple[str, str]]:
        """Every pair that the tool calls copies, each in order of name."""
        return frozenset(pair for group in self.groups for pair in combinations(sorted(group), 2))

    def write(self, path: Path) -> None:
        """Put the answer into the file `path`, as the groups that `measure` reads."""
        groups = [{"kind": "derived", "members": group} for group in self.groups]
        path.write_text(json.dumps(groups, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")


def grouped(groups: Iterable[Iterable[str]], folder: Path) -> Answer:
    """An answer of groups of absolute paths; a group of one says nothing and is left out.

    Raises ValueError for a file that does not lie in `folder`.
    """
    inside = (tuple(Path(path).relative_to(folder).as_posix() for path in group) for group in groups)
    return Answer(tuple(group for group in inside if len(group) > 1))


def paired(found: Mapping[str, Iterable[str]]) -> Answer:
    """An answer of lists of copies, one list a file, of paths that are relative already."""
    links = {(min(one, other), max(one, other)) for one, copies in found.items() for other in copies if one != other}
    return Answer(tuple(sorted(links)))
