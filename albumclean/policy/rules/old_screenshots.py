"""Screenshots that nobody has needed for long: a look at each is proposed, if the user asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from albumclean.config import Settings
from albumclean.domain import Action, PhotoFacts, PhotoKind, Proposal, Reason, SimilarGroup
from albumclean.policy.rule import ANYBODY, NOBODY, Reach


@dataclass(frozen=True, slots=True)
class OldScreenshots:
    """Screenshots older than [screenshots] older_than_days; off by default, and silent on groups.

    REVIEW and never TRASH: that a picture is a screenshot is a guess which is now and then wrong, its age says nothing
    of its worth (a ticket, the last message of a friend), and no score stands behind it.
    """

    name: str = "old-screenshots"

    def reach(self, settings: Settings) -> Reach:
        """Any photo, whatever its score; nothing while the rule is off."""
        return Reach(below=ANYBODY if settings.screenshots.older_than_days > 0 else NOBODY, groups=False)

    def on_photo(self, facts: PhotoFacts, settings: Settings) -> Proposal | None:
        """REVIEW for a screenshot that is old enough and that the user has put into no album."""
        limit = settings.screenshots.older_than_days
        if limit <= 0 or facts.kind is not PhotoKind.SCREENSHOT or facts.photo is None or facts.failure is not None:
            return None
        if facts.days_old is None or facts.days_old <= limit or facts.marks.albums:
            return None
        age = Reason("days_old", facts.days_old, limit, f"A screenshot, {_days(facts.days_old)} old", 2.0)
        kept = f"You asked for those older than {_days(limit)}."
        return Proposal(facts, Action.REVIEW, self.name, f"{age.text}. {kept}", (age,))

    def on_group(self, group: SimilarGroup, settings: Settings) -> Sequence[Proposal]:
        """Nothing: of copies the rules for groups speak."""
        return ()


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


RULE = OldScreenshots()
