"""How one picture lies to another: turned by quarters, and perhaps mirrored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Turn:
    """One of the eight ways to lay a picture: mirrored left to right first, then turned clockwise."""

    quarters: int = 0  # 0 to 3
    mirrored: bool = False

    @classmethod
    def numbered(cls, number: int) -> Turn:
        """The turn with this `number`, 0 to 7."""
        return cls(number % 4, number >= 4)

    @property
    def number(self) -> int:
        """0 to 7; 0 leaves the picture as it lies."""
        return self.quarters + 4 * self.mirrored

    @property
    def inverse(self) -> Turn:
        """That takes it back."""
        return self if self.mirrored else Turn(-self.quarters % 4)

    def after(self, first: Turn) -> Turn:
        """Both in one: `first`, then this one."""
        return Turn(
            (self.quarters + (-first.quarters if self.mirrored else first.quarters)) % 4,
            self.mirrored is not first.mirrored,
        )


AS_IT_LIES: Final = Turn()
