"""Which pairs of look-alikes deserve a close look, and the copies that those looks establish.

Copies of one shot form a *star*: a centre and members each of which was compared with the centre itself. So nothing is
alike by hearsay (A like B like C), and n copies cost about n looks. The centre is the first guess at the source; those
members that turn out to be nearer to the camera are compared with each other as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from albumclean.domain import Photo, Relation
from albumclean.similar.components import Pair
from albumclean.similar.contents import different_shots
from albumclean.similar.prior import Prior


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a close look at a pair said."""

    copies: bool
    source: bytes | None = None  # which of the two is the source, if that can be told


@dataclass(frozen=True, slots=True)
class Star:
    """Copies of one shot: `members` is ascending and does not hold the centre."""

    centre: bytes
    members: tuple[bytes, ...]


@dataclass(slots=True)
class Stars:
    """What is settled, and the looks that would settle more."""

    stars: list[Star] = field(default_factory=list)
    wanted: list[Pair] = field(default_factory=list)


def find_stars(
    candidates: Iterable[Pair],
    verdicts: Mapping[Pair, Verdict],
    prior: Callable[[bytes], Prior],
    *,
    apart: Collection[Pair] = frozenset(),
    final: bool = False,
) -> Stars:
    """Stars among photos that may be copies, in the order of their centres' priors.

    `candidates`: the pairs that look alike. `prior`: a sort key, distinct for each photo; the smallest is the best
    guess at a source. `apart`: pairs that must not share a star. Pairs without a verdict are wanted, and what depends
    on them is left open, so the caller looks and asks again until nothing is wanted; with `final` such pairs count as
    no copies. The same candidates and verdicts give the same stars in any order.
    """
    return _Search(candidates, verdicts, prior, apart, final=final).run()


def verdict_of(relation: Relation, source: bytes | None, one: Photo | None, other: Photo | None) -> Verdict:
    """From a close look at two photos: the camera's word that these are different shots outranks alike pixels."""
    told_apart = one is not None and other is not None and different_shots(one, other)
    copies = relation is Relation.SAME_PIXELS or (relation is Relation.DERIVED and not told_apart)
    return Verdict(copies, source)


def pair(one: bytes, other: bytes) -> Pair:
    """The pair as a key."""
    return (one, other) if one < other else (other, one)


class _Search:
    def __init__(
        self,
        candidates: Iterable[Pair],
        verdicts: Mapping[Pair, Verdict],
        prior: Callable[[bytes], Prior],
        apart: Collection[Pair],
        *,
        final: bool,
    ) -> None:
        self._verdicts = verdicts
        self._apart = apart
        self._final = final
        self._near: defaultdict[bytes, set[bytes]] = defaultdict(set)
        for one, other in candidates:
            self._near[one].add(other)
            self._near[other].add(one)
        self._order = {photo: at for at, photo in enumerate(sorted(self._near, key=prior))}
        self._free = set(self._near)
        self._open: set[bytes] = set()  # their place hangs on a look that is still wanted
        self._found = Stars()

    def run(self) -> Stars:
        for photo in self._order:  # in the order of priors
            if photo in self._free and photo not in self._open:
                (self._settle_finally if self._final else self._settle)(photo)
        self._found.wanted = sorted(set(self._found.wanted))
        return self._found

    def _settle(self, first: bytes) -> None:
        """Find the star around `first`; leave it open if looks are wanted."""
        around = self._near[first] & self._free
        while not self._waits(first, around):
            members = self._copies(first, around)
            leader, wanted = self._leader(first, members)
            if wanted:
                self._found.wanted += wanted
                self._open.update((first, *around))
                return
            # What looks like the source may not look like a small or cropped copy of it that happened to be first;
            # and what is known to be a copy of a member shall not be left behind.
            met = around | (self._near[leader] & self._free)
            met.update(*(self._known_copies(member) for member in members))
            met.discard(first)
            if met == around:
                self._close(first, members)
                return
            around = met

    def _settle_finally(self, first: bytes) -> None:
        """The star around that copy which was compared with most others."""
        members = self._copies(first, self._near[first] & self._free)
        centre = max((first, *members), key=lambda photo: (len(self._known_copies(photo)), -self._order[photo]))
        self._close(centre, self._copies(centre, self._near[centre] & self._free))
        if first in self._free:  # told apart from another member
            self._close(first, self._copies(first, self._near[first] & self._free))

    def _known_copies(self, photo: bytes) -> set[bytes]:
        return {other for other in self._near[photo] & self._free if self._is_copy(photo, other)}

    def _is_copy(self, one: bytes, other: bytes) -> bool:
        """Whether a close look found them to be copies, whatever the user says of it."""
        verdict = self._verdicts.get(pair(one, other))
        return verdict is not None and verdict.copies

    def _leader(self, first: bytes, members: Sequence[bytes]) -> tuple[bytes, list[Pair]]:
        """The one nearest to the camera, and the looks that would tell; what was made from `first` needs none."""
        better = [member for member in members if self._source(first, member) == member]
        if not better:
            return first, []
        rivals = [member for member in members if self._source(first, member) != first]
        leader, led = better[0], set[bytes]()
        while True:
            led.add(leader)
            pairs = [pair(leader, other) for other in rivals if other != leader]
            wanted = [each for each in pairs if each not in self._verdicts and each not in self._apart]
            if wanted:
                return leader, wanted
            above = [other for other in rivals if other not in led and self._source(leader, other) == other]
            if not above:
                return leader, []
            leader = above[0]

    def _are_apart(self, one: bytes, other: bytes) -> bool:
        """Whether the user or a close look told them apart."""
        verdict = self._verdicts.get(pair(one, other))
        return pair(one, other) in self._apart or (verdict is not None and not verdict.copies)

    def _source(self, one: bytes, other: bytes) -> bytes | None:
        return self._verdicts[pair(one, other)].source if self._is_copy(one, other) else None

    def _close(self, centre: bytes, members: Sequence[bytes]) -> None:
        self._free.discard(centre)
        self._free.difference_update(members)
        if members:
            self._found.stars.append(Star(centre, tuple(sorted(members))))

    def _waits(self, centre: bytes, around: set[bytes]) -> bool:
        """Whether looks must come first; asks for those that are not waiting for the outcome of others."""
        wanted = [
            pair(centre, other)
            for other in around - self._open
            if pair(centre, other) not in self._verdicts and pair(centre, other) not in self._apart
        ]
        if not wanted and centre not in self._open and not around & self._open:
            return False
        self._found.wanted += wanted
        self._open.add(centre)
        self._open.update(around if not around & self._open else (photo for one in wanted for photo in one))
        return True

    def _copies(self, centre: bytes, around: Iterable[bytes]) -> list[bytes]:
        """Those of `around` that are copies of the centre; of two that were told apart the one of lower prior."""
        members: list[bytes] = []
        for other in sorted(around, key=self._order.__getitem__):
            if not self._is_copy(centre, other) or self._are_apart(centre, other):
                continue
            if not any(self._are_apart(other, member) for member in members):
                members.append(other)
        return members
