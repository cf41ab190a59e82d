"""What scorers are, what they see, and what they find out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class PatchSpec:
    """Square pieces of the picture that a network sees at the resolution of the decoded frame."""

    count: int
    side: int  # pixels


@dataclass(frozen=True, slots=True)
class InputSpec:
    """The one description of a network's input; training and inference both build their pixels from it.

    A picture is scaled, keeping its aspect as nearly as the grid allows, to about `area` pixels with both sides
    multiples of `multiple`, as RGB; then `(x - mean) / std` with x in [0, 255]. `patches` are not scaled.
    """

    area: int
    patches: PatchSpec | None = None
    multiple: int = 32
    max_aspect: float = 3.0  # longer panoramas are squeezed to this
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (255.0, 255.0, 255.0)

    @property
    def pixels(self) -> int:
        """About how many pixels of one photo go through the network."""
        return self.area + (self.patches.count * self.patches.side**2 if self.patches else 0)


@dataclass(frozen=True, slots=True)
class CropInput:
    """The middle of the picture: scaled to cover a box, cut to a smaller one, and turned if it stands otherwise.

    Sizes are (width, height) in pixels. Both boxes stand as the picture does while it is scaled and cut; then it is
    turned counter-clockwise to stand as `crop` is given.
    """

    cover: tuple[int, int]
    crop: tuple[int, int]
    cubic: bool = True  # OpenCV's bicubic filter, else its bilinear one
    rounds_up: bool = True  # the size that covers the box, else down

    @property
    def pixels(self) -> int:
        """Of one photo that go through the network."""
        return self.crop[0] * self.crop[1]


@dataclass(frozen=True, slots=True)
class PaddedInput:
    """The whole picture, turned counter-clockwise if it stands otherwise, scaled to fit a box, with black around it."""

    box: tuple[int, int]  # width and height in pixels

    @property
    def pixels(self) -> int:
        """Of one photo that go through the network."""
        return self.box[0] * self.box[1]


@dataclass(frozen=True, slots=True)
class ShortSideInput:
    """The square in the middle of the picture, whose short side is scaled to that square's."""

    side: int  # pixels

    @property
    def pixels(self) -> int:
        """Of one photo that go through the network."""
        return self.side * self.side


@dataclass(frozen=True, slots=True)
class NativeInput:
    """The picture as it is, unless it is too small or too large.

    Of fewer than `least` pixels, it is scaled to a short side of `short_side`; of more than `most`, to `most`.
    """

    least: int
    short_side: int
    most: int

    @property
    def pixels(self) -> int:
        """Of one photo that go through the network, at most."""
        return self.most


@dataclass(frozen=True, slots=True)
class SquareInput:
    """The whole picture squeezed into a square, whatever its shape."""

    side: int  # pixels
    smooth: bool = False  # each pixel the mean of those around it (Pillow's bilinear filter), not the nearest one

    @property
    def pixels(self) -> int:
        """Of one photo that go through the network."""
        return self.side * self.side


AnyInput: TypeAlias = InputSpec | CropInput | PaddedInput | NativeInput | ShortSideInput | SquareInput


class Says(StrEnum):
    """What a scorer's first quantity is about."""

    QUALITY = "quality"  # how good it looks technically: what rules go by
    BEAUTY = "beauty"  # how much people like it: a wish among copies and in lists, never a reason to trash
    FAULTS = "faults"  # each quantity is the severity of one fault
    KIND = "kind"  # each quantity is how likely one kind of picture is


NATIVE = 1 << 30  # a `min_short_side` that no picture has: the frame is not reduced


@dataclass(frozen=True, slots=True)
class ScorerSpec:
    """What a scorer is: everything that its scores depend on."""

    name: str
    revision: str  # changes whenever the same photo could get another value
    quantities: tuple[str, ...]  # the values that it predicts, in order; the first is the main one
    value_range: tuple[float, float]  # of the main quantity; its ends, where it has none by itself
    licence: str
    summary: str
    input: AnyInput
    weights: str = ""  # file name of the weights; empty: the scorer finds them by itself
    weights_sha256: str = ""
    min_short_side: int = 384  # the decoded frame must offer at least this, if the photo has it
    embedding: int = 0  # how many values its embedding has; 0: it gives none
    reads: str = ""  # the scorer of whose features and the picture's statistics it is a head; empty: its own network
    says: Says = Says.QUALITY
    rises: bool = True  # whether more of the main quantity is better
    half_precision: bool = False  # whether its scores hold in half precision, where a device is faster with it


@dataclass(frozen=True, slots=True)
class Score:
    """A scorer's raw output; thresholds are policy, so changing one recomputes nothing."""

    content_hash: bytes
    scorer: str
    revision: str
    quantity: str
    value: float


@dataclass(frozen=True, slots=True)
class FrameScore:
    """A scorer's raw output for one frame of a video; the video's own `Score` is the mean over its frames."""

    content_hash: bytes
    seconds: float  # since the beginning of the video
    scorer: str
    revision: str
    quantity: str
    value: float


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What near-duplicates are found by."""

    content_hash: bytes
    phash: int  # 64 bits
    dhash: int  # 64 bits
    layout: bytes  # 8 x 8 x 3 uint8, the upright picture's mean colours, row by row
    detail: float  # standard deviation of the 32 x 32 luma in [0, 255]; flat pictures don't match by hash
    inner: int | None = None  # 64 bits, `phash` of the picture within a frame; None: there is no frame


@dataclass(frozen=True, slots=True)
class Embedding:
    """What a network says that the picture shows; likeness of content is the cosine of two of them."""

    content_hash: bytes
    vector: bytes  # int8, a vector of length 127
