"""One run from the scan to the last move: what was left over, what is there, what the rules may do.

Knows neither the engines nor a terminal: the scan is handed in, and what happened is handed back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from albumclean.catalogue import Catalogue
from albumclean.domain import MoveState
from albumclean.store.census import Count
from albumclean.trash import recover
from albumclean.unattended.auto import AutoMove, Moved
from albumclean.unattended.auto_rule import AutoRule
from albumclean.unattended.breaker import RootLook, losses
from albumclean.words import counted, shown


@dataclass(frozen=True, slots=True)
class Scanned:
    """What the scan of a night found."""

    new: int  # photos never seen before
    failed: int  # files that it could not read, and folders
    left: int  # photos for the next run
    met: Mapping[Path, int]  # of each root, the photos that lie there
    known: Mapping[Path, int]  # of each root, the photos known before
    stopped: str = ""  # why the scan ended before all was done; empty: it did not


@dataclass(slots=True)
class Night:
    """What a run did; for the report, the line and the exit code."""

    scanned: Scanned
    moved: list[Moved] = field(default_factory=list)
    held_back: list[str] = field(default_factory=list)  # why nothing moved; empty: nothing stood in the way
    lost: bool = False  # it was held back because photos are missing
    problems: list[str] = field(default_factory=list)  # to look at
    notes: list[str] = field(default_factory=list)  # worth knowing, nothing to do


@dataclass(frozen=True, slots=True)
class Watch:
    """What a night needs to know."""

    catalogue: Catalogue
    roots: Sequence[Path]
    rules: Sequence[AutoRule]  # that the user has turned on
    settle: float  # seconds
    now: Callable[[], float]  # seconds since the epoch
    accept_loss: bool = False  # the user has said that missing photos are gone on purpose

    def spend(self, scan: Callable[[], Scanned]) -> Night:
        """Settle what a killed run left, scan, and let the rules move what they may.

        Raises what the scan raises, and StoreError.
        """
        notes, halves = self._clear_up()
        night = Night(scan(), notes=notes)
        looks = [self._look(root, night.scanned) for root in self.roots]
        lost = losses(looks, accepted=self.accept_loss)
        night.lost, night.held_back = bool(lost), lost + halves
        if not lost:
            self.catalogue.ledger.census.record(self._counted(look) for look in looks)
        if self.rules and not night.held_back:
            result = AutoMove(self.catalogue, self.roots, self.rules, self.now, self.settle).run()
            night.moved, night.held_back = result.moved, result.held_back
            for outcome in result.stayed:
                night.problems.append(f"{shown(outcome.path)} stays where it is: {shown(outcome.reason)}")
        return night

    def _clear_up(self) -> tuple[list[str], list[str]]:
        """Settle what a kill left half-way; what a rule had still planned is chosen anew, within the breaker.

        Gives what to note, and of which photos a part can't be brought to either end yet.
        """
        ledger = self.catalogue.ledger
        notes, halves = [], []
        for outcome in recover(ledger):
            name = shown(outcome.path)
            if outcome.state is MoveState.MOVED:
                self.catalogue.cache.forget([outcome.path])
                notes.append(f"{name} had been moved when an earlier run was stopped; `albumclean undo` knows it")
            elif outcome.state is MoveState.FAILED:
                halves.append(f"The move of {name} was stopped half-way: {shown(outcome.reason)}.")
            else:
                notes.append(f"{name} is whole and in its place after an earlier run was stopped")
        stuck = {asset[0].run for asset in ledger.unsettled()}
        given_up = sum(ledger.abandon(run) for run in ledger.runs_of_rules() if run not in stuck)
        if given_up:
            notes.append(f"An earlier run was stopped with {counted(given_up, 'file')} left to move; chosen anew")
        ledger.withdraw_rules()
        if any(run.id not in stuck for run in ledger.unfinished_runs()):
            notes.append("A move that you had confirmed is not finished: `albumclean apply` finishes it")
        return notes, halves

    def _look(self, root: Path, scanned: Scanned) -> RootLook:
        census = self.catalogue.ledger.census
        count = census.of(root)
        try:
            device: int | None = root.stat().st_dev
        except OSError:
            device = None
        moved = census.moved_since(count) if count is not None else 0
        return RootLook(root, scanned.met.get(root, 0), scanned.known.get(root, 0), device, count, moved)

    def _counted(self, look: RootLook) -> Count:
        size = self.catalogue.cache.size_under(look.root)
        return Count(look.root, look.met, size, look.device or 0, self.now())
