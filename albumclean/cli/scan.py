"""`albumclean scan`: crawl, decode and score; changes nothing but the cache."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from albumclean.cli.running import SCORER_HELP, absolute, load, opinion_of, resumable, say_error
from albumclean.errors import ExitCode, NothingToScan
from albumclean.words import counted, duration, shown

if TYPE_CHECKING:
    from albumclean.engines.scan import ScanSummary

_ADVICE = "What was scored is kept; run the same scan again to go on."


class Device(StrEnum):
    """Where the networks run."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("scan")(scan)


@resumable(_ADVICE)
def scan(  # noqa: PLR0917 - typer reads the command line off the parameters
    folders: list[Path] | None = typer.Argument(None, help="Folders (or photos) to look at."),
    protected: list[Path] = typer.Option([], "--protected", help="A folder to compare with, never to propose from."),
    exclude: list[str] = typer.Option([], "--exclude", help="Pattern to leave out, in .gitignore syntax."),
    include: list[str] = typer.Option([], "--include", help="Look at nothing but this pattern, in .gitignore syntax."),
    hidden: bool = typer.Option(False, "--hidden", help="Look into hidden files and folders too."),
    device: Device | None = typer.Option(None, "--device", help="Where the network runs."),
    workers: int | None = typer.Option(None, "--workers", min=1, help="Decoding processes (default: one per core)."),
    batch: int | None = typer.Option(None, "--batch", min=1, help="Photos per pass of PyTorch (default: by memory)."),
    scorer: list[str] = typer.Option([], "--scorer", help=SCORER_HELP),
    engine: str | None = typer.Option(None, "--engine", help="Where photos are looked at: local, dask (a cluster)."),
    scheduler: str | None = typer.Option(None, "--scheduler", help="The cluster's scheduler, as tcp://HOST:8786."),
    videos: bool = typer.Option(False, "--videos", help="Look at videos too (docs/videos.md)."),
    retry_failed: bool = typer.Option(False, "--retry-failed", help="Try again what could not be read before."),
    dry_bench: bool = typer.Option(False, "--dry-bench", help="Only measure where the time goes; remember nothing."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Say nothing but errors."),
    json_: bool = typer.Option(False, "--json", help="Print the summary as one JSON object."),
) -> ExitCode:
    """Look at every photo of the folders once and remember what was found. Moves nothing."""
    if not folders and not protected:
        raise NothingToScan
    locations, settings = load(scorers=scorer)
    settings = replace(
        settings,
        crawl=replace(
            settings.crawl,
            include=settings.crawl.include + tuple(include),
            exclude=settings.crawl.exclude + tuple(exclude),
            hidden=hidden or settings.crawl.hidden,
        ),
        scan=replace(
            settings.scan,
            device=device.value if device else settings.scan.device,
            workers=workers or settings.scan.workers,
            batch=batch or settings.scan.batch,
            engine=engine or settings.scan.engine,
            scheduler=scheduler or settings.scan.scheduler,
        ),
        videos=replace(settings.videos, scan=videos or settings.videos.scan),
    )

    import time

    from albumclean.cli.progress import progress
    from albumclean.domain import Root, RootRole
    from albumclean.engines.engine import check
    from albumclean.engines.scan import scan as run_scan
    from albumclean.store.cache import Cache

    check(settings.scan)  # before anything is looked through
    roots = [Root(path) for path in absolute(folders)]
    roots += [Root(path, RootRole.PROTECTED) for path in absolute(protected)]
    opinion = opinion_of(settings, locations)
    if dry_bench:
        from albumclean.cli.dry_bench import dry_bench as measure

        measure(roots, settings, opinion.scorers, quiet=quiet, json_=json_)
        return ExitCode.OK
    started = time.monotonic()
    with Cache.open(locations.cache) as cache, progress(quiet=quiet or json_) as watcher:
        summary = run_scan(
            roots,
            cache,
            settings,
            watcher,
            thumbnails=locations.thumbnails,
            retry_failed=retry_failed,
            scorers=opinion.scorers,
        )
    seconds = time.monotonic() - started
    if json_:
        _print_json(summary, seconds)
    elif not quiet:
        _print(summary, seconds)
    for root in summary.kept_roots:
        say_error(f"{shown(root)} looks empty, but photos are known there; is a drive missing? What is known was kept.")
    if summary.without_thumbnails:
        say_error(f"not all thumbnails were kept, so a review starts more slowly. {shown(summary.without_thumbnails)}")
    if not summary.found and not quiet and not json_:
        typer.echo("There are no photos here.")
    return ExitCode.SOME_FAILED if summary.failed or summary.crawl_failures or summary.kept_roots else ExitCode.OK


def _print(summary: ScanSummary, seconds: float) -> None:
    rate = f", {summary.done / seconds:.1f} {summary.noun}s/s" if summary.done and seconds >= 1 else ""
    parts = [
        f"{summary.decoded:,} newly scored",
        *([f"{summary.recognised:,} recognised by content"] if summary.recognised else []),
        f"{summary.found - summary.to_do:,} unchanged",
        *([f"{summary.failed:,} could not be read"] if summary.failed else []),
        *([counted(summary.forgotten, "file") + " gone since the last scan"] if summary.forgotten else []),
    ]
    if summary.compared:
        parts.append(counted(summary.compared, "close look") + " at look-alikes")
    if summary.not_compared:
        parts.append(f"{summary.not_compared:,} of them could not be read and are tried again by the next scan")
    found = counted(summary.found - summary.videos, "photo")
    found += f" and {counted(summary.videos, 'video')}" if summary.videos else ""
    typer.echo(f"{found} in {duration(seconds)}{rate}: {', '.join(parts)}.")
    if summary.skipped:
        left_out = (f"{count:,} {reason.value}" for reason, count in sorted(summary.skipped.items()))
        typer.echo(f"Left out: {', '.join(left_out)} (docs/crawl.md says why).")
    if summary.found:
        typer.echo("Next: `albumclean propose` lists what could go, `albumclean review` shows it and lets you decide.")


def _print_json(summary: ScanSummary, seconds: float) -> None:
    import json

    typer.echo(
        json.dumps(
            {
                "version": 1,
                "found": summary.found,
                "videos": summary.videos,
                "read": summary.done,
                "scored": summary.decoded,
                "recognised": summary.recognised,
                "failed": summary.failed,
                "forgotten": summary.forgotten,
                "compared": summary.compared,
                "not_compared": summary.not_compared,
                "skipped": {reason.value: count for reason, count in sorted(summary.skipped.items())},
                "kept_roots": [str(root) for root in summary.kept_roots],
                "crawl_failures": [
                    {"path": str(failure.path), "reason": failure.reason} for failure in summary.crawl_failures
                ],
                "seconds": round(seconds, 3),
            }
        )
    )
