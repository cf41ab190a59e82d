"""What a video is, told from its first bytes; its name is not looked at. Needs nothing installed.

Sources: ISO/IEC 14496-12 and Apple's QuickTime File Format (boxes and brands), RFC 9559 (Matroska), Microsoft's AVI and
ASF, ISO/IEC 13818-1 (MPEG program and transport streams; BDAV puts four bytes before each packet of the latter).
"""

from __future__ import annotations

import re

from albumclean.media import sniff

HEAD = 4096  # bytes that tell

_QUICKTIME = frozenset({b"moov", b"mdat", b"wide", b"skip", b"pnot"})  # what a MOV without brands begins with
_DOCUMENT_TYPE = re.compile(rb"\x42\x82.(webm|matroska)", re.DOTALL)
_EBML = b"\x1a\x45\xdf\xa3"
_MATROSKA = {b"webm": "WEBM", b"matroska": "MKV"}
_STARTS = {bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"): "WMV", b"\0\0\1\xba": "MPEG"}
_PACKET, _SYNC = 188, 0x47


def video_format(head: bytes) -> str | None:
    """One of `domain.VIDEO_FORMATS`; None for pictures and everything else."""
    if head[4:8] == b"ftyp":
        return None if sniff.picture_format(head) else _by_brand(head[8:12])
    if head.startswith(_EBML):
        kind = _DOCUMENT_TYPE.search(head[:128])
        return None if kind is None else _MATROSKA[kind[1]]
    if head.startswith(b"RIFF"):
        return "AVI" if head[8:12] == b"AVI " else None
    named = next((name for start, name in _STARTS.items() if head.startswith(start)), None)
    return named or ("MOV" if head[4:8] in _QUICKTIME else "MPEG-TS" if _is_transport_stream(head) else None)


def _by_brand(brand: bytes) -> str | None:
    if brand == b"qt  ":
        return "MOV"
    if brand == b"crx ":  # Canon's RAW
        return None
    return "3GP" if brand[:2] == b"3g" else "MP4"


def _is_transport_stream(head: bytes) -> bool:
    packets = ((0, _PACKET), (4, _PACKET + 4))  # where the first begins, and how far the next is
    return any(
        len(head) > start + 2 * step and all(head[start + turn * step] == _SYNC for turn in range(3))
        for start, step in packets
    )
