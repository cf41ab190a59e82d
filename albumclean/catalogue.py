"""What is known of the library, put together: facts from the cache, the user's word from the ledger, and proposals.

Reads only. Files that a proposal speaks of are looked at once more (`lstat`), so that what has changed since the scan
is not proposed; nothing else touches the photos.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path

from albumclean.comparison import REVISION
from albumclean.config import Settings
from albumclean.domain import (
    Action,
    Comparison,
    Degradation,
    Failure,
    FileIdentity,
    MomentFacts,
    Photo,
    PhotoFacts,
    PhotoKind,
    Proposal,
    SimilarGroup,
)
from albumclean.policy.engine import propose
from albumclean.policy.kinds import days_since, kind_of
from albumclean.scoring import registry
from albumclean.scoring.opinion import Opinion
from albumclean.scoring.opinion import default as default_opinion
from albumclean.similar.components import Pair
from albumclean.similar.fingerprint import REVISION as FINGERPRINT
from albumclean.similar.groups import find_groups
from albumclean.similar.index import FingerprintIndex
from albumclean.similar.series import Series
from albumclean.store.cache import Cache
from albumclean.store.cache_reader import Histogram
from albumclean.store.ledger import Ledger
from albumclean.store.rows import Known

_PREFERENCE = (registry.JUDGE, "preference")
_KINDS = tuple((kind, (registry.KIND, kind.value)) for kind in PhotoKind if kind is not PhotoKind.UNSURE)
_DEGRADATIONS = tuple((kind, (registry.JUDGE, kind.value)) for kind in Degradation)


@dataclass(slots=True)
class LeftOut:
    """What the proposals leave out: files that are no longer as the scan saw them, and series, which stay whole."""

    stale: set[Path] = field(default_factory=set)
    series: list[Series] = field(default_factory=list)


class Catalogue:
    """The library as the last scans and the user left it."""

    def __init__(
        self,
        cache: Cache,
        ledger: Ledger,
        settings: Settings,
        today: date | None = None,
        opinion: Opinion | None = None,
    ) -> None:
        """`today` is the day from which ages count; None: the day of each question.

        `opinion` says whose scores count; None: the judge's.
        """
        self.cache = cache
        self.ledger = ledger
        self.settings = settings
        self._today = today
        self.opinion = opinion or default_opinion()
        self._specs = self.opinion.specs

    def proposals(
        self,
        under: Sequence[Path] = (),
        only: Collection[str] | None = None,
        left_out: LeftOut | None = None,
        groups: Iterable[SimilarGroup] | None = None,
    ) -> Iterator[Proposal]:
        """What the rules propose for photos under the folders (all, if none are named), groups first.

        Groups reach over the whole library: a copy under the folders may have its keeper elsewhere. `groups` are those
        that were found before; without them they are found now. `left_out` collects what is not spoken of.
        """
        left_out = left_out if left_out is not None else LeftOut()
        groups = self.groups(left_out) if groups is None else groups
        photos = (facts for facts in self.photos(under) if _has_bearing(facts))
        for proposal in propose(photos, groups, self.settings, self.ledger.kept, only):
            members = proposal.group.members if proposal.group else (proposal.facts,)
            if not any(_is_under(facts.path, under) for facts in members):
                continue
            # Members of groups have been looked at before the keeper was chosen.
            if proposal.group is None and not _unchanged(proposal.facts):
                left_out.stale.add(proposal.facts.path)
                continue
            if _is_under(proposal.facts.path, under) or proposal.action is Action.KEEP:
                yield proposal

    def photos(self, under: Sequence[Path] = ()) -> Iterator[PhotoFacts]:
        """The facts of every known photo, by path."""
        return map(self._facts(), self.cache.known(under, self._specs))

    def videos(self, under: Sequence[Path] = ()) -> Iterator[PhotoFacts]:
        """The facts of every known video, by path."""
        return map(self._facts(), self.cache.known(under, self._specs, videos=True))

    def mos_histogram(self, bins: int = 100) -> Histogram:
        """All known photos that have a score, by their MOS."""
        if self.opinion.is_default:
            return self.cache.histogram(registry.spec(registry.JUDGE), "mos", bins)
        counts, sizes = [0] * bins, [0] * bins
        for facts in self.photos():
            if facts.mos is not None and facts.failure is None and not facts.asset.video:
                at = min(int(facts.mos * bins), bins - 1)
                counts[at] += 1
                sizes[at] += facts.asset.size
        return Histogram(tuple(counts), tuple(sizes))

    def mos_of(self, contents: Collection[bytes]) -> Iterator[tuple[bytes, float]]:
        """(content, MOS) of those that have one, in no certain order; no file need hold them any more."""
        values: dict[bytes, dict[tuple[str, str], float]] = {}
        for voice in self.opinion.quality:
            quantity = voice.spec.quantities[0]
            for content, value in self.cache.values_of(contents, voice.spec, quantity):
                values.setdefault(content, {})[voice.spec.name, quantity] = value
        for content, found in values.items():
            mos = self.opinion.mos(found)
            if mos is not None:
                yield content, mos

    def count_unscored(self, under: Sequence[Path] = ()) -> int:
        """How many readable photos a chosen scorer of quality has not seen; the judge sees all that are scanned."""
        if self.opinion.is_default:
            return 0
        unscored = (facts for facts in self.photos(under) if _has_bearing(facts) and facts.mos is None)
        return sum(not facts.asset.video for facts in unscored)

    def failures(self, under: Sequence[Path] = ()) -> Iterator[Failure]:
        """What could not be read or scored, by path."""
        return self.cache.failures(under)

    def groups(self, left_out: LeftOut | None = None) -> Iterator[SimilarGroup]:
        """The groups of similar photos of the whole library; `left_out` as in `proposals`."""
        left_out = left_out if left_out is not None else LeftOut()
        evidence = _Evidence(self, left_out.stale)
        return find_groups(evidence, self.ledger.dismissed(), self.settings.similar, left_out.series)

    def photos_with(self, contents: Sequence[bytes]) -> Iterator[PhotoFacts]:
        """The facts of every known photo with one of these contents."""
        return map(self._facts(), self.cache.known_with(contents, self._specs))

    def _facts(self) -> Callable[[Known], PhotoFacts]:
        return partial(self._facts_of, today=self._today or date.today())

    def _facts_of(self, known: Known, today: date) -> PhotoFacts:
        facts = _facts(known, self.opinion, today)
        if facts.kind is not PhotoKind.VIDEO or known.content_hash is None:
            return facts
        values = self.cache.frames_of(known.content_hash, self._specs)
        scored = ((seconds, self.opinion.mos(said)) for seconds, said in values.items())
        return replace(facts, moments=tuple(MomentFacts(seconds, mos) for seconds, mos in scored if mos is not None))


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What grouping asks of the library, from the cache; leaves out what has changed since the scan."""

    catalogue: Catalogue
    stale: set[Path]

    def copies(self) -> Iterator[Pair]:
        return self.catalogue.cache.comparisons.copies(REVISION)

    def comparisons(self, contents: Collection[bytes]) -> list[Comparison]:
        return self.catalogue.cache.comparisons.among(contents, REVISION)

    def shared(self) -> list[bytes]:
        return self.catalogue.cache.shared_contents()

    def dated(self) -> Iterator[Photo]:
        return self.catalogue.cache.dated_photos()

    def undated_lookalikes(self) -> Iterator[Pair]:
        return self.catalogue.cache.comparisons.undated_lookalikes(REVISION)

    def photos(self, contents: Sequence[bytes]) -> list[Photo]:
        return list(self.catalogue.cache.photos_of(contents))

    def fingerprints(self, contents: Sequence[bytes]) -> FingerprintIndex:
        cache, embedding = self.catalogue.cache, registry.spec(registry.JUDGE).revision
        prints = cache.fingerprints_of(contents, FINGERPRINT)
        return FingerprintIndex.build(prints, cache.embeddings_of(contents, embedding))

    def facts(self, contents: Sequence[bytes]) -> Iterator[PhotoFacts]:
        for facts in self.catalogue.photos_with(contents):
            if _unchanged(facts):
                yield facts
            else:
                self.stale.add(facts.path)


def _facts(known: Known, opinion: Opinion, today: date) -> PhotoFacts:
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


def _has_bearing(facts: PhotoFacts) -> bool:
    return facts.photo is not None and facts.failure is None


def _is_under(path: Path, folders: Sequence[Path]) -> bool:
    return not folders or any(path.is_relative_to(folder) for folder in folders)


def _unchanged(facts: PhotoFacts) -> bool:
    """Whether the photo and its companions are, by `lstat`, as the scan saw them."""
    return all(_as_it_was(file) for file in facts.asset.files)


def _as_it_was(file: FileIdentity) -> bool:
    try:
        found = file.path.lstat()
    except OSError:
        return False
    return file.same_file_state(FileIdentity.of(file.path, found))
