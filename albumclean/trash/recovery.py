"""After a kill, a crash or Ctrl-C: settle what was caught in the middle, and carry on with the rest."""

from __future__ import annotations

from albumclean.domain import TrashOutcome
from albumclean.store.ledger import Ledger
from albumclean.trash.apply import OnOutcome, OnWait, Stop, carry_out
from albumclean.trash.lock import locked
from albumclean.trash.settle import settle_interrupted


def recover(ledger: Ledger, *, on_wait: OnWait | None = None) -> list[TrashOutcome]:
    """Settle every photo that a kill left half-way; one outcome for each.

    MOVED or RESTORED: it had arrived. PLANNED: it is back in its place, whole, and `resume` will try it again. FAILED:
    a file is at neither end (its drive may not be connected); the next recovery looks again. Raises StoreError.
    """
    with locked(ledger, on_wait):
        return settle_interrupted(ledger)


def resume(
    ledger: Ledger,
    *,
    on_outcome: OnOutcome | None = None,
    stop: Stop | None = None,
    on_wait: OnWait | None = None,
) -> list[TrashOutcome]:
    """`recover`, then carry on with every unfinished run; each photo is looked at again as if for the first time.

    Raises QuarantineUnusable, StoreError.
    """
    with locked(ledger, on_wait):
        outcomes = settle_interrupted(ledger)
        for run in ledger.unfinished_runs():
            ledger.take_over(run.id)
            outcomes += carry_out(ledger, run, on_outcome, stop)
    return outcomes
