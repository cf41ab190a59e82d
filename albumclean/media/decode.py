"""Bytes to a `Frame`: pixels at a working size, given out upright and in sRGB, and what the file says of itself.

The size rule, the same for every format: both sides are divided by the largest of 1, 2, 4, 8 that leaves the short
side at `min_short_side` or more. A JPEG gets there by decoding at a reduced DCT scale, anything else by averaging
blocks of that many pixels after decoding, which is nearly the same; so a photo and its copy in another format give
nearly the same frame.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageFile

from albumclean.domain import Photo
from albumclean.errors import AlbumcleanError, DecodeError
from albumclean.media import colour, metadata, parsers, sniff
from albumclean.media.picture import Picture, is_sideways

_TIFF_BITS_PER_SAMPLE = 258
_JPEG_FORMATS = frozenset({"JPEG", "MPO"})


@dataclass(frozen=True, slots=True)
class Frame:
    """A decoded photo.

    `picture`: its short side is at least the one asked for wherever the photo has that.
    `reduction`: by how much both sides were divided: 1, 2, 4 or 8.
    """

    picture: Picture
    photo: Photo
    reduction: int

    @property
    def image(self) -> Image.Image:
        """All pixels: mode RGB, upright, sRGB. Made anew at each call."""
        return self.picture.whole()


def decode(data: bytes, path: Path, content_hash: bytes, *, min_short_side: int, max_pixels: int) -> Frame:
    """Decode the bytes of a photo; of an animation or a multi-page file, its first picture.

    Raises DecodeError, and nothing else, for any bytes that do not give a picture.
    """
    name = _readable_format(data, path)
    try:
        with parsers.undisturbed():
            return _decode(data, name, path, content_hash, min_short_side=min_short_side, max_pixels=max_pixels)
    except AlbumcleanError:
        raise
    # The one trust boundary: on hostile bytes Pillow's plugins raise nearly anything (SyntaxError, struct.error,
    # KeyError, AssertionError, RuntimeError, ...), and one bad file must never stop a scan.
    except Exception as error:
        raise DecodeError(path=path, detail=_in_words(error, data, name)) from error


def readable_formats() -> tuple[str, ...]:
    """The formats that this installation can decode, by Pillow's names."""
    return parsers.readable_formats()


def reduction_for(width: int, height: int, min_short_side: int) -> int:
    """The largest of 8, 4, 2, 1 that leaves the short side at `min_short_side` or more; 1 for small photos."""
    short, wanted = min(width, height), max(min_short_side, 1)
    return next((factor for factor in (8, 4, 2) if short // factor >= wanted), 1)


def _readable_format(data: bytes, path: Path) -> str:
    if not data:
        raise DecodeError(path=path, detail="is empty (0 bytes)")
    if raw := sniff.camera_raw(data):
        raise DecodeError(path=path, detail=f"is camera RAW ({raw}), which is not readable yet")
    if name := sniff.picture_format(data):
        if sniff.lost_tail(data, name):
            raise DecodeError(path=path, detail="is damaged: its end holds only zero bytes in place of pixels")
        return name
    if not data.strip(b"\0"):
        raise DecodeError(path=path, detail="holds only zero bytes")
    if kind := sniff.other_kind(data):
        raise DecodeError(path=path, detail=f"is a {kind}, which is not a picture format that can be read")
    raise DecodeError(path=path, detail="is not a picture in a format that can be read")


def _decode(data: bytes, name: str, path: Path, content_hash: bytes, *, min_short_side: int, max_pixels: int) -> Frame:
    with parsers.open_as(name, io.BytesIO(data)) as image:
        _check_pixels(image.size, path, max_pixels)
        facts = metadata.read_facts(image)
        by_decoder = image.format in _JPEG_FORMATS
        width, height = image.size
        if by_decoder:
            factor = reduction_for(width, height, min_short_side)
            image.draft(None, (width // factor, height // factor))
        bits = _declared_bits(image)
        image.load()
        if not by_decoder:
            width, height = image.size  # a TIFF turns itself while it loads, and libheif may find another size
            factor = reduction_for(width, height, min_short_side)
            _check_pixels(image.size, path, max_pixels)
        orientation, found_format = metadata.orientation(image), image.format or name
        profile = image.info.get("icc_profile")
        pixels = colour.eight_bit(image, bits)
    if factor > 1 and not by_decoder:
        pixels = pixels.reduce(factor)
    picture = Picture(pixels, orientation, profile if isinstance(profile, bytes) else None)
    if is_sideways(orientation):
        width, height = height, width
    photo = Photo(content_hash, width, height, found_format, facts.taken_at, facts.camera, facts.rating, facts.shot)
    return Frame(picture, photo, factor)


def _check_pixels(size: tuple[int, int], path: Path, max_pixels: int) -> None:
    pixels = size[0] * size[1]
    if pixels > max_pixels:
        detail = f"has {_mega(pixels)} megapixels; the limit is {_mega(max_pixels)} (scan.max_pixels)"
        raise DecodeError(path=path, detail=detail)


def _mega(pixels: int) -> str:
    return f"{pixels / 1e6:.3g}" if pixels < 100e6 else f"{pixels / 1e6:.0f}"


def _declared_bits(image: ImageFile.ImageFile) -> int | None:
    declared = getattr(image, "tag_v2", {}).get(_TIFF_BITS_PER_SAMPLE)
    bits = declared[0] if isinstance(declared, tuple) and declared else declared
    return bits if isinstance(bits, int) and 8 < bits <= 16 else None


def _in_words(error: Exception, data: bytes, name: str) -> str:
    if isinstance(error, MemoryError):
        return "needs more memory than a decoder may use (scan.worker_memory)"
    if sniff.is_cut_off(data, name) or isinstance(error, EOFError) or "truncated" in str(error):
        return "is cut off: the picture data end early"
    said = " ".join(str(error).split())[:200]
    return f"is damaged ({name}: {said or type(error).__name__})"
