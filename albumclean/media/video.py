"""Frames of a video at chosen moments, upright and in sRGB, read through PyAV (FFmpeg's libraries).

A video is as hostile as any file, and FFmpeg reads far more than videos: playlists that name other files, network
streams, hundreds of codecs. So the container is told by our own `video_format` and forced, no other file or address can
be opened, only the codecs of real cameras and phones are allowed, and all work is counted: frames that are decoded on
the way to a moment, pixels of a frame, packets. The rest (time and memory) is bounded by the process that does it.

PyAV is not installed with albumclean, but by `albumclean[video]`: its wheels carry libraries under the GPL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from albumclean.domain import Photo
from albumclean.errors import AlbumcleanError, DecodeError
from albumclean.media import profiles, sniff
from albumclean.media.boxes import ColourCodes
from albumclean.media.picture import Picture
from albumclean.media.video_format import HEAD, video_format

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from PIL import Image

PACKAGE = "av"
TO_INSTALL = "albumclean[video]"

_DEMUXERS = {
    **dict.fromkeys(("MP4", "MOV", "3GP"), "mov"),
    **dict.fromkeys(("MKV", "WEBM"), "matroska"),
    "AVI": "avi",
    "MPEG": "mpeg",
    "MPEG-TS": "mpegts",
    "WMV": "asf",
}
_CODECS = frozenset(
    {
        "h264", "hevc", "libdav1d", "av1", "vp8", "vp9", "libvpx", "libvpx-vp9", "mpeg4", "msmpeg4", "msmpeg4v1",
        "msmpeg4v2", "h263", "h263i", "flv", "mjpeg", "mjpegb", "mpeg1video", "mpeg2video", "mpegvideo", "wmv1", "wmv2",
        "wmv3", "vc1", "prores", "dvvideo", "svq1", "svq3", "cinepak", "indeo3", "indeo5", "rawvideo", "ffv1", "theora",
    }
)  # fmt: skip
_MICROSECONDS = 1_000_000
_LONGEST_NAME = 80  # characters
_BUFFER = 1 << 17  # bytes read at once
# What is decoded of one video at most, spread over its moments: a camera's key frames are a second or two apart, those
# of a converted film ten; on one core this takes half a minute.
_MOST_PIXELS = 3_000_000_000
_LEAST_STEPS = 30  # packets on the way to each moment, however large the frames are
_MOST_PACKETS = 20_000_000  # read to find out how long a video is that lies about it: 90 hours
_PROBED = 0.9  # of the length: there a video that is as long as it says has something to show
_PROBED_PACKETS = 1000
_WIDE = frozenset({9, 11, 12})  # primaries, by ITU-T H.273
_HDR = frozenset({16, 18})  # transfers; those of ordinary video are shown alike, whatever is written there
_UNSPECIFIED = 2
_BLIND = frozenset({"MPEG", "MPEG-TS", "WMV"})  # formats that say nowhere where their key frames are
_RUN_UP = 1.0  # seconds that are read before a moment in those, to come by a key frame
_CLOSE = 0.0015  # seconds: Matroska's times are rounded to milliseconds
_HD = 720  # rows from which colours that are not described are taken as those of HDTV, as every player does
_TURNS = {0: 1, 90: 8, 180: 3, 270: 6}  # counterclockwise degrees -> EXIF orientation
_WIDEST_PIXEL = 4  # times as wide as high, or the reverse: more is a damaged header
_FIRST_YEAR = 1990  # cameras whose clock was never set say 1904 or 1970


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame of a video."""

    number: int  # of the moments that were asked for, from 0
    seconds: float  # since the beginning
    picture: Picture


def is_installed() -> bool:
    """Whether videos can be read at all; loads nothing."""
    return find_spec(PACKAGE) is not None


def reader_version() -> str:
    """Which libraries would read a video: another text may read another file."""
    try:
        return f"{PACKAGE}{version(PACKAGE)}"
    except PackageNotFoundError:
        return "none"


def check_format(file: BinaryIO, path: Path) -> str:
    """One of `domain.VIDEO_FORMATS`, by the file's first bytes. Raises DecodeError where it can't be read."""
    file.seek(0)
    name = _format_of(file.read(HEAD), path)
    if not is_installed():
        raise DecodeError(path=path, detail=f"is a video; to have it read: pip install '{TO_INSTALL}'")
    return name


@contextmanager
def open_video(file: BinaryIO, path: Path, *, max_pixels: int) -> Iterator[Video]:
    """The video in a file that is open for reading.

    Raises DecodeError for any bytes that are no video, also from what is done within, and else only the OSError of a
    file that can't be read.
    """
    name = check_format(file, path)
    file.seek(0)
    try:
        import av

        options = {"codec_whitelist": ",".join(sorted(_CODECS)), "protocol_whitelist": "none"}
        with av.open(
            file,
            format=_DEMUXERS[name],
            container_options=options,
            buffer_size=_BUFFER,
            metadata_errors="replace",  # names of cameras, by cameras that never heard of UTF-8
        ) as container:
            yield Video(cast("InputContainer", container), name, path, max_pixels)
    except AlbumcleanError:
        raise
    # The trust boundary, as in `media.decode`: on hostile bytes FFmpeg's errors come as nearly any exception.
    except Exception as error:
        if _is_of_the_disk(error):
            raise
        raise DecodeError(path=path, detail=_in_words(error, name)) from error


class Video:
    """An open video."""

    def __init__(self, container: InputContainer, name: str, path: Path, max_pixels: int) -> None:
        """Raises DecodeError where it holds no picture that can be read."""
        self._container = container
        self._name = name
        self._path = path
        self._max_pixels = max_pixels
        self._stream = self._picture_stream()
        self._start = float((self._stream.start_time or 0) * self._tick)
        self._packets: Iterator[Packet[Any]] = iter(())
        self._at: float | None = None  # seconds, of the last frame that was decoded
        self.length = self._length()  # seconds

    def moments(self, count: int) -> Iterator[Moment]:
        """Up to `count` frames: the video is cut into so many equal parts, and each gives the frame of its middle.

        Fewer where there are fewer frames. Raises DecodeError where half of the moments or more can't be read.
        """
        pixels = max(self._stream.codec_context.width * self._stream.codec_context.height, 1)
        steps = max(_LEAST_STEPS, _MOST_PIXELS // (count * pixels))
        # The end of a video is known no better than that.
        close = max(self.length / count, 2 / float(self._stream.average_rate or 25))
        missed, taken = 0, -1.0
        for number in range(count):
            wanted = self.length * (number + 0.5) / count
            frame = self._frame_at(wanted, steps)
            if frame is None:
                missed += self._at is None or wanted - self._at > close
            elif (seconds := round(self._seconds(frame), 3)) > taken:  # else that frame again
                taken = seconds
                yield Moment(number, seconds, self._picture(frame))
        if taken < 0 or 2 * missed >= count > 1:
            detail = f"is damaged or cut off: only {count - missed:,} of {count:,} moments of the video can be read"
            if taken < 0:
                detail = "is damaged, cut off or protected against copying: nothing of the video can be read"
            raise DecodeError(path=self._path, detail=detail)

    def photo(self, content_hash: bytes, size: tuple[int, int]) -> Photo:
        """What the file says of itself; `size` is that of its upright frames."""
        frames = self._stream.frames or round(self.length * float(self._stream.average_rate or 0))
        said = {key.lower(): value for key, value in {**self._stream.metadata, **self._container.metadata}.items()}
        found = Photo(content_hash, *size, self._name, _taken_at(said), _camera(said))
        return replace(found, pictures=min(max(frames, 1), _MOST_PACKETS))

    # --- finding a moment ---------------------------------------------------------------------------------------

    @property
    def _tick(self) -> Fraction:
        """Seconds."""
        return self._stream.time_base or Fraction(1, _MICROSECONDS)

    def _picture_stream(self) -> VideoStream:
        from av.stream import Disposition

        streams = [each for each in self._container.streams.video if not each.disposition & Disposition.attached_pic]
        if not streams:
            raise DecodeError(path=self._path, detail="holds no moving picture, perhaps only sound")
        stream = streams[0]
        codec = stream.codec_context
        if codec is None or codec.name not in _CODECS:
            detail = f"is a video of a kind that can't be read ({codec.name if codec else 'unknown codec'})"
            raise DecodeError(path=self._path, detail=detail)
        self._check(codec.width, codec.height)
        codec.options = {"max_pixels": str(self._max_pixels)}  # it may change its size on the way
        codec.thread_count = 1  # the workers are the parallelism
        return stream

    def _length(self) -> float:
        """In seconds; what the file says, unless nothing is found where its last part should be."""
        said = 0.0
        if self._stream.duration is not None:
            said = float(self._stream.duration * self._tick)
        elif self._container.duration is not None:
            said = self._container.duration / _MICROSECONDS
        if said > 0 and self._farthest(said * _PROBED, _PROBED_PACKETS) >= said * _PROBED / 2:
            return said
        return max(self._farthest(0.0, _MOST_PACKETS), 0.0)

    def _farthest(self, seconds: float, packets: int) -> float:
        """The latest time of so many packets from there on; -1 where there are none. Decodes nothing."""
        self._seek(seconds)
        times = (each.pts for each in islice(self._packets, packets) if each.pts is not None)
        last = max(times, default=None)
        self._at = None
        return -1.0 if last is None else float(last * self._tick) - self._start

    def _seek(self, seconds: float) -> None:
        """To the last key frame before that time, if the file says where it is."""
        import av

        self._at, self._packets = None, iter(())
        ticks = round((seconds + self._start) / self._tick)
        if abs(ticks) >= 1 << 62:
            return
        with suppress(av.FFmpegError):
            self._container.seek(ticks, stream=self._stream, backward=True)
            self._packets = self._container.demux(self._stream)

    def _frame_at(self, seconds: float, steps: int) -> VideoFrame | None:
        """The first frame from that time on, or the last that was reached in so many packets; None if there is none."""
        if not self._is_ahead(seconds):
            self._seek(seconds - _RUN_UP if self._name in _BLIND else seconds)
        found = None
        for frame in self._frames(steps):
            found = frame
            if self._seconds(frame) >= seconds - _CLOSE:
                break
        return found

    def _is_ahead(self, seconds: float) -> bool:
        """Whether reading on from here comes to that time without passing a key frame from which one could begin."""
        if self._at is None or seconds < self._at:
            return False
        entries = self._stream.index_entries
        place = entries.search_timestamp(round((seconds + self._start) / self._tick), backward=True)
        return place >= 0 and float(entries[place].timestamp * self._tick) - self._start <= self._at

    def _frames(self, steps: int) -> Iterator[VideoFrame]:
        """What the next packets hold, without what is known to be broken."""
        import av

        for packet in islice(self._packets, steps):
            try:
                frames = self._stream.codec_context.decode(packet)
            except av.InvalidDataError:
                continue
            for frame in frames:
                if not frame.is_corrupt:
                    self._at = self._seconds(frame)
                    yield frame

    def _seconds(self, frame: VideoFrame) -> float:
        """Since the beginning; of a frame that does not say it, a moment after the last one."""
        ticks = frame.pts if frame.pts is not None else frame.dts
        if ticks is None:
            return (self._at or 0.0) + 1 / float(self._stream.average_rate or 25)
        return max(float(ticks * self._tick) - self._start, 0.0)

    # --- what it shows ------------------------------------------------------------------------------------------

    def _check(self, width: int, height: int) -> None:
        if width * height > self._max_pixels:
            size = f"{width:,} x {height:,} pixels"
            raise DecodeError(path=self._path, detail=f"has frames of {size}, more than scan.max_pixels allows")

    def _picture(self, frame: VideoFrame) -> Picture:
        from av.video.reformatter import Interpolation

        self._check(frame.width, frame.height)
        undescribed_hd = frame.colorspace == _UNSPECIFIED and min(frame.width, frame.height) >= _HD
        exact = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.BITEXACT  # on every processor
        rgb = frame.reformat(format="rgb24", src_colorspace="ITU709" if undescribed_hd else None, interpolation=exact)
        image: Image.Image = rgb.to_image()  # type: ignore[no-untyped-call]  # all else in PyAV has types
        shape = self._stream.sample_aspect_ratio
        if shape and shape != 1 and 1 / _WIDEST_PIXEL <= shape <= _WIDEST_PIXEL:
            image = image.resize((max(1, round(image.width * shape)), image.height))
        primaries = frame.color_primaries if frame.color_primaries in _WIDE else 1
        transfer = frame.color_trc if frame.color_trc in _HDR else 1
        profile = profiles.profile_of(ColourCodes(primaries, transfer))
        return Picture(image, _TURNS.get(frame.rotation % 360, 1), profile)


def _format_of(head: bytes, path: Path) -> str:
    if name := video_format(head):
        return name
    if not head:
        raise DecodeError(path=path, detail="is empty (0 bytes)")
    if not head.strip(b"\0"):
        raise DecodeError(path=path, detail="begins with nothing but zero bytes")
    if picture := sniff.picture_format(head):
        raise DecodeError(
            path=path, detail=f"is a picture ({picture}) with the name of a video; rename it to have it read"
        )
    raise DecodeError(path=path, detail="is not a video in a format that can be read")


def _taken_at(said: Mapping[str, str]) -> str | None:
    """Where the camera stood, by Apple's tag; else by the clock of Greenwich, as nothing says where that was."""
    for key in ("com.apple.quicktime.creationdate", "creation_time", "date"):
        text = said.get(key, "")[:19].replace(" ", "T")
        try:
            made = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S")
        except ValueError:
            continue
        if made.year >= _FIRST_YEAR:
            return text
    return None


def _camera(said: Mapping[str, str]) -> str | None:
    make, model = (
        next((" ".join(said[key].split())[:_LONGEST_NAME] for key in keys if said.get(key, "").strip()), "")
        for keys in (("com.apple.quicktime.make", "make"), ("com.apple.quicktime.model", "model"))
    )
    return (model if model.startswith(make) else f"{make} {model}").strip() or None


def _is_of_the_disk(error: Exception) -> bool:
    """Whether reading failed, and not what was read; FFmpeg's own errors are OSErrors too."""
    return isinstance(error, OSError) and type(error).__module__.partition(".")[0] != PACKAGE


def _in_words(error: Exception, name: str) -> str:
    if isinstance(error, MemoryError):
        return "needs more memory than a decoder may use (scan.worker_memory)"
    said = " ".join(str(getattr(error, "strerror", None) or error).split())[:200]
    return f"is damaged or cut off ({name} video: {said or type(error).__name__})"
