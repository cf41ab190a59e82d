"""Groups of similar photos: exact copies, derived copies, shots of one moment. Pure: facts come through `Evidence`.

The groups of one run are disjoint. Copies are established by close looks (`comparison`), which the scan has taken:
a group of copies is a star (`stars`) around one of them. A photo that has copies joins no moment until these are
settled, so that its file is never the keeper of one group and the loser of another.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Protocol

from albumclean.config import SimilarSettings
from albumclean.domain import Comparison, GroupKind, PhotoFacts, Relation, SimilarGroup
from albumclean.similar.components import Pair, batches, components
from albumclean.similar.contents import Content, contents_of, physical_files
from albumclean.similar.keeper import rank, verdicts
from albumclean.similar.prior import prior
from albumclean.similar.scenes import Sights, find_scenes
from albumclean.similar.series import Series, Wholes
from albumclean.similar.stars import Star, find_stars, pair, verdict_of

_BATCH = 512  # contents whose facts are loaded at once


class Evidence(Sights, Protocol):
    """What grouping asks of the library; every answer but `dated` may come in any order."""

    def copies(self) -> Iterable[Pair]:
        """The pairs of contents that a close look found to be copies, each with one < other."""
        ...

    def comparisons(self, contents: Collection[bytes]) -> Iterable[Comparison]:
        """The close looks at pairs of these contents."""
        ...

    def shared(self) -> Iterable[bytes]:
        """The contents that several assets hold (a superset does no harm)."""
        ...

    def facts(self, contents: Sequence[bytes]) -> Iterable[PhotoFacts]:
        """The facts of all assets with these contents; asked for a few hundred contents at a time."""
        ...


def find_groups(
    evidence: Evidence,
    dismissed: Collection[tuple[bytes, bytes]],
    settings: SimilarSettings,
    left_whole: list[Series] | None = None,
) -> Iterator[SimilarGroup]:
    """Every group once, disjoint, in the order of the smallest content hash of what looks alike; copies first.

    Different shots of a series (a panorama, a bracket, ...) are in no group together; the series that were found are
    put into `left_whole`.

    `dismissed`: the pairs of contents that the user told apart, in either order; a pair of a content with itself says
    that its exact copies are wanted. Members that failed or have no `photo` are left out, and a physical file counts
    once.

    Raises ConfigError for an unknown criterion in `settings.keeper`.
    """
    apart = frozenset(pair(one, other) for one, other in dismissed)
    scenes = find_scenes(evidence, apart)
    if left_whole is not None:
        left_whole += scenes.series
    busy: set[bytes] = set()
    for group in _copies(evidence, apart, Wholes(scenes.series), settings):
        busy.update(facts.content for facts in group.members)
        yield group
    yield from _moments(evidence, scenes.moments, busy, settings)


def group_id(members: Iterable[PhotoFacts]) -> str:
    """Twelve hex digits that depend on the members' contents and paths and on nothing else."""
    digest = blake2b(digest_size=6)
    for path, content in sorted((os.fsencode(facts.path), facts.content) for facts in members):
        for part in (content, path):
            digest.update(len(part).to_bytes(4, "big") + part)
    return digest.hexdigest()


def _moments(
    evidence: Evidence, moments: Iterable[tuple[bytes, ...]], busy: Collection[bytes], settings: SimilarSettings
) -> Iterator[SimilarGroup]:
    free = ([content for content in moment if content not in busy] for moment in moments)
    for batch in batches((moment for moment in free if len(moment) > 1), _BATCH):
        contents = contents_of(evidence.facts([content for moment in batch for content in moment]), frozenset())
        for moment in batch:
            files = physical_files(contents[content].assets[0] for content in moment if content in contents)
            if len(files) > 1:
                yield _group(GroupKind.MOMENT, files, settings, {})


def _copies(
    evidence: Evidence, apart: Collection[Pair], wholes: Wholes, settings: SimilarSettings
) -> Iterator[SimilarGroup]:
    alone = ((content, content) for content in evidence.shared())
    for batch in batches(components([*evidence.copies(), *alone]), _BATCH):
        hashes = [content for part in batch for content in part]
        contents = contents_of(evidence.facts(hashes), apart)
        looks = {
            (each.one, each.other): each
            for each in evidence.comparisons(contents)
            if not wholes.apart(each.one, each.other)
        }
        for part in batch:
            present = [contents[content] for content in part if content in contents]
            yield from _groups_of(present, looks, apart, settings)


def _groups_of(
    contents: Sequence[Content],
    looks: Mapping[Pair, Comparison],
    apart: Collection[Pair],
    settings: SimilarSettings,
) -> Iterator[SimilarGroup]:
    """The groups of copies among contents that look alike."""
    by_hash = {content.content_hash: content for content in contents}
    # A look at the first picture of several says nothing of the rest: such files are copies by bytes or not at all.
    single = {content for content, each in by_hash.items() if each.photo is not None and each.photo.pictures == 1}
    known = {each: look for each, look in looks.items() if single.issuperset(each)}
    stars = _stars(by_hash, known, apart)
    grouped = {content for star in stars for content in (star.centre, *star.members)}
    stars += [Star(content, ()) for content in sorted(by_hash) if content not in grouped]
    for star in sorted(stars, key=lambda star: min((star.centre, *star.members))):
        members = [by_hash[content] for content in (star.centre, *star.members)]
        files = physical_files(facts for content in members for facts in content.assets)
        if len(files) < 2:
            continue
        inside = {each: look for each, look in known.items() if {*each} <= {star.centre, *star.members}}
        same = [each for each, look in inside.items() if look.relation is Relation.SAME_PIXELS]
        pictures = sum(1 for _ in components([*same, *((each.content_hash, each.content_hash) for each in members)]))
        kind = GroupKind.EXACT if pictures == 1 else GroupKind.DERIVED
        yield _group(kind, files, settings, inside)


def _stars(contents: Mapping[bytes, Content], looks: Mapping[Pair, Comparison], apart: Collection[Pair]) -> list[Star]:
    found = {
        each: verdict_of(look.relation, look.source, contents[each[0]].photo, contents[each[1]].photo)
        for each, look in looks.items()
    }
    priors = {content: prior(each.photo, content) for content, each in contents.items()}
    return find_stars(found, found, priors.__getitem__, apart=apart, final=True).stars


def _group(
    kind: GroupKind, files: Sequence[PhotoFacts], settings: SimilarSettings, looks: Mapping[Pair, Comparison]
) -> SimilarGroup:
    members, reason = rank(files, settings, looks, kind)
    why = verdicts(members, settings, looks, kind)
    comparisons = tuple(look for _, look in sorted(looks.items()))
    return SimilarGroup(group_id(members), kind, tuple(members), reason, why, comparisons)
