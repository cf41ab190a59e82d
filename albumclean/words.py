"""Paths, sizes and times in words for people. Standard library only."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # what steers a terminal, reorders text, or is no character


def shown(path: Path | str) -> str:
    """A path that is safe to print: control characters, terminal escapes and bytes that are not UTF-8 as `\\x1b`.

    Characters that reorder text (bidirectional overrides) are escaped too, as they can make one name look like another.
    """
    text = str(path)
    if text.isprintable():  # nearly always
        return text
    return "".join(
        character if unicodedata.category(character) not in _UNSAFE else _escape(character) for character in text
    )


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, as os.fsdecode brings it
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def json_text(value: object) -> str:
    """One line of JSON that is safe to print: what `shown` escapes is escaped here in JSON's own way, `\\u202e`.

    So a program reads back the very same text. Raises ValueError for NaN and infinities, which JSON lacks.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if text.isprintable():
        return text
    return "".join(
        character if unicodedata.category(character) not in _UNSAFE else json.dumps(character)[1:-1]
        for character in text
    )


def file_size(count: int) -> str:
    """Bytes in decimal units, as file managers show them: "12.3 MB"."""
    if count < 1000:
        return f"{count} bytes" if count != 1 else "1 byte"
    size, unit = count / 1000, "kB"
    for larger in ("MB", "GB", "TB"):
        if size < 999.5:
            break
        size, unit = size / 1000, larger
    return f"{size:.1f} {unit}" if size < 99.95 else f"{size:.0f} {unit}"


def clock(seconds: float) -> str:
    """A place in a video as players show it: "0:07", "12:34", "1:02:03"."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """ "1 photo", "2 photos", "12,345 photos"."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """ "42 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
