"""A night in one line, fit for the subject of a mail."""

from __future__ import annotations

from collections.abc import Iterator

from albumclean.report.night import MovedPhoto, NightReport
from albumclean.report.summary import Summary
from albumclean.unattended.night import Night
from albumclean.words import counted, file_size, shown


def line_of(night: Night, summary: Summary | None, *, where: str) -> str:
    """ "albumclean: 12 new photos, 3 could go (5.2 MB), 1 unreadable; nothing was moved"; no newline in it.

    `summary` is None where no report could be made; `where` is what took the photos that were moved.
    """
    scanned = night.scanned
    parts = [counted(scanned.new, "new photo"), *(_proposed(summary) if summary is not None else ())]
    if scanned.left:
        parts.append(f"{scanned.left:,} left for the next run")
    elif scanned.stopped:
        parts.append("look-alikes left to compare by the next run")
    if scanned.stopped:
        parts[-1] += f", as {scanned.stopped}"
    begin = "albumclean: " + ("HELD BACK, " if night.held_back else "")
    return f"{begin}{', '.join(parts)}; {_moved(night, where)}"


def report_of(night: Night, line: str) -> NightReport:
    """The same for the report."""
    moved = [
        MovedPhoto(
            each.outcome.path,
            each.outcome.destinations[0] if each.outcome.destinations else None,
            each.rule,
            each.sentence,
            each.outcome.size,
        )
        for each in night.moved
    ]
    return NightReport(line, moved, night.held_back, night.lost, night.problems, night.notes)


def is_news(night: Night) -> bool:
    """Whether there is anything to tell that a quiet night would not have."""
    seen = night.scanned
    return bool(
        seen.new or seen.failed or seen.left or seen.stopped or night.moved or night.held_back or night.problems
    )


def _proposed(summary: Summary) -> Iterator[str]:
    if summary.going.photos:
        yield f"{summary.going.photos:,} could go ({file_size(summary.going.bytes)})"
    if summary.doubtful.photos:
        yield f"{summary.doubtful.photos:,} to look at"
    if summary.failures:
        yield f"{len(summary.failures):,} unreadable"


def _moved(night: Night, where: str) -> str:
    if not night.moved:
        return "nothing was moved"
    size = sum(each.outcome.size for each in night.moved)
    return f"{counted(len(night.moved), 'photo')} moved to {shown(where)} ({file_size(size)})"
