"""`albumclean review`: show proposals in the browser or the terminal, let the user decide, ask once more, then move."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from albumclean.cli.ordering import SORT_HELP, Sort, check_sort, how_many, page_of
from albumclean.cli.propose import asked_for_videos, rules_for
from albumclean.cli.running import (
    SCORER_HELP,
    absolute,
    is_interactive,
    load,
    open_catalogue,
    require_photos,
    resumable,
    say_error,
    say_unscored,
)
from albumclean.errors import ExitCode, UsageError
from albumclean.words import counted, shown

if TYPE_CHECKING:
    from albumclean.catalogue import Catalogue, LeftOut, Page
    from albumclean.review.course import Course, Reviewer
    from albumclean.review.pictures import Pictures
    from albumclean.review.session import Question, ReviewSession


ASKED = 500  # questions in one sitting: an hour for a person, half a second for a computer


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("review")(review)


@resumable("Your answers are remembered; run `albumclean review` again to go on.")
def review(  # noqa: PLR0917 - typer reads the command line off the parameters
    folders: list[Path] | None = typer.Argument(None, help="Only photos under these folders (default: all known)."),
    below: float | None = typer.Option(
        None, "--below", min=0.0, max=1.0, help="Show photos that score less than this (default 0.35)."
    ),
    scorer: list[str] = typer.Option([], "--scorer", help=SCORER_HELP),
    similar: bool = typer.Option(False, "--similar", help="Only groups of similar photos."),
    videos: bool = typer.Option(False, "--videos", help="Only videos that score low (docs/videos.md)."),
    sort: Sort | None = typer.Option(None, "--sort", help=f"{SORT_HELP} In the terminal; the page has its own."),
    limit: int = typer.Option(
        ASKED, "--limit", min=0, help="Ask at most so many questions in one sitting; the rest comes next time (0: all)."
    ),
    path: list[Path] = typer.Option([], "--path", help="Only photos under this folder; may be repeated."),
    to: Path | None = typer.Option(None, "--to", help="Move to this folder instead of the trash."),
    web: bool | None = typer.Option(
        None, "--web/--terminal", help="Where to show them (default: the browser, if there is one to open)."
    ),
    port: int = typer.Option(0, "--port", min=0, max=65535, help="The page's port on this computer (0: any free one)."),
    open_: bool = typer.Option(True, "--open/--no-open", help="Open the browser, or only print the page's address."),
    pictures: str | None = typer.Option(
        None,
        "--pictures",
        help="How a terminal shows photos: kitty, sixel, iterm2, blocks or none (default: it is asked).",
    ),
) -> ExitCode:
    """Look at what could go, in the browser or the terminal, and decide. Nothing moves before the last question."""
    locations, settings = load(below, scorer)
    settings = asked_for_videos(settings, below) if videos else settings
    if web is None:
        web = pictures is None and _has_browser()

    from albumclean.review.course import conduct
    from albumclean.review.pictures import Pictures
    from albumclean.review.session import ReviewSession

    under = absolute([*(folders or []), *path])
    with open_catalogue(settings, locations) as catalogue:
        require_photos(catalogue, under, videos=videos)
        if catalogue.ledger.unfinished_runs():
            say_error(
                "a run was interrupted while moving: `albumclean apply` finishes it, `albumclean undo` reverts it."
            )
            return ExitCode.NOTHING_DONE
        say_unscored(catalogue, under)
        check_sort(sort, catalogue.opinion)
        asking = _Asking(catalogue, under, rules_for(below, similar, videos=videos), sort, limit)
        session = ReviewSession(asking.questions(), catalogue.ledger, catalogue.ledger.pending())
        if not session.questions:
            typer.echo("Nothing to review: no bad and no repeated photos were found.")
            return ExitCode.OK
        if not web and not is_interactive():
            say_error(
                f"{counted(len(session.questions), 'question')} to answer, but this is not a terminal, so nothing was "
                "asked and nothing moved. `albumclean propose` prints them, `albumclean review --web` shows them."
            )
            return ExitCode.NOTHING_DONE
        quarantine = to.expanduser().absolute() if to else None
        with Pictures(locations.thumbnails, settings.scan) as drawn:
            if web:
                front_end = _page(asking, drawn, quarantine, port, open_browser=open_)
            else:
                front_end = _terminal(asking, drawn, pictures)
            with front_end as reviewer:
                course = conduct(reviewer, session, catalogue, quarantine)
        return _conclude(catalogue, session, course, quarantine)


def _nothing_left_out() -> LeftOut:
    from albumclean.catalogue import LeftOut

    return LeftOut()


@dataclass(frozen=True, slots=True)
class _Asking:
    """Where the questions come from."""

    catalogue: Catalogue
    under: list[Path]
    rules: set[str] | None
    sort: Sort | None
    limit: int  # questions
    left_out: LeftOut = field(default_factory=_nothing_left_out)
    pages: list[tuple[Catalogue, Page]] = field(default_factory=list)  # the latest, once one was asked for

    def questions(self, below: float | None = None) -> list[Question]:
        """In the order that was asked for; `below` in place of the score that was set.

        What was chosen before and not moved is always among them.
        """
        from albumclean.catalogue import Catalogue
        from albumclean.review.session import questions

        catalogue = self.catalogue
        if below is not None:
            low_quality = replace(catalogue.settings.low_quality, below=below)
            settings = replace(catalogue.settings, low_quality=low_quality)
            catalogue = Catalogue(catalogue.cache, catalogue.ledger, settings, opinion=catalogue.opinion)
        answered = frozenset((each.path, each.content_hash) for each in catalogue.ledger.pending())
        self.left_out.series.clear()
        page = page_of(
            catalogue,
            self.limit,
            self.sort,
            under=self.under,
            only=self.rules,
            left_out=self.left_out,
            answered=answered,
        )
        self.pages[:] = [(catalogue, page)]
        return questions(page.proposals)

    def rest(self) -> str:
        """How many of all questions are asked; "" if it is all of them."""
        catalogue, page = self.pages[-1] if self.pages else (self.catalogue, None)
        if page is None or page.is_all:
            return ""
        return (
            f"This sitting asks {how_many(page, catalogue.estimate(self.under, self.rules))}: the rest comes next time."
        )

    def notes(self) -> list[str]:
        """What else people should know of what is not asked."""
        from albumclean.similar.partition import in_words

        notes = []
        if stale := len(self.left_out.stale):
            notes.append(f"{counted(stale, 'file')} changed or vanished since the scan: scan again to include them.")
        if self.left_out.series:
            notes.append(f"Left whole: {in_words(self.left_out.series)}.")
        return notes


def _has_browser() -> bool:
    """Whether a browser would open where the user sits: not over ssh, and not without a desktop."""
    if not is_interactive() or "SSH_CONNECTION" in os.environ:
        return False
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@contextmanager
def _page(
    asking: _Asking, pictures: Pictures, quarantine: Path | None, port: int, *, open_browser: bool
) -> Iterator[Reviewer]:
    from albumclean.history import History
    from albumclean.review.web.reviewer import WebReviewer
    from albumclean.review.web.setting import Setting

    def announce(address: str) -> None:
        typer.echo(f"The review is at {address}")
        typer.echo("The address works once, on this computer only. Ctrl-C ends the review; answers are remembered.")
        sys.stdout.flush()
        if open_browser:
            typer.launch(address)

    catalogue = asking.catalogue
    setting = Setting(
        catalogue.cache.counts().files,
        catalogue.mos_histogram(),
        History(catalogue.ledger),
        catalogue.settings.low_quality.below,
        asking.questions,
        quarantine,
        asking.notes,
        asking.rest,
        ", ".join(folder.name or str(folder) for folder in asking.under),
    )
    with WebReviewer(setting, pictures, announce=announce, port=port) as reviewer:
        yield reviewer


@contextmanager
def _terminal(asking: _Asking, pictures: Pictures, mode: str | None) -> Iterator[Reviewer]:
    from albumclean.review.terminal.painting import PictureMode
    from albumclean.review.terminal.reviewer import TerminalReviewer

    modes = {each.value: each for each in PictureMode}
    if mode is not None and mode not in modes:
        raise UsageError(detail=f"There is no --pictures {shown(mode)}; there are {', '.join(modes)}.")
    for note in filter(None, (asking.rest(), *asking.notes())):
        say_error(note)
    yield TerminalReviewer(pictures, mode=modes[mode] if mode else None)


def _conclude(catalogue: Catalogue, session: ReviewSession, course: Course, quarantine: Path | None) -> ExitCode:
    from albumclean.cli.moving import summed_up, tell_problem
    from albumclean.cli.tune import hint

    for facts, why in course.refused if course.confirmed else ():
        say_error(f"{shown(facts.path)} {shown(why)}")
    for outcome in course.outcomes:
        tell_problem(outcome)
    if course.interrupted:
        say_error("interrupted. `albumclean apply` moves the rest, `albumclean undo` brings back what has moved.")
        return ExitCode.INTERRUPTED
    open_ = sum(session.answer_to(question) is None for question in session.questions)
    if open_:
        typer.echo(
            f"{counted(session.answered, 'answer')} remembered, {counted(open_, 'question')} left for another time."
        )
    if not course.planned:
        typer.echo("Nothing was chosen to trash, so nothing moves.")
        return ExitCode.OK
    if not course.confirmed:
        typer.echo("Nothing was moved. Your answers are remembered; `albumclean review` asks this question again.")
        return ExitCode.OK
    code = summed_up(course.outcomes, [quarantine])
    if (advice := hint(catalogue)) is not None:
        typer.echo(advice)
    return ExitCode.SOME_FAILED if course.refused else code
