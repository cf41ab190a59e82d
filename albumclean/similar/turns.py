"""The eight ways in which a picture can lie (the dihedral group D4), for perceptual hashes and layouts.

Turning a picture by a quarter or mirroring it only swaps and negates its DCT coefficients, so the hash of the turned
picture follows from the hash. Turn `t` in 0 to 7: transposed first if `t & 4`, then upside down if `t & 2`, then left
to right if `t & 1`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

TURNS: Final = 8
_SIDE: Final = 8  # of the hash in bits and of the layout in pixels

Hashes = npt.NDArray[np.uint64]


def _mask(rows: slice, columns: slice) -> np.uint64:
    bits = np.zeros((_SIDE, _SIDE), dtype=np.uint8)
    bits[rows, columns] = 1
    return np.uint64(int.from_bytes(np.packbits(bits).tobytes(), "big"))


_ODD, _ALL = slice(1, None, 2), slice(None)
_LEFT_RIGHT: Final = _mask(_ALL, _ODD)  # odd horizontal frequencies change their sign
_UPSIDE_DOWN: Final = _mask(_ODD, _ALL)
_FLIPS: Final = (np.uint64(0), _LEFT_RIGHT, _UPSIDE_DOWN, _LEFT_RIGHT ^ _UPSIDE_DOWN)
# Swaps of a transposition by blocks of 1, 2 and 4 (Warren, "Hacker's Delight", 2nd ed., 7-3).
_SWAPS: Final = (
    (np.uint64(7), np.uint64(0x00AA00AA00AA00AA)),
    (np.uint64(14), np.uint64(0x0000CCCC0000CCCC)),
    (np.uint64(28), np.uint64(0x00000000F0F0F0F0)),
)
# The lowest DCT wave over eight pixels in whole numbers, so that sums are exact in any order.
_WAVE: Final = np.round(1024 * np.cos(np.pi * (np.arange(_SIDE) + 0.5) / _SIDE)).astype(np.int64)
_LUMA: Final = np.array([299, 587, 114], dtype=np.int64)  # ITU-R BT.601, in thousandths


def turn_hashes(hashes: Hashes, turn: int) -> Hashes:
    """The perceptual hashes (64-bit DCT signs, row by row) that the pictures would have after the turn.

    Exact but for coefficients next to the median: a hash takes a few bits of difference anyway.
    """
    return (_transposed(hashes) if turn & 4 else hashes) ^ _FLIPS[turn & 3]


def _transposed(hashes: Hashes) -> Hashes:
    for shift, mask in _SWAPS:
        swapped = (hashes ^ (hashes >> shift)) & mask
        hashes = hashes ^ swapped ^ (swapped << shift)
    return hashes


def closest_turn(one: Hashes, other: Hashes) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """(differing bits, turn) of each pair, with the turn of `other` that differs least; of equal ones the first."""
    bits = np.bitwise_count(one ^ other)
    best = np.zeros(len(bits), dtype=np.uint8)
    for flipped in (other, _transposed(other)):
        for flip, mask in enumerate(_FLIPS):
            turn = flip + (4 if flipped is not other else 0)
            found = np.bitwise_count(one ^ flipped ^ mask)
            closer = found < bits
            best[closer] = turn
            np.minimum(bits, found, out=bits)
    return bits, best


def turn_layouts(layouts: npt.NDArray[np.uint8], turns: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Layouts (n, 192) of pictures after turns (n,)."""
    turned = layouts.reshape(-1, _SIDE, _SIDE, 3).copy()
    swap = (turns & 4) > 0
    turned[swap] = turned[swap].transpose(0, 2, 1, 3)
    flip = (turns & 2) > 0
    turned[flip] = turned[flip, ::-1]
    mirror = (turns & 1) > 0
    turned[mirror] = turned[mirror, :, ::-1]
    return turned.reshape(layouts.shape)


def poses(layouts: npt.NDArray[np.uint8], slack: float) -> npt.NDArray[np.bool_]:
    """(n, 8): the turns after which a picture is brighter on the left than right, and above than below, and more so.

    However a picture is turned, it comes to lie in the same pose. Where a slope is faint, or both are alike (closer
    than `slack` times the steeper one), a trifle decides, and all the poses that come into question are given.
    """
    across, down = _slopes(layouts)
    least = slack * np.maximum(np.abs(across), np.abs(down))
    given = np.zeros((len(layouts), TURNS), dtype=np.bool_)
    for turn in range(TURNS):
        right, below = (down, across) if turn & 4 else (across, down)
        right = -right if turn & 1 else right
        below = -below if turn & 2 else below
        given[:, turn] = (right >= -least) & (below >= -least) & (np.abs(right) - np.abs(below) >= -least)
    return given


def _slopes(layouts: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    luma = layouts.reshape(-1, _SIDE, _SIDE, 3) @ _LUMA
    return luma.sum(axis=1) @ _WAVE, luma.sum(axis=2) @ _WAVE
