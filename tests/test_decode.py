"""What decoding promises: the content decides, every refusal says why, and no bytes do harm."""

from __future__ import annotations

import io
import os
import random
import struct
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from albumclean.domain import FileIdentity
from albumclean.errors import DecodeError, ReadError
from albumclean.media import reading, sniff
from albumclean.media.decode import Frame, decode, reduction_for
from albumclean.media.parsers import readable_formats
from albumclean.media.workers import Ask, FailureKind, WorkerFailure, WorkerPool
from albumclean.trash.files import hash_file

FIXTURES = Path(__file__).parent / "fixtures"
WRITABLE = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF")


def picture(width: int = 96, height: int = 64) -> Image.Image:
    """Colourful and not flat, so that every format has data to lose."""
    gradient = Image.linear_gradient("L").resize((width, height))
    noise = Image.fromarray(np.random.default_rng(3).integers(0, 256, (height, width), np.uint8))
    return Image.merge("RGB", (gradient, noise, gradient.transpose(Image.Transpose.ROTATE_180)))


def encoded(image: Image.Image, name: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


def frame(data: bytes, *, min_short_side: int = 32, max_pixels: int = 10**7, path: str = "photo") -> Frame:
    return decode(data, Path(path), b"h" * 32, min_short_side=min_short_side, max_pixels=max_pixels)


def refusal(data: bytes, **options: Any) -> str:
    with pytest.raises(DecodeError) as caught:
        frame(data, **options)
    return str(caught.value.fields["detail"])


def heic() -> bytes:
    return (FIXTURES / "quadrants.heic").read_bytes()


def mpo() -> bytes:
    return encoded(picture(), "MPO", save_all=True, append_images=[Image.new("RGB", (32, 32), "red")])


def every_format() -> dict[str, bytes]:
    return {name: encoded(picture(), name) for name in WRITABLE} | {"MPO": mpo(), "HEIF": heic()}


@pytest.mark.parametrize("name", [*WRITABLE, "MPO", "HEIF"])
def test_each_format_is_read_whatever_the_extension(name: str) -> None:
    result = frame(every_format()[name], path="photo.txt")
    assert name == result.photo.format
    assert (96, 64) == (result.photo.width, result.photo.height)
    assert "RGB" == result.image.mode
    assert b"h" * 32 == result.photo.content_hash


def test_every_format_s_decoder_is_alive() -> None:
    assert {*WRITABLE, "HEIF", "JPEG2000", "JXL", "camera RAW"} == set(readable_formats())


def test_a_picture_of_a_few_pixels_is_read() -> None:
    for size in ((1, 1), (5, 3), (1, 900)):
        for name in WRITABLE:
            for min_short_side in (0, 32):
                photo = frame(encoded(picture(*size), name), min_short_side=min_short_side).photo
                assert size == (photo.width, photo.height)


def test_the_neutral_heif_brand_is_resolved_by_the_compatible_brands() -> None:
    data = bytearray(encoded(picture(), "AVIF"))
    data[8:12] = b"mif1"
    assert "AVIF" == frame(bytes(data)).photo.format


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty (0 bytes)"),
        (bytes(5000), "holds only zero bytes"),
        (b"Dear diary, this is not a picture.\n" * 9, "is not a picture in a format that can be read"),
        (b"%PDF-1.7\n", "is a PDF document, which is not a picture format that can be read"),
        (b"8BPS\0\1\0\0", "is a Photoshop document, which is not a picture format that can be read"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "is a video, which is not a picture format that can be read"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is not a picture in a format that can be read"),
    ],
)
def test_what_is_no_photo_is_refused_in_plain_words(data: bytes, words: str) -> None:
    assert words == refusal(data)


def test_camera_raw_is_refused_and_not_judged_by_its_thumbnail() -> None:
    data = (FIXTURES / "raw.dng").read_bytes()
    with Image.open(io.BytesIO(data)) as seen_by_pillow:
        assert (8, 8) == seen_by_pillow.size  # what would be scored
    assert "is camera RAW (DNG) of a kind that LibRaw does not know yet" == refusal(data)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"FUJIFILMCCD-RAW 0201", "RAF"),
        (b"IIU\0\x18\0\0\0", "RW2"),
        (b"IIRO\x08\0\0\0", "ORF"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "CR3"),
        (b"II*\0\x10\0\0\0CR\x02\0", "CR2"),
    ],
)
def test_camera_raw_is_known_by_its_head(head: bytes, name: str) -> None:
    assert name == sniff.camera_raw(head + bytes(64))


@pytest.mark.parametrize(("tag", "value"), [(262, 32803), (262, 34892), (259, 34713), (259, 32767)])
def test_sensor_data_in_a_sub_directory_make_a_tiff_camera_raw(tag: int, value: int) -> None:
    nef = bytearray((FIXTURES / "raw.dng").read_bytes())
    place = nef.index(struct.pack("<HHI", 50706, 1, 4))
    nef[place : place + 2] = struct.pack("<H", 65000)  # no DNG tag any more
    place = nef.index(struct.pack("<HHII", 262, 3, 1, 32803))
    nef[place : place + 12] = struct.pack("<HHII", tag, 3, 1, value)
    assert "RAW" == sniff.camera_raw(bytes(nef))


def test_an_ordinary_tiff_is_not_camera_raw() -> None:
    assert None is sniff.camera_raw(encoded(picture(), "TIFF"))


@pytest.mark.parametrize("name", [*WRITABLE, "MPO", "HEIF"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_file_that_was_cut_off_is_refused(name: str, share: float) -> None:
    whole = encoded(picture(), name, compression="tiff_deflate") if name == "TIFF" else every_format()[name]
    if name == "MPO":
        whole = whole[: whole.index(b"\xff\xd9\xff\xd8") + 2]  # cut in the first picture, the one that is shown
    words = refusal(whole[: int(len(whole) * share)])
    assert "is cut off: the picture data end early" == words or (name == "TIFF" and words.startswith("is damaged"))


def test_a_progressive_jpeg_that_was_cut_off_is_refused_at_reduced_size_too() -> None:
    whole = encoded(picture(800, 600), "JPEG", progressive=True)
    assert "is cut off: the picture data end early" == refusal(whole[: len(whole) // 2], min_short_side=100)


def test_a_jpeg_whose_end_was_lost_to_zero_bytes_is_refused() -> None:
    whole = encoded(picture(400, 300), "JPEG", quality=95)
    lost = whole[: len(whole) // 2] + bytes(len(whole) // 2)
    assert "is damaged: its end holds only zero bytes in place of pixels" == refusal(lost)


def test_padding_behind_a_whole_jpeg_does_no_harm() -> None:
    assert (48, 32) == frame(encoded(picture(), "JPEG") + bytes(4096)).image.size


def test_a_broken_index_of_further_pictures_does_not_cost_the_first() -> None:
    broken = mpo().replace(b"MPF\0II*\0", b"MPF\0II*\0\xff\xff\xff\xff", 1)
    assert (48, 32) == frame(broken).image.size


def test_a_picture_over_the_limit_is_refused_before_a_pixel_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", pytest.fail)
    monkeypatch.setattr("pi_heif.as_plugin._LibHeifImageFile.load", pytest.fail)
    for data in every_format().values():
        assert "has 0.00614 megapixels; the limit is 0.005 (scan.max_pixels)" == refusal(data, max_pixels=5000)


def test_a_bomb_of_a_few_bytes_is_refused() -> None:
    bomb = bytearray(encoded(Image.new("1", (64, 64)), "PNG"))
    bomb[16:24] = (60000).to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bytes(bomb[12:29])).to_bytes(4, "big")
    assert "has 3600 megapixels; the limit is 300 (scan.max_pixels)" == refusal(bytes(bomb), max_pixels=300_000_000)


def test_pillow_s_own_limits_and_settings_are_left_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    threads = [threading.Thread(target=frame, args=(encoded(picture(), "WEBP"),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (48, 32) == frame(encoded(picture(), "TIFF")).image.size  # over Pillow's limit, under ours
    assert 1000 == Image.MAX_IMAGE_PIXELS
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(encoded(picture(), "PNG")))


def test_memory_that_runs_out_is_a_refusal_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", exhausted)
    assert "needs more memory than a decoder may use (scan.worker_memory)" == refusal(encoded(picture(), "PNG"))


def decode_hostile(data: bytes, ask: Ask) -> bytes:
    """Runs in a worker."""
    result = frame(data, max_pixels=4_000_000)
    return result.image.tobytes()


def hostile(count: int) -> Iterator[bytes]:
    """Seeded mutations of every format; the first bytes, where the headers are, get half of them."""
    dice = random.Random(20240506)
    files = [path.read_bytes() for path in sorted(FIXTURES.iterdir()) if path.suffix not in {".py", ".md", ".icc"}]
    seeds = [*files, *every_format().values()]
    for _ in range(count):
        data = bytearray(dice.choice(seeds))
        for _ in range(dice.choice((1, 1, 2, 4, 16))):
            place = dice.randrange(len(data) if dice.random() < 0.5 else min(len(data), 300))
            match dice.randrange(4):
                case 0:
                    data[place] = dice.randrange(256)
                case 1:
                    data[place : place + 4] = dice.choice((b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff"))
                case 2:
                    del data[place : place + dice.randrange(1, 40)]
                case _:
                    data[place:place] = data[: dice.randrange(1, 40)]
            if not data:
                break
        yield bytes(data)


def test_nothing_but_a_decode_error_or_a_frame_comes_of_hostile_bytes() -> None:
    """In a worker, as in a scan: the native decoders themselves may crash on such bytes (see the next test)."""
    count = int(os.environ.get("ALBUMCLEAN_FUZZ", "300"))
    pool = WorkerPool(decode_hostile, workers=1, timeout=20, memory=4 << 30)
    outcomes = [outcome for _, outcome in pool.run(hostile(count), answer=lambda question: question)]
    failures = [outcome for outcome in outcomes if isinstance(outcome, WorkerFailure)]
    assert count == len(outcomes)
    assert [] == [failure for failure in failures if failure.kind is not FailureKind.CRASH]
    assert len(failures) <= count // 100
    others = [outcome for outcome in outcomes if not isinstance(outcome, WorkerFailure | bytes)]
    assert {DecodeError} == {type(outcome) for outcome in others}
    assert all(len(str(outcome)) < 400 for outcome in others)


def test_a_heic_that_crashes_its_decoder_costs_only_itself() -> None:
    """pi-heif 1.4.0 dies with SIGSEGV of an item type that is not UTF-8; a later one may refuse it instead."""
    before, crasher, after = heic(), heic().replace(b"Exif", b"Exi\xac", 1), mpo()
    pool = WorkerPool(decode_hostile, workers=1, timeout=20, memory=4 << 30)
    outcomes = dict(pool.run([before, crasher, after], answer=lambda question: question))
    assert isinstance(outcomes[before], bytes)
    assert isinstance(outcomes[after], bytes)
    assert isinstance(outcomes[crasher], WorkerFailure | DecodeError | bytes)


# Sizes


@pytest.mark.parametrize(
    ("size", "wanted", "expected"),
    [
        ((4000, 3000), 720, 4),
        ((4000, 3000), 384, 4),
        ((4000, 3000), 375, 8),
        ((1440, 1440), 720, 2),
        ((1439, 9999), 720, 1),
        ((100, 100), 720, 1),
        ((5, 5), 0, 4),
    ],
)
def test_the_reduction_leaves_the_short_side_that_was_asked_for(
    size: tuple[int, int], wanted: int, expected: int
) -> None:
    assert expected == reduction_for(*size, wanted)


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
def test_every_format_is_reduced_alike(name: str) -> None:
    result = frame(encoded(picture(803, 601), name), min_short_side=150)
    assert ((201, 151), 4) == (result.image.size, result.reduction)
    assert (803, 601) == (result.photo.width, result.photo.height)


# Facts


def exif_of(**changes: Any) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = changes.get("make", "Canon")
    exif[0x0110] = changes.get("model", "Canon EOS R5")
    if "rating" in changes:
        exif[0x4746] = changes["rating"]
    exif.get_ifd(0x8769)[0x9003] = changes.get("taken", "2024:05:06 07:08:09")
    if "fraction" in changes:
        exif.get_ifd(0x8769)[0x9291] = changes["fraction"]
    return exif


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_time_camera_and_rating_are_read_from_each_format(name: str) -> None:
    photo = frame(encoded(picture(), name, exif=exif_of(rating=3, fraction="045"))).photo
    assert ("2024-05-06T07:08:09.045", "Canon EOS R5", 3) == (photo.taken_at, photo.camera, photo.rating)


def test_camera_and_rating_of_a_tiff_are_read() -> None:
    photo = frame(encoded(picture(), "TIFF", exif=exif_of(rating=3))).photo  # Pillow writes no time into a TIFF
    assert ("Canon EOS R5", 3) == (photo.camera, photo.rating)


def test_make_and_model_are_one_name() -> None:
    assert (
        "Apple iPhone 15"
        == frame(encoded(picture(), "JPEG", exif=exif_of(make="Apple", model="iPhone 15"))).photo.camera
    )


@pytest.mark.parametrize(
    "taken", ["0000:00:00 00:00:00", "    :  :     :  :  ", "2024:13:40 99:00:00", "yesterday", ""]
)
def test_a_time_that_makes_no_sense_is_no_time(taken: str) -> None:
    assert None is frame(encoded(picture(), "JPEG", exif=exif_of(taken=taken))).photo.taken_at


@pytest.mark.parametrize("form", ['<x xmp:Rating="{}"/>', "<xmp:Rating>{}</xmp:Rating>", "<x xmp:Rating = '{}'/>"])
@pytest.mark.parametrize("value", [-1, 0, 5])
def test_the_xmp_rating_is_read_in_each_way_of_writing_it(form: str, value: int) -> None:
    xmp = b"<x:xmpmeta>" + form.format(value).encode() + b"</x:xmpmeta>"
    assert value == frame(encoded(picture(), "JPEG", xmp=xmp)).photo.rating


@pytest.mark.parametrize(
    ("xmp", "expected"),
    [
        (b'<x MicrosoftPhoto:Rating="75"/>', 4),
        (b"<MicrosoftPhoto:Rating>99</MicrosoftPhoto:Rating>", 5),
        (b'<x MicrosoftPhoto:Rating="0"/>', 0),
        (b'<x digiKam:PickLabel="3"/>', 1),
        (b'<x digiKam:PickLabel="1"/>', None),  # rejected: no word of praise
        (b'<x digiKam:PickLabel="3" xmp:Rating="5"/>', 5),
    ],
)
def test_a_rating_in_percent_and_an_accepted_label_count(xmp: bytes, expected: int | None) -> None:
    assert expected == frame(encoded(picture(), "JPEG", xmp=xmp)).photo.rating
    percent = Image.Exif()
    percent[0x4749] = 50
    assert 3 == frame(encoded(picture(), "JPEG", exif=percent)).photo.rating


def test_a_camera_s_name_of_any_length_stays_short() -> None:
    photo = frame(encoded(picture(), "JPEG", exif=exif_of(make="M" * 30_000))).photo
    assert 100 == len(photo.camera or "")


def test_the_kinder_of_two_ratings_counts() -> None:
    data = encoded(picture(), "JPEG", exif=exif_of(rating=5), xmp=b'<x xmp:Rating="-1"/>')
    assert 5 == frame(data).photo.rating


def test_damaged_metadata_do_not_cost_the_photo() -> None:
    for exif in (b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(40)):
        photo = frame(encoded(picture(), "JPEG", exif=exif)).photo
        assert (None, None, None) == (photo.taken_at, photo.camera, photo.rating)
    text = PngInfo()
    text.add_text("Raw profile type exif", "\nexif\n  12\nnot hexadecimal")
    assert (96, 64) == frame(encoded(picture(), "PNG", pnginfo=text), min_short_side=64).image.size


def test_heic_facts_are_read() -> None:
    photo = frame(heic()).photo
    assert ("2024-05-06T07:08:09.120", "Albumclean Testcam 1", 4) == (photo.taken_at, photo.camera, photo.rating)


# Reading


def identity(path: Path) -> FileIdentity:
    found = path.lstat()
    return FileIdentity(path, found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x" * 3_000_000)
    data = reading.read_file(identity(path))
    assert b"x" * 3_000_000 == data
    assert reading.content_hash(data) == hash_file(path)  # what a move checks
    assert 32 == len(reading.content_hash(b""))


def changed_time(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def grown(path: Path) -> None:
    state = path.stat()
    with path.open("ab") as file:
        file.write(b"more")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def swapped(path: Path) -> None:
    state = path.stat()
    other = path.with_name("other")
    other.write_bytes(b"y" * state.st_size)
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    os.replace(other, path)


@pytest.mark.parametrize("change", [changed_time, grown, swapped])
def test_a_file_that_is_not_as_the_crawl_saw_it_is_not_taken_for_it(tmp_path: Path, change: Any) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x" * 100)
    seen = identity(path)
    change(path)
    with pytest.raises(ReadError, match="changed while it was read; it will be looked at again"):
        reading.read_file(seen)


def test_a_change_while_reading_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x" * 100)
    seen, real, calls = identity(path), os.fstat, 0

    def fstat(descriptor: int) -> os.stat_result:
        nonlocal calls
        calls += 1
        if calls == 3:  # the one after reading
            os.utime(path, ns=(5, 5))
        return real(descriptor)

    monkeypatch.setattr("albumclean.media.reading.os.fstat", fstat)
    with pytest.raises(ReadError, match="changed while it was read"):
        reading.read_file(seen)


@pytest.mark.skipif(sys.platform == "win32", reason="no FIFOs there")
@pytest.mark.timeout(10)
def test_a_fifo_in_a_photo_s_place_never_blocks(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    os.mkfifo(path)
    with pytest.raises(ReadError, match="is not a regular file"):
        reading.read_file(identity(path))


@pytest.mark.skipif(sys.platform == "win32", reason="symlinks need a privilege there")
def test_a_symlink_in_a_photo_s_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x" * 100)
    seen = identity(tmp_path / "secret")
    link = tmp_path / "a.jpg"
    link.symlink_to("secret")
    with pytest.raises(ReadError):
        reading.read_file(FileIdentity(link, seen.size, seen.mtime_ns, seen.inode, seen.device))


def test_what_the_system_says_is_the_reason(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.jpg", tmp_path):
        with pytest.raises(ReadError, match=r"No such file|not a regular file|ermission"):
            reading.read_file(FileIdentity(path, 1, 1, 1, 1))
