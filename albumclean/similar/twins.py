"""Files with the very same pixels: which of them is nearest to the camera, and what looks at the others are worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

from albumclean.similar.components import Pair
from albumclean.similar.posterior import TIED, Odds, scores
from albumclean.similar.verdict import Verdict


def best_twins(
    photos: Iterable[bytes], picture_of: Callable[[bytes], bytes], verdicts: Mapping[Pair, Verdict]
) -> tuple[dict[bytes, bytes], set[bytes]]:
    """For each photo the nearest to the camera of those that show its picture, and all that are farther.

    `photos`: in the order that decides where nothing else does. `picture_of`: the same for all with the same pixels.
    """
    parts: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for photo in photos:
        parts[picture_of(photo)].append(photo)
    best: dict[bytes, bytes] = {}
    worse: set[bytes] = set()
    for part in parts.values():
        likely = twin_scores(part, verdicts)
        least = max(likely.values()) - TIED
        worse.update(photo for photo in part if likely[photo] <= least)
        best.update(dict.fromkeys(part, next(photo for photo in part if likely[photo] > least)))
    return best, worse


def twin_scores(part: Sequence[bytes], verdicts: Mapping[Pair, Verdict]) -> dict[bytes, float]:
    """`posterior.scores` of files with one picture, by the looks at pairs of them."""
    within = [
        Odds(one, other, verdict.odds(one), verdict.turn)
        for one, other in combinations(sorted(part), 2)
        if (verdict := verdicts.get((one, other))) is not None
    ]
    return scores(part, within)


def said_of_pictures(odds: float, one_is_worse: bool, other_is_worse: bool) -> float:
    """Of the log-odds that a look gave for `one`, what they say of the two pictures.

    What a picture was packed into later (a PNG of a JPEG), or what a program wrote into it, is younger than its copies;
    the picture is not. So where a file that has a better twin loses, nothing is said.
    """
    if one_is_worse:
        odds = max(odds, 0.0)
    return min(odds, 0.0) if other_is_worse else odds
