"""A data set that others published: how its folder looks, and what has been measured on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from albumclean.errors import UsageError
from albumclean.evaluation.dataset import Folder
from albumclean.evaluation.table import Rated, Table, as_on_disk

ALL: Final = "all"  # every part


@dataclass(frozen=True, slots=True)
class Labelled:
    """One picture of a data set with what people gave it."""

    name: str  # of its file below the pictures' folder, as the labels say it
    mos: float  # on the preset's scale; higher is better
    subset: str = ""
    part: str = ""  # of the official split: "train", "val" or "test"; empty where there is none


@dataclass(frozen=True, slots=True)
class Labels:
    """All pictures of one data set, in the order of its labels."""

    pictures: tuple[Labelled, ...]
    folder: Path  # where the pictures lie


@dataclass(frozen=True, slots=True)
class Published:
    """What one model reached on this data set, by those who say so; None where they don't."""

    model: str
    plcc: float | None
    srcc: float | None
    krcc: float | None = None
    rmse: float | None = None
    on: str = ""  # which of its pictures, and how they were shown
    trained_here: bool = False  # on other pictures of this data set: no comparison with a model that has seen none
    source: str = ""


@dataclass(frozen=True, slots=True)
class Preset:
    """One data set."""

    name: str  # on the command line
    title: str
    paper: str
    source: str  # where it is had
    licence: str
    layout: str  # what its folder holds, for people
    scale: tuple[float, float]  # of `Labelled.mos`
    read: Callable[[Folder], Labels]  # raises DatasetUnusable and TableError
    part: str = ALL  # of the split, which published numbers are of
    note: str = ""  # what a comparison must bear in mind
    published: Sequence[Published] = ()
    published_faults: Sequence[Published] = ()  # by the KADID protocol: `plcc` and `srcc` are its means


def read_preset(preset: Preset, folder: Path, part: str | None = None) -> tuple[Table, str]:
    """The pictures of one part (None: the preset's own) of the data set in a folder, and the part's name.

    Raises DatasetUnusable, TableError, and UsageError for a part that the labels don't name.
    """
    place = Folder(folder.absolute(), preset.title, preset.layout)
    labels = preset.read(place)
    parts = {picture.part for picture in labels.pictures} - {""}
    # Labels without the split are those of all pictures.
    chosen = part or (preset.part if parts else ALL)
    if chosen != ALL and chosen not in parts:
        there = f"has {', '.join(sorted(parts))} and {ALL}" if parts else f"does not name parts: it has only {ALL}"
        raise UsageError(detail=f"There is no part {chosen!r}; this copy of {preset.title} {there}.")
    rows = {
        picture.name: Rated(
            picture.name,
            labels.folder / picture.name,
            picture.mos,
            picture.subset or (picture.part if chosen == ALL else ""),
        )
        for picture in labels.pictures
        if chosen in {ALL, picture.part}
    }
    if not rows:
        raise place.unusable("its labels name no pictures")
    return Table(as_on_disk(rows.values()), repeated=0), chosen


# The commit is named, as these tables are added to.
IQA_PYTORCH: Final = "C. Chen, J. Mo: IQA-PyTorch, tests/NR_benchmark_results.csv (commit 0d000733)"
KONIQ_PAPER: Final = "V. Hosu, H. Lin, T. Sziranyi, D. Saupe: KonIQ-10k (IEEE TIP 29, 2020)"
UGC_BENCHMARK: Final = "Z. Tu et al.: UGC-VQA (IEEE TIP 30, 2021), BVQA_Benchmark, README (commit 28c8c04f)"
MODELSCOPE_MOS: Final = "ModelScope, model card of damo/cv_resnet_image-quality-assessment-mos_youtubeUGC"
MODELSCOPE_DEGRADATION: Final = "ModelScope, model card of damo/cv_resnet50_image-quality-assessment_degradation"
BIQ2021_README: Final = "N. Ahmed: BIQ2021, README (commit 62c7b40c)"
IDEALO: Final = "idealo, image-quality-assessment, README (commit 003f8e2a)"
