"""Groups of similar photos: exact copies, derived copies, shots of one moment. Pure: facts come through `Evidence`.

The groups of one run are disjoint. Copies are established by close looks (`comparison`), which the scan has taken:
a group of copies is a star (`stars`) around one of them. A photo that has copies joins no moment until these are
settled, so that its file is never the keeper of one group and the loser of another.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import chain

from albumclean.config import SimilarSettings
from albumclean.domain import Comparison, GroupKind, PhotoFacts, Relation, SimilarGroup
from albumclean.similar.components import Pair, batches, components, pair
from albumclean.similar.contents import Content, contents_of, physical_files
from albumclean.similar.evidence import Evidence
from albumclean.similar.keeper import provenance_of, rank, verdicts
from albumclean.similar.partition import Cluster, Partition, Series, Wholes
from albumclean.similar.prior import prior
from albumclean.similar.stars import Star, find_stars
from albumclean.similar.verdict import verdict_of
from albumclean.similar.witnesses import NOTHING_TOLD, Testimonies, told_of

_BATCH = 512  # contents whose facts are loaded at once


def find_partition(evidence: Evidence) -> Partition:
    """Goes through all that is known of the library."""
    from albumclean.similar.scenes import find_scenes  # numpy: whoever finds a kept partition needs none

    scenes = find_scenes(evidence)
    alone = ((content, content) for content in evidence.shared())
    return Partition(list(components(chain(evidence.copies(), alone))), scenes.clusters, scenes.series)


def find_groups(
    evidence: Evidence,
    dismissed: Collection[tuple[bytes, bytes]],
    settings: SimilarSettings,
    left_whole: list[Series] | None = None,
    partition: Partition | None = None,
) -> Iterator[SimilarGroup]:
    """Every group once, disjoint, in the order of the smallest content hash of what looks alike; copies first.

    Different shots of a series (a panorama, a bracket, ...) are in no group together; the series that were found are
    put into `left_whole`.

    `dismissed`: the pairs of contents that the user told apart, in either order; a pair of a content with itself says
    that its exact copies are wanted. Members that failed or have no `photo` are left out, and a physical file counts
    once. `partition` is what `find_partition` gives; without it, it is found now.

    Raises ConfigError for an unknown criterion in `settings.keeper`.
    """
    partition = partition or find_partition(evidence)
    if left_whole is not None:
        left_whole += partition.series
    grouping = Grouping(evidence, partition.series, dismissed, settings)
    busy: set[bytes] = set()
    for group in grouping.copies(partition.copies):
        busy.update(facts.content for facts in group.members)
        yield group
    yield from grouping.moments(grouping.moments_of(partition.clusters), busy)


class Grouping:
    """From parts of a partition to groups; of any parts alone the same groups as among all."""

    def __init__(
        self,
        evidence: Evidence,
        series: Iterable[Series],
        dismissed: Collection[tuple[bytes, bytes]],
        settings: SimilarSettings,
    ) -> None:
        """`series`: all that there are; the rest as in `find_groups`."""
        self._evidence = evidence
        self._apart = frozenset(pair(one, other) for one, other in dismissed)
        self._strangers: defaultdict[bytes, set[bytes]] = defaultdict(set)
        for one, other in self._apart:
            if one != other:
                self._strangers[one].add(other)
                self._strangers[other].add(one)
        self._settings = settings
        self._wholes = Wholes(series)

    def moments_of(self, clusters: Iterable[Cluster]) -> list[tuple[bytes, ...]]:
        """The moments in these clusters, in order; none holds shots that the user told apart."""
        if not self._strangers:
            return sorted(moment for cluster in clusters for moment in cluster.moments)
        from albumclean.similar.scenes import moments_of

        return moments_of(clusters, self._evidence, self._strangers)

    def copies(self, parts: Iterable[Sequence[bytes]]) -> Iterator[SimilarGroup]:
        """The groups of copies in these parts, in their order."""
        for batch in batches(parts, _BATCH):
            contents = contents_of(self._evidence.facts([content for part in batch for content in part]), self._apart)
            looks = {
                (each.one, each.other): each
                for each in self._evidence.comparisons(contents)
                if not self._wholes.apart(each.one, each.other)
            }
            told = told_of(self._evidence.testimonies(contents))
            for part in batch:
                present = [contents[content] for content in part if content in contents]
                yield from _groups_of(present, looks, told, self._apart, self._settings)

    def moments(self, moments: Iterable[tuple[bytes, ...]], busy: Collection[bytes]) -> Iterator[SimilarGroup]:
        """The groups of these moments, in their order; `busy` are the contents that are in groups of copies."""
        free = ([content for content in moment if content not in busy] for moment in moments)
        for batch in batches((moment for moment in free if len(moment) > 1), _BATCH):
            asked = [content for moment in batch for content in moment]
            contents = contents_of(self._evidence.facts(asked), frozenset())
            for moment in batch:
                files = physical_files(contents[content].assets[0] for content in moment if content in contents)
                if len(files) > 1:
                    yield _group(GroupKind.MOMENT, files, self._settings, {})


def group_id(members: Iterable[PhotoFacts]) -> str:
    """Twelve hex digits that depend on the members' contents and paths and on nothing else."""
    digest = blake2b(digest_size=6)
    for path, content in sorted((os.fsencode(facts.path), facts.content) for facts in members):
        for part in (content, path):
            digest.update(len(part).to_bytes(4, "big") + part)
    return digest.hexdigest()


def _groups_of(
    contents: Sequence[Content],
    looks: Mapping[Pair, Comparison],
    told: Testimonies,
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
        yield _group(kind, files, settings, inside, told)


def _stars(contents: Mapping[bytes, Content], looks: Mapping[Pair, Comparison], apart: Collection[Pair]) -> list[Star]:
    found = {each: verdict_of(look, contents[each[0]].photo, contents[each[1]].photo) for each, look in looks.items()}
    priors = {content: prior(each.photo, content) for content, each in contents.items()}
    return find_stars(found, found, priors.__getitem__, apart=apart, final=True).stars


def _group(
    kind: GroupKind,
    files: Sequence[PhotoFacts],
    settings: SimilarSettings,
    looks: Mapping[Pair, Comparison],
    told: Testimonies = NOTHING_TOLD,
) -> SimilarGroup:
    provenance = provenance_of(files, looks, told)
    members, reason = rank(files, settings, looks, kind, provenance)
    why = verdicts(members, settings, looks, kind, provenance)
    comparisons = tuple(look for _, look in sorted(looks.items()))
    rivals = provenance.rivals(members[0].content) if looks else frozenset()  # a moment has none: all are sources
    return SimilarGroup(group_id(members), kind, tuple(members), reason, why, comparisons, rivals)
