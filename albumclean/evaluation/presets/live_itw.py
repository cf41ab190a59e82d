"""LIVE In the Wild Image Quality Challenge (CLIVE): 1,162 photos of phones, judged by a crowd."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

import numpy as np

from albumclean.evaluation.dataset import Folder
from albumclean.evaluation.matlab import numbers, texts
from albumclean.evaluation.preset import IQA_PYTORCH, KONIQ_PAPER, Labelled, Labels, Preset, Published

_NAMES: Final = "AllImages_release.mat"
_SCORES: Final = "AllMOS_release.mat"
_BLOCK: Final = 20  # neighbours among the numbered photos may be of one hand, so that blocks of them share a part
_TEST: Final = 5  # the first of so many blocks is held out
_TRAINING: Final = 7  # the first pictures, t1.bmp to t7.bmp: people were trained with them, and nobody counts them


def _read(folder: Folder) -> Labels:
    names = texts(folder.labels(_NAMES), "AllImages_release")
    path = folder.labels(_SCORES)
    scores = numbers(path, "AllMOS_release")
    if len(names) != len(scores):
        raise folder.unusable(f"{_NAMES} names {len(names)} pictures, but {_SCORES} holds {len(scores)} scores")
    if not np.isfinite(scores).all():
        raise folder.unusable(f"{_SCORES} holds scores that are not numbers")
    both = list(zip(names, scores.tolist(), strict=True))[_TRAINING:]
    place = folder.pictures(path, names[_TRAINING:], "Images")
    return Labels(tuple(Labelled(name, mos, part=_part(name)) for name, mos in both), place)


def _part(name: str) -> str:
    """Ours, as there is no official split: the built-in judge learned from "train"."""
    number = PurePath(name).stem
    if not number.isdecimal():
        return ""
    return "train" if int(number) // _BLOCK % _TEST else "test"


def _measured(model: str, plcc: float, srcc: float, krcc: float, *, trained_here: bool = False) -> Published:
    return Published(model, plcc, srcc, krcc, on="all", trained_here=trained_here, source=IQA_PYTORCH)


PRESET: Final = Preset(
    name="live-itw",
    title="LIVE In the Wild (CLIVE)",
    paper="D. Ghadiyaram, A. C. Bovik: Massive online crowdsourced study of subjective and objective picture quality "
    "(IEEE TIP 25, 2016)",
    source="https://live.ece.utexas.edu/research/ChallengeDB/index.html (its password is given on request)",
    licence="free to use, copy and distribute with its copyright notice, The University of Texas at Austin",
    layout=f"ChallengeDB_release with Data/{_NAMES}, Data/{_SCORES} and the pictures in Images",
    scale=(0.0, 100.0),
    read=_read,
    note="The seven training pictures are left out, as is usual. There is no official split: models that were trained "
    "on a part of it are measured on the rest. The judge learned from our part train; of the photos that it has not "
    "seen, --part test tells.",
    published=(
        _measured("BRISQUE", 0.3509, 0.3128, 0.2113),
        _measured("NIQE", 0.4800, 0.4505, 0.3069),
        _measured("ILNIQE", 0.4938, 0.4381, 0.2972),
        _measured("NIMA (AVA)", 0.4993, 0.5071, 0.3480),
        _measured("PaQ-2-PiQ", 0.7542, 0.7188, 0.5302),
        _measured("MANIQA", 0.7244, 0.6555, 0.4705),
        _measured("CLIP-IQA", 0.6883, 0.6955, 0.5065),
        _measured("HyperIQA", 0.7688, 0.7440, 0.5448),
        _measured("DBCNN", 0.7864, 0.7642, 0.5667),
        _measured("TOPIQ", 0.8261, 0.8106, 0.6165),
        _measured("MUSIQ (KonIQ)", 0.8295, 0.7889, 0.5986),
        _measured("CLIP-IQA+", 0.8312, 0.8045, 0.6109),
        Published("KonCept512", None, 0.825, on="all", source=KONIQ_PAPER),
    ),
)
