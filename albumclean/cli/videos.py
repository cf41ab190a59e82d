"""`albumclean videos`: the videos that are known, worst first, with how their score goes on; changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from albumclean.cli.running import SCORER_HELP, absolute, load, open_catalogue, require_photos, resumable
from albumclean.errors import ExitCode
from albumclean.words import clock, counted, file_size, shown

if TYPE_CHECKING:
    from albumclean.domain import MomentFacts, PhotoFacts

_BARS = "▁▂▃▄▅▆▇█"
_PLAIN_BARS = "01234567"  # where the terminal has none
_WIDTH = 24  # of the bars, in letters


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("videos")(videos)


@resumable("Nothing was changed.")
def videos(
    folders: list[Path] | None = typer.Argument(None, help="Only videos under these folders (default: all known)."),
    below: float | None = typer.Option(
        None, "--below", min=0.0, max=1.0, help="Only videos that score less than this on average."
    ),
    scorer: list[str] = typer.Option([], "--scorer", help=SCORER_HELP),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object a line (docs/videos.md)."),
) -> ExitCode:
    """List the videos that were scanned, worst first, with their worst moments. Moves nothing."""
    locations, settings = load(scorers=scorer)
    under = absolute(folders)
    with open_catalogue(settings, locations) as catalogue:
        require_photos(catalogue, under, videos=True)
        known = list(catalogue.videos(under))
        scorers = catalogue.opinion.name
    scored = [facts for facts in known if facts.mos is not None and facts.failure is None]
    failed = sum(facts.failure is not None for facts in known)
    listed = [facts for facts in scored if below is None or _mos(facts) < below]
    listed.sort(key=lambda facts: (_mos(facts), facts.path))
    if json_:
        for facts in listed:
            typer.echo(_json(facts, scorers))
        return ExitCode.OK
    for facts in listed:
        typer.echo(_line(facts))
    lower = "" if below is None else f" below {below:.2f}"
    typer.echo(f"{counted(len(listed), 'video')}{lower}, {_sizes(listed)}, scored by {shown(scorers)}.")
    if failed:
        typer.echo(f"{counted(failed, 'video')} could not be read; `albumclean status` says why.")
    if unscored := len(known) - len(scored) - failed:
        again = " ".join(["albumclean scan --videos FOLDER", *(f"--scorer {shown(name)}" for name in scorer)])
        typer.echo(f"{counted(unscored, 'video')} not scored yet: run `{again}`.")
    if listed:
        typer.echo("Next: `albumclean review --videos` shows those that score low and lets you decide.")
    return ExitCode.OK


def _mos(facts: PhotoFacts) -> float:
    return facts.mos if facts.mos is not None else 0.0


def _line(facts: PhotoFacts) -> str:
    score = f"{_mos(facts):.2f}"
    if not facts.moments:
        return f"{score}  {shown(facts.path)}"
    worst = f"worst {facts.worst.mos:.2f} at {clock(facts.worst.seconds)}"
    return f"{score}  {worst:<22}  {sparkline(facts.moments):<{_WIDTH}}  {shown(facts.path)}"


def sparkline(moments: Sequence[MomentFacts], width: int = _WIDTH) -> str:
    """The score over time, a bar for each moment; of more than `width` moments the worst of each few."""
    values = [moment.mos for moment in moments]
    count = min(width, len(values))
    edges = [place * len(values) // count for place in range(count + 1)]
    bars = _BARS if _can_print(_BARS) else _PLAIN_BARS
    return "".join(bars[min(int(min(values[start:end]) * len(bars)), len(bars) - 1)] for start, end in pairwise(edges))


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _sizes(listed: Sequence[PhotoFacts]) -> str:
    return file_size(sum(facts.asset.size for facts in listed))


def _json(facts: PhotoFacts, scorers: str) -> str:
    from albumclean.words import json_text

    photo = facts.photo
    return json_text(
        {
            "version": 1,
            "path": str(facts.path),
            "content_hash": facts.content.hex(),
            "size": facts.asset.size,
            "format": photo.format if photo else None,
            "width": photo.width if photo else None,
            "height": photo.height if photo else None,
            "frames": photo.pictures if photo else None,
            "taken_at": photo.taken_at if photo else None,
            "scorer": scorers,
            "mos": facts.mos,
            "worst": {"seconds": facts.worst.seconds, "mos": facts.worst.mos} if facts.moments else None,
            "moments": [{"seconds": moment.seconds, "mos": moment.mos} for moment in facts.moments],
        }
    )
