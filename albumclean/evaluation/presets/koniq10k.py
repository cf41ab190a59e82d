"""KonIQ-10k: 10,073 photos of Flickr, judged by a crowd."""

from __future__ import annotations

from typing import Final

from albumclean.evaluation.dataset import Folder
from albumclean.evaluation.preset import IQA_PYTORCH, KONIQ_PAPER, Labelled, Labels, Preset, Published
from albumclean.evaluation.sheets import read_sheet
from albumclean.words import shown

_SETS: Final = "koniq10k_distributions_sets.csv"  # with the split, and the z-scores as MOS
_SCORES: Final = "koniq10k_scores_and_distributions.csv"  # without the split; MOS from 1 to 5 beside the z-scores
_PARTS: Final = {"training": "train", "validation": "val", "test": "test"}


def _read(folder: Folder) -> Labels:
    path = folder.labels(_SETS, _SCORES)
    split = path.name.casefold() == _SETS
    column = "MOS" if split else "MOS_zscore"
    pictures = []
    for row in read_sheet(path, ("image_name", column, "set") if split else ("image_name", column)):
        part = _PARTS.get(row.text("set"), "") if split else ""
        if split and not part:
            raise row.error(f"the set {shown(row.text('set'))} is none of {', '.join(_PARTS)}")
        pictures.append(Labelled(row.text("image_name"), row.number(column), part=part))
    names = [picture.name for picture in pictures]
    return Labels(tuple(pictures), folder.pictures(path, names, "1024x768", "512x384", "images", ""))


_SMALL: Final = "test part, 512 x 384"


def _measured(
    model: str, plcc: float, srcc: float, krcc: float, *, on: str = _SMALL, trained_here: bool = False
) -> Published:
    return Published(model, plcc, srcc, krcc, on=on, trained_here=trained_here, source=IQA_PYTORCH)


PRESET: Final = Preset(
    name="koniq-10k",
    title="KonIQ-10k",
    paper=KONIQ_PAPER,
    source="https://database.mmsp-kn.de/koniq-10k-database.html (labels with the split: github.com/subpic/koniq)",
    licence="the photos are of YFCC100M, each under its Creative Commons licence; for the scores see its page",
    layout=f"{_SETS} (with the official split) or {_SCORES}, and the pictures in a folder 1024x768 or 512x384",
    scale=(0.0, 100.0),
    read=_read,
    part="test",
    note="The MOS is the mean of z-scores, mapped to 0 to 100. Most published numbers are of pictures at 512 x 384; "
    "where both sizes are there, 1024 x 768 is judged.",
    published=(
        _measured("BRISQUE", 0.2107, 0.2300, 0.1548),
        _measured("NIQE", 0.3155, 0.3769, 0.2555),
        _measured("ILNIQE", 0.5232, 0.5510, 0.3862),
        _measured("NIMA (AVA)", 0.7156, 0.6662, 0.4816),
        _measured("PaQ-2-PiQ", 0.7062, 0.6430, 0.4622),
        _measured("MUSIQ (SPAQ)", 0.7528, 0.6799, 0.4927),
        _measured("MANIQA", 0.7150, 0.6567, 0.4676),
        _measured("CLIP-IQA", 0.7211, 0.6572, 0.4736),
        _measured("CLIP-IQA+", 0.8454, 0.8026, 0.6123, trained_here=True),
        _measured("CLIP-IQA+", 0.9090, 0.8954, 0.7181, on="test part, 1024 x 768", trained_here=True),
        _measured("HyperIQA", 0.9196, 0.8991, 0.7283, trained_here=True),
        _measured("DBCNN", 0.9269, 0.9122, 0.7451, trained_here=True),
        _measured("TOPIQ", 0.9436, 0.9299, 0.7727, trained_here=True),
        Published("KonCept512", None, 0.921, on=_SMALL, trained_here=True, source=KONIQ_PAPER),
    ),
)
