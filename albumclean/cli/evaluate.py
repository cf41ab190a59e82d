"""`albumclean eval`: how well the scorer agrees with people, or its severities with faults made on purpose."""

from __future__ import annotations

from pathlib import Path

import typer

from albumclean.cli.running import load, resumable
from albumclean.cli.scan import Device
from albumclean.errors import ExitCode, UsageError


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("eval")(evaluate)


@resumable("Nothing was written.")
def evaluate(  # noqa: PLR0917 - typer reads the command line off the parameters
    table: Path | None = typer.Argument(None, help="CSV file with the columns file, mos and, if you like, subset."),
    kadid: Path | None = typer.Option(None, "--kadid", help="Spoil the clean photos of this folder and measure that."),
    predictions: Path | None = typer.Option(None, "--predictions", help="Write every photo's values to this CSV file."),
    plot: Path | None = typer.Option(None, "--plot", help="Draw the scatter plot into this .svg or .png file."),
    device: Device | None = typer.Option(None, "--device", help="Where the network runs."),
    workers: int | None = typer.Option(None, "--workers", min=1, help="Decoding processes (default: one per core)."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object (docs/evaluation.md)."),
) -> ExitCode:
    """Measure the scorer against people's scores of your photos, or against faults made on purpose. Moves nothing."""
    _, settings = load()
    where = device.value if device else settings.scan.device
    if table is not None and kadid is None:
        from albumclean.cli.evaluate_table import Wish, evaluate_table

        wish = Wish(table, predictions, plot, where, workers or settings.scan.workers, json_)
        return evaluate_table(wish, settings)
    if kadid is not None and table is None:
        from albumclean.cli.evaluate_kadid import evaluate_kadid

        if predictions or plot:
            raise UsageError(detail="--predictions and --plot go with a table, not with --kadid.")
        return evaluate_kadid(kadid, settings, where, json_=json_)
    raise UsageError(detail="Name either a table, `albumclean eval TABLE.csv`, or a folder, `--kadid FOLDER`.")
