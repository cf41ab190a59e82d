"""Which of two photos of one shot is the source, and why.

Many small facts speak for one or the other; each is a signed number, and a small network adds them up (`odds`). Being
odd, it gives the same source whichever comes first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from albumclean.comparison.alignment import Alignment
from albumclean.comparison.compression import compression
from albumclean.comparison.evidence import Evidence, Pair
from albumclean.comparison.frame import frame
from albumclean.comparison.noise import noise
from albumclean.comparison.odds import log_odds
from albumclean.comparison.records import records
from albumclean.comparison.resolution import resolution
from albumclean.comparison.sides import Side
from albumclean.comparison.tones import tones
from albumclean.domain import Reason

KINDS: tuple[Callable[[Pair], Iterator[Evidence]], ...] = (records, frame, compression, resolution, noise, tones)
_UNDECIDED = 0.2  # log-odds below which nothing tells
_MOST_REASONS = 4
_WORTH_SAYING = 0.3  # log-odds
_CHANGED_TONES = 2.0  # grey levels


@dataclass(frozen=True, slots=True)
class Origin:
    """Which of two photos came first."""

    source: bytes | None  # content hash; None: nothing tells
    certainty: float = 0.0  # log-odds for it, at least 0
    reasons: tuple[Reason, ...] = ()  # the strongest first; a weight is the log-odds that the reason adds
    difference: float | None = None  # of their colours, as in `Comparison`


def provenance(one: Side, other: Side, alignment: Alignment) -> Origin:
    """What tells which of the two is the source; `alignment` takes pixels of `other.image` to those of `one.image`."""
    if one.photo.content_hash > other.photo.content_hash:  # always looked at from the same end
        return provenance(other, one, alignment.inverse)
    pair = Pair.of(one, other, alignment)
    found = list(evidence(pair))
    total, gains = log_odds(found, pair.together.plain)
    difference = pair.together.difference
    if abs(total) < _UNDECIDED:
        return Origin(None, difference=difference)
    sign = math.copysign(1.0, total)
    source = one if sign > 0 else other
    reasons = [
        Reason(item.fact, round(abs(item.value), 3), 0.0, text, round(sign * gain, 3))
        for item, gain in zip(found, gains, strict=True)
        if sign * gain >= _WORTH_SAYING
        and sign * item.value > 0
        and (text := item.for_one if sign > 0 else item.for_other)
    ]
    return Origin(source.photo.content_hash, abs(total), (*_strongest(reasons), *_edited(pair)), difference)


def evidence(pair: Pair) -> Iterator[Evidence]:
    """Everything that is measured, in a fixed order."""
    for kind in KINDS:
        yield from kind(pair)


def _edited(pair: Pair) -> Iterator[Reason]:
    """That light or colours were changed says nothing on the source, but much on what the copy is: somebody's work."""
    shift = pair.together.shift
    if shift >= _CHANGED_TONES:
        text = "has the tones of the shot (the other's were changed)"
        yield Reason("tone", round(shift, 1), _CHANGED_TONES, text, 0.0)


def _strongest(reasons: list[Reason]) -> tuple[Reason, ...]:
    """The best few, none of them saying what another has said."""
    best: dict[str, Reason] = {}
    for reason in sorted(reasons, key=lambda reason: (-reason.weight, reason.fact)):
        best.setdefault(reason.text, reason)
    return tuple(best.values())[:_MOST_REASONS]
