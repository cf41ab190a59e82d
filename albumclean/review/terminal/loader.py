"""Pictures made in a thread of their own: keys never wait for them, and what has been scrolled past is not made."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PIL import Image

from albumclean.domain import PhotoFacts
from albumclean.errors import AlbumcleanError
from albumclean.review.terminal.painting import Box, Cell, Painted, PictureMode, paint

_SECONDS = 2.0
_REMEMBERED = 32  # paintings: a few questions back and forth; a sixel picture has some 300 kB


class Pictures(Protocol):
    """Where pictures come from; asked by another thread, one after the other."""

    def image(self, facts: PhotoFacts, width: int, height: int) -> Image.Image:
        """The upright photo in RGB, scaled down to fit into `width` x `height` pixels.

        Raises AlbumcleanError where it can't be read any more.
        """
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """A picture that is to be shown."""

    path: Path
    content: bytes
    mode: PictureMode
    box: Box
    cell: Cell
    slot: int  # see `paint`

    @classmethod
    def of(cls, facts: PhotoFacts, mode: PictureMode, box: Box, cell: Cell, slot: int) -> Wish:
        """A wish for a photo as the scan saw it."""
        return cls(facts.path, facts.content, mode, box, cell, slot)


class Loader:
    """Works from `start` to `close`."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures
        self._on_ready: Callable[[], object] = lambda: None
        self._made: OrderedDict[Wish, Painted | None] = OrderedDict()
        self._wanted: list[tuple[Wish, PhotoFacts]] = []
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="pictures", daemon=True)

    def start(self, on_ready: Callable[[], object]) -> None:
        """Begin to make what is wanted; `on_ready` is called after each, in the loader's own thread."""
        self._on_ready = on_ready
        self._thread.start()

    def close(self) -> None:
        """End, after the picture that is being made."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join(_SECONDS)  # a picture that takes longer is given up with the pool that makes it

    def want(self, wishes: Sequence[tuple[Wish, PhotoFacts]]) -> None:
        """Make these, the first one first, and forget what was wanted before."""
        with self._changed:
            self._wanted = [wish for wish in reversed(wishes) if wish[0] not in self._made]
            self._changed.notify()

    def made(self, wish: Wish) -> bool:
        """Whether it has been tried."""
        with self._changed:
            return wish in self._made

    def painted(self, wish: Wish) -> Painted | None:
        """The picture; None if it is not made yet or can't be shown."""
        with self._changed:
            if wish in self._made:
                self._made.move_to_end(wish)
            return self._made.get(wish)

    def _work(self) -> None:
        while (task := self._next()) is not None:
            wish, facts = task
            painted: Painted | None = None
            try:
                image = self._pictures.image(facts, *wish.box.pixels(wish.mode, wish.cell))
                painted = paint(image, wish.mode, wish.box, wish.cell, wish.slot)
            except AlbumcleanError:  # changed or gone since the scan: the plan names it if it was to be moved
                pass
            with self._changed:
                self._made[wish] = painted
                while len(self._made) > _REMEMBERED:
                    self._made.popitem(last=False)
                if self._ended:
                    return
            self._on_ready()

    def _next(self) -> tuple[Wish, PhotoFacts] | None:
        with self._changed:
            while not self._wanted and not self._ended:
                self._changed.wait()
            return None if self._ended else self._wanted.pop()
