"""The ten invariants of docs/architecture.md, over libraries, decisions and faults that hypothesis thinks up.

Every step is followed by a look at the disk that shares no code with the program (`tests/world.py`). The memory of
invariant 8 is at the end; the start of invariant 10 is in tests/test_cli.py.

    ALBUMCLEAN_INVARIANTS=2000 pytest tests/test_invariants.py    tries so many libraries instead of a few
    ALBUMCLEAN_SHRINK=1 pytest tests/test_invariants.py          looks for the shortest way to a failure
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as beginning_with
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from albumclean.catalogue import Catalogue
from albumclean.config import Settings
from albumclean.domain import (
    Action,
    Asset,
    FileIdentity,
    Fingerprint,
    GroupKind,
    MoveState,
    Photo,
    PhotoFacts,
    Proposal,
    SimilarGroup,
    TrashOutcome,
    UserMarks,
)
from albumclean.media.reading import content_hash
from albumclean.plan import build_plan
from albumclean.policy.engine import Bench
from albumclean.policy.rules import low_quality
from albumclean.review.session import ReviewSession, Verdict, questions
from albumclean.similar.fingerprint import REVISION as FINGERPRINT
from albumclean.store.cache import Cache
from albumclean.store.ledger import Ledger
from albumclean.trash import apply_plan, recover, resume, undo
from albumclean.unattended.auto import AutoMove
from albumclean.unattended.registry import all_rules
from tests.striking import Fault
from tests.world import World

LIBRARIES = int(os.environ.get("ALBUMCLEAN_INVARIANTS", "30"))
MEMORY = Path("/dev/shm")

FOLDERS = st.sampled_from(["a", "b/c", "protected"])
# In the middle of a photo, there or back, are the moves themselves and the journal's words around them.
CALLS = st.sampled_from(
    [*["renameat2"] * 4, *["announce"] * 2, "settle", "open", "fsync", "unlink", "mkdir", "begin", "finish"]
)
CODES = st.sampled_from([None, None, None, "ENOSPC", "EIO", "EACCES", "EROFS"])  # None: a kill
FAULTS = st.one_of(st.builds(Fault, CODES, CALLS, st.integers(0, 4), st.booleans()), st.none())


@beginning_with(
    21
)  # one of those whose thirty libraries see enough of everything; more libraries: ALBUMCLEAN_INVARIANTS
class Library(RuleBasedStateMachine):
    """One library from its first photo on."""

    seen: ClassVar[Counter[str]] = Counter()  # in all libraries

    def __init__(self) -> None:
        super().__init__()
        self.environment = dict(os.environ)
        self.world = World(Path(tempfile.mkdtemp(prefix="world-", dir=MEMORY if MEMORY.is_dir() else None)).resolve())

    def teardown(self) -> None:
        Library.seen += self.world.seen
        self.world.close()
        shutil.rmtree(self.world.base)
        os.environ.clear()
        os.environ.update(self.environment)

    def folder(self, name: str) -> Path:
        return self.world.album / name

    def one_of(self, data: st.DataObject, paths: list[Path]) -> Path:
        return data.draw(st.sampled_from(paths), label="file")

    # --- the user -----------------------------------------------------------------------------------------------

    @initialize(bad=st.booleans())
    def begin(self, bad: bool) -> None:
        """Photos with companions, copies, a smaller and a bad one: something to propose from the first scan on."""
        world, first, second = self.world, self.folder("a"), self.folder("b/c")
        photo = world.add(first, 1, 0, bad=bad, broken=False, with_=(".mov", ".aae"))
        for folder in (first, second):
            world.copy(photo, folder)
        world.add(second, 1, 1, bad=False, broken=False, with_=(".xmp",))
        world.add(first, 2, 2, bad=True, broken=False, with_=(".mov",))
        world.add(world.safe, 4, 2, bad=True, broken=False, with_=())
        world.scan()

    @rule(
        folder=FOLDERS,
        seed=st.integers(0, 5),
        variant=st.integers(0, 3),
        bad=st.booleans(),
        broken=st.sampled_from([False, False, False, True]),
        with_=st.sets(st.sampled_from([".mov", ".aae", ".xmp"])),
        copies=st.sampled_from([1, 2, 0]),
    )
    def add_a_photo(
        self, folder: str, seed: int, variant: int, bad: bool, broken: bool, with_: set[str], copies: int
    ) -> None:
        photo = self.world.add(self.folder(folder), seed, variant, bad=bad, broken=broken, with_=sorted(with_))
        for number in range(copies):
            self.world.copy_whole(photo, self.folder("a" if number else "b/c"))

    @precondition(lambda self: self.world.photos())
    @rule(data=st.data(), folder=FOLDERS, how=st.sampled_from(["copy", "copy", "hard_link", "symlink"]))
    def copy_or_link_a_photo(self, data: st.DataObject, folder: str, how: str) -> None:
        getattr(self.world, how)(self.one_of(data, self.world.photos()), self.folder(folder))

    @precondition(lambda self: self.world.listing())
    @rule(data=st.data())
    def something_happens_to_a_file(self, data: st.DataObject) -> None:
        self.something_happens(data, list(self.world.listing()))

    @precondition(lambda self: self.world.photos())
    @rule(data=st.data())
    def rate_a_photo(self, data: st.DataObject) -> None:
        self.world.rate(self.one_of(data, self.world.photos()))

    @precondition(lambda self: self.world.away)
    @rule(data=st.data())
    def put_a_new_file_where_one_has_gone_from(self, data: st.DataObject) -> None:
        path = self.one_of(data, sorted({path for path, _ in self.world.away}))
        if not path.exists() and path.suffix != ".jpg":
            self.world.write(path, f"new since {self.world.tick}".encode())

    # --- the program --------------------------------------------------------------------------------------------

    @rule()
    def scan(self) -> None:
        self.world.scan()

    @rule(
        data=st.data(),
        fault=FAULTS,
        to_folder=st.booleans(),
        scan=st.sampled_from([True, True, True, False]),
        imports=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=2),
        then=st.lists(st.tuples(st.sampled_from(["undo", "recover", "resume"]), FAULTS), max_size=3),
    )
    def an_evening(
        self,
        data: st.DataObject,
        fault: Fault | None,
        to_folder: bool,
        scan: bool,
        imports: list[tuple[int, int]],
        then: list[tuple[str, Fault | None]],
    ) -> None:
        """What was imported twice, a review, and perhaps second thoughts.

        hypothesis chooses few of the rules for each library, so what belongs together comes together.
        """
        for seed, variant in imports:
            photo = self.world.add(self.folder("a"), seed, variant, bad=False, broken=False, with_=(".mov", ".aae"))
            self.world.copy_whole(photo, self.folder("b/c"))
        self.review(data, fault, to_folder, scan)
        for what, fault_of_it in then:
            self.assets_are_whole_and_the_journal_tells_the_truth()
            if what == "undo":
                self.take_the_last_run_back(fault_of_it)
            else:
                self.the_next_run_recovers(fault_of_it, going_on=what == "resume")

    def review(self, data: st.DataObject, fault: Fault | None, to_folder: bool, scan: bool) -> None:
        """Look at every question, answer it somehow, and confirm the plan; something may happen to a file meanwhile."""
        if scan:
            self.world.scan()
        proposals = self.world.proposals()
        self.world.check_proposals(proposals)
        session = ReviewSession(questions(proposals), self.world.ledger, self.world.ledger.pending())
        for question in session.questions:
            allowed = [v for v in Verdict if question.group is not None or v is not Verdict.NOT_A_DUPLICATE]
            verdict = data.draw(st.sampled_from([*[Verdict.TRASH] * 4, *allowed]), label="verdict")
            keep = []
            if verdict is Verdict.TRASH and question.group is not None and data.draw(st.booleans(), label="chooses"):
                keep = data.draw(st.lists(st.sampled_from(question.members), max_size=2), label="keep")
            session.answer(question, verdict, keep)
        result = build_plan(session.to_trash, self.world.base / "quarantine" if to_folder else None)
        self.world.decide(result, session.to_trash)
        if result.plan.items and data.draw(st.integers(0, 2), label="meanwhile") == 0:
            item = data.draw(st.sampled_from(result.plan.items))
            concerned = [*item.files, *([item.keeper] if item.keeper else [])]
            self.something_happens(data, [file.identity.path for file in concerned])
        with self.world.program(fault):
            outcomes = apply_plan(result.plan, self.world.ledger)
            self.forget(outcomes)
            assert len(result.plan.items) == len(outcomes), "a photo of the plan has no outcome"

    @rule(fault=FAULTS, scan=st.booleans(), imports=st.sampled_from([0, 1, 3]))
    def a_night_with_a_rule_for_exact_copies(self, fault: Fault | None, scan: bool, imports: int) -> None:
        """Invariant 2: the rule that the user has named moves nothing but exact copies, and no more than its bounds."""
        world = self.world
        for seed in range(imports):
            photo = world.add(self.folder("a"), seed, 3, bad=False, broken=False, with_=(".mov",))
            world.copy_whole(photo, self.folder("b/c"))
        if scan:
            world.scan()
        move = AutoMove(world.catalogue(), [world.album], all_rules(), time.time, 0.0)
        before, photos = len(world.away), world.cache.counts().files
        proposals = [each for each in world.proposals() if each.group is not None]
        exact = [each for each in proposals if self.is_exact_copy(each.facts.path, each.group.keeper.path)]  # type: ignore[union-attr]
        world.decide(build_plan(exact), exact)
        allowed = min(world.settings.auto.max_photos, world.settings.auto.max_share * photos)
        with self.world.program(fault):
            result = move.run()
            assert not (result.held_back and result.moved), "the breaker held back, and photos moved"
        moved = {path for path, _ in list(world.away)[before:] if path.suffix == ".jpg"}
        assert len(moved) <= allowed, f"invariant 2: {len(moved)} photos moved, {allowed} may"

    def take_the_last_run_back(self, fault: Fault | None) -> None:
        with self.world.program(fault):
            for outcome in undo(self.world.ledger):
                here = outcome.path.exists()
                assert here or outcome.state is not MoveState.RESTORED, f"{outcome.path} was said to be back"
                assert outcome.state is MoveState.RESTORED or outcome.reason, "a failure without a reason"

    @precondition(lambda self: self.world.away)
    @rule(data=st.data(), fault=FAULTS)
    def take_one_photo_back(self, data: st.DataObject, fault: Fault | None) -> None:
        path = self.one_of(data, sorted({path for path, _ in self.world.away}))
        with self.world.program(fault):
            undo(self.world.ledger, paths=[path])

    def the_next_run_recovers(self, fault: Fault | None, going_on: bool) -> None:
        with self.world.program(fault):
            if going_on:
                self.forget(resume(self.world.ledger))
            else:
                recover(self.world.ledger)
        if fault is None:
            self.world.check_nothing_is_half_way()

    # --- what always holds --------------------------------------------------------------------------------------

    @invariant()
    def every_byte_is_there(self) -> None:
        self.world.check_every_byte_is_there()

    @invariant()
    def assets_are_whole_and_the_journal_tells_the_truth(self) -> None:
        if not self.world.interrupted:
            self.world.check_assets_are_whole()
            self.world.check_the_journal_is_true()

    @rule()
    def proposals_do_not_depend_on_the_order_of_the_scan(self) -> None:
        """Invariant 9: new caches that met the library forwards and backwards, and the one that has lived with it.

        What is gone from the library may still say in which order the lived one names the groups, but no more.
        """
        self.world.scan()
        forwards, backwards = self.proposed_anew(backwards=False), self.proposed_anew(backwards=True)
        assert forwards == backwards, "invariant 9: the order of the crawl decides"
        lived = [(each.facts.path, each.action, each.sentence) for each in self.world.proposals()]
        assert sorted(forwards, key=str) == sorted(lived, key=str), "invariant 9: the past of the cache decides"

    def proposed_anew(self, *, backwards: bool) -> list[tuple[Path, Action, str]]:
        place = tempfile.TemporaryDirectory(dir=self.world.base.parent)
        with place as folder, Cache.open(Path(folder) / "cache.sqlite") as cache:
            self.world.fill(cache, backwards=backwards)
            proposals = list(self.world.catalogue(cache).proposals())
        return [(each.facts.path, each.action, each.sentence) for each in proposals]

    # ------------------------------------------------------------------------------------------------------------

    def forget(self, outcomes: list[TrashOutcome]) -> None:
        self.world.cache.forget(each.path for each in outcomes if each.state is MoveState.MOVED)

    def something_happens(self, data: st.DataObject, paths: list[Path]) -> None:
        path = self.one_of(data, paths)
        how = data.draw(st.sampled_from(["change", "silently", "replace", "lose"]), label="what happens")
        if how == "replace":
            self.world.replace_file(path)
        elif how == "lose":
            self.world.lose(path)
        else:
            self.world.change(path, silently=how == "silently")

    def is_exact_copy(self, path: Path, keeper: Path) -> bool:
        return path != keeper and path.read_bytes() == keeper.read_bytes()


@pytest.mark.timeout(300 + 5 * LIBRARIES)
def test_the_invariants_hold_whatever_happens() -> None:
    Library.seen.clear()
    run_state_machine_as_test(
        Library,
        settings=settings(
            max_examples=LIBRARIES,
            stateful_step_count=30,
            deadline=None,
            database=None,
            # Shrinking takes minutes; a failure prints its steps, and ALBUMCLEAN_SHRINK makes them few.
            phases=[Phase.generate, *([Phase.shrink] if "ALBUMCLEAN_SHRINK" in os.environ else [])],
            suppress_health_check=list(HealthCheck),
        ),
    )
    sys.stdout.write(f"{dict(Library.seen)}\n")
    for what in ("moved", "brought back", "kills half-way", "photos left torn"):
        assert Library.seen[what] > LIBRARIES / 15, f"hardly ever: {what}, so that nothing is said of it"


# --- layers that no other test sees alone ----------------------------------------------------------------------


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("XDG_DATA_HOME", "set by the world")
    made = World(tmp_path.resolve() / "world")
    yield made
    made.close()


@pytest.fixture
def failed(world: World) -> PhotoFacts:
    """A photo with a dreadful score from better days, which can't be read any more; beside a copy of that."""
    for _ in range(2):
        world.add(world.album, 1, 0, bad=True, broken=False, with_=())
    world.pictures = {content: replace(picture, broken=True) for content, picture in world.pictures.items()}
    world.scan()
    facts, _ = world.catalogue().photos()
    assert facts.failure is not None and facts.photo is not None and facts.mos is not None
    return facts


def test_the_cache_gives_no_content_that_failed_to_the_search_for_copies(world: World, failed: PhotoFacts) -> None:
    assert [] == world.cache.shared_contents()
    assert [] == list(world.cache.fingerprints(FINGERPRINT))


def test_the_rule_for_low_quality_says_nothing_of_what_failed(failed: PhotoFacts) -> None:
    large = replace(failed, photo=Photo(failed.content, 4000, 3000, "JPEG"))
    assert low_quality.RULE.on_photo(large, Settings()) is None
    assert low_quality.RULE.on_photo(replace(large, failure=None), Settings()) is not None


def test_the_catalogue_gives_no_photo_that_failed_to_the_rules(
    world: World, failed: PhotoFacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[PhotoFacts] = []

    def nothing(_: Bench, photos: Iterable[PhotoFacts], *__: object) -> Iterator[Proposal]:
        asked.extend(photos)
        return iter(())

    monkeypatch.setattr(Bench, "propose", nothing)
    assert ([], []) == (list(world.catalogue().proposals()), asked)


def test_a_photo_goes_for_none_of_a_group_that_does_not_name_it_and_can_not_be_read(failed: PhotoFacts) -> None:
    sound = replace(
        failed, asset=Asset(replace(failed.asset.primary, path=Path("/album/x.jpg"), inode=1)), failure=None
    )
    proposal = Proposal(sound, Action.TRASH, "keep-best", "Away.", group=SimilarGroup("g", GroupKind.EXACT, (failed,)))
    result = build_plan([proposal])
    assert ((), [sound]) == (result.plan.items, [facts for facts, _ in result.refused])


def _peak_of_reading(folder: Path, photos: int) -> int:
    """Bytes that are held at once, at most, while all facts of so many photos go by."""
    with Cache.open(folder / f"{photos}.sqlite") as cache, Ledger.open(folder / f"{photos}-ledger.sqlite") as ledger:
        number = cache.begin_scan([Path("/album")])
        for start in range(0, photos, 500):
            files = [FileIdentity(Path(f"/album/{n % 7}/{n}.jpg"), n, n, n + 1, 1) for n in range(start, start + 500)]
            cache.meet(number, [(Asset(file), UserMarks()) for file in files])
            found = [(file, content_hash(str(file.path).encode())) for file in files]
            cache.write(
                hashes=found, photos=[(Photo(digest, 4, 3, "JPEG"), _print(digest), "1") for _, digest in found]
            )
        catalogue = Catalogue(cache, ledger, Settings())
        next(catalogue.photos())  # what is made once does not count
        gc.freeze()  # nor what the tests before have left: Python collects seldom where much lies about
        gc.collect()
        # Twice: Python's table of the names of all paths may have to grow, once, by as much as it holds.
        peaks = []
        for _ in range(2):
            tracemalloc.start()
            try:
                assert photos == sum(1 for _ in catalogue.photos())
                peaks.append(tracemalloc.get_traced_memory()[1])
            finally:
                tracemalloc.stop()
        gc.unfreeze()
        return min(peaks)


def _print(digest: bytes) -> Fingerprint:
    return Fingerprint(digest, 1, 2, bytes(192), 30.0)


def test_memory_does_not_grow_with_the_library(tmp_path: Path) -> None:
    """Invariant 8: facts go by in pages."""
    few, many = _peak_of_reading(tmp_path, 2_000), _peak_of_reading(tmp_path, 6_000)
    assert many < 1.5 * few
