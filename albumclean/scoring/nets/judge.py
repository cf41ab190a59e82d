"""The judge: one look at a photo gives its mean opinion score, how sure that is, and what is wrong with it.

EfficientNet-Lite0 sees the whole picture at a moderate size (the impression) and a few patches at native resolution
(what vanishes when a photo is scaled down), with the same weights. All heads work on its pooled features.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from albumclean.domain import Degradation, InputSpec
from albumclean.scoring.nets.efficientnet_lite import HEAD_CHANNELS, EfficientNetLite0, pool
from albumclean.scoring.nets.pixels import normalise

FAULTS: Final = tuple(Degradation)
QUANTITIES: Final = ("mos", "mos_std", *FAULTS)


class Judgement(NamedTuple):
    """What the judge has to say on N photos, all in float32.

    values: (N, 8), `QUANTITIES`, each in [0, 1]. embedding: (N, 1280), of length 1. quality_map: (N, H / 32, W / 32),
    in [0, 1]: how good each region is.
    """

    values: Tensor
    embedding: Tensor
    quality_map: Tensor


class Judge(nn.Module):
    """Photos -> judgements. The features' standardisation is folded into the first layer of each head."""

    fault_weights: Tensor  # (6,), not negative: what each fault at its worst takes from the MOS

    def __init__(self, spec: InputSpec, hidden: int, fault_hidden: int) -> None:
        super().__init__()
        self.spec = spec
        self.backbone = EfficientNetLite0()
        features = self.backbone.features
        self.hidden = nn.Linear(features, hidden)
        self.mos = nn.Linear(hidden, 1)
        self.spread = nn.Linear(hidden, 1)
        self.fault_hidden = nn.Linear(2 * features, fault_hidden)
        self.faults = nn.Linear(fault_hidden, len(FAULTS))
        self.regions = nn.Linear(HEAD_CHANNELS, 2)  # of each place of the head's map: quality and weight
        self.register_buffer("fault_weights", torch.zeros(len(FAULTS)))

    def forward(self, whole: Tensor, patches: Tensor) -> Tensor:
        """uint8 (N, H, W, 3) and (N, k, s, s, 3), sides multiples of 32 -> float32 (N, 8), under autocast as well."""
        features, _ = self.look(whole)
        return self.values(features, self.look_closely(patches))

    def judge(self, whole: Tensor, patches: Tensor) -> Judgement:
        """As `forward`, with the embedding and the map of the whole picture."""
        features, head = self.look(whole)
        values = self.values(features, self.look_closely(patches))
        quality, _ = self.judge_regions(head)
        with torch.autocast(whole.device.type, enabled=False):
            embedding = functional.normalize(head.float().mean(dim=(2, 3)), dim=1)
        return Judgement(values, embedding, quality)

    def look(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 (N, H, W, 3) -> pooled features (N, F), float32, and the head's map (N, 1280, H / 32, W / 32)."""
        pooled: list[Tensor] = []
        for _, each in self.backbone.maps(normalise(pictures, self.spec)):
            pooled.append(pool(each))
            last = each
        return torch.cat(pooled, dim=1), last

    def look_closely(self, patches: Tensor) -> Tensor:
        """uint8 (N, k, s, s, 3) -> the mean of the patches' features (N, F), float32."""
        number, count = patches.shape[:2]
        features, _ = self.look(patches.flatten(0, 1))
        return features.reshape(number, count, -1).mean(dim=1)

    def values(self, whole: Tensor, close: Tensor) -> Tensor:
        """Features of the whole pictures and of their patches, each (N, F) in float32 -> (N, 8) in [0, 1]."""
        with torch.autocast(whole.device.type, enabled=False):  # thousands of terms: half precision is too coarse
            impression = functional.gelu(self.hidden(whole))
            faults = self.faults(functional.gelu(self.fault_hidden(torch.cat([whole, close], dim=1)))).clamp(0.0, 1.0)
            mos = self.mos(impression) - (faults * self.fault_weights).sum(dim=1, keepdim=True)
            spread = self.spread(impression).exp()
            return torch.cat([mos, spread, faults], dim=1).clamp(0.0, 1.0)

    def judge_regions(self, head: Tensor) -> tuple[Tensor, Tensor]:
        """The head's map (N, 1280, h, w) -> quality in [0, 1] and weights that add up to 1, each (N, h, w), float32.

        The idea is pMOS's: the MOS is the weighted mean of what each place is worth.
        """
        with torch.autocast(head.device.type, enabled=False):
            quality, weight = self.regions(head.float().permute(0, 2, 3, 1)).unbind(dim=-1)
            weight = functional.softplus(weight)
            return torch.sigmoid(quality), weight / weight.sum(dim=(1, 2), keepdim=True)
