"""`albumclean sources`: where the photos of a folder come from, and what a scan would leave out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from albumclean.cli.running import absolute, load, resumable, say_error
from albumclean.errors import ExitCode, NothingToScan
from albumclean.words import counted, file_size, shown

if TYPE_CHECKING:
    from albumclean.crawl.survey import Place, Survey


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("sources")(sources)


@resumable("Nothing was changed.")
def sources(
    folders: list[Path] | None = typer.Argument(None, help="Folders to look through."),
    hidden: bool = typer.Option(False, "--hidden", help="Look into hidden files and folders too."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> ExitCode:
    """Tell where the photos come from (phone, messenger, export, server), and what a scan would leave out and why.

    Reads the names of files, opens none, and remembers nothing.
    """
    if not folders:
        raise NothingToScan

    from dataclasses import replace

    from albumclean.crawl.survey import survey
    from albumclean.domain import Root

    _, settings = load()
    roots = absolute(folders)
    found = survey([Root(path) for path in roots], replace(settings.crawl, hidden=hidden or settings.crawl.hidden))
    if json_:
        _print_json(found)
    else:
        _print(found)
    for failure in found.failures:
        say_error(f"{shown(failure.path)}: {shown(failure.reason)}")
    return ExitCode.SOME_FAILED if found.failures else ExitCode.OK


def _print(found: Survey) -> None:
    photos, size = sum(place.photos for place in found.places), sum(place.bytes for place in found.places)
    if photos:
        typer.echo(f"{counted(photos, 'photo')}, {file_size(size)}:")
    else:
        typer.echo("There are no photos here that a scan would look at.")
    for place in found.places:
        typer.echo(f"\n{shown(place.path)}")
        typer.echo(f"    {_what(place)}{_how_many(place)}")
        for layout in place.layouts:
            if layout.note:
                typer.echo(f"    {layout.note}")
    if found.left_out:
        typer.echo("\nLeft out:")
        width = max(len(f"{entry.count:,}") for entry in found.left_out)
        for entry in found.left_out:
            typer.echo(f"    {entry.count:>{width},}  {shown(entry.text)}")
            typer.echo(f"    {'':{width}}  {'for example ' if entry.count > 1 else ''}{shown(entry.examples[0])}")
    if photos:
        typer.echo("\nNext: `albumclean scan` looks at them; docs/phone-backups.md tells more of each source.")


def _what(place: Place) -> str:
    titles = [layout.title for layout in place.layouts]
    return f"{'; '.join(titles)}: " if titles else ""


def _how_many(place: Place) -> str:
    text = f"{counted(place.photos, 'photo')}, {file_size(place.bytes)}" if place.photos else "no photos of its own"
    if place.protected == place.photos > 0:
        return f"{text}; compared with the others, never proposed"
    return f"{text}; {place.protected:,} of them compared with the others, never proposed" if place.protected else text


def _print_json(found: Survey) -> None:
    import json

    document = {
        "version": 1,
        "places": [
            {
                "path": str(place.path),
                "layouts": [
                    {"name": layout.name, "title": layout.title, "note": layout.note} for layout in place.layouts
                ],
                "photos": place.photos,
                "bytes": place.bytes,
                "protected": place.protected,
            }
            for place in found.places
        ],
        "left_out": [
            {
                "reason": entry.reason.value,
                "text": entry.text,
                "count": entry.count,
                "examples": [str(path) for path in entry.examples],
            }
            for entry in found.left_out
        ],
        "failures": [{"path": str(failure.path), "reason": failure.reason} for failure in found.failures],
    }
    typer.echo(json.dumps(document))
