"""While photos move: one line that counts them. What stayed and why is said at the end, by the command."""

from __future__ import annotations

import time
from typing import TextIO

from albumclean.domain import TrashOutcome
from albumclean.words import counted, shown

_SECONDS = 0.1  # between two states of the line


class MovingLine:
    """Tells a terminal how far the moves are. Leaves the cursor where the next line overwrites it."""

    def __init__(self, screen: TextIO) -> None:
        self._screen = screen
        self._total = self._done = 0
        self._told_at = 0.0

    def expect(self, total: int) -> None:
        """So many photos are to be moved."""
        self._total, self._done = total, 0

    def waiting(self, owner: str) -> None:
        """Another albumclean is at work."""
        self._tell(f"Waiting for another albumclean to end ({shown(owner)})…")

    def moved_one(self, outcome: TrashOutcome) -> None:
        """One photo is done, whatever has become of it."""
        self._done += 1
        now = time.monotonic()
        if now - self._told_at >= _SECONDS or self._done == self._total:
            self._told_at = now
            name = shown(outcome.path.name)[:40]
            self._tell(f"{self._done:,} of {counted(self._total, 'photo')}  {name}")

    def finished(self) -> None:
        """Nothing of it stays on the screen."""
        self._tell("")

    def _tell(self, text: str) -> None:
        if self._screen.isatty():
            self._screen.write(f"\r\x1b[K{text}\r")
            self._screen.flush()
