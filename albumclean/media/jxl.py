"""JPEG XL, by libjxl through the package `pylibjxl`, which need not be there.

The size is asked for before a pixel is decoded. libjxl turns the picture upright itself, and by the standard no EXIF
orientation counts. Source: ISO/IEC 18181-1 (the header of a codestream), 18181-2 (the container).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from PIL import Image, ImageFile

from albumclean.media.boxes import ColourCodes, boxes

PACKAGE = "pylibjxl"
_BARE = b"\xff\x0a"
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_MOST_CHANNELS = 16
_GREY, _XYB = 1, 2
_CUSTOM = 2


def is_installed() -> bool:
    """Whether the package is there; it is not loaded for that."""
    return find_spec(PACKAGE) is not None


class JxlImageFile(ImageFile.ImageFile):
    """A JPEG XL as Pillow would open it: size and mode first, pixels and metadata by `load`.

    Opening raises whatever libjxl raises, and ImportError where the package is missing.
    """

    format = "JXL"
    format_description = "JPEG XL"

    def _open(self) -> None:
        import pylibjxl

        self._data = self.fp.read() if self.fp is not None else b""
        said: dict[str, Any] = pylibjxl.probe(self._data)
        self._size = (int(said["width"]), int(said["height"]))
        self._mode = _MODES.get(int(said["channels"]), "RGB")
        if said["have_animation"]:  # the package gives only the last picture, and it is the first that counts
            raise ValueError("unsupported: an animation")

    def load(self) -> Any:  # noqa: ANN401 - Pillow's access to single pixels
        """Decode, once. Raises whatever libjxl has to say of damaged bytes."""
        if self._data:
            import pylibjxl

            with pylibjxl.JXL(threads=1) as decoder:  # the workers are the parallelism
                pixels, carried = decoder.decode(self._data, metadata=True)
            self._data = b""
            picture = Image.fromarray(pixels)
            self._mode, self._size, self.im = picture.mode, picture.size, picture.im
            for key, name in (("icc", "icc_profile"), ("exif", "exif"), ("xmp", "xmp")):
                if carried.get(key):
                    self.info[name] = bytes(carried[key])
        return Image.Image.load(self)

    def getexif(self) -> Image.Exif:
        """What the box of that name holds; it is read with the pixels."""
        self.load()
        return super().getexif()


def jxl_colour_codes(data: bytes) -> ColourCodes | None:
    """What a JPEG XL says of its colours by code, as H.273 has them; None for sRGB, a profile, or a damaged header."""
    try:
        return _colours(_Bits(_codestream(data)))
    except IndexError:
        return None


def _codestream(data: bytes) -> bytes:
    if data.startswith(_BARE):
        return data[2:4096]
    for box in boxes(data):
        if box.kind == b"jxlc":
            return data[box.start + 2 : box.start + 4096]
        if box.kind == b"jxlp":  # the first of several parts, each behind its number
            return data[box.start + 6 : box.start + 4096]
    return b""


class _Bits:
    """The bits of a header, the lowest of each byte first. Raises IndexError at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> int:
        value = 0
        for place in range(count):
            value |= (self._data[self._at >> 3] >> (self._at & 7) & 1) << place
            self._at += 1
        return value

    def choice(self, *ways: tuple[int, int]) -> int:
        """One of four ways, each (a number, how many bits are added to it)."""
        base, count = ways[self.take(2)]
        return base + self.take(count)

    def enum(self) -> int:
        return self.choice((0, 0), (1, 0), (2, 4), (18, 6))


def _size(bits: _Bits) -> None:
    small = bits.take(1)
    read: Callable[[], int] = (
        (lambda: bits.take(5)) if small else (lambda: bits.choice((1, 9), (1, 13), (1, 18), (1, 30)))
    )
    read()
    if not bits.take(3):
        read()


def _preview(bits: _Bits) -> None:
    ways = ((16, 0), (32, 0), (1, 5), (33, 9)) if bits.take(1) else ((1, 6), (65, 8), (321, 10), (1345, 12))
    bits.choice(*ways)
    if not bits.take(3):
        bits.choice(*ways)


def _animation(bits: _Bits) -> None:
    bits.choice((100, 0), (1000, 0), (1, 10), (1, 30))
    bits.choice((1, 0), (1001, 0), (1, 8), (1, 10))
    bits.choice((0, 0), (0, 3), (0, 16), (0, 32))
    bits.take(1)


def _depth(bits: _Bits) -> None:
    if bits.take(1):
        bits.choice((32, 0), (16, 0), (24, 0), (1, 6))
        bits.take(4)
    else:
        bits.choice((8, 0), (10, 0), (12, 0), (1, 6))


def _extra_channel(bits: _Bits) -> None:
    if bits.take(1):
        return
    kind = bits.enum()
    _depth(bits)
    bits.choice((0, 0), (3, 0), (4, 0), (1, 3))
    bits.take(8 * bits.choice((0, 0), (0, 4), (16, 5), (48, 10)))
    if kind == 0:  # alpha
        bits.take(1)
    elif kind == 2:  # a spot colour
        bits.take(4 * 16)
    elif kind == 5:  # a colour filter array
        bits.choice((1, 0), (0, 2), (3, 4), (19, 8))


def _place(bits: _Bits) -> None:
    for _ in "xy":
        bits.choice((0, 19), (524_288, 19), (1_048_576, 20), (2_097_152, 21))


def _colours(bits: _Bits) -> ColourCodes | None:
    _size(bits)
    if bits.take(1):  # all as usual
        return None
    if bits.take(1):
        bits.take(3)  # orientation
        for part in (_size, _preview, _animation):
            if bits.take(1):
                part(bits)
    _depth(bits)
    bits.take(1)
    for _ in range(min(bits.choice((0, 0), (1, 0), (2, 4), (1, 12)), _MOST_CHANNELS)):
        _extra_channel(bits)
    bits.take(1)
    if bits.take(1) or bits.take(1):  # sRGB, or an ICC profile
        return None
    space = bits.enum()
    if space == _XYB:
        return None
    if bits.enum() == _CUSTOM:
        _place(bits)
    primaries = 1
    if space != _GREY:
        primaries = bits.enum()
        if primaries == _CUSTOM:
            for _ in range(3):
                _place(bits)
    if bits.take(1):  # a gamma
        return ColourCodes(_h273(primaries), 1)
    return ColourCodes(_h273(primaries), bits.enum())


def _h273(primaries: int) -> int:
    """JPEG XL calls Display P3 by the number that H.273 has for cinemas, with a white of its own."""
    return 12 if primaries == 11 else primaries
