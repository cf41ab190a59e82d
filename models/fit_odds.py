"""Teaches the network by which `comparison.odds` adds up evidence, and measures how often it names the source.

    python -m models.fit_odds TABLE.jsonl ... [--plain] [--write]

`benchmarks.near_duplicates.evidence_table` writes TABLEs. The accuracies are of five folds that no photo crosses, with
all evidence and without metadata, beside those of the sum of weighed facts alone (`linear_weights`). What is shipped
is half of that sum and half of the mean of three networks, and the two together at four fifths: the networks alone are
right more often but also surely wrong more often, which can cost somebody a photo. With `--write` it is fitted on all.
With `--plain` it is the one for plain pictures, and only pairs of such are looked at.
"""

from __future__ import annotations

import argparse
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import torch

from albumclean.comparison.odds import CLIP, PHOTOS, PLAIN, OddsWeights, plainness
from benchmarks.near_duplicates.evidence_table import Sample, read_table
from models.linear_weights import CERTAIN, WEIGHTS

FOLDS, SEEDS = 5, 3
UNDECIDED, SURE = 0.2, 2.5  # log-odds, as in `comparison.provenance` and `similar.provenance`
SHARE = 0.4  # of the networks, and of the sum
UNITS, STEPS, BATCH, RATE = 16, 800, 512, 5e-3
DECAY, HIDDEN_DECAY = 3e-4, 3e-5
LEAST_USUAL = 0.02  # a fact that hardly ever speaks is not blown up
OF_METADATA = frozenset(
    {
        *("camera", "capture_time", "maker_note", "thumbnail", "claimed_size", "resized", "tags", "editor"),
        *("library_table", "mandatory", "thin", "retimed", "annotated", "turned", "carries"),
    }
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Evidences:
    """Facts of pairs; each row is signed for the source."""

    facts: tuple[str, ...]  # those that are fitted, then those that are not
    values: Floats  # pairs x facts

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Self:
        """In the order of the samples."""
        facts = (*sorted({fact for sample in samples for fact in sample.evidence} - CERTAIN.keys()), *sorted(CERTAIN))
        return cls(facts, np.array([[sample.evidence.get(fact, 0.0) for fact in facts] for sample in samples]))

    @property
    def bare(self) -> Self:
        """The same without what metadata tell."""
        shown = np.array([fact not in OF_METADATA for fact in self.facts])
        return type(self)(self.facts, self.values * shown)

    def of_rows(self, rows: npt.NDArray[np.bool_]) -> Self:
        """Those of some pairs."""
        return type(self)(self.facts, self.values[rows])


def linear(facts: Sequence[str]) -> OddsWeights:
    """The weighed sum by itself."""
    none = np.zeros(0)
    weights = np.array([CERTAIN.get(fact, WEIGHTS.get(fact, 0.0)) for fact in facts])
    return OddsWeights(tuple(facts), np.ones(len(facts)), weights, np.zeros((0, len(facts))), none, none)


def fitted(evidences: Evidences, usual: Floats) -> OddsWeights:
    """Sum and networks, fitted on every pair with and without metadata: these must not weaken what pixels tell."""
    values = np.concatenate([evidences.values, evidences.bare.values])
    free = np.array([fact not in CERTAIN for fact in evidences.facts])
    sum_alone = linear(evidences.facts).linear
    nets = [_network(values, free, usual, sum_alone, seed) for seed in range(SEEDS)]
    slopes = np.mean([net.linear for net in nets], axis=0)
    return OddsWeights(
        evidences.facts,
        usual,
        np.where(free, SHARE * (slopes + sum_alone), sum_alone),
        np.concatenate([net.hidden for net in nets]),
        np.concatenate([net.shift for net in nets]),
        np.concatenate([net.out for net in nets]) * SHARE / SEEDS,
    )


def usual_of(evidences: Evidences) -> Floats:
    """The root mean square of each fact; 1 for those that are not fitted."""
    size = np.maximum(np.sqrt((evidences.values**2).mean(axis=0)) + 1e-9, LEAST_USUAL)
    return np.where([fact in CERTAIN for fact in evidences.facts], 1.0, size)


def _network(values: Floats, free: npt.NDArray[np.bool_], usual: Floats, sum_alone: Floats, seed: int) -> OddsWeights:
    """One network; its linear part begins at the weighed sum and is held to it."""
    torch.manual_seed(seed)
    width = torch.tensor(usual[free], dtype=torch.float32)
    raw = torch.tensor(values[:, free], dtype=torch.float32)
    certain = torch.tensor(values[:, ~free] @ sum_alone[~free], dtype=torch.float32)
    seen = (raw / width).clamp(-CLIP, CLIP)
    hidden = torch.nn.Parameter(torch.randn(raw.shape[1], UNITS) * 0.2)
    out = torch.nn.Parameter(torch.randn(UNITS) * 0.3)
    shift = torch.nn.Parameter(torch.randn(UNITS) * 0.1)
    first = torch.tensor(sum_alone[free] * usual[free], dtype=torch.float32)
    slope = torch.nn.Parameter(first.clone())
    optimiser = torch.optim.AdamW([hidden, out, shift, slope], lr=RATE, weight_decay=0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        rows = torch.randint(len(raw), (BATCH,))
        inner = seen[rows] @ hidden
        odds = (
            (torch.tanh(inner + shift) + torch.tanh(inner - shift)) @ out + (raw[rows] / width) @ slope + certain[rows]
        )
        cost = HIDDEN_DECAY * hidden.pow(2).sum() + DECAY * (out.pow(2).sum() + (slope - first).pow(2).sum())
        loss = torch.nn.functional.softplus(-odds).mean() + cost
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    whole = np.zeros((UNITS, len(free)))
    whole[:, free] = hidden.detach().numpy().T
    slopes = np.zeros(len(free))
    slopes[free] = slope.detach().numpy() / usual[free]
    return OddsWeights(
        (), usual, slopes, whole, shift.detach().numpy().astype(float), out.detach().numpy().astype(float)
    )


def crossed(samples: Sequence[Sample], evidences: Evidences) -> tuple[Floats, Floats]:
    """The log-odds of each sample, with and without its metadata, as fitted on other photos."""
    folds = np.array([zlib.crc32(sample.shot.encode()) // 7 % FOLDS for sample in samples])
    usual = usual_of(evidences)
    whole, bare = np.zeros(len(samples)), np.zeros(len(samples))
    for fold in range(FOLDS):
        inside = folds == fold
        if inside.any() and not inside.all():
            weights = fitted(evidences.of_rows(~inside), usual)
            whole[inside] = weights.odds(evidences.values[inside])
            bare[inside] = weights.odds(evidences.bare.values[inside])
    return whole, bare


def summary(odds: Floats, title: str) -> str:
    """How often it is right, wrong, surely right and surely wrong."""
    wrong, surely_wrong = int((odds < -UNDECIDED).sum()), int((odds < -SURE).sum())
    right, sure = float((odds > UNDECIDED).mean()), float((odds > SURE).mean())
    loss = float(np.log1p(np.exp(-odds)).mean())
    return (
        f"{title}: {right:.4f} of {len(odds)} right, {sure:.4f} surely; {wrong} wrong, {surely_wrong} surely; "
        f"log loss {loss:.4f}"
    )


def by_transformation(samples: Sequence[Sample], odds: Floats) -> Iterable[str]:
    """A line for each transformation and strength, the worst first."""
    groups = defaultdict(list)
    for sample, value in zip(samples, odds, strict=True):
        groups[sample.transformation, sample.strength].append(float(value))
    lines = []
    for (name, strength), values in groups.items():
        found = np.array(values)
        share, bad = float((found > UNDECIDED).mean()), int((found < -UNDECIDED).sum())
        lines.append((share, f"{share:.3f} of {len(values):3d}, {bad} wrong  {name} {strength}"))
    yield from (line for _, line in sorted(lines))


def report(samples: Sequence[Sample], evidences: Evidences) -> Iterator[str]:
    """Accuracies on photos that nothing was fitted on, line by line."""
    whole, bare = crossed(samples, evidences)
    sum_alone = linear(evidences.facts)
    yield summary(sum_alone.odds(evidences.values), "the weighed sum alone, all evidence")
    yield summary(whole, "as it is fitted, all evidence")
    yield summary(sum_alone.odds(evidences.bare.values), "the weighed sum alone, without metadata")
    yield summary(bare, "as it is fitted, without metadata")
    yield from by_transformation(samples, whole)


def main() -> None:
    """Print the accuracies; with `--write` fit on everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", type=Path, nargs="+")
    parser.add_argument("--plain", action="store_true", help="of paper, screens, skies and walls")
    parser.add_argument("--write", action="store_true", help="write what comparisons use")
    options = parser.parse_args()
    torch.set_num_threads(1)  # the same numbers on every machine
    samples = list(
        {(sample.shot, sample.file): sample for table in options.tables for sample in read_table(table)}.values()
    )
    if options.plain:
        samples = [sample for sample in samples if plainness(sample.plain) > 0]
    evidences = Evidences.of(samples)
    print("\n".join(report(samples, evidences)))
    if options.write:
        target = Path(str(files("albumclean.comparison"))) / (PLAIN if options.plain else PHOTOS)
        target.write_text(fitted(evidences, usual_of(evidences)).to_json(), encoding="utf-8")


if __name__ == "__main__":
    main()
