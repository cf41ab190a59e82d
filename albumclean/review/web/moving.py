"""The last question of a review and what comes of it: the plan, page by page, and how far the move has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from albumclean.domain import MoveState, TrashOutcome, TrashPlan
from albumclean.report.json_values import Json, path_keys, text
from albumclean.review.course import Refused
from albumclean.review.web.asking import Page
from albumclean.review.web.refusal import Refusal
from albumclean.review.web.values import place_text, plan_item_json, refused_json

_PROBLEMS = 1_000  # told one by one; the journal has them all

PhotoAt = Callable[[Path], int | None]


@dataclass(frozen=True, slots=True)
class _Progress:
    """Replaced as a whole, never changed: any thread may read it at any time."""

    total: int = 0
    done: int = 0
    bytes: int = 0  # moved
    waiting: str | None = None  # for whom
    problems: tuple[tuple[Path, str], ...] = ()
    run: int | None = None  # the journal's number of this move
    trouble: str = ""  # what stopped it


class Moving:
    """One plan that the user is asked about and that may then be carried out."""

    def __init__(self, plan: TrashPlan, refused: Refused, photo_at: PhotoAt) -> None:
        self._plan = plan
        self._refused = refused
        self._photo_at = photo_at
        self._progress = _Progress(total=len(plan.items))

    def page(self, page: Page) -> dict[str, Json]:
        """Some of what would move, and everything that would not."""
        items = self._plan.items
        return {
            "photos": len(items),
            "files": sum(len(item.files) for item in items),
            "bytes": self._plan.size,
            "destination": place_text(self._plan.quarantine),
            "total": len(items),
            "offset": page.offset,
            "items": [plan_item_json(item, self._photo_at) for item in items[page.offset : page.offset + page.limit]],
            "refused": [refused_json(facts, why) for facts, why in self._refused],
        }

    def check(self, photos: int | None, size: int | None) -> None:
        """Raises Refusal unless these are the counts of the plan: what the user saw is what moves."""
        if (photos, size) != (len(self._plan.items), self._plan.size):
            raise Refusal(409, "The plan is not the one that you saw, so nothing was moved. Look at it again.")
        if not self._plan.items:
            raise Refusal(409, "Nothing of this can be moved. Go back to the review, or end it.")

    def wait(self, owner: str) -> None:
        """Another process is moving photos."""
        self._progress = replace(self._progress, waiting=owner)

    def moved_one(self, outcome: TrashOutcome) -> None:
        """One more is dealt with."""
        now = self._progress
        moved = outcome.state is MoveState.MOVED
        problems = now.problems
        if not moved and len(problems) < _PROBLEMS:
            problems = (*problems, (outcome.path, outcome.reason))
        size = now.bytes + (outcome.size if moved else 0)
        self._progress = replace(now, done=now.done + 1, bytes=size, waiting=None, problems=problems)

    def finish(self, run: int | None, trouble: str) -> None:
        """All is done, or stopped by `trouble`, and the journal calls it `run`."""
        self._progress = replace(self._progress, waiting=None, run=run, trouble=trouble)

    def progress(self) -> dict[str, Json]:
        """How far it is; any thread may ask."""
        now = self._progress
        return {
            "done": now.done,
            "total": now.total,
            "bytes": now.bytes,
            "waiting": None if now.waiting is None else text(now.waiting),
            "problems": [{**path_keys("path", path), "reason": text(reason)} for path, reason in now.problems],
            "run": now.run,
            "trouble": text(now.trouble),
        }
