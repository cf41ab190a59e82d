"""Camera RAW files made in code: an almost empty sensor, and a preview as a camera would put it in."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field

from PIL import Image

Entry = tuple[int, bytes]  # TIFF type, value

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 10: 8}


def short(*values: int) -> Entry:
    return 3, struct.pack(f"<{len(values)}H", *values)


def long(*values: int) -> Entry:
    return 4, struct.pack(f"<{len(values)}I", *values)


def text(value: str) -> Entry:
    return 2, value.encode() + b"\0"


def rational(*values: float) -> Entry:
    return 5, b"".join(struct.pack("<II", round(value * 1000), 1000) for value in values)


@dataclass
class Directory:
    """A TIFF directory; `blocks` are data that a tag points to, `inside` are directories that a tag points to."""

    tags: dict[int, Entry]
    blocks: dict[int, bytes] = field(default_factory=dict)
    inside: dict[int, Directory] = field(default_factory=dict)

    def written(self, at: int) -> bytes:
        """The bytes of the directory and all that hangs on it, to lie at this offset."""
        tags = {**self.tags, **{tag: long(0) for tag in (*self.blocks, *self.inside)}}
        after = at + 2 + 12 * len(tags) + 4
        head, body = struct.pack("<H", len(tags)), b""
        for tag in sorted(tags):
            kind, value = tags[tag]
            count = len(value) // _SIZES[kind]
            if tag in self.blocks:
                value = struct.pack("<I", after + len(body))
                body += self.blocks[tag]
            elif tag in self.inside:
                value = struct.pack("<I", after + len(body))
                body += self.inside[tag].written(after + len(body))
            elif len(value) > 4:
                place = after + len(body)
                body += value
                value = struct.pack("<I", place)
            body += bytes(len(body) % 2)
            head += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
        return head + bytes(4) + body


def preview_jpeg(image: Image.Image, orientation: int | None = None) -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    image.save(out, "JPEG", quality=90, exif=exif)
    return out.getvalue()


def dng(
    preview: bytes | None,
    size: tuple[int, int] = (1600, 1200),
    *,
    orientation: int = 1,
    make: str = "Maker",
    is_dng: bool = True,
    preview_size: tuple[int, int] = (1200, 900),
) -> bytes:
    """A little-endian DNG (or a NEF, by its maker) of a sensor that saw nothing, with one JPEG preview."""
    width, height = size
    sensor = Directory(
        {
            254: long(0),
            256: long(width),
            257: long(height),
            258: short(8),
            259: short(1),
            262: short(32803),
            277: short(1),
            278: long(height),
            279: long(width * height),
            33421: short(2, 2),
            33422: (1, bytes([0, 1, 1, 2])),
        },
        {273: bytes(width * height)},
    )
    shot = Directory({0x829A: rational(0.01), 0x8827: short(200), 0x9003: text("2024:05:06 07:08:09")})
    main = Directory(
        {
            254: long(1 if preview else 0),
            271: text(make),
            272: text("Model 1"),
            274: short(orientation),
            0x4746: short(4),
        },
        inside={330: sensor, 34665: shot},
    )
    if is_dng:
        main.tags |= {50706: (1, bytes([1, 4, 0, 0])), 50708: text(f"{make} Model 1")}
        main.tags[50721] = (10, b"".join(struct.pack("<ii", value, 1) for value in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    if preview is not None:
        main.tags |= {
            256: long(preview_size[0]),
            257: long(preview_size[1]),
            258: short(8, 8, 8),
            259: short(7),
            262: short(6),
            277: short(3),
            278: long(preview_size[1]),
            279: long(len(preview)),
        }
        main.blocks[273] = preview
    return b"II*\0" + struct.pack("<I", 8) + main.written(8)
