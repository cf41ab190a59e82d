"""One review from the server's side: which phase it is in, and what the page may do in it.

Everything here is called by the thread that owns the session and the ledger, but for `progress` and `last_overview`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from albumclean.domain import TrashOutcome, TrashPlan
from albumclean.report.json_values import Json
from albumclean.review.course import Confirmation, Refused
from albumclean.review.session import ReviewSession
from albumclean.review.web import past
from albumclean.review.web.asking import Asking, Page
from albumclean.review.web.moving import Moving
from albumclean.review.web.numbers import Numbers
from albumclean.review.web.refusal import Refusal
from albumclean.review.web.setting import Setting


class Phase(StrEnum):
    """Where a review is."""

    REVIEW = "review"
    CONFIRM = "confirm"
    MOVING = "moving"
    MOVED = "moved"
    ENDED = "ended"


_CONFIRMED = {
    Confirmation.MOVE: Phase.MOVING,
    Confirmation.BACK: Phase.REVIEW,
    Confirmation.LEAVE: Phase.ENDED,
}
_NOW = {
    Phase.REVIEW: "The review goes on: finish it first.",
    Phase.CONFIRM: "The review is at its last question. Go back to change answers.",
    Phase.MOVING: "Photos are being moved just now. Wait until that is done.",
    Phase.MOVED: "This review is done. Start `albumclean review` again for another one.",
    Phase.ENDED: "This review has ended. Your answers are remembered: `albumclean review` goes on with them.",
}


class Sitting:
    """The state of one review that the page sees."""

    def __init__(self, setting: Setting) -> None:
        self.phase = Phase.REVIEW
        self.numbers = Numbers()
        self._setting = setting
        self._asking: Asking | None = None
        self._moving: Moving | None = None
        self._last_overview: dict[str, Json] = {}

    # --- the course of the review ---------------------------------------------------------------------------------

    def begin(self, session: ReviewSession) -> None:
        """The review begins, or goes on."""
        if self._asking is None or self._asking.session is not session:
            self._asking = Asking(session, self._setting, self.numbers)
        self._moving = None
        self.phase = Phase.REVIEW
        self.overview()

    def show(self, plan: TrashPlan, refused: Refused) -> None:
        """The last question."""
        self._moving = Moving(plan, refused, self.numbers.at)

    def wait(self, owner: str) -> None:
        """Another process is moving photos."""
        if self._moving is not None:
            self._moving.wait(owner)

    def moved_one(self, outcome: TrashOutcome) -> None:
        """One more is dealt with."""
        if self._moving is not None:
            self._moving.moved_one(outcome)

    def done(self, outcomes: Sequence[TrashOutcome], trouble: str) -> None:
        """What was confirmed has been dealt with, or stopped by `trouble`."""
        if self._moving is not None:
            run = next((run.id for run in self._setting.history.runs(0, 1)), None) if outcomes else None
            self._moving.finish(run, trouble)
        self.phase = Phase.MOVED

    # --- what the page asks for, any thread -----------------------------------------------------------------------

    def progress(self) -> dict[str, Json]:
        """How far the move is."""
        moving = self._moving
        return {"phase": self.phase.value, **(moving or Moving(TrashPlan(()), (), self.numbers.at)).progress()}

    def last_overview(self) -> dict[str, Json]:
        """The latest overview with the phase of now, while the owner has no time for another."""
        return {**self._last_overview, "phase": self.phase.value}

    # --- what the page asks for and does, the owner's thread ------------------------------------------------------

    def overview(self) -> dict[str, Json]:
        """Counts, folders, years, the histogram."""
        self._last_overview = self._any_phase().overview()
        return self.last_overview()

    @property
    def questions(self) -> Asking:
        """To look at questions. Raises Refusal once there is nothing to look at."""
        if self.phase is Phase.ENDED:
            raise Refusal(409, _NOW[self.phase])
        return self._any_phase()

    @property
    def answers(self) -> Asking:
        """To answer questions. Raises Refusal where that would change what the user was asked to confirm."""
        self._require(Phase.REVIEW)
        return self._any_phase()

    def finish(self) -> dict[str, Json]:
        """On to the last question. Raises Refusal if nothing was chosen."""
        if not self.answers.session.to_trash:
            raise Refusal(409, "You have not chosen any photo to trash yet, so there is nothing to move.")
        self.overview()
        return self._enter(Phase.CONFIRM)

    def plan(self, page: Page) -> dict[str, Json]:
        """What would move."""
        self._require(Phase.CONFIRM)
        return self._plan().page(page)

    def confirm(self, answer: Confirmation, photos: int | None, size: int | None) -> dict[str, Json]:
        """The answer to the last question. Raises Refusal if the user saw another plan than this one."""
        self._require(Phase.CONFIRM)
        if answer is Confirmation.MOVE:
            self._plan().check(photos, size)
        return self._enter(_CONFIRMED[answer])

    def runs(self, offset: int) -> dict[str, Json]:
        """The history."""
        return past.runs(self._setting.history, offset)

    def run(self, number: int, offset: int) -> dict[str, Json]:
        """One run of the history."""
        return past.run(self._setting.history, number, offset, self.numbers.at)

    def bring_back(self, number: int, items: Sequence[int] | None) -> dict[str, Json]:
        """Undo a run, or some of its photos."""
        return past.undo(self._setting.history, number, items, self.wait)

    def end(self) -> dict[str, Json]:
        """Nothing more is wanted; answers stay remembered."""
        return self._enter(Phase.ENDED)

    def _enter(self, phase: Phase) -> dict[str, Json]:
        self.phase = phase
        return {"phase": phase.value}

    def _require(self, phase: Phase) -> None:
        if self.phase is not phase:
            raise Refusal(409, _NOW[self.phase])

    def _any_phase(self) -> Asking:
        if self._asking is None:
            raise Refusal(409, _NOW[Phase.ENDED])
        return self._asking

    def _plan(self) -> Moving:
        if self._moving is None:
            raise Refusal(409, _NOW[Phase.REVIEW])
        return self._moving
