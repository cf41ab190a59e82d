"""What the cache remembers of close looks, and when it forgets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from albumclean.domain import (
    Asset,
    Comparison,
    Embedding,
    FileIdentity,
    Fingerprint,
    Photo,
    Reason,
    Relation,
    Shot,
    Testimony,
    Turn,
    UserMarks,
)
from albumclean.store.cache import Cache
from albumclean.store.database import open_database
from albumclean.store.schema_cache import MIGRATIONS

A, B, C = (bytes([at]) * 32 for at in (1, 2, 3))
WHY = (Reason("coverage", 0.88, 1.0, "shows more of the scene"),)
TOLD = Testimony(A, B, C, -0.75)
COPIES = Comparison(A, B, Relation.DERIVED, 0.9, B, WHY, certainty=1.25, turn=Turn(3, mirrored=True), difference=4.5)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache.open(tmp_path / "cache.sqlite") as opened:
        yield opened


def scan(cache: Cache, *contents: bytes) -> None:
    """A library that holds just these contents, each in a file of its name."""
    number = cache.begin_scan([Path("/p")])
    files = [FileIdentity(Path(f"/p/{content.hex()[:2]}.jpg"), 10, 20, content[0], 40) for content in contents]
    cache.meet(number, [(Asset(file), UserMarks()) for file in files])
    cache.write(
        hashes=list(zip(files, contents, strict=True)),
        photos=[(Photo(each, 40, 30, "JPEG"), Fingerprint(each, 0, 0, bytes(192), 50.0), "f1") for each in contents],
        embeddings=[(Embedding(each, each[:4]), "e1") for each in contents],
    )
    cache.forget_unseen(number, Path("/p"), [])


def test_a_comparison_comes_back_with_its_reasons(cache: Cache) -> None:
    cache.comparisons.write([COPIES], "r1")

    assert [COPIES] == cache.comparisons.among([A, B, C], "r1")
    assert [replace(COPIES, reasons=())] == list(cache.comparisons.without_reasons("r1"))


@pytest.mark.parametrize("source", [A, B, None])
def test_the_source_is_either_or_unknown(cache: Cache, source: bytes | None) -> None:
    cache.comparisons.write([replace(COPIES, source=source)], "r1")

    assert [source] == [found.source for found in cache.comparisons.among([A, B], "r1")]


def test_comparisons_with_others_or_by_another_method_are_not_given(cache: Cache) -> None:
    cache.comparisons.write([COPIES, replace(COPIES, other=C, source=None)], "r1")

    assert [COPIES] == cache.comparisons.among([A, B], "r1")
    assert [] == cache.comparisons.among([A, B], "r2")
    assert [] == list(cache.comparisons.without_reasons("r2"))


@pytest.mark.parametrize("said", [TOLD, replace(TOLD, leaning=None)])
def test_a_testimony_comes_back_if_all_three_are_asked_for(cache: Cache, said: Testimony) -> None:
    cache.comparisons.write([], "r1", testimonies=[said])

    assert [said] == cache.comparisons.testimonies([A, B, C], "r1")
    assert [] == cache.comparisons.testimonies([A, B], "r1") == cache.comparisons.testimonies([A, B, C], "r2")


@pytest.mark.parametrize("left", [(A, B), (A, C), (B, C)])
def test_a_testimony_is_forgotten_with_any_of_the_three(cache: Cache, left: tuple[bytes, bytes]) -> None:
    scan(cache, A, B, C)
    cache.comparisons.write([], "r1", testimonies=[TOLD])
    generation = cache.state.generation
    scan(cache, *left)

    assert cache.comparisons.forget_vanished()
    assert [] == cache.comparisons.testimonies([A, B, C], "r1")
    assert cache.state.generation > generation


def test_what_was_searched_is_not_searched_again_until_the_method_changes(cache: Cache) -> None:
    scan(cache, A, B)
    assert cache.comparisons.has_unsearched("k1", "f1")

    cache.comparisons.mark_searched([A, B], "k1")

    assert {A, B} == cache.comparisons.searched("k1")
    assert not cache.comparisons.has_unsearched("k1", "f1")
    assert cache.comparisons.has_unsearched("k2", "f1")
    assert set() == cache.comparisons.searched("k2")


def test_a_new_content_is_to_be_searched(cache: Cache) -> None:
    scan(cache, A)
    cache.comparisons.mark_searched([A], "k1")

    scan(cache, A, B)

    assert cache.comparisons.has_unsearched("k1", "f1")


def test_when_a_source_vanishes_its_copies_are_searched_again(cache: Cache) -> None:
    """They were only ever compared with it, so that nobody knows of each other."""
    scan(cache, A, B, C)
    cache.comparisons.write([COPIES, replace(COPIES, one=B, other=C, source=B)], "r1")
    cache.comparisons.mark_searched([A, B, C], "k1")
    scan(cache, A, C)

    cache.comparisons.forget_vanished()

    assert set() == cache.comparisons.searched("k1")
    assert [] == list(cache.comparisons.without_reasons("r1"))


def test_what_is_still_there_is_not_forgotten(cache: Cache) -> None:
    scan(cache, A, B, C)
    cache.comparisons.write([COPIES], "r1")
    cache.comparisons.mark_searched([A, B, C], "k1")
    scan(cache, A, B)

    cache.comparisons.forget_vanished()

    assert {A, B} == cache.comparisons.searched("k1")
    assert [COPIES] == cache.comparisons.among([A, B], "r1")


def test_forgetting_comparisons_says_so(cache: Cache) -> None:
    scan(cache, A, B, C)
    cache.comparisons.write([COPIES], "r1")
    assert not cache.comparisons.forget_vanished()
    before = cache.state.generation
    cache.forget([Path(f"/p/{A.hex()[:2]}.jpg")])
    assert cache.comparisons.forget_vanished()
    assert before + 2 == cache.state.generation  # once for each


def test_embeddings_come_back_for_what_files_hold(cache: Cache) -> None:
    scan(cache, A, B)
    scan(cache, B)

    assert [Embedding(B, B[:4])] == list(cache.embeddings("e1"))
    assert [] == list(cache.embeddings("e2"))


def test_how_a_photo_was_taken_comes_back(cache: Cache) -> None:
    shot = Shot(exposure=0.004, f_number=1.8, iso=64, bias=-2.0, bracketed=True, software="Maker 1.0")
    taken = Photo(A, 40, 30, "JPEG", "2024-05-06T07:08:09", "Maker", 3, shot)
    cache.write(photos=[(taken, Fingerprint(A, 0, 0, bytes(192), 50.0), "f1")])

    assert taken == cache.photo(A)
    assert None is cache.photo(B)


def test_a_cache_of_the_first_schema_keeps_its_photos(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite"
    old = open_database(path, MIGRATIONS[:1], backup=False)
    old.execute("INSERT INTO photo VALUES (?, 40, 30, 'JPEG', NULL, NULL, NULL)", (A,))
    old.close()

    with Cache.open(path) as cache:
        assert Photo(A, 40, 30, "JPEG") == cache.photo(A)
        assert not cache.comparisons.has_unsearched("k1", "f1")
