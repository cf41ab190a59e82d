"""The answer of a program, as every program's is converted to: what it takes for copies, and for shots of a moment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from benchmarks.near_duplicates.truth import Row

Kind = Literal["exact", "derived", "moment"]


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a program's answer: numbers of rows of the truth, the keeper first."""

    kind: Kind
    members: tuple[int, ...]


def read_groups(document: Path, rows: Sequence[Row]) -> list[Group]:
    """A program's answer. Raises ValueError for another shape, an unknown file, or a file named twice in a group."""
    number_of = {row.file: number for number, row in enumerate(rows)}
    groups = []
    for group in json.loads(document.read_text(encoding="utf-8")):
        if group["kind"] not in get_args(Kind):
            raise ValueError(f"unknown kind of group: {group['kind']}")
        if unknown := [file for file in group["members"] if file not in number_of]:
            raise ValueError(f"not in the truth: {unknown[0]}")
        members = tuple(number_of[file] for file in group["members"])
        if len(set(members)) < len(members):
            raise ValueError(f"a file stands twice in the group of {group['members'][0]}")
        groups.append(Group(group["kind"], members))
    return groups
