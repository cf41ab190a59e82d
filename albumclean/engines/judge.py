"""The judge without the cache: on files named one by one, on pictures in memory, and on one photo in depth."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from albumclean.config import Settings
from albumclean.domain import Failure, FileIdentity, Photo, Stage
from albumclean.engines.analyse import Analysis, Job, Wanted, analyse, failure_of
from albumclean.engines.closeup import Closeup, closeup
from albumclean.engines.networks import NetworkThread
from albumclean.engines.pool import worker_pool
from albumclean.errors import AlbumcleanError, DecodeError, ReadError
from albumclean.media.patches import Place
from albumclean.media.view import network_view
from albumclean.media.workers import WorkerFailure
from albumclean.scoring import registry
from albumclean.scoring.depth import judge_in_depth
from albumclean.scoring.findings import Findings
from albumclean.scoring.scorers import judge

Values = dict[str, float]  # by quantity


@dataclass(frozen=True, slots=True)
class _Asked(Job):
    """A file to judge."""

    named: Path  # as the caller said it


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """All that the judge has to say on one photo."""

    photo: Photo
    values: Values
    kinds: Values  # how likely each kind is
    quality_map: npt.NDArray[np.float32]  # (rows, columns), in [0, 1]: each covers an equal share of the picture
    embedding: npt.NDArray[np.float32]  # (E,), of length 1
    patches: tuple[Place, ...]  # left and top of what was seen closely, in pixels of the upright photo
    patch_side: int  # in pixels of the photo; at the picture's edge less is left
    preview: Image.Image  # upright sRGB, at most `PREVIEW` pixels a side


def judge_files(
    paths: Iterable[Path], *, settings: Settings, device: str, workers: int
) -> Iterator[tuple[Path, Values | Failure]]:
    """Each path with the judge's values or why there are none, in no certain order.

    Runs as a scan does, in decoding processes and batches. A symlink stands for its target. Raises DeviceMissing,
    ModelMissing and ModelDamaged.
    """
    wish = replace(settings.scan, workers=workers, device=device)
    refused: list[tuple[Path, Failure]] = []
    waiting: dict[bytes, list[Path]] = {}  # decoded, not yet scored; copies are judged once

    def jobs() -> Iterator[_Asked]:
        for path in paths:
            try:
                target = path.resolve()
                yield _Asked(FileIdentity.of(target, target.stat()), wish.max_pixels, path)
            except OSError as error:
                reason = error.strerror or str(error)
                refused.append((path, Failure(path, Stage.READ, reason, transient=True)))

    pool = worker_pool(analyse, wish)
    with (
        NetworkThread(wish.device, wish.batch, [registry.shipped(registry.JUDGE)]) as network,
        closing(pool.run(jobs(), lambda _: Wanted((judge.SPEC,)))) as results,
    ):
        for job, result in results:
            path = cast(_Asked, job).named
            if not isinstance(result, Analysis):
                yield path, failure_of(path, result)
            elif result.content_hash in waiting:
                waiting[result.content_hash].append(path)
            else:
                waiting[result.content_hash] = [path]
                network.put(registry.JUDGE, result.content_hash, result.views[registry.JUDGE])
            yield from _judged(network.findings(), waiting)
        yield from _judged(network.finish(), waiting)
    yield from refused
    for path in (path for paths in waiting.values() for path in paths):
        yield path, Failure(path, Stage.SCORE, "the model gave no usable score for it")


def judge_images(images: Iterable[Image.Image], device: str = "auto", batch: int = 0) -> Iterator[Values]:
    """The judge's values of decoded upright sRGB pictures, in their order; a value that is not finite is left out.

    `batch` of 0 is found from memory. Holds at most two batches of views. Raises DeviceMissing, ModelMissing and
    ModelDamaged.
    """
    from albumclean.scoring.batches import NetworkBatches

    network = NetworkBatches(registry.shipped(registry.JUDGE), device, batch)
    ordered: deque[Values] = deque()  # the oldest first; filled in as the batches come
    pending: dict[bytes, Values] = {}

    def settle(found: Findings) -> None:
        for score in found.scores:
            pending[score.content_hash][score.quantity] = score.value
        for key in {score.content_hash for score in found.scores}:
            del pending[key]

    for number, image in enumerate(images):
        key = number.to_bytes(8, "big")
        pending[key] = {}
        ordered.append(pending[key])
        settle(network.add(key, network_view(image, judge.INPUT)))
        while ordered and ordered[0]:
            yield ordered.popleft()
    settle(network.flush())
    yield from ordered


def inspect(path: Path, *, settings: Settings, device: str = "auto") -> Inspection:
    """Judge one photo in depth; a worker process decodes it. Raises what `judge_files` raises.

    Raises ReadError and DecodeError as well, the latter also where the file crashes its decoder.
    """
    try:
        target = path.resolve()
        job = Job(FileIdentity.of(target, target.stat()), settings.scan.max_pixels)
    except OSError as error:
        raise ReadError(path=path, detail=error.strerror or str(error)) from error
    seen = _closeup(path, job, settings)
    depth = judge_in_depth(seen.view, device)
    factor = seen.reduction
    return Inspection(
        photo=seen.photo,
        values=depth.values,
        kinds=depth.read[registry.KIND],
        quality_map=depth.quality_map,
        embedding=depth.embedding,
        patches=tuple((left * factor, top * factor) for left, top in seen.view.places),
        patch_side=seen.input.patches.side * factor if seen.input.patches else 0,
        preview=seen.preview,
    )


def _closeup(path: Path, job: Job, settings: Settings) -> Closeup:
    pool = worker_pool(closeup, replace(settings.scan, workers=1))
    with closing(pool.run([job], lambda _: None)) as results:
        _, outcome = next(results)
    if isinstance(outcome, WorkerFailure):
        raise DecodeError(path=path, detail=outcome.reason)
    if isinstance(outcome, (ReadError, DecodeError)):
        raise type(outcome)(**{**outcome.fields, "path": path})  # by the name that the caller gave
    if isinstance(outcome, AlbumcleanError):
        raise outcome
    return outcome


def _judged(found: Findings, waiting: dict[bytes, list[Path]]) -> Iterator[tuple[Path, Values]]:
    """A batch's scores come together, so whatever a photo gets is all that it gets."""
    by_photo: dict[bytes, Values] = {}
    for score in found.scores:
        by_photo.setdefault(score.content_hash, {})[score.quantity] = score.value
    for digest, values in by_photo.items():
        for path in waiting.pop(digest):
            yield path, dict(values)
