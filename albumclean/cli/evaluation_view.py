"""How `albumclean eval` shows its results."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from albumclean.cli.running import say_error
from albumclean.evaluation.agreement import Agreement
from albumclean.evaluation.document import Json, Results, Run
from albumclean.evaluation.drawing import braille
from albumclean.evaluation.kadid import DISTORTIONS, Correlation, KadidReport, Protocol
from albumclean.evaluation.preset import ALL, Preset, Published
from albumclean.evaluation.weighted import Floats
from albumclean.words import counted, shown

_MOST_FAILURES = 20  # named one by one
_WIDTH = 100  # where the output is no terminal
_COLUMNS = (
    ("srcc", "SRCC"),
    ("plcc", "PLCC"),
    ("plcc_fitted", "PLCC fitted"),
    ("krcc", "KRCC"),
    ("rmse", "RMSE"),
    ("rmse_fitted", "RMSE fitted"),
)


def print_json(document: Mapping[str, Json]) -> None:
    """One line on standard output."""
    typer.echo(json.dumps(document, allow_nan=False))


def say_failures(failed: Sequence[tuple[str, str]]) -> None:
    """The first of them by name, to standard error."""
    for file, reason in failed[:_MOST_FAILURES]:
        say_error(f"{shown(file)} can't be judged: {shown(reason)}")
    if len(failed) > _MOST_FAILURES:
        say_error(f"and {len(failed) - _MOST_FAILURES:,} more can't be judged; --json lists them all.")


def print_results(results: Results, run: Run, *, predicted: Floats, truth: Floats) -> None:
    """A row for all photos, each subset and each other way to read the scorers, with intervals; then dots."""
    everyone, scale = results.everyone, results.scale
    if everyone is None:
        return
    named = f"on a scale of {scale[0]:g} to {scale[1]:g}" if scale else "on a scale of their own"
    left_out = f", {counted(len(run.failed), 'photo')} left out" if run.failed else ""
    typer.echo(f"{shown(run.scorer)} ({shown(run.revision)}) and people's scores, {named}{left_out}:")
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("subset", overflow="fold")
    table.add_column("photos", justify="right")
    columns = [(name, title) for name, title in _COLUMNS if everyone.values[name] is not None or name != "rmse"]
    for _, title in columns:
        table.add_column(title, justify="right", overflow="fold")
    others = ((f"all, by {name}", found) for name, found in results.others.items())
    for subset, found in (("all", everyone), *results.subsets.items(), *others):
        cells = [_cell(found, name) for name, _ in columns]
        table.add_row(Text(shown(subset)), f"{found.photos:,}", *cells)
    _console().print(table)
    if len(truth) > 1:
        _print_dots(predicted, truth)
    typer.echo("Below each number its 95 % interval. Fitted: after a logistic curve; RMSE on the scale of the table.")


def _cell(found: Agreement, name: str) -> str:
    value, interval = found.values[name], found.intervals[name]
    if value is None:
        return "-"
    return f"{value:.3f}" + (f"\n{_short(interval[0])}…{_short(interval[1])}" if interval else "")


def _short(value: float) -> str:
    """Without the zero before the point: it keeps the table narrow."""
    return f"{value:.3f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.3f}"


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH)


def _print_dots(predicted: Floats, truth: Floats) -> None:
    lines = braille(predicted, truth)
    edges = [f"{truth.max():.3g}", *[""] * (len(lines) - 2), f"{truth.min():.3g}"]
    for edge, line in zip(edges, lines, strict=True):
        typer.echo(f"{edge:>7} │{line}")
    low, high = f"{predicted.min():.3g}", f"{predicted.max():.3g}"
    typer.echo(f"{'people':>7} └{'─' * len(lines[0])}")
    typer.echo(f"{'':8} {low}{'prediction':^{len(lines[0]) - len(low) - len(high)}}{high}\n")


def print_kadid(report: KadidReport, run: Run) -> None:
    """Correlations by heading and distortion, then the matrix of rises."""
    about = f"{shown(run.scorer)} ({shown(run.revision)})"
    typer.echo(f"{about}, KADID protocol on {counted(report.photos, 'photo')}:")
    _print_correlations(report.protocol)
    typer.echo("\nMean rise of each severity from the clean photo to the last level (--json: of all levels too):")
    matrix = Table(box=box.SIMPLE_HEAD)
    matrix.add_column("")
    for head in report.heads:
        matrix.add_column(head, justify="right")
    for name, rises in zip(DISTORTIONS, report.rise_at_worst, strict=True):
        matrix.add_row(name, *(f"{round(rise, 2) + 0:.2f}" for rise in rises))
    _console().print(matrix)


def print_protocol(scorer: str, protocol: Protocol) -> None:
    """The KADID protocol on KADID-10k itself."""
    typer.echo(f"\n{shown(scorer)}, KADID protocol (do its severities follow the five levels?):")
    _print_correlations(protocol)


def print_preset(preset: Preset, part: str, *, scores: bool, faults: bool) -> None:
    """What others have measured on the data set, with where that stands; `scores` and `faults`: what we measured."""
    whole = "" if part == ALL else f", {part} part"
    typer.echo(f"\n{preset.title}{whole}. {preset.note}".rstrip())
    sources: list[str] = []
    if scores and preset.published:
        typer.echo("\nPublished:")
        _print_published(preset.published, ("PLCC", "SRCC", "KRCC", "RMSE"), sources)
    if faults and preset.published_faults:
        typer.echo("\nPublished, by the KADID protocol:")
        _print_published(preset.published_faults, ("mean PLCC", "mean SRCC"), sources)
    for number, source in enumerate(sources, start=1):
        typer.echo(f"[{number}] {source}")
    typer.echo(f"Data: {preset.paper}. Licence: {preset.licence}.")


def _print_published(published: Sequence[Published], titles: Sequence[str], sources: list[str]) -> None:
    """Adds to `sources` what is not there yet."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("model", overflow="fold")
    for title in titles:
        table.add_column(title, justify="right")
    for title in ("pictures", "source"):
        table.add_column(title, overflow="fold")
    for each in published:
        if each.source not in sources:
            sources.append(each.source)
        numbers = (each.plcc, each.srcc, each.krcc, each.rmse)[: len(titles)]
        table.add_row(
            each.model + (" *" if each.trained_here else ""),
            *("-" if number is None else f"{number:.4f}" for number in numbers),
            each.on,
            Text(f"[{sources.index(each.source) + 1}]"),
        )
    _console().print(table)
    if any(each.trained_here for each in published):
        typer.echo("* trained on other pictures of this data set.")


def _print_correlations(protocol: Protocol) -> None:
    table = Table(box=box.SIMPLE_HEAD)
    for title in ("", "mean SRCC", "mean PLCC", "ladders", "constant"):
        table.add_column(title, justify="right" if title else "left")
    for name, found in (("all", protocol.overall), *protocol.by_head.items()):
        table.add_row(name, *_correlation(found), style="bold")
    for name, found in protocol.by_distortion.items():
        table.add_row(name, *_correlation(found))
    _console().print(table)
    typer.echo("A ladder is one photo and distortion at five levels; a constant one counts as 0.")


def _correlation(found: Correlation) -> tuple[str, str, str, str]:
    return f"{found.mean_srcc:.4f}", f"{found.mean_plcc:.4f}", f"{found.ladders:,}", f"{found.constant:,}"
