"""What a criterion is, and the two ways to make one: a key for each photo, or bands of a measured value."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from albumclean.config import SimilarSettings
from albumclean.domain import GroupKind, PhotoFacts
from albumclean.similar.provenance import Provenance

Key: TypeAlias = tuple[int | str | bytes, ...]
Value: TypeAlias = float | int | str | None

_EPSILON = 1e-9  # keeps 0.30 - 0.25 inside a margin of 0.05


@dataclass(frozen=True, slots=True)
class Context:
    """What a criterion may know besides the photos."""

    settings: SimilarSettings
    kind: GroupKind
    provenance: Provenance


def _unmeasured(_: PhotoFacts) -> Value:
    return None


@dataclass(frozen=True, slots=True)
class Criterion:
    """One reason to prefer a photo.

    `keys` gives each of several photos a key, the smaller the better; the photos are those that no earlier criterion
    could tell apart. `words` says what a winner has over a loser, beginning with a verb; `measure` is the number
    behind the words.
    """

    name: str
    keys: Callable[[Sequence[PhotoFacts], Context], Sequence[Key]]
    words: Callable[[PhotoFacts, PhotoFacts, Context], str]
    measure: Callable[[PhotoFacts], Value] = _unmeasured


def each(key: Callable[[PhotoFacts], Key]) -> Callable[[Sequence[PhotoFacts], Context], Sequence[Key]]:
    """The keys of a criterion that looks at one photo at a time."""
    return lambda photos, _: [key(facts) for facts in photos]


def banded(
    value: Callable[[PhotoFacts], float | None], margin: Callable[[Context], float]
) -> Callable[[Sequence[PhotoFacts], Context], Sequence[Key]]:
    """Keys for a value of which more is better, where a difference within `margin` decides nothing.

    A margin between pairs would give no order (A equals B, B equals C, yet A beats C), so the values fall in bands
    counted from the best: 0 within one margin, 1 within two, ... If a value is missing or not finite, all are equal.
    """

    def keys(photos: Sequence[PhotoFacts], context: Context) -> Sequence[Key]:
        values = [value(facts) for facts in photos]
        known = [number for number in values if number is not None and math.isfinite(number)]
        if len(known) < len(values):
            return [()] * len(values)
        width, best = margin(context), max(known)
        return [(_band(best - number, width),) for number in known]

    return keys


def _band(distance: float, width: float) -> int:
    if width <= 0:
        return round(distance / _EPSILON)
    return max(0, math.ceil(distance / width - _EPSILON) - 1)


def says(words: str) -> Callable[[PhotoFacts, PhotoFacts, Context], str]:
    """The same words for every pair."""
    return lambda winner, loser, context: words
