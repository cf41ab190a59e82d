"""The library as the last scans and the user left it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path

from albumclean.catalogue.facts import facts_of, has_bearing, is_unchanged
from albumclean.catalogue.grouping import Evidence, partition_of, series_of, shelf_of
from albumclean.catalogue.paging import Page, Pager, Wanted, in_batches, shared
from albumclean.config import Settings
from albumclean.domain import Action, Failure, MomentFacts, PhotoFacts, PhotoKind, Proposal, SimilarGroup
from albumclean.policy.engine import Bench
from albumclean.policy.rule import ANYBODY
from albumclean.scoring import registry
from albumclean.scoring.opinion import Opinion
from albumclean.scoring.opinion import default as default_opinion
from albumclean.similar.groups import Grouping, find_groups
from albumclean.similar.partition import Series
from albumclean.store.cache import Cache
from albumclean.store.ledger import Ledger
from albumclean.store.overview import Histogram
from albumclean.store.rows import Known
from albumclean.store.stored_groups import By, Sums

_AT_ONCE = 64  # candidates whose facts are loaded together


@dataclass(slots=True)
class LeftOut:
    """What the proposals leave out: files that are no longer as the scan saw them, and series, which stay whole."""

    stale: set[Path] = field(default_factory=set)
    series: list[Series] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Estimate:
    """About how much there is to propose."""

    groups: int
    photos: int  # single ones
    spare: int  # bytes of all copies but one of each
    low: int  # bytes of those single photos


class Catalogue:
    """See the module."""

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

    # --- proposals ----------------------------------------------------------------------------------------------------

    def proposals(
        self,
        under: Sequence[Path] = (),
        only: Collection[str] | None = None,
        left_out: LeftOut | None = None,
    ) -> Iterator[Proposal]:
        """What the rules propose for photos under the folders (all, if none are named), groups first.

        Groups reach over the whole library: a copy under the folders may have its keeper elsewhere. `left_out` collects
        what is not spoken of.
        """
        left_out = left_out if left_out is not None else LeftOut()
        bench = Bench(self.settings, self.ledger.kept, only)
        for proposal in bench.propose(self._candidates(bench, under), self.groups(left_out)):
            if proposal.group is not None:
                if _speaks_of(proposal, under):
                    yield proposal
            # Members of groups have been looked at before the keeper was chosen.
            elif is_unchanged(proposal.facts):
                yield proposal
            else:
                left_out.stale.add(proposal.facts.path)

    def page(
        self,
        wanted: Wanted,
        under: Sequence[Path] = (),
        only: Collection[str] | None = None,
        left_out: LeftOut | None = None,
    ) -> Page:
        """Some of the `proposals`, and about how many there are; the rest of the library is not looked at.

        Each comes with its whole group, and says just what it says among all. `left_out` collects only what is met.
        """
        left_out = left_out if left_out is not None else LeftOut()
        bench = Bench(self.settings, self.ledger.kept, only)
        shelf = shelf_of(self.cache)
        left_out.series += (series := series_of(shelf))
        dismissed = self.ledger.dismissed()
        evidence = Evidence(self.cache, partial(self._files_with, stale=left_out.stale))
        grouping = Grouping(evidence, series, dismissed, self.settings.similar)
        pager = Pager(shelf, grouping, bench, dismissed, under)

        def groups() -> Iterator[list[Proposal]]:
            for asked in pager.groups(wanted):
                spoken = [proposal for proposal in asked if _speaks_of(proposal, under)]
                if spoken:
                    yield spoken

        def photos() -> Iterator[list[Proposal]]:
            seen: set[Path] = set()
            waiting = (facts for facts in self.photos_with(sorted(wanted.first)) if _is_under(facts.path, under))
            for some in (waiting, self._candidates(bench, under, wanted)):
                for batch in in_batches(filter(has_bearing, some), _AT_ONCE):
                    fresh = [facts for facts in batch if facts.path not in seen]
                    seen.update(facts.path for facts in fresh if facts.content in wanted.first)
                    for proposal in pager.photos(fresh):
                        if is_unchanged(proposal.facts):
                            yield [proposal]
                        else:
                            left_out.stale.add(proposal.facts.path)

        return shared(wanted, groups(), photos())

    def estimate(self, under: Sequence[Path] = (), only: Collection[str] | None = None) -> Estimate | None:
        """About how much there is to propose, from what is kept: without a look at what the user has said, or marked.

        None where nobody has counted: of single folders, and where other scorers than the judge have the word.
        """
        bench = Bench(self.settings, self.ledger.kept, only)
        if under or not self._is_bounded(bench):
            return None
        photos, low = self.mos_histogram().below(bench.below)
        sums = shelf_of(self.cache).sums() if bench.judges_groups else Sums()
        return Estimate(sums.groups, photos, sums.spare, low)

    def _candidates(self, bench: Bench, under: Sequence[Path], page: Wanted | None = None) -> Iterator[PhotoFacts]:
        """The photos of which a rule may have something to say, by path; for a page as that is ordered, if possible."""
        if not self._is_bounded(bench):
            yield from filter(has_bearing, self.photos(under))
            return
        by = page.by if page is not None else By.PATH
        walk = page is not None and self._walks(bench, page.limit)
        found = self.cache.candidates.below(registry.spec(registry.JUDGE), bench.below, under, by, walk=walk)
        open_ones = ((path, content) for path, content in found if not bench.is_settled(content))
        for batch in in_batches(open_ones, _AT_ONCE):
            known = {facts.path: facts for facts in self.photos_with(list(dict.fromkeys(each[1] for each in batch)))}
            yield from (facts for path, _ in batch if (facts := known.get(path)) is not None and has_bearing(facts))

    def _walks(self, bench: Bench, limit: int) -> bool:
        """Whether the first so many low scores are met sooner on a walk by path than all low scores are sorted.

        It decides on time alone: what is found is the same.
        """
        histogram = self.mos_histogram()
        low, _ = histogram.below(bench.below)
        passed = limit + bench.settled_photos
        return passed * sum(histogram.counts) < low * low

    def _is_bounded(self, bench: Bench) -> bool:
        """Whether the index of the judge's scores tells whom the rules can speak of."""
        return self.opinion.is_default and bench.below < ANYBODY

    # --- groups -------------------------------------------------------------------------------------------------------

    def groups(self, left_out: LeftOut | None = None) -> Iterator[SimilarGroup]:
        """The groups of similar photos of the whole library; `left_out` as in `proposals`."""
        left_out = left_out if left_out is not None else LeftOut()
        evidence = Evidence(self.cache, partial(self._files_with, stale=left_out.stale))
        partition = partition_of(shelf_of(self.cache))
        return find_groups(evidence, self.ledger.dismissed(), self.settings.similar, left_out.series, partition)

    def _files_with(self, contents: Sequence[bytes], stale: set[Path]) -> Iterator[PhotoFacts]:
        """The facts of the files that are still as the scan saw them; the others are put into `stale`."""
        for facts in self.photos_with(contents):
            if is_unchanged(facts):
                yield facts
            else:
                stale.add(facts.path)

    # --- facts --------------------------------------------------------------------------------------------------------

    def photos(self, under: Sequence[Path] = ()) -> Iterator[PhotoFacts]:
        """The facts of every known photo, by path."""
        return map(self._facts(), self.cache.known(under, self._specs))

    def videos(self, under: Sequence[Path] = ()) -> Iterator[PhotoFacts]:
        """The facts of every known video, by path."""
        return map(self._facts(), self.cache.known(under, self._specs, videos=True))

    def photos_with(self, contents: Sequence[bytes]) -> Iterator[PhotoFacts]:
        """The facts of every known photo with one of these contents."""
        return map(self._facts(), self.cache.known_with(contents, self._specs))

    def mos_histogram(self, bins: int = 100) -> Histogram:
        """All known photos that have a score, by their MOS."""
        if self.opinion.is_default:
            return self.cache.histogram(registry.spec(registry.JUDGE), bins)
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
        unscored = (facts for facts in self.photos(under) if has_bearing(facts) and facts.mos is None)
        return sum(not facts.asset.video for facts in unscored)

    def failures(self, under: Sequence[Path] = ()) -> Iterator[Failure]:
        """What could not be read or scored, by path."""
        return self.cache.failures(under)

    def _facts(self) -> Callable[[Known], PhotoFacts]:
        return partial(self._facts_of, today=self._today or date.today())

    def _facts_of(self, known: Known, today: date) -> PhotoFacts:
        facts = facts_of(known, self.opinion, today)
        if facts.kind is not PhotoKind.VIDEO or known.content_hash is None:
            return facts
        values = self.cache.frames_of(known.content_hash, self._specs)
        scored = ((seconds, self.opinion.mos(said)) for seconds, said in values.items())
        return replace(facts, moments=tuple(MomentFacts(seconds, mos) for seconds, mos in scored if mos is not None))


def _speaks_of(proposal: Proposal, under: Sequence[Path]) -> bool:
    """Whether it is about a photo under the folders: of a group with one, the photo itself or one that stays."""
    if _is_under(proposal.facts.path, under):
        return True
    members = proposal.group.members if proposal.group else ()
    return proposal.action is Action.KEEP and any(_is_under(facts.path, under) for facts in members)


def _is_under(path: Path, folders: Sequence[Path]) -> bool:
    return not folders or any(path.is_relative_to(folder) for folder in folders)
