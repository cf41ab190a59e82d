"""What published networks see of a picture, pixel by pixel as their authors' code makes it.

Nothing here is tuned or made faster where that would change a pixel: whoever has the published weights shall get the
published numbers. Therefore these take the picture at its native size, not a reduced decode of it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image

from albumclean.domain import CropInput, NativeInput, SquareInput

Pixels = npt.NDArray[np.uint8]  # (height, width, 3), RGB


def cropped(image: Image.Image, spec: CropInput) -> Pixels:
    """The middle of an upright RGB picture, landscape: (crop height, crop width, 3).

    Scaled by OpenCV's bicubic filter, which does not average when it scales down; sizes are rounded up. A picture that
    is taller than wide is turned counter-clockwise. Source: `ImageQualityAssessmentMosPreprocessor` of modelscope.
    """
    import cv2

    (wide, high), (crop_width, crop_height) = spec.cover, spec.crop
    upright = image.height > image.width
    if upright:
        wide, high, crop_width, crop_height = high, wide, crop_height, crop_width
    scale = max(high / image.height, wide / image.width)
    size = (math.ceil(scale * image.width), math.ceil(scale * image.height))
    scaled = cv2.resize(np.asarray(image), size, interpolation=cv2.INTER_CUBIC)
    top, left = (scaled.shape[0] - crop_height) // 2, (scaled.shape[1] - crop_width) // 2
    piece = scaled[top : top + crop_height, left : left + crop_width]
    return np.ascontiguousarray(np.rot90(piece) if upright else piece, dtype=np.uint8)


def native(image: Image.Image, spec: NativeInput) -> Pixels:
    """An upright RGB picture at its own size where that is within the limits of `spec`.

    A small one is scaled by Pillow's bilinear filter. Source: `ImageQualityAssessmentDegradationPipeline` of modelscope
    for the lower limit; the upper one is ours.
    """
    width, height = image.size
    pixels = width * height
    if pixels < spec.least:
        short, long = sorted(image.size)
        longer = int(spec.short_side * long / short)  # as torchvision rounds
        size = (spec.short_side, longer) if width <= height else (longer, spec.short_side)
        image = image.resize(size, Image.Resampling.BILINEAR)
    elif pixels > spec.most:
        factor = math.sqrt(spec.most / pixels)
        size = (max(1, int(width * factor)), max(1, int(height * factor)))
        image = image.resize(size, Image.Resampling.BICUBIC)
    return np.asarray(image, dtype=np.uint8)


def squeezed(image: Image.Image, spec: SquareInput) -> Pixels:
    """An upright RGB picture as a square: (side, side, 3). Source: Keras' `load_img`, whose default it is."""
    return np.asarray(image.resize((spec.side, spec.side), Image.Resampling.NEAREST), dtype=np.uint8)
