"""Batches of network views through one scorer's forward pass."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from albumclean.domain import Score, ScorerSpec
from albumclean.scoring.device import Placement, batch_size, place
from albumclean.scoring.registry import load_network, spec

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

View = npt.NDArray[np.uint8]  # (height, width, 3)


class NetworkBatches:
    """Collects views by shape and runs each full batch; a batch never mixes shapes, so nothing is padded."""

    def __init__(self, name: str, device: str, batch: int = 0) -> None:
        """Load the network onto the device. Raises DeviceMissing, ModelMissing, ModelDamaged."""
        self.spec: ScorerSpec = spec(name)
        if self.spec.input is None:
            raise ValueError(f"{name} measures frames, it has no network")
        self.placement: Placement = place(device)  # before torch is imported, see there
        import torch

        self.batch = batch or batch_size(self.placement, self.spec.input)
        network = load_network(name).to(self.placement.device)
        self._network = network.to(memory_format=torch.channels_last)
        self._waiting: dict[tuple[int, ...], list[tuple[bytes, View]]] = {}

    def add(self, content_hash: bytes, view: View) -> list[Score]:
        """Take one photo; the scores of a batch if it became full. Values that are not finite give no score.

        Bounded: all shapes together hold at most two batches.
        """
        group = self._waiting.setdefault(view.shape, [])
        group.append((content_hash, view))
        if len(group) >= self.batch:
            return self._run(view.shape)
        if sum(map(len, self._waiting.values())) >= 2 * self.batch:
            return self._run(max(self._waiting, key=lambda shape: len(self._waiting[shape])))
        return []

    def flush(self) -> list[Score]:
        """The scores of all that still waits."""
        return [score for shape in list(self._waiting) for score in self._run(shape)]

    def _run(self, shape: tuple[int, ...]) -> list[Score]:
        group = self._waiting.pop(shape)
        values = np.concatenate(list(self._forward(np.stack([view for _, view in group]))))
        return [
            Score(content_hash, self.spec.name, self.spec.revision, quantity, float(value))
            for (content_hash, _), row in zip(group, values, strict=True)
            for quantity, value in zip(self.spec.quantities, row, strict=True)
            if np.isfinite(value)
        ]

    def _forward(self, views: npt.NDArray[np.uint8]) -> Iterator[npt.NDArray[np.float32]]:
        """(n, quantities) for uint8 (n, height, width, 3); where memory runs out, in halves."""
        try:
            values = self._network_on(views, self.placement.autocast)
            if not np.isfinite(values).all():  # half precision can overflow where single does not
                values = self._network_on(views, None)
            yield values
        except (RuntimeError, MemoryError) as error:
            if len(views) == 1 or not _out_of_memory(error):
                raise
            half = len(views) // 2
            self.batch = min(self.batch, half)
            log.warning("memory ran out; going on with %d photos at once", half)
            yield from self._forward(views[:half])
            yield from self._forward(views[half:])

    def _network_on(self, views: npt.NDArray[np.uint8], dtype: torch.dtype | None) -> npt.NDArray[np.float32]:
        import torch

        device = self.placement.device
        with torch.inference_mode(), torch.autocast(device.split(":")[0], dtype=dtype, enabled=dtype is not None):
            output = self._network(torch.from_numpy(views).to(device))
        values: npt.NDArray[np.float32] = output.float().cpu().numpy()
        return values


def _out_of_memory(error: BaseException) -> bool:
    """PyTorch has a class of its own for CUDA; on the CPU and on MPS only the words tell."""
    import torch

    words = str(error).lower()
    return (
        isinstance(error, torch.OutOfMemoryError | MemoryError)
        or "allocate memory" in words
        or "out of memory" in words
    )
