"""The front end for terminals: three pages, one after the other."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from albumclean.domain import TrashOutcome, TrashPlan
from albumclean.review.course import Confirmation, Refused
from albumclean.review.session import ReviewSession
from albumclean.review.terminal.app import ReviewApp
from albumclean.review.terminal.detection import Abilities, detect
from albumclean.review.terminal.loader import Pictures
from albumclean.review.terminal.moving import MovingLine
from albumclean.review.terminal.painting import PictureMode
from albumclean.review.terminal.plan_app import PlanApp
from albumclean.review.terminal.viewer import Viewer


class TerminalReviewer:
    """A `Reviewer`. `mode` is how photos are shown; None asks the terminal what it can do."""

    def __init__(
        self,
        pictures: Pictures,
        *,
        mode: PictureMode | None = None,
        open_file: Callable[[Path], bool] | None = None,
    ) -> None:
        self._pictures = pictures
        self._mode = mode
        self._open_file = open_file or Viewer()
        self._abilities: Abilities | None = None
        self._moving = MovingLine(sys.stdout)

    def review(self, session: ReviewSession) -> bool:
        """Ask until `q`; False where the page was closed in another way. Raises KeyboardInterrupt at Ctrl-C."""
        return bool(ReviewApp(session, self._pictures, self._able(), self._open_file).outcome())

    def confirm(self, plan: TrashPlan, refused: Refused) -> Confirmation:
        """Show what would move; only a `y` on that page moves it. Raises KeyboardInterrupt at Ctrl-C."""
        self._moving.expect(len(plan.items))
        _forget_keys()
        return PlanApp(plan, refused, light=self._able().light).outcome() or Confirmation.LEAVE

    def waiting(self, owner: str) -> None:
        """Another albumclean is moving files."""
        self._moving.waiting(owner)

    def moved_one(self, outcome: TrashOutcome) -> None:
        """One more is done."""
        self._moving.moved_one(outcome)

    def finished(self, outcomes: Sequence[TrashOutcome], trouble: str = "") -> None:
        """The command says what has become of them."""
        self._moving.finished()

    def _able(self) -> Abilities:
        if self._abilities is None:
            self._abilities = detect(self._mode, os.environ)
        return self._abilities


def _forget_keys() -> None:
    """What was typed before the last question was there is no answer to it."""
    if sys.platform != "win32" and sys.__stdin__ is not None and sys.__stdin__.isatty():
        import termios

        termios.tcflush(sys.__stdin__.fileno(), termios.TCIFLUSH)
