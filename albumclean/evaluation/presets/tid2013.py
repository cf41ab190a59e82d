"""TID2013: 25 pictures, each spoiled in 24 ways at five levels, compared by people."""

from __future__ import annotations

import math
import re
from typing import Final

from albumclean.evaluation.dataset import Folder
from albumclean.evaluation.preset import IDEALO, IQA_PYTORCH, Labelled, Labels, Preset, Published
from albumclean.evaluation.sheets import line_error, read_text

DISTORTIONS: Final = (
    "gaussian-noise", "colour-noise", "correlated-noise", "masked-noise", "high-frequency-noise", "impulse-noise",
    "quantisation-noise", "gaussian-blur", "denoise", "jpeg", "jpeg2000", "jpeg-transmission",
    "jpeg2000-transmission", "non-eccentricity-pattern", "block-wise", "mean-shift", "contrast-change",
    "colour-saturation", "multiplicative-noise", "comfort-noise", "compressed-noise", "colour-quantisation-dither",
    "chromatic-aberration", "sparse-sampling",
)  # fmt: skip
_FILE: Final = re.compile(r"i\d\d_(?P<type>\d\d)_\d\.bmp", re.IGNORECASE)


def _read(folder: Folder) -> Labels:
    path = folder.labels("mos_with_names.txt")
    pictures = []
    for line, text in enumerate(read_text(path).splitlines(), start=1):
        if not (cells := text.split()):
            continue
        named = _FILE.fullmatch(cells[-1])
        if len(cells) != 2 or named is None or not 1 <= int(named["type"]) <= len(DISTORTIONS):
            raise line_error(path, line, "it is not a score and a name like I01_01_1.bmp")
        try:
            mos = float(cells[0])
        except ValueError:
            mos = math.nan
        if not math.isfinite(mos):
            raise line_error(path, line, "its score is not a number")
        pictures.append(Labelled(cells[1], mos, subset=DISTORTIONS[int(named["type"]) - 1]))
    names = [picture.name for picture in pictures]
    return Labels(tuple(pictures), folder.pictures(path, names, "distorted_images"))


def _measured(model: str, plcc: float, srcc: float, krcc: float) -> Published:
    return Published(model, plcc, srcc, krcc, on="all", source=IQA_PYTORCH)


PRESET: Final = Preset(
    name="tid2013",
    title="TID2013",
    paper="N. Ponomarenko et al.: Image database TID2013 (Signal Processing: Image Communication 30, 2015)",
    source="https://www.ponomarenko.info/tid2013.htm",
    licence="its readme allows use and copying for education and research, with its copyright notice",
    layout="mos_with_names.txt and the pictures I01_01_1.bmp, ... in distorted_images",
    scale=(0.0, 9.0),
    read=_read,
    note="People chose the better of two pictures: the MOS counts how often, 0 to 9. There is no official split.",
    published=(
        _measured("BRISQUE", 0.4317, 0.3672, 0.2574),
        _measured("NIQE", 0.3669, 0.3121, 0.2124),
        _measured("ILNIQE", 0.5156, 0.4870, 0.3442),
        _measured("PaQ-2-PiQ", 0.5776, 0.4011, 0.2838),
        _measured("DBCNN", 0.5454, 0.4348, 0.3057),
        _measured("HyperIQA", 0.5646, 0.4502, 0.3142),
        _measured("TOPIQ", 0.5625, 0.4452, 0.3143),
        _measured("CLIP-IQA", 0.6471, 0.5786, 0.4107),
        _measured("MUSIQ (KonIQ)", 0.6814, 0.5750, 0.4131),
        _measured("MANIQA", 0.6893, 0.5884, 0.4189),
        _measured("CLIP-IQA+", 0.7010, 0.6318, 0.4541),
        Published(
            "NIMA technical (MobileNet)", 0.652, 0.675, on="a test part of its own", trained_here=True, source=IDEALO
        ),
    ),
)
