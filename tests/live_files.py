"""The two halves of a Live Photo, as small as they can be: containers with an identifier and nothing to look at."""

from __future__ import annotations

import struct

KEY = b"com.apple.quicktime.content.identifier"


def maker_note(identifier: str | None, order: str = ">") -> bytes:
    """Apple's MakerNote with a number, and with the identifier behind the directory."""
    text = (identifier or "").encode() + b"\0"
    entries = [(0x0001, 9, 1, 14)]
    if identifier is not None:
        entries.append((0x0011, 2, len(text), 14 + 2 + 12 * 2 + 4))
    head = b"Apple iOS\0\0\1" + {">": b"MM", "<": b"II"}[order] + struct.pack(f"{order}H", len(entries))
    directory = b"".join(struct.pack(f"{order}HHLL", *entry) for entry in entries) + bytes(4)
    return head + directory + text


def exif(identifier: str | None, order: str = ">") -> bytes:
    """A TIFF structure whose EXIF directory has Apple's MakerNote."""
    note = maker_note(identifier, order)
    first = struct.pack(f"{order}H", 1) + struct.pack(f"{order}HHLL", 0x8769, 4, 1, 26) + bytes(4)
    inner = struct.pack(f"{order}H", 1) + struct.pack(f"{order}HHLL", 0x927C, 7, len(note), 44) + bytes(4)
    mark = b"MM\0*" if order == ">" else b"II*\0"
    return mark + struct.pack(f"{order}L", 8) + first + inner + note


def jpeg(identifier: str | None, order: str = ">") -> bytes:
    """No more than the segments before the pixels."""
    content = b"Exif\0\0" + exif(identifier, order)
    return (
        b"\xff\xd8\xff\xe0\0\x04JF"
        + b"\xff\xe1"
        + (len(content) + 2).to_bytes(2, "big")
        + content
        + b"\xff\xda\0\x02\xff\xd9"
    )


def box(kind: bytes, *content: bytes) -> bytes:
    payload = b"".join(content)
    return (8 + len(payload)).to_bytes(4, "big") + kind + payload


def heic(identifier: str | None, *, in_idat: bool = False, wide: bool = False) -> bytes:
    """Two items, the second of them EXIF, behind the pixels or in the box `idat`."""
    content = (6).to_bytes(4, "big") + b"Exif\0\0" + exif(identifier)
    number = 4 if wide else 2
    entries = [
        box(b"infe", bytes([3 if wide else 2, 0, 0, 0]), each.to_bytes(number, "big"), bytes(2), kind, b"\0")
        for each, kind in ((1, b"hvc1"), (2, b"Exif"))
    ]
    iinf = box(b"iinf", bytes(4), (2).to_bytes(2, "big"), *entries)
    version = 2 if wide else 1

    def iloc(exif_at: int) -> bytes:
        items = b"".join(
            each.to_bytes(number, "big")
            + (1 if in_idat and each == 2 else 0).to_bytes(2, "big")
            + bytes(2)
            + (1).to_bytes(2, "big")
            + at.to_bytes(4, "big")
            + length.to_bytes(4, "big")
            for each, at, length in ((1, 100, 7), (2, exif_at, len(content)))
        )
        return box(b"iloc", bytes([version, 0, 0, 0, 0x44, 0]), (2).to_bytes(number, "big"), items)

    idat = box(b"idat", content) if in_idat else b""
    ftyp = box(b"ftyp", b"heic", bytes(4), b"mif1heic")
    size = len(ftyp) + len(box(b"meta", bytes(4), box(b"hdlr", bytes(25)), iinf, iloc(0), idat))
    pixels = b"" if in_idat else box(b"mdat", bytes(50), content)
    meta = box(b"meta", bytes(4), box(b"hdlr", bytes(25)), iinf, iloc(0 if in_idat else size + 8 + 50), idat)
    return ftyp + meta + pixels


def movie(identifier: str | None, *, mp4: bool = False, first: bool = False) -> bytes:
    """A video without pictures; `mp4`: as converters write it, `first`: the directory before the pictures."""
    names = [b"com.apple.quicktime.make", KEY] if identifier is not None else [b"com.apple.quicktime.make"]
    keys = box(b"keys", bytes(4), len(names).to_bytes(4, "big"), *(box(b"mdta", name) for name in names))
    texts = [b"Apple", (identifier or "").encode()][: len(names)]
    items = [
        box(number.to_bytes(4, "big"), box(b"data", (1).to_bytes(4, "big"), bytes(4), text))
        for number, text in enumerate(texts, start=1)
    ]
    meta = box(b"meta", bytes(4) if mp4 else b"", box(b"hdlr", bytes(25)), keys, box(b"ilst", *items))
    moov = box(b"moov", box(b"mvhd", bytes(100)), box(b"udta", meta) if mp4 else meta)
    mdat = box(b"wide") + box(b"mdat", bytes(300))
    return (b"" if not mp4 else box(b"ftyp", b"isom", bytes(4))) + (moov + mdat if first else mdat + moov)
