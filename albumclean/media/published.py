"""What published networks see of a picture, pixel by pixel as their authors' code makes it.

Nothing here is tuned or made faster where that would change a pixel: whoever has the published weights shall get the
published numbers. Therefore these take the picture at its native size, not a reduced decode of it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image

from albumclean.domain import CropInput, NativeInput, PaddedInput, ShortSideInput, SquareInput

Pixels = npt.NDArray[np.uint8]  # (height, width, 3), RGB

# Authors scale a thin picture until its short side fills their network, which makes a line of some thousand pixels
# larger than memory. Where that would pass this many pixels, only the middle of the picture is scaled.
MOST_SCALED = 64_000_000


def seen(image: Image.Image, spec: CropInput | PaddedInput | NativeInput | ShortSideInput | SquareInput) -> Pixels:
    """What a network with this input sees of an upright RGB picture."""
    match spec:
        case CropInput():
            return cropped(image, spec)
        case PaddedInput():
            return padded(image, spec)
        case NativeInput():
            return native(image, spec)
        case ShortSideInput():
            return middle(image, spec)
        case SquareInput():
            return squeezed(image, spec)


def cropped(image: Image.Image, spec: CropInput) -> Pixels:
    """The middle of an upright RGB picture: (crop height, crop width, 3).

    OpenCV's filters don't average when they scale down. Sources: `ImageQualityAssessmentMosPreprocessor` of modelscope
    (bicubic, sizes rounded up); `transform_image` in CenseoQoE's inference (bilinear, since its wish for the bicubic
    filter stands in the place of another argument; sizes rounded down).
    """
    import cv2

    (wide, high), (crop_width, crop_height) = spec.cover, spec.crop
    turned = _stands_otherwise(image, spec.cover)
    if turned:
        wide, high, crop_width, crop_height = high, wide, crop_height, crop_width
    image = _middle(image, MOST_SCALED / min(wide, high) ** 2)
    scale = max(high / image.height, wide / image.width)
    rounded = math.ceil if spec.rounds_up else int
    size = (rounded(scale * image.width), rounded(scale * image.height))
    scaled = cv2.resize(np.asarray(image), size, interpolation=cv2.INTER_CUBIC if spec.cubic else cv2.INTER_LINEAR)
    top, left = (scaled.shape[0] - crop_height) // 2, (scaled.shape[1] - crop_width) // 2
    piece = scaled[top : top + crop_height, left : left + crop_width]
    return np.ascontiguousarray(np.rot90(piece) if turned else piece, dtype=np.uint8)


def padded(image: Image.Image, spec: PaddedInput) -> Pixels:
    """An upright RGB picture in the middle of a black box: (box height, box width, 3).

    Source: `transform_image` in CenseoQoE's inference, read mode `resize_padding`; bilinear as in `cropped`.
    """
    import cv2

    wide, high = spec.box
    pixels = np.asarray(image)
    if _stands_otherwise(image, spec.box):
        pixels = np.rot90(pixels)
    height, width = pixels.shape[:2]
    scale = min(wide / width, high / height)
    size = (max(1, int(scale * width)), max(1, int(scale * height)))
    scaled = cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_LINEAR)
    top, left = (high - size[1]) // 2, (wide - size[0]) // 2
    found = np.zeros((high, wide, 3), np.uint8)
    found[top : top + size[1], left : left + size[0]] = scaled
    return found


def native(image: Image.Image, spec: NativeInput) -> Pixels:
    """An upright RGB picture at its own size where that is within the limits of `spec`.

    A small one is scaled by Pillow's bilinear filter. Source: `ImageQualityAssessmentDegradationPipeline` of modelscope
    for the lower limit; the upper one is ours.
    """
    if image.width * image.height < spec.least:
        image = _to_short_side(_middle(image, spec.most / spec.short_side**2), spec.short_side)
    elif image.width * image.height > spec.most:
        factor = math.sqrt(spec.most / (image.width * image.height))
        size = (max(1, int(image.width * factor)), max(1, int(image.height * factor)))
        image = image.resize(size, Image.Resampling.BICUBIC)
    return np.asarray(image, dtype=np.uint8)


def middle(image: Image.Image, spec: ShortSideInput) -> Pixels:
    """The middle square of an upright RGB picture, its short side scaled by Pillow's bilinear filter: (side, side, 3).

    Source: torchvision's `Resize` and `CenterCrop`.
    """
    image = _to_short_side(_middle(image, MOST_SCALED / spec.side**2), spec.side)
    left, top = round((image.width - spec.side) / 2.0), round((image.height - spec.side) / 2.0)
    return np.asarray(image.crop((left, top, left + spec.side, top + spec.side)), dtype=np.uint8)


def squeezed(image: Image.Image, spec: SquareInput) -> Pixels:
    """An upright RGB picture as a square: (side, side, 3).

    Source: Keras' `load_img`, whose default is the nearest pixel; torchvision's `Resize((side, side))`, if smooth.
    """
    how = Image.Resampling.BILINEAR if spec.smooth else Image.Resampling.NEAREST
    return np.asarray(image.resize((spec.side, spec.side), how), dtype=np.uint8)


def _stands_otherwise(image: Image.Image, box: tuple[int, int]) -> bool:
    """Whether the picture is upright and the box lies, or the other way round; a square stands as anything does."""
    return (image.width - image.height) * (box[0] - box[1]) < 0


def _middle(image: Image.Image, longest: float) -> Image.Image:
    """The picture, or its middle where the long side has more than `longest` times the pixels of the short one."""
    short, long = sorted(image.size)
    if long <= longest * short:
        return image
    kept = max(1, int(longest * short))
    start = (long - kept) // 2
    box = (start, 0, start + kept, short) if image.width > image.height else (0, start, short, start + kept)
    return image.crop(box)


def _to_short_side(image: Image.Image, side: int) -> Image.Image:
    """As torchvision's `Resize` rounds."""
    short, long = sorted(image.size)
    longer = int(side * long / short)
    size = (side, longer) if image.width <= image.height else (longer, side)
    return image.resize(size, Image.Resampling.BILINEAR)
