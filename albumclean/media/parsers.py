"""Pillow's parsers, one for each readable format, with Pillow's process-wide settings left as they were."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pi_heif
from PIL import AvifImagePlugin, Image, ImageFile, features
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import jpeg_factory
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile


def open_as(name: str, stream: io.BytesIO) -> ImageFile.ImageFile:
    """Parse the header of a picture in the format `name` (as of `sniff.picture_format`); pixels are read by `load`.

    The parser is called straight and not through `Image.open`, so that none of Pillow's parsers for exotic formats
    ever sees the bytes (EPS runs Ghostscript). Raises whatever the parser raises.
    """
    return _PARSERS[name](stream)


def readable_formats() -> tuple[str, ...]:
    """The formats whose decoders are alive in this installation; what Pillow was built with differs."""
    needed = {"JPEG": "jpg", "PNG": "zlib", "WEBP": "webp", "TIFF": "libtiff", "AVIF": "avif"}
    return tuple(
        name
        for name in _PARSERS
        if (name != "HEIF" or pi_heif.libheif_info()["decoders"])
        and (name not in needed or features.check(needed[name]))
    )


def _open_heif(stream: io.BytesIO) -> ImageFile.ImageFile:
    pi_heif.options.DECODE_THREADS = 1  # the workers are the parallelism
    pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
    image: ImageFile.ImageFile = pi_heif.as_plugin.HeifImageFile(stream)
    return image


def _open_avif(stream: io.BytesIO) -> ImageFile.ImageFile:
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the workers are the parallelism
    return AvifImagePlugin.AvifImageFile(stream)


_PARSERS: dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    "JPEG": jpeg_factory,  # MPO as well
    "PNG": PngImageFile,
    "WEBP": WebPImageFile,
    "GIF": GifImageFile,
    "TIFF": TiffImageFile,
    "BMP": BmpImageFile,
    "HEIF": _open_heif,
    "AVIF": _open_avif,
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
