"""`albumclean eval`: how well a scorer agrees with people, or its severities with faults made on purpose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from albumclean.cli.running import SCORER_HELP, load, opinion_of, resumable
from albumclean.cli.scan import Device
from albumclean.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from albumclean.config import Locations, Settings
    from albumclean.evaluation.measured import Measured


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("eval")(evaluate)


@resumable("Nothing was written.")
def evaluate(  # noqa: PLR0917 - typer reads the command line off the parameters
    table: Path | None = typer.Argument(
        None, help="CSV file with the columns file, mos and, if you like, subset; with --preset the data set's folder."
    ),
    preset: str | None = typer.Option(
        None, "--preset", help="The folder is this published data set, such as koniq-10k (docs/evaluation.md)."
    ),
    part: str | None = typer.Option(
        None, "--part", help="Which part of the data set's official split (default: the published one), or all."
    ),
    kadid: Path | None = typer.Option(None, "--kadid", help="Spoil the clean photos of this folder and measure that."),
    scorer: list[str] = typer.Option([], "--scorer", help=SCORER_HELP),
    predictions: Path | None = typer.Option(None, "--predictions", help="Write every photo's values to this CSV file."),
    plot: Path | None = typer.Option(None, "--plot", help="Draw the scatter plot into this .svg or .png file."),
    device: Device | None = typer.Option(None, "--device", help="Where the network runs."),
    workers: int | None = typer.Option(None, "--workers", min=1, help="Decoding processes (default: one per core)."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object (docs/evaluation.md)."),
) -> ExitCode:
    """Measure a scorer against people's scores of photos, or against faults made on purpose. Moves nothing."""
    if kadid is not None and (predictions or plot or preset):
        raise UsageError(detail="--predictions, --plot and --preset go with a table or a data set, not with --kadid.")
    if part is not None and preset is None:
        raise UsageError(detail="--part goes with --preset: it is a part of the data set's official split.")
    locations, settings = load(scorers=scorer)
    where = device.value if device else settings.scan.device
    if table is not None and kadid is None:
        from albumclean.cli.evaluate_rated import Wish, evaluate_preset, evaluate_table

        wish = Wish(predictions, plot, where, workers or settings.scan.workers, json_)
        measured = _measured(settings, locations)
        if preset is not None:
            return evaluate_preset(preset, table, measured, wish, settings, part=part)
        return evaluate_table(table, measured, wish, settings)
    if kadid is not None and table is None:
        from albumclean.cli.evaluate_kadid import evaluate_kadid

        return evaluate_kadid(kadid, _measured(settings, locations), settings, where, json_=json_)
    raise UsageError(
        detail="Name either a table, `albumclean eval TABLE.csv`, the folder of a published data set, "
        "`albumclean eval --preset NAME FOLDER`, or a folder of clean photos to spoil, `--kadid FOLDER`."
    )


def _measured(settings: Settings, locations: Locations) -> Measured:
    from albumclean.evaluation.measured import Measured

    return Measured.of(opinion_of(settings, locations), settings.scoring.scorers)
