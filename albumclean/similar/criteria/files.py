"""What the files tell: companions, metadata, names, ages, paths."""

from __future__ import annotations

import os
import re
from dataclasses import fields
from pathlib import Path

from albumclean.domain import CompanionKind, Extra, Photo, PhotoFacts, Shot
from albumclean.similar.criteria.criterion import Context, Criterion, Key, each, says

_HALVES = frozenset({CompanionKind.RAW, CompanionKind.LIVE_VIDEO})  # without them half of the photo is missing

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
_SPANS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def _kinds(facts: PhotoFacts) -> set[CompanionKind]:
    return {companion.kind for companion in facts.asset.companions}


def _complete(facts: PhotoFacts) -> Key:
    kinds = _kinds(facts)
    return (-len(kinds & _HALVES), -len(kinds))


def _complete_words(winner: PhotoFacts, loser: PhotoFacts, _: Context) -> str:
    more = sorted(_kinds(winner) - _kinds(loser))
    return f"comes with more of its companion files ({', '.join(more)})"


def _extras(facts: PhotoFacts) -> tuple[Extra, ...]:
    return facts.photo.extras if facts.photo else ()


def _extra_words(winner: PhotoFacts, loser: PhotoFacts, _: Context) -> str:
    more = [extra.text for extra in _extras(winner) if extra not in _extras(loser)]
    return f"holds {' and '.join(more)}"


def _known_facts(photo: Photo | None) -> int:
    """How much the file says of how it was taken; what wrote the file says nothing of that."""
    if photo is None:
        return 0
    shot = [getattr(photo.shot, field.name) for field in fields(Shot) if field.name != "software"]
    known = [fact is not None and fact is not False for fact in (photo.taken_at, photo.camera, photo.rating, *shot)]
    return sum(known) + ("." in (photo.taken_at or ""))


def _metadata_words(winner: PhotoFacts, loser: PhotoFacts, _: Context) -> str:
    return f"has more complete metadata ({_known_facts(winner.photo)} facts against {_known_facts(loser.photo)})"


def copy_marks(path: Path) -> int:
    """How many parts of the path say "copy": "IMG (1).jpg", "-edited", a folder "WhatsApp Images", ..."""
    return len(_COPY_NAME.findall(path.stem)) + sum(bool(_COPY_FOLDER.match(part)) for part in path.parts[:-1])


def _age_words(winner: PhotoFacts, loser: PhotoFacts, _: Context) -> str:
    older_by = (loser.asset.primary.mtime_ns - winner.asset.primary.mtime_ns) // 1_000_000_000
    for length, name in _SPANS:
        if count := older_by // length:
            return f"is the older file, by {count} {name}{'s' if count > 1 else ''}"
    return "is the older file"


CRITERIA = (
    Criterion("complete", each(_complete), _complete_words, lambda facts: ", ".join(sorted(_kinds(facts)))),
    Criterion(
        "extras",
        each(lambda facts: (-len(_extras(facts)),)),
        _extra_words,
        lambda facts: ", ".join(_extras(facts)),
    ),
    Criterion(
        "metadata",
        each(lambda facts: (-_known_facts(facts.photo),)),
        _metadata_words,
        lambda facts: _known_facts(facts.photo),
    ),
    Criterion(
        "name",
        each(lambda facts: (copy_marks(facts.path),)),
        says("has a name and folder that look more like the original's"),
        lambda facts: str(facts.path),
    ),
    Criterion("oldest", each(lambda facts: (facts.asset.primary.mtime_ns,)), _age_words),
    Criterion(
        "shortest",
        each(lambda facts: (len(facts.path.parts), len(os.fsencode(facts.path)))),
        says("has the shorter path"),
    ),
    Criterion(
        "path",
        each(lambda facts: (os.fsencode(facts.path),)),
        says("comes first by name; nothing else tells them apart"),
    ),
)
