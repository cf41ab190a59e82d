"""What a worker process of the review does with one photo: decode it, and draw the picture that is wished for.

Whatever the file says besides its pixels (place, camera, owner, colour profile) ends here.
"""

from __future__ import annotations

import io
import math

import numpy as np
import numpy.typing as npt
from PIL import Image

from albumclean.media.decode import Frame, decode
from albumclean.media.picture import Picture
from albumclean.media.reading import read_content, unchanged
from albumclean.media.thumbnail import LONG_SIDE, fitted, jpeg, thumbnail
from albumclean.media.video import open_video
from albumclean.media.video_format import HEAD, video_format
from albumclean.media.view import network_view
from albumclean.report.quality_map import ramp
from albumclean.review.wishes import Drawn, Kind, Wish
from albumclean.scoring.scorers import judge

MAP_SIDE = 512  # pixels of a map's long side: it is smooth
FULL_SIDE = 16_000  # pixels: browsers show no more, and a JPEG may have 65,535
FULL_PIXELS = 60_000_000

_VIEW_QUALITY = 90
_FULL_QUALITY = 92


def draw(wish: Wish, _ask: object) -> Drawn:
    """Raises ReadError for a file that is gone or no longer what the scan saw; DecodeError, which names the file."""
    if (still := _still(wish)) is not None:
        return _draw_still(still, wish)
    data = read_content(wish.file, wish.content_hash)
    match wish.kind:
        case Kind.THUMBNAIL:
            return Drawn(thumbnail(_decoded(data, wish, fitted(wish.size, LONG_SIDE, LONG_SIDE)).picture))
        case Kind.VIEW:
            return _scaled(data, wish, fitted(wish.size, *wish.box), _VIEW_QUALITY)
        case Kind.FULL:
            share = min(1.0, math.sqrt(FULL_PIXELS / (wish.size[0] * wish.size[1])))
            box = (min(FULL_SIDE, int(wish.size[0] * share)), min(FULL_SIDE, int(wish.size[1] * share)))
            return _scaled(data, wish, fitted(wish.size, *box), _FULL_QUALITY)
        case Kind.MAP:
            return Drawn(_map(data, wish))


def _still(wish: Wish) -> Picture | None:
    """The middle of a video; None for a photo. What a video's gigabytes hash to is not asked again for a look at it."""
    with unchanged(wish.file) as file:
        if video_format(file.read(HEAD)) is None:
            return None
        with open_video(file, wish.file.path, max_pixels=wish.max_pixels) as video:
            return next(video.moments(1)).picture


def _draw_still(picture: Picture, wish: Wish) -> Drawn:
    match wish.kind:
        case Kind.THUMBNAIL:
            return Drawn(thumbnail(picture))
        case Kind.MAP:
            return Drawn(_map_of(picture, fitted(picture.size, MAP_SIDE, MAP_SIDE)))
    size = fitted(picture.size, *(wish.box if wish.kind is Kind.VIEW else (FULL_SIDE, FULL_SIDE)))
    quality = _VIEW_QUALITY if wish.kind is Kind.VIEW else _FULL_QUALITY
    full_chroma = wish.kind is Kind.FULL
    return Drawn(jpeg(picture.resized(size), quality, full_chroma=full_chroma), size[0] / wish.size[0])


def _decoded(data: bytes, wish: Wish, size: tuple[int, int]) -> Frame:
    """With at least as many pixels as `size`, wherever the photo has them."""
    return decode(data, wish.file.path, wish.content_hash, min_short_side=min(size), max_pixels=wish.max_pixels)


def _scaled(data: bytes, wish: Wish, size: tuple[int, int], quality: int) -> Drawn:
    picture = _decoded(data, wish, size).picture
    return Drawn(jpeg(picture.resized(size), quality, full_chroma=wish.kind is Kind.FULL), size[0] / wish.size[0])


def _map(data: bytes, wish: Wish) -> bytes:
    frame = decode(
        data, wish.file.path, wish.content_hash, min_short_side=judge.SPEC.min_short_side, max_pixels=wish.max_pixels
    )
    return _map_of(frame.picture, fitted(wish.size, MAP_SIDE, MAP_SIDE))


def _map_of(picture: Picture, size: tuple[int, int]) -> bytes:
    from albumclean.scoring.depth import judge_in_depth  # torch: only where a map is drawn

    # On the CPU: a second process on a graphics card takes more of its memory than one photo is worth.
    return veil(judge_in_depth(network_view(picture, judge.INPUT), "cpu").quality_map, size)


def veil(quality_map: npt.NDArray[np.float32], size: tuple[int, int]) -> bytes:
    """The map (rows, columns) as a PNG of `size` to lay over the photo: colour where it departs from the middle.

    Laid over the photo in grey it gives the picture of `report.quality_map.overlay`.
    """
    smooth = Image.fromarray(np.asarray(quality_map, np.float32)).resize(size, Image.Resampling.BILINEAR)
    colour, share = ramp(np.asarray(smooth))
    pixels = np.concatenate([colour, 255 * share], axis=-1).round().astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
