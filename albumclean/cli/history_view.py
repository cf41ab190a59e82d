"""How `albumclean history` shows the past."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from albumclean.domain import DecisionBy, MoveState
from albumclean.history import PastGroup, PastItem, PastRun, state_text
from albumclean.report.json_values import Json, path_keys, text
from albumclean.store.journal_rows import RunKind
from albumclean.words import counted, file_size, shown

VERSION = 1

_KINDS = {RunKind.APPLY: "move", RunKind.UNDO: "undo"}
_STYLES = {
    MoveState.MOVED: "red",
    MoveState.RESTORED: "green",
    MoveState.SKIPPED: "yellow",
    MoveState.FAILED: "yellow",
    MoveState.ROLLED_BACK: "yellow",
}
_STATE_WIDTH, _NUMBER_WIDTH = 12, 6
_WIDTH = 100  # where the output is no terminal


def print_runs(runs: Sequence[PastRun], older: int) -> None:
    """A line for each run; `older` is how many more there are."""
    if not runs:
        typer.echo("Nothing was ever moved.")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("run", justify="right")
    table.add_column("when", no_wrap=True)
    table.add_column("what", no_wrap=True)
    table.add_column("photos")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("to", overflow="fold")
    for run in runs:
        states = Text(", ").join(
            Text(f"{count:,} {state_text(state)}", style=_STYLES.get(state, "")) for state, count in run.photos.items()
        )
        if run.is_unfinished:
            states.append(" (interrupted)", style="yellow")
        where = "" if run.kind is RunKind.UNDO else shown(run.destination) if run.destination else "trash"
        table.add_row(
            str(run.id), _when(run.started_at), _KINDS[run.kind], states or Text("none"), file_size(run.bytes), where
        )
    _console().print(table)
    if older > 0:
        typer.echo(f"{counted(older, 'older run')}: `albumclean history --offset N` goes on.")
    typer.echo(f"`albumclean history {runs[0].id}` tells all of run {runs[0].id}.")
    if any(run.is_unfinished for run in runs):
        typer.echo("`albumclean apply` finishes an interrupted run.")
    undoable = next((run for run in runs if run.can_be_undone), None)
    if undoable is not None:
        typer.echo(f"`albumclean undo --run {undoable.id}` brings back what run {undoable.id} moved.")


def print_run(run: PastRun, groups: Iterable[PastGroup]) -> None:
    """All that is known of one run."""
    console = _console()
    console.print(Text(_heading(run), style="bold"), soft_wrap=True)
    example: PastItem | None = None
    for group in groups:
        console.print()
        if group.kept is not None:
            console.print(
                Text(f"{'kept':<{_STATE_WIDTH + _NUMBER_WIDTH}}  {shown(group.kept)}", style="green"), soft_wrap=True
            )
        for item in group.items:
            _print_item(console, item)
            example = example or (item if item.state is MoveState.MOVED else None)
    if run.can_be_undone and example is not None:
        typer.echo(
            f"\n`albumclean undo --item {example.id}` brings back the photo of that number,\n"
            f"`albumclean undo --group {example.id}` all that moved with it for the same kept photo,\n"
            f"`albumclean undo --run {run.id}` all of the run."
        )


def _heading(run: PastRun) -> str:
    took = "" if run.finished_at is not None or run.kind is RunKind.UNDO else ", interrupted"
    what = ", ".join(f"{count:,} {state_text(state)}" for state, count in run.photos.items()) or "nothing"
    where = f" to {shown(run.destination)}" if run.destination else " to the trash" if run.kind is RunKind.APPLY else ""
    return f"Run {run.id}, {_when(run.started_at)}: {_KINDS[run.kind]}{where}{took}: {what}, {file_size(run.bytes)}"


def _print_item(console: Console, item: PastItem) -> None:
    line = Text(f"{state_text(item.state):<{_STATE_WIDTH}}", style=_STYLES.get(item.state, ""))
    line.append(f"{item.id:>{_NUMBER_WIDTH}}  ", style="dim")
    line.append(shown(item.path), style="default")
    beside = f" and {counted(len(item.companions), 'companion file')}" if item.companions else ""
    line.append(f"{beside}, {file_size(item.size)}", style="dim")
    console.print(line, soft_wrap=True)
    for words in _notes(item):
        console.print(Text(f"{'':<{_STATE_WIDTH + _NUMBER_WIDTH}}  {shown(words)}", style="dim"), soft_wrap=True)


def _notes(item: PastItem) -> list[str]:
    notes = [item.sentence]
    match item.decided_by:
        case DecisionBy.USER:
            notes.append(f"You chose so on {_when(item.decided_at or 0.0)} ({item.rule}).")
        case DecisionBy.RULE:
            notes.append(f"The rule {item.rule} chose so on {_when(item.decided_at or 0.0)}.")
        case None:
            notes.append(f"By the rule {item.rule}; no decision is on record.")
    if item.reason:
        notes.append(f"Not as planned: {item.reason}")
    if item.state is MoveState.RESTORED and item.undone_by is not None:
        notes.append(f"Brought back by run {item.undone_by} on {_when(item.changed_at)}.")
    elif item.destination is not None:
        notes.append(f"Now at {item.destination}")
    return notes


def print_runs_json(count: int, runs: Sequence[PastRun]) -> None:
    """One object; the contract is docs/history.md."""
    document: dict[str, Json] = {"version": VERSION, "count": count, "runs": [_run_json(run) for run in runs]}
    typer.echo(json.dumps(document))


def print_run_json(run: PastRun, groups: Iterable[PastGroup]) -> None:
    """One object, printed group by group, so that a large run needs no memory."""
    head = json.dumps({"version": VERSION, "run": _run_json(run)})
    typer.echo(f'{head[:-1]}, "groups": [', nl=False)
    for number, group in enumerate(groups):
        typer.echo(f"{', ' if number else ''}{json.dumps(_group_json(group))}", nl=False)
    typer.echo("]}")


def _run_json(run: PastRun) -> dict[str, Json]:
    return {
        "id": run.id,
        "kind": run.kind.value,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        **(path_keys("destination", run.destination) if run.destination else {"destination": None}),
        "photos": {state.value: count for state, count in run.photos.items()},
        "bytes": run.bytes,
    }


def _group_json(group: PastGroup) -> dict[str, Json]:
    items: list[Json] = [_item_json(item) for item in group.items]
    kept = path_keys("kept", group.kept) if group.kept else {"kept": None}
    return {"id": group.id, **kept, "rule": group.rule, "items": items}


def _item_json(item: PastItem) -> dict[str, Json]:
    companions: list[Json] = [text(str(path)) for path in item.companions]
    return {
        "id": item.id,
        "run": item.run,
        **path_keys("path", item.path),
        "companions": companions,
        "size": item.size,
        "state": item.state.value,
        "reason": text(item.reason),
        "sentence": text(item.sentence),
        **(path_keys("destination", item.destination) if item.destination else {"destination": None}),
        "changed_at": item.changed_at,
        "decided_by": item.decided_by.value if item.decided_by else None,
        "decided_at": item.decided_at,
        "undone_by": item.undone_by,
    }


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH)
