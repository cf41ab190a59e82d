"""Promises of what is read from EXIF, XMP and maker notes about the shot: the truth or nothing, and never an error."""

from __future__ import annotations

import io
import math
import random
import struct
from pathlib import Path

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from albumclean.domain import Shot
from albumclean.errors import DecodeError
from albumclean.media import makernotes
from albumclean.media.decode import decode
from albumclean.media.metadata import read_facts
from albumclean.media.shot import read_shot
from tests.pictures import scene

UUID = "5C7F0A4E-1B1B-4E0E-9C57-3E2F5A9B6D10"
NOTHING = Shot()


def encoded(
    *, make: str = "Maker", inner: dict[int, object] | None = None, xmp: bytes = b"", software: str = ""
) -> bytes:
    exif = Image.Exif()
    exif[0x010F] = make
    if software:
        exif[0x0131] = software
    exif.get_ifd(0x8769).update(inner or {})
    out = io.BytesIO()
    scene(1, 64, 48).save(out, "JPEG", exif=exif, xmp=xmp)
    return out.getvalue()


def shot(data: bytes) -> Shot:
    with Image.open(io.BytesIO(data)) as image:
        return read_facts(image).shot


def apple_note(burst: str, *, tag: int = 0x000B, before: int = 0) -> bytes:
    """As an iPhone writes it: offsets count from the note's beginning."""
    text = burst.encode("ascii") + b"\0"
    entries = [struct.pack(">HHLL", 1 + number, 9, 1, 5) for number in range(before)]
    place = 14 + 2 + 12 * (before + 1) + 4
    entries.append(struct.pack(">HHLL", tag, 2, len(text), place))
    return b"Apple iOS\0\0\x01MM" + struct.pack(">H", len(entries)) + b"".join(entries) + b"\0\0\0\0" + text


def panasonic_note(step: int, order: str = "<") -> bytes:
    entry = struct.pack(f"{order}HHLhH", 0x00BD, 8, 1, step, 0)
    return b"Panasonic\0\0\0" + struct.pack(f"{order}H", 1) + entry + b"\0\0\0\0"


def test_the_exposure_is_read() -> None:
    inner = {0x829A: IFDRational(1, 125), 0x829D: 2.8, 0x8827: 400, 0x9204: IFDRational(-2, 3), 0x920A: 50.0}
    found = shot(encoded(inner=inner, software="Darkroom 3\n\x1b[31m"))
    assert (0.008, 2.8, 400, -0.6667, 50.0) == (
        found.exposure, found.f_number, found.iso, round(found.bias or 0, 4), found.focal_length,
    )  # fmt: skip
    assert "Darkroom 3 [31m" == found.software
    assert not found.bracketed
    assert not found.panorama
    assert None is found.burst


def test_the_decoder_hands_the_shot_on() -> None:
    data = encoded(inner={0x8827: 320})
    photo = decode(data, Path("a.jpg"), b"x", min_short_side=32, max_pixels=10**6).photo
    assert Shot(iso=320) == photo.shot


def test_a_photo_without_metadata_says_nothing_of_the_shot() -> None:
    assert NOTHING == shot(encoded())
    assert shot(encoded()).is_empty


@pytest.mark.parametrize(
    "inner",
    [
        {0x829A: IFDRational(1, 0), 0x829D: IFDRational(0, 0), 0x9204: IFDRational(0, 0), 0x920A: IFDRational(5, 0)},
        {0x829A: 0.0, 0x829D: 0.0, 0x8827: 0, 0x9204: 99.0, 0x920A: 0.0},
        {0x829A: "1/125", 0x829D: b"\xff\xfe", 0x9204: "bright"},
    ],
)
def test_impossible_values_count_as_absent(inner: dict[int, object]) -> None:
    assert NOTHING == shot(encoded(inner=inner))


def test_infinite_values_count_as_absent() -> None:
    assert NOTHING == read_shot(Image.Exif(), {0x829A: math.inf, 0x8827: (math.inf,), 0x920A: math.nan}, None)


def test_a_sensitivity_that_does_not_fit_its_tag_is_read_from_another() -> None:
    assert 102400 == shot(encoded(inner={0x8827: 65535, 0x8832: 102400})).iso
    assert 81920 == shot(encoded(inner={0x8827: 65535, 0x8831: 81920})).iso
    assert None is shot(encoded(inner={0x8827: 65535})).iso


@pytest.mark.parametrize(("mode", "bracketed"), [(0, False), (1, False), (2, True), (3, False)])
def test_an_automatic_bracket_is_known_by_its_exposure_mode(mode: int, bracketed: bool) -> None:
    assert bracketed == shot(encoded(inner={0xA402: mode})).bracketed


@pytest.mark.parametrize("before", [0, 3])
def test_the_burst_of_an_iphone_is_read(before: int) -> None:
    assert UUID == shot(encoded(make="Apple", inner={0x927C: apple_note(UUID, before=before)})).burst


@pytest.mark.parametrize(
    "xmp",
    [
        b'<rdf:Description GCamera:BurstID="%b" GCamera:BurstPrimary="1"/>',
        b"<GCamera:BurstID> %b </GCamera:BurstID>",
        b"<rdf:Description Camera:BurstID='%b'/>",
    ],
)
def test_the_burst_of_an_android_phone_is_read(xmp: bytes) -> None:
    assert UUID == shot(encoded(xmp=xmp.replace(b"%b", UUID.encode()))).burst


@pytest.mark.parametrize(
    ("xmp", "panorama"),
    [
        (b'<x GPano:ProjectionType="equirectangular"/>', True),
        (b"<GPano:FullPanoWidthPixels>9000</GPano:FullPanoWidthPixels>", True),
        (b'<x MP1:PanoramicStitchMapType="Perspective"/>', True),
        (b'<x xmlns:GPano="http://ns.google.com/photos/1.0/panorama/"/>', False),
        (b'<x GPano:ProjectionType=""/>', False),
        (b"<dc:title>My GPano holiday</dc:title>", False),
    ],
)
def test_a_stitched_panorama_says_so_in_its_xmp(xmp: bytes, panorama: bool) -> None:
    assert panorama == shot(encoded(xmp=xmp)).panorama


def test_a_panorama_of_an_iphone_is_known_and_the_number_means_nothing_elsewhere() -> None:
    assert shot(encoded(make="Apple", inner={0xA401: 6})).panorama
    assert not shot(encoded(make="Maker", inner={0xA401: 6})).panorama
    assert not shot(encoded(make="Apple", inner={0xA401: 2})).panorama  # HDR


@pytest.mark.parametrize(("step", "order"), [(3, "<"), (-2, "<"), (1, ">")])
def test_a_focus_bracket_of_a_panasonic_is_read(step: int, order: str) -> None:
    assert makernotes.is_focus_bracket(panasonic_note(step, order))


def test_a_panasonic_without_focus_bracket_is_not_one() -> None:
    assert not makernotes.is_focus_bracket(panasonic_note(0))
    assert not makernotes.is_focus_bracket(apple_note(UUID))
    assert shot(encoded(inner={0x927C: panasonic_note(2, "<")})).bracketed


@pytest.mark.parametrize("burst", ["", "\x01\x02", "x" * 101])
def test_a_burst_name_that_is_none_counts_as_absent(burst: str) -> None:
    assert None is makernotes.burst_of(apple_note(burst))


def test_cut_off_notes_say_nothing_and_raise_nothing() -> None:
    note = apple_note(UUID, before=2)
    for length in range(len(note) - len(UUID) - 1):
        assert None is makernotes.burst_of(note[:length])
    for length in range(len(panasonic_note(1)) - 4):
        assert not makernotes.is_focus_bracket(panasonic_note(1)[:length])


def test_damaged_notes_and_files_never_raise() -> None:
    draw = random.Random(5)
    note = apple_note(UUID, before=2)
    whole = encoded(make="Apple", inner={0x927C: note, 0x829A: IFDRational(1, 125), 0x8827: 200})
    for _ in range(400):
        spoiled = bytearray(note)
        for _ in range(draw.randint(1, 8)):
            spoiled[draw.randrange(12, len(spoiled))] = draw.randrange(256)
        found = makernotes.burst_of(bytes(spoiled))
        assert found is None or found.isprintable()
        file = bytearray(whole)
        for _ in range(draw.randint(1, 8)):
            file[draw.randrange(20, 400)] = draw.randrange(256)
        try:
            photo = decode(bytes(file), Path("a.jpg"), b"x", min_short_side=32, max_pixels=10**6).photo
        except DecodeError:
            continue
        assert isinstance(photo.shot, Shot)
