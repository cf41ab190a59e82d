"""Evidence from tones and colours: what maps many to one can't be undone, so the one with more of them came first."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from albumclean.comparison.evidence import Evidence, Half, Pair, clamped, ratio
from albumclean.comparison.small import LUMA

_FEWEST = 100  # pixels that both show
_GREY = 1.5  # root mean square of the chroma of a picture without colour
_COLOURFUL = 3.0
_WHITE, _BLACK = 254, 1
_FADED_WHITE, _FADED_BLACK = 245.0, 8.0


def tones(pair: Pair) -> Iterator[Evidence]:
    """What brightness, contrast and colour tell."""
    both = pair.together
    if int(both.alike.sum()) < _FEWEST:
        return
    mine, theirs = both.one[both.alike], both.other[both.alike]
    luma, other_luma = mine @ LUMA, theirs @ LUMA
    chroma, other_chroma = _chroma(mine, luma), _chroma(theirs, other_luma)
    vivid, other_vivid = _rms(chroma), _rms(other_chroma)
    lost, other_lost = _unmade(chroma, other_luma, other_chroma), _unmade(other_chroma, luma, chroma)
    colours = "has colours that the other has lost"
    yield Evidence("colours_lost", ratio(lost / (vivid + 2), other_lost / (other_vivid + 2), 0.02, 2), colours, colours)
    yield Evidence("colour_error", ratio(lost, other_lost, 0.3, 2), colours, colours)
    yield Evidence("saturation", ratio(vivid, other_vivid, 1.0, 1.5))
    grey = "is in colour (the other is black and white)"
    yield Evidence("in_colour", _coloured(vivid, other_vivid) - _coloured(other_vivid, vivid), grey, grey)
    yield from _clipping(both.one_pixels[both.alike], both.other_pixels[both.alike])
    yield from _range(luma, other_luma)
    blur = "has tones that the other has merged"
    yield Evidence("tones_merged", ratio(_scatter(luma, other_luma), _scatter(other_luma, luma), 0.02, 1.5), blur, blur)
    combed = "has an even histogram (the other's has gaps, from tones pulled apart)"
    yield Evidence("histogram_gaps", ratio(_comb(pair.other), _comb(pair.one), 0.03, 2), combed, combed)


def _clipping(mine: NDArray[np.uint8], theirs: NDArray[np.uint8]) -> Iterator[Evidence]:
    text = "keeps structure where the other is clipped to white"
    white = _share((theirs >= _WHITE) & (mine < _WHITE - 4)) - _share((mine >= _WHITE) & (theirs < _WHITE - 4))
    yield Evidence("clipped_white", clamped(20 * white, 1), text, text)
    text = "keeps structure where the other is clipped to black"
    black = _share((theirs <= _BLACK) & (mine > _BLACK + 5)) - _share((mine <= _BLACK) & (theirs > _BLACK + 5))
    yield Evidence("clipped_black", clamped(20 * black, 1), text, text)
    yield Evidence("white", clamped(20 * (_share(theirs >= _WHITE) - _share(mine >= _WHITE)), 1))
    yield Evidence("black", clamped(20 * (_share(theirs <= _BLACK) - _share(mine <= _BLACK)), 1))


def _range(luma: NDArray[np.float32], other: NDArray[np.float32]) -> Iterator[Evidence]:
    (low, high), (other_low, other_high) = np.percentile(luma, [0.5, 99.5]), np.percentile(other, [0.5, 99.5])
    text = "uses more of the range from black to white"
    yield Evidence("range", clamped(float((high - low) - (other_high - other_low)) / 50, 1.5), text, text)
    yield Evidence("contrast", ratio(float(luma.std()), float(other.std()), 1.0, 0.7))
    text = "has full whites (the other's are greyed)"
    faded = max(0.0, _FADED_WHITE - float(other_high)) - max(0.0, _FADED_WHITE - float(high))
    yield Evidence("faded_white", clamped(faded / 20, 1.5), text, text)
    text = "has full blacks (the other's are greyed)"
    faded = max(0.0, float(other_low) - _FADED_BLACK) - max(0.0, float(low) - _FADED_BLACK)
    yield Evidence("faded_black", clamped(faded / 20, 1.5), text, text)


def _share(mask: NDArray[np.bool_]) -> float:
    return float(mask.mean())


def _rms(values: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _coloured(vivid: float, other: float) -> float:
    return 1.0 if vivid > _COLOURFUL and other < _GREY else 0.0


def _chroma(colours: NDArray[np.float32], luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blue and red without luma."""
    return np.stack([colours[:, 2] - luma, colours[:, 0] - luma], axis=1)


def _unmade(chroma: NDArray[np.float32], luma: NDArray[np.float32], guest: NDArray[np.float32]) -> float:
    """What a smooth map from the other's luma and chroma leaves of `chroma`, root mean square in grey levels."""
    light = luma[:, None]
    parts: list[NDArray[np.floating]] = [
        np.ones_like(light),
        light,
        light**2 / 255,
        guest,
        guest**2 / 255,
        guest * light / 255,
    ]
    basis = np.concatenate(parts, axis=1).astype(np.float32)
    weights = np.linalg.solve(basis.T @ basis + 1e-2 * np.eye(basis.shape[1], dtype=np.float32), basis.T @ chroma)
    return _rms(chroma - basis @ weights)


def _scatter(luma: NDArray[np.float32], guest: NDArray[np.float32]) -> float:
    """Spread of `luma` among pixels that are equal in the other, as a share of its whole spread."""
    edges = np.unique(np.quantile(guest, np.linspace(0, 1, 33)))
    if len(edges) < 2:
        return 1.0
    cell = np.clip(np.searchsorted(edges, guest, side="right") - 1, 0, len(edges) - 2)
    means = np.bincount(cell, luma) / np.maximum(1, np.bincount(cell))
    return float((luma - means[cell]).std() / (luma.std() + 1))


def _comb(half: Half) -> float:
    """How much the histogram of the native luma jumps from level to level, as a share of its pixels."""
    counts = np.bincount(half.raster.luma[::5, ::3].ravel(), minlength=256).astype(np.float64)
    total = counts.cumsum()
    first, last = np.searchsorted(total, [0.02 * total[-1], 0.98 * total[-1]])
    if last - first < 8:
        return 0.0
    between = (counts[first : last - 1] + counts[first + 2 : last + 1]) / 2
    inner = counts[first + 1 : last]
    return float(np.abs(inner - between).sum() / max(1.0, inner.sum()))
