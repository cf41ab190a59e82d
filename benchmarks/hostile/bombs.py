"""Files made to cost more than they weigh: time, memory, recursion, or the terminal of who reads about them.

Every one is small enough to be written in a moment, and stands for a known way to attack a reader of pictures.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from benchmarks.hostile.seeds import LONG, SHORT, Tag, directory, movie, saved, scene
from benchmarks.hostile.structure import box, png_chunk, segment

_PNG = b"\x89PNG\r\n\x1a\n"
_END = png_chunk(b"IEND", b"")


def bombs() -> Iterator[tuple[str, bytes]]:
    """(file name, content); the same at each call."""
    for make in (_jpegs, _pngs, _gifs, _tiffs, _boxes, _riffs, _others, _strings):
        yield from make()


def sidecars() -> Iterator[tuple[str, bytes]]:
    """(file name, content) of sidecars, each of which has a sound photo beside it."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    yield "laughs.xmp", f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><x>&l9;</x>'.encode()
    yield "outside.xmp", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    yield "deep.xmp", b"<a>" * 100_000 + b"</a>" * 100_000
    yield "wide.xmp", b"<x " + b" ".join(b"a%d='1'" % n for n in range(60_000)) + b"/>"
    yield "utf16.xmp", '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x []><x/>'.encode("utf-16")
    yield "strange.xmp", b'<?xml version="1.0" encoding="idna"?><x/>'
    yield "empty.xmp", b""
    yield "deep.jpg.json", b"[" * 500_000
    yield "number.jpg.json", b'{"favorited": true, "n": ' + b"9" * 900_000 + b"}"
    yield "huge.jpg.json", b'{"title": "' + b"a" * (100 << 20) + b'"}'
    yield "latin.jpg.json", b'{"title": "\xff\xfe"}'
    yield "title.jpg.json", b'{"title": "\\u001b[31mred", "favorited": "perhaps"}'
    yield "edits.aae", b"<plist>" * 50_000


def movies() -> Iterator[tuple[str, bytes]]:
    """(file name, content) of movies that lie, each beside a sound photo of its name."""
    sound = movie()
    at = sound.find(b"moov")
    for value in (0, 1, 7, 0x7FFFFFFF, 0xFFFFFFFF):
        yield f"moov{value}.mov", sound[: at - 4] + struct.pack(">I", value) + sound[at:]
    yield "nested.mov", _nested(b"moov", 20_000)
    at = sound.find(b"keys") + 8
    yield "keys.mov", sound[:at] + struct.pack(">I", 0xFFFFFFFF) + sound[at + 4 :]
    yield "cut.mov", sound[: len(sound) // 2]
    yield "sparse.mov", sound[:24] + box(b"free", b"")[:4] + b"\0" * 5000


def _jpegs() -> Iterator[tuple[str, bytes]]:
    sound = saved(scene(90_001), "JPEG")
    head, body = sound[:2], sound[2:]
    yield "segments.jpg", head + segment(0xE5, b"x" * 20) * 200_000 + body
    yield "comments.jpg", head + segment(0xFE, b"c" * 65_000) * 500 + body
    yield "fill.jpg", head + b"\xff" * 5_000_000 + body
    yield "markers.jpg", head + b"\xff\xd0" * 2_000_000 + body
    yield (
        "profiles.jpg",
        head
        + b"".join(segment(0xE2, b"ICC_PROFILE\0" + bytes([n % 255 + 1, 255]) + b"p" * 60_000) for n in range(600))
        + body,
    )
    yield "xmp.jpg", head + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"xmp:Rating " * 5_900) * 300 + body
    yield "scans.jpg", _progressive_bomb(6000, 4000, 2000)
    for side in (20_000, 65_535):
        yield f"huge{side}.jpg", _with_size(sound, side, side)
    yield "flat.jpg", _with_size(saved(Image.new("L", (64, 64)), "JPEG"), 17_000, 17_000)
    yield "exif.jpg", head + segment(0xE1, b"Exif\0\0" + _many_entries()) + body
    yield "exif loop.jpg", head + segment(0xE1, b"Exif\0\0" + _looping()) + body
    yield "mpf.jpg", head + segment(0xE2, b"MPF\0" + _endless_pictures()) + body
    yield "no end.jpg", sound[:-2] + b"\0" * 3_000_000


def _progressive_bomb(width: int, height: int, scans: int) -> bytes:
    """Each scan weighs a few bytes and costs a walk over all coefficients."""
    sound = saved(Image.new("L", (16, 16)), "JPEG", progressive=True)
    sound = _with_size(sound, width, height)
    start = sound.rfind(b"\xff\xda")
    return sound[:start] + sound[start:-2] * scans + b"\xff\xd9"


def _with_size(jpeg: bytes, width: int, height: int) -> bytes:
    at = max(jpeg.find(b"\xff\xc0"), jpeg.find(b"\xff\xc2"))
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def _pngs() -> Iterator[tuple[str, bytes]]:
    def png(*chunks: bytes, width: int = 64, height: int = 64, depth: int = 8, colour: int = 2) -> bytes:
        return (
            _PNG + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)) + b"".join(chunks)
        )

    pixels = png_chunk(b"IDAT", zlib.compress(b"\0" * (64 * 193)))
    bomb = _zeros(200 << 20)
    yield "text.png", png(png_chunk(b"zTXt", b"Comment\0\0" + bomb), pixels, _END)
    yield "itxt.png", png(png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + bomb), pixels, _END)
    yield "texts.png", png(*[png_chunk(b"zTXt", b"C\0\0" + zlib.compress(b"x" * 900_000, 9))] * 500, pixels, _END)
    yield "iccp.png", png(png_chunk(b"iCCP", b"p\0\0" + bomb), pixels, _END)
    yield "gzip.png", png(png_chunk(b"iCCP", b"p\0\0" + gzip.compress(b"\0" * (50 << 20))), pixels, _END)
    yield "idat.png", png(png_chunk(b"IDAT", bomb), _END)
    for side in (17_000, 30_000, 0x7FFFFFFF):
        yield f"huge{side}.png", png(pixels, _END, width=side, height=side)
    yield "wide.png", png(pixels, _END, width=0x7FFFFFFF, height=1)
    yield "frames.png", png(png_chunk(b"acTL", struct.pack(">II", 0x7FFFFFFF, 0)), pixels, _END)
    control = struct.pack(">IIIIIHHBB", 0, 64, 64, 0, 0, 0, 0, 0, 0)
    yield (
        "many frames.png",
        png(png_chunk(b"acTL", struct.pack(">II", 200_000, 0)), *[png_chunk(b"fcTL", control) + pixels] * 20_000, _END),
    )
    yield "chunks.png", png(png_chunk(b"tIME", bytes(7)) * 300_000, pixels, _END)
    yield "empty chunks.png", png(png_chunk(b"IDAT", b"") * 300_000, pixels, _END)
    flat = _zeros(17_000 * (17_000 + 1))
    yield "flat.png", png(png_chunk(b"IDAT", flat), _END, width=17_000, height=17_000, colour=0)
    yield "exif.png", png(png_chunk(b"eXIf", _many_entries()), pixels, _END)


def _zeros(count: int) -> bytes:
    """So many zero bytes as a zlib stream: one block of them, many times over."""
    block = 1 << 20
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(block)) + packer.flush(zlib.Z_FULL_FLUSH)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    rest = packer.compress(bytes(count % block)) + packer.flush()
    return b"\x78\xda" + packed * (count // block) + rest + struct.pack(">I", count % 65_521 << 16 | 1)  # Adler-32


def _gifs() -> Iterator[tuple[str, bytes]]:
    sound = saved(scene(90_002, 64, 48), "GIF")
    at = sound.find(b"\x2c")
    frame = sound[at:-1]
    small = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x4c\x01\x00"
    yield "frames.gif", sound[:-1] + frame * 5_000 + b";"
    yield "tiny frames.gif", sound[:-1] + small * 500_000 + b";"
    yield "endless.gif", sound[:-1] + small * 300_000
    yield "extensions.gif", sound[:at] + b"\x21\xfe\x01a\x00" * 1_000_000 + sound[at:]
    yield "screen.gif", sound[:6] + b"\xff\xff\xff\xff" + sound[10:]
    yield (
        "far frame.gif",
        sound[:-1] + b"\x2c" + struct.pack("<HHHHB", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0) + b"\x02\x00;",
    )


def _tiffs() -> Iterator[tuple[str, bytes]]:
    def tiff(tags: dict[int, Tag], following: int = 0, tail: bytes = b"") -> bytes:
        return b"II*\0" + struct.pack("<I", 8) + directory(tags, following) + tail

    grey: dict[int, Tag] = {258: SHORT(8), 259: SHORT(1), 262: SHORT(1), 277: SHORT(1)}
    plain = grey | {256: LONG(64), 257: LONG(64), 273: LONG(8), 278: LONG(64), 279: LONG(4096)}
    yield "loop.tif", tiff(plain, 8, bytes(4096))
    yield "subifd loop.tif", tiff(plain | {330: LONG(8)}, 0, bytes(4096))
    yield "exif loop.tif", tiff(plain | {34665: LONG(8)}, 0, bytes(4096))
    yield "subifds.tif", tiff(plain | {330: (4, 0x3FFFFFFF, 8)}, 0, bytes(4096))
    yield "chain.tif", _chain(60_000)
    yield "strips.tif", tiff(plain | {273: (4, 0x7FFFFFFF, 8), 279: (4, 0x7FFFFFFF, 8), 278: LONG(1)}, 0, bytes(4096))
    count = 2_000_000
    rows = {256: LONG(1), 257: LONG(count), 278: LONG(1), 273: (4, count, 200), 279: (4, count, 200)}
    yield "many strips.tif", tiff(grey | rows, 0, struct.pack("<I", 8) * count)
    yield "huge.tif", tiff(plain | {256: LONG(0x7FFFFFFF), 257: LONG(0x7FFFFFFF)}, 0, bytes(4096))
    yield "large.tif", tiff(plain | {256: LONG(17_000), 257: LONG(17_000), 278: LONG(17_000)}, 0, bytes(4096))
    yield "samples.tif", tiff(plain | {277: SHORT(65_535)}, 0, bytes(4096))
    yield "bits.tif", tiff(plain | {258: (3, 0x7FFFFFFF, 8)}, 0, bytes(4096))
    yield "entries.tif", b"II*\0" + struct.pack("<I", 8) + _many_entries()[8:]
    packed = _zeros(17_000 * 17_000)
    sides = {256: LONG(17_000), 257: LONG(17_000), 278: LONG(17_000), 259: SHORT(8)}
    flat = grey | sides | {273: LONG(8 + 6 + 12 * 9), 279: LONG(len(packed))}
    yield "flat.tif", tiff(flat, 0, packed)
    yield "previews.dng", tiff(plain | {50706: (1, 4, 0x401), 330: (4, 30_000, 200)}, 0, struct.pack("<I", 8) * 30_000)
    jpeg = {259: SHORT(7), 262: SHORT(6), 254: LONG(1), 256: LONG(60_000), 257: LONG(60_000), 279: LONG(0x7FFFFFFF)}
    yield "preview.dng", tiff(plain | {50706: (1, 4, 0x401)} | jpeg, 0, bytes(4096))


def _boxes() -> Iterator[tuple[str, bytes]]:
    for brand, extension in ((b"heic", "heic"), (b"avif", "avif")):
        head = box(b"ftyp", brand + bytes(4) + b"mif1" + brand)
        yield f"nested.{extension}", head + _nested(b"meta", 20_000)
        yield f"properties.{extension}", head + box(b"meta", bytes(4) + box(b"iprp", _nested(b"ipco", 5_000)))
        yield f"zero boxes.{extension}", head + struct.pack(">I4s", 8, b"free") * 500_000
        yield f"long box.{extension}", head + struct.pack(">I4sQ", 1, b"meta", 0xFFFFFFFFFFFFFFFF)
        items = box(b"iloc", struct.pack(">IHI", 0x02000000, 0x4444, 0xFFFFFFFF) + bytes(64))
        yield f"items.{extension}", head + box(b"meta", bytes(4) + items)
    yield "brands.heic", box(b"ftyp", b"heic" + bytes(4) + b"mif1" * 1_000_000)
    yield (
        "nested.jp2",
        box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", b"jp2 " + bytes(4) + b"jp2 ") + _nested(b"jp2h", 20_000),
    )
    sizes = struct.pack(">HIIIIIIIIH", 0, 0x7FFFFFFF, 0x7FFFFFFF, 0, 0, 0x7FFFFFFF, 0x7FFFFFFF, 0, 0, 3) + b"\7\1\1" * 3
    yield "huge.j2k", b"\xff\x4f" + segment(0x51, sizes) + bytes(400)
    yield "head.jxl", b"\xff\x0a" + b"\xff" * 400
    yield "zero.jxl", b"\xff\x0a" + bytes(400)
    yield (
        "boxes.jxl",
        b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl " + bytes(4) + b"jxl ") + box(b"jxlp", b"") * 300_000,
    )
    yield "packed.jxl", b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"brob", b"Exif" + b"\xff" * 500)


def _riffs() -> Iterator[tuple[str, bytes]]:
    def webp(*chunks: bytes) -> bytes:
        body = b"WEBP" + b"".join(chunks)
        return b"RIFF" + struct.pack("<I", len(body)) + body

    def chunk(kind: bytes, content: bytes) -> bytes:
        return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)

    def side(pixels: int) -> bytes:
        return struct.pack("<I", pixels - 1)[:3]

    still = saved(scene(90_003, 64, 48), "WEBP")[12:]
    huge = chunk(b"VP8X", bytes([2, 0, 0, 0]) + side(16_384) + side(16_384)) + chunk(b"ANIM", bytes(6))
    frame = chunk(b"ANMF", bytes(6) + side(64) + side(48) + bytes(4) + still)
    yield "canvas.webp", webp(huge, frame)
    yield (
        "frames.webp",
        webp(chunk(b"VP8X", bytes([2, 0, 0, 0]) + side(64) + side(48)), chunk(b"ANIM", bytes(6)), frame * 20_000),
    )
    yield "chunks.webp", webp(still, chunk(b"JUNK", b"") * 300_000)
    yield "lossless.webp", webp(chunk(b"VP8L", b"\x2f" + b"\xff" * 400))


def _others() -> Iterator[tuple[str, bytes]]:
    plain = saved(scene(90_004, 64, 48), "BMP")
    yield "huge.bmp", plain[:18] + struct.pack("<ii", 0x7FFFFFFF, 0x7FFFFFFF) + plain[26:]
    yield "large.bmp", plain[:18] + struct.pack("<ii", 17_000, 17_000) + plain[26:]
    yield "upside.bmp", plain[:18] + struct.pack("<ii", 64, -0x80000000) + plain[26:]
    runs = b"\xff\0" * 1_000_000 + b"\0\1"
    head = struct.pack("<IiiHHIIiiII", 40, 17_000, 17_000, 1, 8, 1, len(runs), 0, 0, 256, 0)
    yield "runs.bmp", b"BM" + struct.pack("<IHHI", 54 + 1024 + len(runs), 0, 0, 54 + 1024) + head + bytes(1024) + runs
    yield "empty.jpg", b""
    yield "one byte.jpg", b"\xff"
    yield "zeros.jpg", bytes(1 << 20)
    yield "noise.jpg", np.random.default_rng(5).bytes(1 << 20)
    yield "page.jpg", b"<!DOCTYPE html><script>alert(1)</script>"
    yield "script.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (w) file\n"
    yield "archive.jpg", gzip.compress(bytes(1 << 20))
    for extension in ("cr2", "cr3", "nef", "arw", "raf", "orf", "rw2", "psd", "x3f"):
        yield f"noise.{extension}", np.random.default_rng(6).bytes(1 << 16)
    yield "head.raf", b"FUJIFILMCCD-RAW 0201" + b"\xff" * 4000
    yield "head.orf", b"IIRO" + struct.pack("<I", 8) + _many_entries()[8:]
    yield "head.cr2", b"II*\0\x10\0\0\0CR\2\0" + b"\xff" * 4000
    yield "head.cr3", box(b"ftyp", b"crx \0\0\0\1crx isom") + _nested(b"moov", 10_000)
    yield "head.psd", b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 56, 30_000, 30_000, 32, 3) + b"\xff" * 400


def _strings() -> Iterator[tuple[str, bytes]]:
    """Metadata that are too long, or that talk to the terminal."""
    escape = "\x1b]0;owned\x07\x1b[2J\u202egpj.\r\n"
    for name, make, model in (
        ("long", "M" * 15_000, "m" * 15_000),
        ("escape", escape, escape),
        ("null", "\0" * 900, "x\0y"),
    ):
        tags = Image.Exif()
        tags[0x010F], tags[0x0110], tags[0x0131] = make, model, make
        yield f"{name} camera.jpg", saved(scene(90_010 + len(name)), "JPEG", exif=tags)
    file = io.BytesIO()
    tags = Image.Exif()
    tags[0x010F] = tags[0x0110] = "M" * 50_000_000
    scene(90_020).save(file, "TIFF", exif=tags)
    yield "long camera.tif", file.getvalue()


def _many_entries() -> bytes:
    """A directory of 65,535 entries, each of which says that it has two billion values."""
    return b"II*\0" + struct.pack("<IH", 8, 65_535) + struct.pack("<HHII", 0x010F, 2, 0x7FFFFFFF, 8) * 5_000


def _looping() -> bytes:
    tags: dict[int, Tag] = {0x010F: (2, 60_000, 0), 0x8769: LONG(8), 0x8825: LONG(8), 0xA005: LONG(8)}
    return b"II*\0" + struct.pack("<I", 8) + directory(tags, 8)


def _endless_pictures() -> bytes:
    tags: dict[int, Tag] = {0xB000: (7, 4, 0x30303130), 0xB001: LONG(0x7FFFFFFF), 0xB002: (7, 0x7FFFFFF0, 8)}
    return b"II*\0" + struct.pack("<I", 8) + directory(tags)


def _chain(length: int) -> bytes:
    """Pages without end, each of 18 bytes."""
    pages = (directory({256: LONG(1)}, 8 + 18 * (number + 1)) for number in range(length))
    return b"II*\0" + struct.pack("<I", 8) + b"".join(pages)


def _nested(kind: bytes, depth: int) -> bytes:
    """Boxes in boxes."""
    size = 8 * depth
    return b"".join(struct.pack(">I", size - 8 * level) + kind for level in range(depth))
