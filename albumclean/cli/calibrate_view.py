"""How `albumclean calibrate` shows what it fitted."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from albumclean.cli.calibrate_pairs import Pairs
from albumclean.cli.running import say_error
from albumclean.errors import CalibrationDamaged
from albumclean.evaluation.drawing import braille
from albumclean.evaluation.scales import Check, applied
from albumclean.scoring.calibration import Fitted
from albumclean.words import counted, shown

VERSION = 1

_WIDTH = 100  # where the output is no terminal
_POINTS = 400  # of the drawn curve
_SCARCE = 20  # photos below the threshold
_FEW = 0.5  # of the photos that the reference puts below the threshold


def print_fitted(fitted: Fitted, check: Check, pairs: Pairs, below: float) -> None:
    """The map as a curve, what lies below some thresholds before and after, and how far the orders agree."""
    whose = "people's scores" if pairs.is_labelled else "the judge's scores"
    typer.echo(
        f"{shown(fitted.scorer)} ({shown(fitted.revision)}), fitted to {whose} on {counted(check.photos, 'photo')} "
        f"({shown(fitted.source)}; {shown(fitted.reference)}):\n"
    )
    _print_curve(fitted, pairs)
    _print_shares(check, pairs, below)
    order = "no order at all" if check.srcc is None else f"SRCC {check.srcc:.2f} (1 is the same order, 0 is none)"
    typer.echo(
        f"Distance from {whose} (RMSE): {check.rmse_before:.3f} before, {check.rmse_after:.3f} now. "
        f"Agreement in order: {order}."
    )
    typer.echo('"now" and "by both" are measured on photos that were held out of the fit, in five parts.')
    _print_warning(check, pairs, below)


def print_json(fitted: Fitted, check: Check, failed: Sequence[tuple[str, str]], kept: Path | None) -> None:
    """One object; the contract is docs/scales.md."""
    document = {
        "version": VERSION,
        "scorer": fitted.scorer,
        "revision": fitted.revision,
        "method": fitted.method,
        "source": fitted.source,
        "reference": fitted.reference,
        "photos": fitted.photos,
        "srcc": None if check.srcc is None else _round(check.srcc),
        "rmse": {"before": _round(check.rmse_before), "after": _round(check.rmse_after)},
        "below": [
            {
                "at": each.at,
                "reference": _round(each.reference),
                "before": _round(each.before),
                "after": _round(each.after),
                "both": _round(each.both),
            }
            for each in check.below
        ],
        "raw": list(fitted.raw),
        "common": list(fitted.common),
        "failed": [{"file": file, "reason": reason} for file, reason in failed],
        "kept": None if kept is None else str(kept),
    }
    typer.echo(json.dumps(document, allow_nan=False))


def print_forgotten(scorer: str, *, there: bool, dry_run: bool, json_: bool) -> None:
    """What `--reset` did, or would do."""
    if json_:
        typer.echo(json.dumps({"version": VERSION, "scorer": scorer, "forgotten": there and not dry_run}))
    elif not there:
        typer.echo(f"{shown(scorer)} was not calibrated; nothing was changed.")
    elif dry_run:
        typer.echo(f"The calibration of {shown(scorer)} would be forgotten (--dry-run).")
    else:
        typer.echo(f"The calibration of {shown(scorer)} is forgotten; its range is stretched to 0 to 1 again.")


def print_list(known: Mapping[str, Fitted | CalibrationDamaged], *, json_: bool) -> None:
    """Every scorer that is calibrated, and on what; what can't be read, to standard error."""
    fitted = {name: each for name, each in known.items() if isinstance(each, Fitted)}
    if json_:
        entries = [
            {
                "scorer": name,
                "revision": each.revision,
                "method": each.method,
                "source": each.source,
                "reference": each.reference,
                "photos": each.photos,
                "made_at": each.made_at,
                "quality": each.quality,
            }
            for name, each in fitted.items()
        ]
        typer.echo(json.dumps({"version": VERSION, "calibrations": entries}, allow_nan=False))
    else:
        for name, each in fitted.items():
            typer.echo(f"{shown(name)} ({shown(each.revision)}): {each.note}")
        if not known:
            typer.echo("No scorer is calibrated. `albumclean calibrate NAME` fits one to the judge on scanned photos.")
    for damage in known.values():
        if isinstance(damage, CalibrationDamaged):
            say_error(str(damage))


def _print_curve(fitted: Fitted, pairs: Pairs) -> None:
    """Over the values that the photos have; the ends of the scorer's range may lie far beyond."""
    x = np.linspace(pairs.raw.min(), pairs.raw.max(), _POINTS)
    y = applied(fitted.calibration, x)
    lines = braille(x, y)
    edges = [f"{y.max():.2f}", *[""] * (len(lines) - 2), f"{y.min():.2f}"]
    for edge, line in zip(edges, lines, strict=True):
        typer.echo(f"{edge:>7} │{line}")
    low, high = f"{x[0]:.3g}", f"{x[-1]:.3g}"
    typer.echo(f"{'common':>7} └{'─' * len(lines[0])}")
    typer.echo(f"{'':8} {low}{'its own values':^{len(lines[0]) - len(low) - len(high)}}{high}\n")


def _print_shares(check: Check, pairs: Pairs, below: float) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("photos below", no_wrap=True)
    for title in ("by people" if pairs.is_labelled else "by the judge", "before", "now", "by both"):
        table.add_column(title, justify="right")
    for each in check.below:
        mark = Text("  \N{LEFTWARDS ARROW} your threshold" if each.at == below else "")
        shares = (f"{share:.1%}" for share in (each.reference, each.before, each.after, each.both))
        table.add_row(Text.assemble(f"{each.at:.2f}", mark), *shares)
    _console().print(table)


def _print_warning(check: Check, pairs: Pairs, below: float) -> None:
    """The end of the scale where the threshold lies may hang on few photos; and as many are not the same ones."""
    own = next(each for each in check.below if math.isclose(each.at, below))
    photos = round(own.reference * check.photos)
    if photos < _SCARCE:
        typer.echo(
            f"Mind: {counted(photos, 'photo')} of these {'lies' if photos == 1 else 'lie'} below {below:.2f}, so the "
            "lower end of the scale is a rough one. More photos make it surer."
        )
    if own.reference and own.both < _FEW * own.reference:
        whose = "people put" if pairs.is_labelled else "the judge puts"
        why = (
            "It can't tell them surely, so fewer fall below (docs/scales.md)."
            if pairs.is_labelled
            else "No scale mends that: the two see other things."
        )
        typer.echo(
            f"Mind: of the photos that {whose} below {below:.2f}, it puts {own.both / own.reference:.0%} there. {why}"
        )


def _round(value: float) -> float:
    return round(value, 6)


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH)
