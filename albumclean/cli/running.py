"""What all commands share: settings, opening the stores, Ctrl-C, and how errors are said."""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, ParamSpec

import typer

from albumclean.errors import ExitCode, NothingKnown

if TYPE_CHECKING:
    from albumclean.catalogue import Catalogue
    from albumclean.config import Locations, Settings

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


def load(below: float | None = None) -> tuple[Locations, Settings]:
    """Where things lie and what the user has set; `below` is the threshold of this command. Raises ConfigError."""
    from albumclean.config import Locations, load_settings

    locations = Locations.from_environment()
    settings = load_settings(locations.config)
    if below is not None:
        settings = replace(settings, low_quality=replace(settings.low_quality, below=below))
    return locations, settings


@contextmanager
def open_catalogue(settings: Settings, locations: Locations) -> Iterator[Catalogue]:
    """The cache and the ledger, opened. Raises StoreError and its kind."""
    from albumclean.catalogue import Catalogue
    from albumclean.store.cache import Cache
    from albumclean.store.ledger import Ledger

    with Cache.open(locations.cache) as cache, Ledger.open(locations.ledger) as ledger:
        yield Catalogue(cache, ledger, settings)


def require_photos(catalogue: Catalogue, under: list[Path]) -> None:
    """Raises NothingKnown if no scan has met a photo (under one of the folders)."""
    if not catalogue.cache.has_files(under):
        raise NothingKnown


def absolute(paths: list[Path] | None) -> list[Path]:
    """Paths as the cache knows them: absolute, `~` and symlinked folders resolved."""
    return [path.expanduser().resolve() for path in paths or []]


def is_interactive() -> bool:
    """Whether a person can answer: both ends are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()
