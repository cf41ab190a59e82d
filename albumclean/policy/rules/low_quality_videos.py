"""Videos with a low score: a look at each is proposed, if the user asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from albumclean.config import Settings
from albumclean.domain import Action, PhotoFacts, PhotoKind, Proposal, Reason, SimilarGroup
from albumclean.policy.rule import Reach
from albumclean.words import clock

_MOS_WEIGHT, _WORST_WEIGHT = 3.0, 2.0


@dataclass(frozen=True, slots=True)
class LowQualityVideos:
    """Videos whose frames score low on average; says nothing on photos, and never that anything should go by itself.

    The scorers have learnt from photos: of sound, movement and what happens they know nothing.
    """

    name: str = "low-quality-videos"

    def reach(self, settings: Settings) -> Reach:
        """Videos below the threshold."""
        return Reach(below=settings.videos.below, groups=False)

    def on_photo(self, facts: PhotoFacts, settings: Settings) -> Proposal | None:
        """REVIEW below the threshold, else nothing."""
        below = settings.videos.below
        if facts.kind is not PhotoKind.VIDEO or facts.failure is not None or facts.mos is None:
            return None
        if not facts.mos < below:
            return None
        text = f"A video whose pictures score {facts.mos:.2f} of 1 on average, below {below:.2f}"
        reasons = [Reason("mos", facts.mos, below, text, _MOS_WEIGHT)]
        sentence = f"{text}."
        if facts.moments:
            worst = facts.worst
            reasons.append(
                Reason("worst", worst.mos, None, f"is worst at {clock(worst.seconds)} ({worst.mos:.2f})", _WORST_WEIGHT)
            )
            sentence = f"{text}; it {reasons[-1].text}."
        return Proposal(facts, Action.REVIEW, self.name, sentence, tuple(reasons))

    def on_group(self, group: SimilarGroup, settings: Settings) -> Sequence[Proposal]:
        """Nothing: of copies the rules for groups speak."""
        return ()


RULE = LowQualityVideos()
