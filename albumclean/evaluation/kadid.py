"""The KADID protocol: do the severities rise with the level of a fault, and does each keep silent on the others?

Published for the network that this is measured against: for each reference picture and each distortion alone, the
prediction is correlated with the five levels; then the mean. It is read off KADID-10k's own files (Lin, Hosu and Saupe,
QoMEX 2019), or off ten of its distortions of any clean photos at KADID's size of 512 x 384 pixels; there, with under-
and over-exposure, which it lacks, for the matrix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
HEADS: Final = tuple(kind.value for kind in Degradation)  # the judge's severities
_EXPOSURE: Final = (Degradation.UNDEREXPOSURE.value, Degradation.OVEREXPOSURE.value)
DISTORTIONS: Final = (*(name for _, name, _ in KADID), *_EXPOSURE)  # the order of the matrix' rows
FILE: Final = re.compile(r"I(?P<reference>\d\d)_(?P<type>\d\d)_0(?P<level>[1-5])\.png", re.IGNORECASE)

# What each distortion is read from: the largest of these that a scorer has. One blur heading: what the eye sees of a
# fault of the lens and of a short movement is the same, and the network compared with has one blur output.
READ_FROM: Final[Mapping[str, tuple[str, ...]]] = {
    "blur": ("blur", Degradation.DEFOCUS.value, Degradation.MOTION.value),
    "noise": (Degradation.NOISE.value,),
    "compression": (Degradation.COMPRESSION.value,),
}
_HEADING: Final = {
    name: next(heading for heading, severities in READ_FROM.items() if kind.value in severities)
    for _, name, kind in KADID
}
_NAMES: Final = {number: name for number, name, _ in KADID}


@dataclass(frozen=True, slots=True)
class Correlation:
    """Means over photos and distortions."""

    mean_srcc: float
    mean_plcc: float
    ladders: int
    constant: int  # ladders whose five predictions were all the same: counted as 0


@dataclass(frozen=True, slots=True)
class Protocol:
    """How well severities follow levels."""

    overall: Correlation
    by_head: dict[str, Correlation]  # by heading of `READ_FROM`, as far as the scorer has it
    by_distortion: dict[str, Correlation]


@dataclass(frozen=True, slots=True, eq=False)
class KadidReport:
    """All numbers of one run on photos that were spoiled on purpose."""

    photos: int
    protocol: Protocol
    heads: tuple[str, ...]  # the severities, in the order of the matrix' columns
    rise_at_worst: Floats  # (DISTORTIONS, heads): mean rise of the head from the clean photo to the last level
    rise_mean: Floats  # the same, as the mean over the levels


def severities(quantities: Iterable[str]) -> tuple[str, ...]:
    """Those of a scorer's quantities that are severities of faults, in their order."""
    known = {*HEADS, *(name for names in READ_FROM.values() for name in names)}
    return tuple(name for name in quantities if name in known)


def readable(quantities: Iterable[str]) -> bool:
    """Whether the protocol can read any distortion from these quantities."""
    return not {name for names in READ_FROM.values() for name in names}.isdisjoint(quantities)


def is_read(file: str) -> bool:
    """Whether the protocol reads a file of KADID-10k by this name: ten of its 25 distortions."""
    named = FILE.fullmatch(file.rpartition("/")[2])
    return named is not None and named["type"] in _NAMES


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


def report(readings: npt.ArrayLike, heads: Sequence[str] = HEADS) -> KadidReport:
    """The numbers of severities of shape (photos, `RUNGS`, heads), in the order of `ladder`. At least one photo."""
    values = np.asarray(readings, dtype=np.float64)
    clean, rungs = values[:, :1], values[:, 1:].reshape(len(values), len(DISTORTIONS), LEVELS, len(heads))
    rise = rungs - clean[:, :, None]
    ladders = []
    for row, (_, name, _) in enumerate(KADID):
        if columns := [heads.index(head) for head in READ_FROM[_HEADING[name]] if head in heads]:
            ladders += [(name, steps) for steps in rungs[:, row][..., columns].max(axis=-1)]
    return KadidReport(
        photos=len(values),
        protocol=_protocol(ladders),
        heads=tuple(heads),
        rise_at_worst=rise[:, :, -1].mean(axis=0),
        rise_mean=rise.mean(axis=(0, 2)),
    )


def of_files(readings: Iterable[tuple[str, Mapping[str, float]]]) -> Protocol | None:
    """The protocol on KADID-10k itself: file names such as "I01_03_05.png", each with severities by quantity.

    Of the 25 distortions, the ten that are read count, as in the published evaluation. A ladder that lacks a level is
    left out. None where there is no ladder.
    """
    found: dict[tuple[str, str], dict[int, float]] = {}
    for file, values in readings:
        named = FILE.fullmatch(file.rpartition("/")[2])
        if named is None or named["type"] not in _NAMES:
            continue
        name = _NAMES[named["type"]]
        if said := [values[head] for head in READ_FROM[_HEADING[name]] if head in values]:
            found.setdefault((named["reference"], name), {})[int(named["level"])] = max(said)
    ladders = [
        (name, np.array([steps[level] for level in sorted(steps)]))
        for (_, name), steps in sorted(found.items())
        if len(steps) == LEVELS
    ]
    return _protocol(ladders) if ladders else None


def _protocol(ladders: Sequence[tuple[str, Floats]]) -> Protocol:
    correlated = [(name, _correlated(steps)) for name, steps in ladders]
    there = {name for name, _ in ladders}
    headings = {_HEADING[name] for name in there}
    return Protocol(
        overall=_mean([each for _, each in correlated]),
        by_head={
            heading: _mean([each for name, each in correlated if _HEADING[name] == heading])
            for heading in READ_FROM
            if heading in headings
        },
        by_distortion={
            wanted: _mean([each for name, each in correlated if name == wanted])
            for _, wanted, _ in KADID
            if wanted in there
        },
    )


def _correlated(steps: Floats) -> tuple[float, float, bool]:
    """(SRCC, PLCC, whether the predictions are constant) of the five predictions of a ladder."""
    levels = np.arange(1, LEVELS + 1, dtype=np.float64)
    if np.ptp(steps) == 0:
        return 0.0, 0.0, True
    return srcc(steps, levels), plcc(steps, levels), False


def _mean(ladders: list[tuple[float, float, bool]]) -> Correlation:
    ranks, values, constant = zip(*ladders, strict=True)
    return Correlation(float(np.mean(ranks)), float(np.mean(values)), len(ladders), sum(constant))
