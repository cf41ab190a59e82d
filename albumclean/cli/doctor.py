"""`albumclean doctor`: does everything that albumclean needs work on this machine?"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

import typer

from albumclean import __version__
from albumclean.cli.running import load, resumable
from albumclean.errors import AlbumcleanError, ExitCode
from albumclean.words import counted, file_size, shown


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("doctor")(doctor)


@resumable("Nothing was changed.")
def doctor() -> ExitCode:
    """Check the installation: versions, formats, model, device, databases, trash. Changes nothing of yours."""
    typer.echo(f"albumclean {__version__}, Python {platform.python_version()}, {platform.platform()}")
    well = True
    for name, check in _CHECKS:
        try:
            for line in check():
                typer.echo(f"  ok    {name}: {line}")
        except (AlbumcleanError, OSError, ImportError) as error:
            well = False
            typer.echo(f"  FAIL  {name}: {shown(str(error))}")
    typer.echo("All is well." if well else "Mend what failed, then run `albumclean doctor` again.")
    return ExitCode.OK if well else ExitCode.NOTHING_DONE


def _packages() -> Iterator[str]:
    from importlib.metadata import PackageNotFoundError, version

    names = ["torch", "torchvision", "pillow", "pi-heif", "rawpy", "imagehash", "send2trash", "numpy"]
    with suppress(PackageNotFoundError):  # for some processors there is none
        version("openvino")
        names.insert(0, "openvino")
    yield ", ".join(f"{name} {version(name)}" for name in names)


def _formats() -> Iterator[str]:
    from albumclean.media.parsers import missing_formats, readable_formats

    yield "reads " + ", ".join(readable_formats())
    for name, package in missing_formats().items():
        yield f"does not read {name}" + (f"; to have it read: pip install {shown(package)}" if package else "")
    yield "camera RAW is judged by the preview in it; videos are listed, not judged"


def _model() -> Iterator[str]:
    from albumclean.scoring import registry

    for name in registry.names():
        spec = registry.spec(name)
        where = f" in {shown(registry.weights_of(spec))}" if spec.weights else ""
        yield f"{name} ({spec.revision}), {spec.licence}{where}"


def _added_models() -> Iterator[str]:
    from albumclean.scoring.library import ModelLibrary

    locations, _ = load()
    library = ModelLibrary(locations.models)
    for name in library.names():
        if (model := library.find(name)) is not None:
            model.check()
            yield f"{name} ({model.spec.revision}), {model.record.licence}, in {shown(model.folder)}"
    if not library.names():
        yield "none; `albumclean models add` brings published ones"


def _packaged_scorers() -> Iterator[str]:
    from albumclean.scoring.packages import Packages

    for offer in Packages().offers():
        if offer.trouble:
            raise offer.broken(offer.trouble)
        yield f"{shown(offer.name)}, of {shown(offer.package)} {shown(offer.version)}; it runs only if you choose it"


def _device() -> Iterator[str]:
    from albumclean.scoring.batches import NetworkBatches
    from albumclean.scoring.registry import JUDGE, shipped

    _, settings = load()
    batches = NetworkBatches(shipped(JUDGE), settings.scan.device, settings.scan.batch)
    by = "PyTorch" if batches.by_torch else "OpenVINO"
    yield f"{batches.placement.device}, {batches.precision} by {by}, {counted(batches.batch, 'photo')} at once"


def _settings() -> Iterator[str]:
    locations, _ = load()
    yield f"{shown(locations.config)}{'' if locations.config.exists() else ' (not there: the defaults hold)'}"


def _databases() -> Iterator[str]:
    from albumclean.media.thumbnail import REVISION
    from albumclean.store.cache import Cache
    from albumclean.store.ledger import Ledger
    from albumclean.store.thumbnails import Thumbnails

    locations, _ = load()
    with Cache.open(locations.cache) as cache:
        yield f"score cache {shown(str(locations.cache))}, {cache.counts().files:,} photos"
    with Thumbnails.open(locations.thumbnails, REVISION):
        yield f"thumbnails {shown(locations.thumbnails)}, {file_size(locations.thumbnails.stat().st_size)}"
    with Ledger.open(locations.ledger) as ledger:
        yield f"ledger {shown(locations.ledger)}, {len(ledger.history()):,} runs"


def _trash() -> Iterator[str]:
    from albumclean.trash import describe_trash

    yield shown(describe_trash())


def _terminal() -> Iterator[str]:
    yield f"encoding {sys.stdout.encoding}, {'a terminal' if sys.stdout.isatty() else 'not a terminal'}"


_CHECKS: tuple[tuple[str, Callable[[], Iterator[str]]], ...] = (
    ("packages", _packages),
    ("settings", _settings),
    ("formats", _formats),
    ("model", _model),
    ("added models", _added_models),
    ("scorers of packages", _packaged_scorers),
    ("device", _device),
    ("databases", _databases),
    ("trash", _trash),
    ("output", _terminal),
)
