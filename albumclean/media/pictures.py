"""How many pictures a file holds, and what it carries beside them. No picture is decoded for that.

Frames of an animation, pages and pictures of a sequence count; previews, thumbnails, masks, gain maps and depth maps do
not. What a header claims is believed only as far as the file has bytes for it, and every walk is bounded by the file.

Sources: GIF89a; PNG third edition (APNG); WebP container; TIFF 6.0; CIPA DC-007 (multi-picture JPEG); Google's Motion
Photo and Dynamic Depth formats; Android's Ultra HDR and ISO 21496-1 (gain maps); ExifTool's lists of makers' tags.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from PIL import ImageFile

from albumclean.domain import Extra
from albumclean.media.boxes import chunks, has_video_track, picture_samples, top

_MOST_PAGES = 10_000
_MOST_TAGS = 16  # of a directory: the kind of a page stands among the first

_SUBFILE, _OLD_SUBFILE = 254, 255
_SIDES, _EXIF = frozenset({256, 257}), 0x8769
_SHORT = 3  # the type of a field of 16 bits
_THUMBNAIL = 120  # pixels of the short side of EXIF's thumbnails (160 x 120); no page is that small
_REDUCED, _MASK = 1, 4  # bits of the new tag
_OLD_REDUCED = 2
_TIFF_ORDERS = {b"II*\0": "<", b"MM\0*": ">", b"II+\0": "<", b"MM\0+": ">"}

_MULTI_FRAME = {"Multi-Frame Image: (Panorama)", "Multi-Frame Image: (Disparity)", "Multi-Frame Image: (Multi-Angle)"}
_MPF_ENTRIES = 0xB002

_SCAN, _END_MARK = 0xDA, b"\xff\xd9"  # in pixels, 0xFF comes with a zero behind it
_GAIN_MAPS = (b"hdrgm:GainMapM", b"hdrgm:Version", b"urn:iso:std:iso:ts:21496:-1", b"HDRGainMap")
_DEPTHS = (b"GDepth:Data", b"DualShot_DepthMap", b"ns.apple.com/depthData", b"ns.google.com/photos/dd/1.0/depthmap")
_HEIF_GAIN_MAPS = (b"aux:hdrgainmap", b"tmap")
_HEIF_DEPTHS = (b"urn:mpeg:hevc:2015:auxid:2\0", b"systems:auxiliary:depth")
_VIDEO_BRANDS = frozenset({b"mp41", b"mp42", b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"avc1", b"qt  ", b"M4V "})
_BRAND_HEAD = range(16, 513, 4)  # bytes of a file type box
_MOST_HEADS = 64


def count_pictures(image: ImageFile.ImageFile, data: bytes, extras: tuple[Extra, ...]) -> int:
    """How many pictures lie in the file that `image` was opened from; at least 1."""
    counter = _COUNTERS.get(image.format or "")
    if counter is not None:
        return max(1, counter(data))
    if image.format == "MPO":
        return _views(image, extras)
    if image.format in {"HEIF", "AVIF"}:
        return max(int(getattr(image, "n_frames", 1)), picture_samples(data), 1)
    return 1


def find_extras(data: bytes, name: str) -> tuple[Extra, ...]:
    """What a file in this format (as of `sniff.picture_format`) carries beside its picture, sorted.

    A label is not enough: programs that rewrite a photo leave the label and drop what it speaks of.
    """
    found = []
    if name == "JPEG":
        scan = _jpeg_scan(data)
        tail = data[_behind(data, _END_MARK, scan) :]  # nearly always empty, or small
        if _has_any(data[:scan], _DEPTHS) or _has_any(tail, _DEPTHS):
            found.append(Extra.DEPTH)
        if _has_any(tail, _GAIN_MAPS):
            found.append(Extra.GAIN_MAP)
        if _has_video(tail):
            found.append(Extra.MOTION)
    elif name in {"HEIF", "AVIF"}:
        meta = top(data, b"meta")
        said = data[meta.start : meta.end] if meta else b""
        behind = data[meta.end :] if meta else b""
        if _has_any(said, _HEIF_DEPTHS):
            found.append(Extra.DEPTH)
        if _has_any(said, _HEIF_GAIN_MAPS):
            found.append(Extra.GAIN_MAP)
        if has_video_track(data) or _has_video(behind):
            found.append(Extra.MOTION)
    return tuple(sorted(found))


def first_page(data: bytes) -> int:
    """Which directory of a TIFF holds its first picture: some begin with a thumbnail, and say so."""
    return next((number for number, is_page in enumerate(_pages(data)) if is_page), 0)


def _jpeg_scan(data: bytes) -> int:
    """Where the pixels of a JPEG begin: behind its headers, whose thumbnail has pixels of its own."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != _SCAN:
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return min(at, len(data))


def _behind(data: bytes, mark: bytes, start: int) -> int:
    found = data.find(mark, start)
    return len(data) if found < 0 else found + len(mark)


def _has_any(data: bytes, marks: tuple[bytes, ...]) -> bool:
    return any(mark in data for mark in marks)


def _has_video(data: bytes) -> bool:
    """Whether the head of an MP4 or QuickTime file lies in the bytes."""
    start = 0
    for _ in range(_MOST_HEADS):
        start = data.find(b"ftyp", start)
        if start < 0:
            return False
        size, brand = int.from_bytes(data[start - 4 : start], "big"), data[start + 4 : start + 8]
        if size in _BRAND_HEAD and (brand in _VIDEO_BRANDS or brand.startswith(b"3g")):
            return True
        start += 4
    return False


def _views(image: ImageFile.ImageFile, extras: tuple[Extra, ...]) -> int:
    """The views of a 3D photo or the parts of a panorama; not the large previews that most cameras add."""
    index = getattr(image, "mpinfo", None)
    entries = index.get(_MPF_ENTRIES) if isinstance(index, dict) else None
    if not isinstance(entries, list | tuple):
        return 1
    kinds = [entry.get("Attribute", {}).get("MPType") for entry in entries[1:] if isinstance(entry, dict)]
    plain = 0 if extras else kinds.count("Undefined")  # gain and depth maps call themselves that, too
    return 1 + plain + sum(kind in _MULTI_FRAME for kind in kinds)


def _gif_frames(data: bytes) -> int:
    at = 13 + _colours(data[10:11])
    frames = 0
    while 0 < at < len(data):
        match data[at]:
            case 0x2C:  # a picture: its place, its colours, a byte, and blocks
                frames += 1
                at = _behind_blocks(data, at + 11 + _colours(data[at + 9 : at + 10]))
            case 0x21:
                at = _behind_blocks(data, at + 2)
            case 0x3B:
                break
            case _:  # bytes that belong to nothing; decoders skip them, too
                at += 1
    return frames


def _colours(flags: bytes) -> int:
    """Bytes of the table of colours that these flags announce."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _behind_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1


def _png_frames(data: bytes) -> int:
    """Frames of the animation, and the still picture where it is none of them."""
    frames, is_animation, still = 0, False, 0
    for kind, _ in chunks(data, 8, ">"):
        is_animation |= kind == b"acTL"
        frames += kind == b"fcTL"
        if kind == b"IDAT" and not frames:
            still = 1
    return frames + still if is_animation and frames else 1


def _webp_frames(data: bytes) -> int:
    return sum(kind == b"ANMF" for kind, _ in chunks(data, 12, "<"))


def _tiff_pages(data: bytes) -> int:
    return sum(_pages(data))


def _pages(data: bytes) -> Iterator[bool]:
    """For each directory of the main chain whether it is a page, and not a smaller copy or a mask of one."""
    order = _TIFF_ORDERS.get(data[:4])
    if order is None:
        return
    big = data[2:4] in {b"+\0", b"\0+"}
    offset, count, entry = ("Q", "Q", 20) if big else ("I", "H", 12)
    wide = struct.calcsize(order + count)
    at = _number(data, 8 if big else 4, order + offset)
    seen: set[int] = set()
    has_exif = False  # then the second directory may be the thumbnail, which by that standard says no more of itself
    while at and at not in seen and len(seen) < _MOST_PAGES:
        seen.add(at)
        entries = _number(data, at, order + count)
        end = at + wide + entries * entry
        if entries == 0 or end > len(data):
            return
        first = len(seen) == 1
        tags = range(at + wide, end, entry)
        has_exif |= first and any(_number(data, tag, order + "H") == _EXIF for tag in tags)
        value = 12 if big else 8
        is_thumbnail = has_exif and len(seen) == 2 and _short_side(data, tags, order, value) <= _THUMBNAIL
        yield not is_thumbnail and _is_page(data, tags[:_MOST_TAGS], order, value)
        at = _number(data, end, order + offset)


def _short_side(data: bytes, entries: range, order: str, value: int) -> int:
    """Of the picture of a directory, in pixels; 0 where it does not tell."""
    sides = [
        _number(data, at + value, order + ("H" if _number(data, at + 2, order + "H") == _SHORT else "I"))
        for at in entries
        if _number(data, at, order + "H") in _SIDES
    ]
    return min(sides, default=0)


def _is_page(data: bytes, entries: range, order: str, value: int) -> bool:
    for at in entries:
        tag = _number(data, at, order + "H")
        kind = "H" if _number(data, at + 2, order + "H") == _SHORT else "I"
        if tag == _SUBFILE:
            return not _number(data, at + value, order + kind) & (_REDUCED | _MASK)
        if tag == _OLD_SUBFILE:
            return _number(data, at + value, order + kind) != _OLD_REDUCED
    return True


def _number(data: bytes, at: int, form: str) -> int:
    """0 beyond the end."""
    if at + struct.calcsize(form) > len(data):
        return 0
    (number,) = struct.unpack_from(form, data, at)
    return int(number)


_COUNTERS: dict[str, Callable[[bytes], int]] = {
    "GIF": _gif_frames,
    "PNG": _png_frames,
    "WEBP": _webp_frames,
    "TIFF": _tiff_pages,
}
