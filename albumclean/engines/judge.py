"""Scorers without the cache: on files named one by one, on pictures in memory, and on one photo in depth."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from albumclean.config import Settings
from albumclean.domain import Failure, FileIdentity, Photo, Stage
from albumclean.engines.analyse import Analysis, Job, Wanted, analyse, failure_of
from albumclean.engines.closeup import Closeup, CloseupJob, closeup
from albumclean.engines.networks import NetworkThread
from albumclean.engines.pool import worker_pool
from albumclean.engines.reading import NO_SCORE
from albumclean.errors import AlbumcleanError, DecodeError, ReadError
from albumclean.media.patches import Place
from albumclean.media.view import NetworkView, network_view
from albumclean.media.workers import WorkerFailure
from albumclean.scoring import registry
from albumclean.scoring.depth import judge_in_depth
from albumclean.scoring.findings import Findings
from albumclean.scoring.scorer import Scorer

Values = dict[tuple[str, str], float]  # raw, by scorer and quantity; what is not finite is left out
Quantities = dict[str, float]  # of one scorer

SHIPPED: Final = tuple(registry.shipped(name) for name in registry.DEFAULT)


def of_scorer(values: Mapping[tuple[str, str], float], name: str) -> Quantities:
    """What one scorer said, by quantity; empty where it said nothing."""
    return {quantity: value for (scorer, quantity), value in values.items() if scorer == name}


@dataclass(frozen=True, slots=True)
class _Asked(Job):
    """A file to judge."""

    named: Path  # as the caller said it


@dataclass(slots=True)
class _Waiting:
    """A content that was decoded, and whose networks have not all answered."""

    networks: set[str]
    paths: list[Path]  # copies are judged once
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """All that there is to say on one photo."""

    photo: Photo
    values: Values  # of all scorers that were asked
    quality_map: npt.NDArray[np.float32]  # the judge's: (rows, columns), in [0, 1], each an equal share of the picture
    embedding: npt.NDArray[np.float32]  # (E,), of length 1
    patches: tuple[Place, ...]  # left and top of what was seen closely, in pixels of the upright photo
    patch_side: int  # in pixels of the photo; at the picture's edge less is left
    preview: Image.Image  # upright sRGB, at most `PREVIEW` pixels a side


def judge_files(
    paths: Iterable[Path], *, scorers: Sequence[Scorer], settings: Settings, device: str, workers: int
) -> Iterator[tuple[Path, Values | Failure]]:
    """Each path with what the scorers say or why there is nothing, in no certain order.

    A scorer that has no finite value for a photo is missing from its values; a photo of which none has one is a
    failure. Runs as a scan does, in decoding processes and batches. A symlink stands for its target.

    Raises DeviceMissing, and what loading and asking the scorers raises.
    """
    wish = replace(settings.scan, workers=workers, device=device)
    specs = tuple(scorer.spec for scorer in scorers)
    asked = {spec.name for spec in specs}
    read = {spec.reads for spec in specs if spec.reads} - asked  # whose networks run for others only
    refused: list[tuple[Path, Failure]] = []
    waiting: dict[bytes, _Waiting] = {}

    def jobs() -> Iterator[_Asked]:
        for path in paths:
            try:
                target = path.resolve()
                yield _Asked(FileIdentity.of(target, target.stat()), wish.max_pixels, path)
            except OSError as error:
                reason = error.strerror or str(error)
                refused.append((path, Failure(path, Stage.READ, reason, transient=True)))

    def judged(found: Findings) -> Iterator[tuple[Path, Values]]:
        """Those of which now all networks have answered. What one says of a photo comes all at once."""
        answered: set[tuple[bytes, str]] = set()
        for score in found.scores:
            if (content := waiting.get(score.content_hash)) is None:
                continue
            answered.add((score.content_hash, score.scorer))
            if score.scorer in asked:
                content.values[score.scorer, score.quantity] = score.value
        for digest, name in sorted(answered):
            if (content := waiting.get(digest)) is not None:
                content.networks.discard(name)
                if not content.networks:
                    del waiting[digest]
                    yield from ((path, dict(content.values)) for path in content.paths)

    pool = worker_pool(analyse, wish)
    networks = (*scorers, *map(registry.shipped, sorted(read)))
    with (
        NetworkThread(wish.device, wish.batch, networks) as network,
        closing(pool.run(jobs(), lambda _: Wanted(specs))) as results,
    ):
        for job, result in results:
            path = cast(_Asked, job).named
            if not isinstance(result, Analysis):
                yield path, failure_of(path, result)
            elif result.content_hash in waiting:
                waiting[result.content_hash].paths.append(path)
            else:
                waiting[result.content_hash] = _Waiting(set(result.views), [path])
                for name, view in result.views.items():
                    network.put(name, result.content_hash, view)
            yield from judged(network.findings())
        yield from judged(network.finish())
    yield from refused
    for content in waiting.values():
        for path in content.paths:
            yield path, content.values or Failure(path, Stage.SCORE, NO_SCORE)


def judge_images(
    images: Iterable[Image.Image], device: str = "auto", batch: int = 0, scorer: Scorer | None = None
) -> Iterator[Quantities]:
    """What one scorer (None: the judge) says of decoded upright sRGB pictures, by quantity, in their order.

    A value that is not finite is left out. `batch` of 0 is found from memory. Holds at most two batches of views.
    Raises DeviceMissing, and what loading and asking the scorer raises.
    """
    from albumclean.scoring.batches import NetworkBatches

    scorer = scorer or registry.shipped(registry.JUDGE)
    network = NetworkBatches(scorer, device, batch)
    ordered: deque[Quantities] = deque()  # the oldest first; filled in as the batches come
    pending: dict[bytes, Quantities] = {}

    def settle(found: Findings) -> None:
        for score in found.scores:
            pending[score.content_hash][score.quantity] = score.value
        for key in {score.content_hash for score in found.scores}:
            del pending[key]

    for number, image in enumerate(images):
        key = number.to_bytes(8, "big")
        pending[key] = {}
        ordered.append(pending[key])
        settle(network.add(key, network_view(image, scorer.spec.input)))
        while ordered and ordered[0]:
            yield ordered.popleft()
    settle(network.flush())
    yield from ordered


def inspect(path: Path, *, settings: Settings, device: str = "auto", scorers: Sequence[Scorer] = SHIPPED) -> Inspection:
    """Judge one photo in depth and ask the scorers of it; a worker process decodes it.

    The judge and what reads it are always asked. Raises what `judge_files` raises; ReadError and DecodeError as well,
    the latter also where the file crashes its decoder.
    """
    others = tuple(scorer for scorer in scorers if scorer.spec.name not in registry.DEFAULT)
    try:
        target = path.resolve()
        identity = FileIdentity.of(target, target.stat())
    except OSError as error:
        raise ReadError(path=path, detail=error.strerror or str(error)) from error
    job = CloseupJob(identity, settings.scan.max_pixels, tuple(scorer.spec for scorer in others))
    seen = _closeup(path, job, settings)
    depth = judge_in_depth(seen.view, device)
    values = {(registry.JUDGE, quantity): value for quantity, value in depth.values.items()}
    for name, said in depth.read.items():
        values |= {(name, quantity): value for quantity, value in said.items()}
    for scorer in others:
        values |= _asked(scorer, seen.others[scorer.spec.name], device)
    factor = seen.reduction
    return Inspection(
        photo=seen.photo,
        values={key: value for key, value in values.items() if np.isfinite(value)},
        quality_map=depth.quality_map,
        embedding=depth.embedding,
        patches=tuple((left * factor, top * factor) for left, top in seen.view.places),
        patch_side=seen.input.patches.side * factor if seen.input.patches else 0,
        preview=seen.preview,
    )


def _asked(scorer: Scorer, view: NetworkView, device: str) -> Values:
    from albumclean.scoring.batches import NetworkBatches

    found = NetworkBatches(scorer, device, batch=1).add(b"", view)
    return {(score.scorer, score.quantity): score.value for score in found.scores}


def _closeup(path: Path, job: CloseupJob, settings: Settings) -> Closeup:
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
