"""What a close look at two photos said, as far as the search for stars goes by it."""

from __future__ import annotations

from dataclasses import dataclass

from albumclean.domain import AS_IT_LIES, BEYOND_DOUBT, Comparison, Photo, Relation, Turn
from albumclean.similar.contents import different_shots


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a close look at a pair said."""

    copies: bool
    source: bytes | None = None  # which of the two is the source, if that can be told
    same_pixels: bool = False
    by_camera: bool = False  # alike to the pixels; it is the camera's word that tells them apart
    certainty: float = BEYOND_DOUBT  # log-odds for that source
    turn: Turn = AS_IT_LIES  # that lays the greater of the two contents as the smaller one lies
    difference: float | None = None  # as in `Comparison`

    def odds(self, one: bytes) -> float:
        """Log-odds that `one` of the two is the source and not the other; 0 where nothing tells."""
        if self.source is None:
            return 0.0
        return self.certainty if self.source == one else -self.certainty


def verdict_of(look: Comparison, one: Photo | None, other: Photo | None) -> Verdict:
    """From a close look at two photos: the camera's word that these are different shots outranks alike pixels."""
    told_apart = one is not None and other is not None and different_shots(one, other)
    same = look.relation is Relation.SAME_PIXELS
    derived = look.relation is Relation.DERIVED
    copies = same or (derived and not told_apart)
    return Verdict(copies, look.source, same, derived and told_apart, look.certainty, look.turn, look.difference)
