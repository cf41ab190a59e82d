"""Which member of a group to keep: a list of small criteria, the first that tells two photos apart decides.

Each criterion turns a photo into a key (smaller is better) and can say in words why one photo beats another. Keys that
must not react to small differences (score, pixels, compression) are bands counted from the best of the group: a band
0 holds the best and all within one margin of it. A margin between pairs would not be transitive; bands are, so that
the order is total and the same on every run.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from albumclean.config import SimilarSettings
from albumclean.domain import Degradation, Photo, PhotoFacts, Reason, RootRole
from albumclean.errors import ConfigError

_PIXEL_MARGIN = 1.25  # a copy with 10 % fewer pixels is not yet worse for it
_COMPRESSION_MARGIN = 0.2  # of severity
_EPSILON = 1e-9  # keeps 0.30 - 0.25 inside a margin of 0.05

_CAMERA_FORMATS = {"HEIF": 0, "MPO": 1, "TIFF": 1, "JPEG": 1}  # what cameras write; the rest was converted
_LOSSLESS_FORMATS = frozenset({"PNG", "BMP", "TIFF", "GIF"})

_COPY_NAME = re.compile(
    r"\(\d+\)$|~\d+$|^img_e\d+|^img-\d{8}-wa\d+"
    r"|(?:^|[\W_])(?:copy|kopie|copie|copia|kopia|duplicate|edited|edit|bearbeitet|resized|small|thumb|thumbnail"
    r"|compressed|scaled)(?:$|[\W_]|\d)",
    re.IGNORECASE,
)
_COPY_FOLDER = re.compile(
    r"^(?:downloads?|whatsapp.*|telegram.*|signal|messenger|sent|te?mp|backups?|copies|exports?|thumbnails|\.?cache"
    r"|copy of .*)$",
    re.IGNORECASE,
)

Key: TypeAlias = tuple[int | str | bytes, ...]


@dataclass(frozen=True, slots=True)
class Pool:
    """What a criterion measures a photo against: the best values of its group."""

    mos: float | None  # None: not every member has a score, so that scores decide nothing
    pixels: int
    compression: float
    mos_margin: float

    @classmethod
    def of(cls, members: Sequence[PhotoFacts], settings: SimilarSettings) -> Pool:
        """The best values among `members`."""
        scores = [facts.mos for facts in members if facts.mos is not None and math.isfinite(facts.mos)]
        return cls(
            mos=max(scores) if len(scores) == len(members) else None,
            pixels=max((_pixels(facts) for facts in members), default=0),
            compression=min((_compression(facts) for facts in members), default=0.0),
            mos_margin=settings.mos_margin,
        )


@dataclass(frozen=True, slots=True)
class Criterion:
    """One reason to prefer a photo: `key` (smaller is better) and the words for a winner against a loser."""

    name: str
    key: Callable[[PhotoFacts, Pool], Key]
    phrase: Callable[[PhotoFacts, PhotoFacts], str]
    measure: Callable[[PhotoFacts], float | int | str | None] = lambda facts: None  # the number behind the words


def _pixels(facts: PhotoFacts) -> int:
    return facts.photo.pixels if facts.photo else 0


def _compression(facts: PhotoFacts) -> float:
    return facts.degradations.get(Degradation.COMPRESSION, 0.0)


def _band(distance: float, margin: float) -> int:
    """0 within one margin of the best, 1 within two, ..."""
    if margin <= 0:
        return round(distance / _EPSILON)
    return max(0, math.ceil(distance / margin - _EPSILON) - 1)


def _protected(facts: PhotoFacts, _: Pool) -> Key:
    return (0 if facts.asset.role is RootRole.PROTECTED else 1,)


def _treasured(facts: PhotoFacts, _: Pool) -> Key:
    return (0 if facts.marks.favourite else 1, -max(0, facts.marks.rating or 0))


def _complete(facts: PhotoFacts, _: Pool) -> Key:
    return (-len({companion.kind for companion in facts.asset.companions}),)


def _source_pixels(facts: PhotoFacts, pool: Pool) -> Key:
    pixels = _pixels(facts)
    return (_band(math.log(pool.pixels / pixels), math.log(_PIXEL_MARGIN)) if pixels else 1 << 30,)


def _capture(facts: PhotoFacts, _: Pool) -> Key:
    return (-(facts.photo.taken_at is not None) - (facts.photo.camera is not None) if facts.photo else 0,)


def _less_compressed(facts: PhotoFacts, pool: Pool) -> Key:
    return (_band(_compression(facts) - pool.compression, _COMPRESSION_MARGIN),)


def _score(facts: PhotoFacts, pool: Pool) -> Key:
    if pool.mos is None or facts.mos is None:
        return (0,)
    return (_band(pool.mos - facts.mos, pool.mos_margin),)


def _format(facts: PhotoFacts, _: Pool) -> Key:
    photo = facts.photo
    if photo is None:
        return (9,)
    if photo.camera is not None:
        return (_CAMERA_FORMATS.get(photo.format, 2),)
    return (0 if photo.format in _LOSSLESS_FORMATS else 1,)


def _resolution(facts: PhotoFacts, _: Pool) -> Key:
    return (-_pixels(facts),)


def _metadata(facts: PhotoFacts, _: Pool) -> Key:
    return (-_known_fields(facts.photo),)


def _known_fields(photo: Photo | None) -> int:
    if photo is None:
        return 0
    return sum(field is not None for field in (photo.taken_at, photo.camera, photo.rating)) + (
        "." in (photo.taken_at or "")
    )


def copy_marks(path: Path) -> int:
    """How many parts of the path say "copy": "IMG (1).jpg", "-edited", a folder "WhatsApp Images", ..."""
    return len(_COPY_NAME.findall(path.stem)) + sum(bool(_COPY_FOLDER.match(part)) for part in path.parts[:-1])


def _name(facts: PhotoFacts, _: Pool) -> Key:
    return (copy_marks(facts.path),)


def _oldest(facts: PhotoFacts, _: Pool) -> Key:
    return (facts.asset.primary.mtime_ns,)


def _shortest(facts: PhotoFacts, _: Pool) -> Key:
    return (len(facts.path.parts), len(os.fsencode(facts.path)))


def _path(facts: PhotoFacts, _: Pool) -> Key:
    return (os.fsencode(facts.path),)


def _size_words(facts: PhotoFacts) -> str:
    return f"{facts.photo.width}x{facts.photo.height}" if facts.photo else "unknown"


def _more_pixels(winner: PhotoFacts, loser: PhotoFacts) -> str:
    return f"has more pixels ({_size_words(winner)} against {_size_words(loser)})"


def _treasure_words(winner: PhotoFacts, _: PhotoFacts) -> str:
    return "is a favourite" if winner.marks.favourite else f"is rated {winner.marks.rating}"


def _format_words(winner: PhotoFacts, loser: PhotoFacts) -> str:
    mine, theirs = (facts.photo.format if facts.photo else "unknown" for facts in (winner, loser))
    return f"is in the format nearer to the source ({mine} against {theirs})"


def _score_words(winner: PhotoFacts, loser: PhotoFacts) -> str:
    return f"has the better score ({winner.mos:.2f} against {loser.mos:.2f})"


def _always(words: str) -> Callable[[PhotoFacts, PhotoFacts], str]:
    return lambda winner, loser: words


CRITERIA: dict[str, Criterion] = {
    criterion.name: criterion
    for criterion in (
        Criterion("protected", _protected, _always("lies in a protected folder")),
        Criterion("treasured", _treasured, _treasure_words),
        Criterion("pixels", _source_pixels, _more_pixels, _pixels),
        Criterion("capture", _capture, _always("still has its camera and capture time")),
        Criterion(
            "compression",
            _less_compressed,
            lambda winner, loser: f"is less compressed ({_compression(winner):.2f} against {_compression(loser):.2f})",
            _compression,
        ),
        Criterion("complete", _complete, _always("comes with more of its companion files")),
        Criterion("mos", _score, _score_words, lambda facts: facts.mos),
        Criterion("format", _format, _format_words, lambda facts: facts.photo.format if facts.photo else None),
        Criterion("resolution", _resolution, _more_pixels, _pixels),
        Criterion("metadata", _metadata, _always("has more complete metadata")),
        Criterion("name", _name, _always("has a name and folder that look more like the original's")),
        Criterion("oldest", _oldest, _always("is the oldest file")),
        Criterion("shortest", _shortest, _always("has the shorter path")),
        Criterion("path", _path, _always("comes first by name; nothing else tells them apart")),
    )
}
DEFAULT_ORDER: tuple[str, ...] = tuple(CRITERIA)


def criteria(settings: SimilarSettings) -> list[Criterion]:
    """The criteria in the user's order or the default; `protected` always leads and `path` always ends.

    Raises ConfigError for a name that no criterion has.
    """
    for name in settings.keeper:
        if name not in CRITERIA:
            detail = f"similar.keeper has no criterion {name!r}; there are {', '.join(CRITERIA)}"
            raise ConfigError(path="config.toml", detail=detail)
    return [CRITERIA[name] for name in dict.fromkeys(("protected", *(settings.keeper or DEFAULT_ORDER), "path"))]


def rank(members: Sequence[PhotoFacts], settings: SimilarSettings) -> tuple[list[PhotoFacts], str]:
    """The members from best to worst, and why the first beats the second ("has more pixels (…)"; "" if alone).

    Raises ConfigError for an unknown criterion in the settings.
    """
    pool = Pool.of(members, settings)
    order = criteria(settings)
    ranked = sorted(members, key=lambda facts: [criterion.key(facts, pool) for criterion in order])
    return ranked, _verdict(ranked[0], ranked[1], pool, order).text if len(ranked) > 1 else ""


def verdicts(ranked: Sequence[PhotoFacts], settings: SimilarSettings) -> tuple[Reason, ...]:
    """Why the keeper, the first of two or more `ranked` members, beats each; at its own place: the runner-up.

    Each names the criterion that decided, with the loser's value and the keeper's as threshold where there are any.
    """
    pool = Pool.of(ranked, settings)
    order = criteria(settings)
    return tuple(_verdict(ranked[0], loser, pool, order) for loser in (ranked[1], *ranked[1:]))


def _verdict(winner: PhotoFacts, loser: PhotoFacts, pool: Pool, order: Sequence[Criterion]) -> Reason:
    for criterion in order[:-1]:
        if criterion.key(winner, pool) < criterion.key(loser, pool):
            break
    else:
        criterion = order[-1]  # the path, in which any two files differ
    return Reason(criterion.name, criterion.measure(loser), criterion.measure(winner), criterion.phrase(winner, loser))
