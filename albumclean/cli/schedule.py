"""`albumclean schedule`: a nightly run by the clock of this system, shown before it is written."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from albumclean.cli.running import absolute, is_interactive, load, resumable
from albumclean.errors import ExitCode, NothingToScan, RootNotFound, UsageError
from albumclean.words import shown

if TYPE_CHECKING:
    from albumclean.unattended.schedule import Job, Scheduler, Surroundings


class Rhythm(StrEnum):
    """How often."""

    DAY = "day"
    WEEK = "week"


class Clock(StrEnum):
    """What starts the run."""

    SYSTEMD = "systemd"
    CRON = "cron"
    LAUNCHD = "launchd"
    WINDOWS = "windows"


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("schedule")(schedule)


@resumable("Run it again to see what is in place.")
def schedule(  # noqa: PLR0917 - typer reads the command line off the parameters
    folders: list[Path] | None = typer.Argument(None, help="Folders that each run looks at."),
    at: str = typer.Option("03:30", "--at", help="Time of day."),
    every: Rhythm = typer.Option(Rhythm.DAY, "--every", help="Every day, or in the night to Sunday."),
    kind: Clock | None = typer.Option(None, "--kind", help="What starts it (default: what suits this system)."),
    protected: list[Path] = typer.Option([], "--protected", help="A folder to compare with, never to propose from."),
    max_time: int | None = typer.Option(None, "--max-time", min=1, help="Minutes after which each run ends."),
    report: Path | None = typer.Option(None, "--report", help="Folder that takes the reports of the runs."),
    show: bool = typer.Option(False, "--show", help="Only show what would be written, and where."),
    write: bool = typer.Option(False, "--write", help="Write it without asking."),
    remove: bool = typer.Option(False, "--remove", help="Take away what was written."),
    force: bool = typer.Option(False, "--force", help="Replace or remove it even if you have changed it since."),
) -> ExitCode:
    """Let `albumclean run` look at the folders every night. Shows what it would write, and asks. Moves no photo."""
    if show + write + remove > 1:
        raise UsageError(detail="Name only one of --show, --write and --remove.")

    from albumclean.unattended.schedule import Surroundings

    locations, settings = load()
    surroundings = Surroundings.of_this_user(locations.ledger.parent)
    if remove:
        return _remove(surroundings, kind, force=force)
    if not folders:
        raise NothingToScan

    from albumclean.unattended.schedule import Every, Job, carried_environment, parse_time, scheduler, this_program
    from albumclean.unattended.schedule import usual_kind as usual

    words = ["run", "--quiet"]
    words += ["--max-time", str(max_time)] if max_time else []
    words += ["--report", str(absolute([report])[0])] if report else []
    for folder in _existing(protected):
        words += ["--protected", str(folder)]
    words += [str(folder) for folder in _existing(folders)]
    hour, minute = parse_time(at)
    job = Job(
        program=this_program(sys.argv[0]),
        arguments=tuple(words),
        hour=hour,
        minute=minute,
        every=Every(every.value),
        environment=carried_environment(os.environ),
        nice=settings.unattended.nice,
        on_battery=settings.unattended.on_battery,
    )
    chosen = scheduler(kind.value if kind else usual(), surroundings)
    _show(chosen, job)
    if show:
        return ExitCode.OK
    if not write:
        if not is_interactive():
            raise UsageError(
                detail="Nothing was written. Add --write to write this, or --show if you only want to see it."
            )
        if not typer.confirm("Write this?"):
            typer.echo("Nothing was written.")
            return ExitCode.OK
    for line in chosen.write(job, force=force):
        typer.echo(line)
    _warn_of_others(chosen, surroundings)
    return ExitCode.OK


def _existing(folders: list[Path]) -> list[Path]:
    found = absolute(folders)
    for folder in found:
        if not folder.exists():
            raise RootNotFound(path=shown(folder))
    return found


def _show(chosen: Scheduler, job: Job) -> None:
    typer.echo(f"This would write {chosen.title}:")
    for piece in chosen.pieces(job):
        typer.echo(f"\n{shown(piece.where)}")
        for line in piece.text.splitlines():
            typer.echo(f"    {shown(line)}".rstrip())
    typer.echo()


def _remove(surroundings: Surroundings, kind: Clock | None, *, force: bool) -> ExitCode:
    """Remove what is in place, whichever way it was written."""
    from albumclean.unattended.schedule import KINDS, scheduler
    from albumclean.unattended.schedule.registry import is_installed

    kinds = [kind.value] if kind else [each for each in KINDS if is_installed(each) or each != "cron"]
    said = [line for each in kinds for line in scheduler(each, surroundings).remove(force=force)]
    for line in said or ["There is nothing to remove."]:
        typer.echo(line)
    return ExitCode.OK


def _warn_of_others(chosen: Scheduler, surroundings: Surroundings) -> None:
    from albumclean.unattended.schedule import KINDS, scheduler
    from albumclean.unattended.schedule.registry import is_installed

    for kind in KINDS:
        if kind != chosen.kind and is_installed(kind) and (other := scheduler(kind, surroundings)).is_there():
            typer.echo(f"There is {other.title} too; `albumclean schedule --remove --kind {kind}` takes it away.")
