"""What `review`, `apply` and `undo` share: telling each outcome, and the sums at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path

import typer

from albumclean.cli.running import say_error
from albumclean.domain import MoveState, TrashOutcome
from albumclean.errors import ExitCode
from albumclean.words import counted, file_size, shown


def tell_problem(outcome: TrashOutcome) -> None:
    """Say at once what did not go as planned."""
    if outcome.state in {MoveState.SKIPPED, MoveState.FAILED, MoveState.ROLLED_BACK}:
        say_error(f"{shown(outcome.path)} stays where it is: {shown(outcome.reason)}")


def tell_wait(owner: str) -> None:
    """Say for whom this run waits."""
    say_error(f"waiting for another albumclean to end ({shown(owner)})…")


def summed_up(outcomes: Iterable[TrashOutcome], places: Collection[Path | None]) -> ExitCode:
    """Print what moved, to which folders (None: the trash), and how to take it back; the exit code."""
    counts: Counter[MoveState] = Counter()
    freed = 0
    for outcome in outcomes:
        counts[outcome.state] += 1
        freed += outcome.size if outcome.state is MoveState.MOVED else 0
    moved = counts[MoveState.MOVED]
    where = " and ".join(sorted(shown(place) if place else "the trash" for place in places)) or "the trash"
    typer.echo(f"{counted(moved, 'photo')} ({file_size(freed)}) moved to {where}.")
    stayed = sum(counts.values()) - moved
    if stayed:
        typer.echo(f"{counted(stayed, 'photo')} stayed, for the reasons given above.")
    if moved:
        typer.echo("`albumclean undo` brings all of them back.")
    return ExitCode.SOME_FAILED if stayed else ExitCode.OK
