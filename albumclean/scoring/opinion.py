"""Whose word counts: the scorers that the user has chosen, on one scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from albumclean.domain import Says, ScorerSpec
from albumclean.errors import UsageError
from albumclean.scoring import registry
from albumclean.scoring.calibration import Calibration
from albumclean.scoring.collection import Scorers
from albumclean.scoring.scorer import Scorer

Values = Mapping[tuple[str, str], float]  # raw, by scorer and quantity


@dataclass(frozen=True, slots=True)
class Voice:
    """One scorer of an ensemble."""

    spec: ScorerSpec
    weight: float
    calibration: Calibration  # from its main quantity to [0, 1]

    def of(self, values: Values) -> float | None:
        """What it says, in [0, 1], higher is better; None where it has not seen the photo."""
        raw = values.get((self.spec.name, self.spec.quantities[0]))
        return None if raw is None else self.calibration(raw)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the chosen scorers say together: of quality, and of beauty."""

    scorers: tuple[Scorer, ...]  # all that a photo is shown to, the shipped ones first
    quality: tuple[Voice, ...]  # at least one
    beauty: tuple[Voice, ...] = ()

    @classmethod
    def chosen(
        cls, wishes: Sequence[str], scorers: Scorers, calibration: Callable[[ScorerSpec], Calibration | None]
    ) -> Self:
        """`wishes` are names, each perhaps with a weight: "judge:2". Where none says quality, the judge does.

        `calibration` gives the one that was fitted for a scorer, if any; else its range is stretched to [0, 1].
        Raises ScorerUnknown, UsageError for a weight that is none, and the errors of damaged models.
        """
        weights = dict(map(_wish, wishes))
        found = {name: scorers.find(name) for name in (*registry.DEFAULT, *weights)}
        voices = {
            name: Voice(found[name].spec, weight, calibration(found[name].spec) or Calibration.of_range(found[name].spec))
            for name, weight in weights.items()
        }
        judge = registry.spec(registry.JUDGE)
        quality = tuple(voice for voice in voices.values() if voice.spec.says is Says.QUALITY)
        return cls(
            scorers=tuple(found.values()),
            quality=quality or (Voice(judge, 1.0, calibration(judge) or Calibration.of_range(judge)),),
            beauty=tuple(voice for voice in voices.values() if voice.spec.says is Says.BEAUTY),
        )

    @property
    def specs(self) -> tuple[ScorerSpec, ...]:
        """Of all scorers."""
        return tuple(scorer.spec for scorer in self.scorers)

    @property
    def name(self) -> str:
        """Who says how good a photo is, as the user would write it."""
        return ",".join(
            voice.spec.name if len(self.quality) == 1 else f"{voice.spec.name}:{voice.weight:g}"
            for voice in self.quality
        )

    def mos(self, values: Values) -> float | None:
        """The quality in [0, 1]: the weighted mean; None unless every voice has seen the photo."""
        return _mean(self.quality, values)

    def aesthetic(self, values: Values) -> float | None:
        """The beauty in [0, 1], likewise; None where nobody was asked."""
        return _mean(self.beauty, values)


def _mean(voices: Sequence[Voice], values: Values) -> float | None:
    if len(voices) == 1:
        return voices[0].of(values)  # not divided: the same value to the last bit
    said = [(voice.weight, voice.of(values)) for voice in voices]
    if not said or any(value is None for _, value in said):
        return None
    return math.fsum(weight * value for weight, value in said if value is not None) / math.fsum(
        weight for weight, _ in said
    )


def _wish(text: str) -> tuple[str, float]:
    name, colon, number = text.strip().rpartition(":")
    if not colon:
        return text.strip(), 1.0
    try:
        weight = float(number)
    except ValueError:
        weight = math.nan
    if not 0 < weight < math.inf:
        raise UsageError(detail=f"{text!r}: the weight of a scorer is a number above 0, as in `judge:2`.")
    return name, weight


def default() -> Opinion:
    """The judge's alone."""
    return Opinion.chosen((registry.JUDGE,), Scorers(), lambda _: None)
