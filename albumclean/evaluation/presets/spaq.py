"""SPAQ: 11,125 photos of 66 phones, judged in a laboratory."""

from __future__ import annotations

from typing import Final

from albumclean.evaluation.dataset import Folder
from albumclean.evaluation.preset import IQA_PYTORCH, Labelled, Labels, Preset, Published
from albumclean.evaluation.sheets import read_sheet

_STEM: Final = "MOS and Image attribute scores"


def _read(folder: Folder) -> Labels:
    # A sheet that somebody saved as text needs no further package: it goes first.
    path = folder.labels(f"{_STEM}.csv", f"{_STEM.replace(' ', '_')}.csv", f"{_STEM}.xlsx")
    rows = read_sheet(path, ("Image name", "MOS"))
    pictures = tuple(Labelled(row.text("Image name"), row.number("MOS")) for row in rows)
    return Labels(pictures, folder.pictures(path, [picture.name for picture in pictures], "TestImage"))


def _measured(model: str, plcc: float, srcc: float, krcc: float) -> Published:
    return Published(model, plcc, srcc, krcc, on="all, short side 448", source=IQA_PYTORCH)


PRESET: Final = Preset(
    name="spaq",
    title="SPAQ",
    paper="Y. Fang et al.: Perceptual quality assessment of smartphone photography (CVPR 2020)",
    source="https://github.com/h4nwei/SPAQ",
    licence="use, copying and changing for education and research, with its copyright notice; not commercially",
    layout=f"Annotations/{_STEM}.xlsx (or the same saved as .csv) and the pictures in TestImage",
    scale=(0.0, 100.0),
    read=_read,
    note="Published numbers are of pictures scaled down to a short side of 448 or 512 pixels, ours of the full ones. "
    "There is no official split.",
    published=(
        _measured("MUSIQ (PaQ-2-PiQ)", 0.8112, 0.8436, 0.6412),
        _measured("MUSIQ (KonIQ)", 0.8626, 0.8676, 0.6649),
        _measured("TReS (KonIQ)", 0.8624, 0.8619, 0.6600),
        _measured("TOPIQ (KonIQ)", 0.8744, 0.8704, 0.6716),
    ),
)
