"""The pixels that a network sees, made from the description of its input and from nothing else."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image

from albumclean.domain import AnyInput, InputSpec
from albumclean.media import published
from albumclean.media.patches import Place, choose, cut
from albumclean.media.picture import Picture


@dataclass(frozen=True, slots=True, eq=False)
class NetworkView:
    """One photo as a network takes it in, not yet normalised.

    `whole`: uint8 (height, width, 3), all of the picture. `patches`: uint8 (count, side, side, 3), pieces at native
    resolution, (0, 0, 0, 3) if the network wants none. `places`: the patches' (left, top) in the upright frame.
    `statistics`: float32, those of `media.statistics` for the heads that read them, or none.
    """

    whole: npt.NDArray[np.uint8]
    patches: npt.NDArray[np.uint8]
    places: tuple[Place, ...] = ()
    statistics: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))

    @property
    def pixels(self) -> int:
        """That go through the network."""
        return (self.whole.size + self.patches.size) // 3

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return self.whole.nbytes + self.patches.nbytes + self.statistics.nbytes


def view_size(width: int, height: int, spec: InputSpec) -> tuple[int, int]:
    """(width, height) of the network's input for a picture of `width` x `height` pixels.

    The nearest shape with the picture's aspect and about `spec.area` pixels on a grid of `spec.multiple`; the same
    aspect gives the same shape at any resolution, so that a copy scaled down is seen as its original is.
    """
    aspect = min(max(width / height, 1 / spec.max_aspect), spec.max_aspect)
    grid = spec.multiple
    columns = max(1, round(math.sqrt(spec.area * aspect) / grid))
    rows = max(1, round(math.sqrt(spec.area / aspect) / grid))
    return columns * grid, rows * grid


def network_view(picture: Picture | Image.Image, spec: AnyInput) -> NetworkView:
    """What the network sees of a decoded picture, or of an upright RGB image."""
    if isinstance(picture, Image.Image):
        picture = Picture(picture)
    if not isinstance(spec, InputSpec):
        return NetworkView(published.seen(picture.whole(), spec), _NO_PATCHES)
    whole = np.asarray(picture.resized(view_size(*picture.size, spec)), dtype=np.uint8)
    if spec.patches is None:
        return NetworkView(whole, _NO_PATCHES)
    places = choose(whole, picture.size, spec.patches)
    return NetworkView(whole, cut(picture, places, spec.patches.side), tuple(places))


_NO_PATCHES = np.empty((0, 0, 0, 3), np.uint8)
