"""Random fields over a picture: one tile of them, laid out anew for each part of a large picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from albumclean.distortions.linear import Bytes, Floats

TILE = 1024  # side; 36 million normal values for a 12-megapixel picture would cost more than the whole rest

MakeTile = Callable[[np.random.Generator, int, int], Floats]


def normal_tile(rng: np.random.Generator, height: int, width: int) -> Floats:
    """Independent standard normal values, float32 of shape (height, width, 3)."""
    return rng.standard_normal((height, width, 3), dtype=np.float32)


def uniform_tile(rng: np.random.Generator, height: int, width: int) -> Floats:
    """Independent values in [0, 1), float32 of shape (height, width, 3)."""
    return rng.random((height, width, 3), dtype=np.float32)


def sensor_tile(rng: np.random.Generator, height: int, width: int) -> Floats:
    """Noise of a Bayer sensor after a bilinear demosaic and a mild removal of colour noise.

    float32 of shape (height, width, 3), mean 0, from independent values of deviation 1 at the sensor's pixels.
    Interpolation makes neighbours alike, which is why such noise outlives scaling down.
    """
    measured = rng.standard_normal((height, width), dtype=np.float32)
    green = np.zeros_like(measured)
    green[::2, 1::2], green[1::2, ::2] = measured[::2, 1::2], measured[1::2, ::2]
    red, blue = np.zeros_like(measured), np.zeros_like(measured)
    red[::2, ::2], blue[1::2, 1::2] = measured[::2, ::2], measured[1::2, 1::2]
    across = (_triangle(plane, axis=0, side=0.5, middle=1.0) for plane in (red, blue))
    red, blue = (_triangle(plane, axis=1, side=0.5, middle=1.0) for plane in across)
    green = green + _cross_mean(green)
    planes = np.stack([red, green, blue], axis=2)
    grey = planes.mean(axis=2, keepdims=True)
    colour = planes - grey
    for axis in (0, 1):  # the camera's own denoising: colour is smoothed over 3 x 3 pixels, brightness is left
        colour = _triangle(colour, axis=axis, side=1 / 3, middle=1 / 3)
    result: Floats = grey + colour
    return result


def _triangle(values: Floats, *, axis: int, side: float, middle: float) -> Floats:
    near = np.roll(values, 1, axis) + np.roll(values, -1, axis)
    result: Floats = np.float32(middle) * values + np.float32(side) * near
    return result


def _cross_mean(values: Floats) -> Floats:
    """The mean of the four neighbours: 0 where the checkerboard has a value of its own."""
    total = sum((np.roll(values, step, axis) for axis in (0, 1) for step in (1, -1)), np.zeros_like(values))
    result: Floats = np.float32(0.25) * total
    return result


def blocks(pixels: Bytes, make: MakeTile, rng: np.random.Generator) -> Iterator[tuple[tuple[slice, slice], Floats]]:
    """Parts of a picture, each with its field of the same shape: the tile rolled and flipped at random.

    Every draw is made here, in an order that only the picture's size decides: with the same seed, two severities
    see the same field.
    """
    height, width = pixels.shape[:2]
    tile = make(rng, min(TILE, height), min(TILE, width))
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            area = (slice(top, min(top + TILE, height)), slice(left, min(left + TILE, width)))
            down, right, flip_down, flip_right = rng.integers(0, (tile.shape[0], tile.shape[1], 2, 2))
            turned = np.roll(tile, (down, right), axis=(0, 1)) if height > TILE or width > TILE else tile
            turned = turned[:: -1 if flip_down else 1, :: -1 if flip_right else 1]
            yield area, turned[: area[0].stop - top, : area[1].stop - left]


def with_field(
    image: Image.Image, make: MakeTile, rng: np.random.Generator, change: Callable[[Bytes, Floats], Bytes]
) -> Image.Image:
    """The picture with `change(part, field)` in place of each part."""
    pixels = np.asarray(image)
    result = np.empty_like(pixels)
    for area, field in blocks(pixels, make, rng):
        result[area] = change(pixels[area], field)
    return Image.fromarray(result)


def rounded(values: Floats) -> Bytes:
    """Values in 8-bit units, rounded and clipped. Changes `values`."""
    values += 0.5
    np.clip(values, 0, 255, out=values)
    return values.astype(np.uint8)
