"""What ties the two halves of an Apple Live Photo: the ContentIdentifier in the photo's MakerNote and in the video.

A few hundred bytes of a large file are wanted, of files that may be anything: it is read by seeking from box to box or
from segment to segment, each step bounded, and bytes that make no sense count as "none". No decoder is involved.

Sources: ISO/IEC 14496-12 (boxes; `iinf`, `iloc`), ISO/IEC 23008-12 (the item of type `Exif`), the QuickTime File Format
Specification ("Metadata": `meta`, `keys`, `ilst`), CIPA DC-008 (Exif in JPEG); ExifTool's list of Apple tags.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Literal

from albumclean.media.boxes import Box
from albumclean.media.makernotes import live_photo_of

_KEY = b"com.apple.quicktime.content.identifier"
_LARGEST_META = 4 << 20  # bytes of one box that is read as a whole; an iPhone's take some 10 KB
_LARGEST_EXIF = 1 << 20
_MOST_BOXES = 1000  # in one place
_MOST_READS = 10_000  # in one file: boxes in boxes could be millions
_MOST_SEGMENTS = 100  # of a JPEG, before its pixels
_MOST_ENTRIES = 1000  # of one EXIF directory
_LONGEST_IDENTIFIER = 100
_EXIF_IFD, _MAKER_NOTE = 0x8769, 0x927C
_Order = Literal["little", "big"]
_ORDERS: dict[bytes, _Order] = {b"II*\0": "little", b"MM\0*": "big"}
_TOP_LEVEL = frozenset({b"ftyp", b"wide", b"mdat", b"moov", b"free", b"skip", b"pnot"})


def content_identifier(path: Path) -> str | None:
    """The identifier that both halves of a Live Photo share, in upper case; None if the file has none.

    Reads HEIC, JPEG, and QuickTime or MP4 videos. Raises OSError if the file can't be read, and nothing else, whatever
    the bytes are.
    """
    # What was a file at the crawl may have become a named pipe: don't wait for it. As it has no size, nothing is read.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        source = _Source(file, os.fstat(handle).st_size)
        head = source.read(0, 8)
        if head.startswith(b"\xff\xd8\xff"):
            found = _of_jpeg(source)
        elif head[4:8] in _TOP_LEVEL:
            found = _of_boxes(source)
        else:
            found = None
    return _cleaned(found)


@dataclass(slots=True)
class _Source:
    """A file of which pieces are read; what lies behind its end is empty, and so is all after too many reads."""

    file: BufferedReader
    size: int
    reads: int = 0

    def read(self, start: int, length: int) -> bytes:
        self.reads += 1
        if not 0 <= start < self.size or length <= 0 or self.reads > _MOST_READS:
            return b""
        self.file.seek(start)
        return self.file.read(min(length, self.size - start))


def _cleaned(text: str | None) -> str | None:
    text = (text or "").strip().upper()
    return text if text.isascii() and text.isprintable() and 0 < len(text) <= _LONGEST_IDENTIFIER else None


def _number(data: bytes, start: int, length: int) -> int:
    """A big-endian number; what is missing behind the end counts as nothing."""
    return int.from_bytes(data[start : start + length], "big")


# --- boxes: HEIC and videos -----------------------------------------------------------------------------------------


def _of_boxes(source: _Source) -> str | None:
    for box in _boxes(source, 0, source.size):
        if box.kind == b"moov":
            return next(filter(None, (_of_movie_meta(source, each) for each in _movie_metas(source, box))), None)
        if box.kind == b"meta":
            return _of_picture_meta(source, box)
    return None


def _movie_metas(source: _Source, movie: Box) -> Iterator[Box]:
    """Apple's lies in the movie itself, that of converters in its user data."""
    for box in _inside(source, movie):
        if box.kind == b"meta":
            yield box
        elif box.kind == b"udta":
            yield from (each for each in _inside(source, box) if each.kind == b"meta")


def _inside(source: _Source, box: Box) -> Iterator[Box]:
    return _boxes(source, box.start, box.end)


def _boxes(source: _Source, start: int, end: int) -> Iterator[Box]:
    """The boxes that lie from `start` to `end`, as far as their sizes make sense."""
    for _ in range(_MOST_BOXES):
        head = source.read(start, 16)
        if len(head) < 8:
            return
        size, header = _number(head, 0, 4), 8
        if size == 1:
            size, header = _number(head, 8, 8), 16
        elif size == 0:
            size = end - start
        if size < header or start + size > end:
            return
        yield Box(head[4:8], start + header, start + size)
        start += size


def _of_movie_meta(source: _Source, box: Box) -> str | None:
    # MP4's `meta` begins with a version, QuickTime's with its first box.
    shift = 4 if source.read(box.start, 16)[8:12] == b"hdlr" else 0
    parts = {part.kind: part for part in _boxes(source, box.start + shift, box.end)}
    keys, values = parts.get(b"keys"), parts.get(b"ilst")
    if keys is None or values is None or max(keys.end - keys.start, values.end - values.start) > _LARGEST_META:
        return None
    # Keys look like boxes too: a size, a namespace and the name; values are numbered by their place among them.
    for number, key in enumerate(_boxes(source, keys.start + 8, keys.end), start=1):
        if source.read(key.start, len(_KEY) + 1)[: key.end - key.start] == _KEY:
            wanted = number.to_bytes(4, "big")
            value = next((each for each in _inside(source, values) if each.kind == wanted), None)
            return _text_of(source, value) if value else None
    return None


def _text_of(source: _Source, value: Box) -> str | None:
    data = next((each for each in _inside(source, value) if each.kind == b"data"), None)
    if data is None:
        return None
    text = source.read(data.start + 8, min(data.end - data.start - 8, _LONGEST_IDENTIFIER + 1))
    return text.decode("utf-8", "replace")


def _of_picture_meta(source: _Source, box: Box) -> str | None:
    if box.end - box.start > _LARGEST_META:
        return None
    parts = {part.kind: part for part in _boxes(source, box.start + 4, box.end)}
    items, places = parts.get(b"iinf"), parts.get(b"iloc")
    if items is None or places is None:
        return None
    wide = source.read(items.start, 1) != b"\0"  # its count has four bytes then
    wanted = None
    for item in _boxes(source, items.start + (8 if wide else 6), items.end):
        entry = source.read(item.start, 16)
        length = 4 if entry[:1] == b"\x03" else 2  # of the item's number
        if entry[4 + length + 2 : 4 + length + 6] == b"Exif":
            wanted = _number(entry, 4, length)
            break
    if wanted is None:
        return None
    place = _place_of(source.read(places.start, min(places.end - places.start, _LARGEST_META)), wanted)
    if place is None:
        return None
    base = parts[b"idat"].start if place.in_meta and b"idat" in parts else 0
    exif = source.read(base + place.offset, min(place.length, _LARGEST_EXIF))
    return _of_exif(exif[4 + _number(exif, 0, 4) :])


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an item lies: in the file, or in the box `idat` beside."""

    in_meta: bool
    offset: int
    length: int


def _place_of(table: bytes, wanted: int) -> _Place | None:
    """The first piece of an item in an `iloc`; Exif is never in several."""
    version = table[0] if table else 0
    sizes = _number(table, 4, 2)
    of_offset, of_length, of_base, of_index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    of_index = of_index if version in {1, 2} else 0
    of_item = 4 if version == 2 else 2
    count, at = _number(table, 6, of_item), 6 + of_item
    for _ in range(min(count, len(table))):
        item, at = _number(table, at, of_item), at + of_item
        method = _number(table, at, 2) & 15 if version in {1, 2} else 0
        at += 4 if version in {1, 2} else 2  # with the index of a data reference
        base, at = _number(table, at, of_base), at + of_base
        pieces, at = _number(table, at, 2), at + 2
        if item == wanted and pieces:
            at += of_index
            offset = base + _number(table, at, of_offset)
            return _Place(method == 1, offset, _number(table, at + of_offset, of_length))
        at += pieces * (of_index + of_offset + of_length)
        if at >= len(table):
            return None
    return None


# --- JPEG and EXIF --------------------------------------------------------------------------------------------------


def _of_jpeg(source: _Source) -> str | None:
    at = 2
    for _ in range(_MOST_SEGMENTS):
        head = source.read(at, 10)
        if len(head) < 4 or head[0] != 0xFF or head[1] in {0xDA, 0xD9}:  # the pixels, or the end
            return None
        if head[1] == 0xFF:  # padding
            at += 1
            continue
        length = _number(head, 2, 2)
        if head[1] == 0xE1 and head[4:10] == b"Exif\0\0":
            return _of_exif(source.read(at + 10, length - 8))
        at += 2 + max(length, 2)
    return None


def _of_exif(data: bytes) -> str | None:
    """From a whole TIFF structure."""
    order = _ORDERS.get(data[:4])
    if order is None:
        return None
    inner = _entry(data, int.from_bytes(data[4:8], order), _EXIF_IFD, order)
    note = _entry(data, inner[1], _MAKER_NOTE, order) if inner else None
    return live_photo_of(data[note[1] : note[1] + note[0]]) if note else None


def _entry(data: bytes, directory: int, wanted: int, order: _Order) -> tuple[int, int] | None:
    """(count, value) of a tag in a directory."""
    count = int.from_bytes(data[directory : directory + 2], order)
    for at in range(directory + 2, directory + 2 + 12 * min(count, _MOST_ENTRIES), 12):
        if at + 12 > len(data):
            return None
        if int.from_bytes(data[at : at + 2], order) == wanted:
            return int.from_bytes(data[at + 4 : at + 8], order), int.from_bytes(data[at + 8 : at + 12], order)
    return None
