"""Which pairs of look-alikes deserve a close look, and the copies that those looks establish.

Copies of one shot form a *star*: a centre and members each of which was compared with the centre itself, or with a file
of its very pixels. So nothing is alike by hearsay (A like B like C), and n copies cost about n looks. The centre is the
first guess at the source; those members that turn out to be nearer to the camera are compared with each other as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Final

from albumclean.similar.components import Pair, Triple, components, pair
from albumclean.similar.contest import Contest
from albumclean.similar.prior import Prior
from albumclean.similar.verdict import Verdict
from albumclean.similar.witnesses import NOTHING_TOLD, Testimonies

# With another revision, looks may be wanted that were not wanted before.
REVISION: Final = "1"


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
    witnesses: list[Triple] = field(default_factory=list)  # to be asked about the pair, by looks at all three


def find_stars(
    candidates: Iterable[Pair],
    verdicts: Mapping[Pair, Verdict],
    prior: Callable[[bytes], Prior],
    *,
    alike: Iterable[Pair] = (),
    pixels: Mapping[bytes, bytes] | None = None,
    apart: Collection[Pair] = frozenset(),
    told: Testimonies = NOTHING_TOLD,
    final: bool = False,
) -> Stars:
    """Stars among photos that may be copies, in the order of their centres' priors.

    `candidates`: the pairs that look alike. `prior`: a sort key, distinct for each photo; the smallest is the best
    guess at a source. `alike`: the candidates that could have the very same pixels; `pixels`: digests of the photos
    that were looked at. `apart`: pairs that must not share a star; `told`: what witnesses said. Pairs without a verdict
    are wanted, and what depends on them is left open, so the caller looks and asks again until nothing is wanted, nor
    any witness; with `final` such pairs count as no copies. The same candidates and verdicts give the same stars in
    any order.
    """
    search = _Search(candidates, verdicts, prior, alike=alike, pixels=pixels or {}, apart=apart, told=told, final=final)
    return search.run()


class _Search:
    def __init__(
        self,
        candidates: Iterable[Pair],
        verdicts: Mapping[Pair, Verdict],
        prior: Callable[[bytes], Prior],
        *,
        alike: Iterable[Pair],
        pixels: Mapping[bytes, bytes],
        apart: Collection[Pair],
        told: Testimonies,
        final: bool,
    ) -> None:
        self._verdicts = verdicts
        self._apart = apart
        self._final = final
        self._near = _neighbours(candidates)
        self._order = {photo: at for at, photo in enumerate(sorted(self._near, key=prior))}
        self._alike = _neighbours(alike)  # what could have the same pixels
        self._pixels = pixels
        same = [each for each, verdict in verdicts.items() if verdict.same_pixels and self._near.keys() >= {*each}]
        self._twins = {photo: tuple(part) for part in components(same) for photo in part}  # with the same pixels
        self._contest = Contest(verdicts, told, self._order, self._twins_of, apart)
        self._free = set(self._near)
        self._open: set[bytes] = set()  # their place hangs on a look that is still wanted
        self._found = Stars()

    def run(self) -> Stars:
        for photo in self._order:  # in the order of priors
            if photo in self._free and photo not in self._open:
                (self._settle_finally if self._final else self._settle)(photo)
        self._found.wanted = sorted(set(self._found.wanted))
        self._found.witnesses = sorted(set(self._found.witnesses))
        return self._found

    def _settle(self, first: bytes) -> None:
        """Find the star around `first`, or around what proves nearer to the camera; leave it open if looks are wanted.

        A photo that is only found beside copies, and a look at two strongly changed copies, which may fail: neither
        shall part a copy from its source. So all that is like a member is compared with the centre, and if the centre
        is itself a copy and some did not look like it, with the source as well.
        """
        centre, around = first, self._around(first)
        found: dict[bytes, list[bytes]] = {}  # the members around each centre that was tried
        while not self._waits(centre, around):
            members = self._copies(centre, around)
            leader, wanted = self._leader(centre, members)
            strangers = self._strange_twins({centre, *members})
            wanted = wanted or self._contest.looks_at_pictures((centre, *members))
            wanted = wanted or self._looks_at_twins((centre, *members), strangers)
            wanted = wanted or self._contest.looks_at_twins((centre, *members))
            if wanted or strangers & self._open:
                self._found.wanted += wanted
                self._open.update((centre, *around))
                return
            met = around.union(*(self._around(member) for member in members)) - {centre}
            if met != around:
                around = met
                continue
            found[centre] = members
            if leader in found or len(members) == len(around):
                centre = max(found, key=lambda tried: len(found[tried]))
                if witnesses := self._contest.witnesses((centre, *found[centre])):
                    self._found.witnesses += witnesses
                    self._open.update((centre, *around))
                else:
                    self._close(centre, found[centre])
                return
            centre, around = leader, (around | {centre}) - {leader}

    def _settle_finally(self, first: bytes) -> None:
        """The star around that copy which was compared with most others."""
        members = self._copies(first, self._around(first))
        centre = max((first, *members), key=lambda photo: (len(self._known_copies(photo)), -self._order[photo]))
        self._close(centre, self._copies(centre, self._around(centre)))
        if first in self._free:  # told apart from another member
            self._close(first, self._copies(first, self._around(first)))

    def _around(self, photo: bytes) -> set[bytes]:
        """What looks like it, as itself or as a file with the same pixels, and is in no star yet."""
        mine = self._twins_of(photo)
        alike = set(mine).union(*(self._near[twin] for twin in mine))
        return (alike.union(*(self._twins_of(other) for other in alike)) & self._free) - {photo}

    def _twins_of(self, photo: bytes) -> tuple[bytes, ...]:
        """The files that are known to have its pixels, itself among them."""
        return self._twins.get(photo, (photo,))

    def _strange_twins(self, star: Collection[bytes]) -> set[bytes]:
        """What may have the pixels of one of the star's photos, or has them by their digests, and is not in it."""
        found: set[bytes] = set()
        for photo in star:
            found.update(other for other in self._alike[photo] & self._free if self._look_wanted(photo, other))
        seen = {None, *(self._pixels.get(photo) for photo in star)}
        return {other for other in found - set(star) if self._pixels.get(other) in seen}

    def _looks_at_twins(self, star: Iterable[bytes], strangers: Collection[bytes]) -> list[Pair]:
        """Those that tell what has the same pixels, for each photo with the first of the star that may have them."""
        wanted = []
        first: dict[bytes, bytes] = {}  # by the digest of the pixels
        for photo in sorted(star, key=self._order.__getitem__):
            if (pixels := self._pixels.get(photo)) is not None and first.setdefault(pixels, photo) != photo:
                wanted += self._look_wanted(first[pixels], photo)
        for stranger in sorted(set(strangers) - self._open):
            beside = min(self._alike[stranger].intersection(star), key=self._order.__getitem__)
            wanted += self._look_wanted(first.get(self._pixels.get(stranger, b""), beside), stranger)
        return wanted

    def _known_copies(self, photo: bytes) -> set[bytes]:
        return {other for other in self._around(photo) if self._is_copy(photo, other)}

    def _verdict(self, one: bytes, other: bytes) -> Verdict | None:
        """What a look at the two said, or one at files with the same pixels as they.

        Another time written into a file tells it apart from the copies of the photo that it was; its twin knows better.
        """
        direct = self._verdicts.get(pair(one, other))
        if direct is not None and not direct.by_camera:
            return direct
        mine, theirs = self._twins_of(one), self._twins_of(other)
        if not set(mine).isdisjoint(theirs):
            return Verdict(copies=True, same_pixels=True)
        ways = product(mine, theirs)
        found = [verdict for way in ways if (verdict := self._verdicts.get(pair(*way))) is not None]
        return next((verdict for verdict in found if verdict.copies), direct or next(iter(found), None))

    def _is_copy(self, one: bytes, other: bytes) -> bool:
        """Whether a close look found them to be copies, whatever the user says of it."""
        verdict = self._verdict(one, other)
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
            wanted = [look for other in rivals if other != leader for look in self._look_wanted(leader, other)]
            if wanted:
                return leader, wanted
            above = [other for other in rivals if other not in led and self._source(leader, other) == other]
            if not above:
                return leader, []
            leader = above[0]

    def _are_apart(self, one: bytes, other: bytes) -> bool:
        """Whether the user or a close look told them apart."""
        return pair(one, other) in self._apart or self._was_seen_apart(one, other)

    def _look_wanted(self, one: bytes, other: bytes) -> list[Pair]:
        """The look that would tell how they are related, if there is one."""
        verdict = self._verdict(one, other)
        if pair(one, other) in self._apart or (verdict is not None and not verdict.by_camera):
            return []
        ways = [way for way in product(self._twins_of(one), self._twins_of(other)) if way[1] in self._near[way[0]]]
        ways = sorted((pair(*way) for way in ways or [(one, other)]), key=lambda way: (way != pair(one, other), way))
        return [way for way in ways if way not in self._verdicts][:1]

    def _source(self, one: bytes, other: bytes) -> bytes | None:
        """Which of two copies is the source, if that is known."""
        verdict = self._verdict(one, other)
        if verdict is None or not verdict.copies or verdict.source is None:
            return None
        return one if verdict.source in self._twins_of(one) else other

    def _close(self, centre: bytes, members: Sequence[bytes]) -> None:
        self._free.discard(centre)
        self._free.difference_update(members)
        if members:
            self._found.stars.append(Star(centre, tuple(sorted(members))))

    def _waits(self, centre: bytes, around: set[bytes]) -> bool:
        """Whether looks must come first; asks for those that are not waiting for the outcome of others."""
        wanted = [look for other in around - self._open for look in self._look_wanted(centre, other)]
        if not wanted and centre not in self._open and not around & self._open:
            return False
        self._found.wanted += wanted
        self._open.add(centre)
        self._open.update(around if not around & self._open else (photo for one in wanted for photo in one))
        return True

    def _copies(self, centre: bytes, around: Iterable[bytes]) -> list[bytes]:
        """Those of `around` that are copies of the centre, without the outvoted; of two that the user parted the first.

        A look at two strongly changed copies of the centre may fail, and a look at the centre may be wrong: of those
        that were told apart one goes for which no more looks speak than against it, the most doubtful first. A look
        that finds what it was made from counts twice: that is seldom wrong, and looks at two copies often fail.
        """
        found = [other for other in around if self._is_copy(centre, other) and not self._are_apart(centre, other)]
        found.sort(key=self._order.__getitem__)
        against: dict[bytes, set[bytes]] = {other: set() for other in found}
        for one, other in combinations(found, 2):
            if self._was_seen_apart(one, other):
                against[one].add(other)
                against[other].add(one)
        while doubted := [other for other in found if against[other]]:
            excess = {each: len(against[each]) - self._speaking(each, (centre, *found)) for each in doubted}
            worst = max(doubted, key=lambda each: (excess[each], self._order[each]))
            if excess[worst] < 0:
                break
            found.remove(worst)
            for other in against.pop(worst):
                against[other].discard(worst)
        members: list[bytes] = []
        for other in found:
            if not any(pair(other, member) in self._apart for member in members):
                members.append(other)
        return members

    def _speaking(self, photo: bytes, others: Iterable[bytes]) -> int:
        """Of how many of the others it was found to be a copy; of its source, twice."""
        copies = [other for other in others if other != photo and self._is_copy(photo, other)]
        return len(copies) + sum(self._source(photo, other) == other for other in copies)

    def _was_seen_apart(self, one: bytes, other: bytes) -> bool:
        """Whether a close look told them apart."""
        verdict = self._verdict(one, other)
        return verdict is not None and not verdict.copies


def _neighbours(pairs: Iterable[Pair]) -> defaultdict[bytes, set[bytes]]:
    near: defaultdict[bytes, set[bytes]] = defaultdict(set)
    for one, other in pairs:
        near[one].add(other)
        near[other].add(one)
    return near
