"""`albumclean propose`: print what the rules suggest, and why; changes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from albumclean.cli.ordering import SORT_HELP, Sort, check_sort, how_many, page_of
from albumclean.cli.running import (
    SCORER_HELP,
    absolute,
    load,
    open_catalogue,
    require_photos,
    resumable,
    say_error,
    say_unscored,
)
from albumclean.errors import ExitCode, UsageError
from albumclean.words import counted, file_size, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from albumclean.catalogue import Estimate, Page
    from albumclean.config import Settings
    from albumclean.domain import Proposal

SHOWN = 200  # groups and photos, for people
LOW_QUALITY, LOW_QUALITY_VIDEOS, KEEP_BEST = "low-quality", "low-quality-videos", "keep-best"


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("propose")(propose)


@resumable("Nothing was changed.")
def propose(  # noqa: PLR0917 - typer reads the command line off the parameters
    paths: list[Path] | None = typer.Argument(None, help="Only photos under these folders (default: all known)."),
    below: float | None = typer.Option(
        None, "--below", min=0.0, max=1.0, help="Propose photos that score less than this (default 0.35)."
    ),
    scorer: list[str] = typer.Option([], "--scorer", help=SCORER_HELP),
    similar: bool = typer.Option(False, "--similar", help="Only groups of similar photos."),
    videos: bool = typer.Option(False, "--videos", help="Only videos that score low (docs/videos.md)."),
    sort: Sort | None = typer.Option(None, "--sort", help=SORT_HELP),
    limit: int | None = typer.Option(
        None,
        "--limit",
        min=0,
        help=f"Print at most so many groups and photos (default {SHOWN}, with --json or --csv all; 0: all).",
    ),
    csv: bool = typer.Option(False, "--csv", help="Print CSV."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object a line (docs/propose-json.md)."),
) -> ExitCode:
    """Print what could go and why. Moves nothing."""
    if csv and json_:
        raise UsageError(detail="Choose one of --csv and --json.")
    locations, settings = load(below, scorer)
    settings = asked_for_videos(settings, below) if videos else settings

    from albumclean.catalogue import LeftOut
    from albumclean.similar.partition import in_words

    under = absolute(paths)
    left_out = LeftOut()
    streamed = json_ or csv
    most = limit if limit is not None else 0 if streamed else SHOWN
    with open_catalogue(settings, locations) as catalogue:
        require_photos(catalogue, under, videos=videos)
        check_sort(sort, catalogue.opinion)
        only = rules_for(below, similar, videos=videos)
        page, rest = None, ""
        if streamed and sort is None and not most:
            proposals: Iterable[Proposal] = catalogue.proposals(under, only, left_out)
        else:
            page = page_of(catalogue, most, sort, under=under, only=only, left_out=left_out)
            proposals = page.proposals
        if streamed:
            _print_lines(proposals, csv=csv)
        else:
            _print_table(proposals)
        if page is not None and not page.is_all:
            rest = _rest(page, catalogue.estimate(under, only), settings.low_quality.below)
        failed = sum(1 for _ in catalogue.failures(under)) if under else catalogue.cache.counts().failed
        say_unscored(catalogue, under)
    if rest and not streamed:
        typer.echo(rest)
    if failed and not streamed:
        typer.echo(f"{counted(failed, 'photo')} could not be read and got no proposal; `albumclean status` lists them.")
    if left_out.series and not streamed:
        typer.echo(f"Left whole: {in_words(left_out.series)}. Different shots of a series are not compared.")
    if left_out.stale:
        say_error(
            f"{counted(len(left_out.stale), 'file')} changed or vanished since the scan; scan again to include them."
        )
    return ExitCode.OK


def _rest(page: Page, estimate: Estimate | None, below: float) -> str:
    """What a page says of all that is not on it."""
    text = f"Shown are {how_many(page, estimate)}: --limit 0 prints all, a folder's name those in it."
    if estimate is None:
        return text
    return (
        f"{text} In all, copies take up {file_size(estimate.spare)} beside the largest of each group, "
        f"and photos below {below:.2f} {file_size(estimate.low)}."
    )


def asked_for_videos(settings: Settings, below: float | None) -> Settings:
    """With videos proposed below that score, or else below the one that is set for them, or for photos."""
    score = below if below is not None else settings.videos.below or settings.low_quality.below
    return replace(settings, videos=replace(settings.videos, below=score))


def rules_for(below: float | None, similar: bool, *, videos: bool = False) -> set[str] | None:
    """The rules that the options name: `--below` alone the photos, `--similar` alone the groups, else all.

    `--videos` names the rule for those, in the place of that for photos.
    """
    if videos:
        return {LOW_QUALITY_VIDEOS, KEEP_BEST} if similar else {LOW_QUALITY_VIDEOS}
    if similar and below is None:
        return {KEEP_BEST}
    if below is not None and not similar:
        return {LOW_QUALITY}
    return None


def _print_lines(proposals: Iterable[Proposal], *, csv: bool) -> None:
    from albumclean.report.proposals import CSV_HEADER, csv_line, csv_row, json_line

    if csv:
        typer.echo(csv_line(CSV_HEADER))
    for proposal in proposals:
        typer.echo(csv_row(proposal) if csv else json_line(proposal))


def _print_table(proposals: Iterable[Proposal]) -> None:
    from rich.console import Console
    from rich.text import Text

    from albumclean.domain import Action

    console = Console(highlight=False)
    styles = {Action.KEEP: "green", Action.REVIEW: "yellow", Action.TRASH: "red"}
    counts = dict.fromkeys(Action, 0)
    size = 0
    group = None
    for proposal in proposals:
        if proposal.group is not None and proposal.group.id != group:
            group = proposal.group.id
            heading = f"\n{counted(len(proposal.group.members), 'photo')}: {proposal.group.kind.text}"
            console.print(Text(heading, style="bold"))
        elif proposal.group is None and group is not None:
            group = None
            console.print()
        counts[proposal.action] += 1
        if proposal.action is Action.TRASH:
            size += proposal.facts.asset.size
        score = f"{proposal.facts.mos:.2f}" if proposal.facts.mos is not None else "   -"
        line = Text(f"{proposal.action.value:<7}", style=styles[proposal.action])
        line.append(f"{score}  ", style="default")
        if proposal.facts.aesthetic is not None:
            line.append(f"beauty {proposal.facts.aesthetic:.2f}  ", style="default")
        line.append(shown(proposal.facts.path), style="default")
        line.append(f"\n             {shown(proposal.sentence)}", style="dim")
        console.print(line, soft_wrap=True)
    if not any(counts.values()):
        typer.echo("Nothing to propose: no bad and no repeated photos were found.")
        return
    typer.echo(
        f"\n{counts[Action.TRASH]:,} to trash ({file_size(size)}), {counts[Action.REVIEW]:,} to look at, "
        f"{counts[Action.KEEP]:,} kept of groups. Nothing was moved: `albumclean review` shows them and asks."
    )
