"""A decoded picture that is turned upright and converted to sRGB in the pieces that are asked for.

Turning and converting all the pixels of a large photo costs more CPU time than the network that judges it, and what
is wanted is a small picture of the whole and a few patches.
"""

from __future__ import annotations

from PIL import Image

from albumclean.media import colour

Box = tuple[int, int, int, int]  # left, top, right, bottom

_TURNS = {  # by EXIF orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = frozenset({5, 6, 7, 8})
_FROM_THE_RIGHT = frozenset({2, 3, 7, 8})  # stored columns run against the upright axis that they become
_FROM_THE_BOTTOM = frozenset({3, 4, 6, 7})


def is_sideways(orientation: int) -> bool:
    """Whether the EXIF orientation says that stored rows are upright columns."""
    return orientation in _SIDEWAYS


class Picture:
    """Pixels as a file stores them, given out upright, in sRGB and in mode RGB."""

    def __init__(self, stored: Image.Image, orientation: int = 1, profile: bytes | None = None) -> None:
        """`stored` is in a mode that `colour.eight_bit` gives; `orientation` is EXIF's, `profile` an ICC profile."""
        self._orientation = orientation
        self._profile = profile
        self._reduced = {1: stored}  # by power of two

    @property
    def size(self) -> tuple[int, int]:
        """Upright (width, height)."""
        width, height = self._reduced[1].size
        return (height, width) if is_sideways(self._orientation) else (width, height)

    def whole(self) -> Image.Image:
        """All of it."""
        return self._finished(self._reduced[1])

    def crop(self, box: Box) -> Image.Image:
        """A piece, in upright coordinates within the picture."""
        left, top, right, bottom = box
        if is_sideways(self._orientation):
            left, top, right, bottom = top, left, bottom, right
        stored = self._reduced[1]
        if self._orientation in _FROM_THE_RIGHT:
            left, right = stored.width - right, stored.width - left
        if self._orientation in _FROM_THE_BOTTOM:
            top, bottom = stored.height - bottom, stored.height - top
        return self._finished(stored.crop((left, top, right, bottom)))

    def resized(self, size: tuple[int, int]) -> Image.Image:
        """All of it at another size, by a bicubic filter as wide as the scale asks for."""
        width, height = reversed(size) if is_sideways(self._orientation) else size
        stored = self._reduced[1]
        if (width, height) == stored.size:
            return self.whole()
        # What is left for the slow filter is a factor of two to four: no difference that anything could tell.
        factor = _power_of_two(min(stored.width / width, stored.height / height) / 2)
        box = (0.0, 0.0, stored.width / factor, stored.height / factor)  # the last block may be cut
        return self._finished(self._by(factor).resize((width, height), Image.Resampling.BICUBIC, box))

    def divided(self, factor: int) -> Picture:
        """Both sides divided by a power of two, each pixel the mean of a block."""
        return Picture(self._by(factor), self._orientation, self._profile)

    def reduced(self, short_side: int) -> Image.Image:
        """All of it, averaged in blocks to a short side of `short_side` or, where the blocks don't fit, up to twice."""
        return self._finished(self._by(_power_of_two(min(self.size) / short_side)))

    def _by(self, factor: int) -> Image.Image:
        if factor not in self._reduced:
            nearest = max(known for known in self._reduced if known < factor)
            self._reduced[factor] = self._reduced[nearest].reduce(factor // nearest)
        return self._reduced[factor]

    def _finished(self, piece: Image.Image) -> Image.Image:
        piece = colour.to_srgb(piece, self._profile)
        turn = _TURNS.get(self._orientation)
        return piece if turn is None else piece.transpose(turn)


def _power_of_two(most: float) -> int:
    """The largest power of two up to `most`; at least 1."""
    return 1 << max(0, int(most).bit_length() - 1)
