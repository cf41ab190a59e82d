"""One photo in depth: what the judge says of the whole and of each place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from albumclean.domain import ScorerSpec
from albumclean.media.view import NetworkView
from albumclean.scoring import registry
from albumclean.scoring.device import Placement, import_torch, place

if TYPE_CHECKING:
    from albumclean.scoring.graphs.judge import JudgeGraph, KindGraph
    from albumclean.scoring.nets.judge import Judge

Floats: TypeAlias = npt.NDArray[np.float32]
Found: TypeAlias = tuple[Floats, Floats, Floats, list[Floats]]  # values, embedding, quality map, each reader's values


@dataclass(frozen=True, slots=True, eq=False)
class InDepth:
    """All that the judge has to say on one photo."""

    values: dict[str, float]  # by quantity
    quality_map: npt.NDArray[np.float32]  # (rows, columns), in [0, 1]: each covers an equal share of the picture
    embedding: npt.NDArray[np.float32]  # (E,), of length 1
    read: dict[str, dict[str, float]]  # what other scorers read from the same features, by scorer and quantity


def judge_in_depth(view: NetworkView, device: str) -> InDepth:
    """Judge what `network_view` made for the judge; where it has statistics, ask the heads too that read the judge.

    In single precision everywhere: one photo need not be fast. Raises DeviceMissing, ModelMissing and their kind.
    """
    placement = place(device)  # before torch is imported, see there
    readers = registry.readers_of(registry.JUDGE) if view.statistics.size else ()
    graph = _graph() if placement.on_cpu else None
    if graph is None:
        values, embedding, quality, read = _by_torch(view, placement, readers)
    else:
        values, embedding, quality, read = _by_graph(view, graph, readers)
    named = {spec.name: _named(spec, said) for spec, said in zip(readers, read, strict=True)}
    return InDepth(_named(registry.spec(registry.JUDGE), values), quality, embedding, named)


@cache
def _graph() -> JudgeGraph | None:
    """Kept for the next photo: compiling takes longer than asking."""
    return cast("JudgeGraph | None", registry.shipped(registry.JUDGE).compiled(0))


def _named(spec: ScorerSpec, values: Floats) -> dict[str, float]:
    return dict(zip(spec.quantities, values.tolist(), strict=True))


def _by_graph(view: NetworkView, graph: JudgeGraph, readers: Sequence[ScorerSpec]) -> Found:
    found = graph.judge(view)
    heads = [cast("KindGraph", registry.shipped(spec.name).compiled(1)) for spec in readers]
    read = [head(found.features, view.statistics)[0] for head in heads]
    return found.values[0], found.embedding[0], found.quality_map, read


def _by_torch(view: NetworkView, placement: Placement, readers: Sequence[ScorerSpec]) -> Found:
    import_torch()
    import torch

    network = cast("Judge", registry.load_network(registry.JUDGE).to(placement.device))
    with torch.inference_mode():
        whole, patches = (torch.from_numpy(np.stack([pixels])) for pixels in (view.whole, view.patches))
        judgement = network.judge(whole.to(placement.device), patches.to(placement.device))
        statistics = torch.from_numpy(view.statistics[None]).to(placement.device)
        read = [
            registry.load_network(spec.name).to(placement.device)(judgement.features, statistics)[0].cpu().numpy()
            for spec in readers
        ]
    values, embedding, quality = (each[0].float().cpu().numpy() for each in judgement[:3])
    return values, embedding, quality, read
