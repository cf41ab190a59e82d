"""Sound files in every format that this machine can write, each of a scene of its own, small."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from benchmarks.hostile.structure import box

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="3"/></rdf:RDF></x:xmpmeta>'
)


def scene(number: int, width: int = 240, height: int = 180) -> Image.Image:
    """A picture with structure, unlike that of any other number."""
    rng = np.random.default_rng(number)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    fine = Image.fromarray(rng.integers(0, 256, (45, 60, 3), dtype=np.uint8))
    size = (width, height)
    return Image.blend(coarse.resize(size, Image.Resampling.BICUBIC), fine.resize(size, Image.Resampling.NEAREST), 0.3)


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    """The file that Pillow writes."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def exif() -> Image.Exif:
    """What a camera writes, with two sub-directories."""
    tags = Image.Exif()
    tags[0x010F], tags[0x0110], tags[0x0112] = "Maker", "Model 1", 6
    tags.get_ifd(0x8769).update(
        {0x9003: "2024:05:06 07:08:09", 0x829A: 0.01, 0x927C: b"Apple iOS\0\0\1MM\0\1" + bytes(40)}
    )
    tags.get_ifd(0x8825).update({1: "N", 2: (1.0, 2.0, 3.0)})
    return tags


def _profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _text() -> PngImagePlugin.PngInfo:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "a comment " * 50, zip=True)
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return text


def _frames(image: Image.Image) -> list[Image.Image]:
    return [image.rotate(degrees) for degrees in (90, 180)]


def dng(preview: Image.Image) -> bytes:
    """A TIFF that says it is a DNG: an empty first directory, and two more with a JPEG preview and raw samples."""
    jpeg, raw = saved(preview, "JPEG", quality=90, exif=exif()), bytes(64 * 48 * 2)
    width, height = preview.size
    offsets = [8, 8 + _directory_size(8), 8 + 2 * _directory_size(8)]
    pool = offsets[2] + _directory_size(10)
    pixels = pool + 8  # behind the offsets of the two sub-directories
    tags: list[dict[int, Tag]] = [
        {254: LONG(1), 256: LONG(8), 257: LONG(8), 259: SHORT(1), 262: SHORT(1), 274: SHORT(1)},
        {254: LONG(1), 256: LONG(width), 257: LONG(height), 259: SHORT(7), 262: SHORT(6), 277: SHORT(3)},
        {254: LONG(0), 256: LONG(64), 257: LONG(48), 258: SHORT(16), 259: SHORT(1), 262: SHORT(32803)},
    ]
    tags[0] |= {330: (4, 2, pool), 50706: (1, 4, 0x00000401)}
    tags[1] |= {273: LONG(pixels), 279: LONG(len(jpeg))}
    tags[2] |= {273: LONG(pixels + len(jpeg)), 277: SHORT(1), 278: LONG(48), 279: LONG(len(raw))}
    head = b"II*\0" + struct.pack("<I", offsets[0]) + b"".join(map(directory, tags))
    return head + struct.pack("<II", *offsets[1:]) + jpeg + raw


Tag = tuple[int, int, int]  # type, count, value


def LONG(value: int) -> Tag:  # noqa: N802 - TIFF's own name
    """One number of 32 bits."""
    return 4, 1, value


def SHORT(value: int) -> Tag:  # noqa: N802 - TIFF's own name
    """One number of 16 bits."""
    return 3, 1, value


def directory(tags: dict[int, Tag], following: int = 0) -> bytes:
    """A TIFF directory, little-endian."""
    rows = (struct.pack("<HHII", tag, *tags[tag]) for tag in sorted(tags))
    return struct.pack("<H", len(tags)) + b"".join(rows) + struct.pack("<I", following)


def _directory_size(entries: int) -> int:
    return 6 + 12 * entries


def movie() -> bytes:
    """The skeleton of a QuickTime movie with Apple's content identifier."""
    key = b"com.apple.quicktime.content.identifier"
    keys = box(b"keys", struct.pack(">II", 0, 1) + box(b"mdta", key))
    value = box(b"data", struct.pack(">II", 1, 0) + b"01234567-89AB-CDEF-0123-456789ABCDEF")
    items = box(b"ilst", box(b"\0\0\0\1", value))
    handler = box(b"hdlr", bytes(8) + b"mdta" + bytes(12))
    meta = box(b"meta", handler + keys + items)
    return (
        box(b"ftyp", b"qt  " + bytes(4) + b"qt  ")
        + box(b"moov", box(b"mvhd", bytes(100)) + meta)
        + box(b"mdat", bytes(500))
    )


SEEDS: dict[str, tuple[str, Callable[[Image.Image], bytes]]] = {  # kind: extension, writer
    "jpeg": ("jpg", lambda image: saved(image, "JPEG", exif=exif(), icc_profile=_profile(), xmp=XMP)),
    "jpeg progressive": ("jpg", lambda image: saved(image, "JPEG", progressive=True)),
    "jpeg CMYK": ("jpg", lambda image: saved(image.convert("CMYK"), "JPEG")),
    "mpo": ("jpg", lambda image: saved(image, "MPO", save_all=True, append_images=_frames(image), exif=exif())),
    "png": ("png", lambda image: saved(image, "PNG", exif=exif(), icc_profile=_profile(), pnginfo=_text())),
    "png palette": ("png", lambda image: saved(image.quantize(32), "PNG", transparency=3)),
    "png 16 bits": ("png", lambda image: saved(image.convert("I;16"), "PNG")),
    "apng": ("png", lambda image: saved(image, "PNG", save_all=True, append_images=_frames(image))),
    "gif": ("gif", lambda image: saved(image, "GIF")),
    "gif animation": ("gif", lambda image: saved(image, "GIF", save_all=True, append_images=_frames(image))),
    "webp": ("webp", lambda image: saved(image, "WEBP", exif=exif(), icc_profile=_profile(), xmp=XMP)),
    "webp lossless": ("webp", lambda image: saved(image.convert("RGBA"), "WEBP", lossless=True)),
    "webp animation": ("webp", lambda image: saved(image, "WEBP", save_all=True, append_images=_frames(image))),
    "tiff": ("tif", lambda image: saved(image, "TIFF", exif=exif(), icc_profile=_profile())),
    "tiff lzw": ("tif", lambda image: saved(image, "TIFF", compression="tiff_lzw")),
    "tiff deflate": ("tif", lambda image: saved(image, "TIFF", compression="tiff_adobe_deflate")),
    "tiff jpeg": ("tif", lambda image: saved(image, "TIFF", compression="jpeg")),
    "tiff pages": ("tiff", lambda image: saved(image, "TIFF", save_all=True, append_images=_frames(image))),
    "tiff float": ("tif", lambda image: saved(image.convert("F"), "TIFF")),
    "bmp": ("bmp", lambda image: saved(image, "BMP")),
    "bmp palette": ("bmp", lambda image: saved(image.quantize(16), "BMP")),
    "avif": ("avif", lambda image: saved(image, "AVIF", speed=10, exif=exif())),
    "jpeg 2000": ("jp2", lambda image: saved(image, "JPEG2000")),
    "dng": ("dng", dng),
}  # fmt: skip


Show = Callable[[int, int, int], Image.Image]  # number, width, height


def sound_files(per_kind: int, first: int = 0, show: Show = scene) -> Iterator[tuple[str, str, bytes]]:
    """(kind, extension, content); every file shows a picture of its own."""
    for place, (kind, (extension, write)) in enumerate(SEEDS.items()):
        for number in range(per_kind):
            size = (800, 600) if kind == "dng" else (240, 180)  # previews have to be worth judging
            yield kind, extension, write(show(first + place * per_kind + number, *size))


def shown_by(pictures: list[Path]) -> Show:
    """Pictures of real photos in place of scenes: they are less like each other."""

    def show(number: int, width: int, height: int) -> Image.Image:
        with Image.open(pictures[number % len(pictures)]) as image:
            image.draft("RGB", (width, height))
            return image.convert("RGB").resize((width, height))

    return show
