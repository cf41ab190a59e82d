"""The made library that the tests and the benchmark of the review's page work on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from albumclean.catalogue import Catalogue
from albumclean.config import Settings
from albumclean.domain import Proposal
from albumclean.media.reading import content_hash
from albumclean.store.cache import Cache
from albumclean.store.ledger import Ledger
from benchmarks.review_library import ODD_NAMES, Plan, build

PLAN = Plan(good=30, poor=20, exact=2, derived=3, moments=2, drawn=15, group_size=(400, 300))


def _proposals(home: Path) -> list[Proposal]:
    with Cache.open(home / "cache.sqlite") as cache, Ledger.open(home / "ledger.sqlite") as ledger:
        return list(Catalogue(cache, ledger, Settings()).proposals())


def test_the_plan_comes_out_of_the_real_grouping_and_the_real_rules(home: Path, album: Path) -> None:
    library = build(PLAN)
    library.write(album)
    library.remember(album, home)
    found = _proposals(home)
    groups = {p.group.id: p.group.kind.value for p in found if p.group}
    assert {"exact": PLAN.exact, "derived": PLAN.derived, "moment": PLAN.moments} == Counter(groups.values())
    assert PLAN.poor - 2 <= sum(p.group is None for p in found) <= PLAN.poor  # but for those with five stars


def test_the_same_plan_gives_the_same_bytes() -> None:
    one, other = build(PLAN), build(PLAN)
    assert [(each.name, each.data) for each in one.made] == [(each.name, each.data) for each in other.made]


def test_every_file_is_what_the_cache_says_and_has_its_name(album: Path) -> None:
    library = build(PLAN)
    library.write(album)
    for each in library.made:
        assert each.photo.content_hash == content_hash((album / each.name).read_bytes())
    names = {each.name.name for each in library.made}
    assert set(ODD_NAMES) <= names
    assert len({each.photo.content_hash for each in library.made}) < len(library.made)  # exact copies
