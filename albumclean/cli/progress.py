"""How a scan's course is shown: a bar in a terminal, plain lines elsewhere, nothing when quiet (but for failures)."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from albumclean.domain import Failure
from albumclean.engines.scan import ScanSummary, ScanWatcher
from albumclean.words import counted, duration, shown

PLAIN_EVERY = 10.0  # seconds between the lines of a run that no one watches


@contextmanager
def progress(*, quiet: bool) -> Iterator[ScanWatcher]:
    """A watcher for `engines.scan.scan`; progress and failures go to standard error."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)

    def failed(failure: Failure) -> None:
        line = f"{shown(failure.path)}: {shown(failure.reason)}"
        console.print(line, style="yellow", markup=False, emoji=False)  # a name may be ":skull:" or "[red]"

    if quiet:
        yield ScanWatcher(_ignore, _ignore, _ignore, failed)
    elif console.is_terminal:
        with _Bar(console).running() as bar:
            yield ScanWatcher(bar.crawling, bar.scanning, bar.comparing, failed)
    else:
        lines = _Lines()
        yield ScanWatcher(lines.crawling, lines.scanning, lines.comparing, failed)


def _ignore(summary: ScanSummary, folder: Path | None = None) -> None:
    """Nobody watches."""


class _Bar:
    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            TextColumn("[dim]{task.fields[folder]}"),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("Looking for photos", total=None, rate="", folder="")
        self._started: float | None = None
        self._comparing = False

    @contextmanager
    def running(self) -> Iterator[_Bar]:
        with self._progress:
            yield self

    def crawling(self, summary: ScanSummary, folder: Path) -> None:
        self._progress.update(self._task, completed=summary.found, folder=escape(_tail(folder)))

    def scanning(self, summary: ScanSummary, folder: Path) -> None:
        if self._started is None:
            self._started = time.monotonic()
            self._progress.reset(self._task, total=summary.to_do, description="Scoring")
        elapsed = time.monotonic() - self._started
        self._progress.update(
            self._task,
            completed=summary.done,
            rate=f"{summary.done / elapsed:.1f} {summary.noun}s/s" if elapsed > 1 else "",
            folder=escape(_tail(folder)),
        )

    def comparing(self, summary: ScanSummary) -> None:
        if not self._comparing:
            self._comparing = True
            self._progress.reset(self._task, description="Comparing look-alikes", rate="", folder="")
        self._progress.update(self._task, completed=summary.compared, total=summary.to_compare)


class _Lines:
    def __init__(self) -> None:
        self._last = self._started = time.monotonic()

    def crawling(self, summary: ScanSummary, folder: Path) -> None:
        self._say(f"{counted(summary.found, summary.noun)} found, now in {shown(folder)}")

    def scanning(self, summary: ScanSummary, folder: Path) -> None:
        rate = summary.done / max(time.monotonic() - self._started, 1e-9)
        left = duration((summary.to_do - summary.done) / rate) if rate else "?"
        self._say(
            f"{summary.done:,} of {counted(summary.to_do, summary.noun)}, {rate:.1f} {summary.noun}s/s, {left} left, "
            f"now in {shown(folder)}"
        )

    def comparing(self, summary: ScanSummary) -> None:
        self._say(f"{summary.compared:,} of {summary.to_compare:,} close looks at look-alikes")

    def _say(self, line: str) -> None:
        now = time.monotonic()
        if now - self._last >= PLAIN_EVERY:
            self._last = now
            sys.stderr.write(line + "\n")


def _tail(folder: Path, width: int = 40) -> str:
    text = shown(folder)
    return text if len(text) <= width else "…" + text[1 - width :]
