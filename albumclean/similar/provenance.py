"""Which members of a group are nearer to the camera, from the close looks at pairs of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from albumclean.domain import Comparison, Relation
from albumclean.similar.components import components

Comparisons: TypeAlias = Mapping[tuple[bytes, bytes], Comparison]  # by (one, other), one < other


@dataclass(frozen=True, slots=True)
class Provenance:
    """An order of contents by `levels`: (0, 0) is nearest to the camera.

    A content stands below all that were found to be its source. Where contents are sources of each other in a circle,
    those that win more comparisons than they lose within it come first. Contents with the same pixels share the first
    number of their level; contents that nothing tells apart may share both.
    """

    levels: Mapping[bytes, tuple[int, int]]
    comparisons: Comparisons
    twins: Mapping[bytes, tuple[bytes, ...]]  # those with the same pixels, itself included

    @classmethod
    def of(cls, contents: Iterable[bytes], comparisons: Comparisons) -> Provenance:
        """The order of `contents` by those of the `comparisons` whose two sides are among them."""
        nodes = sorted(set(contents))
        known = _among(nodes, comparisons)
        first = _first_twins(nodes, known)
        between: dict[bytes, set[bytes]] = {node: set() for node in first.values()}  # the sources of each picture
        within: dict[bytes, set[bytes]] = {node: set() for node in nodes}  # and of each file with the same pixels
        for each in known:
            if each.source is not None:
                winner, loser = each.source, each.other if each.source == each.one else each.one
                if first[winner] == first[loser]:
                    within[loser].add(winner)
                else:
                    between[first[loser]].add(first[winner])
        outer, inner = _levels(between), _levels(within)
        twins: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for node in nodes:
            twins[first[node]].append(node)
        return cls(
            levels={node: (outer[first[node]], inner[node]) for node in nodes},
            comparisons={(each.one, each.other): each for each in known},
            twins={node: tuple(twins[first[node]]) for node in nodes},
        )

    def level(self, content: bytes) -> tuple[int, int]:
        """(0, 0) for the nearest to the camera, and for a content of which nothing is known."""
        return self.levels.get(content, (0, 0))

    def decision(self, source: bytes, copy: bytes) -> Comparison | None:
        """The close look that found `source` to be the source of `copy`, or those with the same pixels as them."""
        for mine in self.twins.get(source, ()):
            for theirs in self.twins.get(copy, ()):
                found = self.comparisons.get((mine, theirs) if mine < theirs else (theirs, mine))
                if found is not None and found.source == mine:
                    return found
        return None


def _among(nodes: Sequence[bytes], comparisons: Comparisons) -> list[Comparison]:
    wanted = set(nodes)
    return [
        comparisons[key]
        for key in sorted(comparisons)
        if wanted.issuperset(key) and comparisons[key].relation is not Relation.DIFFERENT
    ]


def _first_twins(nodes: Iterable[bytes], known: Iterable[Comparison]) -> dict[bytes, bytes]:
    """For each content the smallest that has the same pixels."""
    same = [(each.one, each.other) for each in known if each.relation is Relation.SAME_PIXELS]
    return {node: part[0] for part in components([*same, *((node, node) for node in nodes)]) for node in part}


def _levels(sources: Mapping[bytes, set[bytes]]) -> dict[bytes, int]:
    """Peels off, level by level, those without a source among the rest."""
    left = {node: set(above) for node, above in sources.items()}
    levels: dict[bytes, int] = {}
    level = 0
    while left:
        peeled = [node for node, above in left.items() if not above] or _best_of_circles(left)
        for node in peeled:
            levels[node] = level
            del left[node]
        for above in left.values():
            above.difference_update(peeled)
        level += 1
    return levels


def _best_of_circles(sources: Mapping[bytes, set[bytes]]) -> list[bytes]:
    """Of contents that all have a source: in the circles that nothing outside is a source of, those that win most."""
    above = {node: _reached(node, sources) for node in sources}
    top = {node for node in sources if all(node in above[other] for other in above[node])}
    wins = dict.fromkeys(top, 0)
    for node in top:
        for winner in sources[node] & top:
            wins[winner] += 1
            wins[node] -= 1
    return [node for node in top if wins[node] == max(wins.values())]


def _reached(start: bytes, sources: Mapping[bytes, set[bytes]]) -> set[bytes]:
    found: set[bytes] = set()
    ahead = [start]
    while ahead:
        for node in sources[ahead.pop()] - found:
            found.add(node)
            ahead.append(node)
    return found
