"""The KADID protocol: do the severities rise with the level of a fault, and does each keep silent on the others?

Published for the network that this is measured against: for each reference picture and each distortion alone, the
prediction is correlated with the five levels; then the mean. Ten distortions of KADID-10k (Lin, Hosu and Saupe, QoMEX
2019) on any clean photos at KADID's size of 512 x 384 pixels; under- and over-exposure, which it lacks, for the matrix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from albumclean.distortions import KADID, distort, kadid, kadid_reference
from albumclean.domain import Degradation
from albumclean.evaluation.metrics import plcc, srcc
from albumclean.evaluation.weighted import Floats

LEVELS: Final = 5
HEADS: Final = tuple(kind.value for kind in Degradation)  # the severities, in the order of the matrix' columns
_EXPOSURE: Final = (Degradation.UNDEREXPOSURE.value, Degradation.OVEREXPOSURE.value)
DISTORTIONS: Final = (*(name for _, name, _ in KADID), *_EXPOSURE)  # the order of the matrix' rows

# What each distortion is read from. One blur heading: what the eye sees of a fault of the lens and of a short movement
# is the same, and the network compared with has one blur output.
READ_FROM: Final[Mapping[str, tuple[Degradation, ...]]] = {
    "blur": (Degradation.DEFOCUS, Degradation.MOTION),
    "noise": (Degradation.NOISE,),
    "compression": (Degradation.COMPRESSION,),
}


@dataclass(frozen=True, slots=True)
class Correlation:
    """Means over photos and distortions."""

    mean_srcc: float
    mean_plcc: float
    ladders: int
    constant: int  # ladders whose five predictions were all the same: counted as 0


@dataclass(frozen=True, slots=True, eq=False)
class KadidReport:
    """All numbers of one run."""

    photos: int
    overall: Correlation
    by_head: dict[str, Correlation]
    by_distortion: dict[str, Correlation]
    rise_at_worst: Floats  # (DISTORTIONS, HEADS): mean rise of the head from the clean photo to the last level
    rise_mean: Floats  # the same, as the mean over the levels


def ladder(photo: Image.Image, seed: int) -> Iterator[Image.Image]:
    """The clean photo at KADID's size, then every distortion at every level: 1 + 12 x 5 pictures.

    Exposure goes by the severities 0.2, 0.4, ... 1. Equal seeds give equal pictures.
    """
    reference = kadid_reference(photo)
    yield reference
    for number, _, _ in KADID:
        for level in range(1, LEVELS + 1):
            # The same draws at each level: one fault growing, as the angle of a movement must not change on the way.
            yield kadid(reference, number, level, np.random.default_rng([seed, int(number)]))
    for name in _EXPOSURE:
        for level in range(1, LEVELS + 1):
            yield distort(reference, name, level / LEVELS, np.random.default_rng([seed, 0]))


RUNGS: Final = 1 + LEVELS * len(DISTORTIONS)  # pictures of a ladder


def report(readings: npt.ArrayLike) -> KadidReport:
    """The numbers of severities of shape (photos, `RUNGS`, `HEADS`), in the order of `ladder`. At least one photo."""
    values = np.asarray(readings, dtype=np.float64)
    clean, rungs = values[:, :1], values[:, 1:].reshape(len(values), len(DISTORTIONS), LEVELS, len(HEADS))
    rise = rungs - clean[:, :, None]
    found: dict[str, list[tuple[float, float, bool]]] = {}
    for row, (_, name, kind) in enumerate(KADID):
        columns = [HEADS.index(head.value) for head in READ_FROM[_head(kind)]]
        found[name] = [_correlated(steps) for steps in rungs[:, row][..., columns].max(axis=-1)]
    heads: dict[str, list[tuple[float, float, bool]]] = {head: [] for head in READ_FROM}
    for _, name, kind in KADID:
        heads[_head(kind)] += found[name]
    return KadidReport(
        photos=len(values),
        overall=_mean([ladder for ladders in found.values() for ladder in ladders]),
        by_head={head: _mean(ladders) for head, ladders in heads.items()},
        by_distortion={name: _mean(ladders) for name, ladders in found.items()},
        rise_at_worst=rise[:, :, -1].mean(axis=0),
        rise_mean=rise.mean(axis=(0, 2)),
    )


def _head(kind: Degradation) -> str:
    return next(head for head, kinds in READ_FROM.items() if kind in kinds)


def _correlated(steps: Floats) -> tuple[float, float, bool]:
    """(SRCC, PLCC, whether the predictions are constant) of the five predictions of a ladder."""
    levels = np.arange(1, LEVELS + 1, dtype=np.float64)
    if np.ptp(steps) == 0:
        return 0.0, 0.0, True
    return srcc(steps, levels), plcc(steps, levels), False


def _mean(ladders: list[tuple[float, float, bool]]) -> Correlation:
    ranks, values, constant = zip(*ladders, strict=True)
    return Correlation(float(np.mean(ranks)), float(np.mean(values)), len(ladders), sum(constant))
