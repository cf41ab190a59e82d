"""`albumclean tune`: what the user's own keeps and trashes say of the threshold, and setting it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from albumclean.cli.running import is_interactive, load, open_catalogue, resumable, say_error
from albumclean.errors import ExitCode
from albumclean.words import counted, shown

if TYPE_CHECKING:
    from albumclean.catalogue import Catalogue
    from albumclean.config import Locations
    from albumclean.policy.thresholds import Decided, Tuning

_RULE, _TABLE, _KEY = "low-quality", "low_quality", "below"
_VARIABLE = "ALBUMCLEAN_LOW_QUALITY_BELOW"


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("tune")(tune)


@resumable("Nothing was changed.")
def tune(
    accept: bool = typer.Option(False, "--accept", help="Set the proposed threshold in config.toml without asking."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object (docs/tuning.md); asks nothing."),
) -> ExitCode:
    """Show how your own answers sit against the score, and propose a threshold that fits them better."""
    locations, settings = load()

    from albumclean.cli.tune_view import print_json, print_tuning
    from albumclean.policy import thresholds

    with open_catalogue(settings, locations) as catalogue:
        decisions, unscored = decided(catalogue)
    tuning = thresholds.tune(decisions, settings.low_quality.below)
    if json_:
        print_json(tuning, decisions, unscored)
    else:
        print_tuning(tuning, decisions, unscored)
    if tuning.proposed is None:
        if accept:
            say_error("there is no threshold to accept, so nothing was changed.")
        return ExitCode.OK
    if accept or (not json_ and _wants(tuning, locations)):
        _set(locations, tuning.proposed, quiet=json_)
    elif not json_:
        typer.echo("Nothing was changed.")
    return ExitCode.OK


def hint(catalogue: Catalogue) -> str | None:
    """One line for the end of a review if the user's answers so far propose another threshold; else None."""
    from albumclean.policy import thresholds

    decisions, _ = decided(catalogue)
    if len(decisions) < thresholds.FEWEST:
        return None
    _, settings = load()  # not the catalogue's: a review may have another threshold for once
    tuning = thresholds.tune(decisions, settings.low_quality.below)
    if tuning.proposed is None:
        return None
    return (
        f"Your {counted(tuning.decided, 'answer')} so far fit a threshold of {tuning.proposed:.2f} better than "
        f"{tuning.present:.2f}: `albumclean tune` shows why and asks."
    )


def decided(catalogue: Catalogue) -> tuple[list[Decided], int]:
    """The user's own last words on single photos with their scores; how many have no score any more.

    Scores hang on the content, so photos that were moved away still have theirs; a new revision of the judge has not
    seen them.
    """
    from albumclean.domain import Action
    from albumclean.policy.thresholds import Decided

    words = dict(catalogue.ledger.last_words(_RULE))
    decisions = [Decided(mos, words[content] is Action.TRASH) for content, mos in catalogue.mos_of(words)]
    return decisions, len(words) - len(decisions)


def _wants(tuning: Tuning, locations: Locations) -> bool:
    if not is_interactive():
        typer.echo(f"`albumclean tune --accept` sets it in {shown(locations.config)}.")
        return False
    return typer.confirm(f"Set the threshold to {tuning.proposed:.2f} in {shown(locations.config)}?", default=False)


def _set(locations: Locations, threshold: float, *, quiet: bool) -> None:
    from albumclean.cli.config_file import set_value

    copy: Path | None = set_value(locations.config, _TABLE, _KEY, threshold)
    if not quiet:
        before = f" What was there is kept in {shown(copy)}." if copy else ""
        typer.echo(f"The threshold is {threshold:.2f} now, set in {shown(locations.config)}.{before}")
    if _VARIABLE in os.environ:
        say_error(f"the variable {_VARIABLE} wins over the file; unset it for this to count.")
