"""Camera RAW by the picture that the camera put into it: nothing is developed here.

A demosaic of our own would be judged by our taste and not by the camera's, so a RAW counts by its largest preview.
LibRaw (through rawpy) finds that, the size of the real picture, and how it is turned. What the RAW says of the shot
stands in TIFF directories, or in the preview's own EXIF.

Sources: TIFF/EP, DNG 1.7, ExifTool's lists of tags, and L. Tadevosyan's notes on CR3.
"""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

from PIL import Image

from albumclean.media.boxes import boxes, top, within
from albumclean.media.picture import is_sideways

if TYPE_CHECKING:
    from rawpy._rawpy import ImageSizes

PACKAGE = "rawpy"

_FIRST_YEAR = 1990  # clocks that were never set begin before
_MOST_JPEGS = 64  # that are looked for
_FRAMES = range(0xC0, 0xC3)  # baseline, extended and progressive; 0xC3 is lossless: the sensor's own data
_SCAN = 0xDA
_NEAR = 1.15  # how far the shape of a preview may be from the real picture's

SMALLEST = 480  # pixels of the preview's short side; below, neither score nor likeness says anything of the photo

_ORIENTATIONS = {0: 1, 3: 3, 5: 8, 6: 6}  # LibRaw's flip: EXIF's orientation
_ORIENTATION, _EXIF_IFD, _XMP = 0x0112, 0x8769, 0x02BC
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")  # ISO 16684-3
_TIFF_HEADS = {
    b"II*\0": b"II*\0",
    b"MM\0*": b"MM\0*",
    b"IIU\0": b"II*\0",  # RW2
    b"IIRO": b"II*\0",  # ORF
    b"IIRS": b"II*\0",
    b"MMOR": b"MM\0*",
}


class NoPreview(Exception):
    """A RAW that can't be judged; the text completes "<file> is camera RAW (NEF) ..."."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What stands for the RAW.

    `picture`: a JPEG as it lies in the file, or pixels. `size`: of the real picture, upright. `orientation`: EXIF's,
    for the pixels of the preview, where it does not say so itself. `taken_at`: by the camera's clock, where only LibRaw
    knows.
    """

    picture: bytes | Image.Image
    size: tuple[int, int]
    orientation: int
    taken_at: str | None = None


def is_installed() -> bool:
    """Whether rawpy is there; it is not loaded for that."""
    return find_spec(PACKAGE) is not None


def read_preview(data: bytes, name: str) -> Preview:
    """The largest preview of a RAW of this kind ("NEF", as of `sniff.camera_raw`).

    Raises NoPreview where there is none that serves, EOFError or ValueError where the file is damaged.
    """
    import rawpy  # its libraries are for the worker processes only

    found: bytes | Image.Image | None = None
    taken_at = None
    try:
        with rawpy.RawPy() as raw:
            raw.open_buffer(io.BytesIO(data))
            sizes = raw.sizes
            if name == "CRW":  # which has no EXIF; this reads the sensor's data too, so that a cut-off file shows
                taken_at = datetime.fromtimestamp(raw.other.timestamp.timestamp(), UTC)
            with suppress(rawpy.LibRawError, NotImplementedError):
                thumb = raw.extract_thumb().data
                found = thumb if isinstance(thumb, bytes) else Image.fromarray(thumb)
    except rawpy.LibRawFileUnsupportedError as error:
        raise NoPreview("of a kind that LibRaw does not know yet") from error
    except rawpy.LibRawIOError as error:
        raise EOFError from error
    except rawpy.LibRawError as error:
        said = error.args[0] if error.args else ""
        raise ValueError(said.decode("ascii", "replace") if isinstance(said, bytes) else said) from error
    # A lossy DNG is made of JPEG tiles, each of which would pass for a preview.
    if name != "DNG" and _short_side(found) < SMALLEST:
        larger = _largest_jpeg(data, _real_size(sizes))
        found = larger if _short_side(larger) > _short_side(found) else found
    if found is None:
        raise NoPreview("without a preview that can be read, and nothing is developed here")
    width, height = _real_size(sizes)
    size = (height, width) if sizes.flip & 4 else (width, height)
    when = taken_at.replace(tzinfo=None).isoformat() if taken_at and taken_at.year > _FIRST_YEAR else None
    return Preview(found, size, _ORIENTATIONS.get(sizes.flip, 1), when)


def _real_size(sizes: ImageSizes) -> tuple[int, int]:
    """(width, height) as stored of what the camera shows: the sensor without the borders that it cuts off."""
    cut = (sizes.crop_width, sizes.crop_height)
    is_told = 0 < cut[0] <= sizes.width and 0 < cut[1] <= sizes.height
    return cut if is_told else (sizes.width, sizes.height)


def _short_side(picture: bytes | Image.Image | None) -> int:
    if isinstance(picture, Image.Image):
        return min(picture.size)
    return min(_jpeg_size(picture, 0)) if picture else 0


def _largest_jpeg(data: bytes, size: tuple[int, int]) -> bytes | None:
    """The largest JPEG in the file that is shaped as the picture is, for where LibRaw finds none or a small one."""
    at, best = -1, (0, -1)
    for _ in range(_MOST_JPEGS):
        at = data.find(b"\xff\xd8\xff", at + 1)
        if at < 0:
            break
        width, height = _jpeg_size(data, at)
        if width and height and _is_shaped(width / height, size):
            best = max(best, (width * height, -at))
    return data[-best[1] :] if best[0] else None


def _is_shaped(aspect: float, size: tuple[int, int]) -> bool:
    own = max(size[0], 1) / max(size[1], 1)
    return any(1 / _NEAR <= aspect / each <= _NEAR for each in (own, 1 / own))


def _jpeg_size(data: bytes, at: int) -> tuple[int, int]:
    """(width, height) of the JPEG at this place; (0, 0) where there is none that can be shown."""
    at += 2
    while at + 9 <= len(data) and data[at] == 0xFF and data[at + 1] != _SCAN:
        if data[at + 1] in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    return 0, 0


def turn_of(preview: Preview, stored: tuple[int, int], own: int | None) -> int:
    """The orientation to apply to a preview of the `stored` size, whose own EXIF says `own`.

    Some cameras store the preview upright and turn only the RAW, some turn both: where words differ, the shape decides.
    """
    said = [turn for turn in (own, preview.orientation, 1) if turn is not None]
    fitting = (turn for turn in said if _shape(stored, turn) == _shape(preview.size, 1))
    return next(fitting, said[0])


def _shape(size: tuple[int, int], turn: int) -> int:
    """-1 upright, 0 square, 1 lying."""
    width, height = reversed(size) if is_sideways(turn) else size
    return (width > height) - (width < height)


def metadata_of(data: bytes) -> tuple[Image.Exif, dict[int, object], bytes | None]:
    """The main directory, that of the shot, and the XMP packet, as far as the RAW has them as TIFF directories.

    Raises what Pillow raises of damaged ones.
    """
    main, shot, packet = Image.Exif(), dict[int, object](), None
    if head := _TIFF_HEADS.get(data[:4]):
        main.load(b"Exif\0\0" + head + data[4:])
        shot = dict(main.get_ifd(_EXIF_IFD))
    elif data[4:12] == b"ftypcrx ":
        for box in _canon_boxes(data):
            if box[0] == b"CMT1":
                main.load(b"Exif\0\0" + box[1])
            elif box[0] == b"CMT2":
                inner = Image.Exif()
                inner.load(b"Exif\0\0" + box[1])
                shot = dict(inner)
        packet = _canon_xmp(data)
    elif data.startswith(b"\0MRM"):
        main.load(b"Exif\0\0" + _minolta_tiff(data))
        shot = dict(main.get_ifd(_EXIF_IFD))
    packet = packet or main.get(_XMP)
    return main, shot, packet if isinstance(packet, bytes) else None


def _canon_boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    """What a CR3's metadata box holds: TIFF files of one directory each."""
    canon = within(data, top(data, b"moov"), b"uuid")
    inside = boxes(data, canon.start + 16, canon.end) if canon else iter(())  # behind the identifier
    return [(box.kind, data[box.start : box.end]) for box in inside]


def _canon_xmp(data: bytes) -> bytes | None:
    """The XMP packet of a CR3, in a box of its own beside the others."""
    packets = (
        data[box.start + 16 : box.end] for box in boxes(data) if box.kind == b"uuid" and _is_xmp(data, box.start)
    )
    return next(packets, None)


def _is_xmp(data: bytes, start: int) -> bool:
    return data[start : start + 16] == _XMP_UUID


def _minolta_tiff(data: bytes) -> bytes:
    """The block of an MRW that is a TIFF file."""
    at = 8
    while at + 8 <= len(data):
        name, size = struct.unpack_from(">4sI", data, at)
        if name == b"\0TTW":
            return data[at + 8 : at + 8 + size]
        at += 8 + size
    return b""
