"""Moments: different shots of the same thing within two minutes, of which people may want the best only.

What counts is likeness *and* time: the longer ago the other shot, the more alike it must be. A group holds only shots
each of which goes with every other, so that no chain A~B~C grows through an album. Nothing here is a copy: whoever is
told of a moment is asked, never relieved of a photo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from albumclean.similar.captures import SECOND, Capture, Looks, Numbers
from albumclean.similar.components import Pair, components
from albumclean.similar.index import Likeness
from albumclean.similar.partition import Cluster

Flags = npt.NDArray[np.bool_]

_WINDOW = 120 * SECOND
# What shots need by the seconds between them, with straight lines in between: a cosine, and bits of dHash at most. Of
# hand-held shots within 1.5 s of each other 92 % have that cosine, with 17 bits in the median; of 21 million pairs of
# strangers 380 have 0.70, the likest of them pictures of one thing. Shots seconds apart that show the same kind of
# place from elsewhere (an aerial survey) often have it too, but 23 bits.
_PAUSES = (0.0, 3.0, 10.0, 30.0, 120.0)
_COSINES = (0.70, 0.80, 0.87, 0.90, 0.93)
_DHASH = (36.0, 30.0, 20.0, 16.0, 12.0)
_SAME_FRAMING = 0.5  # relative difference of width / height: a picture and its turned one pass, a panorama does not
# Without a time or a camera to go by: bits of pHash and dHash, layout (of 255), relative aspect; and the cosine. Of
# 4,593 pairs from series of BIQ2021, most at other exposures, that goes for 1 in 24; of 21 million pairs of other
# pictures for one, which shows the same tomatoes.
_VERY_CLOSE = (8, 12, 15.0, 0.03)
_VERY_CLOSE_COSINE = 0.80
# Plain pictures look alike although they show other things, so only shots within a few seconds of each other count.
# Of 1,830 pairs of made and real documents 135 look very close, none when mostly bright and pale ones are out.
_MIN_DETAIL = 12.0  # flatter pictures have hashes made of noise
_PAPER, _PAPER_SHARE = 160, 0.4  # of 255, in every channel, in this share of the 8 x 8 cells: paper, or a window
_AT_ONCE = 3.0  # seconds in which nobody turns a page


def find_moments(
    captures: Iterable[Capture],
    looks: Looks,
    lookalikes: Iterable[Pair] = (),
    *,
    whole: Container[bytes] = frozenset(),
    apart: Collection[Pair] = frozenset(),
) -> list[tuple[bytes, ...]]:
    """Disjoint moments of two or more contents, each ascending, all in order; the same for any order of the input.

    `captures`: one for each shot, without its copies. `lookalikes`: pairs, in either order, that a search by looks
    found; only they can bring in shots that have no time. `whole`: contents of series, which join no moment; nor do
    stitched panoramas. `apart`: pairs, in either order, that the user told apart.

    Time and memory grow with the pairs of shots of one camera within two minutes of each other.
    """
    clusters = find_clusters(captures, looks, lookalikes, whole=whole, apart=apart)
    return sorted(moment for cluster in clusters for moment in cluster.moments)


def find_clusters(
    captures: Iterable[Capture],
    looks: Looks,
    lookalikes: Iterable[Pair] = (),
    *,
    whole: Container[bytes] = frozenset(),
    apart: Collection[Pair] = frozenset(),
) -> list[Cluster]:
    """The clusters that the moments lie in, by their smallest contents; parameters as in `find_moments`."""
    shots = _Shots.of(
        capture for capture in captures if capture.content_hash not in whole and not capture.shot.panorama
    )
    edges = list(_near_in_time(shots, looks))
    edges.append(_lookalikes(shots, looks, lookalikes))
    ones, others, cosines = (np.concatenate(column) for column in zip(*edges, strict=True))
    strange = shots.numbered(apart)
    partners: defaultdict[int, set[int]] = defaultdict(set)
    ordered: list[tuple[int, int]] = []
    for at in np.lexsort((others, ones, -cosines)).tolist():  # the most alike first; of equals the earlier
        pair = (int(ones[at]), int(others[at]))
        if pair not in strange and pair[1] not in partners[pair[0]]:
            partners[pair[0]].add(pair[1])
            partners[pair[1]].add(pair[0])
            ordered.append(pair)
    contents = [capture.content_hash for capture in shots.captures]
    moments: defaultdict[bytes, list[tuple[bytes, ...]]] = defaultdict(list)
    for group in _cliques(ordered, partners):
        moment = tuple(sorted(contents[number] for number in group))
        moments[moment[0]].append(moment)
    return [
        Cluster(tuple(part), tuple(moment for content in part for moment in moments.get(content, ())))
        for part in components((contents[one], contents[other]) for one, other in ordered)
    ]


@dataclass(frozen=True, slots=True)
class _Shots:
    """The shots in an order of their own: by camera and time, those without a time last."""

    captures: Sequence[Capture]
    position: Numbers
    at: npt.NDArray[np.int64]  # microseconds; 0 where unknown
    dated: Flags
    camera: Numbers  # a number for each name; 0: unknown
    burst: Numbers  # a number for each burst; 0: none
    number: dict[bytes, int]

    @classmethod
    def of(cls, captures: Iterable[Capture]) -> _Shots:
        distinct = {capture.content_hash: capture for capture in captures}
        shots = sorted(distinct.values(), key=lambda one: (one.at is None, one.camera or "", one.order))
        return cls(
            captures=shots,
            position=np.array([shot.position for shot in shots], dtype=np.intp),
            at=np.array([shot.at or 0 for shot in shots], dtype=np.int64),
            dated=np.array([shot.at is not None for shot in shots], dtype=np.bool_),
            camera=_numbers(shot.camera for shot in shots),
            burst=_numbers(shot.shot.burst for shot in shots),
            number={shot.content_hash: number for number, shot in enumerate(shots)},
        )

    def numbered(self, pairs: Iterable[Pair]) -> set[tuple[int, int]]:
        """The pairs of shots that are here, the smaller number first."""
        found = set()
        for one, other in pairs:
            here, there = self.number.get(one), self.number.get(other)
            if here is not None and there is not None and here != there:
                found.add((min(here, there), max(here, there)))
        return found


_Edges = tuple[Numbers, Numbers, npt.NDArray[np.float32]]


def _numbers(names: Iterable[str | None]) -> Numbers:
    known: dict[str, int] = {}
    return np.array([0 if name is None else known.setdefault(name, len(known) + 1) for name in names], dtype=np.intp)


def _near_in_time(shots: _Shots, looks: Looks) -> Iterator[_Edges]:
    """Shots of one known camera within the window: each with the next, with the one after that, and so on."""
    plain = _plain(looks, shots.position)
    ones = np.flatnonzero(shots.dated & (shots.camera > 0))
    step = 1
    while len(ones):
        ones = ones[ones + step < len(shots.at)]
        others = ones + step
        near = shots.dated[others] & (shots.camera[ones] == shots.camera[others])
        near &= shots.at[others] - shots.at[ones] <= _WINDOW
        ones, others = ones[near], others[near]  # in the order of time, so what is out of reach stays so
        likeness, cosine = _compared(shots, looks, ones, others)
        pauses = (shots.at[others] - shots.at[ones]) / SECOND
        good = (cosine >= np.interp(pauses, _PAUSES, _COSINES)) & (likeness.aspect <= _SAME_FRAMING)
        good &= likeness.dhash <= np.interp(pauses, _PAUSES, _DHASH)
        good &= (pauses <= _AT_ONCE) | ~(plain[ones] | plain[others])
        good |= (shots.burst[ones] > 0) & (shots.burst[ones] == shots.burst[others])
        yield ones[good], others[good], cosine[good]
        step += 1


def _lookalikes(shots: _Shots, looks: Looks, pairs: Iterable[Pair]) -> _Edges:
    """Of the pairs of which the clock can't tell, those that look very much alike."""
    numbered = np.array(sorted(shots.numbered(pairs)), dtype=np.intp).reshape(-1, 2)
    ones, others = numbered[:, 0], numbered[:, 1]
    cameras = (shots.camera[ones], shots.camera[others])
    both_dated = shots.dated[ones] & shots.dated[others]
    in_window = np.abs(shots.at[others] - shots.at[ones]) <= _WINDOW
    unsure = ~both_dated | (in_window & ((cameras[0] == 0) | (cameras[1] == 0)))
    unsure &= (cameras[0] == cameras[1]) | (cameras[0] == 0) | (cameras[1] == 0)
    plain = _plain(looks, shots.position)
    unsure &= ~(plain[ones] | plain[others])
    ones, others = ones[unsure], others[unsure]
    likeness, cosine = _compared(shots, looks, ones, others)
    phash, dhash, layout, aspect = _VERY_CLOSE
    good = (likeness.phash <= phash) & (likeness.dhash <= dhash)
    good &= (likeness.layout <= layout) & (likeness.aspect <= aspect) & (cosine >= _VERY_CLOSE_COSINE)
    return ones[good], others[good], cosine[good]


def _plain(looks: Looks, position: Numbers) -> Flags:
    """Which pictures are flat, or mostly of paper."""
    cells = looks.layout[position].reshape(-1, 64, 3).min(axis=2)
    paper: Flags = (cells >= _PAPER).mean(axis=1) >= _PAPER_SHARE
    return paper | (looks.detail[position] < _MIN_DETAIL)


def _compared(shots: _Shots, looks: Looks, ones: Numbers, others: Numbers) -> tuple[Likeness, npt.NDArray[np.float32]]:
    one, other = shots.position[ones], shots.position[others]
    return looks.likeness(one, other), looks.cosine(one, other)


def _cliques(pairs: Iterable[tuple[int, int]], partners: dict[int, set[int]]) -> list[list[int]]:
    """Sets in which everyone is everyone's partner: along the pairs, two sets become one wherever that still holds."""
    group: dict[int, list[int]] = {}
    for one, other in pairs:
        mine, theirs = group.setdefault(one, [one]), group.setdefault(other, [other])
        if mine is theirs or not all(partners[member].issuperset(theirs) for member in mine):
            continue
        mine += theirs
        for member in theirs:
            group[member] = mine
    return list({id(members): members for members in group.values() if len(members) > 1}.values())
