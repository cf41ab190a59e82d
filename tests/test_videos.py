"""Reading videos: the right frames, upright, in the right colours; and nothing that a hostile file could wish for."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from albumclean.domain import VIDEO_FORMATS, FileIdentity, Photo
from albumclean.errors import DecodeError, ReadError
from albumclean.media import video as reader
from albumclean.media.decode import decode
from albumclean.media.reading import content_hash, hash_of, unchanged
from albumclean.media.video import Moment, Video, open_video
from albumclean.media.video_format import HEAD, video_format
from tests.films import film, pan, saved, sound
from tests.pictures import save, scene


def identity_of(path: Path) -> FileIdentity:
    return FileIdentity.of(path, path.stat())


MANY = 100_000_000  # pixels
HERE = Path("clip.mp4")

KINDS = [  # what FFmpeg calls the container, the codec, and what we call the file
    ("mp4", "mpeg4", "MP4"),
    ("mp4", "libx264", "MP4"),
    ("mov", "mpeg4", "MOV"),
    ("3gp", "mpeg4", "3GP"),
    ("matroska", "mpeg4", "MKV"),
    ("webm", "libvpx", "WEBM"),
    ("avi", "mpeg4", "AVI"),
    ("mpegts", "mpeg2video", "MPEG-TS"),
    ("mpeg", "mpeg2video", "MPEG"),
    ("asf", "wmv2", "WMV"),
]


def seen(data: bytes, count: int = 12, *, most: int = MANY) -> list[Moment]:
    with open_video(io.BytesIO(data), HERE, max_pixels=most) as video:
        return list(video.moments(count))


def said(data: bytes) -> Photo:
    with open_video(io.BytesIO(data), HERE, max_pixels=MANY) as video:
        return video.photo(bytes(32), (4, 3))


def refusal(data: bytes, **more: int) -> str:
    with pytest.raises(DecodeError) as caught:
        seen(data, **more)
    return str(caught.value.fields["detail"])


def numbered(count: int) -> list[Image.Image]:
    """Frames whose brightness says their number."""
    return [Image.new("RGB", (64, 48), (8 * at + 20,) * 3) for at in range(count)]


def number_of(moment: Moment) -> int:
    return round((float(np.asarray(moment.picture.whole()).mean()) - 20) / 8)


# --- which frames ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "codec", "name"), KINDS)
def test_every_common_kind_is_told_by_its_bytes_and_read_at_the_right_moments(kind: str, codec: str, name: str) -> None:
    data = film(numbered(24), kind, codec, rate=24)
    assert name == video_format(data[:HEAD])
    assert name in VIDEO_FORMATS
    with open_video(io.BytesIO(data), HERE, max_pixels=MANY) as video:
        length, moments = video.length, list(video.moments(6))
    assert 0.8 < length < 1.1  # of an MPEG program stream its last packets don't say when they are shown
    assert list(range(6)) == [moment.number for moment in moments]
    for moment in moments:
        # The middle of each sixth, to a frame: containers round their times.
        assert abs(moment.seconds - length * (moment.number + 0.5) / 6) < 1.1 / 24, (moment.number, moment.seconds)
        assert abs(number_of(moment) - moment.seconds * 24) <= 1.1


@pytest.mark.parametrize("every", [1, 7, 1000])
def test_a_frame_far_from_a_key_frame_is_the_same_as_when_the_video_is_played(every: int) -> None:
    data = film(pan(30), "mp4", "mpeg4", g=str(every))
    with open_video(io.BytesIO(data), HERE, max_pixels=MANY) as video:
        played = {moment.seconds: moment for moment in video.moments(1000)}
    assert 30 == len(played)
    for moment in seen(data, 5):
        assert moment.picture.whole().tobytes() == played[moment.seconds].picture.whole().tobytes()


def test_the_same_bytes_give_the_same_frames_each_time() -> None:
    data = film(pan(20), "matroska")
    first, again = ([(each.seconds, each.picture.whole().tobytes()) for each in seen(data)] for _ in range(2))
    assert first == again


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_a_video_with_fewer_frames_than_are_asked_for_gives_none_twice(frames: int) -> None:
    moments = seen(film(numbered(frames), "mp4"), 12)
    assert len({moment.seconds for moment in moments}) == len(moments)
    assert max(1, frames - 1) <= len(moments) <= frames  # the first may be over before the first moment


def test_work_on_the_way_to_a_moment_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = film(numbered(28), "mp4", "mpeg4", g="1000", sc_threshold="1000000000")
    monkeypatch.setattr(reader, "_LEAST_STEPS", 5)
    monkeypatch.setattr(reader, "_MOST_PIXELS", 0)
    moments = seen(data, 1)
    assert [4] == [number_of(moment) for moment in moments]  # what five packets led to, not the fourteenth
    assert moments[0].seconds < 0.5


# --- what they look like --------------------------------------------------------------------------------------------


def corners(image: Image.Image) -> list[str]:
    """The colours of the corners, clockwise from the upper left: r, g, b or another."""
    width, height = image.size
    places = [(3, 3), (width - 4, 3), (width - 4, height - 4), (3, height - 4)]
    pixels = np.asarray(image)
    return ["rgb"[int(pixels[row, column].argmax())] for column, row in places]


def flag() -> Image.Image:
    """Red and green above, blue and blue below."""
    image = Image.new("RGB", (64, 48), (20, 20, 220))
    image.paste((220, 20, 20), (0, 0, 32, 24))
    image.paste((20, 200, 20), (32, 0, 64, 24))
    return image


def turned_by(data: bytes, matrix: tuple[int, int, int, int]) -> bytes:
    """With another matrix in the track's header (ISO/IEC 14496-12, 8.3.2: 16.16 numbers a, b, 0, c, d, 0)."""
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = ((each * 65536).to_bytes(4, "big", signed=True) for each in matrix)
    zero = bytes(4)
    return data[:at] + a + b + zero + c + d + zero + data[at + 24 :]


@pytest.mark.parametrize(
    ("matrix", "size", "upright"),
    [
        ((1, 0, 0, 1), (64, 48), ["r", "g", "b", "b"]),
        ((0, 1, -1, 0), (48, 64), ["b", "r", "g", "b"]),  # a phone held upright: clockwise
        ((-1, 0, 0, -1), (64, 48), ["b", "b", "r", "g"]),
        ((0, -1, 1, 0), (48, 64), ["g", "b", "b", "r"]),
    ],
)
def test_videos_that_were_taken_upright_are_seen_upright(
    matrix: tuple[int, int, int, int], size: tuple[int, int], upright: list[str]
) -> None:
    (moment,) = seen(turned_by(film([flag()] * 3, "mp4"), matrix), 1)
    assert size == moment.picture.size == moment.picture.whole().size
    assert upright == corners(moment.picture.whole())
    assert upright == corners(moment.picture.divided(2).whole())


def test_pixels_that_are_not_square_are_made_so() -> None:
    (moment,) = seen(film([flag()] * 3, "mp4", "libx264", x264opts="sar=4/3"), 1)
    assert (85, 48) == moment.picture.size


def test_ten_bits_look_as_eight_do() -> None:
    eight = seen(film([flag()] * 3, "mp4", "libx264"), 1)[0].picture.whole()
    ten = seen(film([flag()] * 3, "mp4", "libx265", pixels="yuv420p10le"), 1)[0].picture.whole()
    assert np.abs(np.asarray(eight, int) - np.asarray(ten, int)).mean() < 4


def test_the_light_of_hdr_is_bent_into_what_a_screen_shows() -> None:
    grey = [Image.new("RGB", (64, 48), (148, 148, 148))] * 3  # PQ: 58 % of the code is 203 candela, a screen's white
    plain = seen(film(grey, "mp4", "libx264"), 1)[0].picture.whole()
    pq = seen(film(grey, "mp4", "libx264", x264opts="transfer=smpte2084:colorprim=bt2020"), 1)[0].picture.whole()
    assert np.asarray(pq).mean() > np.asarray(plain).mean() + 40


def test_what_the_file_says_of_itself_is_kept() -> None:
    names = {"make": "Apple", "model": "iPhone 12", "creationdate": "2024-05-06T09:08:09+0200"}
    data = film(pan(24), "mov", said={f"com.apple.quicktime.{key}": value for key, value in names.items()})
    photo = said(data)
    assert ("MOV", "2024-05-06T09:08:09", "Apple iPhone 12", 24) == (
        photo.format,
        photo.taken_at,
        photo.camera,
        photo.pictures,
    )
    assert photo.is_video
    assert said(film(pan(3), said={"creation_time": "1904-01-01T00:00:00Z"})).taken_at is None


def test_names_in_another_alphabet_cost_no_video() -> None:
    data = film(pan(3), "mov", said={"com.apple.quicktime.model": "Camera X"}).replace(b"Camera X", b"Cam\xe9ra X")
    assert said(data).camera == "Cam\ufffdra X"


# --- what is no video, or a broken one ------------------------------------------------------------------------------


def test_what_is_no_video_is_told_in_plain_words(tmp_path: Path) -> None:
    photo = save(scene(1), tmp_path / "a.jpg").read_bytes()
    assert "is empty (0 bytes)" == refusal(b"")
    assert "begins with nothing but zero bytes" == refusal(bytes(5000))
    assert "is a picture (JPEG) with the name of a video; rename it to have it read" == refusal(photo)
    assert "is not a video in a format that can be read" == refusal(b"#!/bin/sh\nrm -rf /\n" * 300)
    assert "holds no moving picture, perhaps only sound" == refusal(sound())


def test_a_video_with_the_name_of_a_photo_is_no_photo() -> None:
    for kind, codec, _ in KINDS:
        with pytest.raises(DecodeError):
            decode(film(pan(3), kind, codec, rate=24), Path("a.jpg"), bytes(32), min_short_side=384, max_pixels=MANY)


def test_a_video_that_is_cut_off_is_refused_where_it_does_not_play() -> None:
    data = film(pan(40), "mp4")  # its index comes last
    assert "is damaged or cut off (MP4 video" in refusal(data[: len(data) // 2])


def test_of_a_video_that_is_cut_off_and_still_plays_the_rest_is_looked_at() -> None:
    data = film(numbered(28), "matroska", g="4")
    moments = seen(data[: len(data) // 2], 6)
    assert 3 < len(moments)
    assert 0 < max(map(number_of, moments)) < 20


def test_protected_videos_are_not_called_damaged_for_sure() -> None:
    data = film(pan(5), "mp4", "libx264")
    scheme = b"\0\0\0\x14sinf\0\0\0\x0cfrmaavc1"  # ISO/IEC 14496-12, 8.12: in the place of a box as long
    rates, pictures = data.index(b"btrt") - 4, data.index(b"mdat") + 4
    protected = (data[:rates] + scheme + data[rates + 20 :]).replace(b"avc1\0\0", b"encv\0\0", 1)
    end = data.index(b"moov") - 4
    noise = random.Random(1).randbytes(end - pictures)
    assert "protected against copying" in refusal(protected[:pictures] + noise + protected[end:])
    assert "is a video of a kind that can't be read" in refusal(data.replace(b"avc1\0\0", b"x999\0\0"))


def test_a_video_that_lies_about_its_length_is_seen_for_what_it_is() -> None:
    honest = film(numbered(24), "matroska", rate=12)
    said_at = honest.index(b"\x44\x89\x88") + 3  # RFC 9559: Duration, eight bytes, in milliseconds
    for lie in (1e9, 1e15, -5.0, 0.0):
        moments = seen(honest[:said_at] + struct.pack(">d", lie) + honest[said_at + 8 :], 6)
        assert [2, 6, 10, 14, 18, 22] == [number_of(moment) for moment in moments], lie


def test_a_claim_of_a_thousand_million_frames_costs_nothing() -> None:
    data = film(pan(24), "mp4")
    stts = data.index(b"stts") + 8 + 4
    lied = data[:stts] + (1_000_000_000).to_bytes(4, "big") + data[stts + 4 :]
    stsz = lied.index(b"stsz") + 4 + 4 + 4
    lied = lied[:stsz] + (1_000_000_000).to_bytes(4, "big") + lied[stsz + 4 :]
    try:
        assert len(seen(lied)) <= 12
    except DecodeError as error:
        assert "damaged" in str(error)


def test_frames_larger_than_the_limit_are_refused_before_they_are_decoded() -> None:
    assert "more than scan.max_pixels allows" in refusal(film(pan(3), "mp4"), most=64 * 48 - 1)


def test_nothing_but_the_file_itself_is_ever_opened(tmp_path: Path) -> None:
    """Playlists name other files and addresses; FFmpeg would follow them whatever the file is called."""
    bait = saved(film(pan(5), "mpegts", "mpeg2video", rate=24), tmp_path / "bait.ts")
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{bait}\n#EXT-X-ENDLIST\n".encode()
    assert "is not a video in a format that can be read" == refusal(playlist)
    concat = f"ffconcat version 1.0\nfile '{bait}'\n".encode()
    assert "is not a video in a format that can be read" == refusal(concat)


def test_codecs_that_no_camera_uses_are_not_run() -> None:
    assert "is a video of a kind that can't be read" in refusal(film(pan(3), "avi", "zmbv", pixels="bgr0"))


BASES = [film(pan(12), kind, codec, rate=24) for kind, codec, _ in KINDS]


@given(at=st.integers(0, len(BASES) - 1), seed=st.integers(0, 2**32), cut=st.booleans())
@settings(max_examples=60, deadline=None)
def test_no_damage_ends_in_anything_but_frames_or_a_sentence(at: int, seed: int, cut: bool) -> None:
    rng = random.Random(seed)
    data = bytearray(BASES[at])
    for _ in range(rng.choice([1, 3, 20])):
        data[rng.randrange(len(data))] = rng.choice([0, 0x7F, 0xFF, rng.randrange(256)])
    harmed = bytes(data[: rng.randrange(len(data))] if cut else data)
    try:
        moments = seen(harmed, 4, most=4_000_000)
    except DecodeError as error:
        assert str(error).isprintable()
    else:
        assert moments
        assert sorted({moment.seconds for moment in moments}) == [moment.seconds for moment in moments]


# --- the file -------------------------------------------------------------------------------------------------------


def test_a_large_file_is_hashed_in_pieces_to_the_same_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("albumclean.media.reading._BLOCK", 7)
    data = bytes(range(256)) * 3
    assert content_hash(data) == hash_of(io.BytesIO(data))


def test_a_video_that_changes_while_it_is_read_counts_for_nothing(tmp_path: Path) -> None:
    path = saved(film(pan(5)), tmp_path / "a.mp4")
    identity = identity_of(path)
    with pytest.raises(ReadError, match="changed while it was read"), unchanged(identity):
        path.write_bytes(b"other")
    identity = identity_of(path)
    with pytest.raises(ReadError, match="changed while it was read"), unchanged(identity) as file:
        path.write_bytes(b"and again another")
        open_video(file, path, max_pixels=MANY).__enter__()


def test_a_disk_that_fails_is_not_called_a_damaged_video() -> None:
    class Failing(io.BytesIO):
        calls = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.calls += 1
            if self.calls > 1:
                raise OSError(5, "Input/output error")
            return super().read(size)

    with (
        pytest.raises(OSError, match="Input/output error"),
        open_video(Failing(film(pan(5))), HERE, max_pixels=MANY) as video,
    ):
        assert isinstance(video, Video)


def test_without_pyav_a_video_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "find_spec", lambda _: None)
    assert "is a video; to have it read: pip install 'albumclean[video]'" == refusal(film(pan(3)))
