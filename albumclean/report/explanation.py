"""All that albumclean has to say on one photo, as a value and as JSON. The contract is `docs/explain.md`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from albumclean.domain import Failure, PhotoFacts, Says, ScorerSpec
from albumclean.report.json_values import Json, number, path_keys, reason_keys, text
from albumclean.report.rulings import Ruling
from albumclean.scoring import registry
from albumclean.scoring.opinion import Opinion

VERSION = 1

_ALIKE = 0.02  # a map with less between its best and its worst place tells of no place
_ROWS = ("top", "middle", "bottom")
_COLUMNS = ("left", "centre", "right")


@dataclass(frozen=True, slots=True)
class Word:
    """What one scorer says of the photo, in its own terms and on the common scale."""

    spec: ScorerSpec
    values: Mapping[str, float]  # raw, by quantity; empty: it had nothing to say
    common: float | None = None  # its main quantity in [0, 1], higher is better; None: it has none, or is no voice
    note: str = ""  # where the common scale comes from
    weight: float | None = None  # in the score, or in the beauty; None: it counts in neither

    @property
    def main(self) -> float | None:
        """Its main quantity, raw."""
        return self.values.get(self.spec.quantities[0])


def words_of(opinion: Opinion, values: Mapping[tuple[str, str], float]) -> tuple[Word, ...]:
    """What each scorer of the opinion says, in their order.

    `values` are raw, by scorer and quantity; those that are not finite are no values.
    """
    values = {key: value for key, value in values.items() if math.isfinite(value)}
    voices = {voice.spec.name: voice for voice in (*opinion.quality, *opinion.beauty)}

    def word(spec: ScorerSpec) -> Word:
        said = {name: value for name in spec.quantities if (value := values.get((spec.name, name))) is not None}
        if (voice := voices.get(spec.name)) is None:
            return Word(spec, said)
        return Word(spec, said, voice.of(values), voice.calibration.note, voice.weight)

    return tuple(map(word, opinion.specs))


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """One photo as the scorers and the rules see it."""

    facts: PhotoFacts
    mos_std: float | None  # how sure the score is; None if there is none, or if it is not the judge's alone
    quality_map: npt.NDArray[np.float32]  # the judge's: (rows, columns), in [0, 1], each an equal share of the photo
    patches: tuple[tuple[int, int], ...]  # (left, top) of what was seen closely, in pixels of the upright photo
    patch_side: int  # pixels
    rulings: tuple[Ruling, ...]
    left_out: str | None = None  # why a scan would not come to it
    words: tuple[Word, ...] = ()  # what each scorer said
    by: str = registry.JUDGE  # whose the score is, as the user would write it

    @property
    def said_by_others(self) -> tuple[Word, ...]:
        """What there is to tell beside the score: nothing where it is the judge's word, and nobody else was asked."""
        if all(word.spec.name in registry.DEFAULT and word.common in {None, word.main} for word in self.words):
            return ()
        return tuple(word for word in self.words if word.spec.says is not Says.KIND)

    @property
    def interval(self) -> tuple[float, float] | None:
        """One standard deviation to either side of the score: the people's mean of two photos in three lies in it."""
        if self.facts.mos is None or self.mos_std is None:
            return None
        return max(0.0, self.facts.mos - self.mos_std), min(1.0, self.facts.mos + self.mos_std)

    @property
    def held_back(self) -> str | None:
        """Why it is never proposed, whatever the rules say; or None."""
        if self.left_out is not None:
            return f"is left out by a scan ({self.left_out})"
        return self.facts.untouchable

    @property
    def boxes(self) -> tuple[tuple[float, float, float, float], ...]:
        """Left, top, right and bottom of the patches as shares of the photo's width and height."""
        photo, side = self.facts.photo, self.patch_side
        if photo is None:
            return ()
        return tuple(
            (
                left / photo.width,
                top / photo.height,
                min(left + side, photo.width) / photo.width,
                min(top + side, photo.height) / photo.height,
            )
            for left, top in self.patches
        )

    @property
    def places(self) -> str:
        """Where it is worst and best, in words."""
        worst, best = float(self.quality_map.min()), float(self.quality_map.max())
        if best - worst < _ALIKE:
            return f"about {worst:.2f} everywhere"
        worst_place, best_place = (
            _place(np.unravel_index(int(flat), self.quality_map.shape), self.quality_map.shape)
            for flat in (self.quality_map.argmin(), self.quality_map.argmax())
        )
        return f"worst {worst:.2f} ({worst_place}), best {best:.2f} ({best_place})"


def document(photos: list[tuple[Explanation, Path | None]], failures: list[Failure]) -> dict[str, Json]:
    """The JSON object of one run: the explanations, each with the picture of its map if one was written."""
    explained: list[Json] = [_photo(explanation, picture) for explanation, picture in photos]
    failed: list[Json] = [
        {
            **path_keys("path", failure.path),
            "stage": failure.stage.value,
            "reason": text(failure.reason),
            "transient": failure.transient,
        }
        for failure in failures
    ]
    return {"version": VERSION, "photos": explained, "failed": failed}


def _photo(explanation: Explanation, picture: Path | None) -> dict[str, Json]:
    facts, photo = explanation.facts, explanation.facts.photo
    companions: list[Json] = [text(str(companion.file.path)) for companion in facts.asset.companions]
    interval = explanation.interval
    rules: list[Json] = [_rule(ruling, explanation.held_back) for ruling in explanation.rulings]
    quality_map: list[Json] = [[round(value, 3) for value in row] for row in explanation.quality_map.tolist()]
    patches: list[Json] = [[left, top] for left, top in explanation.patches]
    return {
        **path_keys("path", facts.path),
        "companions": companions,
        "size": facts.asset.size,
        "width": photo.width if photo else None,
        "height": photo.height if photo else None,
        "format": photo.format if photo else None,
        "taken_at": photo.taken_at and text(photo.taken_at) if photo else None,
        "camera": photo.camera and text(photo.camera) if photo else None,
        "rating": facts.marks.rating,
        "favourite": facts.marks.favourite,
        "albums": [text(album) for album in facts.marks.albums],
        "photo_kind": facts.kind.value,
        "mos": number(facts.mos),
        "mos_std": number(explanation.mos_std),
        "interval": [number(end) for end in interval] if interval else None,
        "degradations": {kind.value: number(value) for kind, value in facts.degradations.items()},
        "held_back": text(explanation.held_back) if explanation.held_back else None,
        "rules": rules,
        "quality_map": quality_map,
        "patches": patches,
        "patch_side": explanation.patch_side,
        **(path_keys("map", picture) if picture else {"map": None}),
        "scored_by": text(explanation.by),
        "aesthetic": number(facts.aesthetic),
        "scorers": [_word(word) for word in explanation.words],
    }


def _word(word: Word) -> dict[str, Json]:
    spec = word.spec
    values: dict[str, Json] = {text(name): number(word.values.get(name)) for name in spec.quantities}
    return {
        "scorer": text(spec.name),
        "revision": text(spec.revision),
        "says": spec.says.value,
        "range": [number(end) for end in spec.value_range],
        "rises": spec.rises,
        "values": values,
        "common": number(word.common),
        "scale": text(word.note) if word.note else None,
        "weight": number(word.weight),
    }


def _rule(ruling: Ruling, held_back: str | None) -> dict[str, Json]:
    proposal = ruling.proposal
    margins: list[Json] = [
        {"fact": margin.fact, "value": number(margin.value), "threshold": number(margin.threshold)}
        for margin in ruling.margins
    ]
    reasons: list[Json] = [reason_keys(reason) for reason in proposal.reasons] if proposal else []
    return {
        "rule": ruling.rule,
        "action": proposal.action.value if proposal else None,
        "proposed": proposal is not None and held_back is None,
        "margins": margins,
        "reasons": reasons,
        "verdict": text(ruling.verdict(held_back)),
        "sentence": text(proposal.sentence) if proposal else None,
    }


def _place(cell: tuple[np.intp, ...], shape: tuple[int, ...]) -> str:
    """ "top left", "centre": the third of the height and of the width in which a cell's middle lies."""
    row, column = (
        names[int((int(index) + 0.5) * 3 / count)]
        for names, index, count in zip((_ROWS, _COLUMNS), cell, shape, strict=True)
    )
    return column if (row, column) == ("middle", "centre") else f"{row} {column}"
