"""In which order proposals are printed and asked about in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING

from albumclean.errors import UsageError

if TYPE_CHECKING:
    from albumclean.domain import PhotoFacts, Proposal
    from albumclean.scoring.opinion import Opinion

SORT_HELP = "By folder, score or aesthetic: the lowest first, groups before single photos."


class Sort(StrEnum):
    """By what proposals can be sorted."""

    FOLDER = "folder"
    SCORE = "score"
    AESTHETIC = "aesthetic"


def check_sort(sort: Sort | None, opinion: Opinion) -> None:
    """Raises UsageError where photos are to be sorted by beauty and nobody was asked how beautiful they are."""
    if sort is Sort.AESTHETIC and not opinion.beauty:
        raise UsageError(
            detail="No chosen scorer says how beautiful a photo is. Name one with --scorer, "
            "or in [scoring] scorers; `albumclean models` lists and adds them."
        )


def in_order(proposals: Iterable[Proposal], sort: Sort | None) -> list[Proposal]:
    """Groups first, their members together as they came, then single photos; None: by folder.

    By score or beauty the lowest of what would go comes first, what has no such value last.
    """
    found = by_folder(proposals)
    if sort is None or sort is Sort.FOLDER:
        return found
    value = _VALUES[sort]
    asked = [list(members) for _, members in groupby(found, key=lambda p: p.group.id if p.group else str(p.facts.path))]
    asked.sort(key=lambda members: (members[0].group is None, *_lowest(members, value)))  # stable: equals by folder
    return [proposal for members in asked for proposal in members]


def by_folder(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Groups first, ordered by where their keepers lie, then single photos by path."""
    return sorted(
        proposals,
        key=lambda p: (p.group is None, p.group.keeper.path if p.group else p.facts.path, p.group and p.group.id),
    )


_VALUES: dict[Sort, Callable[[PhotoFacts], float | None]] = {
    Sort.SCORE: lambda facts: facts.mos,
    Sort.AESTHETIC: lambda facts: facts.aesthetic,
}


def _lowest(members: Iterable[Proposal], value: Callable[[PhotoFacts], float | None]) -> tuple[bool, float]:
    from albumclean.domain import Action

    known = [number for p in members if p.action is not Action.KEEP and (number := value(p.facts)) is not None]
    return (not known, min(known, default=0.0))
