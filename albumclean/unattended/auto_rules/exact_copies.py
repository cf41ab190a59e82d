"""Copies that are the same bytes as the one that stays, with nothing beside them that it lacks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from albumclean.domain import Asset, CompanionKind, FileIdentity, GroupKind, Proposal
from albumclean.unattended.auto_rule import HashOf

_BY = "keep-best"  # the rule of policy whose proposals it carries out


@dataclass(frozen=True, slots=True)
class ExactCopies:
    """The same bytes, not only the same pixels; and each companion is byte for byte one of the keeper's."""

    name: str = "exact-copies"
    text: str = "copies that are byte for byte the same as the photo that stays"

    def wants(self, proposal: Proposal) -> bool:
        """An exact copy of its group's keeper, with no kind of companion more often than the keeper has it."""
        group, facts = proposal.group, proposal.facts
        if proposal.rule != _BY or group is None or group.kind is not GroupKind.EXACT or facts == group.keeper:
            return False
        if not facts.content or facts.content != group.keeper.content:
            return False
        mine, theirs = _sizes(facts.asset), _sizes(group.keeper.asset)
        return all(set(sizes) <= set(theirs[kind]) for kind, sizes in mine.items())

    def confirms(self, proposal: Proposal, hash_of: HashOf) -> bool:
        """The bytes are looked at again: the photo's, the keeper's, and those of the companions."""
        if proposal.group is None:
            return False
        copy, keeper = proposal.facts, proposal.group.keeper
        if not hash_of(keeper.asset.primary) == hash_of(copy.asset.primary) == copy.content:
            return False
        theirs: dict[CompanionKind, list[FileIdentity]] = defaultdict(list)
        for companion in keeper.asset.companions:
            theirs[companion.kind].append(companion.file)
        return all(_is_among(companion.file, theirs[companion.kind], hash_of) for companion in copy.asset.companions)


def _is_among(file: FileIdentity, others: Iterable[FileIdentity], hash_of: HashOf) -> bool:
    alike = [other for other in others if other.size == file.size]
    return any(hash_of(other) == hash_of(file) for other in alike)


def _sizes(asset: Asset) -> dict[CompanionKind, list[int]]:
    sizes: dict[CompanionKind, list[int]] = defaultdict(list)
    for companion in asset.companions:
        sizes[companion.kind].append(companion.file.size)
    return sizes


RULE = ExactCopies()
