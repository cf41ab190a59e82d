"""`albumclean calibrate`: bring a scorer's values onto the common scale; a threshold then means the same with any."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from albumclean.cli.running import absolute, load, resumable
from albumclean.cli.scan import Device
from albumclean.errors import CalibrationRefused, ExitCode, UsageError
from albumclean.words import counted, shown

if TYPE_CHECKING:
    from albumclean.cli.calibrate_pairs import Pairs
    from albumclean.config import Locations, Settings
    from albumclean.domain import ScorerSpec
    from albumclean.evaluation.scales import Check
    from albumclean.scoring.calibration import CalibrationShelf, Fitted

_THRESHOLDS = (0.2, 0.3, 0.4, 0.5)  # shown beside the user's own


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("calibrate")(calibrate)


@resumable("Nothing was changed.")
def calibrate(  # noqa: PLR0917 - typer reads the command line off the parameters
    scorer: str | None = typer.Argument(None, help="The scorer; without one, tell which are calibrated."),
    folders: list[Path] | None = typer.Argument(None, help="Fit to the photos of these folders (default: all known)."),
    labels: Path | None = typer.Option(None, "--labels", help="Fit to people's scores in this CSV file instead."),
    scale: str | None = typer.Option(None, "--scale", help="Worst and best score of the table, as in 1:10."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Show what would come out; keep nothing."),
    reset: bool = typer.Option(False, "--reset", help="Forget the calibration of this scorer."),
    device: Device | None = typer.Option(None, "--device", help="Where the network runs, with --labels."),
    workers: int | None = typer.Option(None, "--workers", min=1, help="Decoding processes, with --labels."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object (docs/scales.md)."),
) -> ExitCode:
    """Bring a scorer's values onto the common scale, so that a threshold means the same with any. Moves nothing."""
    locations, settings = load()

    from albumclean.cli.calibrate_pairs import Labels, from_labels, from_scans
    from albumclean.scoring.calibration import CalibrationShelf
    from albumclean.scoring.collection import Scorers

    shelf = CalibrationShelf(locations.models)
    if scorer is None:
        if labels or scale or dry_run or reset:
            raise UsageError(detail="Name the scorer too, as in `albumclean calibrate NAME`.")
        return _list(shelf, json_=json_)
    if reset:
        if labels or scale or folders:
            raise UsageError(detail="--reset goes alone with the name of the scorer.")
        return _forget(shelf, scorer, dry_run=dry_run, json_=json_)
    if labels and folders:
        raise UsageError(detail="Name either folders or --labels; a table names its photos itself.")
    if scale and not labels:
        raise UsageError(detail="--scale goes with --labels: it says what the table's scores mean.")

    found = Scorers.of(locations.models).find(scorer)
    _refuse(found.spec, with_labels=labels is not None)
    if labels is not None:
        wish = Labels(
            table=labels.expanduser(),
            scale=None if scale is None else _scale(scale),
            device=device.value if device else settings.scan.device,
            workers=workers or settings.scan.workers,
        )
        pairs = from_labels(found, wish, settings)
    else:
        pairs = from_scans(found.spec, shelf, locations, absolute(folders))
    return _fit(pairs, found.spec, shelf, locations, settings, dry_run=dry_run, json_=json_)


def _fit(
    pairs: Pairs,
    spec: ScorerSpec,
    shelf: CalibrationShelf,
    locations: Locations,
    settings: Settings,
    *,
    dry_run: bool,
    json_: bool,
) -> ExitCode:
    from albumclean.cli.calibrate_view import print_fitted, print_json
    from albumclean.cli.evaluation_view import say_failures
    from albumclean.evaluation.scales import check
    from albumclean.scoring.calibrating import NoOrder

    say_failures(pairs.failed)
    _require_enough(pairs, spec)
    thresholds = sorted({*_THRESHOLDS, settings.low_quality.below})
    try:
        calibration = pairs.fit(pairs.raw, pairs.reference, spec)
        tested = check(pairs.raw, pairs.reference, spec, pairs.fit, thresholds)
    except NoOrder as error:
        raise CalibrationRefused(name=shown(spec.name), detail=_no_order(pairs)) from error
    if pairs.is_labelled and not tested.agrees:
        raise CalibrationRefused(name=shown(spec.name), detail=_no_order(pairs))
    fitted = _fitted(pairs, spec, tested, calibration.raw, calibration.common)
    kept = None if dry_run else shelf.put(fitted)
    if json_:
        print_json(fitted, tested, pairs.failed, kept)
    else:
        print_fitted(fitted, tested, pairs, settings.low_quality.below)
        _say_kept(spec, kept, shelf)
    return ExitCode.SOME_FAILED if pairs.failed else ExitCode.OK


def _fitted(pairs: Pairs, spec: ScorerSpec, tested: Check, raw: tuple[float, ...], common: tuple[float, ...]) -> Fitted:
    from datetime import UTC, datetime

    from albumclean.scoring.calibration import Fitted

    quality = {"rmse_before": tested.rmse_before, "rmse_after": tested.rmse_after}
    return Fitted(
        scorer=spec.name,
        revision=spec.revision,
        method=pairs.method,
        source=pairs.source,
        reference=pairs.yardstick,
        photos=tested.photos,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        quality=quality if tested.srcc is None else {"srcc": tested.srcc, **quality},
        raw=raw,
        common=common,
    )


def _refuse(spec: ScorerSpec, *, with_labels: bool) -> None:
    from albumclean.domain import Says
    from albumclean.scoring import registry

    if spec.says not in {Says.QUALITY, Says.BEAUTY}:
        raise CalibrationRefused(
            name=shown(spec.name), detail="it does not say how good a photo is, so its values are on no such scale."
        )
    if spec.name == registry.JUDGE and not with_labels:
        raise CalibrationRefused(
            name=shown(spec.name),
            detail="the others are matched to it. It can be fitted to people's scores, with --labels TABLE.csv.",
        )


def _require_enough(pairs: Pairs, spec: ScorerSpec) -> None:
    """Raises CalibrationRefused where the photos can't carry a calibration."""
    from albumclean.scoring.calibrating import FEWEST

    photos = len(pairs.raw)
    if photos < FEWEST:
        detail = f"there are {counted(photos, 'photo')} to go by, and it takes {FEWEST}. {pairs.advice}"
    elif pairs.raw.min() == pairs.raw.max():
        detail = f"it gave all {photos:,} photos the same value, {pairs.raw[0]:g}; that is no scale."
    elif pairs.reference.min() == pairs.reference.max():
        whose = "people" if pairs.is_labelled else "the judge"
        detail = f"{whose} gave all {photos:,} photos the same score; there is nothing to fit to."
    else:
        return
    raise CalibrationRefused(name=shown(spec.name), detail=detail)


def _no_order(pairs: Pairs) -> str:
    if pairs.is_labelled:
        return (
            f"on these {len(pairs.raw):,} photos its values do not rise with people's scores, beyond what chance does. "
            "Is less the better in the table? Then say so, as in `--scale 100:0`."
        )
    return f"on these {len(pairs.raw):,} photos its values are all but the same."


def _scale(text: str) -> tuple[float, float]:
    worst, colon, best = text.partition(":")
    try:
        found = float(worst), float(best)
    except ValueError:
        found = math.nan, math.nan
    if not colon or not all(map(math.isfinite, found)) or found[0] == found[1]:
        raise UsageError(
            detail=f"--scale {shown(text)} is not understood; name the worst and the best score, as in `--scale 1:10`."
        )
    return found


def _say_kept(spec: ScorerSpec, kept: Path | None, shelf: CalibrationShelf) -> None:
    from albumclean.scoring import registry

    if kept is None:
        typer.echo("Nothing was kept (--dry-run).")
        return
    name = shown(spec.name)
    typer.echo(f"Kept in {shown(kept)}. It counts from now on, for photos that were scanned before, too.")
    typer.echo(f"`albumclean calibrate {name} --reset` forgets it.")
    if spec.name == registry.JUDGE and any(each != spec.name for each in shelf.names()):
        typer.echo("What was matched to the judge before (`albumclean calibrate` lists it) should be made anew.")


def _forget(shelf: CalibrationShelf, scorer: str, *, dry_run: bool, json_: bool) -> ExitCode:
    from albumclean.cli.calibrate_view import print_forgotten

    there = scorer in shelf.names() if dry_run else shelf.drop(scorer)
    print_forgotten(scorer, there=there, dry_run=dry_run, json_=json_)
    return ExitCode.OK


def _list(shelf: CalibrationShelf, *, json_: bool) -> ExitCode:
    from albumclean.cli.calibrate_view import print_list
    from albumclean.errors import CalibrationDamaged

    known: dict[str, Fitted | CalibrationDamaged] = {}
    for name in shelf.names():
        try:
            found = shelf.find(name)
        except CalibrationDamaged as error:
            known[name] = error
        else:
            if found is not None:
                known[name] = found
    print_list(known, json_=json_)
    broken = any(isinstance(each, CalibrationDamaged) for each in known.values())
    return ExitCode.SOME_FAILED if broken else ExitCode.OK
