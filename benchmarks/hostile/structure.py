"""Where a picture file keeps its own sizes, counts and offsets: the numbers that a hostile file lies about.

Sources: the PNG specification, ITU T.81 (JPEG), TIFF 6.0, RIFF, ISO/IEC 14496-12 (boxes), GIF89a, BMP.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Order = Literal["little", "big"]

_MOST = 5000  # fields of one file
_CONTAINERS = frozenset({b"meta", b"moov", b"trak", b"mdia", b"minf", b"stbl", b"iprp", b"ipco", b"iinf", b"dinf"})
_DIRECTORIES = frozenset({330, 34665, 34853})  # sub-directories, EXIF, GPS
_TABLES = frozenset({b"iloc", b"ispe", b"pitm", b"ipma", b"infe", b"iref", b"ihdr", b"stsz", b"stco", b"stts", b"stsc"})


@dataclass(frozen=True, slots=True)
class Field:
    """A number in a file."""

    at: int
    width: int  # bytes
    order: Order

    def written(self, data: bytes, value: int) -> bytes:
        """The file with another number there."""
        raw = (value % (1 << 8 * self.width)).to_bytes(self.width, self.order)
        return data[: self.at] + raw + data[self.at + self.width :]


def fields_of(data: bytes) -> list[Field]:
    """The numbers of a file's skeleton, as far as it is sound; none for a format that is not known."""
    if data.startswith(b"\x89PNG"):
        found = _png(data)
    elif data.startswith(b"\xff\xd8"):
        found = _jpeg(data)
    elif data[:4] in {b"II*\0", b"MM\0*"}:
        found = _tiff(data, 0)
    elif data.startswith(b"RIFF"):
        found = _riff(data)
    elif data.startswith(b"GIF8"):
        found = _gif(data)
    elif data.startswith(b"BM"):
        found = (Field(at, 4, "little") for at in (2, 10, 14, 18, 22, 30, 34, 46))
    else:
        found = _boxes(data, 0, len(data), 0)
    return [field for _, field in zip(range(_MOST), found, strict=False) if field.at + field.width <= len(data)]


def mended(data: bytes) -> bytes:
    """A PNG with the checksums that its chunks should have, so that a lie is believed; anything else as it is."""
    if not data.startswith(b"\x89PNG"):
        return data
    parts, at = [data[:8]], 8
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        end = at + 8 + size
        if end + 4 > len(data):
            break
        parts += [data[at:end], struct.pack(">I", zlib.crc32(data[at + 4 : end]))]
        at = end + 4
    return b"".join(parts) + data[at:]


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk, checksum included."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def segment(marker: int, content: bytes) -> bytes:
    """One JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def box(kind: bytes, content: bytes) -> bytes:
    """One ISO box."""
    return struct.pack(">I", 8 + len(content)) + kind + content


def _png(data: bytes) -> Iterator[Field]:
    at = 8
    while at + 8 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind = data[at + 4 : at + 8]
        yield Field(at, 4, "big")
        if kind in {b"IHDR", b"acTL", b"fcTL"}:
            yield from (Field(place, 4, "big") for place in range(at + 8, at + 8 + size - 3, 4))
        if kind == b"IHDR":
            yield from (Field(place, 1, "big") for place in range(at + 16, at + 21))
        at += 12 + size


def _jpeg(data: bytes) -> Iterator[Field]:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker, (size,) = data[at + 1], struct.unpack_from(">H", data, at + 2)
        yield Field(at + 2, 2, "big")
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            yield from (Field(at + 5, 2, "big"), Field(at + 7, 2, "big"), Field(at + 9, 1, "big"))
        if marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            yield from _tiff(data[at + 10 : at + 2 + size], at + 10)
        if marker == 0xDA:
            return
        at += 2 + size


def _tiff(data: bytes, base: int) -> Iterator[Field]:
    order: Order = "little" if data[:2] == b"II" else "big"
    waiting, seen = [int.from_bytes(data[4:8], order)], set[int]()
    yield Field(base + 4, 4, order)
    while waiting:
        start = waiting.pop()
        if start in seen or not 0 < start < len(data) - 2:
            continue
        seen.add(start)
        yield Field(base + start, 2, order)
        count = int.from_bytes(data[start : start + 2], order)
        for at in range(start + 2, min(start + 2 + 12 * count, len(data) - 12), 12):
            yield from (Field(base + at + 2, 2, order), Field(base + at + 4, 4, order), Field(base + at + 8, 4, order))
            value = int.from_bytes(data[at + 8 : at + 12], order)
            tag = int.from_bytes(data[at : at + 2], order)
            if tag in _DIRECTORIES:
                waiting.append(value)
        end = start + 2 + 12 * count
        yield Field(base + end, 4, order)
        waiting.append(int.from_bytes(data[end : end + 4], order))


def _riff(data: bytes) -> Iterator[Field]:
    yield Field(4, 4, "little")
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        yield from (Field(at + 4, 4, "little"), Field(at + 12, 3, "little"), Field(at + 15, 3, "little"))
        at += 8 + size + size % 2


def _gif(data: bytes) -> Iterator[Field]:
    yield from (Field(6, 2, "little"), Field(8, 2, "little"), Field(10, 1, "little"))
    at = data.find(b"\x2c", 13)
    while 0 <= at < len(data) - 10:
        yield from (Field(at + place, 2, "little") for place in (1, 3, 5, 7))
        yield from (Field(at + 9, 1, "little"), Field(at + 10, 1, "little"))
        at = data.find(b"\x2c", at + 11)


def _boxes(data: bytes, start: int, end: int, depth: int) -> Iterator[Field]:
    at = start
    while at + 8 <= end and depth < 12:
        size = int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        yield Field(at, 4, "big")
        inner = at + 8 + (4 if kind in {b"meta"} else 0)
        if kind in _CONTAINERS:
            yield from _boxes(data, inner + (6 if kind == b"iinf" else 0), min(at + size, end), depth + 1)
        elif kind in {
            b"iloc",
            b"ispe",
            b"pitm",
            b"ipma",
            b"infe",
            b"stsz",
            b"stco",
            b"stts",
            b"stsc",
            b"ihdr",
            b"iref",
        }:
            yield from (Field(place, 4, "big") for place in range(inner, min(at + size, end) - 3, 2))
        if size < 8:
            return
        at += size
