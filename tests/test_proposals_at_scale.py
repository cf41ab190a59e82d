"""What is kept, left out or asked in parts for the sake of speed changes nothing of what is proposed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from albumclean.catalogue import By, Catalogue, LeftOut, Wanted
from albumclean.catalogue.grouping import Evidence, shelf_of
from albumclean.cli.review import _Asking
from albumclean.comparison import REVISION as COMPARISON
from albumclean.config import ScreenshotSettings, Settings
from albumclean.domain import (
    Action,
    Asset,
    Comparison,
    Decision,
    Embedding,
    FileIdentity,
    Fingerprint,
    Photo,
    PhotoFacts,
    Proposal,
    Relation,
    RootRole,
    Score,
    SimilarGroup,
    UserMarks,
)
from albumclean.errors import StoreError
from albumclean.policy.engine import Bench
from albumclean.scoring import registry
from albumclean.similar.groups import find_groups
from albumclean.similar.moments import find_clusters, find_moments
from albumclean.similar.revisions import FINGERPRINT
from albumclean.store.cache import Cache
from albumclean.store.ledger import Ledger
from albumclean.store.stored_groups import StoredGroups
from tests.test_moments import albums

JUDGE, KIND = registry.spec(registry.JUDGE), registry.spec(registry.KIND)
ALL = 1 << 30  # more questions than there are


def digest(number: int) -> bytes:
    return number.to_bytes(32, "big")


class MadeLibrary:
    """Real files of a few bytes; what a scan would say of them is written by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "album"
        self.folder.mkdir()
        self._open = ExitStack()
        self.cache = self._open.enter_context(Cache.open(folder / "cache.sqlite"))
        self.ledger = self._open.enter_context(Ledger.open(folder / "ledger.sqlite"))
        self.scan = self.cache.begin_scan([self.folder])
        self.paths: list[Path] = []

    def __enter__(self) -> MadeLibrary:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(
        self,
        name: str,
        content: int,
        mos: float = 0.8,
        second: int | None = None,
        *,
        look: int = 0,
        role: RootRole = RootRole.NORMAL,
        rating: int | None = None,
    ) -> Path:
        """A photo taken at that second of one minute; those of one look go together."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(digest(content))
        file = FileIdentity.of(path, path.lstat())
        self.cache.meet(self.scan, [(Asset(file, (), role), UserMarks(rating))])
        taken_at = None if second is None else f"2024-05-06T07:08:{second:02}"
        photo = Photo(digest(content), 4000, 3000, "JPEG", taken_at, "Maker")
        prints = Fingerprint(digest(content), look * 0xFFFF, look * 0xFFFF, bytes(range(192)), 50.0)
        vector = bytes([0, 127] if look else [127, 0])
        kind = [
            Score(digest(content), KIND.name, KIND.revision, name, float(name == "photo")) for name in KIND.quantities
        ]
        self.cache.write(
            hashes=[(file, digest(content))],
            photos=[(photo, prints, FINGERPRINT)],
            scores=[Score(digest(content), JUDGE.name, JUDGE.revision, "mos", mos), *kind],
            embeddings=[(Embedding(digest(content), vector), JUDGE.revision)],
        )
        self.paths.append(path)
        return path

    def compare(self, one: int, other: int, relation: Relation) -> None:
        low, high = sorted((digest(one), digest(other)))
        self.cache.comparisons.write([Comparison(low, high, relation, 0.95, low)], COMPARISON)

    def catalogue(self, settings: Settings = Settings()) -> Catalogue:  # noqa: B008 - a frozen value
        return Catalogue(self.cache, self.ledger, settings)

    def keep(self, facts: PhotoFacts, rule: str) -> None:
        self.ledger.remember([Decision(facts.content, facts.path, Action.KEEP, rule, 1.0)])

    # The slow ways: nothing kept, nobody left out.

    def slow_groups(self) -> list[SimilarGroup]:
        catalogue, stale = self.catalogue(), set[Path]()
        evidence = Evidence(self.cache, lambda contents: catalogue._files_with(contents, stale))
        return list(find_groups(evidence, self.ledger.dismissed(), catalogue.settings.similar))

    def slow_proposals(self, settings: Settings = Settings()) -> list[Proposal]:  # noqa: B008 - a frozen value
        """All photos shown to all rules."""
        bench = Bench(settings, self.ledger.kept)
        fresh = (facts for facts in self.catalogue(settings).photos() if facts.asset.primary == _now(facts.path))
        return list(bench.propose(fresh, self.slow_groups()))


def _now(path: Path) -> FileIdentity | None:
    return FileIdentity.of(path, path.lstat()) if path.exists() else None


@pytest.fixture
def library(tmp_path: Path) -> Iterator[MadeLibrary]:
    with MadeLibrary(tmp_path) as made:
        yield made


PHOTOS = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["a/{}.jpg", "b/{}.jpg", "{}.jpg"]),
            "content": st.integers(0, 9),
            "role": st.sampled_from([*[RootRole.NORMAL] * 5, RootRole.PROTECTED]),
            "rating": st.sampled_from([None, None, None, 4]),
        }
    ),
    min_size=2,
    max_size=12,
)
CONTENTS = st.lists(  # of each: score, second, look
    st.tuples(
        st.sampled_from([0.1, 0.3, 0.349, 0.35, 0.8]), st.one_of(st.none(), st.integers(0, 40)), st.integers(0, 1)
    ),
    min_size=10,
    max_size=10,
)
PAIR = st.sampled_from(list(combinations(range(10), 2)))
LOOKS = st.dictionaries(PAIR, st.sampled_from(Relation), max_size=8)
WORDS = st.fixed_dictionaries(
    {
        "apart": st.lists(PAIR, max_size=4),
        "kept": st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["keep-best", "low-quality"])), max_size=4),
        "changed": st.lists(st.integers(0, 11), max_size=2),
    }
)


def filled(made: MadeLibrary, photos: list[dict[str, Any]], contents: Any, looks: dict[Any, Relation]) -> None:
    for number, photo in enumerate(photos):
        mos, second, look = contents[photo["content"]]
        made.add(
            photo["name"].format(number),
            photo["content"],
            mos,
            second,
            look=look,
            role=photo["role"],
            rating=photo["rating"],
        )
    there = {photo["content"] for photo in photos}
    for (one, other), relation in looks.items():
        if {one, other} <= there:
            made.compare(one, other, relation)


def said(made: MadeLibrary, words: dict[str, Any]) -> None:
    apart = [(digest(one), digest(other)) for one, other in words["apart"]]
    kept = [Decision(digest(number), Path("/x"), Action.KEEP, rule, 1.0) for number, rule in words["kept"]]
    made.ledger.remember(kept, apart=apart)
    for number in words["changed"]:
        if number < len(made.paths):
            made.paths[number].write_bytes(b"changed since the scan")


@given(PHOTOS, CONTENTS, LOOKS, WORDS, st.integers(1, 4), st.sampled_from(By))
@settings(max_examples=30, deadline=None)
def test_kept_groups_and_bounded_rules_propose_what_a_walk_through_everything_does(
    photos: list[dict[str, Any]], contents: Any, looks: Any, words: dict[str, Any], limit: int, by: By
) -> None:
    with TemporaryDirectory() as folder, MadeLibrary(Path(folder)) as made:
        filled(made, photos, contents, looks)
        shelf_of(made.cache)  # as after a scan: before the user says anything, and before files change
        said(made, words)
        catalogue = made.catalogue()
        expected = made.slow_proposals()
        assert made.slow_groups() == list(catalogue.groups())
        assert expected == list(catalogue.proposals())

        whole = catalogue.page(Wanted(ALL, by))
        assert whole.is_all
        assert sorted(map(repr, expected)) == sorted(map(repr, whole.proposals))

        page = catalogue.page(Wanted(limit, by))
        assert page.is_all == (len(page.proposals) == len(expected))
        assert page.groups + page.photos <= limit
        assert list(page.proposals) == [p for p in whole.proposals if p in page.proposals]
        shown = {p.group.id for p in page.proposals if p.group}
        assert len([p for p in expected if p.group and p.group.id in shown]) == sum(
            p.group is not None for p in page.proposals
        )

        under = [made.folder / "a"]
        in_folder = catalogue.page(Wanted(ALL, by), under)
        assert sorted(map(repr, catalogue.proposals(under))) == sorted(map(repr, in_folder.proposals))


@given(albums())
@settings(max_examples=100, deadline=None)
def test_telling_shots_apart_changes_nothing_outside_the_moments_that_it_parts(album: Any) -> None:
    shots, looks, apart = album
    pairs = list(combinations([shot.content_hash for shot in shots], 2))
    found = []
    for cluster in find_clusters(shots, looks, pairs):
        if any({*each} <= {*moment} for moment in cluster.moments for each in apart):
            found += find_moments([s for s in shots if s.content_hash in cluster.contents], looks, pairs, apart=apart)
        else:
            found += cluster.moments
    assert find_moments(shots, looks, pairs, apart=apart) == sorted(found)


def burst(library: MadeLibrary, count: int = 3) -> None:
    """Shots a second apart."""
    for number in range(count):
        library.add(f"{number}.jpg", number, 0.5 + number / 10, 2 * number)


def test_shots_that_the_user_tells_apart_leave_the_kept_moment(library: MadeLibrary) -> None:
    burst(library)
    (moment,) = library.catalogue().groups()
    assert 3 == len(moment.members)
    library.ledger.remember([], apart=[(digest(0), digest(1))])
    (parted,) = library.catalogue().groups()
    assert [parted] == library.slow_groups()
    assert 2 == len(parted.members)


def test_kept_groups_hold_for_no_other_state_of_the_cache(library: MadeLibrary) -> None:
    library.add("a.jpg", 1)
    assert [] == list(library.catalogue().groups())
    library.add("b.jpg", 1)
    (group,) = library.catalogue().groups()
    assert 2 == len(group.members)
    library.cache.forget([library.folder / "b.jpg"])
    assert [] == list(library.catalogue().groups())


def test_a_scan_that_goes_on_meanwhile_makes_what_was_found_one_of_the_past(library: MadeLibrary) -> None:
    library.add("a.jpg", 1)
    generation = library.cache.state.generation
    library.add("b.jpg", 1)
    assert not library.cache.stored_groups.keep([], generation, "a method")
    assert not library.cache.stored_groups.hold("a method")


def test_a_cache_that_can_not_be_written_gives_the_same_pages(
    library: MadeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    burst(library)
    library.add("c/copy.jpg", 1)
    library.add("d/bad.jpg", 7, mos=0.1)

    def pages() -> list[list[tuple[Path, str]]]:
        asked = [(Wanted(ALL, by), under) for by in By for under in ([], [library.folder / "c"])]
        found = [library.catalogue().page(wanted, under).proposals for wanted, under in asked]
        return [[(proposal.facts.path, proposal.sentence) for proposal in page] for page in found]

    expected = pages()

    def fails(*_: object) -> bool:
        raise StoreError(path=library.cache.path, detail="it can't be opened for this")

    monkeypatch.setattr(StoredGroups, "keep", fails)
    library.add("d/bad.jpg", 7, mos=0.1)  # the same once more, which is another state
    assert shelf_of(library.cache) is not library.cache.stored_groups
    assert expected == pages()


def test_the_next_sitting_goes_on_where_the_last_one_ended(library: MadeLibrary) -> None:
    for number in range(10):
        library.add(f"{number}.jpg", number, mos=0.1)
    catalogue = library.catalogue()
    first = catalogue.page(Wanted(4))
    assert [4, False] == [len(first.proposals), first.is_all]
    for proposal in first.proposals:
        library.keep(proposal.facts, proposal.rule)
    second = catalogue.page(Wanted(4))
    assert [f"{number}.jpg" for number in range(4, 8)] == [p.facts.path.name for p in second.proposals]


def test_how_many_are_left_for_next_time_follows_the_score_below_which_is_asked(library: MadeLibrary) -> None:
    for number in range(10):
        library.add(f"{number}.jpg", number, mos=0.1 if number < 6 else 0.25)
    asking = _Asking(library.catalogue(), [], None, None, limit=4)
    asking.questions(0.3)
    assert "This sitting asks 4 of about 10 questions (0 groups, 10 single photos): the rest comes next time." == (
        asking.rest()
    )
    asking.questions(0.2)
    assert "This sitting asks 4 of about 6 questions (0 groups, 6 single photos): the rest comes next time." == (
        asking.rest()
    )
    asking.questions(0.01)
    assert "" == asking.rest()


def test_what_was_chosen_and_not_moved_is_asked_beside_the_limit(library: MadeLibrary) -> None:
    for number in range(6):
        library.add(f"{number}.jpg", number, mos=0.1)
    library.add("copy-1.jpg", 20)
    library.add("copy-2.jpg", 20)
    chosen = frozenset({(library.folder / "5.jpg", digest(5)), (library.folder / "copy-2.jpg", digest(20))})
    page = library.catalogue().page(Wanted(2, answered=chosen))
    names = [proposal.facts.path.name for proposal in page.proposals]
    assert ["copy-1.jpg", "copy-2.jpg", "5.jpg", "0.jpg", "1.jpg"] == names


def test_a_page_looks_at_the_files_of_its_own_photos_alone(
    library: MadeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(150):
        library.add(f"copy-{number:03}.jpg", number // 2, mos=0.1)
        library.add(f"bad-{number:03}.jpg", 100 + number, mos=0.1)
    shelf_of(library.cache)
    looked: list[str] = []
    real = Path.lstat

    def lstat(path: Path) -> os.stat_result:
        looked.append(path.name)
        return real(path)

    monkeypatch.setattr(Path, "lstat", lstat)
    assert not library.catalogue().page(Wanted(1)).is_all
    assert len({*looked}) <= 2 * 64 + 2  # the copies that are looked at together, a photo, and the next one


def test_a_file_that_changed_since_the_scan_is_on_no_page(library: MadeLibrary) -> None:
    changed = library.add("a.jpg", 1, mos=0.1)
    shelf_of(library.cache)
    changed.write_bytes(b"something else")
    left_out = LeftOut()
    assert () == library.catalogue().page(Wanted(ALL), left_out=left_out).proposals
    assert {changed} == left_out.stale


def test_a_rule_without_a_bound_sees_every_photo(library: MadeLibrary) -> None:
    library.add("a.jpg", 1, mos=0.9)
    old = Settings(screenshots=ScreenshotSettings(older_than_days=1))
    assert library.slow_proposals(old) == list(library.catalogue(old).proposals())
    assert library.catalogue(old).estimate() is None


WORD = st.tuples(
    st.integers(0, 2), st.integers(0, 1), st.sampled_from(Action), st.sampled_from(["user", "rule"]), st.booleans()
)


@given(st.lists(WORD, max_size=12))
@settings(max_examples=15, deadline=None)
def test_the_open_decisions_are_the_last_words_on_each_file(words: list[Any]) -> None:
    with TemporaryDirectory() as folder, Ledger.open(Path(folder) / "ledger.sqlite") as ledger:
        ledger._connection.executemany(
            "INSERT INTO decision (content_hash, path, action, rule, at, by, settled) VALUES (?, ?, ?, 'r', 1.0, ?, ?)",
            [
                (digest(content), f"/{path}".encode(), action.value, by, "withdrawn" if withdrawn else None)
                for path, content, action, by, withdrawn in words
            ],
        )
        last: dict[tuple[int, int], tuple[Action, str]] = {}
        for path, content, action, by, withdrawn in words:
            if not withdrawn:
                last.pop((path, content), None)
                last[path, content] = (action, by)
        expected = [
            (Path(f"/{path}"), digest(content))
            for (path, content), word in last.items()
            if word == (Action.TRASH, "user")
        ]
        assert expected == [(each.path, each.content_hash) for each in ledger.pending()]
