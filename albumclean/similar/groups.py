"""Groups of similar photos: exact copies, derived copies, shots of one moment. Pure: facts come through `load`.

The groups of one run are disjoint. Photos that all look alike (`cliques`) are parted into shots (`shots`); a shot with
several files is a group of copies. Shots with a single file form the groups of moments. A shot that still has copies
joins no moment until these are settled, so that its file is never the keeper of one group and the loser of another.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b

from albumclean.config import SimilarSettings
from albumclean.domain import GroupKind, PhotoFacts, SimilarGroup
from albumclean.similar.cliques import find_cliques
from albumclean.similar.index import FingerprintIndex
from albumclean.similar.keeper import rank, verdicts
from albumclean.similar.shots import Content, part_moments, part_shots

_BATCH = 512  # contents whose facts are loaded at once

Load = Callable[[Sequence[bytes]], Iterable[PhotoFacts]]


def find_groups(
    index: FingerprintIndex,
    exact: Iterable[bytes],
    dismissed: Collection[tuple[bytes, bytes]],
    settings: SimilarSettings,
    load: Load,
) -> Iterator[SimilarGroup]:
    """Every group once, disjoint, in the order of the smallest content hash of what looks alike.

    `exact` names the contents that several assets hold (a superset does no harm); `dismissed` the pairs of contents
    that the user told apart, in either order; a pair of a content with itself says that its exact copies are wanted.
    `load` gives the facts of all assets with the given contents, in any order; it is called for a few hundred
    contents at a time. Members that failed or have no `photo` are left out, and a physical file counts once.

    Raises ConfigError for an unknown criterion in `settings.keeper`.
    """
    apart = frozenset(dismissed)
    for batch in _batches(_candidates(index, exact, settings, apart)):
        contents = _load_contents(index, [content_hash for clique in batch for content_hash in clique], apart, load)
        for clique in batch:
            present = [contents[content_hash] for content_hash in clique if content_hash in contents]
            yield from _groups_of(index, present, settings)


def group_id(members: Iterable[PhotoFacts]) -> str:
    """Twelve hex digits that depend on the members' contents and paths and on nothing else."""
    digest = blake2b(digest_size=6)
    for path, content in sorted((os.fsencode(facts.path), _content_hash(facts)) for facts in members):
        for part in (content, path):
            digest.update(len(part).to_bytes(4, "big") + part)
    return digest.hexdigest()


def _content_hash(facts: PhotoFacts) -> bytes:
    return facts.photo.content_hash if facts.photo else b""


def _candidates(
    index: FingerprintIndex, exact: Iterable[bytes], settings: SimilarSettings, apart: Collection[tuple[bytes, bytes]]
) -> list[list[bytes]]:
    """Contents that look alike, and single contents with exact copies; disjoint, each ascending, all in order."""
    cliques = [
        [index.hashes[at] for at in clique] for clique in find_cliques(index, settings, _strangers(index, apart))
    ]
    grouped = {content_hash for clique in cliques for content_hash in clique}
    return sorted(cliques + [[content_hash] for content_hash in set(exact) - grouped])


def _strangers(index: FingerprintIndex, apart: Collection[tuple[bytes, bytes]]) -> Mapping[int, frozenset[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    for one, other in apart:
        here, there = index.position(one), index.position(other)
        if here is not None and there is not None and here != there:
            found[here].add(there)
            found[there].add(here)
    return {position: frozenset(others) for position, others in found.items()}


def _batches(cliques: Iterable[list[bytes]]) -> Iterator[list[list[bytes]]]:
    batch: list[list[bytes]] = []
    count = 0
    for clique in cliques:
        batch.append(clique)
        count += len(clique)
        if count >= _BATCH:
            yield batch
            batch, count = [], 0
    if batch:
        yield batch


def _load_contents(
    index: FingerprintIndex, hashes: Sequence[bytes], apart: Collection[tuple[bytes, bytes]], load: Load
) -> dict[bytes, Content]:
    wanted = set(hashes)
    found: defaultdict[bytes, list[PhotoFacts]] = defaultdict(list)
    for facts in load(hashes):
        if facts.failure is None and facts.photo is not None and facts.photo.content_hash in wanted:
            found[facts.photo.content_hash].append(facts)
    contents = {}
    for content_hash, assets in found.items():
        files = _physical_files(assets)
        if (content_hash, content_hash) in apart:
            files = files[:1]
        contents[content_hash] = Content(content_hash, index.position(content_hash), tuple(files))
    return contents


def _physical_files(assets: Iterable[PhotoFacts]) -> list[PhotoFacts]:
    """One of each physical file, in the order of paths; of several names an untouchable one comes first."""
    ordered = sorted(assets, key=lambda facts: os.fsencode(facts.path))
    seen: dict[object, PhotoFacts] = {}
    for facts in sorted(ordered, key=lambda facts: facts.untouchable is None):
        file = facts.asset.primary
        seen.setdefault((file.device, file.inode) if file.inode else file.path, facts)  # no inode: FAT and the like
    kept = {id(facts) for facts in seen.values()}
    return [facts for facts in ordered if id(facts) in kept]


def _groups_of(index: FingerprintIndex, clique: Sequence[Content], settings: SimilarSettings) -> Iterator[SimilarGroup]:
    single: list[Content] = []
    for shot in part_shots(index, clique):
        if sum(len(content.assets) for content in shot) == 1:
            single += shot
        else:
            yield from _group(GroupKind.EXACT if len(shot) == 1 else GroupKind.DERIVED, shot, settings)
    for moment in part_moments(index, single):
        yield from _group(GroupKind.MOMENT, moment, settings)


def _group(kind: GroupKind, contents: Sequence[Content], settings: SimilarSettings) -> Iterator[SimilarGroup]:
    files = _physical_files(facts for content in contents for facts in content.assets)
    if len(files) > 1:
        members, reason = rank(files, settings)
        yield SimilarGroup(group_id(members), kind, tuple(members), reason, verdicts(members, settings))
