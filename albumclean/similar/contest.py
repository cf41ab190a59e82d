"""Which looks would tell the likeliest sources of a star apart, so that what is kept was compared with its rivals.

The files with one picture stand by the best of them; a look at another one may blame the picture for what was done to
that file alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from albumclean.similar.components import Pair, pair
from albumclean.similar.posterior import Odds, scores
from albumclean.similar.twins import best_twins, said_of_pictures, twin_scores
from albumclean.similar.verdict import Verdict
from albumclean.similar.witnesses import differences_of, silent_witnesses

_OPEN = 3.0  # log-odds below which a look at two of the likeliest sources is worth its time
_CONTENDERS = 3  # the likeliest sources, which are all compared with each other
_WITNESSES = 12  # looks at other copies that a question between two of them is worth


@dataclass(frozen=True, slots=True)
class Contest:
    """What decides between copies of one shot."""

    verdicts: Mapping[Pair, Verdict]
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
        """Those at pairs of the likeliest sources, and if these leave it open, at copies that may look like either."""
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
        likely = scores(sorted(set(best.values())), known)
        blamed = {best[photo] for photo in worse}  # what was said of these was said of a worse twin
        contenders = self._contenders(likely)
        leader, rivals = contenders[0], contenders[1:]
        # However far it seems behind: that says only that it was not itself compared.
        if wanted := self._missing([*combinations(contenders, 2), *((leader, each) for each in blamed - {leader})]):
            return wanted
        differences = differences_of((look.one, look.other, look.difference) for look in known)
        pictures = sorted(likely, key=self.order.__getitem__)
        for rival in rivals:
            silent = silent_witnesses(leader, rival, pictures, differences)
            ways = (pair(one, witness) for one, witness in silent)
            if wanted := [way for way in ways if way not in self.verdicts and way not in self.apart]:
                return wanted[:_WITNESSES]
        return []

    def _contenders(self, likely: Mapping[bytes, float]) -> list[bytes]:
        """The likeliest sources, the first of them first."""
        ranked = sorted(likely, key=lambda photo: (-likely[photo], self.order[photo]))
        return [each for each in ranked[:_CONTENDERS] if likely[each] > likely[ranked[0]] - _OPEN]

    def _missing(self, wanted: Iterable[Pair]) -> list[Pair]:
        ways = {pair(one, other) for one, other in wanted}
        return sorted(way for way in ways if way not in self.verdicts and way not in self.apart)
