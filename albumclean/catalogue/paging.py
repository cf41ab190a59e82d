"""A part of the proposals of a large library, without a look at the rest of it.

Which questions come first hangs on what the cache keeps: the first path of a group's files, or their lowest score.
Groups are found for those parts that are reached, and for those that a photo on the page lies in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import chain, combinations, islice
from pathlib import Path
from typing import Any, Final, TypeVar

from albumclean.catalogue.grouping import Shelf
from albumclean.domain import PhotoFacts, Proposal, SimilarGroup
from albumclean.policy.engine import Bench
from albumclean.similar.components import Pair
from albumclean.similar.groups import Grouping
from albumclean.similar.partition import Cluster
from albumclean.store.stored_groups import By, PartKind, StoredPart

_AT_ONCE = 64  # parts that are looked at together

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which questions: so many that are open, and beside them all that the user has answered and not yet moved."""

    limit: int
    by: By = By.PATH
    answered: frozenset[tuple[Path, bytes]] = frozenset()  # files, with their contents

    @property
    def first(self) -> frozenset[bytes]:
        """The contents that are in answered questions."""
        return frozenset(content for _, content in self.answered)

    def is_answered(self, asked: Sequence[Proposal]) -> bool:
        """Whether the user has answered the question already."""
        members = asked[0].group.members if asked[0].group else (asked[0].facts,)
        return any((facts.path, facts.content) in self.answered for facts in members)


@dataclass(frozen=True, slots=True)
class Page:
    """Proposals, groups first; in each kind in the order that was wanted."""

    proposals: tuple[Proposal, ...]
    groups: int  # how many of the questions are about groups
    photos: int
    is_all: bool


@dataclass(frozen=True, slots=True)
class _Unit:
    """A part of copies, or one moment of a cluster."""

    contents: tuple[bytes, ...]
    files: int  # of the part
    is_copies: bool

    @property
    def key(self) -> tuple[bool, bytes]:
        """No other part or moment has it."""
        return self.is_copies, self.contents[0]


class Pager:
    """Goes through the parts of a library as far as it is asked."""

    def __init__(
        self,
        shelf: Shelf,
        grouping: Grouping,
        bench: Bench,
        dismissed: Collection[Pair],
        under: Sequence[Path] = (),
    ) -> None:
        """`under`: only groups with a photo under these folders; none: all."""
        self._shelf = shelf
        self._grouping = grouping
        self._bench = bench
        self._apart = frozenset(dismissed)
        self._within = shelf.under(under) if under else None
        self._units: dict[int, list[_Unit]] = {}  # of the parts that were met, by number
        self._copies_with: dict[bytes, _Unit] = {}
        self._moment_with: dict[bytes, _Unit] = {}
        self._found: dict[tuple[bool, bytes], list[SimilarGroup]] = {}  # by key: those that were looked at

    def groups(self, wanted: Wanted) -> Iterator[list[Proposal]]:
        """What is proposed for one group after the other, answered ones first."""
        for some in in_batches(self._parts(wanted), _AT_ONCE):
            units = [unit for part in some for unit in self._units_of(part) if not self._is_settled(unit)]
            self._look_at(units)
            for unit in units:
                for group in self._found[unit.key]:
                    if proposals := self._bench.on_group(group).proposals:
                        yield list(proposals)

    def photos(self, some: Sequence[PhotoFacts]) -> Iterator[Proposal]:
        """What is proposed for these photos as single ones, in their order."""
        contents = [facts.content for facts in some]
        self._meet(contents)
        self._look_at(unit for content in contents for unit in self._units_with(content))
        for facts in some:
            if not self._is_reserved(facts) and (proposal := self._bench.on_photo(facts)) is not None:
                yield proposal

    # ------------------------------------------------------------------------------------------------------------------

    def _parts(self, wanted: Wanted) -> Iterator[StoredPart]:
        """Those with what was answered, and then all the others in the wanted order, each once."""
        first = list(self._shelf.holding(wanted.first)) if wanted.answered else []
        kinds = (self._shelf.in_order(kind, wanted.by) for kind in (PartKind.COPIES, PartKind.CLUSTER))
        numbers = {part.number for part in first}
        rest = (part for part in merge(*kinds, key=_KEYS[wanted.by]) if part.number not in numbers)
        for part in chain(first, rest):
            if self._within is None or part.number in self._within:
                yield part

    def _meet(self, contents: Iterable[bytes]) -> None:
        """Learn which parts hold these."""
        for part in self._shelf.holding(contents):
            self._units_of(part)

    def _units_of(self, stored: StoredPart) -> list[_Unit]:
        known = self._units.get(stored.number)
        if known is not None:
            return known
        part = stored.part
        if part.kind is PartKind.COPIES:
            units = [_Unit(part.contents, stored.files, is_copies=True)]
        else:
            moments = self._grouping.moments_of([Cluster(part.contents, part.sets)])
            units = [_Unit(moment, stored.files, is_copies=False) for moment in moments]
        self._units[stored.number] = units
        for unit in units:
            (self._copies_with if unit.is_copies else self._moment_with).update(dict.fromkeys(unit.contents, unit))
        return units

    def _is_settled(self, unit: _Unit) -> bool:
        """Whether it is sure that nothing is proposed: the user has kept them all, or told all of them apart."""
        if self._bench.are_settled(unit.contents):
            return True
        if not unit.is_copies or unit.files > len(unit.contents) or not self._apart:
            return False
        return all(pair in self._apart for pair in combinations(unit.contents, 2))

    def _units_with(self, content: bytes) -> list[_Unit]:
        both = (self._copies_with.get(content), self._moment_with.get(content))
        return [unit for unit in both if unit is not None]

    def _look_at(self, units: Iterable[_Unit]) -> None:
        """Find the groups of these: first the copies, then the moments of what is in no group of copies."""
        fresh = {unit.key: unit for unit in units if unit.key not in self._found}
        moments = [unit.contents for unit in fresh.values() if not unit.is_copies]
        shots = [content for moment in moments for content in moment]
        self._meet(shots)
        for content in shots:
            beside = self._copies_with.get(content)
            if beside is not None and beside.key not in self._found:
                fresh[beside.key] = beside
        self._found.update((key, []) for key in fresh)
        for group in self._grouping.copies(unit.contents for unit in fresh.values() if unit.is_copies):
            self._found[self._copies_with[group.keeper.content].key].append(group)
        busy = {content for content in shots if self._is_busy(content)}
        for group in self._grouping.moments(moments, busy):
            self._found[self._moment_with[group.keeper.content].key].append(group)

    def _is_busy(self, content: bytes) -> bool:
        """Whether it is in a group of copies; those that it could be in have been looked at."""
        unit = self._copies_with.get(content)
        groups = self._found[unit.key] if unit is not None else []
        return any(content == facts.content for group in groups for facts in group.members)

    def _is_reserved(self, facts: PhotoFacts) -> bool:
        """Whether the photo is in a group of which a rule speaks, or the keeper of one."""
        groups = (group for unit in self._units_with(facts.content) for group in self._found[unit.key])
        return any(
            facts.path in self._bench.on_group(group).reserved
            for group in groups
            if any(facts.path == member.path for member in group.members)
        )


def shared(wanted: Wanted, groups: Iterator[list[Proposal]], photos: Iterator[list[Proposal]]) -> Page:
    """Half of it groups and half of it single photos, as far as there are so many; the questions come from both."""
    some_groups, more_groups = _open(groups, (wanted.limit + 1) // 2, wanted)
    some_photos, more_photos = _open(photos, wanted.limit - _count(some_groups, wanted), wanted)
    room = wanted.limit - _count(some_groups, wanted) - _count(some_photos, wanted)
    if more_groups is not None and room:
        rest, more = _open(groups, room - 1, wanted)
        some_groups += [more_groups, *rest]
        more_groups = more
    return Page(
        proposals=tuple(proposal for asked in (*some_groups, *some_photos) for proposal in asked),
        groups=len(some_groups),
        photos=len(some_photos),
        is_all=more_groups is None and more_photos is None,
    )


def in_batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """So many at a time; the last batch may hold fewer."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


_KEYS: Final[dict[By, Callable[[StoredPart], Any]]] = {
    By.PATH: lambda part: (part.place, part.number),
    By.SCORE: lambda part: (part.lowest is None, part.lowest or 0.0, part.place, part.number),
}


def _open(
    asked: Iterator[list[Proposal]], count: int, wanted: Wanted
) -> tuple[list[list[Proposal]], list[Proposal] | None]:
    """Questions until so many open ones, and one more that is left; None: there is no more."""
    found: list[list[Proposal]] = []
    for each in asked:
        answered = wanted.is_answered(each)
        if count <= 0 and not answered:
            return found, each
        found.append(each)
        count -= not answered
    return found, None


def _count(asked: Iterable[Sequence[Proposal]], wanted: Wanted) -> int:
    return sum(not wanted.is_answered(each) for each in asked)
