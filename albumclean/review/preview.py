"""A photo as coloured half blocks: two pixels a character, in any terminal with colours.

Decoded in a worker process like everything else: a decoder that crashes costs the preview, not the review.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.segment import Segment, Segments
from rich.style import Style

from albumclean.domain import FileIdentity, PhotoFacts
from albumclean.media.decode import decode
from albumclean.media.reading import read_file
from albumclean.media.workers import Ask, WorkerPool

_SECONDS = 20.0  # for one preview
_MEMORY = 4 << 30


@dataclass(frozen=True, slots=True)
class Wish:
    """One preview: the photo fitted into `width` x `height` pixels."""

    file: FileIdentity
    content_hash: bytes
    width: int
    height: int
    max_pixels: int


def thumbnail(wish: Wish, _ask: Ask) -> npt.NDArray[np.uint8]:
    """The upright photo as uint8 (rows, columns, 3), an even number of rows. Raises ReadError, DecodeError."""
    frame = decode(
        read_file(wish.file),
        wish.file.path,
        wish.content_hash,
        min_short_side=min(wish.width, wish.height),
        max_pixels=wish.max_pixels,
    )
    return fitted(frame.image, wish.width, wish.height)


def fitted(image: Image.Image, width: int, height: int) -> npt.NDArray[np.uint8]:
    """An RGB picture scaled to fit into `width` x `height`: uint8 (rows, columns, 3), an even number of rows."""
    scale = min(width / image.width, height / image.height)
    columns = max(1, round(image.width * scale))
    rows = max(2, round(image.height * scale / 2) * 2)
    return np.asarray(image.resize((columns, rows), reducing_gap=3.0))


class Previews:
    """Makes previews, one after the other, in one worker that lives as long as this; use as a context manager."""

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._wish: Wish | None = None
        pool = WorkerPool(thumbnail, workers=1, timeout=_SECONDS, memory=_MEMORY, queue=1)
        # With a queue of one the pool pulls a job when it is asked for a result: a call and its answer.
        self._results = pool.run(self._wishes(), lambda _: None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._results.close()

    def half_blocks(self, facts: PhotoFacts, columns: int, rows: int) -> Segments | None:
        """The upright photo fitted into `columns` x `rows` characters; None where it can't be read any more."""
        if facts.photo is None:
            return None
        # A terminal's character is about twice as tall as it is wide, and holds two pixels.
        self._wish = Wish(facts.asset.primary, facts.photo.content_hash, columns, rows * 2, self._max_pixels)
        _, pixels = next(self._results)
        return as_half_blocks(pixels) if isinstance(pixels, np.ndarray) else None

    def _wishes(self) -> Iterator[Wish]:
        while self._wish is not None:
            yield self._wish


def as_half_blocks(pixels: npt.NDArray[np.uint8]) -> Segments:
    """A picture of `fitted`, two rows of pixels in each line of characters."""
    segments: list[Segment] = []
    for upper, lower in zip(pixels[::2].tolist(), pixels[1::2].tolist(), strict=True):
        segments += [
            Segment("▀", Style(color=_hex(above), bgcolor=_hex(below)))
            for above, below in zip(upper, lower, strict=True)
        ]
        segments.append(Segment.line())
    return Segments(segments)


def _hex(colour: list[int]) -> str:
    red, green, blue = colour
    return f"#{red:02x}{green:02x}{blue:02x}"
