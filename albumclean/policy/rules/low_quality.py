"""A single photo with a low score: proposed for the trash, or for a look where the score does not say it all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from albumclean.config import Settings
from albumclean.domain import Action, Degradation, Photo, PhotoFacts, Proposal, Reason, SimilarGroup
from albumclean.policy.rule import Reach
from albumclean.policy.words import NOTABLE, described, edits_of, joined

_SMALL = 100_000  # pixels; the scorer never saw smaller ones
_MOS_WEIGHT, _DOUBT_WEIGHT = 3.0, 2.0  # before the degradations, whose weight is their severity


@dataclass(frozen=True, slots=True)
class LowQuality:
    """Photos that score below the threshold; says nothing on groups, nor on what may be no photo."""

    name: str = "low-quality"

    def reach(self, settings: Settings) -> Reach:
        """Photos below the threshold."""
        return Reach(below=settings.low_quality.below, groups=False)

    def on_photo(self, facts: PhotoFacts, settings: Settings) -> Proposal | None:
        """TRASH below the threshold, REVIEW if the score may not apply to such a picture, else nothing.

        Nothing for screenshots, documents and graphics, or where it is not sure that it is a photo.
        """
        below = settings.low_quality.below
        if facts.photo is None or facts.failure is not None or facts.mos is None or not facts.mos < below:
            return None
        if not facts.kind.is_judged:
            return None
        mos = Reason("mos", facts.mos, below, f"Scored {facts.mos:.2f} of 1, below {below:.2f}", _MOS_WEIGHT)
        doubts = _doubts(facts, facts.photo)
        faults = _faults(facts)
        because = f": {joined([reason.text for reason in faults])}" if faults else ""
        look = f" Look first: it {joined([reason.text for reason in doubts])}." if doubts else ""
        return Proposal(
            facts=facts,
            action=Action.REVIEW if doubts else Action.TRASH,
            rule=self.name,
            sentence=f"{mos.text}{because}.{look}",
            reasons=(mos, *doubts, *faults),
        )

    def on_group(self, group: SimilarGroup, settings: Settings) -> Sequence[Proposal]:
        """Nothing: members of a group are compared with each other."""
        return ()


def _faults(facts: PhotoFacts) -> list[Reason]:
    notable = sorted((-value, kind) for kind, value in facts.degradations.items() if value >= NOTABLE)
    return [Reason(kind.value, -minus, NOTABLE, described(kind, -minus), -minus) for minus, kind in notable]


def _doubts(facts: PhotoFacts, photo: Photo) -> list[Reason]:
    """Why the score may not apply; any of them turns the trash into a question."""
    doubts = []
    if edits := edits_of(facts.asset):
        text = f"goes with {edits}, in which you changed it"
        doubts.append(Reason("own_edit", edits, None, text, _DOUBT_WEIGHT))
    if photo.pictures > 1:
        text = f"holds {photo.pictures} pictures, of which only the first was judged"
        doubts.append(Reason("pictures", photo.pictures, 1, text, _DOUBT_WEIGHT))
    if photo.pixels < _SMALL:
        text = f"is too small to judge ({photo.width}x{photo.height})"
        doubts.append(Reason("pixels", photo.pixels, _SMALL, text, _DOUBT_WEIGHT))
    dark = facts.degradations.get(Degradation.UNDEREXPOSURE, 0.0)
    blurred = max(facts.degradations.get(kind, 0.0) for kind in (Degradation.DEFOCUS, Degradation.MOTION))
    if dark >= NOTABLE > blurred:
        text = "is dark but not blurred, perhaps a night photo that is dark on purpose"
        doubts.append(Reason("night", round(dark, 4), NOTABLE, text, _DOUBT_WEIGHT))
    return doubts


RULE = LowQuality()
