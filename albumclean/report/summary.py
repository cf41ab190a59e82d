"""The numbers of a report: what the library holds, what of it could go and why, and what failed.

Everything is counted while it streams by. Memory grows with the number of folders, cameras and years, and with what
could not be read, not with the photos.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from albumclean.domain import Action, Failure, GroupKind, PhotoFacts, Proposal
from albumclean.similar.partition import Series, in_words
from albumclean.words import counted, file_size

BINS = 100  # of the histogram of scores: bin i holds [i / 100, (i + 1) / 100), the last one 1 too

_YEAR = re.compile(r"(19|20)\d\d(?=-)")
_KINDS = tuple(GroupKind)
_NOUNS = {
    GroupKind.EXACT.value: ("exact copy", "exact copies"),
    GroupKind.DERIVED.value: ("resized or edited copy", "resized or edited copies"),
    GroupKind.MOMENT.value: ("lesser shot of a moment", "lesser shots of a moment"),
    "low-quality": ("photo with a low score", "photos with a low score"),
}


@dataclass(slots=True)
class Amount:
    """How many photos, and the bytes of all their files."""

    photos: int = 0
    bytes: int = 0

    def add(self, facts: PhotoFacts) -> None:
        """Count one more."""
        self.photos += 1
        self.bytes += facts.asset.size


@dataclass(slots=True)
class Line:
    """What is known of one year, camera or folder, and what of it could go."""

    known: Amount = field(default_factory=Amount)
    going: Amount = field(default_factory=Amount)  # proposed for the trash
    doubtful: Amount = field(default_factory=Amount)  # proposed for a look


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a photo could go: the rule, and for groups the kind of group."""

    rule: str
    kind: GroupKind | None

    @property
    def key(self) -> str:
        """The kind of group, for single photos the rule."""
        return self.kind.value if self.kind else self.rule

    @property
    def place(self) -> tuple[int, str]:
        """Sorts: exact copies first, single photos last."""
        return (_KINDS.index(self.kind) if self.kind else len(_KINDS), self.rule)

    def counted(self, photos: int) -> str:
        """ "12 exact copies"."""
        singular, plural = _NOUNS.get(self.key, (f"photo by the rule {self.rule}", f"photos by the rule {self.rule}"))
        return counted(photos, singular, plural)

    @property
    def title(self) -> str:
        """ "Exact copies"."""
        plural = _NOUNS.get(self.key, ("", f"by the rule {self.rule}"))[1]
        return plural[0].upper() + plural[1:]


@dataclass(slots=True)
class Summary:
    """Filled by `meet`, `hear` and `fail`; read afterwards."""

    below: float  # the threshold of `low-quality`
    last_scan: float | None  # seconds since the epoch; None: never finished
    known: Amount = field(default_factory=Amount)
    unread: int = 0  # known, but not scored yet
    going: Amount = field(default_factory=Amount)
    doubtful: Amount = field(default_factory=Amount)
    causes: dict[Cause, Line] = field(default_factory=lambda: defaultdict(Line))
    scores: list[Amount] = field(default_factory=lambda: [Amount() for _ in range(BINS)])
    scores_proposed: list[int] = field(default_factory=lambda: [0] * BINS)  # of these, photos that a rule proposes
    years: dict[int | None, Line] = field(default_factory=lambda: defaultdict(Line))  # None: not known
    cameras: dict[str | None, Line] = field(default_factory=lambda: defaultdict(Line))
    folders: dict[Path, Line] = field(default_factory=lambda: defaultdict(Line))
    failures: list[Failure] = field(default_factory=list)
    stale: list[Path] = field(default_factory=list)  # changed or vanished since the scan
    series: list[Series] = field(default_factory=list)  # left whole

    def meet(self, facts: PhotoFacts) -> None:
        """Count a known photo."""
        self.known.add(facts)
        if facts.failure is None and facts.mos is None:
            self.unread += 1
        if facts.mos is not None and facts.failure is None:
            self.scores[bin_of(facts.mos)].add(facts)
        for line in self._lines(facts):
            line.known.add(facts)

    def hear(self, proposal: Proposal) -> None:
        """Count a proposal; members of groups that stay are none."""
        if proposal.action is Action.KEEP:
            return
        facts = proposal.facts
        cause = Cause(proposal.rule, proposal.group.kind if proposal.group else None)
        for line in (*self._lines(facts), self.causes[cause]):
            (line.going if proposal.action is Action.TRASH else line.doubtful).add(facts)
        (self.going if proposal.action is Action.TRASH else self.doubtful).add(facts)
        if facts.mos is not None:
            self.scores_proposed[bin_of(facts.mos)] += 1

    def fail(self, failures: Iterable[Failure]) -> None:
        """Take in what could not be read or scored."""
        self.failures.extend(failures)

    @property
    def by_cause(self) -> list[tuple[Cause, Line]]:
        """Copies first, single photos last."""
        return sorted(self.causes.items(), key=lambda entry: entry[0].place)

    @property
    def has_findings(self) -> bool:
        """Whether there is anything that a person should look at."""
        return bool(self.going.photos or self.doubtful.photos or self.failures)

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        if self.going.photos:
            parts = [cause.counted(line.going.photos) for cause, line in self.by_cause if line.going.photos]
            said = f"{counted(self.going.photos, 'photo')} ({file_size(self.going.bytes)}) could go: {', '.join(parts)}"
        else:
            said = f"Nothing of {counted(self.known.photos, 'photo')} could go without a look"
        if self.doubtful.photos:
            more = "more " if self.going.photos else ""
            said += f"; {self.doubtful.photos:,} {more}to look at"
        if self.failures:
            said += f"; {len(self.failures):,} could not be read"
        if self.unread:
            said += f"; {self.unread:,} not scored yet"
        return f"{said}."

    @property
    def series_in_words(self) -> str:
        """ "2 brackets (6 photos)"; empty for none."""
        return in_words(self.series)

    def _lines(self, facts: PhotoFacts) -> tuple[Line, Line, Line]:
        camera = facts.photo.camera if facts.photo else None
        return self.years[year_of(facts)], self.cameras[camera or None], self.folders[facts.path.parent]


def bin_of(mos: float) -> int:
    """The place of a score in the histogram."""
    return max(0, min(int(mos * BINS), BINS - 1))


def year_of(facts: PhotoFacts) -> int | None:
    """The year in which it was taken, as far as the photo tells."""
    taken = facts.photo.taken_at if facts.photo else None
    found = _YEAR.match(taken) if taken else None
    return int(found[0]) if found else None


def largest(lines: dict[Path, Line] | dict[str | None, Line], most: int) -> list[tuple[Path | str | None, Line]]:
    """Those with most to gain: by the bytes that could go, then by the photos to look at, then by what is known."""
    return sorted(
        lines.items(),
        key=lambda entry: (
            -entry[1].going.bytes,
            -entry[1].doubtful.photos,
            -entry[1].known.photos,
            str(entry[0] or ""),
        ),
    )[:most]
