"""Which looks would tell the likeliest sources of a star apart, so that what is kept was compared with its rivals.

The files with one picture stand by the best of them; a look at another one may blame the picture for what was done to
that file alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations

from albumclean.similar.components import Pair, Triple, pair
from albumclean.similar.posterior import Odds, scores
from albumclean.similar.twins import best_twins, said_of_pictures, twin_scores
from albumclean.similar.verdict import Verdict
from albumclean.similar.witnesses import Differences, Testimonies, differences_of, testimonies_of

_OPEN = 3.0  # log-odds below which a look at two of the likeliest sources is worth its time, and witnesses are
_UNSURE = 2.5  # log-odds of a look at two, below which it alone settles nothing
_CONTENDERS = 3  # the likeliest sources, which are all compared with each other
_SPEAKING, _ASKED = 6, 16  # witnesses that a question is worth: so many who can tell, of so many who are asked


@dataclass(frozen=True, slots=True)
class Contest:
    """What decides between copies of one shot."""

    verdicts: Mapping[Pair, Verdict]
    told: Testimonies
    order: Mapping[bytes, int]  # by what is expected of each before any look
    twins_of: Callable[[bytes], tuple[bytes, ...]]  # the files with its pixels, itself among them; ascending
    apart: Collection[Pair]  # what the user told apart

    def looks_at_twins(self, star: Iterable[bytes]) -> list[Pair]:
        """Those at the likeliest of the files with one picture, each of which was compared with the first alone."""
        wanted: list[Pair] = []
        for part in sorted({self.twins_of(photo) for photo in star}):
            if len(part) > 2:  # two were compared with each other
                wanted += self._missing(combinations(self._contenders(twin_scores(part, self.verdicts)), 2))
        return wanted

    def looks_at_pictures(self, star: Sequence[bytes]) -> list[Pair]:
        """Those at pairs of the likeliest sources."""
        standing = self._standing(star)
        contenders = self._contenders(standing.likely)
        leader = contenders[0]
        # However far it seems behind: that says only that it was not itself compared.
        blamed = ((leader, each) for each in standing.blamed - {leader})
        return self._missing([*combinations(contenders, 2), *blamed])

    def witnesses(self, star: Sequence[bytes]) -> list[Triple]:
        """Whom to ask which of two it was made from: the likeliest source, or what a look at it leaves open."""
        standing = self._standing(star)
        leader, *others = self._ranked(standing.likely)
        unsettled = [each for each in others if standing.looks.get(pair(leader, each), _OPEN) < _UNSURE]
        wanted: list[Triple] = []
        for rival in dict.fromkeys([*self._contenders(standing.likely)[1:], *unsettled[: _CONTENDERS - 1]]):
            question = pair(leader, rival)
            heard = standing.told.get(question, {})
            speaking = sum(leaning is not None for leaning in heard.values())
            if len(heard) >= _SPEAKING and not speaking:
                continue  # those who were changed least can't tell: nobody can
            missing = max(0, min(_SPEAKING - speaking, _ASKED - len(heard)))
            unasked = standing.likely.keys() - {*question, *heard}
            wanted += ((*question, other) for other in self._least_changed(unasked, question, standing)[:missing])
        return wanted

    def _least_changed(self, photos: Iterable[bytes], question: Pair, standing: _Standing) -> list[bytes]:
        """First what looks most like either of the two, in which most can be seen."""

        def key(photo: bytes) -> tuple[float, int]:
            seen = (standing.differences.get(each, {}).get(photo, math.inf) for each in question)
            return min(seen), self.order[photo]

        return sorted(photos, key=key)

    def _standing(self, star: Sequence[bytes]) -> _Standing:
        ordered = sorted(star, key=self.order.__getitem__)
        best, worse = best_twins(ordered, lambda photo: self.twins_of(photo)[0], self.verdicts)
        known = [
            Odds(
                best[one],
                best[other],
                said_of_pictures(verdict.odds(one), one in worse, other in worse),
                verdict.turn,
                verdict.difference,
            )
            for one, other in combinations(sorted(star), 2)
            if (verdict := self.verdicts.get((one, other))) is not None
            and best[one] != best[other]
            and (verdict.copies or verdict.by_camera)
        ]
        told = testimonies_of(self.told, best)
        likely = scores(sorted(set(best.values())), known, told=told)
        looks: dict[Pair, float] = {}
        for look in known:
            looks[pair(look.one, look.other)] = max(abs(look.odds), looks.get(pair(look.one, look.other), 0.0))
        differences = differences_of((look.one, look.other, look.difference) for look in known)
        return _Standing(likely, {best[photo] for photo in worse}, looks, differences, told)

    def _contenders(self, likely: Mapping[bytes, float]) -> list[bytes]:
        """The likeliest sources, the first of them first."""
        ranked = self._ranked(likely)
        return [each for each in ranked[:_CONTENDERS] if likely[each] > likely[ranked[0]] - _OPEN]

    def _ranked(self, likely: Mapping[bytes, float]) -> list[bytes]:
        return sorted(likely, key=lambda photo: (-likely[photo], self.order[photo]))

    def _missing(self, wanted: Iterable[Pair]) -> list[Pair]:
        ways = {pair(one, other) for one, other in wanted}
        return sorted(way for way in ways if way not in self.verdicts and way not in self.apart)


@dataclass(frozen=True, slots=True)
class _Standing:
    """What is known so far of a star's pictures, each by the best of its files."""

    likely: Mapping[bytes, float]
    blamed: Set[bytes]  # what was said of these was said of a worse twin
    looks: Mapping[Pair, float]  # how surely one at two of them tells which is the source
    differences: Differences
    told: Testimonies
