"""The entry point: gathers the commands and turns errors into sentences and exit codes.

Nothing heavy is imported at module level here or in the commands: `albumclean --help` must answer at once.
"""

from __future__ import annotations

import os
import sys

import typer

from albumclean import __version__
from albumclean.cli import (
    apply,
    calibrate,
    doctor,
    evaluate,
    explain,
    history,
    models,
    propose,
    report,
    review,
    run,
    scan,
    schedule,
    sources,
    status,
    tune,
    undo,
    videos,
)
from albumclean.cli.running import say_error
from albumclean.errors import AlbumcleanError, ExitCode

app = typer.Typer(
    name="albumclean",
    help="Find the blurred, noisy and repeated photos of an album, look at them, and trash them with a way back.",
    epilog="Exit codes: 0 all well; 1 some files failed or were skipped; 2 wrong usage or configuration; "
    "3 nothing could be done; 4 a run was held back by its limits; 75 another run is at work; "
    "130 interrupted (run the same command again to go on).",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: importing rich would double the time until it appears
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    sources,
    scan,
    propose,
    review,
    apply,
    undo,
    history,
    report,
    videos,
    run,
    schedule,
    tune,
    models,
    calibrate,
    status,
    explain,
    evaluate,
    doctor,
):
    command.add_to(app)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"albumclean {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    pass


def main() -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks must not end the run. A timer may give no stream at all.
        if stream is not None:
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app()
    except AlbumcleanError as error:
        say_error(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader (`| head`) has seen enough; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.OK)
