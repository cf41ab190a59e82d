"""Pictures of photos for the front ends: upright, sRGB, without metadata, and never at the price of the review.

Files are decoded in worker processes: a decoder that crashes or hangs costs one picture. What is shown is what the scan
saw; a file that has changed since is named, not shown.
"""

from __future__ import annotations

import io
import os
import threading
from collections import OrderedDict
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from albumclean.config import ScanSettings
from albumclean.domain import FileIdentity, PhotoFacts
from albumclean.errors import AlbumcleanError, DecodeError, ReadError
from albumclean.media.thumbnail import LONG_SIDE, REVISION, fitted
from albumclean.media.workers import WorkerFailure
from albumclean.review.lanes import Lanes
from albumclean.review.wishes import Drawn, Kind, Wish, draw_in_worker
from albumclean.store.thumbnails import Shelf

if TYPE_CHECKING:
    from PIL import Image

VIEW_SIDE = 2048  # pixels of a view's long side
MEMORY = 192 << 20  # bytes of pictures that are remembered

_MOST_LANES = 4
_SECONDS = 30.0  # for one picture
_NETWORK_MEMORY = 12 << 30  # bytes of address space that torch may take besides: mostly libraries, mapped but not read
_MAP_IDLE = 120.0  # seconds
_URGENCY = {Kind.THUMBNAIL: 0, Kind.VIEW: 1, Kind.FULL: 2, Kind.MAP: 1}

Outcome = Drawn | WorkerFailure | AlbumcleanError


class Full(NamedTuple):
    """A photo at 100 %, or at `scale` below 1 where that would be too large to show."""

    jpeg: bytes
    scale: float


class Pictures:
    """Makes and remembers pictures; use as a context manager. Every method may be called by several threads at once.

    All raise ReadError where the file can't be read any more or is not what the scan saw, DecodeError where it gives
    no picture (or its decoder crashed, or took too long), and another AlbumcleanError where nothing can be decoded.
    """

    def __init__(
        self, thumbnails: Path, scan: ScanSettings, *, memory: int = MEMORY, seconds: float = _SECONDS
    ) -> None:
        """`thumbnails`: the file that `store.thumbnails` keeps. `memory`: bytes of pictures to remember."""
        self._max_pixels = scan.max_pixels
        self._shelf = Shelf(thumbnails, REVISION)
        self._remembered = _Remembered(memory)
        self._asked: dict[Wish, Future[Outcome]] = {}
        self._lock = threading.Lock()
        lanes = min(max(2, os.cpu_count() or 1), _MOST_LANES)
        self._lanes = Lanes(draw_in_worker, lanes=lanes, timeout=seconds, memory=scan.worker_memory)
        # A process of its own: it takes seconds to load the network's libraries, and keeps 600 MB of them.
        memory_with_network = scan.worker_memory + _NETWORK_MEMORY
        self._map_lane = Lanes(draw_in_worker, lanes=1, timeout=2 * seconds, memory=memory_with_network, idle=_MAP_IDLE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lanes.end()
        self._map_lane.end()
        self._shelf.__exit__(kind, error, trace)

    @property
    def trouble(self) -> str | None:
        """Why thumbnails are not kept, as a sentence for people; None while all is well."""
        return self._shelf.trouble

    def thumbnail(self, facts: PhotoFacts) -> bytes:
        """A JPEG of at most 320 pixels a side: the scan's, or made and kept now."""
        wish = self._wish(facts, Kind.THUMBNAIL)
        if (kept := self._shelf.get(wish.content_hash)) is not None:
            return kept
        drawn = self._drawn(wish)
        self._shelf.put([(wish.content_hash, drawn.data)])
        return drawn.data

    def view(self, facts: PhotoFacts, long_side: int = VIEW_SIDE) -> bytes:
        """A JPEG that fits into `long_side` x `long_side` pixels; smaller photos stay as they are."""
        return self._drawn(self._wish(facts, Kind.VIEW, (long_side, long_side))).data

    def full(self, facts: PhotoFacts) -> Full:
        """A JPEG of every pixel; reduced beyond 16,000 pixels a side or 60 megapixels."""
        drawn = self._drawn(self._wish(facts, Kind.FULL))
        return Full(drawn.data, drawn.scale)

    def quality_map(self, facts: PhotoFacts) -> bytes:
        """A PNG with alpha of at most 512 pixels a side, to be stretched over the photo: blue is good, orange bad."""
        return self._drawn(self._wish(facts, Kind.MAP)).data

    def image(self, facts: PhotoFacts, width: int, height: int) -> Image.Image:
        """The photo as RGB pixels, scaled down to fit into `width` x `height`."""
        from PIL import Image

        wish = self._wish(facts, Kind.VIEW, (width, height))
        small_enough = max(fitted(wish.size, width, height)) <= LONG_SIDE
        data = self.thumbnail(facts) if small_enough else self._drawn(wish).data
        # No file of the user: a worker has drawn it.
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            small = image.convert("RGB")
        return small.resize(fitted(wish.size, width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)

    def _wish(self, facts: PhotoFacts, kind: Kind, box: tuple[int, int] = (0, 0)) -> Wish:
        photo, file = facts.photo, facts.asset.primary
        if photo is None:
            raise DecodeError(path=file.path, detail="the scan found no picture in it")
        # At each call, as what is remembered would hide it; the worker looks again at what it reads.
        try:
            found = FileIdentity.of(file.path, file.path.lstat())
        except OSError as error:
            raise ReadError(path=file.path, detail=error.strerror or str(error)) from error
        if not file.same_file_state(found):
            raise ReadError(path=file.path, detail="has changed since it was scanned")
        return Wish(kind, file, photo.content_hash, (photo.width, photo.height), box, self._max_pixels)

    def _drawn(self, wish: Wish) -> Drawn:
        if (remembered := self._remembered.get(wish.key)) is not None:
            return remembered
        with self._lock:
            future = self._asked.get(wish)  # two threads that want the same picture wait for one worker
            if future is None:
                lanes = self._map_lane if wish.kind is Kind.MAP else self._lanes
                future = self._asked[wish] = lanes.ask(wish, _URGENCY[wish.kind])
        try:
            outcome = future.result()
            if isinstance(outcome, Drawn):
                self._remembered.put(wish.key, outcome)
        finally:
            with self._lock:
                if self._asked.get(wish) is future:
                    del self._asked[wish]
        if isinstance(outcome, WorkerFailure):
            raise DecodeError(path=wish.file.path, detail=outcome.reason)
        if isinstance(outcome, AlbumcleanError):
            raise outcome
        return outcome


class _Remembered:
    """The pictures that were looked at last, up to so many bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._lock = threading.Lock()
        self._pictures: OrderedDict[tuple[object, ...], Drawn] = OrderedDict()  # the latest last

    def get(self, key: tuple[object, ...]) -> Drawn | None:
        with self._lock:
            if key in self._pictures:
                self._pictures.move_to_end(key)
            return self._pictures.get(key)

    def put(self, key: tuple[object, ...], picture: Drawn) -> None:
        with self._lock:
            if key in self._pictures or len(picture.data) > self._limit:
                return
            self._pictures[key] = picture
            self._size += len(picture.data)
            while self._size > self._limit:
                _, oldest = self._pictures.popitem(last=False)
                self._size -= len(oldest.data)
