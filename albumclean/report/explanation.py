"""All that albumclean has to say on one photo, as a value and as JSON. The contract is `docs/explain.md`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from albumclean.domain import Failure, PhotoFacts
from albumclean.report.json_values import Json, number, path_keys, reason_keys, text
from albumclean.report.rulings import Ruling

VERSION = 1

_ALIKE = 0.02  # a map with less between its best and its worst place tells of no place
_ROWS = ("top", "middle", "bottom")
_COLUMNS = ("left", "centre", "right")


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """One photo as the judge and the rules see it."""

    facts: PhotoFacts
    mos_std: float | None  # how sure the score is; None if there is none
    quality_map: npt.NDArray[np.float32]  # (rows, columns), in [0, 1], each an equal share of the upright photo
    patches: tuple[tuple[int, int], ...]  # (left, top) of what was seen closely, in pixels of the upright photo
    patch_side: int  # pixels
    rulings: tuple[Ruling, ...]
    left_out: str | None = None  # why a scan would not come to it

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
