"""`albumclean report`: what could go and why, as a page, as JSON or CSV, for people who only look and for cron."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import typer

from albumclean.cli.running import SCORER_HELP, absolute, load, open_catalogue, require_photos, resumable, say_error
from albumclean.errors import ExitCode, UsageError
from albumclean.words import counted, shown

if TYPE_CHECKING:
    from albumclean.catalogue import Catalogue
    from albumclean.cli.output import Output
    from albumclean.config import Locations, Settings
    from albumclean.domain import Proposal
    from albumclean.report.page import Thumbnail
    from albumclean.report.summary import Summary

    Listener = Callable[[Proposal], object]

_PHOTOS = 300


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("report")(report)


@resumable("No report was written.")
def report(  # noqa: PLR0917 - typer reads the command line off the parameters
    folders: list[Path] | None = typer.Argument(None, help="Only photos under these folders (default: all known)."),
    output: Path | None = typer.Option(
        None, "--output", "-o", help="Write one self-contained page to this .html file."
    ),
    json_: Path | None = typer.Option(None, "--json", help="Write JSON to this file, or - (docs/report.md)."),
    csv: Path | None = typer.Option(None, "--csv", help="Write the proposals as CSV to this file, or -."),
    below: float | None = typer.Option(
        None, "--below", min=0.0, max=1.0, help="Propose photos that score less than this (default 0.35)."
    ),
    scorer: list[str] = typer.Option([], "--scorer", help=SCORER_HELP),
    photos: int = typer.Option(_PHOTOS, "--photos", min=0, help="Show this many pictures in the page at most."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Say nothing if there is nothing to look at."),
    exit_code: bool = typer.Option(False, "--exit-code", help="Exit with 1 if there is something to look at."),
) -> ExitCode:
    """Say in one line what could go and why, and write it as a page, JSON or CSV. Moves nothing."""
    if json_ == csv == Path("-"):
        raise UsageError(detail="Only one of --json and --csv can go to the standard output.")
    locations, settings = load(below, scorer)

    from albumclean.cli.output import Output
    from albumclean.report import document, page, proposals
    from albumclean.report.gallery import Gallery

    header = f"{proposals.csv_line(proposals.CSV_HEADER)}\r\n".encode()
    page_file = Output.check(output, page.MARK, (".html", ".htm"))
    json_file = None if json_ == Path("-") else Output.check(json_, document.MARK)
    csv_file = None if csv == Path("-") else Output.check(csv, header.rstrip())
    under = absolute(folders)
    with open_catalogue(settings, locations) as catalogue:
        require_photos(catalogue, under)
        with ExitStack() as files:
            gallery = Gallery(photos if page_file else 0)
            listeners: list[Listener] = [gallery.hear]
            written = None
            if json_ is not None:
                written = document.Document(_sink(files, json_file))
                listeners.append(written.hear)
            if csv is not None:
                listeners.append(_rows_into(_sink(files, csv_file), header))
            summary = heard(catalogue, under, listeners)
            if written is not None:
                written.finish(summary, made_at=time.time(), folders=under)
        if page_file is not None:
            with page_file.opened() as file, thumbnails(locations, settings) as thumbnail:
                for piece in page.render(summary, gallery.sections(), thumbnail, made_at=time.time(), folders=under):
                    file.write(piece.encode())
    if summary.has_findings or not quiet:
        on_stdout = Path("-") in (json_, csv)
        typer.echo(summary.sentence, err=on_stdout)
        for named in (page_file, json_file, csv_file):
            if named is not None:
                typer.echo(f"Written to {shown(named.path)}.", err=on_stdout)
    if summary.stale and not quiet:
        say_error(
            f"{counted(len(summary.stale), 'file')} changed or vanished since the scan; scan again to include them."
        )
    return ExitCode.SOME_FAILED if exit_code and summary.has_findings else ExitCode.OK


def _sink(files: ExitStack, checked: Output | None) -> BinaryIO:
    """The file, or the standard output if none was named."""
    return files.enter_context(checked.opened()) if checked is not None else sys.stdout.buffer


def _rows_into(file: BinaryIO, header: bytes) -> Listener:
    from albumclean.report.proposals import csv_row

    file.write(header)
    return lambda proposal: file.write(f"{csv_row(proposal)}\r\n".encode())


def heard(catalogue: Catalogue, under: list[Path], listeners: list[Listener]) -> Summary:
    """One walk over all photos and one over all proposals, of which every listener hears."""
    from albumclean.catalogue import LeftOut
    from albumclean.report.summary import Summary

    summary = Summary(catalogue.settings.low_quality.below, catalogue.cache.counts().last_scan)
    for facts in catalogue.photos(under):
        summary.meet(facts)
    left_out = LeftOut()
    for proposal in catalogue.proposals(under, left_out=left_out):
        summary.hear(proposal)
        for listener in listeners:
            listener(proposal)
    summary.fail(catalogue.failures(under))
    summary.stale.extend(left_out.stale)
    summary.series.extend(left_out.series)
    return summary


@contextmanager
def thumbnails(locations: Locations, settings: Settings) -> Iterator[Thumbnail]:
    """What gives the pictures of a page."""
    from albumclean.domain import PhotoFacts
    from albumclean.errors import AlbumcleanError
    from albumclean.review.pictures import Pictures

    with Pictures(locations.thumbnails, settings.scan) as pictures:

        def thumbnail(facts: PhotoFacts) -> bytes | None:
            try:
                return pictures.thumbnail(facts)
            except AlbumcleanError:  # changed, gone or broken since the scan: the page says that there is none
                return None

        yield thumbnail
