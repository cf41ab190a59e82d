"""BIQ2021: 12,000 pictures of 512 x 512 pixels, judged in a laboratory."""

from __future__ import annotations

from typing import Final

from albumclean.evaluation.dataset import Folder
from albumclean.evaluation.preset import BIQ2021_README, Labelled, Labels, Preset, Published
from albumclean.evaluation.sheets import read_sheet

_FILES: Final = {"train": "Train (Images and MOS).csv", "test": "Test (Images and MOS).csv"}


def _read(folder: Folder) -> Labels:
    pictures = []
    for part, name in _FILES.items():
        path = folder.labels(name)
        for row in read_sheet(path, ("Image Name", "MOS")):
            file = row.text("Image Name")
            pictures.append(Labelled(file, row.number("MOS"), subset=file.split(" ")[0].casefold(), part=part))
    return Labels(tuple(pictures), folder.pictures(path, [picture.name for picture in pictures], "Images"))


def _measured(model: str, plcc: float, srcc: float, rmse: float, *, trained_here: bool) -> Published:
    return Published(model, plcc, srcc, rmse=rmse, on="test part", trained_here=trained_here, source=BIQ2021_README)


PRESET: Final = Preset(
    name="biq2021",
    title="BIQ2021",
    paper="N. Ahmed, S. Asif: BIQ2021 (Journal of Electronic Imaging 31(5), 2022)",
    source="https://github.com/nisarahmedrana/BIQ2021",
    licence="its README names none; two thirds of the pictures are from Unsplash",
    layout=f"{_FILES['train']}, {_FILES['test']} and the pictures in Images",
    scale=(0.0, 1.0),
    read=_read,
    part="test",
    note="The official split leaks: 229 of its 2,000 test pictures have a near-identical twin in the training part. "
    "The judge was trained on 9,120 pictures of this data set, among them parts of the official test; "
    "models/README.md has its numbers on scenes that it has not seen.",
    published=(
        _measured("NIQE", 0.2981, 0.2674, 0.5402, trained_here=False),
        _measured("BRISQUE", 0.6941, 0.6039, 0.1588, trained_here=True),
        _measured("VGG-16", 0.6415, 0.6001, 0.1820, trained_here=True),
        _measured("MobileNetV2", 0.6613, 0.6189, 0.1643, trained_here=True),
        _measured("ResNet-50", 0.6862, 0.6468, 0.1457, trained_here=True),
        _measured("DenseNet-201", 0.6787, 0.6364, 0.1520, trained_here=True),
        _measured("Inception-ResNet-v2", 0.7002, 0.6624, 0.1328, trained_here=True),
        _measured("NASNet-Large", 0.7083, 0.6725, 0.1259, trained_here=True),
    ),
)
