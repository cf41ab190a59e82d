"""KADID-10k: 81 photos, each spoiled in 25 ways at five levels, judged by a crowd."""

from __future__ import annotations

from typing import Final

from albumclean.evaluation.dataset import Folder
from albumclean.evaluation.kadid import FILE
from albumclean.evaluation.preset import MODELSCOPE_DEGRADATION, Labelled, Labels, Preset, Published
from albumclean.evaluation.sheets import read_sheet
from albumclean.words import shown

# Of the ten that the protocol reads, the names are those of `albumclean.distortions.KADID`.
DISTORTIONS: Final = (
    "gaussian-blur", "lens-blur", "motion-blur", "colour-diffusion", "colour-shift", "colour-quantisation",
    "colour-saturation-hsv", "colour-saturation-lab", "jpeg2000", "jpeg", "white-noise", "colour-noise",
    "impulse-noise", "multiplicative-noise", "denoise", "brighten", "darken", "mean-shift", "jitter",
    "non-eccentricity-patch", "pixelate", "quantisation", "colour-block", "high-sharpen", "contrast-change",
)  # fmt: skip


def _read(folder: Folder) -> Labels:
    pictures = []
    path = folder.labels("dmos.csv")
    for row in read_sheet(path, ("dist_img", "dmos")):
        file = row.text("dist_img")
        named = FILE.fullmatch(file)
        if named is None or not 1 <= int(named["type"]) <= len(DISTORTIONS):
            raise row.error(f"{shown(file)} is not named as KADID-10k names its pictures, I01_01_01.png")
        pictures.append(Labelled(file, row.number("dmos"), subset=DISTORTIONS[int(named["type"]) - 1]))
    names = [picture.name for picture in pictures]
    return Labels(tuple(pictures), folder.pictures(path, names, "images", "distorted_images"))


PRESET: Final = Preset(
    name="kadid-10k",
    title="KADID-10k",
    paper="H. Lin, V. Hosu, D. Saupe: KADID-10k: A large-scale artificially distorted IQA database (QoMEX 2019)",
    source="https://database.mmsp-kn.de/kadid-10k-database.html",
    licence="the clean photos are of Pixabay, free to edit and distribute; none is named for the scores",
    layout="dmos.csv and the pictures I01_01_01.png, ... in images",
    scale=(1.0, 5.0),
    read=_read,
    note="What its labels call dmos is a MOS of the comparison with the clean photo: higher is better. "
    "There is no official split.",
    published_faults=(
        Published(
            "ModelScope degradation", 0.9654, 0.9963, on="ten distortions, each alone", source=MODELSCOPE_DEGRADATION
        ),
    ),
)
