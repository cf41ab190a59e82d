"""`albumclean eval --kadid FOLDER`: spoil clean photos on purpose and see whether the severities follow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from albumclean.cli.counter import counter
from albumclean.cli.evaluation_view import print_json, print_kadid, say_failures
from albumclean.config import Settings
from albumclean.crawl import crawl
from albumclean.domain import Asset, Failure, FileIdentity, Root, Stage
from albumclean.engines.analyse import failure_of
from albumclean.engines.judge import judge_images
from albumclean.errors import DecodeError, ExitCode, ReadError, UsageError
from albumclean.evaluation import document
from albumclean.evaluation.kadid import RUNGS, ladder, report, severities
from albumclean.evaluation.measured import Measured
from albumclean.media.decode import decode
from albumclean.media.reading import content_hash, read_file
from albumclean.scoring.scorer import Scorer
from albumclean.words import shown

_SHORT, _LONG = 384, 512  # KADID's size: a smaller photo would have to be blown up, and that is not sharp


def evaluate_kadid(folder: Path, measured: Measured, settings: Settings, device: str, *, json_: bool) -> ExitCode:
    """Raises UsageError if no photo or no scorer can be used, RootNotFound, and what `judge_images` raises."""
    scorer = _scorer(measured)
    spec, heads = scorer.spec, severities(scorer.spec.quantities)
    root = Root(folder.expanduser().resolve())
    photos = sorted(entry.primary.path for entry in crawl([root], settings.crawl) if isinstance(entry, Asset))
    failed: list[tuple[str, str]] = []
    read: list[Path] = []

    def pictures() -> Iterator[Image.Image]:
        for number, path in enumerate(photos):
            clean = _clean(path, settings)
            if isinstance(clean, Failure):
                failed.append((str(path), clean.reason))
            else:
                read.append(path)
                yield from ladder(clean, seed=number)

    readings: list[list[list[float]]] = []
    rungs: list[list[float]] = []
    with counter("Photos judged with their spoiled copies", len(photos)) as step:
        for values in judge_images(pictures(), device=device, scorer=scorer):
            rungs.append([values.get(head, math.nan) for head in heads])
            if len(rungs) == RUNGS:
                readings.append(rungs)
                rungs = []
                step()
    usable: list[list[list[float]]] = []
    for path, photo in zip(read, readings, strict=True):
        if all(math.isfinite(value) for row in photo for value in row):
            usable.append(photo)
        else:
            failed.append((str(path), "the model gave no usable score for one of its copies"))
    say_failures(failed)
    if not usable:
        raise UsageError(detail=f"There are no photos in {shown(folder)} that can be used.")
    run = document.Run(spec.name, spec.revision, failed)
    found = report(usable, heads)
    if json_:
        print_json(document.kadid_document(found, run))
    else:
        print_kadid(found, run)
    return ExitCode.SOME_FAILED if failed else ExitCode.OK


def _scorer(measured: Measured) -> Scorer:
    """The one that says what is wrong with a photo. Raises UsageError where none of the named does, or several do."""
    if len(measured.faults) == 1:
        return measured.faults[0]
    if measured.faults:
        names = " and ".join(shown(scorer.spec.name) for scorer in measured.faults)
        raise UsageError(detail=f"--kadid measures one scorer at a time: say which of {names} with --scorer.")
    raise UsageError(
        detail=f"{shown(measured.name)} does not say how much blur, noise or compression a photo has, which is what "
        "--kadid measures. The judge does: --scorer judge."
    )


def _clean(path: Path, settings: Settings) -> Image.Image | Failure:
    """A photo, scaled down to no less than twice KADID's size where it is large; or why it can't serve."""
    try:
        data = read_file(FileIdentity.of(path, path.stat()))
        frame = decode(data, path, content_hash(data), min_short_side=2 * _SHORT, max_pixels=settings.scan.max_pixels)
    except (ReadError, DecodeError) as error:
        return failure_of(path, error)
    except OSError as error:
        return Failure(path, Stage.READ, error.strerror or str(error), transient=True)
    if min(frame.photo.width, frame.photo.height) < _SHORT or max(frame.photo.width, frame.photo.height) < _LONG:
        return Failure(path, Stage.SCORE, f"it is smaller than {_LONG} x {_SHORT} pixels")
    return frame.picture.reduced(2 * _SHORT)
