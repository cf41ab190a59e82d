"""From the cache's rows to the facts that policy goes by, and whether the files are still what the facts say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from albumclean.domain import Degradation, FileIdentity, PhotoFacts, PhotoKind
from albumclean.policy.kinds import days_since, kind_of
from albumclean.scoring import registry
from albumclean.scoring.opinion import Opinion
from albumclean.store.rows import Known

_PREFERENCE = (registry.JUDGE, "preference")
_KINDS = tuple((kind, (registry.KIND, kind.value)) for kind in PhotoKind if kind is not PhotoKind.UNSURE)
_DEGRADATIONS = tuple((kind, (registry.JUDGE, kind.value)) for kind in Degradation)


def facts_of(known: Known, opinion: Opinion, today: date) -> PhotoFacts:
    """All but the moments of a video."""
    marks, scores = known.marks, known.scores
    if marks.rating is None and known.photo is not None and known.photo.rating is not None:
        marks = replace(marks, rating=known.photo.rating)
    kind = kind_of({kind: scores[quantity] for kind, quantity in _KINDS if quantity in scores}, known.photo)
    return PhotoFacts(
        asset=known.asset,
        photo=known.photo,
        mos=opinion.mos(scores),
        aesthetic=opinion.aesthetic(scores),
        preference=scores.get(_PREFERENCE),
        degradations={kind: scores[quantity] for kind, quantity in _DEGRADATIONS if quantity in scores},
        marks=marks,
        failure=known.failure,
        kind=kind,
        days_old=days_since(known.asset, known.photo, today) if kind is PhotoKind.SCREENSHOT else None,
    )


def has_bearing(facts: PhotoFacts) -> bool:
    """Whether it could be read, so that rules may speak of it."""
    return facts.photo is not None and facts.failure is None


def is_unchanged(facts: PhotoFacts) -> bool:
    """Whether the photo and its companions are, by `lstat`, as the scan saw them."""
    return all(_as_it_was(file) for file in facts.asset.files)


def _as_it_was(file: FileIdentity) -> bool:
    try:
        found = file.path.lstat()
    except OSError:
        return False
    return file.same_file_state(FileIdentity.of(file.path, found))
