"""What is measured of the scorers that the user named: the score that counts, and each one by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from albumclean.evaluation.kadid import readable
from albumclean.scoring.calibration import Calibration
from albumclean.scoring.opinion import Opinion, Voice, names_of
from albumclean.scoring.scorer import Scorer

Values = Mapping[tuple[str, str], float]  # raw, by scorer and quantity


@dataclass(frozen=True, slots=True)
class Plain:
    """One scorer's main quantity as it came, turned and stretched to where [0, 1] is its range: no rank changes."""

    voice: Voice
    name: str

    def of(self, values: Values) -> float | None:
        """Higher is better; not cut off at the ends of the range. None where it has not seen the photo."""
        spec = self.voice.spec
        raw = values.get((spec.name, spec.quantities[0]))
        if raw is None:
            return None
        low, high = spec.value_range
        share = (raw - low) / (high - low)
        return share if spec.rises else 1 - share


@dataclass(frozen=True, slots=True)
class Calibrated:
    """One scorer on the common scale, as rules see it."""

    voice: Voice
    name: str

    def of(self, values: Values) -> float | None:
        """In [0, 1]; None where it has not seen the photo."""
        return self.voice.of(values)


@dataclass(frozen=True, slots=True)
class Together:
    """Several on the common scale, by their weights, as rules see them."""

    opinion: Opinion
    name: str

    def of(self, values: Values) -> float | None:
        """In [0, 1]; None unless each of them has seen the photo."""
        return self.opinion.mos(values)


Prediction = Plain | Calibrated | Together


@dataclass(frozen=True, slots=True)
class Measured:
    """Which scorers are asked, and what is read off them."""

    scorers: tuple[Scorer, ...]  # all that are asked
    predictions: tuple[Prediction, ...]  # the first is the one that counts; none where all name faults only
    faults: tuple[Scorer, ...]  # those that the KADID protocol can read

    @classmethod
    def of(cls, opinion: Opinion, wishes: Sequence[str]) -> Self:
        """`wishes` are the user's, with or without weights, of which `opinion` was made."""
        named = names_of(wishes)
        quality = [voice for voice in opinion.quality if voice.spec.name in named]
        beauty = [voice for voice in opinion.beauty if voice.spec.name in named]
        first = [Together(opinion, opinion.name)] if len(quality) > 1 else []
        predictions = (*first, *(each for voice in (*quality, *beauty) for each in _alone(voice)))
        faults = tuple(
            scorer for scorer in opinion.scorers if scorer.spec.name in named and readable(scorer.spec.quantities)
        )
        asked = {voice.spec.name for voice in (*quality, *beauty)} | {scorer.spec.name for scorer in faults}
        return cls(tuple(scorer for scorer in opinion.scorers if scorer.spec.name in asked), predictions, faults)

    @property
    def name(self) -> str:
        """Who is measured, for people."""
        return self.predictions[0].name if self.predictions else ",".join(each.spec.name for each in self.scorers)

    @property
    def revision(self) -> str:
        """Of all that are asked."""
        return ",".join(scorer.spec.revision for scorer in self.scorers)

    @property
    def quantities(self) -> tuple[tuple[str, str], ...]:
        """All that the scorers say, by scorer."""
        return tuple((each.spec.name, quantity) for each in self.scorers for quantity in each.spec.quantities)


def _alone(voice: Voice) -> tuple[Prediction, ...]:
    plain = Plain(voice, voice.spec.name)
    if voice.calibration == Calibration.of_range(voice.spec):
        return (plain,)
    return plain, Calibrated(voice, f"{voice.spec.name}, calibrated")
