"""Batches of network views through one scorer's forward pass."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import numpy as np

from albumclean.domain import InputSpec, Score, ScorerSpec
from albumclean.errors import MemoryRanOut
from albumclean.media.view import NetworkView
from albumclean.scoring.device import batch_size
from albumclean.scoring.findings import Findings, embeddings_of
from albumclean.scoring.forms import Answers, Floats, form_of
from albumclean.scoring.scorer import Scorer

log = logging.getLogger(__name__)

MOST_WAITING = 128 << 20  # bytes of views: three of 12 megapixels, or hundreds of the judge

Shapes = tuple[tuple[int, ...], ...]
Batch = list[tuple[bytes, NetworkView]]  # of one shape: each photo's content hash and what the network sees of it


class NetworkBatches:
    """Collects views by shape and runs each full batch; a batch never mixes shapes, so nothing is padded.

    `take` and `rest` belong to one thread at a time; `run` to as many as like, at the same time.
    """

    def __init__(self, scorer: Scorer, device: str, batch: int = 0, lanes: int = 1, threads: int = 0) -> None:
        """Load the network onto the device. Raises as `forms.form_of` does.

        `lanes`: how many threads will call `run` at a time; they share the memory that a batch would take alone.
        `threads`: how many cores each has, 0 for all, where PyTorch is not told by `Lanes`. The heads that read the
        network's features are loaded at the first view that has statistics for them.
        """
        self.spec: ScorerSpec = scorer.spec
        self._form = form_of(scorer, device, lanes, threads)
        self.placement = self._form.placement
        self.precision = self._form.precision
        self.by_torch = self._form.by_torch
        self._lanes = lanes
        self.batch = 1
        if self.by_torch:
            self.batch = batch or batch_size(self.placement, self.spec.input.pixels, lanes)
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
        for reader, each in zip(self._form.readers, read, strict=False):
            scores += _scores(reader, hashes, each)
        return Findings(scores, embeddings_of(hashes, vectors))

    def _at_once(self, view: NetworkView) -> int:
        """How many views like this one may pass the network together.

        Other networks see photos at sizes of all kinds, so that no one number fits them all.
        """
        if isinstance(self.spec.input, InputSpec):
            return self.batch
        return min(self.batch, batch_size(self.placement, view.pixels, self._lanes))

    def _forward(self, views: Sequence[NetworkView]) -> Iterator[Answers]:
        """The answers for views of one shape; where memory runs out, in halves. Raises MemoryRanOut."""
        try:
            yield self._form.answers(views)
        except (RuntimeError, MemoryError) as error:
            if not self._form.memory_ran_out(error):
                raise
            if len(views) == 1:
                raise MemoryRanOut(name=self.spec.name, detail=" ".join(str(error).split()) or "no memory") from error
            half = len(views) // 2
            self.batch = min(self.batch, half)
            log.warning("memory ran out; going on with %d photos at once", half)
            yield from self._forward(views[:half])
            yield from self._forward(views[half:])


def _scores(spec: ScorerSpec, hashes: Sequence[bytes], values: Floats) -> Iterator[Score]:
    for content_hash, row in zip(hashes, values, strict=True):
        for quantity, value in zip(spec.quantities, row, strict=True):
            if np.isfinite(value):
                yield Score(content_hash, spec.name, spec.revision, quantity, float(value))
