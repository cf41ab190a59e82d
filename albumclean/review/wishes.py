"""Pictures that are wished for, as plain values: the review asks for them, and its worker processes draw them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from albumclean.domain import FileIdentity


class Kind(StrEnum):
    """Which picture of a photo."""

    THUMBNAIL = "thumbnail"
    VIEW = "view"  # fitted into a box
    FULL = "full"  # at 100 %
    MAP = "map"  # where it is good and where it is bad


@dataclass(frozen=True, slots=True)
class Wish:
    """One picture of the photo that the scan saw in this file."""

    kind: Kind
    file: FileIdentity
    content_hash: bytes
    size: tuple[int, int]  # the photo's, as the scan found it
    box: tuple[int, int]  # for a view: what it has to fit into, in pixels
    max_pixels: int

    @property
    def key(self) -> tuple[object, ...]:
        """What says which picture it is, wherever the photo lies."""
        return (self.content_hash, self.kind, self.box)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture as a file: JPEG, or PNG of a map."""

    data: bytes
    scale: float = 1.0  # its width by the photo's


def draw_in_worker(wish: Wish, ask: object) -> Drawn:
    """As `drawing.draw`, whose libraries only the workers load: the review itself begins without them."""
    from albumclean.review.drawing import draw

    return draw(wish, ask)
