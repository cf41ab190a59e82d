"""How `albumclean tune` shows what it found."""

from __future__ import annotations

import json
from collections.abc import Sequence

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from albumclean.policy.thresholds import STEP, Advice, Decided, Split, Tuning, split
from albumclean.words import counted

VERSION = 1

_BIN = 0.05  # of the rows
_LONGEST = 24  # characters of a bar
_WIDTH = 100  # where the output is no terminal


def print_tuning(tuning: Tuning, decisions: Sequence[Decided], unscored: int) -> None:
    """The answers by score, what they say, and how sure that is."""
    if decisions:
        answers = counted(tuning.decided, "answer")
        typer.echo(f"{answers} on single photos: {tuning.trashed:,} to trash, {tuning.kept:,} to keep.")
        _print_bars(tuning, decisions)
    if unscored:
        typer.echo(f"{counted(unscored, 'further answer')} can't be used: their photos have no score by this model.")
    if tuning.auc is not None and tuning.auc_interval is not None:
        low, high = tuning.auc_interval
        typer.echo(
            f"Of a photo that you kept and one that you trashed, the kept one scores better in {tuning.auc:.0%} of all "
            f"pairs\n(AUC {tuning.auc:.2f}, 95 % interval {low:.2f} to {high:.2f}; 0.50 would be chance)."
        )
    if decisions:
        _print_splits(tuning, decisions)
    typer.echo(_advice(tuning))
    if tuning.highest is not None and tuning.advice is not Advice.TOO_FEW:
        typer.echo(
            f"No photo that scores above {tuning.highest:.2f} was asked about, so nothing is known of those;\n"
            f"a proposal never goes more than {STEP:.2f} beyond."
        )


def print_json(tuning: Tuning, decisions: Sequence[Decided], unscored: int) -> None:
    """One object; the contract is docs/tuning.md."""
    document = {
        "version": VERSION,
        "advice": tuning.advice.value,
        "present": tuning.present,
        "proposed": tuning.proposed,
        "middle": tuning.middle,
        "interval": tuning.interval,
        "at_edge": tuning.at_edge,
        "decided": tuning.decided,
        "trashed": tuning.trashed,
        "kept": tuning.kept,
        "without_score": unscored,
        "missing": tuning.missing,
        "lowest": tuning.lowest,
        "highest": tuning.highest,
        "auc": tuning.auc,
        "auc_interval": tuning.auc_interval,
        "at_present": _split_json(split(decisions, tuning.present)),
        "at_proposed": None if tuning.proposed is None else _split_json(split(decisions, tuning.proposed)),
    }
    typer.echo(json.dumps(document, allow_nan=False))


def _advice(tuning: Tuning) -> str:
    match tuning.advice:
        case Advice.TOO_FEW:
            said = (
                f"{counted(tuning.missing, 'more answer')} on single photos needed before a threshold can be proposed"
            )
            return f"{said}; `albumclean review` asks."
        case Advice.UNCLEAR:
            return (
                "No clear threshold: as far as these answers tell, what you keep and what you trash do not part at a "
                f"score.\nThe present {tuning.present:.2f} stays. More answers may make it clear."
            )
        case Advice.STAY:
            return f"The present threshold of {tuning.present:.2f} fits your answers{_interval(tuning)}."
        case Advice.CHANGE:
            return f"Proposed threshold: {tuning.proposed:.2f} instead of {tuning.present:.2f}. {_why(tuning)}"


def _why(tuning: Tuning) -> str:
    if not tuning.at_edge:
        return f"Below it you trash most photos, above it you keep most{_interval(tuning)}."
    if (tuning.proposed or 0.0) > tuning.present:
        return "You trashed most of what you were asked about, up to the highest scores: one step further."
    return "You kept most of what you were asked about, down to the lowest scores."


def _interval(tuning: Tuning) -> str:
    if tuning.interval is None or tuning.at_edge:
        return ""
    low, high = tuning.interval
    return f"\n(keep and trash are equally likely at {tuning.middle:.2f}; 95 % interval {low:.2f} to {high:.2f})"


def _split_json(found: Split) -> dict[str, float | int | list[float] | None]:
    share = found.kept_share
    return {
        "at": found.at,
        "trashed_below": found.trashed_below,
        "kept_below": found.kept_below,
        "trashed_above": found.trashed_above,
        "kept_above": found.kept_above,
        "kept_share": share[0] if share else None,
        "kept_share_interval": list(share[1:]) if share else None,
    }


def _print_bars(tuning: Tuning, decisions: Sequence[Decided]) -> None:
    rows: dict[int, list[int]] = {}
    for each in decisions:
        rows.setdefault(min(int(each.mos / _BIN + 1e-9), round(1 / _BIN) - 1), [0, 0])[each.trashed] += 1
    most = max(max(row) for row in rows.values())
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("trashed", justify="right", no_wrap=True)
    table.add_column("score", justify="center", no_wrap=True)
    table.add_column("kept", no_wrap=True)
    for place in range(min(rows), max(rows) + 1):
        kept, trashed = rows.get(place, [0, 0])
        low, high = place * _BIN, (place + 1) * _BIN
        marks = "".join(f"  \N{LEFTWARDS ARROW} {name}" for name, at in _named(tuning) if low < at <= high + 1e-9)
        table.add_row(
            Text(f"{trashed or ''} {_bar(trashed, most)}", style="red"),
            f"{low:.2f} to {high:.2f}",
            Text.assemble((f"{_bar(kept, most)} {kept or ''}", "green"), marks),
        )
    _console().print(table)


def _print_splits(tuning: Tuning, decisions: Sequence[Decided]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("threshold", no_wrap=True)
    table.add_column("below: trashed", justify="right")
    table.add_column("kept", justify="right")
    table.add_column("asked in vain (95 % interval)", justify="right")
    table.add_column("above: trashed", justify="right")
    table.add_column("kept", justify="right")
    for name, at in _named(tuning):
        found = split(decisions, at)
        share = found.kept_share
        table.add_row(
            name,
            f"{found.trashed_below:,}",
            f"{found.kept_below:,}",
            f"{share[0]:.0%} ({share[1]:.0%} to {share[2]:.0%})" if share else "-",
            f"{found.trashed_above:,}",
            f"{found.kept_above:,}",
        )
    _console().print(table)


def _named(tuning: Tuning) -> list[tuple[str, float]]:
    """The thresholds of which the user should see the numbers."""
    proposed = [] if tuning.proposed is None else [(f"proposed {tuning.proposed:.2f}", tuning.proposed)]
    return [(f"now {tuning.present:.2f}", tuning.present), *proposed]


def _bar(count: int, most: int) -> str:
    return "█" * max(round(_LONGEST * count / most), 1) if count else ""


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH)
