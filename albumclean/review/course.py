"""A review from its first question to the last file: what every front end goes through, in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from albumclean.catalogue import Catalogue
from albumclean.domain import MoveState, PhotoFacts, TrashOutcome, TrashPlan
from albumclean.errors import AlbumcleanError
from albumclean.plan import build_plan
from albumclean.review.session import ReviewSession
from albumclean.trash import apply_plan

Refused = Sequence[tuple[PhotoFacts, str]]


class Confirmation(StrEnum):
    """The answer to the last question."""

    MOVE = "move"
    BACK = "back"  # to the review
    LEAVE = "leave"  # nothing moves; the answers stay


class Reviewer(Protocol):
    """A front end."""

    def review(self, session: ReviewSession) -> bool:
        """Ask until the questions or the user's patience end; False to leave without the last question.

        Raises KeyboardInterrupt at Ctrl-C; answers given so far are kept.
        """
        ...

    def confirm(self, plan: TrashPlan, refused: Refused) -> Confirmation:
        """The last question, with count and size: may this move now? `refused` is what the plan would not take."""
        ...

    def waiting(self, owner: str) -> None:
        """Another albumclean is moving files; this one waits for it."""
        ...

    def moved_one(self, outcome: TrashOutcome) -> None:
        """What became of one photo, at once."""
        ...

    def finished(self, outcomes: Sequence[TrashOutcome], trouble: str = "") -> None:
        """What was confirmed has been dealt with (nothing, if nothing was to be moved), or stopped by `trouble`."""
        ...


@dataclass(frozen=True, slots=True)
class Course:
    """How a review ended."""

    planned: int = 0  # photos that the user wanted to move
    confirmed: bool = False
    outcomes: tuple[TrashOutcome, ...] = ()
    refused: tuple[tuple[PhotoFacts, str], ...] = ()
    interrupted: bool = False  # while moving: the journal knows what is left


def conduct(reviewer: Reviewer, session: ReviewSession, catalogue: Catalogue, quarantine: Path | None) -> Course:
    """Let the user review, ask once more, and move what was confirmed to the trash, or to `quarantine`.

    Raises KeyboardInterrupt before anything was confirmed; QuarantineUnusable, and StoreError where the ledger fails.
    """
    while reviewer.review(session):
        chosen = session.to_trash
        if not chosen:
            reviewer.finished(())
            return Course()
        result = build_plan(chosen, quarantine)
        match reviewer.confirm(result.plan, result.refused):
            case Confirmation.BACK:
                continue
            case Confirmation.LEAVE:
                return Course(len(chosen), refused=result.refused)
            case Confirmation.MOVE:
                return _move(reviewer, catalogue, result.plan, result.refused)
    return Course(len(session.to_trash))


def _move(reviewer: Reviewer, catalogue: Catalogue, plan: TrashPlan, refused: Refused) -> Course:
    outcomes: list[TrashOutcome] = []

    def tell(outcome: TrashOutcome) -> None:
        outcomes.append(outcome)
        reviewer.moved_one(outcome)

    interrupted, trouble = False, None
    try:
        apply_plan(plan, catalogue.ledger, on_outcome=tell, on_wait=reviewer.waiting)
    except KeyboardInterrupt:
        interrupted = True
    except AlbumcleanError as error:
        trouble = error
    # Before the user sees the result: an undo from there makes the photos known again.
    catalogue.cache.forget(outcome.path for outcome in outcomes if outcome.state is MoveState.MOVED)
    if not interrupted:
        reviewer.finished(outcomes, str(trouble or ""))
    if trouble is not None:
        raise trouble
    return Course(len(plan.items), True, tuple(outcomes), tuple(refused), interrupted)
