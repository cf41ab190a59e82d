"""YouTube-UGC, one frame of each video: what ModelScope's MOS network was made and measured on."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from albumclean.errors import TableError
from albumclean.evaluation.dataset import Folder
from albumclean.evaluation.preset import MODELSCOPE_MOS, UGC_BENCHMARK, Labelled, Labels, Preset, Published
from albumclean.evaluation.sheets import Row, read_sheet
from albumclean.words import shown

_STEM: Final = "MOS_for_YouTube_UGC_dataset"
# The second is what a browser calls it. A sheet that somebody saved as text needs no further package: it goes first.
_VIDEOS: Final = tuple(f"{start}{_STEM}.{kind}" for kind in ("csv", "xlsx") for start in ("", "original_videos_"))
_COLUMNS: Final = ("image:FILE", "mos")  # of ModelScope's table, whatever its file is called
_PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".bmp"})
_TO_ONE: Final = 0.2  # the published evaluation multiplies the MOS of 1 to 5 by this


def _read(folder: Folder) -> Labels:
    for path in folder.ending(".csv"):
        try:
            rows = read_sheet(path, _COLUMNS)
        except TableError:
            continue  # another table
        return _of_frames(folder, rows)
    return _of_videos(folder, folder.labels(*_VIDEOS))


def _of_frames(folder: Folder, rows: Sequence[Row]) -> Labels:
    """The scores of frames, wherever below the folder these lie."""
    there = {path.name: path for path in reversed(_pictures(folder.root))}
    pictures = []
    for row in rows:
        name = row.text(_COLUMNS[0])
        found = there.get(name.replace("\\", "/").rpartition("/")[2])
        pictures.append(Labelled(_named(folder, found) if found else name, row.number("mos") * _TO_ONE))
    return Labels(tuple(pictures), folder.root)


def _of_videos(folder: Folder, path: Path) -> Labels:
    """The scores of videos, for those of which a frame is there."""
    scores = {row.text("vid"): row for row in read_sheet(path, ("vid", "MOS full")) if row.text("MOS full")}
    frames: dict[str, list[Path]] = {}
    for picture in _pictures(folder.root):
        if video := _video(picture, scores):
            frames.setdefault(video, []).append(picture)
    if not frames:
        raise folder.unusable(f"there are no frames that are named as the videos of {shown(path.name)} are")
    return Labels(
        tuple(
            # Of several, the middle one: published numbers are of one frame a video.
            Labelled(
                _named(folder, frames[video][len(frames[video]) // 2]),
                row.number("MOS full") * _TO_ONE,
                subset=row.text("category"),
            )
            for video, row in scores.items()
            if video in frames
        ),
        folder.root,
    )


def _pictures(root: Path) -> list[Path]:
    """All below the folder, in order."""
    found = [Path(place, file) for place, _, files in os.walk(root) for file in files]
    return sorted(path for path in found if path.suffix.casefold() in _PICTURES)


def _named(folder: Folder, path: Path) -> str:
    return path.relative_to(folder.root).as_posix()


def _video(frame: Path, videos: Collection[str]) -> str | None:
    """Of which video it is: VIDEO.png, VIDEO_anything.png, or anything in a folder VIDEO."""
    if frame.parent.name in videos:
        return frame.parent.name
    name = frame.stem
    while name and name not in videos:
        name = name.rpartition("_")[0]
    return name or None


def _measured(model: str, plcc: float, srcc: float, *, trained_here: bool) -> Published:
    on = "whole videos, median of 100 random fifths"
    return Published(model, plcc, srcc, on=on, trained_here=trained_here, source=UGC_BENCHMARK)


PRESET: Final = Preset(
    name="youtube-ugc",
    title="YouTube-UGC (frames)",
    paper="Y. Wang, S. Inguva, B. Adsumilli: YouTube UGC dataset for video compression research (MMSP 2019)",
    source="https://media.withyoutube.com (videos and MOS); ModelScope's 221 frames: its data set charlesHuang/"
    "vqa_mos_youtubeUGC_validation",
    licence="CC BY",
    layout=f"{_STEM}.xlsx (or the same saved as .csv) and frames named VIDEO.png, VIDEO_1.png or VIDEO/1.png; or "
    f"ModelScope's table (.csv) with the columns {' and '.join(_COLUMNS)}, and its frames",
    scale=(0.0, 1.0),
    read=_read,
    note="The MOS of 1 to 5 is multiplied by 0.2, as in the published evaluation; of a video with several frames, the "
    "middle one is judged. ModelScope's numbers are of 221 frames, a fifth of the videos that was drawn at random.",
    published=(
        _measured("NIQE", 0.2776, 0.2379, trained_here=False),
        _measured("PaQ-2-PiQ", 0.2935, 0.2658, trained_here=False),
        _measured("BRISQUE", 0.3952, 0.3820, trained_here=True),
        _measured("KonCept512", 0.5940, 0.5872, trained_here=False),
        _measured("VIDEVAL", 0.7733, 0.7787, trained_here=True),
        Published(
            "ModelScope MOS", 0.8219, 0.8224, rmse=0.0724, on="221 frames", trained_here=True, source=MODELSCOPE_MOS
        ),
    ),
)
