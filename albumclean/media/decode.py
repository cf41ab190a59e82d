"""Bytes to a `Frame`: pixels at a working size, given out upright and in sRGB, and what the file says of itself.

A camera RAW is seen by its preview, and counts with its own size.

The size rule, the same for every format: both sides are divided by the largest of 1, 2, 4, 8 that leaves the short
side at `min_short_side` or more. A JPEG gets there by decoding at a reduced DCT scale, anything else by averaging
blocks of that many pixels after decoding, which is nearly the same; so a photo and its copy in another format give
nearly the same frame.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from albumclean.domain import Photo
from albumclean.errors import AlbumcleanError, DecodeError
from albumclean.media import colour, metadata, parsers, profiles, raw, sniff
from albumclean.media.picture import Picture, is_sideways
from albumclean.media.pictures import count_pictures, find_extras, first_page

_TIFF_BITS_PER_SAMPLE = 258
_UNREADABLE = (
    "nsupported",
    "unknown pixel mode",
    "unknown data organization",
    "primary item",
    "Unknown BMP",
    "not identified",
    "not been built in",
)
_JPEG_FORMATS = frozenset({"JPEG", "MPO"})


@dataclass(frozen=True, slots=True)
class Frame:
    """A decoded photo.

    `picture`: its short side is at least the one asked for wherever the photo has that.
    `size`: (width, height) in the file, before it was reduced and turned.
    `reduction`: by how much both sides were divided: 1, 2, 4 or 8.
    """

    picture: Picture
    photo: Photo
    size: tuple[int, int]
    reduction: int

    @property
    def image(self) -> Image.Image:
        """All pixels: mode RGB, upright, sRGB. Made anew at each call."""
        return self.picture.whole()


def decode(data: bytes, path: Path, content_hash: bytes, *, min_short_side: int, max_pixels: int) -> Frame:
    """Decode the bytes of a photo; of an animation or a multi-page file, its first picture; of a RAW, its preview.

    Raises DecodeError, and nothing else, for any bytes that do not give a picture.
    """
    limits = _Limits(path, min_short_side, max_pixels)
    raw_name = sniff.camera_raw(data)
    name = raw_name or _readable_format(data, path)
    if lacking := parsers.missing(parsers.RAW if raw_name else name):
        raise DecodeError(path=path, detail=f"is in the format {name}; to have it read: pip install {lacking}")
    try:
        with parsers.undisturbed():
            return (_decode_raw if raw_name else _decode)(data, name, content_hash, limits)
    except AlbumcleanError:
        raise
    except raw.NoPreview as error:
        raise DecodeError(path=path, detail=f"is camera RAW ({name}) {error}") from error
    # The one trust boundary: on hostile bytes Pillow's plugins raise nearly anything (SyntaxError, struct.error,
    # KeyError, AssertionError, RuntimeError, ...), and one bad file must never stop a scan.
    except Exception as error:
        raise DecodeError(path=path, detail=_in_words(error, data, name)) from error


def reduction_for(width: int, height: int, min_short_side: int) -> int:
    """The largest of 8, 4, 2, 1 that leaves the short side at `min_short_side` or more; 1 for small photos."""
    short, wanted = min(width, height), max(min_short_side, 1)
    return next((factor for factor in (8, 4, 2) if short // factor >= wanted), 1)


@dataclass(frozen=True, slots=True)
class _Limits:
    """What the caller asked for."""

    path: Path
    min_short_side: int
    max_pixels: int

    def check(self, size: tuple[int, int]) -> None:
        pixels = size[0] * size[1]
        if pixels > self.max_pixels:
            detail = f"has {_mega(pixels)} megapixels; the limit is {_mega(self.max_pixels)} (scan.max_pixels)"
            raise DecodeError(path=self.path, detail=detail)


def _readable_format(data: bytes, path: Path) -> str:
    if not data:
        raise DecodeError(path=path, detail="is empty (0 bytes)")
    if name := sniff.picture_format(data):
        if sniff.lost_tail(data, name):
            raise DecodeError(path=path, detail="is damaged: its end holds only zero bytes in place of pixels")
        return name
    if not data.strip(b"\0"):
        raise DecodeError(path=path, detail="holds only zero bytes")
    if kind := sniff.other_kind(data):
        raise DecodeError(path=path, detail=f"is a {kind}, which is not a picture format that can be read")
    raise DecodeError(path=path, detail="is not a picture in a format that can be read")


def _decode(data: bytes, name: str, content_hash: bytes, limits: _Limits) -> Frame:
    with parsers.open_as(name, io.BytesIO(data)) as image:
        if name == "TIFF" and (page := first_page(data)):
            image.seek(page)
        limits.check(image.size)
        extras = find_extras(data, name)
        pictures = count_pictures(image, data, extras)
        facts = metadata.read_facts(image)
        loaded = _load(image, limits)
        orientation, profile = metadata.orientation(image), _profile(image, data, name)
    pixels = loaded.pixels
    if profile is not None and not image.info.get("icc_profile") and pixels.mode == "L":
        pixels = pixels.convert("RGB")  # made profiles are for colours
    width, height = reversed(loaded.size) if is_sideways(orientation) else loaded.size
    found = "JPEG" if loaded.format == "MPO" and pictures == 1 else loaded.format or name
    photo = _photo(content_hash, (width, height), found, facts)
    photo = replace(photo, pictures=pictures, extras=extras)
    return Frame(Picture(pixels, orientation, profile), photo, loaded.size, loaded.reduction)


def _decode_raw(data: bytes, name: str, content_hash: bytes, limits: _Limits) -> Frame:
    if sniff.raw_is_cut_off(data):
        raise EOFError
    preview = raw.read_preview(data, name)
    limits.check(preview.size)
    with _opened_preview(preview) as image:
        limits.check(image.size)
        if min(image.size) < raw.SMALLEST:
            shown = f"{image.size[0]}x{image.size[1]}"
            raise raw.NoPreview(f"with a preview of only {shown} pixels, which is too small to judge it by")
        stored, own = image.size, metadata.own_orientation(image)
        told = metadata.first_told(metadata.read_raw_facts(data), metadata.read_facts(image))
        facts = replace(told, taken_at=told.taken_at or preview.taken_at)
        profile = _profile(image, b"", "JPEG")
        loaded = _load(image, limits)
    photo = _photo(content_hash, preview.size, name, facts)
    return Frame(
        Picture(loaded.pixels, raw.turn_of(preview, stored, own), profile), photo, loaded.size, loaded.reduction
    )


def _photo(content_hash: bytes, size: tuple[int, int], found: str, facts: metadata.Facts) -> Photo:
    return Photo(content_hash, *size, found, facts.taken_at, facts.camera, facts.rating, facts.shot)


def _opened_preview(preview: raw.Preview) -> Image.Image:
    if isinstance(preview.picture, bytes):
        return parsers.open_as("JPEG", io.BytesIO(preview.picture))
    return preview.picture


@dataclass(frozen=True, slots=True)
class _Loaded:
    """Pixels at the working size, as they lie in the file; and the whole picture's size, as it lies there."""

    pixels: Image.Image
    size: tuple[int, int]
    reduction: int
    format: str | None


def _load(image: Image.Image, limits: _Limits) -> _Loaded:
    by_decoder = image.format in _JPEG_FORMATS
    size = image.size
    if by_decoder:
        factor = reduction_for(*size, limits.min_short_side)
        image.draft(None, (size[0] // factor, size[1] // factor))
    bits, found_format = _declared_bits(image), image.format
    image.load()
    if not by_decoder:
        size = image.size  # a TIFF turns itself while it loads, and libheif may find another size
        factor = reduction_for(*size, limits.min_short_side)
        limits.check(size)
    pixels = colour.eight_bit(image, bits)
    if factor > 1 and not by_decoder:
        pixels = pixels.reduce(factor)
    return _Loaded(pixels, size, factor, found_format)


def _profile(image: Image.Image, data: bytes, name: str) -> bytes | None:
    """The picture's own ICC profile, or one for what it says of its colours in other ways."""
    profile = image.info.get("icc_profile")
    if isinstance(profile, bytes) and profile:
        return profile
    if metadata.says_adobe_rgb(image):
        return profiles.adobe_rgb()
    return profiles.declared_profile(data, name)


def _mega(pixels: int) -> str:
    return f"{pixels / 1e6:.3g}" if pixels < 100e6 else f"{pixels / 1e6:.0f}"


def _declared_bits(image: Image.Image) -> int | None:
    declared = getattr(image, "tag_v2", {}).get(_TIFF_BITS_PER_SAMPLE)
    bits = declared[0] if isinstance(declared, tuple) and declared else declared
    return bits if isinstance(bits, int) and 8 < bits <= 16 else None


def _in_words(error: Exception, data: bytes, name: str) -> str:
    if isinstance(error, MemoryError):
        return "needs more memory than a decoder may use (scan.worker_memory)"
    if sniff.is_cut_off(data, name) or isinstance(error, EOFError) or "truncated" in str(error):
        return "is cut off: the picture data end early"
    said = " ".join(str(error).split())[:200]
    if any(mark in said for mark in _UNREADABLE):
        return f"is a {name} file of a kind that can't be read ({said})"
    return f"is damaged ({name}: {said or type(error).__name__})"
