"""What the other copies of a shot tell of two of them: which one they look like.

A look at a picture and an edit of it may leave open which came first. But a recompressed, a small and a cropped copy
all have the light, the colours and the grain of the one that they were made from: they are its *witnesses*. If copies
are made of any file of a shot with the same chance, the likelihoods that either end of a link is the first of all stand
to each other as the numbers of files on its two sides (Shah and Zaman, "Rumors in a Network: Who's the Culprit?", IEEE
Transactions on Information Theory 57(8), 2011). An edit that its owner sent to everybody has many witnesses, too, so
their weight is limited: alone, they never settle a question.

Everything is drawn from differences between pictures (`Comparison.difference`), which hold to the inequality of the
triangle: who is near to one of two is far from the other, and needs no look at it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

Differences: TypeAlias = Mapping[bytes, Mapping[bytes, float]]  # grey levels, of each picture to those it was seen with

_NEAR = 0.4  # of the difference between two pictures: a third one so near to one of them came from its side
_LEAST = 1.0  # grey levels, below which two pictures look the same to all others
_SAME = 0.5  # grey levels, below which what a look says of one picture holds for the other: about what rounding leaves
_MOST = 1.8  # log-odds; less than what is needed to be sure (2.5)


def differences_of(seen: Iterable[tuple[bytes, bytes, float | None]]) -> Differences:
    """From looks at pairs of pictures; of several at one pair the smallest counts."""
    found: defaultdict[bytes, dict[bytes, float]] = defaultdict(dict)
    for one, other, difference in seen:
        if difference is not None:
            found[one][other] = found[other][one] = min(difference, found[one].get(other, difference))
    return found


def witness_odds(one: bytes, other: bytes, differences: Differences) -> float:
    """Log-odds that `one` is the source and not `other`, by the copies that look like either of them."""
    limit = _limit(one, other, differences)
    if limit is None:
        return 0.0
    for_one, for_other = (1 + sum(1 for _ in _near(each, limit, differences)) for each in (one, other))
    return max(-_MOST, min(_MOST, math.log(for_one / for_other)))


def looking_the_same(picture: bytes, differences: Differences) -> list[bytes]:
    """Those that differ from it by rounding, the nearest first."""
    near = ((difference, other) for other, difference in differences.get(picture, {}).items() if difference < _SAME)
    return [other for _, other in sorted(near)]


def silent_witnesses(
    one: bytes, other: bytes, pictures: Iterable[bytes], differences: Differences
) -> Iterator[tuple[bytes, bytes]]:
    """The looks that are missing: one of the two, and one of the `pictures` that may look like it, by what is known."""
    if (limit := _limit(one, other, differences)) is None:
        return
    for third in pictures:
        if third in (one, other):
            continue
        for each in (one, other):
            if third not in differences[each] and _may_be_near(each, third, limit, differences):
                yield each, third


def _limit(one: bytes, other: bytes, differences: Differences) -> float | None:
    """Grey levels within which a third picture is near to one of the two; None where they look the same."""
    apart = differences.get(one, {}).get(other, 0.0)
    return _NEAR * apart if apart >= _LEAST else None


def _near(picture: bytes, limit: float, differences: Differences) -> Iterator[bytes]:
    return (third for third, difference in differences[picture].items() if difference <= limit)


def _may_be_near(picture: bytes, third: bytes, limit: float, differences: Differences) -> bool:
    """Whether nothing that both were seen with forbids it, by the inequality of the triangle."""
    seen, seen_by_third = differences[picture], differences.get(third, {})
    return all(abs(seen[each] - seen_by_third[each]) <= limit for each in seen.keys() & seen_by_third.keys())
