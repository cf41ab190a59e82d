"""`albumclean models list`: every scorer that can be asked, where it comes from, and what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from albumclean.cli.running import load, resumable
from albumclean.errors import AlbumcleanError, ExitCode
from albumclean.words import file_size, json_text, shown

if TYPE_CHECKING:
    from albumclean.config import Locations, Settings
    from albumclean.domain import ScorerSpec
    from albumclean.scoring.library import Record
    from albumclean.scoring.packages import Offer

_SAYS = {
    "quality": "how good a photo is",
    "beauty": "how much people like it",
    "faults": "what is wrong with it",
    "kind": "what sort of picture it is",
}
_ORIGINS = {"shipped": "shipped", "added": "added by you", "package": "of another package"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One scorer, or why there is none."""

    name: str
    origin: str  # one of _ORIGINS
    in_use: bool
    spec: ScorerSpec | None = None
    calibration: str | None = None  # what it was fitted on; None: the range is stretched
    size: int | None = None  # bytes of its weights
    record: Record | None = None  # of an added one
    offer: Offer | None = None  # of a package, which is not imported to be listed: its specification is not known
    trouble: str | None = None  # why it can't be used


def add_to(group: typer.Typer) -> None:
    """Register the command."""
    group.command("list")(list_)


@resumable("Nothing was changed.")
def list_(json_: bool = typer.Option(False, "--json", help="Print one JSON object.")) -> ExitCode:
    """Show all models: shipped, added, and those of installed packages; whose word counts, and on which scale."""
    locations, settings = load()
    entries = list(_entries(locations, settings))
    if json_:
        typer.echo(json_text({"version": 1, "models": [_document(entry) for entry in entries]}))
    else:
        for entry in entries:
            _print(entry)
    return ExitCode.SOME_FAILED if any(entry.trouble for entry in entries) else ExitCode.OK


def _entries(locations: Locations, settings: Settings) -> Iterator[Entry]:
    from albumclean.scoring import registry
    from albumclean.scoring.calibration import CalibrationShelf
    from albumclean.scoring.collection import Scorers
    from albumclean.scoring.library import Added, ModelLibrary
    from albumclean.scoring.opinion import names_of
    from albumclean.scoring.packages import Packages

    library = ModelLibrary(locations.models)
    scorers = Scorers(library)
    shelf = CalibrationShelf(locations.models)
    chosen = names_of(settings.scoring.scorers) | set(registry.DEFAULT)
    for name in scorers.names():
        origin = "shipped" if name in registry.names() else "added"
        try:
            scorer = scorers.find(name)
            fitted = shelf.of(scorer.spec)
            record = scorer.record if isinstance(scorer, Added) else None
            yield Entry(
                name,
                origin,
                name in chosen,
                spec=scorer.spec,
                calibration=fitted.note if fitted else None,
                size=record.size if record else _size(scorer.spec),
                record=record,
            )
        except AlbumcleanError as error:
            yield Entry(name, origin, name in chosen, trouble=str(error))
    for offer in Packages().offers():
        trouble = offer.trouble or (f"you have added a model {offer.name}" if offer.name in library.names() else None)
        yield Entry(offer.name, "package", offer.name in chosen and not trouble, offer=offer, trouble=trouble)


def _size(spec: ScorerSpec) -> int:
    from albumclean.scoring import registry

    weights: Path = registry.weights_of(spec)
    return weights.stat().st_size


def _print(entry: Entry) -> None:
    typer.echo(f"{shown(entry.name)} ({_ORIGINS[entry.origin]}{', in use' if entry.in_use else ''})")
    if entry.offer is not None:
        typer.echo(
            f"    of {shown(entry.offer.package)} {shown(entry.offer.version)}, which runs only if you choose it"
        )
    if entry.trouble is not None:
        typer.echo(f"    can't be used: {shown(entry.trouble)}")
    if entry.spec is None:
        return
    spec = entry.spec
    low, high = spec.value_range
    scale = f"{low:g} to {high:g}, {'higher' if spec.rises else 'lower'} is better"
    says = (
        f"says {_SAYS[spec.says.value]}: {', '.join(spec.quantities[:3])}{', ...' if len(spec.quantities) > 3 else ''}"
    )
    typer.echo(f"    {shown(spec.summary)}")
    typer.echo(f"    {shown(says)}")
    if spec.says.value in {"quality", "beauty"}:
        typer.echo(f"    {scale}; {_calibrated(entry)}")
    size = f"; {file_size(entry.size)}" if entry.size is not None else ""
    typer.echo(f"    licence: {shown(spec.licence)}; revision {shown(spec.revision)}{size}")
    if entry.record is not None:
        typer.echo(f"    from {shown(entry.record.source_name)}, added {shown(entry.record.added)}")


def _calibrated(entry: Entry) -> str:
    from albumclean.scoring.registry import JUDGE

    if entry.calibration:
        return f"calibrated: {shown(entry.calibration)}"
    return "the scale that thresholds mean" if entry.name == JUDGE else "not calibrated"


def _document(entry: Entry) -> dict[str, object]:
    document: dict[str, object] = {"name": entry.name, "origin": entry.origin, "in_use": entry.in_use}
    if entry.spec is not None:
        spec = entry.spec
        document |= {
            "says": spec.says.value,
            "quantities": list(spec.quantities),
            "range": list(spec.value_range),
            "rises": spec.rises,
            "revision": spec.revision,
            "calibrated": entry.calibration,
            "licence": spec.licence,
            "summary": spec.summary,
            "bytes": entry.size,
        }
    if entry.record is not None:
        document |= {
            "network": entry.record.variant,
            "source": entry.record.source_name,
            "source_sha256": entry.record.source_sha256,
            "sha256": entry.record.weights_sha256,
            "added": entry.record.added,
        }
    if entry.offer is not None:
        document |= {"package": entry.offer.package, "package_version": entry.offer.version}
    return document | {"trouble": entry.trouble}
