"""`albumclean undo`: bring photos back from where a review has moved them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from albumclean.cli.running import load, resumable, say_error
from albumclean.errors import ExitCode
from albumclean.words import counted, shown

if TYPE_CHECKING:
    from albumclean.store.ledger import Ledger


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("undo")(undo)


@resumable("Run the same undo again to go on.")
def undo(
    paths: list[Path] | None = typer.Argument(None, help="Only these photos or folders, by their old paths."),
    run: int | None = typer.Option(None, "--run", help="The run to take back (default: the last); see --list."),
    list_: bool = typer.Option(False, "--list", help="List the runs and what became of their photos; move nothing."),
) -> ExitCode:
    """Bring back the photos of the last run, of a given run, or just the named ones, to where they were."""
    from albumclean.cli.moving import tell_wait
    from albumclean.domain import MoveState
    from albumclean.store.ledger import Ledger
    from albumclean.trash import undo as bring_back

    locations, _ = load()
    with Ledger.open(locations.ledger) as ledger:
        if list_:
            return _list(ledger)
        named = [path.expanduser().absolute() for path in paths] if paths else None
        outcomes = bring_back(ledger, run=run, paths=named, on_wait=tell_wait)
    restored = 0
    for outcome in outcomes:
        if outcome.state is MoveState.RESTORED:
            restored += 1
        else:
            say_error(f"{shown(outcome.path)} could not be brought back: {shown(outcome.reason)}")
    if not outcomes:
        typer.echo("There is nothing to bring back.")
        return ExitCode.OK
    typer.echo(f"{counted(restored, 'photo')} brought back, and remembered as photos that you keep.")
    return ExitCode.OK if restored == len(outcomes) else ExitCode.SOME_FAILED


def _list(ledger: Ledger) -> ExitCode:
    runs = ledger.history()
    for entry in runs:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.started_at))
        states = ", ".join(f"{count:,} {state.value}" for state, count in sorted(entry.photos.items()))
        unfinished = "" if entry.finished_at is not None else " (interrupted: `albumclean apply` finishes it)"
        where = f" to {shown(entry.quarantine)}" if entry.quarantine else ""
        typer.echo(f"run {entry.id}  {when}  {entry.kind.value}{where}: {states or 'nothing'}{unfinished}")
    if not runs:
        typer.echo("Nothing was ever moved.")
    return ExitCode.OK
