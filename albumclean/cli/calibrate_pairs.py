"""What `albumclean calibrate` fits on: a scorer's values, and beside each what people or the judge gave the photo."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from albumclean.cli.counter import counter
from albumclean.config import Locations, Settings
from albumclean.domain import Failure, PhotoKind, ScorerSpec
from albumclean.engines.judge import judge_files
from albumclean.engines.reading import NO_SCORE
from albumclean.errors import CalibrationRefused, NothingKnown, UsageError
from albumclean.evaluation.table import read_table, scale_of
from albumclean.evaluation.weighted import Floats
from albumclean.policy.kinds import kind_of
from albumclean.scoring import registry
from albumclean.scoring.calibrating import Fit, fitted_to_people, matched
from albumclean.scoring.calibration import JUDGE, LABELS, Calibration, CalibrationShelf
from albumclean.scoring.scorer import Scorer
from albumclean.store.cache import Cache
from albumclean.words import shown

_KINDS = tuple((kind, (registry.KIND, kind.value)) for kind in PhotoKind if kind is not PhotoKind.UNSURE)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Both of shape (n,), finite."""

    raw: Floats  # on the scorer's scale
    reference: Floats  # on the common one
    method: str  # LABELS or JUDGE
    source: str  # what the photos are, for people
    yardstick: str  # what `reference` is
    fit: Fit
    advice: str  # what to do where there are too few
    failed: tuple[tuple[str, str], ...] = ()  # (file, why it has no value)

    @property
    def is_labelled(self) -> bool:
        """Whether people said how good the photos are."""
        return self.method == LABELS


@dataclass(frozen=True, slots=True)
class Labels:
    """A table of people's scores, and how its photos are judged."""

    table: Path
    scale: tuple[float, float] | None  # worst and best; None: the usual one that fits
    device: str
    workers: int  # 0: one per core


def from_labels(scorer: Scorer, wish: Labels, settings: Settings) -> Pairs:
    """Judge the photos of a table. Raises TableError, UsageError for a wrong scale, and as `judge_files` does."""
    rows = read_table(wish.table).rows
    worst, best = wish.scale or _usual_scale([row.mos for row in rows])
    reference = {row.path: (row.mos - worst) / (best - worst) for row in rows}
    outside = next((row for row in rows if not 0 <= reference[row.path] <= 1), None)
    if outside is not None:
        raise UsageError(
            detail=f"the table gives {shown(outside.file)} {outside.mos:g}, which is not on the scale "
            f"{worst:g} to {best:g}."
        )
    main = scorer.spec.name, scorer.spec.quantities[0]
    found: dict[Path, float | str] = {}
    with counter("Judging", len(rows)) as step:
        for path, said in judge_files(
            [row.path for row in rows],
            scorers=[scorer],
            settings=settings,
            device=wish.device,
            workers=wish.workers,
        ):
            found[path] = said.reason if isinstance(said, Failure) else said.get(main, NO_SCORE)
            step()
    values = {row.path: value for row in rows if isinstance(value := found[row.path], float)}
    return Pairs(
        raw=np.array(list(values.values()), dtype=np.float64),
        reference=np.array([reference[path] for path in values], dtype=np.float64),
        method=LABELS,
        source=wish.table.name,
        yardstick=f"people, {worst:g} to {best:g}",
        fit=fitted_to_people,
        advice="Name a table with more photos.",
        failed=tuple((row.file, reason) for row in rows if isinstance(reason := found[row.path], str)),
    )


def from_scans(spec: ScorerSpec, shelf: CalibrationShelf, locations: Locations, under: list[Path]) -> Pairs:
    """The photos (under the folders) that scans have shown to the scorer and to the judge; screenshots don't count.

    Raises NothingKnown, CalibrationRefused where the scorer has seen none, and StoreError and its kind.
    """
    judge = registry.spec(registry.JUDGE)
    scale = shelf.of(judge) or Calibration.of_range(judge)
    theirs, ours = (spec.name, spec.quantities[0]), (judge.name, judge.quantities[0])
    raw, reference = array("d"), array("d")  # eight bytes a photo: a library may hold a million
    named = " ".join(shown(folder) for folder in under) or "FOLDER"
    scan = f"`albumclean scan {named} --scorer {shown(spec.name)}`"
    with Cache.open(locations.cache) as cache:
        if not cache.has_files(under):
            raise NothingKnown
        for known in cache.known(under, (judge, registry.spec(registry.KIND), spec)):
            scores = known.scores
            kinds: dict[PhotoKind, float] = {kind: scores[quantity] for kind, quantity in _KINDS if quantity in scores}
            if known.failure or theirs not in scores or ours not in scores:
                continue
            if kind_of(kinds, known.photo).is_judged:
                raw.append(scores[theirs])
                reference.append(scale(scores[ours]))
    if not raw:
        raise CalibrationRefused(name=shown(spec.name), detail=f"it has not seen your photos yet. Run {scan} first.")
    return Pairs(
        raw=np.array(raw, dtype=np.float64),
        reference=np.array(reference, dtype=np.float64),
        method=JUDGE,
        source=", ".join(map(str, under)) or "all scanned photos",
        yardstick=shelf.yardstick(),
        fit=matched,
        advice=f"Scan more with {scan}.",
    )


def _usual_scale(scores: list[float]) -> tuple[float, float]:
    found = scale_of(scores)
    if found is None:
        raise UsageError(
            detail=f"the table's scores, {min(scores):g} to {max(scores):g}, are on no usual scale; name the worst "
            "and the best score that could be given, as in `--scale 1:9`."
        )
    return found
