"""What the other copies of a shot tell of two of them: from which one they were made.

A look at a picture and an edit of it may leave open which came first. But a recompressed, a small and a cropped copy
all have the light, the grain and the captions of the one that they were made from: they are its *witnesses*. If copies
are made of any file of a shot with the same chance, the likelihoods that either end of a link is the first of all stand
to each other as the numbers of files on its two sides (Shah and Zaman, "Rumors in a Network: Who's the Culprit?", IEEE
Transactions on Information Theory 57(8), 2011); if of the first twice as readily as of any other, as the squares of
these. An edit that its owner sent to everybody has many witnesses, too, so their weight is limited: alone, they never
settle a question, as where a look at the two leaves it open, the odds must be 5 before anything goes (`provenance`).

Where a question is open, witnesses are asked one by one (`Testimony`): what was laid over or taken away shows in a look
at all three. Else the distances between pictures speak (`Comparison.difference`), which cost nothing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from albumclean.domain import Testimony
from albumclean.similar.components import Pair, pair

Differences: TypeAlias = Mapping[bytes, Mapping[bytes, float]]  # grey levels, of each picture to those it was seen with
Testimonies: TypeAlias = Mapping[Pair, Mapping[bytes, float | None]]  # of two, by witness: `Testimony.leaning`

NOTHING_TOLD: Testimonies = MappingProxyType({})

_NEAR = 0.4  # of the difference between two pictures: a third one so near to one of them came from its side
_LEAST = 1.0  # grey levels, below which two pictures look the same to all others
_SAME = 0.5  # grey levels, below which what a look says of one picture holds for the other: about what rounding leaves
_CLEAR = 0.3  # of a leaning: what leans less speaks for neither
_TELLING = 0.25  # share of those asked who can tell, below which it may be chance
_READINESS = 2.0  # to copy the first of all and not another file
# Log-odds; less than what is needed to be sure: 5, and 2.5 where a look at the two is sure as well.
_MOST, _MOST_BY_COLOUR = 4.0, 1.8


def differences_of(seen: Iterable[tuple[bytes, bytes, float | None]]) -> Differences:
    """From looks at pairs of pictures; of several at one pair the smallest counts."""
    found: defaultdict[bytes, dict[bytes, float]] = defaultdict(dict)
    for one, other, difference in seen:
        if difference is not None:
            found[one][other] = found[other][one] = min(difference, found[one].get(other, difference))
    return found


def told_of(testimonies: Iterable[Testimony]) -> defaultdict[Pair, dict[bytes, float | None]]:
    """By the two that are asked about, and by witness."""
    found: defaultdict[Pair, dict[bytes, float | None]] = defaultdict(dict)
    for each in testimonies:
        found[each.one, each.other][each.witness] = each.leaning
    return found


def testimonies_of(told: Testimonies, picture_of: Mapping[bytes, bytes]) -> Testimonies:
    """The same of pictures that was told of files; what `picture_of` doesn't know is left out."""
    found: defaultdict[Pair, dict[bytes, float | None]] = defaultdict(dict)
    for (one, other), by_witness in sorted(told.items()):
        if one not in picture_of or other not in picture_of or picture_of[one] == picture_of[other]:
            continue
        mine, theirs = picture_of[one], picture_of[other]
        for witness, leaning in sorted(by_witness.items()):
            shown = picture_of.get(witness)
            if shown is not None and shown not in (mine, theirs):
                found[pair(mine, theirs)][shown] = leaning if leaning is None or mine < theirs else -leaning
    return found


def witness_odds(one: bytes, other: bytes, differences: Differences, told: Testimonies) -> float:
    """Log-odds that `one` is the source and not `other`, by the copies that were made from either of them."""
    leanings = told.get(pair(one, other))
    if leanings:
        spoken = votes(one, other, told)
        return _odds(*spoken, _READINESS, _MOST) if sum(spoken) >= _TELLING * len(leanings) else 0.0
    limit = _limit(one, other, differences)
    if limit is None:
        return 0.0
    near, near_other = (sum(apart <= limit for apart in differences[each].values()) for each in (one, other))
    return _odds(near, near_other, 1.0, _MOST_BY_COLOUR)


def votes(one: bytes, other: bytes, told: Testimonies) -> tuple[int, int]:
    """How many witnesses were made from `one`, and how many from `other`."""
    sign = 1 if one < other else -1
    leanings = (leaning for leaning in told.get(pair(one, other), {}).values() if leaning is not None)
    clear = [sign * leaning for leaning in leanings if abs(leaning) >= _CLEAR]
    for_one = sum(leaning > 0 for leaning in clear)
    return for_one, len(clear) - for_one


def _odds(for_one: int, for_other: int, weight: float, most: float) -> float:
    return max(-most, min(most, weight * (math.log1p(for_one) - math.log1p(for_other))))


def looking_the_same(picture: bytes, differences: Differences) -> list[bytes]:
    """Those that differ from it by rounding, the nearest first."""
    near = ((difference, other) for other, difference in differences.get(picture, {}).items() if difference < _SAME)
    return [other for _, other in sorted(near)]


def _limit(one: bytes, other: bytes, differences: Differences) -> float | None:
    """Grey levels within which a third picture is near to one of the two; None where they look the same."""
    apart = differences.get(one, {}).get(other, 0.0)
    return _NEAR * apart if apart >= _LEAST else None
