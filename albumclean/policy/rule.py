"""What a rule is. A new rule is one new file in `policy/rules/` that exposes `RULE`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from albumclean.config import Settings
from albumclean.domain import PhotoFacts, Proposal, SimilarGroup

NOBODY: Final = 0.0
ANYBODY: Final = math.inf


@dataclass(frozen=True, slots=True)
class Reach:
    """What a rule may have something to say on, so that nobody has to show it the rest of a large library.

    To promise too much only costs time; a rule that answers beyond its reach is heard or not, as it happens.
    """

    below: float = ANYBODY  # single photos with a score below this; ANYBODY: those without a score as well
    groups: bool = True


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

    def reach(self, settings: Settings) -> Reach:
        """What `on_photo` and `on_group` answer to at most."""
        ...
