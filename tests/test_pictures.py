"""Pictures for the front ends: what the photo shows, nothing else of the file, and never at the price of the review."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from albumclean.config import ScanSettings
from albumclean.domain import Asset, FileIdentity, Photo, PhotoFacts
from albumclean.errors import AlbumcleanError, DecodeError, ReadError
from albumclean.media.reading import content_hash
from albumclean.media.thumbnail import REVISION
from albumclean.media.workers import Ask
from albumclean.review import drawing
from albumclean.review.drawing import draw, veil
from albumclean.review.lanes import Ended, Lanes
from albumclean.review.pictures import Pictures
from albumclean.review.wishes import Drawn, Kind, Wish
from albumclean.store.thumbnails import Thumbnails
from tests.pictures import save, scene


def facts_of(path: Path, size: tuple[int, int] | None = None) -> PhotoFacts:
    data = path.read_bytes()
    if size is None:
        with Image.open(path) as image:
            size = image.size
    identity = FileIdentity.of(path, path.stat())
    return PhotoFacts(Asset(identity), Photo(content_hash(data), *size, "JPEG"))


@pytest.fixture
def pictures(tmp_path: Path) -> Iterator[Pictures]:
    with Pictures(tmp_path / "thumbnails.sqlite", ScanSettings()) as opened:
        yield opened


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def telling(path: Path) -> PhotoFacts:
    """A photo that says where it was taken, by whom, with what, in every way that a JPEG knows."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x8298] = "Maker", "SECRET-camera", "SECRET-owner"
    exif.get_ifd(0x8769)[0x9003] = "2024:05:06 07:08:09"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (52.0, 31.0, 12.0), "E", (13.0, 24.0, 18.0)
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">SECRET-place</x:xmpmeta>'
    path.parent.mkdir(exist_ok=True)
    scene(1, 640, 480).save(path, quality=92, exif=exif, xmp=xmp, comment=b"SECRET-comment", icc_profile=b"SECRET-icc")
    assert 5 == path.read_bytes().count(b"SECRET")
    return facts_of(path)


def test_nothing_of_a_files_metadata_is_served(pictures: Pictures, album: Path) -> None:
    facts = telling(album / "a.jpg")
    served = {
        "thumbnail": pictures.thumbnail(facts),
        "view": pictures.view(facts),
        "small view": pictures.view(facts, 400),
        "full": pictures.full(facts).jpeg,
        "map": pictures.quality_map(facts),
    }
    for name, data in served.items():
        image = opened(data)
        assert not image.getexif(), name
        assert {"jfif", "jfif_version", "jfif_unit", "jfif_density"} >= image.info.keys(), name
        for tell_tale in (b"SECRET", b"Exif", b"http", b"ICC_PROFILE", b"iCCP", b"tEXt", b"2024", b"Photoshop"):
            assert tell_tale not in data, name
    quality_map = opened(served["map"])
    assert ("PNG", "RGBA", (512, 384)) == (quality_map.format, quality_map.mode, quality_map.size)


@pytest.mark.parametrize("orientation", [3, 6])
def test_pictures_are_upright_in_their_own_shape(pictures: Pictures, album: Path, orientation: int) -> None:
    image = Image.new("RGB", (800, 400), "blue")
    image.paste((255, 0, 0), (0, 0, 200, 100))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(album / "a.jpg", exif=exif)
    upright = (800, 400) if orientation == 3 else (400, 800)
    facts = facts_of(album / "a.jpg", upright)
    full, scale = pictures.full(facts)
    for found, size in (
        (opened(pictures.thumbnail(facts)), tuple(side * 320 // 800 for side in upright)),
        (opened(pictures.view(facts, 600)), tuple(side * 600 // 800 for side in upright)),
        (opened(full), upright),
        (pictures.image(facts, 80, 80), tuple(side * 80 // 800 for side in upright)),
    ):
        assert size == found.size
        red, _, blue = found.getpixel((found.width - 3, found.height - 3 if orientation == 3 else 3))  # type: ignore[misc]
        assert (True, True) == (red > 200, blue < 80)
    assert 1.0 == scale


def test_the_full_picture_has_every_pixel(pictures: Pictures, album: Path) -> None:
    path = save(scene(1, 900, 700), album / "a.png")
    full, scale = pictures.full(facts_of(path))
    assert 1.0 == scale
    assert (900, 700) == opened(full).size
    assert 4 > np.abs(np.asarray(opened(full), np.float64) - np.asarray(Image.open(path))).mean()


@pytest.mark.parametrize(("side", "pixels"), [(300, 10**9), (16_000, 300 * 200)])
def test_a_full_picture_that_is_too_large_is_reduced_and_says_so(
    album: Path, monkeypatch: pytest.MonkeyPatch, side: int, pixels: int
) -> None:
    monkeypatch.setattr(drawing, "FULL_SIDE", side)
    monkeypatch.setattr(drawing, "FULL_PIXELS", pixels)
    facts = facts_of(save(scene(1, 600, 400), album / "a.jpg"))
    assert facts.photo is not None
    wish = Wish(Kind.FULL, facts.asset.primary, facts.photo.content_hash, (600, 400), (0, 0), 10**9)
    drawn = draw(wish, None)
    assert ((300, 200), 0.5) == (opened(drawn.data).size, drawn.scale)


def test_a_thumbnail_is_made_once_and_kept(pictures: Pictures, album: Path, tmp_path: Path) -> None:
    facts = facts_of(save(scene(1), album / "a.jpg"))
    made = pictures.thumbnail(facts)
    assert facts.photo is not None
    with Thumbnails.open(tmp_path / "thumbnails.sqlite", REVISION, read_only=True) as kept:
        assert made == kept.get(facts.photo.content_hash)


def test_the_scans_thumbnail_is_shown(album: Path, tmp_path: Path) -> None:
    facts = facts_of(save(scene(1), album / "a.jpg"))
    assert facts.photo is not None
    with Thumbnails.open(tmp_path / "t.sqlite", REVISION) as kept:
        kept.put([(facts.photo.content_hash, b"the scan's")])
    with Pictures(tmp_path / "t.sqlite", ScanSettings()) as pictures:
        assert b"the scan's" == pictures.thumbnail(facts)


def test_a_damaged_thumbnails_file_costs_time_and_nothing_else(album: Path, tmp_path: Path) -> None:
    (tmp_path / "t.sqlite").write_bytes(b"this is no database" * 100)
    facts = facts_of(save(scene(1), album / "a.jpg"))
    with Pictures(tmp_path / "t.sqlite", ScanSettings()) as pictures:
        assert (320, 240) == opened(pictures.thumbnail(facts)).size
        assert pictures.trouble is not None
        assert "t.sqlite" in pictures.trouble


def test_a_map_is_clear_where_the_quality_is_middling_and_coloured_where_it_is_not() -> None:
    quality = np.array([[0.0, 0.5, 1.0]], np.float32)
    pixels = np.asarray(opened(veil(quality, (300, 10)))).astype(int)
    (red, _, blue, bad_cover), (*_, clear), (*good, good_cover) = pixels[5, 5], pixels[5, 150], pixels[5, 295]
    assert (True, True) == (red > blue, good[2] > good[0])
    assert (True, True, True) == (bad_cover > 200, good_cover > 200, clear < 12)


ASKS: dict[str, Callable[[Pictures, PhotoFacts], object]] = {
    "thumbnail": Pictures.thumbnail,
    "view": Pictures.view,
    "full": Pictures.full,
    "map": Pictures.quality_map,
    "image": lambda pictures, facts: pictures.image(facts, 40, 30),
}


@pytest.mark.parametrize("kind", ASKS)
@pytest.mark.parametrize("what", ["gone", "touched", "a folder", "a symlink"])
def test_a_file_that_is_not_what_the_scan_saw_is_named_even_if_its_picture_is_remembered(
    pictures: Pictures, album: Path, tmp_path: Path, kind: str, what: str
) -> None:
    path = save(scene(1), album / "a.jpg")
    facts = facts_of(path)
    if kind != "map":  # torch takes seconds
        ASKS[kind](pictures, facts)
    elsewhere = tmp_path / "elsewhere.jpg"
    if what == "touched":
        os.utime(path, ns=(1, 1))
    else:
        path.rename(elsewhere)
    if what == "a folder":
        path.mkdir()
    elif what == "a symlink":
        path.symlink_to(elsewhere)
    with pytest.raises(ReadError, match=r"a\.jpg"):
        ASKS[kind](pictures, facts)


def test_other_bytes_under_the_same_size_and_time_are_not_shown_as_the_photo(pictures: Pictures, album: Path) -> None:
    path = save(scene(1), album / "a.jpg")
    facts = facts_of(path)
    assert facts.photo is not None
    other = replace(facts, photo=replace(facts.photo, content_hash=bytes(32)))
    with pytest.raises(ReadError, match="changed since"):
        pictures.thumbnail(other)
    with pytest.raises(ReadError, match="changed since"):
        pictures.view(other)


def test_a_file_that_can_not_be_decoded_is_named(pictures: Pictures, album: Path) -> None:
    path = save(scene(1), album / "a.jpg")
    path.write_bytes(path.read_bytes()[:3000])
    for ask in (pictures.thumbnail, pictures.view, pictures.full):
        with pytest.raises(DecodeError, match=r"a\.jpg.*cut off"):
            ask(facts_of(path, (320, 240)))


def test_a_photo_that_was_never_decoded_is_named(pictures: Pictures, album: Path) -> None:
    facts = replace(facts_of(save(scene(1), album / "a.jpg")), photo=None)
    with pytest.raises(DecodeError, match=r"a\.jpg"):
        pictures.thumbnail(facts)


def test_copies_of_one_content_share_their_pictures_but_not_their_troubles(pictures: Pictures, album: Path) -> None:
    one, other = (facts_of(save(scene(1), album / name)) for name in ("a.jpg", "b.jpg"))
    assert pictures.view(one) is pictures.view(other)
    other.path.rename(album / "gone.jpg")
    with pytest.raises(ReadError, match=r"b\.jpg"):
        pictures.view(other)
    assert pictures.view(one)


def hostile(wish: Wish, ask: Ask) -> Drawn:
    """A decoder that crashes at one photo and hangs at another."""
    if wish.file.path.name == "crash.jpg":
        os.kill(os.getpid(), 11)
    if wish.file.path.name == "hang.jpg":
        time.sleep(60)
    return draw(wish, ask)


def test_a_decoder_that_crashes_or_hangs_costs_one_picture(
    album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("albumclean.review.pictures.draw_in_worker", hostile)
    photos = {
        name: facts_of(save(scene(seed), album / name))
        for seed, name in enumerate(("crash.jpg", "hang.jpg", "fine.jpg"))
    }
    with Pictures(tmp_path / "t.sqlite", ScanSettings(), seconds=1.0) as pictures:
        with pytest.raises(DecodeError, match=r"crash\.jpg.*crashed"):
            pictures.view(photos["crash.jpg"])
        with pytest.raises(DecodeError, match=r"hang\.jpg.*longer than 1 s"):
            pictures.view(photos["hang.jpg"])
        assert (320, 240) == opened(pictures.view(photos["fine.jpg"])).size


def test_thumbnails_do_not_wait_for_a_view_that_hangs_and_the_end_waits_for_nothing(
    album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("albumclean.review.pictures.draw_in_worker", hostile)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    hanging = facts_of(save(scene(1), album / "hang.jpg"))
    fine = facts_of(save(scene(2), album / "fine.jpg"))
    ends: list[AlbumcleanError] = []

    def look(facts: PhotoFacts) -> None:
        with pytest.raises(AlbumcleanError) as caught:
            made.view(facts)
        ends.append(caught.value)

    with Pictures(tmp_path / "t.sqlite", ScanSettings(), seconds=50.0) as made:
        threads = [threading.Thread(target=look, args=(each,)) for each in (hanging, fine)]
        for thread in threads:
            thread.start()
            time.sleep(0.2)
        assert (320, 240) == opened(made.thumbnail(fine)).size
        began = time.monotonic()
    for thread in threads:
        thread.join()
    assert 5 > time.monotonic() - began
    assert [Ended, Ended] == [type(end) for end in ends]


def test_many_threads_get_the_right_pictures(pictures: Pictures, album: Path) -> None:
    photos = [facts_of(save(Image.new("RGB", (40, 30), (20 * n, 0, 0)), album / f"{n}.png")) for n in range(12)]

    def look(number: int) -> int:
        facts = photos[number % len(photos)]
        ask = (pictures.thumbnail, pictures.view, lambda each: pictures.full(each).jpeg)[number % 3]
        red, _, _ = opened(ask(facts)).getpixel((5, 5))  # type: ignore[misc]
        return abs(int(red) - 20 * (number % len(photos)))

    with ThreadPoolExecutor(8) as threads:
        assert 4 > max(threads.map(look, range(72)))


def test_remembered_pictures_stay_below_their_bound(album: Path, tmp_path: Path) -> None:
    photos = [facts_of(save(scene(seed), album / f"{seed}.jpg")) for seed in range(4)]
    with Pictures(tmp_path / "t.sqlite", ScanSettings()) as pictures:
        size = max(len(pictures.view(facts)) for facts in photos)
    with Pictures(tmp_path / "t.sqlite", ScanSettings(), memory=int(2.5 * size)) as pictures:
        first = pictures.view(photos[0])
        assert pictures.view(photos[0]) is first
        for facts in photos[1:]:
            pictures.view(facts)
        again = pictures.view(photos[0])
        assert again == first
        assert again is not first


def slow(job: tuple[str, float], _ask: Ask) -> str:
    time.sleep(job[1])
    return job[0]


def test_what_is_urgent_goes_first_then_what_was_asked_first() -> None:
    done: list[str] = []
    with_lanes = Lanes(slow, lanes=1, timeout=20.0)
    futures = [with_lanes.ask(("at once", 0.5), 0)]
    time.sleep(0.2)
    futures += [with_lanes.ask((name, 0.0), urgency) for name, urgency in (("c", 1), ("a", 0), ("d", 1), ("b", 0))]
    for future in futures:
        future.add_done_callback(lambda each: done.append(str(each.result())))
    for future in futures:
        future.result()
    with_lanes.end()
    assert ["at once", "a", "b", "c", "d"] == done
    assert isinstance(with_lanes.ask(("late", 0.0), 0).result(), Ended)


def process_id(job: str, _ask: Ask) -> int:
    return os.getpid()


def test_a_process_with_nothing_to_do_ends_and_the_next_job_starts_another() -> None:
    lanes = Lanes(process_id, lanes=1, timeout=20.0, idle=0.3)
    first, same = (lanes.ask("who", 0).result() for _ in range(2))
    assert isinstance(first, int)
    deadline = time.monotonic() + 10
    while psutil.pid_exists(first) and time.monotonic() < deadline:
        time.sleep(0.05)
    another = lanes.ask("who", 0).result()
    lanes.end()
    assert first == same
    assert first != another


def test_what_goes_wrong_with_the_processes_themselves_is_told_to_who_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OSError("too many processes")

    lanes = Lanes(process_id, lanes=1, timeout=20.0)
    with monkeypatch.context() as patched:
        patched.setattr("albumclean.media.workers.resource_tracker.ensure_running", refuse)
        with pytest.raises(OSError, match="too many"):
            lanes.ask("who", 0).result()
    assert isinstance(lanes.ask("who", 0).result(), int)
    lanes.end()
