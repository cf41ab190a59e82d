"""`albumclean models`: the models that say how good a photo is: bring others, look at them, choose between them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from albumclean.cli import models_bench, models_list
from albumclean.cli.running import load, resumable, say_error
from albumclean.errors import AlbumcleanError, ExitCode, UsageError
from albumclean.words import counted, file_size, shown

if TYPE_CHECKING:
    from albumclean.scoring.inspection import Found
    from albumclean.scoring.library import ModelLibrary

_TABLE, _KEY = "scoring", "scorers"
_VARIABLE = "ALBUMCLEAN_SCORING_SCORERS"


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    group = typer.Typer(
        help="Bring other models than the shipped ones, look at them, and choose whose word counts.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("add")(add)
    models_list.add_to(group)
    group.command("remove")(remove)
    group.command("verify")(verify)
    models_bench.add_to(group)
    group.command("use")(use)
    app.add_typer(group, name="models")


@resumable("Nothing was stored.")
def add(
    path: Path = typer.Argument(..., help="The folder that `modelscope download` made, or a file with weights."),
    name: str | None = typer.Option(None, "--name", help="What to call it (default: what it is)."),
    as_: str | None = typer.Option(
        None, "--as", metavar="NETWORK", help="Which network it is, where two have the same form (docs/models.md)."
    ),
    dry_run: bool = typer.Option(False, "--dry-run", help="Only tell what it is; store nothing."),
) -> ExitCode:
    """Bring a published model: PyTorch, safetensors or Keras. Runs nothing that the file holds.

    The file is read in a process of its own, recognised by the names and shapes of its weights, and tried on a picture.
    A copy of the weights alone is kept; the file itself stays as it is.
    """
    from albumclean.scoring.adding import add as bring
    from albumclean.scoring.adding import would_be
    from albumclean.scoring.library import ModelLibrary

    locations, _ = load()
    library = ModelLibrary(locations.models)
    wish = path.expanduser().absolute()
    if dry_run:
        named, found, there = would_be(library, wish, name=name, as_variant=as_, taken=_others())
        _tell(found)
        typer.echo(f"It is there already, as {named}." if there else f"`models add` would keep it as {named}.")
        return ExitCode.OK
    outcome = bring(library, wish, name=name, as_variant=as_, taken=_others())
    model = outcome.model
    _tell(outcome.found)
    if outcome.was_there:
        typer.echo(f"It is there already, as {model.name}, and whole. Nothing was changed.")
        return ExitCode.OK
    typer.echo(f"Kept as {model.name}, {file_size(model.record.size)} in {shown(model.folder)}.")
    typer.echo(f"Next: `albumclean scan FOLDER --scorer {model.name}`; always: `albumclean models use {model.name}`.")
    return ExitCode.OK


@resumable("Run it again to take away what is left.")
def remove(name: str = typer.Argument(..., help="The model.")) -> ExitCode:
    """Delete the copy of a model that `models add` keeps. The file that it came from stays, and so do its scores."""
    from albumclean.scoring.adding import remove as take_away
    from albumclean.scoring.library import ModelLibrary
    from albumclean.scoring.opinion import names_of

    locations, settings = load()
    if name in names_of(settings.scoring.scorers):
        raise UsageError(
            detail=f"{shown(name)!r} is chosen in [{_TABLE}] {_KEY}. First choose another one, for example with "
            "`albumclean models use judge`."
        )
    library = ModelLibrary(locations.models)
    left = take_away(library, name)
    typer.echo(f"{name} is removed. `albumclean models add` brings it again from the file that it came from.")
    if left:
        typer.echo(f"{shown(library.folder / name)} stays: it holds {counted(len(left), 'file')} of somebody else.")
    return ExitCode.OK


@resumable("Nothing was changed.")
def verify(names: list[str] | None = typer.Argument(None, help="Models (default: all).")) -> ExitCode:
    """Check that models are what they were when they came: every byte, and what they say of a made picture."""
    from albumclean.scoring import registry
    from albumclean.scoring.library import ModelLibrary

    locations, _ = load()
    library = ModelLibrary(locations.models)
    known = (*registry.names(), *library.names())
    chosen = tuple(dict.fromkeys(names or known))
    if unknown := next((name for name in chosen if name not in known), None):
        raise UsageError(
            detail=f"{shown(unknown)!r} is no model that came with albumclean or by `albumclean models add`; there are "
            f"{', '.join(known)}."
        )
    well = True
    for name in chosen:
        try:
            typer.echo(f"  ok    {name}: {_verified(library, name)}")
        except AlbumcleanError as error:
            well = False
            typer.echo(f"  FAIL  {name}: {shown(str(error))}")
    return ExitCode.OK if well else ExitCode.SOME_FAILED


def _verified(library: ModelLibrary, name: str) -> str:
    """Raises AlbumcleanError where something is not as it was."""
    from albumclean.scoring import registry
    from albumclean.scoring.verifying import verify as check

    model = library.find(name)
    if model is None:
        registry.weights_of(registry.spec(name))
        return "every byte is as it was shipped"
    if check(model):
        return "every byte is as it was stored, and it says of the made picture what it said then"
    return "every byte is as it was stored; what it says was not compared, as albumclean has changed since"


@resumable("Nothing was changed.")
def use(names: list[str] = typer.Argument(..., help="Scorers, each as NAME or NAME:WEIGHT.")) -> ExitCode:
    """Choose whose word counts from now on, in the settings file. `albumclean models use judge` is the default."""
    from albumclean.cli.config_file import set_value
    from albumclean.cli.running import opinion_of

    locations, settings = load(scorers=names)
    opinion = opinion_of(settings, locations)
    wishes = list(settings.scoring.scorers)
    copy = set_value(locations.config, _TABLE, _KEY, wishes, by="models")
    before = f" What was there is kept in {shown(copy)}." if copy else ""
    typer.echo(f"{shown(opinion.name)} says now how good a photo is, as {shown(locations.config)} has it.{before}")
    for voice in opinion.beauty:
        typer.echo(f"{shown(voice.spec.name)} says how much people like it.")
    typer.echo("Next: `albumclean scan FOLDER`: photos that it has not seen yet have no score.")
    if _VARIABLE in os.environ:
        say_error(f"the variable {_VARIABLE} wins over the file; unset it for this to count.")
    return ExitCode.OK


def _tell(found: Found) -> None:
    from albumclean.scoring.variants import variant

    known = variant(found.variant)
    typer.echo(f"{shown(found.path)} is {known.name}: {known.title}")
    typer.echo(f"    {found.weights:,} numbers; SHA-256 {found.sha256}; licence: {known.licence}")
    if found.others:
        others = ", ".join(found.others)
        typer.echo(f"    Others of this form: {others}. If it is one of those, add it with `--as NAME`.")


def _others() -> frozenset[str]:
    """Names that mean scorers which are not in the library."""
    from albumclean.scoring import registry
    from albumclean.scoring.packages import Packages

    return frozenset((*registry.names(), *Packages().names()))
