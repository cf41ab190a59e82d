"""How each member of a group stands to its keeper, from the close looks at pairs of members."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from albumclean.domain import Comparison, GroupKind, PhotoFacts, Relation, SimilarGroup


class Bond(Enum):
    """What a member is to the keeper."""

    SAME = auto()  # the same bytes or the same pixels
    COPY = auto()  # made from it, or from the same source by a longer way
    SOURCE = auto()  # nearer to the camera than the keeper
    UNDECIDED = auto()  # they differ, and nothing tells which is the source
    DIFFERENT = auto()  # another shot
    UNKNOWN = auto()  # never compared, neither directly nor by way of another member


@dataclass(frozen=True, slots=True)
class Bonds:
    """The bonds between the keeper of a group and the others."""

    group: SimilarGroup
    looks: dict[tuple[bytes, bytes], Comparison]
    direct: dict[bytes, Bond]  # what the contents that were compared with the keeper are to it

    @classmethod
    def of(cls, group: SimilarGroup) -> Bonds:
        """From the comparisons that the group carries."""
        looks = {(each.one, each.other): each for each in group.comparisons}
        keeper, contents = group.keeper.content, {facts.content for facts in group.members}
        bonds = {content: _bond(looks, keeper, content) for content in contents}
        return cls(group, looks, {content: bond for content, bond in bonds.items() if bond is not Bond.UNKNOWN})

    def look(self, facts: PhotoFacts) -> Comparison | None:
        """The close look at the keeper and this member, if there was one."""
        return _look(self.looks, self.group.keeper.content, facts.content)

    def to_keeper(self, facts: PhotoFacts) -> Bond:
        """What the member is to the keeper; only a direct look or one by way of a single other member counts."""
        if self.group.kind is GroupKind.EXACT:
            return Bond.SAME
        content = facts.content
        if content in self.direct:
            return self.direct[content]
        ways = set(self._by_way_of_others(content))
        return next((bond for bond in (Bond.SOURCE, Bond.COPY, Bond.SAME) if bond in ways), Bond.UNKNOWN)

    def _by_way_of_others(self, content: bytes) -> Iterator[Bond]:
        for other, first in self.direct.items():
            steps = {first, _bond(self.looks, other, content)}
            if steps <= {Bond.SAME, Bond.COPY}:
                yield Bond.COPY if Bond.COPY in steps else Bond.SAME
            elif steps <= {Bond.SAME, Bond.SOURCE}:
                yield Bond.SOURCE


def _bond(looks: dict[tuple[bytes, bytes], Comparison], of: bytes, content: bytes) -> Bond:
    """What `content` is to `of`, from a look at the two."""
    if of == content:
        return Bond.SAME
    look = _look(looks, of, content)
    if look is None:
        return Bond.UNKNOWN
    if look.relation is not Relation.DERIVED:
        return Bond.SAME if look.relation is Relation.SAME_PIXELS else Bond.DIFFERENT
    if look.source is None:
        return Bond.UNDECIDED
    return Bond.COPY if look.source == of else Bond.SOURCE


def _look(looks: dict[tuple[bytes, bytes], Comparison], one: bytes, other: bytes) -> Comparison | None:
    return looks.get((one, other) if one < other else (other, one))
