"""The history for the page: runs, what they moved, and the way back. Used by the thread that owns the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from albumclean.domain import TrashOutcome
from albumclean.errors import UndoImpossible
from albumclean.history import History
from albumclean.report.json_values import Json, path_keys, text
from albumclean.review.web.refusal import Refusal
from albumclean.review.web.values import PhotoAt, past_group_json, run_json

_RUNS = 50  # in one answer
_GROUPS = 200
_MAX_NUMBER = (1 << 63) - 1  # SQLite's


def runs(history: History, offset: int) -> dict[str, Json]:
    """A page of the runs, the latest first."""
    return {
        "total": history.count(),
        "offset": offset,
        "runs": [run_json(run) for run in history.runs(offset, _RUNS)],
    }


def run(history: History, number: int, offset: int, photo_at: PhotoAt) -> dict[str, Json]:
    """One run with a page of what it moved. Raises Refusal if there is no such run."""
    found = history.run(number) if number <= _MAX_NUMBER else None
    if found is None:
        raise Refusal(404, "The journal knows no run of this number.")
    return {
        "run": run_json(found),
        "total": history.count_groups(number),
        "offset": offset,
        "groups": [past_group_json(group, photo_at) for group in history.groups(number, offset, _GROUPS)],
    }


def undo(history: History, number: int, items: Sequence[int] | None, on_wait: Callable[[str], None]) -> dict[str, Json]:
    """Bring back a run, or just the photos of these numbers, which no two runs share.

    Raises Refusal for what the journal does not know.
    """
    if number > _MAX_NUMBER or history.run(number) is None:
        raise Refusal(404, "The journal knows no run of this number.")
    if items is not None and not items:
        raise Refusal(422, "No photo was named.")
    try:
        outcomes = (
            history.undo(run=number, on_wait=on_wait) if items is None else history.undo(items=items, on_wait=on_wait)
        )
    except UndoImpossible as error:
        raise Refusal(409, text(str(error))) from error
    return {"outcomes": [_outcome_json(outcome) for outcome in outcomes]}


def _outcome_json(outcome: TrashOutcome) -> dict[str, Json]:
    return {
        **path_keys("path", outcome.path),
        "state": outcome.state.value,
        "reason": text(outcome.reason),
    }
