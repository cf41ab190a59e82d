"""What a rule is. A new rule is one new file in `policy/rules/` that exposes `RULE`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from albumclean.config import Settings
from albumclean.domain import PhotoFacts, Proposal, SimilarGroup


class Rule(Protocol):
    """Facts in, proposals out; no I/O, no state, the same answer every time.

    The engine holds the promises that no rule may break: untouchable photos are never proposed, a group never goes
    as a whole, what the user kept is not asked again. A rule need not check these.
    """

    @property
    def name(self) -> str:
        """What decisions are remembered under; letters, digits and hyphens. Never rename a rule."""
        ...

    def on_photo(self, facts: PhotoFacts, settings: Settings) -> Proposal | None:
        """A proposal for a photo that is in no group, or None."""
        ...

    def on_group(self, group: SimilarGroup, settings: Settings) -> Sequence[Proposal]:
        """Proposals for members of a group, at most one each; empty if the rule has nothing to say on it."""
        ...
