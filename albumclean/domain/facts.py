"""What the rules know of photos, how photos are alike, and what is proposed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from albumclean.domain.files import Asset, RootRole
from albumclean.domain.photo import Degradation, Failure, Photo, PhotoKind, UserMarks
from albumclean.domain.turn import AS_IT_LIES, Turn

BEYOND_DOUBT = 6.0  # log-odds: one in four hundred would be wrong


@dataclass(frozen=True, slots=True)
class Reason:
    """One fact behind a proposal: the value met the threshold in the way that the text says."""

    fact: str  # machine name, e.g. "mos", "phash_distance"
    value: float | int | str | None
    threshold: float | int | str | None
    text: str  # for people
    weight: float = 1.0  # order of importance, largest first


class Relation(StrEnum):
    """What the pixels of two photos say of them."""

    SAME_PIXELS = "same-pixels"  # other bytes: metadata, or packed otherwise
    DERIVED = "derived"  # one was made from the other, or both from a third
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a close look at two contents found. Symmetric: `one` sorts before `other`."""

    one: bytes  # content hashes
    other: bytes
    relation: Relation
    likeness: float  # of what both show, in [0, 1]: 1 is the same
    source: bytes | None = None  # of the two the one that is nearer to the camera; None: nothing tells
    reasons: tuple[Reason, ...] = ()  # why it is the source, the strongest first; each text begins with a verb
    certainty: float = BEYOND_DOUBT  # log-odds for that source, at least 0; says nothing where there is none
    turn: Turn = AS_IT_LIES  # that lays `other` as `one` lies
    difference: float | None = None  # of the colours of what both show, root mean square in grey levels; None: unknown

    @property
    def odds(self) -> float:
        """Logarithm of how much likelier `one` is the source than `other`; 0 where nothing tells."""
        if self.source is None:
            return 0.0
        return self.certainty if self.source == self.one else -self.certainty


@dataclass(frozen=True, slots=True)
class Testimony:
    """What a third picture of a shot tells of two others: which one it was made from. `one` sorts before `other`."""

    one: bytes  # content hashes
    other: bytes
    witness: bytes
    leaning: float | None  # in [-1, 1]: 1 as if made from `one`, -1 from `other`; None: it can't tell


class GroupKind(StrEnum):
    """How the members of a group are alike."""

    EXACT = "exact"  # the same bytes, or the same pixels with other metadata
    DERIVED = "derived"  # resized, recompressed, edited
    MOMENT = "moment"  # several shots of one moment

    @property
    def text(self) -> str:
        """What the members are, for people."""
        return _GROUP_TEXTS[self]


_GROUP_TEXTS = {
    GroupKind.EXACT: "exact copies",
    GroupKind.DERIVED: "resized or edited copies",
    GroupKind.MOMENT: "shots of one moment",
}


class Action(StrEnum):
    """What a rule proposes or a person decides."""

    KEEP = "keep"
    REVIEW = "review"
    TRASH = "trash"


_NO_MARKS = UserMarks()


@dataclass(frozen=True, slots=True)
class MomentFacts:
    """One frame of a video."""

    seconds: float  # since the beginning
    mos: float  # [0, 1]


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """All that policy may know of one asset: read from the cache and the ledger, no pixels."""

    asset: Asset
    photo: Photo | None = None
    mos: float | None = None  # [0, 1]
    degradations: dict[Degradation, float] = field(default_factory=dict)  # severities
    marks: UserMarks = _NO_MARKS
    failure: Failure | None = None
    preference: float | None = None  # which shot of one scene people like best: larger is better
    kind: PhotoKind = PhotoKind.UNSURE
    days_old: int | None = None  # of a screenshot: since it was taken, or else since its file was written
    aesthetic: float | None = None  # how much people would like it, in [0, 1]; known where such a scorer was chosen

    moments: tuple[MomentFacts, ...] = ()  # of a video: the frames that were looked at, by time

    @property
    def path(self) -> Path:
        """Where the photo lies."""
        return self.asset.primary.path

    @property
    def worst(self) -> MomentFacts:
        """The worst of the moments, of equals the first; raises ValueError where there are none."""
        return min(self.moments, key=lambda moment: moment.mos)

    @property
    def content(self) -> bytes:
        """The hash of its bytes; empty if they were not read."""
        return self.photo.content_hash if self.photo else b""

    @property
    def untouchable(self) -> str | None:
        """Why it is never proposed by default, or None."""
        if self.asset.role is RootRole.PROTECTED:
            return "lies in a protected folder"
        if self.marks.unknown:
            return "has a sidecar that can't be read and may hold a rating"
        if self.marks.favourite:
            return "is a favourite"
        if self.marks.treasured:
            return f"is rated {self.marks.rating}"
        return None


@dataclass(frozen=True, slots=True)
class SimilarGroup:
    """Photos of which each matches every other; ordered, the keeper first."""

    id: str  # stable: derived from the members' content hashes and paths
    kind: GroupKind
    members: tuple[PhotoFacts, ...]
    keeper_reason: str = ""
    verdicts: tuple[Reason, ...] = ()  # why the keeper beats each member, in their order; the first: the runner-up
    comparisons: tuple[Comparison, ...] = ()  # the close looks at pairs of members, as far as there were any
    rivals: frozenset[bytes] = frozenset()  # contents that may be nearer to the camera than the keeper, for all looks

    @property
    def keeper(self) -> PhotoFacts:
        """The member that stays."""
        return self.members[0]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a rule suggests for one asset, and why. Changes nothing by itself."""

    facts: PhotoFacts
    action: Action
    rule: str
    sentence: str
    reasons: tuple[Reason, ...] = ()
    group: SimilarGroup | None = None
