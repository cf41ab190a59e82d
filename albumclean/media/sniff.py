"""What a file is, told from its bytes; names and extensions are not looked at.

Sources: the signature sections of each format's specification; ISO/IEC 14496-12 (boxes), ISO/IEC 23008-12 (HEIF
brands), TIFF 6.0, and DNG 1.7 (tags that only camera RAW carries).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_NEUTRAL_BRANDS = frozenset({b"mif1", b"mif2", b"mif3", b"msf1"})  # HEIF container of any codec
_RARE_BRANDS = frozenset({b"jpeg", b"jpgs", b"avci", b"avcs", b"j2ki", b"j2is", b"vvic", b"vvis", b"evbi"})  # of others

_TIFF_HEADS = {b"II*\0": "<", b"MM\0*": ">"}

_PICTURE_HEADS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",  # BigTIFF
    b"MM\0+": "TIFF",
    b"\xff\x0a": "JXL",
    b"\0\0\0\x0cJXL \r\n\x87\n": "JXL",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG2000",
    b"\xff\x4f\xff\x51": "JPEG2000",
}
_RAW_HEADS = {
    b"FUJIFILMCCD-RAW": "RAF",
    b"IIU\0": "RW2",
    b"IIRO": "ORF",
    b"IIRS": "ORF",
    b"MMOR": "ORF",
    b"FOVb": "X3F",
    b"\0MRM": "MRW",
}
_RAW_OF_MAKER = {  # what their TIFF-based files are called, by how the maker writes itself
    b"NIKON": "NEF",
    b"SONY": "ARW",
    b"PENTAX": "PEF",
    b"RICOH": "PEF",
    b"SAMSUNG": "SRW",
    b"CANON": "CR2",
    b"EPSON": "ERF",
    b"SEIKO EPSON": "ERF",
    b"HASSELBLAD": "3FR",
    b"KODAK": "DCR",
    b"EASTMAN KODAK": "KDC",
    b"MAMIYA": "MEF",
    b"LEAF": "MOS",
    b"PHASE ONE": "IIQ",
    b"LEICA": "RWL",
    b"OLYMPUS": "ORF",
}
_OTHER_HEADS = {
    b"8BPS": "Photoshop document",
    b"%PDF": "PDF document",
    b"PK\x03\x04": "ZIP archive",
    b"\x1a\x45\xdf\xa3": "video",
}

_SCAN_MARK = b"\xff\xda"  # what follows it in a JPEG are pixels; a thumbnail's end mark comes before
_END_MARKS = {"JPEG": b"\xff\xd9", "PNG": b"IEND", "GIF": b";"}

_COMPRESSION, _PHOTOMETRIC, _MAKE, _SUB_IFDS, _DNG_VERSION = 259, 262, 271, 330, 50706
_SENSOR_PHOTOMETRIC = frozenset({32803, 34892})  # colour filter array, linear raw
_SENSOR_COMPRESSION = frozenset({32767, 34713, 65535})  # Sony, Nikon, Pentax
_DATA_TAGS = ((273, 279), (324, 325))  # strips and tiles: where they lie, and how long they are
_MAX_VALUES = 4096
_SHORT = 3  # the type
_MAX_IFDS = 32  # a hostile chain may be long or a loop


def picture_format(data: bytes) -> str | None:
    """Pillow's name of the picture format, or None for anything that is not a picture in a readable format."""
    for head, name in _PICTURE_HEADS.items():
        if data.startswith(head):
            return name
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith(b"BM") and len(data) >= 26:  # two letters are weak evidence; a BMP's header has 26 bytes
        return "BMP"
    return _isobmff_format(data)


def camera_raw(data: bytes) -> str | None:
    """What the camera RAW format that the bytes are in is called ("DNG", "CR3", ...), or None.

    A TIFF counts as RAW when one of its directories holds sensor data: programs that read only the first directory
    would show its thumbnail.
    """
    for head, name in _RAW_HEADS.items():
        if data.startswith(head):
            return name
    if data[4:12] == b"ftypcrx ":
        return "CR3"
    if data[6:14] == b"HEAPCCDR":
        return "CRW"
    order = _TIFF_HEADS.get(data[:4])
    return _tiff_raw(data, order) if order else None


def raw_is_cut_off(data: bytes) -> bool:
    """Whether a camera RAW ends before the sensor's data do, which its preview, near its beginning, would not show."""
    if data[4:12] == b"ftypcrx ":
        return len(data) < _boxes_end(data)
    if data.startswith(b"FUJIFILMCCD-RAW") and len(data) >= 108:
        return len(data) < int(sum(struct.unpack_from(">II", data, 100)))
    order = _TIFF_HEADS.get(data[:4])
    return order is not None and any(
        len(data) < place + size
        for tags in _directories(data, order)
        for places, sizes in _DATA_TAGS
        if places in tags and sizes in tags
        for place, size in zip(_values(data, order, tags[places]), _values(data, order, tags[sizes]), strict=False)
    )


def other_kind(data: bytes) -> str | None:
    """What a file is that can't be read but is well known, for the message ("PDF document"), or None."""
    for head, name in _OTHER_HEADS.items():
        if data.startswith(head):
            return name
    if data[4:8] == b"ftyp" and _isobmff_format(data) is None:
        return "video"
    return None


def is_cut_off(data: bytes, name: str) -> bool:
    """Whether the bytes end before the format's own end mark or declared length. `name`: as of `picture_format`."""
    end_mark = _END_MARKS.get(name)
    if end_mark is not None:
        return end_mark not in data[max(data.rfind(_SCAN_MARK), 0) :] if name == "JPEG" else end_mark not in data[-64:]
    return len(data) < _declared_length(data, name)


def lost_tail(data: bytes, name: str) -> bool:
    """Whether a JPEG's end is a run of zero bytes in place of pixels, as an interrupted copy or a failing card leaves.

    libjpeg decodes such a file without an error: the lost part is grey.
    """
    return name == "JPEG" and data.endswith(bytes(512)) and is_cut_off(data, name)


def _isobmff_format(data: bytes) -> str | None:
    if data[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(data[:4], "big"), 512, len(data))
    major, compatible = data[8:12], {data[at : at + 4] for at in range(16, end - 3, 4)}
    for brands, name in ((_HEIF_BRANDS, "HEIF"), (_AVIF_BRANDS, "AVIF")):
        if major in brands or (major in _NEUTRAL_BRANDS and compatible & brands):
            return name
    return "HEIF" if major in _NEUTRAL_BRANDS | _RARE_BRANDS else None


def _declared_length(data: bytes, name: str) -> int:
    """How long the file is by its own account, at least; 0 where it gives none."""
    match name:
        case "WEBP":
            return max(12, int.from_bytes(data[4:8], "little") + 7)  # an odd length may lack its padding
        case "HEIF" | "AVIF":
            return _boxes_end(data)
        case "JXL" | "JPEG2000" if data.startswith(b"\0\0\0\x0c"):
            return _boxes_end(data)
        case "TIFF" if data[:4] in _TIFF_HEADS:
            return 8 + (struct.unpack_from(_TIFF_HEADS[data[:4]] + "I", data, 4)[0] if len(data) >= 8 else 0)
        case "BMP":
            return int.from_bytes(data[2:6], "little")
        case _:
            return 0


def _boxes_end(data: bytes) -> int:
    """Where the last top-level box says that it ends."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8:  # 0: to the end of the file; anything else is broken
            return len(data)
        at += size
    return at


_Entry = tuple[int, int, int]  # type, count, and where the value or its offset stands


def _tiff_raw(data: bytes, order: str) -> str | None:
    if data[8:10] == b"CR":
        return "CR2"
    if data[8:12] in {b"IIII", b"MMMM"}:
        return "IIQ"
    maker = ""
    for tags in _directories(data, order):
        if _DNG_VERSION in tags:
            return "DNG"
        if not maker and _MAKE in tags:
            maker = _raw_of_maker(data, order, tags[_MAKE])
        said = (_first(data, order, tags.get(tag)) for tag in (_PHOTOMETRIC, _COMPRESSION))
        if any(value in known for value, known in zip(said, (_SENSOR_PHOTOMETRIC, _SENSOR_COMPRESSION), strict=True)):
            return maker or "RAW"
    return None


def _raw_of_maker(data: bytes, order: str, make: _Entry) -> str:
    place = int(struct.unpack_from(order + "I", data, make[2])[0])
    name = data[place : place + 32].partition(b"\0")[0].strip().upper()
    return next((raw for maker, raw in _RAW_OF_MAKER.items() if name.startswith(maker)), "")


def _directories(data: bytes, order: str) -> Iterator[dict[int, _Entry]]:
    """Each directory of a TIFF and its sub-directories, by tag."""
    waiting = [struct.unpack_from(order + "I", data, 4)[0]] if len(data) >= 8 else []
    seen: set[int] = set()
    while waiting and len(seen) < _MAX_IFDS:
        start = waiting.pop(0)
        if start in seen or start < 8 or start + 2 > len(data):
            continue
        seen.add(start)
        (count,) = struct.unpack_from(order + "H", data, start)
        end = start + 2 + 12 * count
        if end > len(data):
            continue
        tags: dict[int, _Entry] = {}
        for at in range(start + 2, end, 12):
            tag, kind, length = struct.unpack_from(order + "HHI", data, at)
            tags[tag] = (kind, length, at + 8)
        if _SUB_IFDS in tags:
            waiting += _values(data, order, tags[_SUB_IFDS])[:_MAX_IFDS]
        yield tags
        if end + 4 <= len(data):
            waiting.append(struct.unpack_from(order + "I", data, end)[0])


def _first(data: bytes, order: str, entry: _Entry | None) -> int | None:
    return next(iter(_values(data, order, entry)), None) if entry else None


def _values(data: bytes, order: str, entry: _Entry) -> list[int]:
    """The whole numbers of an entry, as far as they lie in the file."""
    kind, length, at = entry
    form, size = ("H", 2) if kind == _SHORT else ("I", 4)
    length = min(length, _MAX_VALUES)
    if length * size > 4:
        (at,) = struct.unpack_from(order + "I", data, at)
    return list(struct.unpack_from(f"{order}{length}{form}", data, at)) if at + length * size <= len(data) else []
