"""Which member of a group to keep: a list of small criteria, the first that tells two photos apart decides.

A criterion sees only the photos that all earlier ones could not tell apart, so that what is out already (a copy with a
better score) has no say in what is "the best" among the rest. The order is total and the same on every run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from types import MappingProxyType

from albumclean.config import SimilarSettings
from albumclean.domain import GroupKind, PhotoFacts, Reason
from albumclean.similar.criteria.criterion import Context, Criterion, Key
from albumclean.similar.criteria.registry import criteria
from albumclean.similar.provenance import Comparisons, Provenance
from albumclean.similar.witnesses import NOTHING_TOLD, Testimonies

_NOT_COMPARED: Comparisons = MappingProxyType({})


def provenance_of(
    members: Sequence[PhotoFacts], comparisons: Comparisons, told: Testimonies = NOTHING_TOLD
) -> Provenance:
    """What the close looks at pairs of the members' contents, and witnesses, say of which is nearest to the camera."""
    return Provenance.of((facts.photo.content_hash for facts in members if facts.photo), comparisons, told)


def rank(
    members: Sequence[PhotoFacts],
    settings: SimilarSettings,
    comparisons: Comparisons = _NOT_COMPARED,
    kind: GroupKind = GroupKind.DERIVED,
    provenance: Provenance | None = None,
) -> tuple[list[PhotoFacts], str]:
    """The members from best to worst, and why the first beats the second ("has more pixels (…)"; "" if alone).

    `comparisons` holds the close looks at pairs of contents by (one, other), one < other; pairs of others do no harm.
    `provenance`: what they say of the members' contents, where it is known already.
    Raises ConfigError for an unknown criterion in the settings.
    """
    order, context = criteria(settings, kind), _context(members, settings, comparisons, kind, provenance)
    ranked = list(_ranked(members, order, context))
    return ranked, _verdicts(ranked, order, context)[0].text if len(ranked) > 1 else ""


def verdicts(
    ranked: Sequence[PhotoFacts],
    settings: SimilarSettings,
    comparisons: Comparisons = _NOT_COMPARED,
    kind: GroupKind = GroupKind.DERIVED,
    provenance: Provenance | None = None,
) -> tuple[Reason, ...]:
    """Why the keeper, the first of two or more `ranked` members, beats each; at its own place: the runner-up.

    Each names the criterion that decided, with the loser's value and the keeper's as threshold where there are any.
    Its weight, in (0, 1], is larger the earlier that criterion stands.
    """
    return _verdicts(ranked, criteria(settings, kind), _context(ranked, settings, comparisons, kind, provenance))


def _context(
    members: Sequence[PhotoFacts],
    settings: SimilarSettings,
    comparisons: Comparisons,
    kind: GroupKind,
    provenance: Provenance | None,
) -> Context:
    return Context(settings, kind, provenance or provenance_of(members, comparisons))


def _ranked(members: Sequence[PhotoFacts], order: Sequence[Criterion], context: Context) -> Iterator[PhotoFacts]:
    if len(members) < 2 or not order:
        yield from members
        return
    for _, equals in sorted(_parts(members, order[0], context).items()):
        yield from _ranked(equals, order[1:], context)


def _parts(members: Sequence[PhotoFacts], criterion: Criterion, context: Context) -> dict[Key, list[PhotoFacts]]:
    parts: defaultdict[Key, list[PhotoFacts]] = defaultdict(list)
    for facts, key in zip(members, criterion.keys(members, context), strict=True):
        parts[key].append(facts)
    return parts


def _verdicts(ranked: Sequence[PhotoFacts], order: Sequence[Criterion], context: Context) -> tuple[Reason, ...]:
    """Replays the contest from the keeper's side: at which criterion did each member fall behind?"""
    keeper, beside = ranked[0], list(ranked)
    found: list[Reason] = []  # the members fall behind from last to first, since this is the order they are ranked in
    for place, criterion in enumerate(order):
        keys = criterion.keys(beside, context)
        behind = [facts for facts, key in zip(beside, keys, strict=True) if key != keys[0]]
        beside = [facts for facts, key in zip(beside, keys, strict=True) if key == keys[0]]
        weight = 1 - place / len(order)
        found[:0] = [
            Reason(
                criterion.name,
                criterion.measure(loser),
                criterion.measure(keeper),
                criterion.words(keeper, loser, context),
                weight,
            )
            for loser in behind
        ]
    return (found[0], *found)
