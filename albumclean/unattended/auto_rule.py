"""What an auto rule is. A new one is one new file in `unattended/auto_rules/` that exposes `RULE`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from albumclean.domain import FileIdentity, Proposal

HashOf = Callable[[FileIdentity], bytes]


class AutoRule(Protocol):
    """Says which proposals may be carried out without asking. It moves nothing and decides nothing else.

    What no rule can break is held around it: only TRASH proposals of photos that the user may lose, whose keeper is
    readable, settled and not about to go itself; nothing that the user has kept; and the circuit breaker.
    """

    @property
    def name(self) -> str:
        """What the user writes into `[auto] rules`; letters, digits and hyphens. Never rename a rule."""
        ...

    @property
    def text(self) -> str:
        """What it moves, for people; ends "... are moved"."""
        ...

    def wants(self, proposal: Proposal) -> bool:
        """Whether the proposal is of its kind, as far as the scan knows. Pure."""
        ...

    def confirms(self, proposal: Proposal, hash_of: HashOf) -> bool:
        """Whether a close look at the files agrees; `hash_of` gives the hash of the bytes that a file has now.

        What `hash_of` raises goes through.
        """
        ...
