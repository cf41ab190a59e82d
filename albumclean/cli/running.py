"""What all commands share: settings, opening the stores, Ctrl-C, and how errors are said."""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, ParamSpec

import typer

from albumclean.errors import ExitCode, NothingKnown, NoVideoKnown
from albumclean.words import counted, shown

if TYPE_CHECKING:
    from albumclean.catalogue import Catalogue
    from albumclean.config import Locations, Settings
    from albumclean.scoring.opinion import Opinion

P = ParamSpec("P")


def say_error(text: str) -> None:
    """One line to standard error."""
    typer.echo(f"albumclean: {text}", err=True)


def resumable(advice: str) -> Callable[[Callable[P, ExitCode]], Callable[P, None]]:
    """Turn a command that returns an ExitCode into one that exits with it; Ctrl-C and SIGTERM end it with `advice`."""

    def decorate(command: Callable[P, ExitCode]) -> Callable[P, None]:
        @functools.wraps(command)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            signal.signal(signal.SIGTERM, _interrupt)
            try:
                code = command(*args, **kwargs)
            except KeyboardInterrupt:
                say_error(f"interrupted. {advice}")
                code = ExitCode.INTERRUPTED
            raise typer.Exit(code)

        return run

    return decorate


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


SCORER_HELP = "Whose score counts, as NAME or NAME:WEIGHT; may be repeated (docs/models.md)."


def load(below: float | None = None, scorers: Sequence[str] = ()) -> tuple[Locations, Settings]:
    """Where things lie and what the user has set. Raises ConfigError.

    `below` is the threshold of this command, and `scorers`, if there are any, are those whose word counts in it.
    """
    from albumclean.config import Locations, load_settings

    locations = Locations.from_environment()
    settings = load_settings(locations.config)
    if below is not None:
        settings = replace(settings, low_quality=replace(settings.low_quality, below=below))
    if scorers:
        settings = replace(settings, scoring=replace(settings.scoring, scorers=tuple(scorers)))
    return locations.with_settings(settings), settings


def opinion_of(settings: Settings, locations: Locations) -> Opinion:
    """The scorers that the settings name. Raises ScorerUnknown and the errors of models that can't be used."""
    from albumclean.scoring.calibration import CalibrationShelf
    from albumclean.scoring.collection import Scorers
    from albumclean.scoring.opinion import Opinion

    calibrations = CalibrationShelf(locations.models)
    opinion = Opinion.chosen(settings.scoring.scorers, Scorers.of(locations.models), calibrations.of)
    for note in calibrations.notes(opinion.specs):
        say_error(note)
    return opinion


@contextmanager
def open_catalogue(settings: Settings, locations: Locations) -> Iterator[Catalogue]:
    """The cache and the ledger, opened. Raises StoreError and its kind, and what `opinion_of` raises."""
    from albumclean.catalogue import Catalogue
    from albumclean.store.cache import Cache
    from albumclean.store.ledger import Ledger

    opinion = opinion_of(settings, locations)
    with Cache.open(locations.cache) as cache, Ledger.open(locations.ledger) as ledger:
        yield Catalogue(cache, ledger, settings, opinion=opinion)


def require_photos(catalogue: Catalogue, under: list[Path], *, videos: bool = False) -> None:
    """Raises NothingKnown if no scan has met a photo (under one of the folders), NoVideoKnown if no video."""
    if videos and not catalogue.cache.has_videos(under):
        raise NoVideoKnown
    if not catalogue.cache.has_files(under):
        raise NothingKnown


def say_unscored(catalogue: Catalogue, under: list[Path]) -> None:
    """Tell the user if a scorer that was chosen has not seen all photos, which then go by no score."""
    missing = catalogue.count_unscored(under)
    if missing:
        names = " ".join(f"--scorer {shown(wish)}" for wish in catalogue.settings.scoring.scorers)
        say_error(
            f"{counted(missing, 'photo')} without a score of {shown(catalogue.opinion.name)} can't be proposed for low "
            f"quality; `albumclean scan FOLDER {names}` gives it."
        )


def absolute(paths: list[Path] | None) -> list[Path]:
    """Paths as the cache knows them: absolute, `~` and symlinked folders resolved."""
    return [path.expanduser().resolve() for path in paths or []]


def is_interactive() -> bool:
    """Whether a person can answer: both ends are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()
