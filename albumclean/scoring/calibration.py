"""From a scorer's own scale to the common one: [0, 1], higher is better; and the shelf where fitted ones lie."""

from __future__ import annotations

import json
import math
import os
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import quote, unquote

from albumclean.domain import Says, ScorerSpec
from albumclean.errors import CalibrationDamaged, CalibrationUnusable
from albumclean.scoring import registry
from albumclean.words import shown

FOLDER: Final = "calibrations"  # in the folder of the models; no model may have this name
VERSION: Final = 1  # of the files
LABELS, JUDGE = "labels", "judge"  # the methods: fitted to people's scores, or to the judge's on the same photos
_LARGEST: Final = 1 << 20  # bytes of a file; ours have a few thousand
_SUFFIX: Final = ".json"


@dataclass(frozen=True, slots=True)
class Calibration:
    """A monotone map through points, straight between them and level beyond them.

    `raw` ascends strictly; `common`, in [0, 1], never falls, or for a scorer that falls with quality never rises.
    """

    raw: tuple[float, ...]
    common: tuple[float, ...]
    note: str = "not calibrated: its range is stretched to 0 to 1"  # what it was fitted on, for people

    @classmethod
    def of_range(cls, spec: ScorerSpec) -> Calibration:
        """The scorer's range, stretched: no more than a guess, exact for one whose scale is the common one already."""
        return cls(spec.value_range, (0.0, 1.0) if spec.rises else (1.0, 0.0))

    def __call__(self, value: float) -> float:
        """The value on the common scale."""
        if value <= self.raw[0]:
            return self.common[0]
        if value >= self.raw[-1]:
            return self.common[-1]
        at = bisect_right(self.raw, value)
        left, right = self.raw[at - 1], self.raw[at]
        low, high = self.common[at - 1], self.common[at]
        return low + (high - low) * ((value - left) / (right - left))


@dataclass(frozen=True, slots=True)
class Fitted:
    """A calibration that was fitted, and on what: one file of the shelf."""

    scorer: str
    revision: str
    method: str  # LABELS or JUDGE
    source: str  # the table's name, or which photos
    reference: str  # whose scale it was fitted to: "people", or the shelf's yardstick
    photos: int
    made_at: str  # UTC, ISO 8601
    quality: dict[str, float]  # how well it fits photos that it was not fitted on, by name
    raw: tuple[float, ...]
    common: tuple[float, ...]

    @property
    def note(self) -> str:
        """What it was fitted on, for people."""
        fitted_to = f"people's scores in {shown(self.source)}" if self.method == LABELS else "the judge's scores"
        return f"fitted to {fitted_to}: {self.photos:,} photos, {shown(self.made_at[:10])}"

    @property
    def calibration(self) -> Calibration:
        """The map."""
        return Calibration(self.raw, self.common, self.note)


class CalibrationShelf:
    """The calibrations that the user has made: a JSON file for each scorer, in a folder beside the models."""

    def __init__(self, models: Path) -> None:
        """`models` is the folder of the user's models; neither it nor the shelf in it has to exist."""
        self.folder = models / FOLDER

    def of(self, spec: ScorerSpec) -> Calibration | None:
        """The one for this scorer at this revision. Raises CalibrationDamaged."""
        found = self.find(spec.name)
        return found.calibration if found is not None and found.revision == spec.revision else None

    def find(self, scorer: str) -> Fitted | None:
        """What lies there for a scorer, of whatever revision. Raises CalibrationDamaged."""
        path = self.path_of(scorer)
        try:
            with path.open("rb") as file:
                data = file.read(_LARGEST + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _damaged(path, scorer, error.strerror or str(error)) from error
        try:
            if len(data) > _LARGEST:
                raise ValueError("it is too long")
            return _read(json.loads(data), scorer)
        except (ValueError, OverflowError, RecursionError) as error:  # not JSON and not UTF-8 are ValueErrors too
            raise _damaged(path, scorer, str(error)) from error

    def names(self) -> list[str]:
        """The scorers for which there is one, sorted; whether it can be read is not looked at."""
        return sorted(unquote(path.stem, errors="surrogateescape") for path in self.folder.glob(f"*{_SUFFIX}"))

    def path_of(self, scorer: str) -> Path:
        """Where the file of a scorer lies; any name makes a good file name."""
        return self.folder / (quote(scorer, safe=" ", errors="surrogateescape") + _SUFFIX)

    def put(self, fitted: Fitted) -> Path:
        """Keep it in the place of what was there, whole or not at all. Raises CalibrationUnusable for a full disk."""
        path = self.path_of(fitted.scorer)
        text = json.dumps({"version": VERSION, **asdict(fitted)}, indent=1, allow_nan=False) + "\n"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # Beside the file, as only a rename within one file system is atomic; the folder goes by itself.
            with TemporaryDirectory(prefix=".albumclean-", dir=self.folder) as made:
                fresh = Path(made) / path.name
                with fresh.open("w", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(fresh, path)  # noqa: TID251, PTH105 - a file of albumclean's own, never a photo
        except OSError as error:
            raise CalibrationUnusable(path=shown(path), detail=error.strerror or error) from error
        return path

    def drop(self, scorer: str) -> bool:
        """Forget a scorer's; whether there was one. Raises CalibrationUnusable."""
        path = self.path_of(scorer)
        try:
            path.unlink()  # a file of albumclean's own, never a photo
        except FileNotFoundError:
            return False
        except OSError as error:
            raise CalibrationUnusable(path=shown(path), detail=error.strerror or error) from error
        return True

    def yardstick(self) -> str:
        """What the scale of the judge is now: changes with its revision and with its own calibration."""
        judge = registry.spec(registry.JUDGE)
        own = self.find(judge.name)
        fitted = f", calibrated {own.made_at}" if own is not None and own.revision == judge.revision else ""
        return f"{judge.name} {judge.revision}{fitted}"

    def notes(self, specs: Iterable[ScorerSpec]) -> list[str]:
        """A sentence for each scorer whose values may mean something else than the threshold does.

        Raises CalibrationDamaged.
        """
        return [note for spec in specs if (note := self._note(spec)) is not None]

    def _note(self, spec: ScorerSpec) -> str | None:
        name, found = shown(spec.name), self.find(spec.name)
        if found is not None and found.revision != spec.revision:
            return (
                f"the calibration of {name} was made for another revision of it and is not used; "
                f"`albumclean calibrate {name}` makes it anew."
            )
        if found is not None and found.method == JUDGE and found.reference != self.yardstick():
            return f"{name} is matched to the judge as it was before; `albumclean calibrate {name}` makes that anew."
        if found is None and spec.says is Says.QUALITY and spec.name != registry.JUDGE:
            return (
                f"{name} is not calibrated, so a threshold does not mean the same for it as for the judge; "
                f"`albumclean calibrate {name}` sees to that once photos were scanned with it."
            )
        return None


def check_knots(raw: Sequence[float], common: Sequence[float]) -> None:
    """Raises ValueError unless the points make a `Calibration`."""
    if len(raw) != len(common) or len(raw) < 2:
        raise ValueError("its points are not two or more pairs")
    if not all(math.isfinite(value) for value in raw) or not all(0 <= value <= 1 for value in common):
        raise ValueError("its points are no numbers in their range")
    if not all(left < right for left, right in pairwise(raw)):
        raise ValueError("its points don't ascend")
    steps = [right - left for left, right in pairwise(common)]
    if not (all(step >= 0 for step in steps) or all(step <= 0 for step in steps)):
        raise ValueError("its points rise and fall")


def _read(document: Any, scorer: str) -> Fitted:  # noqa: ANN401 - whatever the JSON held
    """Raises ValueError, with the reason, for anything that `put` would not have written."""
    if not isinstance(document, dict):
        raise ValueError("it holds no object")
    if (version := document.pop("version", None)) != VERSION:
        raise ValueError(f"its version is {version!r}, not {VERSION}")
    names = {field.name for field in fields(Fitted)}
    if document.keys() != names:
        raise ValueError(f"it lacks or adds {', '.join(sorted(map(str, document.keys() ^ names)))}")
    texts = ("scorer", "revision", "method", "source", "reference", "made_at")
    if not all(isinstance(document[name], str) for name in texts) or type(document["photos"]) is not int:
        raise ValueError("a value has the wrong type")
    if document["scorer"] != scorer:
        raise ValueError(f"it is that of {document['scorer']!r}")
    quality = document["quality"]
    if not isinstance(quality, dict) or not all(map(_is_number, quality.values())):
        raise ValueError("its quality holds more than numbers")
    for name in ("raw", "common"):
        if not isinstance(document[name], list) or not all(map(_is_number, document[name])):
            raise ValueError("its points are no numbers")
        document[name] = tuple(float(value) for value in document[name])
    check_knots(document["raw"], document["common"])
    return Fitted(**document)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _damaged(path: Path, scorer: str, detail: str) -> CalibrationDamaged:
    return CalibrationDamaged(path=shown(path), name=shown(scorer), detail=shown(detail))
