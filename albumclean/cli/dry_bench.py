"""How `albumclean scan --dry-bench` shows where the time goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from albumclean.words import counted, duration, file_size

if TYPE_CHECKING:
    from albumclean.config import Settings
    from albumclean.domain import Root
    from albumclean.engines.dry_bench import DryBench
    from albumclean.scoring.scorer import Scorer

_BAR = 16  # characters for all of the time
_WIDTH = 80  # where the output is no terminal
_FAST_DISK = 300e6  # bytes a second, which any disk within a computer gives


def dry_bench(
    roots: Sequence[Root], settings: Settings, scorers: Sequence[Scorer], *, quiet: bool, json_: bool
) -> None:
    """Measure, and print a table and what follows from it, or one JSON object."""
    from albumclean.engines.dry_bench import dry_bench as measure

    def tell(what: str) -> None:
        if not quiet and not json_:
            typer.echo(f"{what} …", err=True)

    found = measure(roots, settings, scorers, tell=tell)
    if json_:
        _print_json(found)
    else:
        _print(found)


def _print(found: DryBench) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from albumclean.engines.stages import Stage

    console = Console(soft_wrap=False)
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    sampled = f"{counted(found.sample, 'photo')} of {found.found:,}"
    left_out = f"; {found.failed} can't be read and were left out" if found.failed else ""
    typer.echo(f"{sampled}, {found.pixels / 1e6:.1f} megapixels and {file_size(round(found.size))} each{left_out}.")
    typer.echo(
        f"{counted(found.cores, 'core')}, {counted(found.workers, 'decoding process', 'decoding processes')},"
        f" networks on {found.device} in {found.precision}."
    )
    together = sum(found.cpu.values())
    table = Table(box=box.SIMPLE_HEAD, show_footer=True, pad_edge=False)
    table.add_column("for each photo", footer="together")
    table.add_column("ms of CPU", justify="right", footer=f"{1000 * together:,.1f}")
    table.add_column("share", justify="right", footer="100 %")
    table.add_column("", no_wrap=True)
    table.add_column("floor", justify="right")
    for stage in Stage:
        if stage not in found.cpu:
            continue
        seconds = found.cpu[stage]
        share = seconds / together if together else 0.0
        floor = f"{1000 * found.floor[stage]:,.1f}" if stage in found.floor else ""
        table.add_row(stage.value, f"{1000 * seconds:,.1f}", f"{100 * share:.0f} %", "█" * round(_BAR * share), floor)
    console.print(table)
    typer.echo("The floor is the file's bytes read, the plain decoder, and the network by itself.")
    for line in [*_speed(found), *_advice(found)]:
        typer.echo(line)
    typer.echo("Nothing was remembered and nothing was changed.")


def _speed(found: DryBench) -> list[str]:
    if found.whole is None:
        return ["There are too few photos to time a whole scan."]
    if not found.whole:
        return []
    lines = [
        f"A scan looks at {1 / found.whole:,.1f} photos a second here:"
        f" about {duration(found.found * found.whole)} for {counted(found.found, 'photo')} that are new to it,"
        " and some more for close looks at those that look alike."
    ]
    if found.efficiency is not None:
        lines.append(
            f"{100 * min(found.efficiency, 1.0):.0f} % of the time of all cores goes to decoding and the network alone."
        )
    return lines


def _advice(found: DryBench) -> list[str]:
    """What limits a scan here, and what would help."""
    from albumclean.engines.dry_bench import Limit

    disk = found.size / found.reading if found.reading else 0.0
    if found.limit is Limit.DISK:
        return [
            f"The disk is the limit: it gives {file_size(round(disk))} a second. More cores would not help; a copy of"
            " the photos on a faster disk would, or more decoding processes (--workers) if it is a network drive."
        ]
    slow = (
        "" if disk >= _FAST_DISK or not disk else f" The disk gives {file_size(round(disk))} a second, which is enough."
    )
    if not found.on_cpu:
        if found.limit is Limit.NETWORK:
            return [f"The network on {found.device} is the limit; more cores would not help.{slow}"]
        return [f"Decoding is the limit: {found.device} waits for it. More cores would help.{slow}"]
    if found.limit is Limit.NETWORK:
        return [f"The cores are the limit, and most of their time goes to the network: a GPU would take it off.{slow}"]
    cores = "The cores are the limit, and most of their time goes to decoding: more of them would help."
    if found.workers < found.cores:
        cores = "Decoding is the limit, and it may not use all cores: leave out --workers."
    return [cores + slow]


def _print_json(found: DryBench) -> None:
    from dataclasses import asdict

    from albumclean.words import json_text

    document = asdict(found)
    for name in ("cpu", "floor"):
        document[name] = {stage.name.lower(): seconds for stage, seconds in getattr(found, name).items()}
    typer.echo(json_text({"version": 1, **document, "limit": found.limit.value, "efficiency": found.efficiency}))
