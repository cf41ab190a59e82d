"""A checkpoint looked at in a process of its own: what it is, and its weights as albumclean keeps them.

What a made file may do to the libraries that read it (crash them, make them wait or grow) then costs that process.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from errno import ENOSPC
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from albumclean.domain import AnyInput
from albumclean.errors import AlbumcleanError, CheckpointUnusable, DiskFull, OutputUnusable
from albumclean.media.view import network_view
from albumclean.media.workers import Ask, FailureKind, WorkerFailure, WorkerPool
from albumclean.scoring.checkpoints import LARGEST, TOO_MUCH, find_weights, read_weights
from albumclean.scoring.variant import Variant
from albumclean.scoring.variants import NotRecognised, recognised
from albumclean.words import shown

if TYPE_CHECKING:
    from torch import Tensor, nn

_SECONDS: Final = 300.0  # a large network on a busy machine takes one
_BASE: Final = 6 << 30  # bytes of address space that Python and PyTorch take before they read anything: 4, measured
_COPIES: Final = 8  # of the file in memory at once: as it is, in single precision, packed, and the network's own

# A picture of no special kind: (width, height), with edges, a gradient and noise.
_PICTURE: Final = (640, 480)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What to look at."""

    path: Path  # a folder or a file
    variant: str | None  # what it is, where the user has said it
    target: Path | None  # where the weights are to be stored; None: not at all


@dataclass(frozen=True, slots=True)
class Found:
    """A checkpoint that can be used."""

    path: Path  # the file
    variant: str
    others: tuple[str, ...]  # variants whose networks have the same form
    sha256: str  # of the file
    weights: int  # how many numbers there are
    outputs: tuple[float, ...]  # what the network said of the made picture
    stored_sha256: str = ""  # of what was stored, if it was
    stored_size: int = 0  # bytes


def inspect(
    path: Path,
    *,
    variant: str | None = None,
    target: Path | None = None,
    task: Callable[[Inspection, Ask], Found] | None = None,
) -> Found:
    """Read, recognise and try a checkpoint; with a `target`, its weights are stored there as safetensors.

    `task` does the work in the other process. Raises CheckpointUnusable, and DiskFull or OutputUnusable for `target`.
    """
    weights = find_weights(path)
    try:
        size = min(weights.stat().st_size, LARGEST)
    except OSError as error:
        raise CheckpointUnusable(path=shown(weights), detail=error.strerror or error) from error
    pool = WorkerPool(task or look, workers=1, timeout=_SECONDS, memory=_BASE + _COPIES * size)
    ((_, outcome),) = pool.run([Inspection(weights, variant, target)], _no_questions)
    if isinstance(outcome, AlbumcleanError):
        raise outcome
    if isinstance(outcome, WorkerFailure):
        raise CheckpointUnusable(path=shown(weights), detail=_failed(outcome))
    return outcome


def look(job: Inspection, ask: Ask) -> Found:
    """In the process of its own. Raises what `inspect` raises."""
    from albumclean.scoring.nets.filled import filled

    state = read_weights(job.path)
    try:
        known = recognised(state, job.variant)
        variant = known.variant
        kept = {name: _kept(tensor) for name, tensor in known.state.items()}
        _check_values(kept)
        outputs = tried(filled(variant.network, kept), variant.input)
        _check_outputs(variant, outputs)
    except (NotRecognised, _Senseless) as error:
        raise CheckpointUnusable(path=shown(job.path), detail=error) from error
    numbers = sum(tensor.numel() for tensor in kept.values())
    found = Found(job.path, variant.name, known.others, _sha256(job.path), numbers, outputs)
    return found if job.target is None else _stored(found, kept, job.target)


def tried(network: nn.Module, spec: AnyInput) -> tuple[float, ...]:
    """What the network says of the made picture, by quantity. The same numbers on every run, to about 1e-6."""
    import torch

    view = network_view(made_picture(), spec)
    with torch.inference_mode():
        whole, patches = (torch.from_numpy(np.stack([pixels])) for pixels in (view.whole, view.patches))
        values: list[float] = network(whole, patches)[0][0].tolist()
    return tuple(values)


def made_picture(size: tuple[int, int] = _PICTURE) -> Image.Image:
    """A picture with edges, a gradient and noise, RGB; the same for ever."""
    width, height = size
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    ramp = np.stack([across / width, down / height, 1 - across / width], axis=-1) * 160
    checks = ((down // 40 + across // 40) % 2)[..., None] * 48
    noise = np.random.default_rng(20).integers(0, 48, (height, width, 3))
    return Image.fromarray((ramp + checks + noise).clip(0, 255).astype(np.uint8))


class _Senseless(ValueError):
    """The shapes are right, the numbers are not; its text is for people."""


def _kept(tensor: Tensor) -> Tensor:
    """As it is stored: in single precision, as the originals compute, and each with memory of its own."""
    plain = tensor.detach()
    return (plain.float() if plain.is_floating_point() else plain).clone().contiguous()


def _check_values(state: Mapping[str, Tensor]) -> None:
    if bad := next((name for name, each in state.items() if not each.isfinite().all()), None):
        raise _Senseless(f"its {shown(bad)} holds values that are no numbers")
    if not any(each.any() for each in state.values() if each.is_floating_point() and each.ndim > 1):
        raise _Senseless("its weights are all zero")


def _check_outputs(variant: Variant, outputs: tuple[float, ...]) -> None:
    low, high = variant.value_range
    if len(outputs) != len(variant.quantities) or not np.isfinite(outputs).all() or not low <= outputs[0] <= high:
        raise _Senseless(f"as {variant.name} it gives {outputs} for a picture, which makes no sense")


def _stored(found: Found, state: Mapping[str, Tensor], target: Path) -> Found:
    from safetensors.torch import save

    data = save(dict(state))
    try:
        with target.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if error.errno == ENOSPC:
            raise DiskFull(path=shown(target.parent)) from error
        raise OutputUnusable(path=shown(target), detail=error.strerror or error) from error
    digest = hashlib.sha256(data).hexdigest()
    return replace(found, stored_sha256=digest, stored_size=len(data))


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CheckpointUnusable(path=shown(path), detail=error.strerror or error) from error


def _failed(failure: WorkerFailure) -> str:
    if failure.kind is FailureKind.MEMORY:
        return TOO_MUCH
    return f"reading it {failure.reason}; nothing was stored"


def _no_questions(question: object) -> None:
    """The process asks nothing."""
