"""Thumbnails: small, upright, without metadata, and never worth more than the scan that makes them."""

from __future__ import annotations

import io
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from albumclean.errors import DiskFull, StoreError
from albumclean.media.decode import decode
from albumclean.media.thumbnail import LONG_SIDE, fitted, thumbnail
from albumclean.store import thumbnails as store
from albumclean.store.thumbnails import Shelf, Thumbnails
from tests.pictures import scene

A, B, C = (bytes([number]) * 32 for number in (1, 2, 3))


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Thumbnails]:
    with Thumbnails.open(tmp_path / "thumbnails.sqlite", "r1") as opened:
        yield opened


def made_of(image: Image.Image, **options: object) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    frame = decode(file.getvalue(), Path("/a.jpg"), A, min_short_side=384, max_pixels=10**9)
    return Image.open(io.BytesIO(thumbnail(frame.picture)))


def test_a_thumbnail_is_a_small_jpeg_that_looks_like_the_photo() -> None:
    image = scene(1, 1600, 1200)
    small = made_of(image, quality=95)
    assert ("JPEG", "RGB", (320, 240)) == (small.format, small.mode, small.size)
    expected = np.asarray(image.resize(small.size, Image.Resampling.BICUBIC), np.float64)
    assert 4 > np.abs(expected - np.asarray(small)).mean()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_thumbnail_is_upright(orientation: int) -> None:
    image = Image.new("RGB", (800, 400), "blue")
    image.paste((255, 0, 0), (0, 0, 200, 100))
    exif = Image.Exif()
    exif[0x0112] = orientation
    small = made_of(image, exif=exif)
    assert (320, 160) == (small.size if orientation < 5 else small.size[::-1])
    right, below = orientation in {2, 3, 6, 7}, orientation in {3, 4, 7, 8}  # where the stored top left corner is
    at = (small.width - 4 if right else 4, small.height - 4 if below else 4)
    red, _, blue = small.getpixel(at)  # type: ignore[misc]
    assert (True, True) == (red > 200, blue < 60)


def test_a_thumbnail_says_nothing_but_pixels() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8825)[1] = "N"
    small = made_of(scene(1, 800, 600), exif=exif, comment=b"at home", xmp=b"<x:xmpmeta/>", icc_profile=_profile())
    assert not small.getexif()
    assert {"jfif", "jfif_version", "jfif_unit", "jfif_density"} >= small.info.keys()


def _profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


@given(st.integers(1, 30_000), st.integers(1, 30_000), st.integers(1, 4000), st.integers(1, 4000))
def test_what_is_fitted_fits_touches_the_box_and_never_grows(width: int, height: int, wide: int, high: int) -> None:
    found = fitted((width, height), wide, high)
    assert 1 <= found[0] <= min(width, wide)
    assert 1 <= found[1] <= min(height, high)
    assert found == (width, height) or found[0] == wide or found[1] == high


def test_a_photo_smaller_than_a_thumbnail_is_not_enlarged() -> None:
    assert (40, 30) == made_of(scene(1, 320, 240).resize((40, 30))).size
    assert 320 == LONG_SIDE


def test_what_was_put_comes_back_and_the_latest_wins(kept: Thumbnails) -> None:
    kept.put([(A, b"one"), (B, b"two")])
    kept.put([(A, b"other")])
    assert (b"other", b"two", None) == (kept.get(A), kept.get(B), kept.get(C))
    assert (True, False) == (kept.has(A), kept.has(C))


def test_thumbnails_of_another_revision_do_not_count(kept: Thumbnails) -> None:
    kept.put([(A, b"one")])
    with Thumbnails.open(kept.path, "r2") as newer:
        assert (None, False) == (newer.get(A), newer.has(A))
        newer.put([(A, b"newer")])
    assert None is kept.get(A)


@given(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)))
@settings(max_examples=30, deadline=None)
def test_pruning_drops_what_is_not_known_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, there: set[int], known: set[int]
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store, "_PAGE", 7)
        with Thumbnails.open(tmp_path_factory.mktemp("t") / "t.sqlite", "r1") as kept:
            kept.put([(bytes([each]) * 32, b"jpeg") for each in there])
            dropped = kept.prune(bytes([each]) * 32 for each in sorted(known))
            left = {each for each in range(61) if kept.has(bytes([each]) * 32)}
    assert (there & known, len(there - known)) == (left, dropped)


def test_a_file_that_is_mostly_empty_gives_its_space_back(kept: Thumbnails) -> None:
    kept.put([(bytes([each]) * 32, bytes(20_000)) for each in range(200)])
    kept.prune([A])
    with sqlite3.connect(kept.path) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.close()
    assert 40 > pages
    assert kept.has(A)


def test_several_threads_and_a_reader_beside_the_writer(kept: Thumbnails) -> None:
    kept.put([(A, b"one")])
    found: list[bytes | None] = []
    threads = [threading.Thread(target=lambda: found.append(kept.get(A))) for _ in range(8)]
    with Thumbnails.open(kept.path, "r1", read_only=True) as reader:
        for thread in threads:
            thread.start()
        kept.put([(B, b"two")])
        assert b"two" == reader.get(B)
        for thread in threads:
            thread.join()
    assert [b"one"] * 8 == found


def test_the_last_space_of_a_disk_is_left_alone(kept: Thumbnails, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "RESERVE", 1 << 62)
    with pytest.raises(DiskFull, match=r"thumbnails\.sqlite"):
        kept.put([(A, b"one")])
    assert not kept.has(A)


def test_a_damaged_file_is_named_and_holds_nothing_up(tmp_path: Path) -> None:
    path = tmp_path / "thumbnails.sqlite"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreError):
        Thumbnails.open(path, "r1")
    with Shelf(path, "r1") as shelf:
        shelf.put([(A, b"one")])
        shelf.prune([])
        assert (None, False) == (shelf.get(A), shelf.lacks(A))
        assert shelf.trouble is not None
        assert "thumbnails.sqlite" in shelf.trouble


def test_what_can_not_be_written_any_more_can_still_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Shelf(tmp_path / "thumbnails.sqlite", "r1") as shelf:
        assert shelf.lacks(A)
        shelf.put([(A, b"one")])
        monkeypatch.setattr(store, "RESERVE", 1 << 62)
        shelf.put([(B, b"two")])
        assert (b"one", None) == (shelf.get(A), shelf.get(B))
        assert not shelf.lacks(B)  # not worth making
        assert shelf.trouble is not None
        assert "No space" in shelf.trouble


def test_damage_that_shows_later_is_named_too(tmp_path: Path) -> None:
    path = tmp_path / "thumbnails.sqlite"
    with Shelf(path, "r1") as shelf:
        shelf.put([(bytes([each]) * 32, bytes(5000)) for each in range(100)])
    data = bytearray(path.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    path.write_bytes(data)
    with Shelf(path, "r1") as shelf:
        assert None is shelf.get(A)
        assert shelf.trouble is not None
        assert None is shelf.get(B)
