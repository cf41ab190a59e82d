"""Which of several copies is the source, from all close looks at pairs of them together.

A look gives log-odds, and looks err: one in thirty of those with a copy. But the source is in as many looks as it has
copies, and in all of them it should win. So each picture is given the likelihood of its looks if it were the source,

    score(s) = sum over the others x of log P(what is known of s and x | s is the source),

and who has the highest leads. Who was not compared with another may still stand before it, by way of those that lie
between: as surely as the weakest look on the way says; of several ways the surest counts, of ways in both directions
the difference (as in Schulze's method of voting, 2011, which settles circles the same way). Where nothing speaks, both
are as likely. To what a look says of two comes which of them the other copies were made from (`witnesses`). Copies are
seldom turned, so what lies otherwise than most is hardly the source; of two that lie differently this tells nothing.

The first guess at a source is compared with all others, and its rivals with few. So that it isn't taken for the source
just for that, what a look says of a picture and a third one is held to be said of every picture that looks the same,
and of what witnesses were asked to tell from it.
And a file with a picture's very pixels is a copy of it, too: the nearest witness there can be.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from types import MappingProxyType

from albumclean.domain import AS_IT_LIES, Turn
from albumclean.similar.witnesses import (
    NOTHING_TOLD,
    Differences,
    Testimonies,
    differences_of,
    looking_the_same,
    witness_odds,
)

TIED = 0.2  # log-odds below which nothing tells
_ERRING = 0.01  # of looks that seem to be beyond doubt
_FOR_FILES = 0.69  # log-odds, at most; together with all other witnesses not enough to be sure (2.5)
_ONE_EACH: Mapping[bytes, int] = MappingProxyType({})
_TURNED = 4.0  # log-odds against a picture that lies otherwise than all others


@dataclass(frozen=True, slots=True)
class Odds:
    """What a look at two pictures said."""

    one: bytes
    other: bytes
    odds: float  # logarithm of how much likelier `one` is the source of `other` than the other way round
    turn: Turn = AS_IT_LIES  # that lays `other` as `one` lies
    difference: float | None = None  # between the two, as in `Comparison`


def scores(
    pictures: Sequence[bytes],
    looks: Iterable[Odds],
    files: Mapping[bytes, int] = _ONE_EACH,
    told: Testimonies = NOTHING_TOLD,
) -> dict[bytes, float]:
    """For each of the distinct `pictures` the logarithm of its likelihood as the source, up to a common summand.

    `looks`: at pairs of them; of several at one pair the surest counts. The order of neither makes a difference.
    `files`: how many there are with each picture's very pixels; 1 where it is not said.
    `told`: what others of the pictures tell of two of them.
    """
    known = sorted(looks, key=lambda look: (look.one, look.other, look.odds))
    direct = _surest(pictures, known, told)
    ways = {picture: _ways(picture, direct) for picture in pictures}
    turned = _turned(sorted(pictures), known)
    return {
        one: sum(_log_chance(ways[one].get(other, 0.0) - ways[other].get(one, 0.0)) for other in sorted(pictures))
        - turned[one]
        + min(_FOR_FILES, math.log(files.get(one, 1)))
        for one in pictures
    }


def _log_chance(odds: float) -> float:
    """The logarithm of the chance that looks say this of a source, allowing for looks that err."""
    return math.log(_ERRING + (1 - 2 * _ERRING) / (1 + math.exp(-odds)))


def _surest(pictures: Iterable[bytes], looks: Sequence[Odds], told: Testimonies) -> dict[bytes, dict[bytes, float]]:
    """For each picture those that it comes before by a look at both, and how surely."""
    surest: dict[tuple[bytes, bytes], float] = {}
    for look in looks:
        pair, odds = (
            ((look.one, look.other), look.odds) if look.one < look.other else ((look.other, look.one), -look.odds)
        )
        if abs(odds) >= abs(surest.get(pair, 0.0)):
            surest[pair] = odds
    before: dict[bytes, dict[bytes, float]] = {picture: {} for picture in pictures}
    differences = differences_of((look.one, look.other, look.difference) for look in looks)
    said = {pair: seen + witness_odds(*pair, differences, told) for pair, seen in surest.items()}
    for (one, other), odds in [*said.items(), *_said_of_likes(said, differences, told)]:
        if odds > 0:
            before[one][other] = odds
        elif odds < 0:
            before[other][one] = -odds
    return before


def _said_of_likes(
    said: Mapping[tuple[bytes, bytes], float], differences: Differences, told: Testimonies
) -> Iterator[tuple[tuple[bytes, bytes], float]]:
    """For pairs of pictures that were not compared what looks say of pictures that look the same as one of them.

    Or that witnesses were asked about: these tell the two apart, and not which of them was compared with more.
    """
    beside: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for one, other in sorted(told):
        beside[one].append(other)
        beside[other].append(one)
    looks: dict[bytes, dict[bytes, float]] = {}
    for (one, other), odds in said.items():
        looks.setdefault(one, {})[other] = odds
        looks.setdefault(other, {})[one] = -odds
    for picture in sorted(looks):
        heard = {picture, *looks[picture]}
        for like in (*looking_the_same(picture, differences), *beside[picture]):
            for other in sorted(looks.get(like, {}).keys() - heard):
                heard.add(other)
                yield (picture, other), looks[like][other]


def _ways(start: bytes, before: Mapping[bytes, Mapping[bytes, float]]) -> dict[bytes, float]:
    """How surely `start` comes before each that it leads to, by the surest way (Dijkstra's search for the widest)."""
    found: dict[bytes, float] = {}
    ahead = [(-math.inf, start)]
    while ahead:
        width, picture = heappop(ahead)
        if picture in found:
            continue
        found[picture] = -width
        for after, odds in before[picture].items():
            if after not in found:
                heappush(ahead, (max(width, -odds), after))
    del found[start]
    return found


def _turned(pictures: Sequence[bytes], looks: Iterable[Odds]) -> dict[bytes, float]:
    """Log-odds against each picture: in proportion to the share of the others that lie otherwise."""
    beside: dict[bytes, list[tuple[bytes, Turn]]] = {picture: [] for picture in pictures}
    for look in looks:
        beside[look.one].append((look.other, look.turn))
        beside[look.other].append((look.one, look.turn.inverse))
    lies: dict[bytes, Turn] = {}
    parts: dict[bytes, list[bytes]] = {}
    for start in pictures:
        if start in lies:
            continue
        lies[start] = AS_IT_LIES
        parts[start], ahead = [start], deque([start])
        while ahead:
            picture = ahead.popleft()
            for other, turn in beside[picture]:
                if other not in lies:
                    lies[other] = lies[picture].after(turn)
                    parts[start].append(other)
                    ahead.append(other)
    against = {}
    for part in parts.values():
        for picture in part:
            otherwise = sum(lies[other] != lies[picture] for other in part)
            against[picture] = _TURNED * otherwise / max(1, len(part) - 1)
    return against
