"""One of the two photos of a comparison."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from albumclean.domain import Photo


@dataclass(frozen=True, slots=True)
class Side:
    """What a comparison may know of one photo."""

    photo: Photo
    data: bytes  # the whole file
    image: Image.Image  # upright, sRGB, mode RGB; native size, or scaled down to 2400 pixels on the short side
