"""The boxes and chunks that files are made of: as much of them as says what a file holds beside its pixels.

Sources: ISO/IEC 14496-12 (boxes, tracks), ISO/IEC 23008-12 (items and their properties), ITU-T H.273 (colour codes),
PNG third edition and RIFF (chunks).
Hostile bytes give nothing, or nonsense of bounded size, and never raise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_MOST_BOXES = 4096  # in one box; a real file has a few hundred properties at most
_META_HEAD = 4  # version and flags of a full box
_PICTURE_TRACK, _VIDEO_TRACK = b"pict", b"vide"


@dataclass(frozen=True, slots=True)
class Box:
    """A box; `start` and `end` bound what it holds, behind its head."""

    kind: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ColourCodes:
    """How samples stand for colours, by ITU-T H.273."""

    primaries: int
    transfer: int


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes that follow each other in a stretch of the file."""
    end = len(data) if end is None else min(end, len(data))
    for _ in range(_MOST_BOXES):
        if start + 8 > end:
            return
        size, head = int.from_bytes(data[start : start + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:  # to the end
            size = end - start
        if size < head:
            return
        yield Box(data[start + 4 : start + 8], start + head, min(start + size, end))
        start += size


def within(data: bytes, box: Box | None, *path: bytes) -> Box | None:
    """The first box on a path of kinds inside another."""
    for kind in path:
        if box is None:
            return None
        head = _META_HEAD if box.kind == b"meta" else 0
        box = next((each for each in boxes(data, box.start + head, box.end) if each.kind == kind), None)
    return box


def top(data: bytes, kind: bytes) -> Box | None:
    """The first box of a kind that lies in no other."""
    return next((each for each in boxes(data) if each.kind == kind), None)


def tracks(data: bytes) -> dict[bytes, int]:
    """The longest track of each kind (b"pict" for pictures, b"vide" for video): how many samples it says it has."""
    found: dict[bytes, int] = {}
    movie = top(data, b"moov")
    for track in boxes(data, movie.start, movie.end) if movie else ():
        if track.kind != b"trak":
            continue
        handler = within(data, track, b"mdia", b"hdlr")
        sizes = within(data, track, b"mdia", b"minf", b"stbl", b"stsz")
        if handler is None or sizes is None:
            continue
        kind = data[handler.start + 8 : handler.start + 12]
        count = int.from_bytes(data[sizes.start + 8 : sizes.start + 12], "big")
        found[kind] = max(found.get(kind, 0), count)
    return found


def chunks(data: bytes, at: int, order: str) -> Iterator[tuple[bytes, int]]:
    """(kind, where its content begins) of the chunks of a PNG (order ">") or a RIFF ("<") from `at` on."""
    while at + 8 <= len(data):
        if order == ">":
            size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
            behind = at + 12 + size  # a checksum follows
        else:
            size, kind = int.from_bytes(data[at + 4 : at + 8], "little"), data[at : at + 4]
            behind = at + 8 + size + size % 2
        yield kind, at + 8
        at = behind


def picture_samples(data: bytes) -> int:
    """How many pictures a HEIF or AVIF sequence says it has; 0 for a file without one."""
    return tracks(data).get(_PICTURE_TRACK, 0)


def has_video_track(data: bytes) -> bool:
    """Whether a film lies beside the pictures, in the same structure."""
    return tracks(data).get(_VIDEO_TRACK, 0) > 0


def colour_codes(data: bytes) -> ColourCodes | None:
    """What the main picture of a HEIF or AVIF says of its colours by code; None where it doesn't, or has a profile."""
    meta = top(data, b"meta")
    properties = within(data, meta, b"iprp", b"ipco")
    if meta is None or properties is None:
        return None
    known = list(boxes(data, properties.start, properties.end))
    mine = _properties_of(data, meta, _main_item(data, meta))
    for number in mine:
        if 0 < number <= len(known) and known[number - 1].kind == b"colr":
            colour = data[known[number - 1].start : known[number - 1].end]
            if colour[:4] == b"nclx" and len(colour) >= 10:
                return ColourCodes(int.from_bytes(colour[4:6], "big"), int.from_bytes(colour[6:8], "big"))
    return None


def _main_item(data: bytes, meta: Box) -> int:
    named = within(data, meta, b"pitm")
    if named is None or named.end - named.start < 6:
        return 0
    wide = data[named.start] > 0  # the version
    return int.from_bytes(data[named.start + 4 : named.start + (8 if wide else 6)], "big")


def _properties_of(data: bytes, meta: Box, item: int) -> list[int]:
    """The numbers, counted from 1, of the properties of an item."""
    links = within(data, meta, b"iprp", b"ipma")
    if links is None or links.end - links.start < 8:
        return []
    wide_items, wide_links = data[links.start] > 0, data[links.start + 3] & 1
    at = links.start + 8
    for _ in range(min(int.from_bytes(data[at - 4 : at], "big"), _MOST_BOXES)):
        step = 4 if wide_items else 2
        if at + step >= links.end:
            return []
        number, count = int.from_bytes(data[at : at + step], "big"), data[at + step]
        at += step + 1
        size = 2 if wide_links else 1
        if number == item:
            mask = 0x7FFF if wide_links else 0x7F
            ends = range(at, min(at + count * size, links.end), size)
            return [int.from_bytes(data[each : each + size], "big") & mask for each in ends]
        at += count * size
    return []
