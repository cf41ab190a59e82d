"""What camera makers hide in the EXIF MakerNote. Damaged notes count as silent and never raise.

Source: ExifTool's lists of Apple and Panasonic tags, as the makers publish nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_APPLE, _PANASONIC = b"Apple iOS\0", b"Panasonic\0\0\0"
_APPLE_ORDER = 12  # where the byte order stands: behind the name and a version; the directory follows at once
_BURST_UUID, _CONTENT_IDENTIFIER = 0x000B, 0x0011
_FOCUS_BRACKET = 0x00BD  # signed: how far from the first shot's focus; 0 without a bracket
_ASCII, _SHORT, _SIGNED_SHORT = 2, 3, 8
_MOST_ENTRIES = 500
_LONGEST_TEXT = 100


def burst_of(note: bytes) -> str | None:
    """What an iPhone gives to all shots of one burst, or None."""
    return _apple_text(note, _BURST_UUID)


def live_photo_of(note: bytes) -> str | None:
    """What an iPhone gives to both halves of a Live Photo, or None."""
    return _apple_text(note, _CONTENT_IDENTIFIER)


def _apple_text(note: bytes, wanted: int) -> str | None:
    order = {b"MM": ">", b"II": "<"}.get(note[_APPLE_ORDER : _APPLE_ORDER + 2])
    if not note.startswith(_APPLE) or order is None:
        return None
    for tag, kind, count, value in _entries(note, _APPLE_ORDER + 2, order):
        if tag == wanted and kind == _ASCII:
            start = struct.unpack(f"{order}L", value)[0]  # counted from the note's own beginning
            raw = value[:count] if count <= len(value) else note[start : start + count]
            text = raw.partition(b"\0")[0].decode("latin-1").strip()
            return text if text.isprintable() and 0 < len(text) <= _LONGEST_TEXT else None
    return None


def is_focus_bracket(note: bytes) -> bool:
    """Whether a Panasonic camera took it as a step of a focus bracket."""
    # The byte order is that of the EXIF, which programs rewrite without the note; a directory has under 256 entries.
    order = "<" if note[len(_PANASONIC) + 1 : len(_PANASONIC) + 2] == b"\0" else ">"
    return note.startswith(_PANASONIC) and any(
        tag == _FOCUS_BRACKET and kind in {_SHORT, _SIGNED_SHORT} and count == 1 and value[:2] != b"\0\0"
        for tag, kind, count, value in _entries(note, len(_PANASONIC), order)
    )


def _entries(note: bytes, start: int, order: str) -> Iterator[tuple[int, int, int, bytes]]:
    """(tag, type, count, the four bytes that hold the value or say where it lies), as many as are there."""
    if len(note) < start + 2:
        return
    (count,) = struct.unpack_from(f"{order}H", note, start)
    for at in range(start + 2, start + 2 + 12 * min(count, _MOST_ENTRIES), 12):
        if len(note) < at + 12:
            return
        tag, kind, values = struct.unpack_from(f"{order}HHL", note, at)
        yield tag, kind, values, note[at + 8 : at + 12]
