"""What the judge's heads learn from: features of rated, of spoiled and of fine photos, standardised."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.rated_features import all_pictures, features, of_splits
from models.synthesise import CHUNK, GROUPS, chunk_file, load_judge

Head = tuple[nn.Linear, nn.Linear]  # with a GELU between

LEAST_SPREAD: Final = 0.01  # channels that hardly ever change would be blown up by standardisation
HELD_OUT: Final = 10  # every tenth group of spoiled photos is for looking at only


@dataclass(frozen=True, slots=True)
class Spoiled:
    """Features of spoiled photos."""

    features: Tensor  # (n, 2 F), standardised
    severities: Tensor  # (n, 6)
    known: Tensor  # (n, 6)
    group: Tensor  # (n,)

    def part(self, rows: Tensor) -> Spoiled:
        """Some of the rows."""
        return Spoiled(self.features[rows], self.severities[rows], self.known[rows], self.group[rows])


@dataclass(frozen=True, slots=True)
class Rated:
    """Features of photos with human scores."""

    features: Tensor  # (n, 2 F), standardised
    mos: Tensor  # (n,)


@dataclass(frozen=True, slots=True)
class Data:
    """All that heads learn from."""

    train: Rated
    spoiled: Spoiled
    held_out: Spoiled
    fine: Tensor  # (m, 2 F), standardised: photos that are meant to look as they do, without scores
    mean: Tensor  # (2 F,), of the features before standardisation
    spread: Tensor  # (2 F,)


def read(folder: Path, fine: Path, cache: Path, weights: Path) -> Data:
    """Extract what the cache does not hold yet, by the backbone of `weights`, and standardise."""
    network = load_judge(weights)
    rated = of_splits(folder)["train"]
    pictures = [each for each in all_pictures(folder, fine) if each.name != "val"]  # nothing is learned from that
    raw = {each.name: _flat(features(network, cache, each)) for each in pictures}
    chunks = [np.load(chunk_file(cache, number)) for number in range(GROUPS // CHUNK)]
    spoiled = _flat(np.concatenate([chunk["features"] for chunk in chunks]))
    everything = torch.cat([raw["train"], spoiled])
    mean, spread = everything.mean(0), everything.std(0).clamp(min=LEAST_SPREAD)
    severities, known, group = (
        torch.from_numpy(np.concatenate([chunk[name] for chunk in chunks])) for name in ("severities", "known", "group")
    )
    train = Rated((raw["train"] - mean) / spread, torch.tensor([photo.mos for photo in rated]))
    both = Spoiled((spoiled - mean) / spread, severities, known, group)
    looked_at = group % HELD_OUT == 0
    return Data(
        train,
        both.part(~looked_at),
        both.part(looked_at),
        (raw["fine"] - mean) / spread,
        mean,
        spread,
    )


def _flat(found: npt.NDArray[np.float16] | None) -> Tensor:
    if found is None:
        raise SystemExit("The cache lacks features.")  # can't be: only a part of several leaves some out
    return torch.from_numpy(found.astype(np.float32)).flatten(1)


def apply(head: Head, features: Tensor) -> Tensor:
    """(n, outputs), not clipped."""
    with torch.no_grad():
        found: Tensor = head[1](functional.gelu(head[0](features)))
    return found
