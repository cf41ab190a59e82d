"""`albumclean undo`: bring photos back from where a review has moved them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from albumclean.cli.history import tell_runs
from albumclean.cli.running import load, resumable, say_error
from albumclean.errors import ExitCode, UsageError
from albumclean.words import counted, shown

if TYPE_CHECKING:
    from albumclean.domain import TrashOutcome
    from albumclean.history import History


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("undo")(undo)


@resumable("Run the same undo again to go on.")
def undo(
    paths: list[Path] | None = typer.Argument(None, help="Only these photos or folders, by their old paths."),
    run: int | None = typer.Option(None, "--run", help="The run to take back (default: the last)."),
    group: int | None = typer.Option(
        None, "--group", help="The photo of this number, and all that moved with it for the same kept photo."
    ),
    item: list[int] = typer.Option([], "--item", help="Just the photo of this number; may be repeated."),
    list_: bool = typer.Option(False, "--list", help="The same as `albumclean history`; brings back nothing."),
) -> ExitCode:
    """Bring back the last run, a given run or group, or just the named photos, to where they were.

    `albumclean history` lists the runs, `albumclean history RUN` the photos with their numbers.
    """
    if sum((bool(paths), run is not None, group is not None, bool(item))) > 1:
        raise UsageError(detail="Name photos or folders, or one of --run, --group and --item.")
    locations, _ = load()

    from albumclean.history import History
    from albumclean.store.ledger import Ledger

    with Ledger.open(locations.ledger) as ledger:
        past = History(ledger)
        if list_:
            return tell_runs(past)
        return _told(_bring_back(past, paths, run, group, item))


def _bring_back(
    past: History, paths: list[Path] | None, run: int | None, group: int | None, items: list[int]
) -> list[TrashOutcome]:
    from albumclean.cli.moving import tell_wait

    if paths:
        named = [path.expanduser().absolute() for path in paths]
        return past.undo(paths=named, on_wait=tell_wait)
    if group is not None or items:
        return past.undo(group=group, items=items or None, on_wait=tell_wait)
    return past.undo(run=run, on_wait=tell_wait)


def _told(outcomes: list[TrashOutcome]) -> ExitCode:
    from albumclean.domain import MoveState

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
