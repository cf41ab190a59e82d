"""Series: runs of shots that are a work of their own and stay whole.

No shot of a series is ever offered as a repetition of another, neither as a copy (two exposures of a bracket look like
one shot and its edit) nor as the lesser shot of one moment. True copies of one shot of a series are still copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from albumclean.similar.brackets import find_brackets
from albumclean.similar.captures import SECOND, Capture, Looks, Take, sessions, takes_of
from albumclean.similar.panoramas import find_panoramas
from albumclean.similar.partition import Series, SeriesKind
from albumclean.similar.steady import LONGEST_PAUSE, find_focus_stacks, find_time_lapses

_STITCHED_NEARBY = 60.0  # seconds: what a phone stitched carries the time of its end, what a program did that of a part


_Find = Callable[[Sequence[Take], Looks], list[list[int]]]
# The surest first: a shot belongs to one series only.
_FINDERS: tuple[tuple[SeriesKind, _Find], ...] = (
    (SeriesKind.BRACKET, find_brackets),
    (SeriesKind.TIME_LAPSE, find_time_lapses),
    (SeriesKind.PANORAMA, find_panoramas),
    (SeriesKind.FOCUS_STACK, find_focus_stacks),
)


def find_series(captures: Iterable[Capture], looks: Looks) -> list[Series]:
    """Every series once, disjoint, by camera and time; the same for any order of the captures.

    Captures without a time belong to none, but for pictures that say themselves that they are panoramas. Time and
    memory grow with the captures, so a large library may be handed over in pieces: all captures of one camera that no
    pause of `LONGEST_PAUSE` seconds separates must come together.
    """
    everyone = sorted(captures, key=lambda capture: capture.content_hash)
    found = [series for session in sessions(everyone, LONGEST_PAUSE) for series in _series_of(takes_of(session), looks)]
    undated = (capture for capture in everyone if capture.at is None and capture.shot.panorama)
    return found + [Series(SeriesKind.PANORAMA, ((capture.content_hash,),)) for capture in undated]


def _series_of(takes: list[Take], looks: Looks) -> list[Series]:
    stitched = [take for take in takes if take.capture.shot.panorama]
    rest = [take for take in takes if not take.capture.shot.panorama]
    found: list[tuple[SeriesKind, list[Take]]] = []
    for kind, find in _FINDERS:
        places = find(rest, looks)
        found += [(kind, [rest[place] for place in run]) for run in places]
        taken = {place for run in places for place in run}
        rest = [take for place, take in enumerate(rest) if place not in taken]
    for take in stitched:
        parts = [members for kind, members in found if kind is SeriesKind.PANORAMA and _is_near(take, members)]
        if parts:
            parts[0].append(take)
        else:
            found.append((SeriesKind.PANORAMA, [take]))
    return [
        Series(kind, tuple(take.contents for take in sorted(members, key=lambda take: (take.at, take.contents))))
        for kind, members in sorted(found, key=lambda series: min(take.at for take in series[1]))
    ]


def _is_near(stitched: Take, parts: Sequence[Take]) -> bool:
    reach = _STITCHED_NEARBY * SECOND
    return parts[0].at - reach <= stitched.at <= parts[-1].at + reach
