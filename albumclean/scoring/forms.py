"""The forms in which a network runs: by PyTorch, on any device, or as a graph that was made for processors."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast, runtime_checkable

import numpy as np
import numpy.typing as npt

from albumclean.domain import ScorerSpec
from albumclean.media.view import NetworkView
from albumclean.scoring import registry
from albumclean.scoring.device import Placement, import_torch, no_memory, place, settle
from albumclean.scoring.scorer import Scorer

if TYPE_CHECKING:
    import torch
    from torch import nn

    from albumclean.scoring.graphs.judge import JudgeGraph, KindGraph
    from albumclean.scoring.nets.judge import Judge

Floats = npt.NDArray[np.float32]
Answers: TypeAlias = tuple[Floats, ...]  # values (n, quantities), embeddings (n, E), then each reader's values

SINGLE: Final = "float32"
_LANES_TO_A_GRAPH: Final = 2


class Form(Protocol):
    """A network that is ready to be asked, by any number of threads."""

    placement: Placement
    precision: str  # of most of what is computed, as PyTorch calls it
    by_torch: bool
    readers: tuple[ScorerSpec, ...]  # which heads answered, from the first view with statistics on

    def answers(self, views: Sequence[NetworkView]) -> Answers:
        """What the network says of views of one shape, and, where they have statistics, what its readers say."""
        ...

    def memory_ran_out(self, error: BaseException) -> bool:
        """Whether that is what an error says, so that fewer views at once may do."""
        ...


def form_of(scorer: Scorer, device: str, lanes: int, threads: int) -> Form:
    """Load the network in the form that suits the device.

    Raises DeviceMissing, TorchUnusable, MemoryRanOut, ModelMissing, ModelDamaged.
    `lanes`: how many threads will ask it at a time; `threads`: how many cores each of them has, 0 for all.
    """
    placement = place(device)
    if placement.on_cpu and isinstance(scorer, registry.Shipped):
        graph = scorer.compiled(threads)
        if graph is not None:
            return GraphForm(scorer, cast("JudgeGraph", graph), lanes, threads)
    return TorchForm(scorer, placement)


class GraphForm:
    """The judge without PyTorch. It sees one picture at a time: more would fall out of the processor's caches.

    Two lanes share a graph. It has five parts, of which they seldom want the same one.
    """

    by_torch = False

    def __init__(self, scorer: registry.Shipped, graph: JudgeGraph, lanes: int, threads: int) -> None:
        """`graph`: the first one, of this scorer."""
        self.placement = Placement("cpu")
        self.precision = graph.precision
        self.readers: tuple[ScorerSpec, ...] = ()
        self._scorer = scorer
        self._threads = threads
        self._most = -(-lanes // _LANES_TO_A_GRAPH)
        self._graphs = [graph]
        self._lanes = count()  # that have come so far
        self._own = threading.local()  # a lane's graph
        self._reading: list[KindGraph] | None = None
        self._loading = threading.Lock()  # guards all that is made late

    def answers(self, views: Sequence[NetworkView]) -> Answers:
        """See `Form`."""
        graph = self._graph()
        rows = []
        for view in views:
            values, embedding, features = graph(view)
            heads = self._heads() if view.statistics.size else ()
            rows.append((values, embedding, *(head(features, view.statistics) for head in heads)))
        return tuple(np.concatenate(column) for column in zip(*rows, strict=True))

    def memory_ran_out(self, error: BaseException) -> bool:
        """See `Form`."""
        return no_memory(error)

    def _graph(self) -> JudgeGraph:
        """That of the calling thread."""
        found: JudgeGraph | None = getattr(self._own, "graph", None)
        if found is None:
            with self._loading:
                number = next(self._lanes) % self._most
                if number == len(self._graphs):
                    self._graphs.append(cast("JudgeGraph", self._scorer.compiled(self._threads)))
                found = self._own.graph = self._graphs[number]
        return found

    def _heads(self) -> list[KindGraph]:
        with self._loading:
            if self._reading is None:
                self.readers = registry.readers_of(self._scorer.spec.name)
                found = [registry.shipped(each.name).compiled(1) for each in self.readers]
                self._reading = cast("list[KindGraph]", found)
            return self._reading


@runtime_checkable
class _Quickened(Protocol):
    """A network that knows a quicker form of itself, for which its parameters may become others."""

    def for_inference(self) -> nn.Module: ...


class TorchForm:
    """A network as its scorer loads it, on one device."""

    by_torch = True

    def __init__(self, scorer: Scorer, placement: Placement) -> None:
        import_torch()
        import torch

        self.placement = placement
        self._dtype = placement.autocast if scorer.spec.half_precision else None
        self.precision = str(self._dtype or SINGLE).removeprefix("torch.")
        self.readers: tuple[ScorerSpec, ...] = ()
        self._name = scorer.spec.name
        network = scorer.load()
        if isinstance(network, _Quickened):
            network = network.for_inference()
        self._network = network.to(placement.device).to(memory_format=torch.channels_last)
        settle(placement)
        self._reading: list[nn.Module] | None = None
        self._loading = threading.Lock()  # guards what the readers are

    def answers(self, views: Sequence[NetworkView]) -> Answers:
        """See `Form`."""
        found = self._in_precision(views, self._dtype)
        if self._dtype is not None and not all(np.isfinite(each).all() for each in found):
            found = self._in_precision(views, None)  # half precision can overflow where single does not
        return found

    def memory_ran_out(self, error: BaseException) -> bool:
        """See `Form`."""
        import torch

        return isinstance(error, torch.OutOfMemoryError) or no_memory(error)

    def _in_precision(self, views: Sequence[NetworkView], dtype: torch.dtype | None) -> Answers:
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
                found = (values, embeddings, *(head(features, statistics) for head in self._heads()))
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

    def _heads(self) -> list[nn.Module]:
        with self._loading:
            if self._reading is None:
                device = self.placement.device
                self.readers = registry.readers_of(self._name)
                self._reading = [registry.load_network(each.name).to(device) for each in self.readers]
                settle(self.placement)
            return self._reading
