"""Which one is the source of the others: what the close looks at pairs found, then guesses for the rest."""

from __future__ import annotations

import math
from collections.abc import Sequence

from albumclean.domain import LOSSLESS_FORMATS, Degradation, PhotoFacts
from albumclean.similar.criteria.criterion import Context, Criterion, Key, Value, banded, each, says

_PIXEL_MARGIN = 1.25  # a copy with 10 % fewer pixels is not yet worse for it
_COMPRESSION_MARGIN = 0.2  # of severity

_CAMERA_FORMATS = {"HEIF": 0, "MPO": 1, "TIFF": 1, "JPEG": 1}  # what cameras write; the rest was converted
_ALSO_CALLED = {"HEIC": "HEIF", "JPG": "JPEG", "MPO": "JPEG", "TIF": "TIFF"}


def _sources(photos: Sequence[PhotoFacts], context: Context) -> Sequence[Key]:
    return [context.provenance.level(facts.content) for facts in photos]


def _source_words(winner: PhotoFacts, loser: PhotoFacts, context: Context) -> str:
    if winner.photo is not None and loser.photo is not None:
        found = context.provenance.decision(winner.photo.content_hash, loser.photo.content_hash)
        if found is not None and found.reasons:
            return found.reasons[0].text
        mine, theirs = context.provenance.witnesses(winner.photo.content_hash, loser.photo.content_hash)
        if mine > theirs:
            told = f"others were made from ({mine} of {mine + theirs} that can tell)"
            return f"is what {told if mine + theirs > 1 else 'another copy was made from'}"
    return "is likelier to be the source, by all close looks at these copies together"


def _raw(facts: PhotoFacts) -> Key:
    return (0 if facts.photo is not None and facts.photo.is_raw else 1,)


def _capture(facts: PhotoFacts) -> Key:
    return (-(facts.photo.taken_at is not None) - (facts.photo.camera is not None) if facts.photo else 0,)


def _capture_words(winner: PhotoFacts, loser: PhotoFacts, _: Context) -> str:
    mine, theirs = winner.photo, loser.photo
    kept = []
    if mine is not None and mine.taken_at is not None and (theirs is None or theirs.taken_at is None):
        kept.append(f"its capture time ({mine.taken_at.replace('T', ' ')})")
    if mine is not None and mine.camera is not None and (theirs is None or theirs.camera is None):
        kept.append(f"its camera's name ({mine.camera})")
    return f"still has {' and '.join(kept)}"


def pixels(facts: PhotoFacts) -> int:
    """Of the whole picture; 0 where it is unknown."""
    return facts.photo.pixels if facts.photo else 0


def pixel_words(winner: PhotoFacts, loser: PhotoFacts, _: Context) -> str:
    """How many more pixels."""
    return f"has more pixels ({_size(winner)} against {_size(loser)})"


def _size(facts: PhotoFacts) -> str:
    return f"{facts.photo.width}x{facts.photo.height}" if facts.photo else "unknown"


def _compression(facts: PhotoFacts) -> float:
    return facts.degradations.get(Degradation.COMPRESSION, 0.0)


def _compression_words(winner: PhotoFacts, loser: PhotoFacts, _: Context) -> str:
    return f"is less compressed ({_compression(winner):.2f} against {_compression(loser):.2f})"


def _format(facts: PhotoFacts) -> Value:
    return facts.photo.format if facts.photo else None


def _formats(photos: Sequence[PhotoFacts], context: Context) -> Sequence[Key]:
    wanted = _wanted(context)
    return [(wanted.get(_family(str(_format(facts))), len(wanted)), _guessed_format(facts)) for facts in photos]


def _wanted(context: Context) -> dict[str, int]:
    """The places of the user's formats."""
    return {name: place for place, name in enumerate(dict.fromkeys(map(_family, context.settings.keeper_formats)))}


def _family(name: str) -> str:
    return _ALSO_CALLED.get(name.upper(), name.upper())


def _guessed_format(facts: PhotoFacts) -> int:
    photo = facts.photo
    if photo is None:
        return 9
    if photo.camera is not None:
        return _CAMERA_FORMATS.get(photo.format, 2)
    return 0 if photo.format in LOSSLESS_FORMATS else 1


def _format_words(winner: PhotoFacts, loser: PhotoFacts, context: Context) -> str:
    mine, theirs = str(_format(winner)), str(_format(loser))
    wanted = _wanted(context)
    is_wish = wanted.get(_family(mine)) != wanted.get(_family(theirs))
    return f"is in the format {'that you prefer' if is_wish else 'nearer to the source'} ({mine} against {theirs})"


CRITERIA = (
    Criterion("raw", each(_raw), says("is camera RAW, which holds the most")),
    Criterion("source", _sources, _source_words),
    Criterion("capture", each(_capture), _capture_words),
    Criterion(
        "pixels",
        banded(lambda facts: math.log(max(1, pixels(facts))), lambda _: math.log(_PIXEL_MARGIN)),
        pixel_words,
        pixels,
    ),
    Criterion(
        "compression",
        banded(lambda facts: -_compression(facts), lambda _: _COMPRESSION_MARGIN),
        _compression_words,
        _compression,
    ),
    Criterion("format", _formats, _format_words, _format),
)
