"""After a scan: close looks at the pairs that may be copies, so that grouping has facts and not only likeness.

Only pairs with something new in them are looked at. Which pairs those are grows with what is found (`similar.stars`):
a component of look-alikes asks for a few looks, and their outcome settles its stars or asks for more.
"""

from __future__ import annotations

import functools
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Self

from albumclean.comparison import REVISION
from albumclean.config import Settings
from albumclean.domain import Comparison, FileIdentity, Photo, Relation, Testimony
from albumclean.engines.look import Look, LookJob, look_closely
from albumclean.engines.pool import worker_pool
from albumclean.engines.search import Found, SearchJob, find_candidates
from albumclean.scoring import registry
from albumclean.similar.components import Pair, Triple, pair, pairs_by_component
from albumclean.similar.contents import different_shots
from albumclean.similar.fingerprint import REVISION as FINGERPRINT
from albumclean.similar.neighbours import REVISION as NEIGHBOURS
from albumclean.similar.prior import prior
from albumclean.similar.stars import REVISION as STARS
from albumclean.similar.stars import find_stars
from albumclean.similar.verdict import Verdict, verdict_of
from albumclean.similar.witnesses import told_of
from albumclean.store.cache import Cache

COMMIT_EVERY = 2.0  # seconds
_COMPARED = "compared"  # the work after which nothing is left to compare

_PORTION = 20_000  # pairs whose facts are looked at together
_PHOTOS = 10_000  # whose facts are kept at hand


@dataclass(slots=True)
class CompareProgress:
    """How far the close looks are; `wanted` grows while they go on."""

    wanted: int = 0
    done: int = 0
    failed: int = 0


def compare_new(
    cache: Cache,
    settings: Settings,
    progress: Callable[[CompareProgress], None],
    stop: Callable[[], bool] = lambda: False,
) -> CompareProgress:
    """Look closely at every pair that may be copies and has not been looked at. KeyboardInterrupt keeps what was found.

    `stop` is asked between pairs; once True, the rest is left to the next scan, which also tries again those pairs
    whose files can't be read now. Raises SearchFailed.
    """
    key, state = searched_key(), CompareProgress()
    if cache.state.is_done(_COMPARED, key):
        return state
    # Of before: what another program changes from here on, as `apply` does, is not dealt with.
    generation = cache.state.generation
    if cache.comparisons.forget_vanished():
        generation += 1
    if stop():
        return state
    if not cache.comparisons.has_unsearched(key, FINGERPRINT):
        cache.state.mark_done(_COMPARED, key, generation=generation)
        return state
    embedding = registry.spec(registry.JUDGE).revision
    found = find_candidates(SearchJob(cache.path, FINGERPRINT, embedding, key, settings.similar))
    looks = _Looks(cache, settings, _Candidates.of(found, cache), state, stop)
    looks.run(progress)
    cache.comparisons.mark_searched([content for content in found.new if content not in looks.unsettled], key)
    if not looks.unsettled:
        cache.state.mark_done(_COMPARED, key, generation=generation + looks.written)
    return state


def searched_key() -> str:
    """Under which a content is remembered as searched: by what pairs are found and compared today."""
    return f"{FINGERPRINT}|{registry.spec(registry.JUDGE).revision}|{NEIGHBOURS}|{REVISION}|{STARS}"


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The pairs that may be copies."""

    pairs: frozenset[Pair]  # without those that time or camera tell apart, unless they could have the same pixels
    alike: frozenset[Pair]  # those that could

    @classmethod
    def of(cls, found: Found, cache: Cache) -> Self:
        """From what the search has found."""
        pairs, alike = set(), set()
        for start in range(0, len(found.pairs), _PORTION):  # most are told apart at once: their facts are let go
            portion = found.pairs[start : start + _PORTION].tolist()
            photos = _photos_at({place for places in portion for place in places}, found, cache)
            for (left, right), same_hashes in zip(portion, found.twins[start : start + _PORTION].tolist(), strict=True):
                one, other = photos.get(left), photos.get(right)
                if one is None or other is None:
                    continue
                contents = pair(one.content_hash, other.content_hash)
                if same_hashes and (one.width, one.height) == (other.width, other.height):
                    alike.add(contents)
                elif different_shots(one, other):
                    continue
                pairs.add(contents)
        return cls(frozenset(pairs), frozenset(alike))


def _photos_at(places: Collection[int], found: Found, cache: Cache) -> dict[int, Photo]:
    """The facts of the contents at these places of what was found, as far as there are any."""
    at = {found.contents[place]: place for place in places}
    return {at[photo.content_hash]: photo for photo in cache.photos_of(at)}


class _Looks:
    """The components of look-alikes that are not settled, and the looks that they wait for."""

    def __init__(
        self,
        cache: Cache,
        settings: Settings,
        found: _Candidates,
        state: CompareProgress,
        stop: Callable[[], bool],
    ) -> None:
        self._cache = cache
        self._stop = stop
        self._photo = functools.lru_cache(_PHOTOS)(cache.photo)
        self._alike = found.alike
        self._pixels: dict[bytes, bytes] = {}  # digests
        self._settings = settings
        self._state = state
        self.unsettled: set[bytes] = set()  # contents that could not be read or looked at this time
        self.written = 0  # times that looks were remembered, each of which counts the cache's state up
        self._parts: list[list[Pair]] = []
        self._verdicts: list[dict[Pair, Verdict]] = []  # of each part: what is asked again and again stays small
        self._told: list[defaultdict[Pair, dict[bytes, float | None]]] = []  # by witnesses, of each part
        self._part_of: dict[bytes, int] = {}
        self._join(found.pairs)
        self._prior = {content: prior(self._photo(content), content) for content in self._part_of}
        self._missing = [0] * len(self._parts)  # looks that each part waits for
        self._ready: deque[Pair | Triple] = deque()
        for number in range(len(self._parts)):
            self._ask(number)

    def run(self, progress: Callable[[CompareProgress], None]) -> None:
        """Take all the looks."""
        if not self._ready:
            return
        pool = worker_pool(look_closely, self._settings.scan)
        found: list[Look] = []
        last = time.monotonic()
        try:
            with closing(pool.run(self._jobs(), lambda _: None)) as results:
                for job, result in results:
                    if isinstance(result, Look):
                        found.append(result)
                        self._pixels.update(result.pixels)
                        self._learn(result.found)
                        self._settle(job.contents)
                    else:
                        self._give_up(job.contents)
                    progress(self._state)
                    if time.monotonic() - last >= COMMIT_EVERY:
                        self._remember(found)
                        found, last = [], time.monotonic()
        finally:
            self._remember(found)
        # A part that still waits for looks was stopped: all of it is searched again.
        for pairs, missing in zip(self._parts, self._missing, strict=True):
            if missing:
                self.unsettled.update(content for each in pairs for content in each)

    def _remember(self, looks: Collection[Look]) -> None:
        if not looks:
            return
        pixels = (each for look in looks for each in look.pixels)
        found = [look.found for look in looks]
        self._cache.comparisons.write(
            [each for each in found if isinstance(each, Comparison)],
            REVISION,
            pixels,
            [each for each in found if isinstance(each, Testimony)],
        )
        self.written += 1

    def _join(self, candidates: Collection[Pair]) -> None:
        """Part the candidates into components, together with the copies that are known around them."""
        known = {(look.one, look.other): look for look in self._cache.comparisons.without_reasons(REVISION)}
        copies = [each for each, look in known.items() if look.relation is not Relation.DIFFERENT]
        asked = {content for each in candidates for content in each}
        for pairs in pairs_by_component([*candidates, *copies]):
            part = {content for each in pairs for content in each}
            if not asked.isdisjoint(part):
                self._pixels.update(self._cache.comparisons.pixels(part, REVISION))
                self._part_of.update(dict.fromkeys(part, len(self._parts)))
                self._parts.append(pairs)
                self._verdicts.append({})
                self._told.append(told_of(self._cache.comparisons.testimonies(part, REVISION)))
        for each, look in known.items():
            if each[0] in self._part_of and self._part_of[each[0]] == self._part_of.get(each[1]):
                self._learn(look)

    def _learn(self, look: Comparison | Testimony) -> None:
        if isinstance(look, Testimony):
            self._hear(look)
            return
        contents = look.one, look.other
        one, other = (self._photo(content) for content in contents)
        self._verdicts[self._part_of[look.one]][contents] = verdict_of(look, one, other)

    def _hear(self, said: Testimony) -> None:
        self._told[self._part_of[said.one]][said.one, said.other][said.witness] = said.leaning

    def _ask(self, number: int) -> None:
        pairs = self._parts[number]
        alike = self._alike.intersection(pairs)
        prior = self._prior.__getitem__
        told = self._told[number]
        stars = find_stars(pairs, self._verdicts[number], prior, alike=alike, pixels=self._pixels, told=told)
        wanted: list[Pair | Triple] = [*stars.wanted, *stars.witnesses]
        self._missing[number] = len(wanted)
        self._state.wanted += len(wanted)
        # What settles a component goes first: its photos are still decoded, and a kill leaves few half done.
        self._ready.extendleft(reversed(wanted))

    def _settle(self, contents: Pair | Triple) -> None:
        number = self._part_of[contents[0]]
        self._state.done += 1
        self._missing[number] -= 1
        if not self._missing[number]:
            self._ask(number)

    def _give_up(self, contents: Pair | Triple) -> None:
        self._state.failed += 1
        self.unsettled.update(contents)
        # For this run; nothing is remembered.
        if len(contents) == 3:
            self._hear(Testimony(*contents, leaning=None))
        else:
            self._verdicts[self._part_of[contents[0]]][contents] = Verdict(copies=False)
        self._settle(contents)

    def _jobs(self) -> Iterator[LookJob | None]:
        while self._state.done < self._state.wanted and not self._stop():
            if not self._ready:
                yield None  # what comes next hangs on looks that are under way
                continue
            contents = self._ready.popleft()
            files = [self._file(content) for content in contents]
            known = tuple(file for file in files if file is not None)
            if len(known) < len(files):
                self._give_up(contents)
            else:
                yield LookJob(known, contents, self._settings.scan.max_pixels)

    def _file(self, content: bytes) -> FileIdentity | None:
        for known in self._cache.known_with([content]):
            if known.failure is None:
                return known.asset.primary
        return None
