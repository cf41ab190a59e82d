"""`albumclean status`: what is known of the library, and what waits."""

from __future__ import annotations

from pathlib import Path

import typer

from albumclean.cli.running import absolute, load, resumable
from albumclean.errors import ExitCode
from albumclean.words import counted, file_size, shown

LISTED = 30  # of what could not be read, if no folder is named


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("status")(status)


@resumable("Nothing was changed.")
def status(
    paths: list[Path] | None = typer.Argument(None, help="Only list failures under these folders."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> ExitCode:
    """Tell what is known: photos, scores, what could not be read, and decisions that wait. Moves nothing."""
    import json
    import time
    from itertools import islice

    from albumclean.store.cache import Cache
    from albumclean.store.ledger import Ledger

    locations, _ = load()
    most = None if json_ or paths else LISTED
    with Cache.open(locations.cache) as cache, Ledger.open(locations.ledger) as ledger:
        counts = cache.counts()
        failures = list(islice(cache.failures(absolute(paths)), most))
        pending = ledger.pending()
        unfinished = ledger.unfinished_runs()
        roots = cache.roots()
    if json_:
        document = {
            "version": 1,
            "photos": counts.files - counts.videos,
            "videos": counts.videos,
            "bytes": counts.bytes,
            "contents": counts.contents,
            "unread": counts.unread,
            "failed": [
                {"path": str(f.path), "stage": f.stage.value, "reason": f.reason, "transient": f.transient}
                for f in failures
            ],
            "last_scan": counts.last_scan,
            "roots": [str(root) for root in roots],
            "decided_not_moved": len(pending),
            "unfinished_runs": [run.id for run in unfinished],
            "cache": str(locations.cache),
            "thumbnails": str(locations.thumbnails),
            "ledger": str(locations.ledger),
        }
        typer.echo(json.dumps(document))
        return ExitCode.OK
    if not counts.files:
        typer.echo("No photos are known yet. Begin with `albumclean scan ~/Pictures`.")
        return ExitCode.OK
    known = counted(counts.files - counts.videos, "photo")
    known += f" and {counted(counts.videos, 'video')}" if counts.videos else ""
    typer.echo(f"{known} known, {file_size(counts.bytes)}, in:")
    for root in roots:
        typer.echo(f"  {shown(root)}")
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(counts.last_scan)) if counts.last_scan else "never finished"
    typer.echo(f"Last scan finished: {when}")
    if counts.contents < counts.files:
        typer.echo(f"Different contents: {counts.contents:,}")
    if counts.unread:
        typer.echo(f"Not yet scored: {counts.unread:,} (a scan was interrupted; run it again to go on)")
    if failures:
        number = len(failures) if paths else counts.failed
        typer.echo(f"Could not be read ({number:,}):")
        for failure in failures:
            typer.echo(f"  {shown(failure.path)}: {shown(failure.reason)}")
        if number > len(failures):
            typer.echo(
                f"  ... and {number - len(failures):,} more: name a folder to list those in it, or --json for all."
            )
    if pending:
        typer.echo(
            f"{counted(len(pending), 'photo')} chosen to trash, not yet moved: `albumclean review` asks about them."
        )
    if unfinished:
        typer.echo(
            "A run was interrupted while moving: `albumclean apply` finishes it, `albumclean undo` takes it back."
        )
    return ExitCode.OK
