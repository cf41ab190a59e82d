"""Facts, groups and proposals made by hand."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

from albumclean.domain import (
    Action,
    Asset,
    Degradation,
    FileIdentity,
    GroupKind,
    Photo,
    PhotoFacts,
    PhotoKind,
    Proposal,
    Reason,
    RootRole,
    SimilarGroup,
)


def photo(name: str, *, content: str | None = None, mos: float = 0.2, role: RootRole = RootRole.NORMAL) -> PhotoFacts:
    digest = blake2b((content or name).encode(), digest_size=32).digest()
    inode = int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big")
    file = FileIdentity(Path("/album") / name, 1000, 1, inode, 1)
    seen = Photo(digest, 400, 300, "JPEG")
    return PhotoFacts(Asset(file, (), role), seen, mos, {Degradation.DEFOCUS: 0.8}, kind=PhotoKind.PHOTO)


def low_quality(facts: PhotoFacts) -> Proposal:
    reason = Reason("mos", facts.mos, 0.3, "scored 0.20, below 0.30")
    return Proposal(facts, Action.TRASH, "low-quality", "Scored 0.20 of 1.", (reason,))


def group_of(*members: PhotoFacts, kind: GroupKind = GroupKind.DERIVED) -> list[Proposal]:
    """One proposal a member, the first is the keeper."""
    group = SimilarGroup(members[0].path.name, kind, members, "has more pixels")
    return [
        Proposal(facts, Action.TRASH if rank else Action.KEEP, "keep-best", "A copy.", (), group)
        for rank, facts in enumerate(members)
    ]
