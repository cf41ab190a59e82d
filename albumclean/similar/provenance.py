"""Which members of a group are nearer to the camera, from the close looks at pairs of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from albumclean.domain import Comparison, Relation
from albumclean.similar.components import components, pair
from albumclean.similar.posterior import TIED, Odds, scores
from albumclean.similar.twins import said_of_pictures
from albumclean.similar.witnesses import NOTHING_TOLD, Testimonies, testimonies_of, votes

Comparisons: TypeAlias = Mapping[tuple[bytes, bytes], Comparison]  # by (one, other), one < other

_OPEN = 2.5  # log-odds below which a person should look
_UNSEEN = 5.0  # the same, of all looks together, where the look at the two themselves leaves it open


@dataclass(frozen=True, slots=True)
class Provenance:
    """An order of contents by `levels`: (0, 0) is nearest to the camera.

    Contents are ordered by how likely all looks together make each the source (`posterior`). Contents with the same
    pixels share the first number of their level; contents that nothing tells apart from the first may share both.
    """

    levels: Mapping[bytes, tuple[int, int]]
    likelihoods: Mapping[bytes, float]  # of the pictures: logarithms, the same for those with the same pixels
    comparisons: Comparisons
    twins: Mapping[bytes, tuple[bytes, ...]]  # those with the same pixels, itself included
    told: Testimonies  # of the first twins

    @classmethod
    def of(cls, contents: Iterable[bytes], comparisons: Comparisons, told: Testimonies = NOTHING_TOLD) -> Provenance:
        """The order of `contents` by those of the `comparisons` and of what was `told` that are of them alone."""
        files = Counter(contents)
        nodes = sorted(files)
        known = _among(nodes, comparisons)
        first = _first_twins(nodes, known)
        twins: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for node in nodes:
            twins[first[node]].append(node)
        within: defaultdict[bytes, list[Odds]] = defaultdict(list)
        for each in known:
            if first[each.one] == first[each.other]:
                within[first[each.one]].append(Odds(each.one, each.other, each.odds, each.turn))
        inner = {
            node: level
            for picture, part in twins.items()
            for node, level in _levels(scores(part, within[picture])).items()
        }
        holding = {picture: sum(files[node] for node in part) for picture, part in twins.items()}
        heard = testimonies_of(told, first)
        pictures = scores(list(twins), _between(known, first, inner), holding, heard)
        outer = _levels(pictures)
        return cls(
            levels={node: (outer[first[node]], inner[node]) for node in nodes},
            likelihoods={node: pictures[first[node]] for node in nodes},
            comparisons={(each.one, each.other): each for each in known},
            twins={node: tuple(twins[first[node]]) for node in nodes},
            told=heard,
        )

    def level(self, content: bytes) -> tuple[int, int]:
        """(0, 0) for the nearest to the camera, and for a content of which nothing is known."""
        return self.levels.get(content, (0, 0))

    def rivals(self, keeper: bytes) -> frozenset[bytes]:
        """The contents with other pixels of which the looks leave open whether they are nearer than `keeper`."""
        if keeper not in self.likelihoods:
            return frozenset()
        best = self.likelihoods[keeper]
        return frozenset(
            content
            for content, likelihood in self.likelihoods.items()
            if content not in self.twins[keeper]
            and likelihood > best - (_OPEN if self._is_sure(keeper, content) else _UNSEEN)
        )

    def _is_sure(self, source: bytes, copy: bytes) -> bool:
        """Whether a look at the two leaves no doubt by itself; or if there was none, one at files with their pixels."""
        direct = self.comparisons.get(pair(source, copy))
        found = direct or self.decision(source, copy)
        return found is not None and found.source not in {None, copy} and found.certainty >= _OPEN

    def decision(self, source: bytes, copy: bytes) -> Comparison | None:
        """The close look that found `source` to be the source of `copy`, or those with the same pixels as them."""
        for mine in self.twins.get(source, ()):
            for theirs in self.twins.get(copy, ()):
                found = self.comparisons.get(pair(mine, theirs))
                if found is not None and found.source == mine:
                    return found
        return None

    def witnesses(self, one: bytes, other: bytes) -> tuple[int, int]:
        """How many of the other pictures were found to be made from `one`, and how many from `other`."""
        return votes(self.twins.get(one, (one,))[0], self.twins.get(other, (other,))[0], self.told)


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


def _between(known: Iterable[Comparison], first: Mapping[bytes, bytes], inner: Mapping[bytes, int]) -> Iterator[Odds]:
    """The looks at different pictures; of those at the same two, the ones at the files that stand highest."""
    looks: defaultdict[tuple[bytes, bytes], list[Comparison]] = defaultdict(list)
    for each in known:
        pictures = first[each.one], first[each.other]
        if pictures[0] != pictures[1]:
            looks[min(pictures), max(pictures)].append(each)
    for found in looks.values():
        highest = min(inner[each.one] + inner[each.other] for each in found)
        for each in found:
            if inner[each.one] + inner[each.other] == highest:
                odds = said_of_pictures(each.odds, inner[each.one] > 0, inner[each.other] > 0)
                yield Odds(first[each.one], first[each.other], odds, each.turn, each.difference)


def _levels(likelihoods: Mapping[bytes, float]) -> dict[bytes, int]:
    """0 for the likeliest and for what nothing tells apart from it, then one for each."""
    best = max(likelihoods.values(), default=0.0)
    behind = sorted((-value, node) for node, value in likelihoods.items() if value <= best - TIED)
    return {**dict.fromkeys(likelihoods, 0), **{node: place for place, (_, node) in enumerate(behind, start=1)}}
