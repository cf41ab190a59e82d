"""`albumclean models bench`: how fast each model is on this machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from albumclean.cli.running import load, resumable, say_error
from albumclean.errors import AlbumcleanError, ExitCode
from albumclean.words import counted, file_size, json_text, shown

if TYPE_CHECKING:
    from albumclean.scoring.timing import Timing


def add_to(group: typer.Typer) -> None:
    """Register the command."""
    group.command("bench")(bench)


@resumable("Nothing was changed.")
def bench(
    names: list[str] | None = typer.Argument(None, help="Models (default: all that are networks)."),
    device: str | None = typer.Option(None, "--device", help="auto, cpu, cuda or mps (default: as the settings say)."),
    batch: int = typer.Option(0, "--batch", min=0, help="Photos at once by PyTorch; 0: found from memory."),
    seconds: float = typer.Option(10.0, "--seconds", min=0.0, help="How long each is timed at least."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> ExitCode:
    """Time models on made pictures of 12 megapixels: making their input, the network itself, and the memory it takes.

    Decoding the file is not in it, as that is done once for all of them.
    """
    from albumclean.scoring.collection import Scorers
    from albumclean.scoring.timing import Timing, timings

    locations, settings = load()
    scorers = Scorers.of(locations.models)
    chosen = []
    failed = False
    for name in names or scorers.names():
        try:
            reads = scorers.find(name).spec.reads
        except AlbumcleanError as error:
            failed = True
            say_error(shown(str(error)))
            continue
        if reads:
            say_error(f"{shown(name)} takes no time of its own: it reads what {shown(reads)} has seen.")
        else:
            chosen.append(name)
    found: list[Timing] = []
    if not json_:
        typer.echo(f"{'':24} {'input':>10} {'network':>10} {'photos/s':>9} {'memory':>9}  batch, where")
    for name, timing in timings(
        chosen, locations.models, device=device or settings.scan.device, batch=batch, seconds=seconds
    ):
        if not isinstance(timing, Timing):
            failed = True
            reason = str(timing) if isinstance(timing, AlbumcleanError) else timing.reason
            say_error(f"{shown(name)}: {shown(reason)}")
            continue
        found.append(timing)
        if not json_:
            _print(timing)
    if json_:
        typer.echo(json_text({"version": 1, "timings": [asdict(timing) for timing in found]}))
    return ExitCode.SOME_FAILED if failed else ExitCode.OK


def _print(timing: Timing) -> None:
    preparing, forward = (f"{1000 * each:,.0f} ms" for each in (timing.preparing, timing.forward))
    where = f"{timing.batch}, {timing.device}, {timing.precision}, {counted(timing.threads, 'thread')}"
    typer.echo(
        f"{shown(timing.scorer):24} {preparing:>10} {forward:>10} {1 / timing.forward:>9.2f} "
        f"{file_size(timing.memory):>9}  {where}"
    )
