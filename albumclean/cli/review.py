"""`albumclean review`: show proposals one by one, let the user decide, ask once more, then move."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from albumclean.cli.propose import by_folder, rules_for
from albumclean.cli.running import (
    absolute,
    is_interactive,
    load,
    open_catalogue,
    require_photos,
    resumable,
    say_error,
)
from albumclean.errors import ExitCode
from albumclean.words import counted

if TYPE_CHECKING:
    from albumclean.catalogue import Catalogue
    from albumclean.review.session import Reviewer, ReviewSession


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("review")(review)


@resumable("Your answers are remembered; run `albumclean review` again to go on.")
def review(
    folders: list[Path] | None = typer.Argument(None, help="Only photos under these folders (default: all known)."),
    below: float | None = typer.Option(
        None, "--below", min=0.0, max=1.0, help="Show photos that score less than this (default 0.35)."
    ),
    similar: bool = typer.Option(False, "--similar", help="Only groups of similar photos."),
    path: list[Path] = typer.Option([], "--path", help="Only photos under this folder; may be repeated."),
    to: Path | None = typer.Option(None, "--to", help="Move to this folder instead of the trash."),
) -> ExitCode:
    """Look at what could go, one by one, and decide. Nothing moves before the last question."""
    locations, settings = load(below)

    from albumclean.catalogue import LeftOut
    from albumclean.review.session import ReviewSession, questions

    under = absolute([*(folders or []), *path])
    left_out = LeftOut()
    with open_catalogue(settings, locations) as catalogue:
        require_photos(catalogue, under)
        if catalogue.ledger.unfinished_runs():
            say_error(
                "a run was interrupted while moving: `albumclean apply` finishes it, `albumclean undo` reverts it."
            )
            return ExitCode.NOTHING_DONE
        asked = questions(by_folder(catalogue.proposals(under, rules_for(below, similar), left_out)))
        session = ReviewSession(asked, catalogue.ledger, catalogue.ledger.pending())
        if left_out.stale:
            say_error(f"{counted(len(left_out.stale), 'file')} changed since the scan and are left out; scan again.")
        if not session.questions and not session.carried_over:
            typer.echo("Nothing to review: no bad and no repeated photos were found.")
            return ExitCode.OK
        if not is_interactive():
            say_error(
                f"{counted(len(session.questions), 'question')} to answer, but this is not a terminal, "
                "so nothing was asked and nothing moved. `albumclean propose` prints them."
            )
            return ExitCode.NOTHING_DONE
        with _terminal(settings.scan.max_pixels) as reviewer:
            reviewer.review(session)
            return _conclude(catalogue, reviewer, session, to.expanduser().absolute() if to else None)


@contextmanager
def _terminal(max_pixels: int) -> Iterator[Reviewer]:
    from rich.console import Console

    from albumclean.review.preview import Previews
    from albumclean.review.terminal import TerminalReviewer

    with Previews(max_pixels) as previews:
        yield TerminalReviewer(Console(highlight=False), typer.getchar, typer.launch, previews.half_blocks)


def _conclude(catalogue: Catalogue, reviewer: Reviewer, session: ReviewSession, quarantine: Path | None) -> ExitCode:
    from albumclean.cli.moving import summed_up, tell_problem, tell_wait
    from albumclean.domain import MoveState
    from albumclean.plan import build_plan
    from albumclean.trash import apply_plan

    answered = len(session.verdicts)
    left = len(session.questions) - session.position
    if left > 0:
        typer.echo(f"{counted(answered, 'answer')} remembered, {counted(left, 'question')} left for another time.")
    if not session.to_trash:
        typer.echo("Nothing was chosen to trash, so nothing moves.")
        return ExitCode.OK
    result = build_plan(session.to_trash, quarantine)
    if not reviewer.confirm(result.plan, result.refused):
        typer.echo("Nothing was moved. Your answers are remembered; `albumclean review` asks this question again.")
        return ExitCode.OK
    try:
        outcomes = apply_plan(result.plan, catalogue.ledger, on_outcome=tell_problem, on_wait=tell_wait)
    except KeyboardInterrupt:
        say_error("interrupted. `albumclean apply` moves the rest, `albumclean undo` brings back what has moved.")
        return ExitCode.INTERRUPTED
    catalogue.cache.forget(outcome.path for outcome in outcomes if outcome.state is MoveState.MOVED)
    code = summed_up(outcomes, [quarantine])
    return ExitCode.SOME_FAILED if result.refused else code
