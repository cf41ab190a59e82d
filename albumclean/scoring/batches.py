"""Batches of network views through one scorer's forward pass."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

import numpy as np
import numpy.typing as npt

from albumclean.domain import InputSpec, Score, ScorerSpec
from albumclean.media.view import NetworkView
from albumclean.scoring.device import Placement, batch_size, place, settle
from albumclean.scoring.findings import Findings, embeddings_of
from albumclean.scoring.registry import load_network, readers_of
from albumclean.scoring.scorer import Scorer

if TYPE_CHECKING:
    import torch
    from torch import nn

    from albumclean.scoring.nets.judge import Judge

log = logging.getLogger(__name__)

MOST_WAITING = 128 << 20  # bytes of views: three of 12 megapixels, or hundreds of the judge

Floats = npt.NDArray[np.float32]
Shapes = tuple[tuple[int, ...], ...]
Batch = list[tuple[bytes, NetworkView]]  # of one shape: each photo's content hash and what the network sees of it


@runtime_checkable
class _Quickened(Protocol):
    """A network that knows a quicker form of itself, for which its parameters may become others."""

    def for_inference(self) -> nn.Module: ...


class NetworkBatches:
    """Collects views by shape and runs each full batch; a batch never mixes shapes, so nothing is padded.

    `take` and `rest` belong to one thread at a time; `run` to as many as like, at the same time.
    """

    def __init__(self, scorer: Scorer, device: str, batch: int = 0, lanes: int = 1) -> None:
        """Load the network onto the device. Raises DeviceMissing, ModelMissing, ModelDamaged.

        `lanes`: how many threads will call `run` at a time; they share the memory that a batch would take alone. The
        heads that read the network's features are loaded at the first view that has statistics for them.
        """
        self.spec: ScorerSpec = scorer.spec
        self.placement: Placement = place(device)  # before torch is imported, see there
        import torch

        self.batch = batch or batch_size(self.placement, self.spec.input.pixels, lanes)
        self._lanes = lanes
        network = scorer.load()
        if isinstance(network, _Quickened):
            network = network.for_inference()
        self._network = network.to(self.placement.device).to(memory_format=torch.channels_last)
        settle(self.placement)
        self._readers: list[tuple[ScorerSpec, nn.Module]] | None = None
        self._loading = threading.Lock()  # guards `_readers`
        self._waiting: dict[Shapes, Batch] = {}

    def add(self, content_hash: bytes, view: NetworkView) -> Findings:
        """Take one photo; what was found in a batch if it became full. Values that are not finite are no findings."""
        return self.run(self.take(content_hash, view))

    def flush(self) -> Findings:
        """What is found in all that still waits."""
        found = Findings()
        for batch in self.rest():
            found += self.run(batch)
        return found

    def take(self, content_hash: bytes, view: NetworkView) -> Batch:
        """Take one photo; the batch that is now to be run, or an empty one.

        Bounded: all shapes together hold at most two batches, and `MOST_WAITING` bytes with the newest photo more.
        """
        shapes = (view.whole.shape, view.patches.shape, view.statistics.shape)
        group = self._waiting.setdefault(shapes, [])
        group.append((content_hash, view))
        if len(group) >= self.batch:
            return self._waiting.pop(shapes)
        if self._held() > MOST_WAITING:
            return self._waiting.pop(max(self._waiting, key=self._held_by))
        if sum(map(len, self._waiting.values())) >= 2 * self.batch:
            return self._waiting.pop(max(self._waiting, key=lambda waiting: len(self._waiting[waiting])))
        return []

    def rest(self) -> list[Batch]:
        """All that waits, in batches to be run."""
        rest, self._waiting = list(self._waiting.values()), {}
        return rest

    def pixels(self, batch: Batch) -> int:
        """How many of a batch's pixels pass the network together."""
        view = batch[0][1]
        return view.pixels * min(self._at_once(view), len(batch))

    def _held(self) -> int:
        """Bytes of all views that wait."""
        return sum(map(self._held_by, self._waiting))

    def _held_by(self, shapes: Shapes) -> int:
        group = self._waiting[shapes]
        return len(group) * group[0][1].size  # all are equally large

    def run(self, batch: Batch) -> Findings:
        """What is found in a batch, which may be empty."""
        if not batch:
            return Findings()
        hashes = [content_hash for content_hash, _ in batch]
        views = [view for _, view in batch]
        at_once = self._at_once(views[0])
        parts = [
            part for start in range(0, len(views), at_once) for part in self._forward(views[start : start + at_once])
        ]
        values, vectors, *read = (np.concatenate(part) for part in zip(*parts, strict=True))
        scores = list(_scores(self.spec, hashes, values))
        # Without statistics the heads were not asked.
        for (reader, _), each in zip(self._readers or (), read, strict=False):
            scores += _scores(reader, hashes, each)
        return Findings(scores, embeddings_of(hashes, vectors))

    def _at_once(self, view: NetworkView) -> int:
        """How many views like this one may pass the network together.

        Other networks see photos at sizes of all kinds, so that no one number fits them all.
        """
        if isinstance(self.spec.input, InputSpec):
            return self.batch
        return min(self.batch, batch_size(self.placement, view.pixels, self._lanes))

    def _forward(self, views: Sequence[NetworkView]) -> Iterator[tuple[Floats, ...]]:
        """Values (n, quantities) and embeddings of n views of one shape, then each reader's values.

        Where memory runs out, in halves.
        """
        try:
            found = self._network_on(views, self.placement.autocast if self.spec.half_precision else None)
            if not all(np.isfinite(each).all() for each in found):  # half precision can overflow where single does not
                found = self._network_on(views, None)
            yield found
        except (RuntimeError, MemoryError) as error:
            if len(views) == 1 or not _out_of_memory(error):
                raise
            half = len(views) // 2
            self.batch = min(self.batch, half)
            log.warning("memory ran out; going on with %d photos at once", half)
            yield from self._forward(views[:half])
            yield from self._forward(views[half:])

    def _network_on(self, views: Sequence[NetworkView], dtype: torch.dtype | None) -> tuple[Floats, ...]:
        import torch

        device = self.placement.device
        whole = self._moved([view.whole for view in views])
        patches = self._moved([view.patches for view in views])
        with torch.inference_mode(), torch.autocast(device.split(":")[0], dtype=dtype, enabled=dtype is not None):
            if views[0].statistics.size == 0:
                found = self._network(whole, patches)
            else:
                values, embeddings, features = cast("Judge", self._network).seen(whole, patches)
                statistics = self._moved([view.statistics for view in views])
                found = (values, embeddings, *(head(features, statistics) for _, head in self._heads()))
        return tuple(each.float().cpu().numpy() for each in found)

    def _moved(self, arrays: Sequence[npt.NDArray[Any]]) -> torch.Tensor:
        """The arrays as one tensor on the device.

        A GPU fetches it by itself, from memory that stays in its place, while this thread goes on to the next one.
        """
        import torch

        tensor = torch.from_numpy(np.stack(arrays))
        if self.placement.on_cuda:
            return tensor.pin_memory().to(self.placement.device, non_blocking=True)
        return tensor.to(self.placement.device)

    def _heads(self) -> list[tuple[ScorerSpec, nn.Module]]:
        with self._loading:
            if self._readers is None:
                device = self.placement.device
                specs = readers_of(self.spec.name)
                self._readers = [(each, load_network(each.name).to(device)) for each in specs]
                settle(self.placement)
            return self._readers


def _scores(spec: ScorerSpec, hashes: Sequence[bytes], values: Floats) -> Iterator[Score]:
    for content_hash, row in zip(hashes, values, strict=True):
        for quantity, value in zip(spec.quantities, row, strict=True):
            if np.isfinite(value):
                yield Score(content_hash, spec.name, spec.revision, quantity, float(value))


def _out_of_memory(error: BaseException) -> bool:
    """PyTorch has a class of its own for CUDA; on the CPU and on MPS only the words tell."""
    import torch

    words = str(error).lower()
    return (
        isinstance(error, torch.OutOfMemoryError | MemoryError)
        or "allocate memory" in words
        or "out of memory" in words
    )
