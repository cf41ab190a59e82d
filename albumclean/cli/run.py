"""`albumclean run`: one night without a person. By default it scans, proposes and reports, and moves nothing."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from albumclean.cli.running import absolute, load, open_catalogue, resumable, say_error
from albumclean.errors import ExitCode, NothingToScan, OutputExists, OutputUnusable, RunBusy, StoreBusy
from albumclean.words import shown

if TYPE_CHECKING:
    from albumclean.catalogue import Catalogue
    from albumclean.cli.run_report import Reports, Told
    from albumclean.config import Locations, Settings
    from albumclean.domain import Failure, Root
    from albumclean.unattended.limits import Limits
    from albumclean.unattended.night import Night, Scanned

_ADVICE = "What was scored is kept, and no photo is half moved; the next run goes on."
_TOLD = 20  # unreadable files named one by one; the report names them all


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("run")(run)


@resumable(_ADVICE)
def run(  # noqa: PLR0917 - typer reads the command line off the parameters
    folders: list[Path] | None = typer.Argument(None, help="Folders to look at."),
    protected: list[Path] = typer.Option([], "--protected", help="A folder to compare with, never to propose from."),
    max_time: float | None = typer.Option(
        None, "--max-time", min=0.0, help="Leave the rest for the next run after so many minutes (default: no limit)."
    ),
    report: Path | None = typer.Option(
        None, "--report", help="Folder for the reports (default: `reports` beside the ledger)."
    ),
    accept_loss: bool = typer.Option(
        False, "--accept-loss", help="Photos that are missing since the last run are gone on purpose. Not for timers."
    ),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Print nothing after a run without news."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object (docs/unattended.md)."),
) -> ExitCode:
    """Scan, propose and report once, as a timer does at night. Moves nothing that the configuration does not name."""
    if not folders and not protected:
        raise NothingToScan
    locations, settings = load()
    settings = _for_the_night(settings, max_time)

    from albumclean.cli.run_report import Reports
    from albumclean.domain import Root, RootRole
    from albumclean.unattended.limits import Limits, stand_back
    from albumclean.unattended.lock import run_lock
    from albumclean.unattended.night import Watch
    from albumclean.unattended.registry import rules_named

    rules = rules_named(settings.auto.rules, locations.config)
    reports = Reports.check(report or _reports_folder(settings, locations))
    roots = [Root(path) for path in absolute(folders)]
    roots += [Root(path, RootRole.PROTECTED) for path in absolute(protected)]
    with run_lock(locations.ledger, " ".join(["albumclean", *sys.argv[1:]])) as killed:
        limits = Limits(settings.unattended)
        if limits.forbid():
            _say_nothing_done(limits.reason, quiet=quiet, as_json=json_)
            return ExitCode.OK
        stand_back(settings.unattended.nice)
        with open_catalogue(settings, locations) as catalogue:
            paths = [root.path for root in roots]
            watch = Watch(catalogue, paths, rules, settings.crawl.settle, time.time, accept_loss)
            night = watch.spend(lambda: _scan(roots, catalogue, locations, limits, accept_loss=accept_loss))
            if killed is not None:
                night.notes.insert(0, f"The run before did not end by itself: {killed.text}. This one went on")
            told = _told(reports, catalogue, locations, paths, night)
    _say(night, told, quiet=quiet, as_json=json_)
    return _exit_code(night)


def _for_the_night(settings: Settings, max_time: float | None) -> Settings:
    unattended = settings.unattended
    if max_time is not None:
        unattended = replace(unattended, max_time=max_time)
    crawl = replace(settings.crawl, settle=max(settings.crawl.settle, unattended.settle))
    return replace(settings, unattended=unattended, crawl=crawl)


def _reports_folder(settings: Settings, locations: Locations) -> Path:
    named = settings.unattended.reports
    return Path(named) if named else locations.ledger.parent / "reports"


def _scan(
    roots: Sequence[Root], catalogue: Catalogue, locations: Locations, limits: Limits, *, accept_loss: bool
) -> Scanned:
    """The scan as the night needs it. Raises RunBusy if another scan is at work, and what a scan raises."""
    from albumclean.engines.scan import Forget, ScanWatcher, scan
    from albumclean.unattended.night import Scanned

    named = in_motion = 0

    def failed(failure: Failure) -> None:
        nonlocal named, in_motion
        if failure.transient and _is_in_motion(failure.path, catalogue.settings.crawl.settle):
            in_motion += 1  # the next run takes it; nothing to alert on
            return
        named += 1
        if named <= _TOLD:
            say_error(f"{shown(failure.path)}: {shown(failure.reason)}")

    try:
        summary = scan(
            roots,
            catalogue.cache,
            catalogue.settings,
            ScanWatcher(_ignore, _ignore, _ignore, failed),
            thumbnails=locations.thumbnails,
            stop=limits.are_reached,
            forget=Forget.ALWAYS if accept_loss else Forget.UNLESS_HALF_GONE,
            scorers=catalogue.opinion.scorers,
        )
    except StoreBusy as error:
        raise RunBusy(owner="a scan that is going on") from error
    if named > _TOLD:
        say_error(f"{named - _TOLD:,} more could not be read; the report names them")
    if summary.without_thumbnails:
        say_error(f"not all thumbnails were kept. {shown(summary.without_thumbnails)}")
    return Scanned(
        new=summary.decoded,
        failed=summary.failed + len(summary.crawl_failures) - in_motion,
        left=summary.left,
        met=summary.met,
        known=summary.known,
        stopped=limits.reason if summary.stopped else "",
    )


def _is_in_motion(path: Path, settle: float) -> bool:
    """Whether a file has just been changed: a phone was sending it while the scan read it."""
    from albumclean.crawl.settle import Settling

    try:
        return Settling(settle, time.time()).is_fresh(path.lstat())
    except OSError:
        return False


def _ignore(*_: object) -> None:
    """Nobody watches."""


def _told(reports: Reports, catalogue: Catalogue, locations: Locations, roots: list[Path], night: Night) -> Told:
    """The report, written; what was done must be said even if it can't be written any more."""
    from albumclean.cli.run_report import Told, place_of
    from albumclean.unattended.line import line_of, report_of

    try:
        return reports.write(catalogue, locations, roots, night)
    except (OutputUnusable, OutputExists) as error:
        night.problems.append(str(error))
        return Told(report_of(night, line_of(night, None, where=place_of(catalogue.settings))), None)


def _exit_code(night: Night) -> ExitCode:
    if night.held_back:
        return ExitCode.HELD_BACK
    return ExitCode.SOME_FAILED if night.scanned.failed or night.problems else ExitCode.OK


def _say(night: Night, told: Told, *, quiet: bool, as_json: bool) -> None:
    from albumclean.unattended.line import is_news

    for sentence in night.held_back:
        say_error(f"nothing was moved: {sentence}")
    if night.held_back:
        accept = ", or `albumclean run --accept-loss` if the photos are gone on purpose" if night.lost else ""
        page = f"{shown(told.page)} and " if told.page else ""
        say_error(f"see {page}`albumclean review`{accept}")
    for problem in night.problems:
        say_error(problem)
    if as_json:
        document = {
            "version": 1,
            "exit_code": int(_exit_code(night)),
            **told.report.to_json(),
            "new": night.scanned.new,
            "failed": night.scanned.failed,
            "left": night.scanned.left,
            "stopped": night.scanned.stopped or None,
            "page": str(told.page) if told.page else None,
        }
        typer.echo(json.dumps(document))
    elif is_news(night) or not quiet:
        typer.echo(told.report.line)
        for note in night.notes:
            typer.echo(note)


def _say_nothing_done(reason: str, *, quiet: bool, as_json: bool) -> None:
    line = f"albumclean: nothing was done, as {reason}"
    if as_json:
        typer.echo(json.dumps({"version": 1, "exit_code": int(ExitCode.OK), "line": line, "stopped": reason}))
    elif not quiet:
        typer.echo(line)
