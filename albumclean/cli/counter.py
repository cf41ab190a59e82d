"""How far a long command is: a bar in a terminal, now and then a line elsewhere; always to standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PLAIN_EVERY = 10.0  # seconds between the lines of a run that no one watches


@contextmanager
def counter(doing: str, total: int) -> Iterator[Callable[[], None]]:
    """A function to call after each of `total` steps."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(24), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(doing, total=total)
            yield lambda: bar.advance(task)
        return
    done, last = 0, time.monotonic()

    def step() -> None:
        nonlocal done, last
        done += 1
        if time.monotonic() - last >= PLAIN_EVERY:
            last = time.monotonic()
            sys.stderr.write(f"{doing}: {done:,} of {total:,}\n")

    yield step
