"""The judge: one look at a photo gives its mean opinion score, how sure that is, and what is wrong with it.

EfficientNet-Lite0 sees the whole picture at a moderate size (the impression) and a few patches at native resolution
(what vanishes when a photo is scaled down), with the same weights. All heads work on its pooled features. The MOS has
a second ending of the network to itself besides, which was trained on another data set too: the mean of two opinions
errs less than either.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from albumclean.domain import Degradation, InputSpec
from albumclean.scoring.lite0 import CONTENT, CONTENT_CHANNELS, EARLY, FORK, HEAD_CHANNELS
from albumclean.scoring.nets.efficientnet_lite import EfficientNetLite0, Ending, Look
from albumclean.scoring.nets.pixels import normalise

FAULTS: Final = tuple(Degradation)
QUANTITIES: Final = ("mos", "mos_std", *FAULTS, "preference")


class Judgement(NamedTuple):
    """What the judge has to say on N photos, all in float32.

    values: (N, 9), `QUANTITIES`, each in [0, 1]. embedding: (N, E), of length 1. quality_map: (N, H / 32, W / 32),
    in [0, 1]: how good each region is. features: (N, F), those of the whole pictures, which other heads read.
    """

    values: Tensor
    embedding: Tensor
    quality_map: Tensor
    features: Tensor


class Judge(nn.Module):
    """Photos -> judgements. The features' standardisation is folded into the first layer of each head."""

    fault_weights: Tensor  # (6,), not negative: what each fault at its worst takes from the MOS

    def __init__(self, spec: InputSpec, hidden: int, fault_hidden: int, embedding: int) -> None:
        super().__init__()
        self.spec = spec
        self.backbone = EfficientNetLite0()
        features = self.backbone.features
        self.hidden = nn.Linear(features, hidden)
        self.opinion = Ending(FORK + 1)
        self.opinion_hidden = nn.Linear(features, hidden)  # of the early maps and the opinion's own
        self.mos = nn.Linear(2 * hidden, 1)  # of both hidden layers, as the next
        self.spread = nn.Linear(2 * hidden, 1)
        self.fault_hidden = nn.Linear(2 * features, fault_hidden)
        self.faults = nn.Linear(fault_hidden, len(FAULTS))
        self.preference = nn.Linear(2 * features, 1)
        self.projection = nn.Linear(CONTENT_CHANNELS, embedding)
        self.regions = nn.Linear(HEAD_CHANNELS, 2)  # of each place of the head's map: quality and weight
        self.register_buffer("fault_weights", torch.zeros(len(FAULTS)))

    def forward(self, whole: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 (N, H, W, 3) and (N, k, s, s, 3), sides multiples of 32 -> values (N, 9) and embeddings (N, E).

        Both in float32, under autocast as well.
        """
        values, embeddings, _ = self.seen(whole, patches)
        return values, embeddings

    def seen(self, whole: Tensor, patches: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As `forward`, with the features of the whole pictures (N, F), which other heads read."""
        look = self.look(whole)
        return self.values(look, self.look_closely(patches)), self.embed(look.features), look.features

    def judge(self, whole: Tensor, patches: Tensor) -> Judgement:
        """As `forward`, with the map of the whole picture."""
        look = self.look(whole)
        values = self.values(look, self.look_closely(patches))
        quality, _ = self.judge_regions(look.head)
        return Judgement(values, self.embed(look.features), quality, look.features)

    def look(self, pictures: Tensor) -> Look:
        """uint8 (N, H, W, 3) -> pooled features (N, F), float32, and two maps."""
        return self.backbone.look(normalise(pictures, self.spec))

    def look_closely(self, patches: Tensor) -> Tensor:
        """uint8 (N, k, s, s, 3) -> the mean of the patches' features (N, F), float32."""
        number, count = patches.shape[:2]
        features = self.look(patches.flatten(0, 1)).features
        return features.reshape(number, count, -1).mean(dim=1)

    def impression(self, whole: Look) -> Tensor:
        """Of the whole pictures: what the heads of the MOS and of its standard deviation read, float32 (N, 2 H)."""
        second = self.opinion.pooled(whole.fork)
        with torch.autocast(whole.features.device.type, enabled=False):
            inner = self.hidden(whole.features), self.opinion_hidden(torch.cat([whole.features[:, EARLY], second], 1))
            return functional.gelu(torch.cat(inner, dim=1))

    def values(self, whole: Look, close: Tensor) -> Tensor:
        """What is seen of the whole pictures and the features of their patches (N, F), float32 -> (N, 9) in [0, 1]."""
        impression = self.impression(whole)
        with torch.autocast(close.device.type, enabled=False):  # thousands of terms: half precision is too coarse
            both = torch.cat([whole.features, close], dim=1)
            faults = self.faults(functional.gelu(self.fault_hidden(both))).clamp(0.0, 1.0)
            mos = self.mos(impression) - (faults * self.fault_weights).sum(dim=1, keepdim=True)
            spread = self.spread(impression).exp()
            return torch.cat([mos, spread, faults, self.preference(both)], dim=1).clamp(0.0, 1.0)

    def embed(self, whole: Tensor) -> Tensor:
        """Features of the whole pictures (N, F) in float32 -> embeddings (N, E), of length 1.

        Turned and scaled so that copies of a photo lie close together, and different photos far apart.
        """
        with torch.autocast(whole.device.type, enabled=False):
            return functional.normalize(self.projection(content(whole)), dim=1)

    def judge_regions(self, head: Tensor) -> tuple[Tensor, Tensor]:
        """The head's map (N, 1280, h, w) -> quality in [0, 1] and weights that add up to 1, each (N, h, w), float32.

        The idea is pMOS's: the MOS is the weighted mean of what each place is worth.
        """
        with torch.autocast(head.device.type, enabled=False):
            quality, weight = self.regions(head.float().permute(0, 2, 3, 1)).unbind(dim=-1)
            weight = functional.softplus(weight)
            return torch.sigmoid(quality), weight / weight.sum(dim=(1, 2), keepdim=True)


def content(features: Tensor) -> Tensor:
    """Pooled features (N, F) -> (N, 2336): what the picture shows, as the means of channels from details to things.

    Those of the wide maps and of the head, which are never negative. Their fourth roots: a few channels that fire
    strongly would decide the likeness of two photos by themselves.
    """
    return torch.cat([features[:, columns] for columns in CONTENT], dim=1).clamp(min=0.0).sqrt().sqrt()
