"""Whose word counts: the scorers that the user has chosen, on one scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from albumclean.domain import Says, ScorerSpec
from albumclean.errors import UsageError
from albumclean.scoring import registry
from albumclean.scoring.calibration import Calibration
from albumclean.scoring.collection import Scorers
from albumclean.scoring.scorer import Scorer
from albumclean.words import shown

Values = Mapping[tuple[str, str], float]  # raw, by scorer and quantity

_WEIGHED: Final = (Says.QUALITY, Says.BEAUTY)  # whose main quantity has a good and a bad end


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
        """`wishes` are names, each perhaps with a weight, "judge:2", and perhaps several in one text, by commas.

        Where none says quality, the judge does. `calibration` gives what was fitted for a scorer, if anything; else its
        range is stretched to [0, 1]. Raises ScorerUnknown, UsageError for a weight that is none and for a scorer that
        is named twice, and the errors of damaged models and calibrations.
        """
        weights: dict[str, float | None] = {}
        for name, weight in map(_wish, _single(wishes)):
            if name in weights:
                raise UsageError(detail=f"the scorer {shown(name)} is named twice; name each once, with one weight.")
            weights[name] = weight
        found = {name: scorers.find(name) for name in (*registry.DEFAULT, *weights)}
        for name, weight in weights.items():
            if weight is not None and found[name].spec.says not in _WEIGHED:
                raise UsageError(
                    detail=f"the scorer {shown(name)} has no part in the score, so it can't have a weight; name it "
                    "alone, and what it finds is kept beside the score."
                )

        def voice(name: str, weight: float) -> Voice:
            spec = found[name].spec
            return Voice(spec, weight, calibration(spec) or Calibration.of_range(spec))

        voices = [voice(name, weight or 1.0) for name, weight in weights.items()]
        quality = tuple(each for each in voices if each.spec.says is Says.QUALITY)
        return cls(
            scorers=tuple(found.values()),
            quality=quality or (voice(registry.JUDGE, 1.0),),
            beauty=tuple(each for each in voices if each.spec.says is Says.BEAUTY),
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

    @property
    def is_default(self) -> bool:
        """Whether the judge alone says how good a photo is, on its own scale."""
        voices = [(voice.spec.name, voice.calibration) for voice in self.quality]
        return voices == [(registry.JUDGE, Calibration.of_range(registry.spec(registry.JUDGE)))]

    def mos(self, values: Values) -> float | None:
        """The quality in [0, 1]: the weighted mean; None unless every voice has seen the photo."""
        return _mean(self.quality, values)

    def aesthetic(self, values: Values) -> float | None:
        """The beauty in [0, 1], likewise; None where nobody was asked."""
        return _mean(self.beauty, values)


def _mean(voices: Sequence[Voice], values: Values) -> float | None:
    if len(voices) == 1:
        return voices[0].of(values)  # not divided: the same value to the last bit
    said = []
    for voice in voices:
        if (value := voice.of(values)) is None:
            return None
        said.append(value)
    if not said:
        return None
    most = max(voice.weight for voice in voices)
    shares = [voice.weight / most for voice in voices]  # the sum of two huge weights would be no number
    mean = math.fsum(share * value for share, value in zip(shares, said, strict=True)) / math.fsum(shares)
    return min(max(mean, min(said)), max(said))  # the division rounds; where all agree, the mean says the same


def names_of(wishes: Iterable[str]) -> set[str]:
    """The scorers that wishes such as "judge:2,other" name; whether there are such, or such weights, is not asked."""
    return {_parted(wish)[0] for wish in _single(wishes)}


def _single(wishes: Iterable[str]) -> list[str]:
    return [part for wish in wishes for part in map(str.strip, wish.split(",")) if part]


def _parted(wish: str) -> tuple[str, str | None]:
    """(name, what was said of its weight)."""
    name, colon, number = (part.strip() for part in wish.rpartition(":"))
    return (name, number) if colon else (wish, None)


def _wish(text: str) -> tuple[str, float | None]:
    """(name, weight); None where none was said."""
    name, number = _parted(text)
    if number is None:
        return name, None
    try:
        weight = float(number)
    except ValueError:
        weight = math.nan
    if not name or not 0 < weight < math.inf:
        raise UsageError(
            detail=f"{shown(text)} names no scorer with a weight; a weight is a number above 0, as in `judge:2`."
        )
    return name, weight


def default() -> Opinion:
    """The judge's alone."""
    return Opinion.chosen((registry.JUDGE,), Scorers(), lambda _: None)
