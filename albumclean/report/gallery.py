"""Which proposals a report shows as pictures: of every kind those that matter most, the rest is counted."""

from __future__ import annotations

from dataclasses import dataclass, field

from albumclean.domain import Action, PhotoFacts, Proposal
from albumclean.report.summary import Cause

_MOST_OF_A_GROUP = 12  # members shown of one group, the kept one included


@dataclass(frozen=True, slots=True)
class Entry:
    """A single photo, or a group with what is proposed for its members."""

    proposals: tuple[Proposal, ...]  # of a group those that are shown, what stays first
    hidden: int = 0  # further members of the group

    @property
    def photos(self) -> int:
        """How many pictures it takes: copies of the same bytes share one."""
        return len({content_of(proposal.facts) for proposal in self.proposals})


@dataclass(slots=True)
class Section:
    """The proposals of one cause."""

    cause: Cause
    entries: list[Entry] = field(default_factory=list)
    total: int = 0  # entries that there are, shown or not

    @property
    def hidden(self) -> int:
        """How many are only counted."""
        return self.total - len(self.entries)


def urgency(entry: Entry) -> tuple[float, str]:
    """What is shown first: of single photos the worst, of groups those that free most."""
    first = entry.proposals[0]
    if first.group is None:
        return (first.facts.mos if first.facts.mos is not None else 1.0, str(first.facts.path))
    freed = sum(proposal.facts.asset.size for proposal in entry.proposals if proposal.action is not Action.KEEP)
    return (-freed, first.group.id)


class Gallery:
    """Hears all proposals, in the order in which the catalogue gives them, and keeps those to show."""

    def __init__(self, photos: int) -> None:
        """`photos`: how many pictures to show at most. Memory is bounded by it."""
        self._limit = photos
        self._sections: dict[Cause, Section] = {}
        self._group: list[Proposal] = []

    def hear(self, proposal: Proposal) -> None:
        """The next proposal; members of one group come one after the other."""
        if self._group and (proposal.group is None or proposal.group.id != _group_id(self._group[0])):
            self._end_group()
        if proposal.group is not None:
            self._group.append(proposal)
        else:
            self._take(Entry((proposal,)))

    def sections(self) -> list[Section]:
        """What to show: in turn one entry of each section, until the pictures are used up."""
        self._end_group()
        for section in self._sections.values():
            section.entries.sort(key=urgency)
        ordered = sorted(self._sections.values(), key=lambda section: section.cause.place)
        chosen: dict[Cause, int] = dict.fromkeys((section.cause for section in ordered), 0)
        left, waiting = self._limit, list(ordered)
        while waiting:
            still = []
            for section in waiting:
                place = chosen[section.cause]
                if place < len(section.entries) and section.entries[place].photos <= left:
                    left -= section.entries[place].photos
                    chosen[section.cause] += 1
                    still.append(section)
            waiting = still
        return [Section(s.cause, s.entries[: chosen[s.cause]], s.total) for s in ordered]

    def _end_group(self) -> None:
        if self._group:
            shown, more = self._group[:_MOST_OF_A_GROUP], len(self._group) - _MOST_OF_A_GROUP
            self._take(Entry(tuple(shown), max(0, more)))
            self._group = []

    def _take(self, entry: Entry) -> None:
        first = entry.proposals[0]
        cause = Cause(first.rule, first.group.kind if first.group else None)
        section = self._sections.setdefault(cause, Section(cause))
        section.total += 1
        section.entries.append(entry)
        if len(section.entries) > 2 * self._limit:  # each takes at least one picture
            section.entries.sort(key=urgency)
            del section.entries[self._limit :]


def content_of(facts: PhotoFacts) -> bytes:
    """What its picture is known by."""
    return facts.photo.content_hash if facts.photo else str(facts.path).encode("utf-8", "surrogateescape")


def _group_id(proposal: Proposal) -> str | None:
    return proposal.group.id if proposal.group else None
