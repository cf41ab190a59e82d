"""Close looks after a scan, on real files: what is compared, what is found, and what is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from albumclean.comparison import REVISION
from albumclean.config import Settings
from albumclean.domain import Relation, Root, Testimony
from albumclean.engines.compare import CompareProgress, compare_new
from albumclean.engines.scan import ScanSummary, ScanWatcher, scan
from albumclean.media.reading import content_hash
from albumclean.store.cache import Cache
from albumclean.store.state import touch
from tests.pictures import save, scene


def ignore(*_: object) -> None:
    """Nobody watches."""


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache.open(tmp_path / "cache.sqlite") as opened:
        yield opened


def scanned(cache: Cache, album: Path) -> ScanSummary:
    watcher = ScanWatcher(ignore, ignore, ignore, ignore)
    return scan([Root(album)], cache, Settings(), watcher, thumbnails=album.parent / "thumbnails.sqlite")


def compared(cache: Cache) -> CompareProgress:
    return compare_new(cache, Settings(), ignore)


def copies(cache: Cache, album: Path) -> set[tuple[str, str]]:
    """(source, copy) by file name."""
    names = {content_hash(path.read_bytes()): path.name for path in album.iterdir()}
    return {
        (names[look.source], names[look.other if look.source == look.one else look.one])
        for look in cache.comparisons.without_reasons(REVISION)
        if look.relation is Relation.DERIVED and look.source is not None
    }


def small(image: Image.Image) -> Image.Image:
    return image.resize((320, 240), Image.Resampling.LANCZOS)


def test_copies_are_found_with_their_source_and_strangers_are_not(cache: Cache, album: Path) -> None:
    photo = scene(2, 640, 480)
    save(photo, album / "photo.jpg", taken_at="2024:05:06 07:08:02")
    save(small(photo), album / "small.jpg", quality=85)
    save(photo.crop((32, 24, 608, 456)), album / "crop.jpg", quality=85)
    save(scene(3, 640, 480), album / "other.jpg")

    scanned(cache, album)

    assert {("photo.jpg", "small.jpg"), ("photo.jpg", "crop.jpg")} == copies(cache, album)


def test_nothing_is_compared_twice(cache: Cache, album: Path) -> None:
    save(scene(2, 640, 480), album / "photo.jpg")
    save(small(scene(2, 640, 480)), album / "small.jpg", quality=85)

    assert 1 == scanned(cache, album).compared
    assert 0 == scanned(cache, album).compared


def test_a_new_copy_is_compared_with_the_source_alone(cache: Cache, album: Path) -> None:
    photo = scene(2, 640, 480)
    save(photo, album / "photo.jpg", taken_at="2024:05:06 07:08:02")
    save(small(photo), album / "small.jpg", quality=85)
    scanned(cache, album)
    save(photo.resize((480, 360), Image.Resampling.LANCZOS), album / "medium.jpg", quality=90)

    assert 1 == scanned(cache, album).compared
    assert {("photo.jpg", "small.jpg"), ("photo.jpg", "medium.jpg")} == copies(cache, album)


def test_a_pair_that_cannot_be_read_is_tried_again(cache: Cache, album: Path, tmp_path: Path) -> None:
    photo = save(scene(2, 640, 480), album / "photo.jpg")
    save(small(scene(2, 640, 480)), album / "small.jpg", quality=85)
    scanned(cache, album)
    for table in ("comparison", "searched"):
        cache._connection.execute(f"DELETE FROM {table}")
    touch(cache._connection)
    photo.rename(tmp_path / "elsewhere.jpg")

    assert (1, 1) == ((state := compared(cache)).done, state.failed)
    assert [] == list(cache.comparisons.without_reasons(REVISION))

    (tmp_path / "elsewhere.jpg").rename(photo)
    assert (1, 0) == ((state := compared(cache)).done, state.failed)
    assert {("photo.jpg", "small.jpg")} == copies(cache, album)


def test_copies_of_a_source_that_has_gone_are_compared_with_each_other(cache: Cache, album: Path) -> None:
    photo = scene(2, 640, 480)
    first = save(photo, album / "photo.jpg", taken_at="2024:05:06 07:08:02")
    save(small(photo), album / "small.jpg", quality=85)
    save(photo.resize((480, 360), Image.Resampling.LANCZOS), album / "medium.jpg", quality=90)
    scanned(cache, album)
    first.unlink()

    scanned(cache, album)

    assert {("medium.jpg", "small.jpg")} == copies(cache, album)


def with_an_open_question(album: Path) -> None:
    """A file and one that was saved from it with hardly any loss; and what was made from the first."""
    photo = scene(2, 640, 480)
    save(photo, album / "first.jpg", quality=80)
    with Image.open(album / "first.jpg") as opened:
        first = opened.convert("RGB")
    save(first, album / "again.jpg", quality=81)
    for number, edit in enumerate((ImageEnhance.Brightness, ImageEnhance.Color, ImageEnhance.Contrast)):
        save(edit(first).enhance(1.3), album / f"edit{number}.jpg", quality=92)


def told(cache: Cache, album: Path) -> list[Testimony]:
    return cache.comparisons.testimonies([content_hash(path.read_bytes()) for path in album.iterdir()], REVISION)


def test_what_looks_leave_open_is_put_to_the_other_copies_once(cache: Cache, album: Path) -> None:
    with_an_open_question(album)

    scanned(cache, album)
    asked = told(cache, album)
    rescanned = scanned(cache, album)

    files = {content_hash(path.read_bytes()): path.name for path in album.iterdir()}
    assert {"again.jpg", "first.jpg"} in [{files[each.one], files[each.other]} for each in asked]
    assert 0 == rescanned.compared
    assert asked == told(cache, album)


def test_a_witness_that_cannot_be_read_is_asked_by_the_next_scan(cache: Cache, album: Path, tmp_path: Path) -> None:
    with_an_open_question(album)
    scanned(cache, album)
    asked = told(cache, album)
    for table in ("testimony", "searched"):
        cache._connection.execute(f"DELETE FROM {table}")
    touch(cache._connection)
    witness = next(path for path in album.iterdir() if content_hash(path.read_bytes()) == asked[0].witness)
    witness.rename(tmp_path / "elsewhere.jpg")

    state = compared(cache)
    (tmp_path / "elsewhere.jpg").rename(witness)

    assert state.failed > 0
    assert asked[0] not in told(cache, album)
    assert 0 == compared(cache).failed
    assert asked[0].witness in {each.witness for each in told(cache, album)}


def test_shots_whose_times_differ_are_not_looked_at(cache: Cache, album: Path) -> None:
    save(scene(2, 640, 480), album / "one.jpg", taken_at="2024:05:06 07:08:02")
    save(scene(2, 640, 480).crop((64, 48, 608, 456)), album / "other.jpg", taken_at="2024:05:06 07:08:03")

    assert 0 == scanned(cache, album).compared
