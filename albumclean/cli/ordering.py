"""In which order proposals are printed and asked about in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING

from albumclean.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from albumclean.catalogue import Catalogue, Estimate, LeftOut, Page
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
    asked = [list(members) for _, members in groupby(found, key=_question)]
    asked.sort(key=lambda members: (members[0].group is None, *_lowest(members, value)))  # stable: equals by folder
    return [proposal for members in asked for proposal in members]


def page_of(
    catalogue: Catalogue,
    wanted: int,
    sort: Sort | None,
    *,
    under: Sequence[Path],
    only: Collection[str] | None,
    left_out: LeftOut,
    answered: frozenset[tuple[Path, bytes]] = frozenset(),
) -> Page:
    """So many open questions of all that could be asked, in order; 0: all. The answered ones come with them."""
    from albumclean.catalogue import By, Page, Wanted
    from albumclean.catalogue.paging import shared

    by = By.SCORE if sort is Sort.SCORE else By.PATH
    asked = Wanted(wanted, by, answered)
    if wanted and (by is By.PATH or catalogue.opinion.is_default) and sort is not Sort.AESTHETIC:
        page = catalogue.page(asked, under, only, left_out)
        return replace(page, proposals=tuple(in_order(page.proposals, sort)))
    # Nothing is kept that this order could be read from, or all is asked for.
    found = in_order(catalogue.proposals(under, only, left_out), sort)
    questions = [list(members) for _, members in groupby(found, key=_question)]
    groups = [members for members in questions if members[0].group is not None]
    photos = questions[len(groups) :]
    if not wanted:
        return Page(tuple(found), len(groups), len(photos), is_all=True)
    return shared(asked, iter(groups), iter(photos))


def how_many(page: Page, estimate: Estimate | None) -> str:
    """ "200 of about 52,000 questions (30,000 groups, 22,000 single photos)", for a page that is not all."""
    from albumclean.words import counted

    shown = f"{page.groups + page.photos:,}"
    if estimate is None:
        return f"the first {counted(page.groups + page.photos, 'question')}"
    groups, photos = max(estimate.groups, page.groups), max(estimate.photos, page.photos)
    parts = f"{counted(groups, 'group')}, {counted(photos, 'single photo')}"
    return f"{shown} of about {groups + photos:,} questions ({parts})"


def by_folder(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Groups first, ordered by where their keepers lie, then single photos by path."""
    return sorted(
        proposals,
        key=lambda p: (p.group is None, p.group.keeper.path if p.group else p.facts.path, p.group and p.group.id),
    )


def _question(proposal: Proposal) -> str:
    return proposal.group.id if proposal.group else str(proposal.facts.path)


_VALUES: dict[Sort, Callable[[PhotoFacts], float | None]] = {
    Sort.SCORE: lambda facts: facts.mos,
    Sort.AESTHETIC: lambda facts: facts.aesthetic,
}


def _lowest(members: Iterable[Proposal], value: Callable[[PhotoFacts], float | None]) -> tuple[bool, float]:
    from albumclean.domain import Action

    known = [number for p in members if p.action is not Action.KEEP and (number := value(p.facts)) is not None]
    return (not known, min(known, default=0.0))
