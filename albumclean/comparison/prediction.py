"""How well one photo can be made from the other: tones by a curve, sharpness and blur by a small filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from albumclean.comparison.patches import Patch

_DETAIL = 3.0  # pixels, standard deviation: what is finer is fine detail
_DETAIL = 3.0  # pixels, standard deviation: what is finer is fine detail
_LEVELS = 24  # support points of the tone curve
_RIDGE = 1e-4
_THINNED = 5  # one pixel in so many is enough for 13 weights; odd, so that all columns of a block are met
_OUTLIER = 16.0  # times the usual square error
_NEIGHBOURS = (  # rings around the pixel, each of which gets one weight
    np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], dtype=np.float32) / 4,
    np.array([[1, 0, 1], [0, 0, 0], [1, 0, 1]], dtype=np.float32) / 4,
    np.array([[0, 0, 1, 0, 0], [0, 0, 0, 0, 0], [1, 0, 0, 0, 1], [0, 0, 0, 0, 0], [0, 0, 1, 0, 0]], np.float32) / 4,
)
_BLURS = (1.2, 2.4, 4.8)  # pixels, standard deviation
_UNFILTERED = (0, 7, 8, 9, 10, 11, 12)  # the columns of tone and colour


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """Patches of the target as the guest would have them."""

    wanted: tuple[NDArray[np.float32], ...]  # the target's luma
    made: tuple[NDArray[np.float32], ...]  # from the guest, by tone, colour and filter
    plain: tuple[NDArray[np.float32], ...]  # by tone and colour alone
    used: tuple[NDArray[np.bool_], ...]  # the pixels that count: not clipped, nothing laid over them
    error: float  # of `made`, root mean square in grey levels
    plain_error: float  # of `plain`
    spread: float  # of the target's fine detail, in grey levels


def predict(patches: Sequence[Patch]) -> Prediction:
    """The best tone curve and 11-pixel symmetric filter from guest to target, fitted over all patches.

    Clipped pixels and, in a second round, blocks that something was laid over (a caption, a sticker) don't count.
    """
    wanted = [patch.target for patch in patches]
    used = [patch.whole for patch in patches]
    toned = _toned([patch.guest for patch in patches], wanted, used)
    columns = [_basis(piece, patch.chroma) for piece, patch in zip(toned, patches, strict=True)]
    made = _fitted(columns, wanted, used)
    used = _without_outliers(wanted, made, used)
    made = _fitted(columns, wanted, used)
    plain = _fitted([basis[:, _UNFILTERED] for basis in columns], wanted, used)
    fine = [piece - cv2.GaussianBlur(piece, (0, 0), _DETAIL) for piece in wanted]
    details = np.concatenate([piece[mask] for piece, mask in zip(fine, used, strict=True)])
    return Prediction(
        tuple(wanted),
        tuple(made),
        tuple(plain),
        tuple(used),
        error=_error(wanted, made, used),
        plain_error=_error(wanted, plain, used),
        spread=_rms(details),
    )


def _error(
    wanted: Sequence[NDArray[np.float32]], made: Sequence[NDArray[np.float32]], used: Sequence[NDArray[np.bool_]]
) -> float:
    return _rms(np.concatenate([(a - b)[mask] for a, b, mask in zip(wanted, made, used, strict=True)]))


def _rms(values: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(values**2))) if len(values) else 0.0


def _fitted(
    columns: Sequence[NDArray[np.float32]], wanted: Sequence[NDArray[np.float32]], used: Sequence[NDArray[np.bool_]]
) -> list[NDArray[np.float32]]:
    count = columns[0].shape[1]
    gram, moment = np.zeros((count, count)), np.zeros(count)
    for basis, want, mask in zip(columns, wanted, used, strict=True):
        chosen = np.flatnonzero(mask)[::_THINNED]
        rows = basis[chosen]
        gram += rows.T @ rows
        moment += rows.T @ want.ravel()[chosen]
    ridge = _RIDGE * max(float(np.trace(gram)) / count, 1.0)
    prior = np.zeros(count)
    prior[0] = 1.0  # no filter, where the patches are too flat to tell
    weights = np.linalg.solve(gram + ridge * np.eye(count), moment + ridge * prior).astype(np.float32)
    return [(basis @ weights).reshape(want.shape) for basis, want in zip(columns, wanted, strict=True)]


def _without_outliers(
    wanted: Sequence[NDArray[np.float32]], made: Sequence[NDArray[np.float32]], used: Sequence[NDArray[np.bool_]]
) -> list[NDArray[np.bool_]]:
    squares = [cv2.blur((a - b) ** 2, (9, 9)) for a, b in zip(wanted, made, strict=True)]
    usual = np.median(np.concatenate([square[::4, ::4].ravel() for square in squares]))
    return [mask & (square < _OUTLIER * (usual + 1)) for square, mask in zip(squares, used, strict=True)]


def _toned(
    guest: Sequence[NDArray[np.float32]], wanted: Sequence[NDArray[np.float32]], used: Sequence[NDArray[np.bool_]]
) -> list[NDArray[np.float32]]:
    """The guest's tones by the mean of the target's at the same level."""
    levels = np.concatenate([piece[mask] for piece, mask in zip(guest, used, strict=True)])[::4]
    answers = np.concatenate([piece[mask] for piece, mask in zip(wanted, used, strict=True)])[::4]
    if not len(levels):
        return list(guest)
    edges = np.unique(np.quantile(levels, np.linspace(0, 1, _LEVELS + 1)))
    if len(edges) < 3:
        return [np.full_like(piece, answers.mean()) for piece in guest]
    cell = np.clip(np.searchsorted(edges, levels, side="right") - 1, 0, len(edges) - 2)
    count = np.bincount(cell, minlength=len(edges) - 1)
    met = count > 0
    at = np.bincount(cell, levels, len(edges) - 1)[met] / count[met]
    to = np.bincount(cell, answers, len(edges) - 1)[met] / count[met]
    # Beyond the outermost means the curve goes on as it ran; np.interp would flatten the deepest and brightest tones.
    first = to[0] + (edges[0] - at[0]) * _slope(at[:2], to[:2])
    last = to[-1] + (edges[-1] - at[-1]) * _slope(at[-2:], to[-2:])
    at, to = np.concatenate([[edges[0] - 1e-3], at, [edges[-1] + 1e-3]]), np.concatenate([[first], to, [last]])
    return [np.interp(piece, at, to).astype(np.float32) for piece in guest]


def _slope(at: NDArray[np.float64], to: NDArray[np.float64]) -> float:
    return float((to[1] - to[0]) / (at[1] - at[0])) if len(at) == 2 and at[1] > at[0] else 0.0


def _basis(luma: NDArray[np.float32], chroma: NDArray[np.float32]) -> NDArray[np.float32]:
    """One column for each weight, pixels x 13: the pixel, what surrounds it, and its colour.

    Another mix of the channels (black and white by a red filter, another white balance) turns colour into luma.
    """
    rings = [cv2.filter2D(luma, -1, kernel, borderType=cv2.BORDER_REFLECT_101) for kernel in _NEIGHBOURS]
    blurs = [cv2.GaussianBlur(luma, (0, 0), width) for width in _BLURS]
    blue, red = chroma[..., 0], chroma[..., 1]
    light = luma / 128 - 1
    colours: list[NDArray[np.floating]] = [blue, red, blue * light, red * light, blue * blue / 64, np.ones_like(luma)]
    columns = [luma, *rings, *blurs, *colours]
    return np.asarray(cv2.merge(columns), dtype=np.float32).reshape(-1, len(columns))
