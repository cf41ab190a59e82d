"""`albumclean apply`: finish a run of moves that was interrupted after the user had said yes."""

from __future__ import annotations

import typer

from albumclean.cli.running import load, open_catalogue, resumable
from albumclean.errors import ExitCode


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("apply")(apply)


@resumable("Run `albumclean apply` again to go on, or `albumclean undo` to take it back.")
def apply() -> ExitCode:
    """Finish moves that you had confirmed and that were interrupted. Each photo is checked again before it moves."""
    from albumclean.cli.moving import summed_up, tell_problem, tell_wait
    from albumclean.domain import MoveState
    from albumclean.trash import resume

    locations, settings = load()
    with open_catalogue(settings, locations) as catalogue:
        places = {run.quarantine for run in catalogue.ledger.unfinished_runs()}
        outcomes = resume(catalogue.ledger, on_outcome=tell_problem, on_wait=tell_wait)
        catalogue.cache.forget(outcome.path for outcome in outcomes if outcome.state is MoveState.MOVED)
    if not outcomes:
        typer.echo("Nothing is left to finish. `albumclean review` shows proposals and asks.")
        return ExitCode.OK
    return summed_up((outcome for outcome in outcomes if outcome.state is not MoveState.PLANNED), places)
