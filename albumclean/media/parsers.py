"""Pillow's parsers, one for each readable format, with Pillow's process-wide settings left as they were."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

import pi_heif
from PIL import AvifImagePlugin, Image, ImageFile, TiffImagePlugin, features
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import jpeg_factory
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from albumclean.media import jxl, raw
from albumclean.media.boxes import boxes

RAW = "camera RAW"
_PHOTOMETRIC, _TILES, _YCBCR = 262, 322, 6
_J2K_SIZES, _EXIF_BOX = b"\xff\x4f\xff\x51", b"JpgTiffExif->JP2"  # the second: ExifTool's list of UUIDs
_libtiff_lock = threading.Lock()
_TO_INSTALL = {"JXL": "albumclean[jxl]", RAW: raw.PACKAGE}


def open_as(name: str, stream: io.BytesIO) -> ImageFile.ImageFile:
    """Parse the header of a picture in the format `name` (as of `sniff.picture_format`); pixels are read by `load`.

    The parser is called straight and not through `Image.open`, so that none of Pillow's parsers for exotic formats
    ever sees the bytes (EPS runs Ghostscript). Raises whatever the parser raises.
    """
    return _PARSERS[name](stream)


def readable_formats() -> tuple[str, ...]:
    """The formats whose decoders are alive in this installation; what Pillow was built with differs.

    Camera RAW is one of them. Nothing is loaded to find out.
    """
    return tuple(name for name in (*_PARSERS, RAW) if _is_alive(name))


def decoder_versions() -> str:
    """The libraries that decode, with their versions: another text may read another file."""
    found = {name: _version(name) for name in ("pillow", "pi-heif", raw.PACKAGE, jxl.PACKAGE)}
    return "-".join(f"{name}{number}" for name, number in found.items() if number)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def missing(name: str) -> str | None:
    """What has to be installed before a format (or `RAW`) can be read; None if nothing has to."""
    return None if name not in _TO_INSTALL or _is_alive(name) else _TO_INSTALL[name]


def missing_formats() -> dict[str, str]:
    """The formats that this installation can't decode, with what to install where that would mend it, else ""."""
    return {name: _TO_INSTALL.get(name, "") for name in (*_PARSERS, RAW) if not _is_alive(name)}


def _is_alive(name: str) -> bool:
    match name:
        case "HEIF":
            return bool(pi_heif.libheif_info()["decoders"])
        case "JXL":
            return jxl.is_installed()
        case _ if name == RAW:
            return raw.is_installed()
        case _:
            return name not in _FEATURES or bool(features.check(_FEATURES[name]))


def _open_tiff(stream: io.BytesIO) -> ImageFile.ImageFile:
    """Pillow's own reader of plain samples knows neither halved colours nor every kind of tiles; libtiff does."""
    image = TiffImageFile(stream)
    plain = not image.use_load_libtiff
    if not plain or (image.tag_v2.get(_PHOTOMETRIC) != _YCBCR and _TILES not in image.tag_v2):
        return image
    with _libtiff_lock:
        TiffImagePlugin.READ_LIBTIFF = True
        try:
            stream.seek(0)
            return TiffImageFile(stream)
        finally:
            TiffImagePlugin.READ_LIBTIFF = False


def _open_heif(stream: io.BytesIO) -> ImageFile.ImageFile:
    pi_heif.options.DECODE_THREADS = 1  # the workers are the parallelism
    pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
    image: ImageFile.ImageFile = pi_heif.as_plugin.HeifImageFile(stream)
    return image


def _open_avif(stream: io.BytesIO) -> ImageFile.ImageFile:
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the workers are the parallelism
    try:
        return AvifImagePlugin.AvifImageFile(stream)
    except ValueError as error:
        if "Exif" not in str(error):
            raise
        # Damaged metadata never cost the photo: under another name libavif passes the item over.
        return AvifImagePlugin.AvifImageFile(io.BytesIO(stream.getvalue().replace(b"Exif", b"none")))


def _open_jpeg2000(stream: io.BytesIO) -> ImageFile.ImageFile:
    image, data = Jpeg2KImageFile(stream), stream.getvalue()
    at = data.find(_J2K_SIZES)
    if len(image.getbands()) > 1 and at >= 0 and any(depth & 0x7F > 7 for depth in data[at + 42 : at + 51 : 3]):
        raise ValueError("unsupported: more than 8 bits a colour")  # Pillow 13 rounds their white to black
    found = next((each for each in boxes(data) if data.startswith(_EXIF_BOX, each.start)), None)
    if found is not None and found.kind == b"uuid":
        image.info["exif"] = b"Exif\0\0" + data[found.start + len(_EXIF_BOX) : found.end]
    return image


_FEATURES = {
    "JPEG": "jpg",
    "PNG": "zlib",
    "WEBP": "webp",
    "TIFF": "libtiff",
    "AVIF": "avif",
    "JPEG2000": "jpg_2000",
}
_PARSERS: dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    "JPEG": jpeg_factory,  # MPO as well
    "PNG": PngImageFile,
    "WEBP": WebPImageFile,
    "GIF": GifImageFile,
    "TIFF": _open_tiff,
    "BMP": BmpImageFile,
    "HEIF": _open_heif,
    "AVIF": _open_avif,
    "JPEG2000": _open_jpeg2000,
    "JXL": jxl.JxlImageFile,
}


class _Undisturbed:
    """Counts who is inside, so that threads that decode at once neither wait for nor disturb each other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._limit: int | None = None

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Lift Pillow's pixel limit (the caller checks its own) and keep warnings about odd metadata to ourselves."""
        with self._lock:
            if self._inside == 0:
                self._limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            self._inside += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            with self._lock:
                self._inside -= 1
                if self._inside == 0:
                    Image.MAX_IMAGE_PIXELS = self._limit


undisturbed = _Undisturbed()
