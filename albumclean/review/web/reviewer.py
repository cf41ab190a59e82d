"""The front end in a browser: opens the page, answers its requests, and takes part in the course of a review."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from albumclean.domain import TrashOutcome, TrashPlan
from albumclean.review.course import Confirmation, Refused
from albumclean.review.session import ReviewSession
from albumclean.review.web.api import Api, application
from albumclean.review.web.desk import Desk
from albumclean.review.web.guard import Guard
from albumclean.review.web.keys import Keys
from albumclean.review.web.pages import Pages
from albumclean.review.web.photos import PhotoRoute, Pictures
from albumclean.review.web.server import HOST, Server, listening
from albumclean.review.web.setting import Setting
from albumclean.review.web.sitting import Phase, Sitting

IDLE = 30 * 60.0  # seconds without a request after which a review ends; a page that is seen asks every minute

_ANSWERS = {Phase.MOVING: Confirmation.MOVE, Phase.REVIEW: Confirmation.BACK}
_MOVING = "Photos are being moved just now. Wait until that is done."


class WebReviewer:
    """A `Reviewer`; use as a context manager, in the thread that owns the session, the ledger and the cache.

    Ctrl-C ends the review as the page's own button does, unless photos are being moved: then it is raised.
    """

    def __init__(
        self,
        setting: Setting,
        pictures: Pictures,
        *,
        announce: Callable[[str], object],
        port: int = 0,
        idle: float = IDLE,
    ) -> None:
        """`announce` gets the address to open, which works once, when the first question can be asked.

        Port 0 takes a free one. Raises UsageError if the port can't be had.
        """
        self._announce: Callable[[str], object] | None = announce
        self._sitting = Sitting(setting)
        self._desk = Desk(idle)
        self._open = ExitStack()
        listener = listening(port)
        self.port: int = listener.getsockname()[1]
        self._keys = Keys(self.port)
        self._photos = PhotoRoute(pictures, self._sitting.numbers)
        app = application(Api(self._desk, self._sitting), Pages(self._keys), self._photos)
        self._server = Server(Guard(app, self._keys, self.port, self._desk.seen), listener)

    @property
    def address(self) -> str:
        """What to open; it works once."""
        return f"http://{HOST}:{self.port}/enter?key={self._keys.entry}"

    def __enter__(self) -> Self:
        self._open.callback(self._photos.close)
        self._open.enter_context(self._server)
        self._open.callback(self._desk.close)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sitting.phase = Phase.ENDED
        self._open.close()

    def review(self, session: ReviewSession) -> bool:
        """Serve the questions until the user wants to finish; False if the review ended otherwise."""
        if self._sitting.phase is Phase.ENDED:
            return False
        self._sitting.begin(session)
        return self._serve_while(Phase.REVIEW) is Phase.CONFIRM

    def confirm(self, plan: TrashPlan, refused: Refused) -> Confirmation:
        """Serve the plan until the user has answered."""
        self._sitting.show(plan, refused)
        phase = self._serve_while(Phase.CONFIRM)
        if phase is Phase.MOVING:
            self._desk.pause(_MOVING)
        return _ANSWERS.get(phase, Confirmation.LEAVE)

    def waiting(self, owner: str) -> None:
        """Show for whom this one waits."""
        self._sitting.wait(owner)

    def moved_one(self, outcome: TrashOutcome) -> None:
        """Show what became of one photo."""
        self._sitting.moved_one(outcome)

    def finished(self, outcomes: Sequence[TrashOutcome], trouble: str = "") -> None:
        """Show what became of all, with ways to take it back, until the user ends the review."""
        self._sitting.done(outcomes, trouble)
        self._serve_while(Phase.MOVED)

    def _serve_while(self, phase: Phase) -> Phase:
        """Do what the page asks until the phase changes; it ends for a user who is not there, and at Ctrl-C.

        The first time the address is told, here as Ctrl-C counts from that moment on.
        """
        try:
            if self._announce is not None:
                announce, self._announce = self._announce, None
                announce(self.address)
            if not self._desk.serve(lambda: self._sitting.phase is not phase):
                self._sitting.phase = Phase.ENDED
        except KeyboardInterrupt:
            self._sitting.phase = Phase.ENDED
        return self._sitting.phase
