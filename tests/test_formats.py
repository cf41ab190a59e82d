"""Promises of the formats: what a file is, what it shows, what it holds beside that, and that nothing of it is lost."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from albumclean.domain import (
    RAW_FORMATS,
    Action,
    Companion,
    CompanionKind,
    Extra,
    FileIdentity,
    Fingerprint,
    GroupKind,
    Photo,
    Relation,
    UserMarks,
)
from albumclean.errors import DecodeError
from albumclean.media import boxes, jxl, parsers, pictures, profiles, raw, sniff
from albumclean.media.boxes import ColourCodes
from albumclean.media.colour import to_srgb
from albumclean.media.decode import Frame, decode
from albumclean.policy.registry import all_rules
from albumclean.store.cache import Cache
from tests.pictures import scene
from tests.raw_files import dng, preview_jpeg
from tests.test_groups import content, grouped, look, names, photo

VIDEO = struct.pack(">I4s4sI4s", 20, b"ftyp", b"mp42", 0, b"isom") + b"\0\0\0\x08mdat"


def encoded(image: Image.Image, name: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


def frame(data: bytes, *, min_short_side: int = 32, max_pixels: int = 10**7) -> Frame:
    return decode(data, Path("photo"), b"h" * 32, min_short_side=min_short_side, max_pixels=max_pixels)


def refusal(data: bytes, **options: Any) -> str:
    with pytest.raises(DecodeError) as caught:
        frame(data, **options)
    return str(caught.value.fields["detail"])


def box(kind: bytes, *parts: bytes) -> bytes:
    inside = b"".join(parts)
    return struct.pack(">I", 8 + len(inside)) + kind + inside


def corner(image: Image.Image) -> tuple[int, ...]:
    found = image.getpixel((2, 2))
    assert isinstance(found, tuple)
    return found


# --- camera RAW -----------------------------------------------------------------------------------------------------


def quadrants(width: int = 1200, height: int = 900) -> Image.Image:
    """Red, green, blue and white, so that every turn shows."""
    image = Image.new("RGB", (width, height), "white")
    image.paste("red", (0, 0, width // 2, height // 2))
    image.paste("lime", (width // 2, 0, width, height // 2))
    image.paste("blue", (0, height // 2, width // 2, height))
    return image


def test_a_raw_is_seen_by_its_preview_and_counts_with_its_own_size_and_facts() -> None:
    result = frame(dng(preview_jpeg(quadrants())), min_short_side=384)
    found = result.photo
    assert ("DNG", 1600, 1200) == (found.format, found.width, found.height)
    assert ("2024-05-06T07:08:09", "Maker Model 1", 4) == (found.taken_at, found.camera, found.rating)
    assert (0.01, 200) == (found.shot.exposure, found.shot.iso)
    assert (600, 450) == result.image.size
    assert corner(result.image)[0] > 240 > 20 > corner(result.image)[1]
    assert found.is_raw


@pytest.mark.parametrize(
    ("turn", "size", "expected"),
    [(1, (1600, 1200), "red"), (6, (1200, 1600), "blue"), (8, (1200, 1600), "lime"), (3, (1600, 1200), "white")],
)
def test_a_raw_is_turned_as_its_camera_was(turn: int, size: tuple[int, int], expected: str) -> None:
    result = frame(dng(preview_jpeg(quadrants()), orientation=turn))
    assert size == (result.photo.width, result.photo.height)
    wanted = Image.new("RGB", (1, 1), expected).getpixel((0, 0))
    assert isinstance(wanted, tuple)
    assert all(abs(one - other) < 12 for one, other in zip(wanted, corner(result.image), strict=True))


def test_a_preview_that_says_itself_how_it_lies_is_not_turned_twice() -> None:
    upright = frame(dng(preview_jpeg(quadrants(900, 1200)), orientation=6, preview_size=(900, 1200)))
    said = frame(dng(preview_jpeg(quadrants(), orientation=6), orientation=6))
    assert (1200, 1600) == (upright.photo.width, upright.photo.height)
    assert corner(upright.image)[0] > 240 > 20 > corner(upright.image)[2]
    assert upright.image.size[0] < upright.image.size[1]
    assert said.image.size[0] < said.image.size[1]
    assert corner(said.image)[2] > 240 > 20 > corner(said.image)[0]


@given(st.sampled_from(range(1, 9)), st.sampled_from([None, *range(1, 9)]), st.booleans(), st.booleans())
def test_the_preview_of_a_raw_ends_up_with_the_shape_of_the_raw_wherever_anything_says_so(
    turn: int, own: int | None, raw_lies: bool, preview_lies: bool
) -> None:
    preview = raw.Preview(b"", (4, 3) if raw_lies else (3, 4), turn)
    chosen = raw.turn_of(preview, (4, 3) if preview_lies else (3, 4), own)
    lies = preview_lies != (chosen >= 5)
    possible = {preview_lies != (each >= 5) for each in (own, turn, 1) if each is not None}
    assert lies == raw_lies or raw_lies not in possible


def test_a_raw_with_too_small_a_preview_or_none_is_listed_with_the_reason() -> None:
    small = dng(preview_jpeg(scene(1, 320, 240)), preview_size=(320, 240))
    words = "is camera RAW (DNG) with a preview of only 320x240 pixels, which is too small to judge it by"
    assert words == refusal(small)
    assert "is camera RAW (DNG) without a preview that can be read, and nothing is developed here" == refusal(dng(None))


def test_a_raw_over_the_limit_is_refused_by_its_own_size_and_by_its_preview_s() -> None:
    data = dng(preview_jpeg(quadrants()))
    assert "has 1.92 megapixels; the limit is 1.5 (scan.max_pixels)" == refusal(data, max_pixels=1_500_000)
    tiny = dng(preview_jpeg(quadrants()), (100, 80))
    assert "has 1.08 megapixels; the limit is 0.1 (scan.max_pixels)" == refusal(tiny, max_pixels=100_000)


def test_a_raw_that_was_cut_off_is_no_photo_and_no_crash() -> None:
    whole = dng(preview_jpeg(quadrants()))
    for share in (0.001, 0.01, 0.3):
        assert refusal(whole[: int(len(whole) * share)])


def test_a_raw_whose_sensor_data_end_early_is_refused_though_its_preview_is_whole() -> None:
    main = dng(preview_jpeg(quadrants()))
    assert not sniff.raw_is_cut_off(main)
    for lost in (1000, 1_000_000):  # what lies behind the sensor data is shorter than that
        assert sniff.raw_is_cut_off(main[:-lost])  # LibRaw sees it only in some formats
        assert "is cut off: the picture data end early" == refusal(main[:-lost])


def test_the_largest_jpeg_of_the_picture_s_shape_stands_in_where_libraw_finds_none() -> None:
    small, large, square = (preview_jpeg(scene(1, *size)) for size in ((160, 120), (1200, 900), (2000, 2000)))
    search = vars(raw)["_largest_jpeg"]
    assert search(bytes(99) + small + bytes(9) + large + square, (4000, 3000)).startswith(large)
    assert search(small + large, (3000, 4000)).startswith(large)  # the sensor's own way is the other way round
    assert None is search(square, (4000, 3000))
    assert None is search(large.replace(b"\xff\xc0", b"\xff\xc3", 1), (4000, 3000))  # lossless: sensor data


def test_a_phase_one_file_is_no_picture_of_one_pixel() -> None:
    assert "IIQ" == sniff.camera_raw(b"II*\0\x10\0\0\0IIIICwaR" + bytes(40))


@pytest.mark.parametrize(
    ("maker", "name"),
    [("NIKON CORPORATION", "NEF"), ("SONY", "ARW"), ("PENTAX Corporation", "PEF"), ("SAMSUNG", "SRW"), ("Me", "RAW")],
)
def test_a_raw_is_called_as_its_maker_calls_it(maker: str, name: str) -> None:
    assert name == sniff.camera_raw(dng(None, (64, 48), make=maker, is_dng=False))
    assert "DNG" == sniff.camera_raw(dng(None, (64, 48), make=maker))


def test_every_name_of_a_raw_format_counts_as_raw() -> None:
    heads = set(vars(sniff)["_RAW_HEADS"].values()) | set(vars(sniff)["_RAW_OF_MAKER"].values())
    assert set() == (heads | {"CR2", "CR3", "CRW", "DNG", "RAW"}) - RAW_FORMATS


def test_a_cr3_says_when_and_with_what_it_was_taken() -> None:
    main = dng(None, (8, 8))  # any TIFF will do
    inner = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8827, 3, 1, 800, 0)
    canon = box(b"uuid", bytes(16), box(b"CMT1", main), box(b"CMT2", inner))
    data = box(b"ftyp", b"crx \0\0\0\1crx isom") + box(b"moov", canon)
    exif, shot, _ = raw.metadata_of(data)
    assert ("Model 1", 800) == (exif[0x0110], shot[0x8827])


def test_a_format_whose_package_is_missing_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jxl, "is_installed", lambda: False)
    assert "is in the format JXL; to have it read: pip install albumclean[jxl]" == refusal(b"\xff\x0a" + bytes(90))
    assert {"JXL": "albumclean[jxl]"} == parsers.missing_formats()
    assert "JXL" not in parsers.readable_formats()


# --- JPEG XL and JPEG 2000 ------------------------------------------------------------------------------------------


def jpeg_xl(image: Image.Image, **options: Any) -> bytes:
    library = pytest.importorskip("pylibjxl")
    made = library.encode(np.asarray(image), lossless=True, **options)
    return bytes(made)


def test_a_jpeg_xl_is_read_with_its_facts_and_is_not_turned_by_its_exif() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x0110] = 6, "Model 1"
    result = frame(jpeg_xl(quadrants(96, 64), exif=exif.tobytes()[6:]), min_short_side=64)
    assert ("JXL", 96, 64, "Model 1") == (
        result.photo.format, result.photo.width, result.photo.height, result.photo.camera,
    )  # fmt: skip
    assert (255, 0, 0) == corner(result.image)


def test_a_jpeg_xl_over_the_limit_is_refused_before_a_pixel_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = jpeg_xl(scene(1, 96, 64))
    monkeypatch.setattr(jxl.JxlImageFile, "load", pytest.fail)
    assert "has 0.00614 megapixels; the limit is 0.005 (scan.max_pixels)" == refusal(data, max_pixels=5000)


def test_a_jpeg_xl_that_was_cut_off_is_refused() -> None:
    data = jpeg_xl(scene(1, 96, 64))
    for share in (0.02, 0.3, 0.9):
        assert refusal(data[: int(len(data) * share)])


@pytest.mark.parametrize("grey", [False, True])
def test_grey_and_see_through_jpeg_xl_are_read(grey: bool) -> None:
    image = scene(1, 64, 48)
    image = image.convert("L") if grey else image.convert("RGBA")
    assert (64, 48) == frame(jpeg_xl(image), min_short_side=48).image.size


class Writer:
    """The bits of a JPEG XL header, the lowest first."""

    def __init__(self) -> None:
        self.bits: list[int] = []

    def put(self, *fields: tuple[int, int]) -> Writer:
        for value, count in fields:
            self.bits += [value >> place & 1 for place in range(count)]
        return self

    def bytes(self) -> bytes:
        padded = [*self.bits, *[0] * (-len(self.bits) % 8)]
        return b"\xff\x0a" + bytes(
            sum(bit << place for place, bit in enumerate(padded[at : at + 8])) for at in range(0, len(padded), 8)
        )


def test_the_colours_that_a_jpeg_xl_names_by_code_are_found_in_its_header() -> None:
    size, ten_bits, no_extras = ((1, 1), (7, 5), (1, 3)), ((0, 1), (1, 2)), ((0, 1), (0, 2))
    p3_pq = ((0, 1), (0, 1), (0, 2), (1, 2), (2, 2), (9, 4), (0, 1), (2, 2), (14, 4))
    head = Writer().put(*size, (0, 1), (0, 1), *ten_bits, *no_extras, (0, 1), *p3_pq, (0, 2)).bytes()
    assert ColourCodes(12, 16) == jxl.jxl_colour_codes(head + bytes(9))
    assert None is jxl.jxl_colour_codes(head[:4])
    assert None is jxl.jxl_colour_codes(Writer().put(*size, (1, 1)).bytes())  # all as usual
    wrapped = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ") + box(b"jxlc", head + bytes(9))
    assert ColourCodes(12, 16) == jxl.jxl_colour_codes(wrapped)


def test_an_animated_jpeg_xl_is_refused_as_only_its_last_picture_could_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    library = pytest.importorskip("pylibjxl")
    data = jpeg_xl(scene(1, 64, 48))
    said = {**library.probe(data), "have_animation": True}
    monkeypatch.setattr(library, "probe", lambda _: said)
    assert "is a JXL file of a kind that can't be read (unsupported: an animation)" == refusal(data)


def test_exif_in_a_jpeg_2000_is_read() -> None:
    exif = Image.Exif()
    exif[0x0110] = "Model 1"
    told = encoded(quadrants(96, 64), "JPEG2000") + box(b"uuid", b"JpgTiffExif->JP2", exif.tobytes()[6:])
    assert "Model 1" == frame(told).photo.camera


def test_colours_of_more_than_eight_bits_in_a_jpeg_2000_are_refused_and_grey_is_read() -> None:
    data = bytearray(encoded(quadrants(96, 64), "JPEG2000"))
    data[data.index(b"\xff\x4f\xff\x51") + 42] = 15
    words = "is a JPEG2000 file of a kind that can't be read (unsupported: more than 8 bits a colour)"
    assert words == refusal(bytes(data))
    grey = Image.fromarray(np.full((48, 64), 32768, np.uint16))
    assert 128 == corner(frame(encoded(grey, "JPEG2000")).image)[0]


def test_damaged_exif_does_not_cost_an_avif() -> None:
    exif = Image.Exif()
    exif[0x0110] = "Model 1"
    data = encoded(quadrants(96, 64), "AVIF", exif=exif)
    at = data.index(exif.tobytes()[6:])
    broken = data[: at - 4] + b"\xff\xff\xff\xff" + bytes(8) + data[at + 8 :]
    assert (96, 64) == frame(broken, min_short_side=64).image.size


def test_a_see_through_level_of_sixteen_bits_is_laid_on_white() -> None:
    levels = np.full((48, 64), 1000, np.uint16)
    levels[:, 32:] = 40_000
    image = frame(encoded(Image.fromarray(levels), "PNG", transparency=1000), min_short_side=48).image
    assert ((255, 255, 255), (156, 156, 156)) == (image.getpixel((2, 2)), image.getpixel((60, 2)))


@pytest.mark.parametrize("bare", [False, True])
def test_jpeg_2000_is_read_in_and_out_of_its_container(bare: bool) -> None:
    data = encoded(quadrants(96, 64), "JPEG2000", no_jp2=bare)
    result = frame(data, min_short_side=64)
    assert ("JPEG2000", (96, 64), (255, 0, 0)) == (result.photo.format, result.image.size, corner(result.image))
    assert "has 0.00614 megapixels; the limit is 0.005 (scan.max_pixels)" == refusal(data, max_pixels=5000)
    assert refusal(data[: len(data) // 2])


# --- several pictures -----------------------------------------------------------------------------------------------


def frames(count: int) -> list[Image.Image]:
    return [scene(seed, 64, 48) for seed in range(count)]


@pytest.mark.parametrize("name", ["GIF", "PNG", "WEBP", "AVIF", "TIFF", "MPO"])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_frames_and_pages_are_counted_and_the_first_is_shown(name: str, count: int) -> None:
    first, *rest = frames(count)
    data = encoded(first, name, save_all=True, append_images=rest)
    result = frame(data)
    alone = frame(encoded(first, "JPEG" if name == "MPO" else name))
    assert count == result.photo.pictures
    difference = np.asarray(result.image, int) - np.asarray(alone.image, int)
    assert 12 > np.abs(difference).mean()


def test_a_still_picture_before_an_animation_counts_as_well() -> None:
    data = encoded(frames(1)[0], "PNG", save_all=True, append_images=frames(3)[1:], default_image=True)
    assert 3 == frame(data).photo.pictures


def test_a_claim_of_a_billion_frames_is_believed_as_far_as_there_are_bytes() -> None:
    data = bytearray(encoded(frames(1)[0], "PNG", save_all=True, append_images=frames(3)[1:]))
    at = data.index(b"acTL")
    data[at + 4 : at + 8] = (10**9).to_bytes(4, "big")
    data[at + 12 : at + 16] = zlib.crc32(bytes(data[at : at + 12])).to_bytes(4, "big")
    assert 3 == frame(bytes(data)).photo.pictures


def tiff(pages: list[dict[int, int]], *, loop: bool = False) -> bytes:
    """Directories of these tags, one behind the other; the last one leads back to the first if `loop`."""
    data = b"II*\0" + struct.pack("<I", 8)
    for number, tags in enumerate(pages):
        body = struct.pack("<H", len(tags)) + b"".join(
            struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items())
        )
        behind = len(data) + len(body) + 4
        last = number == len(pages) - 1
        data += body + struct.pack("<I", 8 if last and loop else 0 if last else behind)
    return data


def opened(data: bytes) -> Any:
    return type("Opened", (), {"format": "TIFF"})()


def test_smaller_copies_and_masks_are_no_pages() -> None:
    pages = [{254: 0, 256: 9}, {254: 1, 256: 3}, {254: 4, 256: 9}, {255: 2, 256: 4}, {254: 2, 256: 9}]
    assert 2 == pictures.count_pictures(opened(b""), tiff(pages), ())


def test_a_tiff_with_halved_colours_is_read() -> None:
    """As digital cameras of the year 2000 wrote them; Pillow alone takes it for cut off."""
    width, height = 64, 48
    blocks = bytes([90] * 2 + [110, 170]) * (width // 2 * height)  # two lumas, then both colours, of 2 x 1 pixels
    tags = {256: width, 257: height, 258: 0, 259: 1, 262: 6, 273: 0, 277: 3, 278: height, 279: len(blocks), 530: 0}
    entries = len(tags)
    at = 8 + 2 + 12 * entries + 4
    kinds = {258: (3, 3, at), 273: (4, 1, at + 6), 530: (3, 2, 2 | 1 << 16)}
    body = b"".join(struct.pack("<HHII", tag, *kinds.get(tag, (4, 1, value))) for tag, value in sorted(tags.items()))
    data = b"II*\0\x08\0\0\0" + struct.pack("<H", entries) + body + bytes(4) + struct.pack("<3H", 8, 8, 8) + blocks
    found = corner(frame(data).image)
    assert all(abs(one - other) <= 4 for one, other in zip((149, 66, 58), found, strict=True))


def test_a_ring_of_pages_ends() -> None:
    assert 3 == pictures.count_pictures(opened(b""), tiff([{256: 9}] * 3, loop=True), ())


def test_a_tiff_that_begins_with_its_thumbnail_is_not_judged_by_it() -> None:
    pages = [{254: 1, 256: 3}, {254: 0, 256: 9}]
    assert 1 == pictures.first_page(tiff(pages))
    small, large = scene(1, 48, 44), scene(2, 96, 64)
    data = bytearray(encoded(small, "TIFF", save_all=True, append_images=[large], tiffinfo={254: 1}))
    second = data.rindex(struct.pack("<HHI", 254, 4, 1))  # the same mark was written to both
    data[second + 8 : second + 12] = bytes(4)
    result = frame(bytes(data))
    assert (96, 64, 1) == (result.photo.width, result.photo.height, result.photo.pictures)


@given(st.binary(max_size=400), st.sampled_from(["GIF", "PNG", "WEBP", "TIFF", "HEIF"]))
@settings(max_examples=150)
def test_counting_and_looking_for_extras_never_raises(data: bytes, name: str) -> None:
    head = {"GIF": b"GIF89a", "PNG": b"\x89PNG\r\n\x1a\n", "WEBP": b"RIFF0000WEBP", "TIFF": b"II*\0\x08\0\0\0"}
    hostile = head.get(name, b"") + data
    image = type("Opened", (), {"format": name})()
    assert 1 <= pictures.count_pictures(image, hostile, ()) <= len(hostile) + 1
    for each in ("JPEG", "HEIF"):
        pictures.find_extras(hostile, each)
    boxes.colour_codes(hostile)
    jxl.jxl_colour_codes(b"\xff\x0a" + data)
    profiles.declared_profile(hostile, name)


def test_the_pictures_of_a_sequence_are_counted_by_its_track() -> None:
    sizes = box(b"stsz", bytes(8), struct.pack(">I", 90))
    handler = box(b"hdlr", bytes(8), b"pict", bytes(12))
    track = box(b"trak", box(b"mdia", handler, box(b"minf", box(b"stbl", sizes))))
    data = box(b"ftyp", b"msf1\0\0\0\0hevc") + box(b"moov", track)
    assert 90 == boxes.picture_samples(data)
    assert not boxes.has_video_track(data)
    assert boxes.has_video_track(data.replace(b"pict", b"vide"))


# --- what lies beside the picture -----------------------------------------------------------------------------------


def plain() -> bytes:
    return encoded(scene(1, 96, 64), "JPEG")


def labelled(xmp: bytes) -> bytes:
    return encoded(scene(1, 96, 64), "JPEG", xmp=b"<x:xmpmeta>" + xmp + b"</x:xmpmeta>")


MOTION_LABEL = b'<r GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1"/>'


@pytest.mark.parametrize(
    ("trailer", "expected"),
    [
        (b"", ()),
        (bytes(64), ()),
        (VIDEO, (Extra.MOTION,)),
        (b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data" + VIDEO, (Extra.MOTION,)),
        (labelled(b'<r hdrgm:Version="1.0" hdrgm:GainMapMax="2"/>'), (Extra.GAIN_MAP,)),
        (b"\xff\xd8\xff\xe2\0\x1eurn:iso:std:iso:ts:21496:-1\0\0\0" + plain()[2:], (Extra.GAIN_MAP,)),
        (labelled(b'<r HDRGainMap:HDRGainMapVersion="65536"/>') + VIDEO, (Extra.GAIN_MAP, Extra.MOTION)),
        (b"DualShot_DepthMap_1" + bytes(9), (Extra.DEPTH,)),
    ],
)  # fmt: skip
def test_what_lies_behind_a_jpeg_is_found(trailer: bytes, expected: tuple[Extra, ...]) -> None:
    found = frame(plain() + trailer).photo
    assert (expected, 1, "JPEG") == (found.extras, found.pictures, found.format)


def test_a_label_without_what_it_speaks_of_is_no_extra() -> None:
    for label in (MOTION_LABEL, b'<r hdrgm:Version="1.0"/>'):
        assert () == frame(labelled(label)).photo.extras


def test_a_depth_map_in_the_metadata_is_found() -> None:
    assert (Extra.DEPTH,) == frame(labelled(b'<r GDepth:Format="RangeInverse" GDepth:Data="aGk="/>')).photo.extras


@pytest.mark.parametrize(
    ("inside", "behind", "expected"),
    [
        (b"", b"", ()),
        (b"urn:com:apple:photo:2020:aux:hdrgainmap\0", b"", (Extra.GAIN_MAP,)),
        (b"urn:mpeg:hevc:2015:auxid:1\0", b"", ()),  # alpha
        (b"urn:mpeg:hevc:2015:auxid:2\0", b"", (Extra.DEPTH,)),
        (b"", box(b"mpvd", VIDEO), (Extra.MOTION,)),
        (b"", box(b"mdat", b"ftypheic" + bytes(40)), ()),
    ],
)
def test_what_a_heic_carries_is_found(inside: bytes, behind: bytes, expected: tuple[Extra, ...]) -> None:
    data = box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(b"meta", bytes(4), box(b"iprp", box(b"auxC", inside))) + behind
    assert expected == pictures.find_extras(data, "HEIF")


# --- colours --------------------------------------------------------------------------------------------------------


def seen(profile: bytes | None, colour: tuple[int, int, int]) -> tuple[int, ...]:
    return corner(to_srgb(Image.new("RGB", (4, 4), colour), profile))


def test_made_profiles_agree_with_those_that_others_made() -> None:
    fixtures = Path(__file__).parent / "fixtures"
    theirs = {
        ColourCodes(12, 13): (fixtures / "display_p3.icc").read_bytes(),
        None: (fixtures / "adobe_rgb.icc").read_bytes(),
    }
    for codes, icc in theirs.items():
        mine = profiles.profile_of(codes) if codes else profiles.adobe_rgb()
        for colour in ((200, 60, 60), (90, 140, 90), (60, 60, 190), (128, 128, 128), (250, 250, 250)):
            pairs = zip(seen(icc, colour), seen(mine, colour), strict=True)
            assert all(abs(one - other) <= (5 if codes else 1) for one, other in pairs)  # that P3 has a plain gamma


def test_a_grey_profile_counts_for_a_grey_picture_whatever_its_mode() -> None:
    head = struct.pack(">I4xI4s4s4s12x4s", 156 + 16, 0x02100000, b"mntr", b"GRAY", b"XYZ ", b"acsp") + bytes(28)
    head += struct.pack(">3i", 63190, 65536, 54061)
    linear = head.ljust(128, b"\0") + struct.pack(">I4sII", 1, b"kTRC", 144, 12) + b"curv" + bytes(8) + bytes(16)
    assert 180 < seen(linear, (128, 128, 128))[0] < 195
    assert (128, 128, 20) == seen(linear, (128, 128, 20))  # no grey picture: the profile is not its own


def test_ordinary_and_unknown_codes_ask_for_no_profile() -> None:
    for codes in (ColourCodes(1, 13), ColourCodes(1, 1), ColourCodes(2, 2), ColourCodes(99, 99)):
        assert None is profiles.profile_of(codes)


def test_the_light_of_hdr_is_bent_into_what_a_screen_shows() -> None:
    for transfer, white in ((16, 148), (18, 191)):  # the codes of 203 candela, BT.2408
        profile = profiles.profile_of(ColourCodes(9, transfer))
        greys = [seen(profile, (code, code, code))[0] for code in range(0, 256, 5)]
        assert greys == sorted(greys)
        assert 225 < seen(profile, (white, white, white))[0] < 250
        assert seen(profile, (255, 255, 255))[0] >= 253
        assert seen(profile, (0, 0, 0))[0] <= 2


def test_a_png_that_names_its_colours_by_code_is_converted() -> None:
    data = encoded(Image.new("RGB", (48, 48), (200, 60, 60)), "PNG")
    chunk = b"cICP" + bytes([12, 13, 0, 1])
    coded = data[:33] + struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[33:]
    assert seen(profiles.profile_of(ColourCodes(12, 13)), (200, 60, 60)) == corner(frame(coded).image)
    assert (200, 60, 60) == corner(frame(data).image)


def test_a_camera_s_adobe_rgb_is_known_without_a_profile() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 0xFFFF
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    image = Image.new("RGB", (64, 64), (60, 160, 60))
    data = encoded(image, "JPEG", exif=exif, quality=98, subsampling=0)
    expected = seen(profiles.adobe_rgb(), (60, 160, 60))
    assert all(abs(one - other) <= 4 for one, other in zip(expected, corner(frame(data).image), strict=True))
    assert expected[0] < 40


def test_the_codes_of_the_main_picture_count_and_not_those_of_another() -> None:
    def colour(primaries: int, transfer: int) -> bytes:
        return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, 1, 0x80))

    links = box(b"ipma", bytes(4), struct.pack(">I", 2), b"\0\1\1\x81", b"\0\2\2\x82\x83")
    properties = box(b"iprp", box(b"ipco", colour(1, 13), box(b"ispe", bytes(12)), colour(9, 16)), links)
    for item, expected in ((1, ColourCodes(1, 13)), (2, ColourCodes(9, 16)), (3, None)):
        meta = box(b"meta", bytes(4), box(b"pitm", bytes(4), struct.pack(">H", item)), properties)
        assert expected == boxes.colour_codes(box(b"ftyp", b"heic\0\0\0\0") + meta)


def test_an_avif_is_not_turned_by_what_its_xmp_says() -> None:
    xmp = b'<x:xmpmeta><r tiff:Orientation="6"/></x:xmpmeta>'
    result = frame(encoded(quadrants(96, 64), "AVIF", xmp=xmp), min_short_side=64)
    assert (96, 64) == (result.photo.width, result.photo.height)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = frame(encoded(quadrants(96, 64), "AVIF", exif=exif), min_short_side=64)  # written as the file's own turn
    assert (64, 96) == (turned.photo.width, turned.photo.height)


@pytest.mark.parametrize("name", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_the_orientation_counts_in_every_format(name: str, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    result = frame(encoded(quadrants(96, 64), name, exif=exif), min_short_side=64)
    assert ((64, 96) if turn >= 5 else (96, 64)) == result.image.size
    wanted = {1: "red", 2: "lime", 3: "white", 4: "blue", 5: "red", 6: "blue", 7: "white", 8: "lime"}[turn]
    expected = Image.new("RGB", (1, 1), wanted).getpixel((0, 0))
    assert isinstance(expected, tuple)
    assert all(abs(one - other) < 40 for one, other in zip(expected, corner(result.image), strict=True))


def test_sixteen_bits_floats_and_inks_are_seen_as_they_look() -> None:
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (48, 1))
    half = np.asarray(frame(encoded(Image.fromarray(ramp), "PNG"), min_short_side=48).image)
    assert 2 > np.abs(half[0, :, 0].astype(int) - np.linspace(0, 255, 64)).max()
    floats = Image.fromarray((ramp / 65535).astype(np.float32))
    assert 2 > np.abs(np.asarray(frame(encoded(floats, "TIFF"), min_short_side=48).image).astype(int) - half).max()
    inks = Image.new("CMYK", (48, 48), (255, 0, 0, 0))
    assert (
        corner(frame(encoded(inks, "JPEG", quality=95)).image)[0] < 40
    )  # Adobe's inverted inks, as Pillow writes them
    lab = ImageCms.profileToProfile(
        Image.new("RGB", (48, 48), (180, 90, 60)),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    assert lab is not None
    found = corner(frame(encoded(lab, "TIFF")).image)
    assert all(abs(one - other) <= 6 for one, other in zip((180, 90, 60), found, strict=True))


# --- groups and proposals -------------------------------------------------------------------------------------------


def test_files_of_several_pictures_are_copies_by_their_bytes_or_not_at_all() -> None:
    def several(number: int, path: str, count: int = 3) -> Any:
        facts = photo(number, path=path, taken_at="2024-05-06T07:08:09", camera="Maker")
        assert facts.photo is not None
        return replace(facts, photo=replace(facts.photo, pictures=count))

    for relation in (Relation.SAME_PIXELS, Relation.DERIVED):
        files = [several(1, "/a/x.gif"), several(2, "/a/y.gif", 1)]
        assert set() == names(grouped(files, look(1, 2, relation, source=2)))
        alone = [several(1, "/a/x.gif", 1), files[1]]
        assert {frozenset("xy")} == {each for _, each in names(grouped(alone, look(1, 2, relation, source=2)))}
    same = [several(1, "/a/x.gif"), several(1, "/b/z.gif"), several(2, "/a/y.gif", 1)]
    assert {(GroupKind.EXACT, frozenset("xz"))} == names(grouped(same, look(1, 2, Relation.SAME_PIXELS)))


def test_files_of_several_pictures_join_no_moment() -> None:
    files = [
        photo(number, path=f"/a/{number}.heic", taken_at=f"2024-05-06T07:08:0{number}", camera="Maker")
        for number in (1, 2, 3)
    ]
    assert {(GroupKind.MOMENT, frozenset("123"))} == names(grouped(files))
    assert files[2].photo is not None
    files[2] = replace(files[2], photo=replace(files[2].photo, pictures=4))
    assert {(GroupKind.MOMENT, frozenset("12"))} == names(grouped(files))


def test_files_of_several_pictures_are_not_searched_for(tmp_path: Path) -> None:
    def found(number: int, pictures: int) -> tuple[Photo, Fingerprint, str]:
        held = Photo(content(number), 400, 300, "GIF", pictures=pictures)
        return held, Fingerprint(content(number), 1, 1, bytes(192), 50.0), "1"

    from albumclean.domain import Asset

    with Cache.open(tmp_path / "cache.sqlite") as cache:
        scan = cache.begin_scan([tmp_path])
        files = [FileIdentity(tmp_path / f"{number}.gif", 9, 9, number, 9) for number in (1, 2)]
        cache.meet(scan, [(Asset(file), UserMarks()) for file in files])
        hashes = [(file, content(number)) for number, file in zip((1, 2), files, strict=True)]
        cache.write(
            hashes=hashes, photos=[found(1, 1), found(2, 7)], scores=[], embeddings=[], failures=[], decoder="d"
        )
        assert [content(1)] == [each.content_hash for each, _ in cache.fingerprints("1")]
        assert cache.comparisons.has_unsearched("key", "1")
        cache.comparisons.mark_searched([content(1)], "key")
        assert not cache.comparisons.has_unsearched("key", "1")


def pair_of(**changes: Any) -> tuple[Any, Any]:
    """Two files of the same pixels, in the folders a and b; the changes are to the second."""
    one, other = photo(1, path="/a/x.jpg"), photo(2, path="/b/x-copy-of-it-all.jpg")
    assert other.photo is not None
    marks = changes.pop("marks", UserMarks())
    beside = changes.pop("companions", ())
    asset = replace(other.asset, companions=beside)
    return one, replace(other, photo=replace(other.photo, **changes), marks=marks, asset=asset)


def verdict(one: Any, other: Any, *, source: int = 1, relation: Relation = Relation.SAME_PIXELS) -> dict[str, Any]:
    (group,) = grouped([one, other], look(1, 2, relation, source=source))
    (rule,) = (rule for rule in all_rules() if rule.name == "keep-best")
    from albumclean.config import Settings

    return {answer.facts.path.parent.name: answer for answer in rule.on_group(group, Settings())}


def test_without_any_difference_the_copy_goes() -> None:
    found = verdict(*pair_of())
    assert (Action.KEEP, Action.TRASH) == (found["a"].action, found["b"].action)


def beside(kind: CompanionKind, size: int = 500) -> Companion:
    return Companion(kind, FileIdentity(Path(f"/b/IMG_E1.{kind.value}"), size, 1, size, 7))


BETTER: dict[str, dict[str, Any]] = {
    "camera RAW": {"format": "NEF"},
    "a short video in the photo": {"extras": (Extra.MOTION,)},
    "album": {"marks": UserMarks(albums=("Summer",))},
    "edit": {"companions": (beside(CompanionKind.EDIT),)},
}


@pytest.mark.parametrize("what", BETTER)
def test_what_holds_more_is_kept_and_what_holds_more_than_the_keeper_is_only_a_question(what: str) -> None:
    one, other = pair_of(**BETTER[what])
    found = verdict(one, other)
    assert Action.KEEP is found["b"].action
    assert what in found["b"].sentence
    protected = replace(one, marks=replace(one.marks, favourite=True))
    found = verdict(protected, other)
    assert (Action.KEEP, Action.REVIEW) == (found["a"].action, found["b"].action)
    assert what in found["b"].sentence


@pytest.mark.parametrize("relation", [Relation.SAME_PIXELS, Relation.DERIVED])
@pytest.mark.parametrize("source", [1, 2])
def test_between_a_raw_and_a_picture_nothing_is_ever_proposed_for_the_trash(relation: Relation, source: int) -> None:
    for one, other in (pair_of(format="CR3"), pair_of()):
        assert one.photo is not None
        changed = one if other.photo.is_raw else replace(one, photo=replace(one.photo, format="DNG"))
        for favourite in (False, True):
            marked = replace(changed, marks=replace(changed.marks, favourite=favourite))
            found = verdict(marked, other, source=source, relation=relation)
            assert {Action.KEEP, Action.REVIEW} == {answer.action for answer in found.values()}


def test_of_two_raws_with_other_bytes_none_goes_as_only_their_previews_were_compared() -> None:
    one, other = pair_of(format="NEF")
    assert one.photo is not None
    twin = replace(one, photo=replace(one.photo, format="NEF"))
    found = verdict(twin, other)
    assert (Action.KEEP, Action.REVIEW) == (found["a"].action, found["b"].action)
    assert "only the preview could be compared" in found["b"].sentence


def test_of_two_files_with_a_short_video_the_larger_never_goes() -> None:
    one, other = pair_of(extras=(Extra.MOTION,))
    assert one.photo is not None
    twin = replace(one, photo=replace(one.photo, extras=(Extra.MOTION,)))
    assert Action.TRASH is verdict(twin, other)["b"].action
    whole = replace(other.asset, primary=replace(other.asset.primary, size=5000))
    found = verdict(twin, replace(other, asset=whole))
    assert Action.REVIEW is found["b"].action
    assert "short video may hold more" in found["b"].sentence


def test_companions_of_another_size_are_a_question() -> None:
    one, other = pair_of(companions=(beside(CompanionKind.RAW, 900),))
    twin = replace(one.asset, companions=(beside(CompanionKind.RAW, 500),))
    found = verdict(replace(one, asset=twin), other)
    assert Action.REVIEW is found["b"].action
    assert "other companion files" in found["b"].sentence
    same = replace(one.asset, companions=other.asset.companions)
    assert Action.TRASH is verdict(replace(one, asset=same), other)["b"].action


def test_a_raw_is_the_source_of_a_picture_however_small_its_preview(tmp_path: Path) -> None:
    from albumclean.comparison.compare import compare
    from albumclean.comparison.sides import Side

    image = scene(3, 640, 480)
    large = image.resize((1280, 960), Image.Resampling.LANCZOS)
    picture = Side(Photo(b"a" * 32, 1280, 960, "JPEG"), encoded(large, "JPEG", quality=95), large)
    developed = Side(Photo(b"b" * 32, 1600, 1200, "NEF"), b"", image)
    found = compare(picture, developed)
    assert (Relation.DERIVED, b"b" * 32) == (found.relation, found.source)
    assert ["raw"] == [reason.fact for reason in found.reasons]
