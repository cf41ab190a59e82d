"""`albumclean explain`: why a photo scores as it does, and what the rules make of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from albumclean.cli.running import SCORER_HELP, load, opinion_of, resumable, say_error
from albumclean.errors import ExitCode, UsageError
from albumclean.words import shown

if TYPE_CHECKING:
    from PIL import Image

    from albumclean.config import Settings
    from albumclean.domain import Failure
    from albumclean.report.explanation import Explanation
    from albumclean.scoring.opinion import Opinion


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("explain")(explain)


@resumable("Nothing was changed.")
def explain(  # noqa: PLR0917 - typer reads the command line off the parameters
    photos: list[Path] = typer.Argument(
        ...,
        readable=False,
        help="Photos to look at; a scan of them is not needed.",  # unreadable ones are told one by one
    ),
    below: float | None = typer.Option(
        None, "--below", min=0.0, max=1.0, help="Judge as if photos that score less than this were proposed."
    ),
    scorer: list[str] = typer.Option([], "--scorer", help=SCORER_HELP),
    map_: Path | None = typer.Option(
        None, "--map", help="Write the photo with its quality map as colour to this .png file."
    ),
    no_preview: bool = typer.Option(False, "--no-preview", help="Don't show the map in the terminal."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object (docs/explain.md)."),
) -> ExitCode:
    """Tell how good photos are, where and what is wrong, and which rule would propose them. Changes nothing."""
    locations, settings = load(below, scorer)
    opinion = opinion_of(settings, locations)

    from albumclean.cli.output import Output
    from albumclean.report.quality_map import MARK

    if map_ is not None and len(photos) > 1:
        raise UsageError(detail="--map goes with one photo.")
    output = Output.check(map_, MARK, (".png",))

    from albumclean.cli.explain_view import ExplanationView, print_json
    from albumclean.domain import Failure

    view = None if json_ else ExplanationView(preview=not no_preview)
    explained: list[tuple[Explanation, Path | None]] = []
    failed: list[Failure] = []
    protected_troubles: set[Failure] = set()
    for path in photos:
        found = _looked_at(path.expanduser(), settings, opinion, protected_troubles)
        if isinstance(found, Failure):
            failed.append(found)
            if view is not None:
                say_error(f"{shown(found.path)}: {shown(found.reason)}")
            continue
        explanation, picture = found
        if output is not None:
            output.write(_map_of(explanation, picture))
        explained.append((explanation, output.path.absolute() if output else None))
        if view is not None:
            view.show(explanation, picture)
            if output is not None:
                view.tell(f"The map was written to {shown(output.path)}.")
    if json_:
        print_json(explained, failed)
    return ExitCode.SOME_FAILED if failed else ExitCode.OK


def _looked_at(
    path: Path, settings: Settings, opinion: Opinion, told: set[Failure]
) -> tuple[Explanation, Image.Image] | Failure:
    """One photo explained, with its preview. `told` are the troubles of which the user knows already."""
    import stat

    from albumclean.domain import Failure, Stage
    from albumclean.engines.analyse import failure_of
    from albumclean.engines.judge import inspect
    from albumclean.engines.standing import facts_of, standing
    from albumclean.errors import DecodeError, ReadError
    from albumclean.report.explanation import Explanation, words_of
    from albumclean.report.rulings import rulings
    from albumclean.scoring.registry import JUDGE

    try:
        if stat.S_ISDIR(path.stat().st_mode):
            return Failure(path, Stage.READ, "is a folder; name its photos, or scan it with `albumclean scan`")
        where = standing(path, settings)
    except OSError as error:
        return Failure(path, Stage.READ, error.strerror or str(error), transient=True)
    try:
        seen = inspect(path, settings=settings, device=settings.scan.device, scorers=opinion.scorers)
    except (ReadError, DecodeError) as error:
        return failure_of(path, error)
    for trouble in where.troubles:
        if trouble not in told:
            told.add(trouble)
            say_error(f"{shown(trouble.path)}: {shown(trouble.reason)}")
    facts = facts_of(seen.photo, seen.values, where, opinion)
    explanation = Explanation(
        facts=facts,
        mos_std=seen.values.get((JUDGE, "mos_std")) if opinion.is_default else None,
        quality_map=seen.quality_map,
        patches=seen.patches,
        patch_side=seen.patch_side,
        rulings=rulings(facts, settings),
        left_out=where.left_out,
        words=words_of(opinion, seen.values),
        by=opinion.name,
    )
    return explanation, seen.preview


def _map_of(explanation: Explanation, picture: Image.Image) -> bytes:
    from albumclean.report.quality_map import png

    mos = explanation.facts.mos
    caption = f"Quality: {explanation.places}"
    if mos is not None:
        caption = f"MOS {mos:.2f}. {caption}"
    return png(picture, explanation.quality_map, explanation.boxes, caption)
