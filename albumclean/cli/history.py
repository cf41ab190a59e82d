"""`albumclean history`: what was moved, when, why and by whose word, and what is back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from albumclean.cli.running import load, resumable, say_error
from albumclean.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from albumclean.history import History

_RUNS = 20  # shown unless more are asked for


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("history")(history)


@resumable("Nothing was changed.")
def history(
    run: int | None = typer.Argument(None, help="Tell all of this run (default: list the runs)."),
    limit: int = typer.Option(_RUNS, "--limit", min=1, help="List this many runs."),
    offset: int = typer.Option(0, "--offset", min=0, help="Pass over this many of the latest runs."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object (docs/history.md)."),
) -> ExitCode:
    """List what was moved and brought back, run by run, with the reasons. Changes nothing."""
    if run is not None and (limit, offset) != (_RUNS, 0):
        raise UsageError(detail="--limit and --offset go with the list of runs, not with one run.")
    locations, _ = load()

    from albumclean.history import History
    from albumclean.store.ledger import Ledger

    with Ledger.open(locations.ledger) as ledger:
        return tell_runs(History(ledger), offset, limit, json_) if run is None else _tell(History(ledger), run, json_)


def tell_runs(past: History, offset: int = 0, limit: int = _RUNS, as_json: bool = False) -> ExitCode:
    """Print a page of the runs, the latest first."""
    from albumclean.cli.history_view import print_runs, print_runs_json

    runs = past.runs(offset, limit)
    if as_json:
        print_runs_json(past.count(), runs)
    else:
        print_runs(runs, past.count() - offset - len(runs))
    return ExitCode.OK


def _tell(past: History, number: int, as_json: bool) -> ExitCode:
    from albumclean.cli.history_view import print_run, print_run_json

    run = past.run(number)
    if run is None:
        say_error(f"there is no run {number}; `albumclean history` lists them.")
        return ExitCode.NOTHING_DONE
    if as_json:
        print_run_json(run, past.all_groups(number))
    else:
        print_run(run, past.all_groups(number))
    return ExitCode.OK
