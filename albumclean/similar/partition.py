"""The parts of a library that hold what looks alike: copies, the clusters of moments, and series; as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from albumclean.words import counted


class SeriesKind(StrEnum):
    """What the shots were taken for."""

    BRACKET = "bracket"
    FOCUS_STACK = "focus-stack"
    TIME_LAPSE = "time-lapse"
    PANORAMA = "panorama"

    @property
    def text(self) -> str:
        """What it is called, for people."""
        return "focus stack" if self is SeriesKind.FOCUS_STACK else self.value


@dataclass(frozen=True, slots=True)
class Series:
    """A work of several shots; for each shot, in the order of time, the contents that show it (its copies)."""

    kind: SeriesKind
    shots: tuple[tuple[bytes, ...], ...]

    @property
    def contents(self) -> tuple[bytes, ...]:
        """Every content of it."""
        return tuple(content for shot in self.shots for content in shot)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Shots that go together by chains, with the moments among them; what one cluster holds has no say in another.

    Nothing in a cluster goes with anything outside, so that telling shots apart, or a search among these contents
    alone, gives what a search of the whole library would.
    """

    contents: tuple[bytes, ...]  # ascending
    moments: tuple[tuple[bytes, ...], ...]  # disjoint, each ascending, in order; some contents may be in none


@dataclass(frozen=True, slots=True)
class Partition:
    """What looks alike in a whole library, before anybody asks which files are there and what the user said.

    It hangs on contents and on close looks alone, so that it may be kept while these stay what they are.
    """

    copies: Sequence[Sequence[bytes]]  # contents that copies connect, ascending, by their smallest
    clusters: Sequence[Cluster]  # what moments lie in
    series: Sequence[Series]


def in_words(series: Iterable[Series]) -> str:
    """ "2 brackets (6 photos), 1 panorama (4 photos)", the parts in the order of `SeriesKind`; empty for none."""
    by_kind: dict[SeriesKind, list[Series]] = {kind: [] for kind in SeriesKind}
    for each in series:
        by_kind[each.kind].append(each)
    return ", ".join(
        f"{counted(len(found), kind.text)} ({counted(sum(len(each.shots) for each in found), 'photo')})"
        for kind, found in by_kind.items()
        if found
    )


class Wholes:
    """Which contents belong to which shot of which series."""

    def __init__(self, series: Iterable[Series]) -> None:
        self._place = {
            content: (number, shot)
            for number, each in enumerate(series)
            for shot, contents in enumerate(each.shots)
            for content in contents
        }

    def __contains__(self, content: object) -> bool:
        return content in self._place

    def apart(self, one: bytes, other: bytes) -> bool:
        """Whether they are different shots of one series, which are never copies of each other."""
        here, there = self._place.get(one), self._place.get(other)
        return here is not None and there is not None and here[0] == there[0] and here[1] != there[1]
