"""One photo in depth: what the judge says of the whole and of each place. Imports torch when called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from albumclean.media.view import NetworkView
from albumclean.scoring import registry
from albumclean.scoring.device import import_torch, place

if TYPE_CHECKING:
    from albumclean.scoring.nets.judge import Judge


@dataclass(frozen=True, slots=True, eq=False)
class InDepth:
    """All that the judge has to say on one photo."""

    values: dict[str, float]  # by quantity
    quality_map: npt.NDArray[np.float32]  # (rows, columns), in [0, 1]: each covers an equal share of the picture
    embedding: npt.NDArray[np.float32]  # (E,), of length 1
    read: dict[str, dict[str, float]]  # what other scorers read from the same features, by scorer and quantity


def judge_in_depth(view: NetworkView, device: str) -> InDepth:
    """Judge what `network_view` made for the judge; where it has statistics, ask the heads too that read the judge.

    Raises DeviceMissing, ModelMissing and their kind.
    """
    placement = place(device)  # before torch is imported, see there
    import_torch()
    import torch

    network = cast("Judge", registry.load_network(registry.JUDGE).to(placement.device))
    with torch.inference_mode():  # single precision everywhere: one photo need not be fast
        whole, patches = (torch.from_numpy(np.stack([pixels])) for pixels in (view.whole, view.patches))
        judgement = network.judge(whole.to(placement.device), patches.to(placement.device))
        statistics = torch.from_numpy(view.statistics[None]).to(placement.device)
        readers = registry.readers_of(registry.JUDGE) if view.statistics.size else ()
        read = {
            spec.name: registry.load_network(spec.name).to(placement.device)(judgement.features, statistics)
            for spec in readers
        }
    values, embedding, quality = (each[0].float().cpu().numpy() for each in judgement[:3])
    named = {spec.name: dict(zip(spec.quantities, read[spec.name][0].cpu().tolist(), strict=True)) for spec in readers}
    quantities = registry.spec(registry.JUDGE).quantities
    return InDepth(dict(zip(quantities, values.tolist(), strict=True)), quality, embedding, named)
