"""What is true of a made library: `benchmarks.great_library` puts it on a disk and into a cache.

An album of twenty years: folders of 50 to 800 photos, each the days of one camera, with pauses as people make them,
bursts (2 % of the photos), copies (30,000 groups of 2 to 4 in a million), and 1 % of the files the very same bytes
once more. How photos look is simulated (`benchmarks.simulated_library`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

import numpy as np
import numpy.typing as npt

from albumclean.domain import Photo, PhotoKind, Shot
from benchmarks.simulated_library import Fit, Library, simulate

SINGLE, COPIES = 0.9627, 0.0327  # of the shots; the rest are bursts
DOUBLES = 0.01  # of the files
SMALLEST_FOLDER, LARGEST_FOLDER = 50, 800
WITHOUT_TIME, COPIES_WITHOUT_TIME, COPIES_ELSEWHERE = 0.03, 0.4, 0.4
KINDS = {
    PhotoKind.PHOTO: 0.87,
    PhotoKind.SCREENSHOT: 0.08,
    PhotoKind.DOCUMENT: 0.03,
    PhotoKind.GRAPHIC: 0.01,
    PhotoKind.SCAN: 0.01,
}
CAMERAS = (
    ("Apple iPhone 6", 4032, 3024),
    ("Apple iPhone 11", 4032, 3024),
    ("samsung SM-G960F", 4032, 3024),
    ("Google Pixel 7", 4080, 3072),
    ("Canon EOS 80D", 6000, 4000),
    ("NIKON D7100", 6000, 4000),
    ("SONY ILCE-6400", 6000, 4000),
    ("Panasonic DMC-TZ10", 4000, 3000),
)
SCREEN = (1170, 2532)
_FIRST_DAY, _DAYS = datetime(2004, 1, 1, tzinfo=UTC), 21 * 365
_MEAN_MOS, _SPREAD = 0.58, 0.14  # one photo in twenty lies below 0.35
_SHOTS = 400  # ways to expose that the cameras choose from
_PLACES = ("home", "garden", "sea", "mountains", "birthday", "city", "friends", "school", "holidays", "lake")

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class MadeLibrary:
    """Photos in the order of the album; each array has one entry a photo, if nothing else is said."""

    looks: Library  # in an order of its own: photo n looks as its row[n] says
    row: Numbers
    original: Numbers  # of a copy: the photo that it was made from; else the photo itself
    folder: Numbers
    folders: tuple[str, ...]
    seconds: npt.NDArray[np.float64]  # since the first day; NaN: the file names no time
    camera: Numbers  # of CAMERAS; -1: unknown
    kind: Numbers  # of KINDS
    shot: Numbers  # of `shots`
    shots: tuple[Shot, ...]
    mos: Floats
    faults: Floats  # (N, 6): severities
    doubles: Numbers  # (D,): photos whose bytes lie in a second file too

    @classmethod
    def make(cls, fit: Fit, files: int, seed: int) -> Self:
        """So many files, always the same."""
        doubled = round(files * DOUBLES)
        count = files - doubled
        rng = np.random.default_rng(seed)
        looks = simulate(fit, count, seed, single=SINGLE, copies=COPIES)
        row, original = _album_order(looks, rng)
        is_copy = original != np.arange(count)
        folder, folders = _folders(count, rng)
        by_folder = rng.choice(
            [*range(len(CAMERAS)), -1], len(folders), p=[*[0.94 / len(CAMERAS)] * len(CAMERAS), 0.06]
        )
        scene = looks.scene[row]
        seconds = _times(folder, len(folders), np.append(False, (scene[1:] == scene[:-1]) & ~is_copy[1:]), rng)
        seconds = np.where(is_copy, seconds[original], seconds)
        seconds[rng.random(count) < np.where(is_copy, COPIES_WITHOUT_TIME, WITHOUT_TIME)] = np.nan
        kind = rng.choice(len(KINDS), int(looks.scene.max()) + 1, p=list(KINDS.values()))[scene]
        camera = np.where(kind == list(KINDS).index(PhotoKind.SCREENSHOT), -1, by_folder[folder])
        mos = rng.normal(_MEAN_MOS, _SPREAD, int(scene.max()) + 1)[scene] + rng.normal(0, 0.03, count)
        mos = np.clip(np.where(is_copy, mos - 0.04, mos), 0.02, 0.98)
        faults = rng.gamma(0.6, 0.09, (count, 6))
        worst = rng.integers(0, 6, count)
        faults[np.arange(count), worst] += np.maximum(0, 0.75 - 1.2 * mos)
        return cls(
            looks=looks,
            row=row,
            original=original,
            folder=folder,
            folders=folders,
            seconds=seconds,
            camera=np.where(is_copy, camera[original], camera),
            kind=np.where(is_copy, kind[original], kind),
            shot=rng.integers(0, _SHOTS, count),
            shots=_shots(rng),
            mos=mos.astype(np.float32),
            faults=np.clip(faults, 0, 1).astype(np.float32),
            doubles=np.sort(rng.choice(count, doubled, replace=False)),
        )

    def __len__(self) -> int:
        return len(self.row)

    def name(self, number: int) -> str:
        """Where the photo lies, below the folder of the photos, without its suffix."""
        return f"{self.folders[self.folder[number]]}/IMG_{number % 10_000:04}"

    def photo(self, number: int, digest: bytes) -> Photo:
        """What its bytes would say of it."""
        camera = int(self.camera[number])
        name, width, height = (None, *SCREEN) if camera < 0 else CAMERAS[camera]
        if number % 4 == 0:
            width, height = height, width
        if self.original[number] != number:
            width, height = width // 2, height // 2
        seconds = float(self.seconds[number])
        taken = None if np.isnan(seconds) else _FIRST_DAY + timedelta(seconds=seconds)
        exact = "milliseconds" if camera % 2 else "seconds"
        return Photo(
            digest,
            width,
            height,
            "JPEG",
            None if taken is None else taken.replace(tzinfo=None).isoformat(timespec=exact),
            name,
            shot=Shot() if name is None else self.shots[self.shot[number]],
        )


def _album_order(looks: Library, rng: np.random.Generator) -> tuple[Numbers, Numbers]:
    """(row of each photo, the number of its original): shots of one scene side by side, some copies somewhere else."""
    count = len(looks.scene)
    by_shot = np.argsort(looks.shot, kind="stable")
    is_first = np.append(True, looks.shot[by_shot][1:] != looks.shot[by_shot][:-1])
    is_copy, original_row = np.empty(count, np.bool_), np.empty(count, np.int64)
    is_copy[by_shot] = ~is_first
    original_row[by_shot] = by_shot[np.maximum.accumulate(np.where(is_first, np.arange(count), 0))]
    place = looks.scene.astype(np.float64)
    elsewhere = is_copy & (rng.random(count) < COPIES_ELSEWHERE)
    place[elsewhere] = rng.uniform(0, place.max() + 1, int(elsewhere.sum()))
    row = np.lexsort((looks.shot, is_copy, place))
    number = np.empty(count, np.int64)
    number[row] = np.arange(count)
    return row, number[original_row[row]]


def _folders(count: int, rng: np.random.Generator) -> tuple[Numbers, tuple[str, ...]]:
    """(the folder of each photo, their names), in the order of the names."""
    sizes: list[int] = []
    while sum(sizes) < count:
        sizes.append(int(np.exp(rng.uniform(np.log(SMALLEST_FOLDER), np.log(LARGEST_FOLDER)))))
    names = []
    for number in range(len(sizes)):
        day = _FIRST_DAY + timedelta(days=number * _DAYS / len(sizes))
        place = _PLACES[int(rng.integers(len(_PLACES)))]
        names.append(f"{day:%Y}/{day:%Y-%m-%d} {number:05} {place}")
    return np.repeat(np.arange(len(sizes)), sizes)[:count], tuple(names)


def _times(
    folder: Numbers, folders: int, same_burst: npt.NDArray[np.bool_], rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    pauses = np.minimum(np.exp(rng.normal(np.log(25), 1.6, len(folder))), 7200.0)
    pauses = np.where(same_burst, rng.uniform(0.3, 1.5, len(folder)), pauses)
    since = np.cumsum(pauses)
    first = np.searchsorted(folder, np.arange(folders))
    begin = np.arange(folders) * (_DAYS * 86400 / folders) + rng.uniform(8, 18, folders) * 3600
    return np.asarray(begin[folder] + since - since[first][folder], np.float64)


def _shots(rng: np.random.Generator) -> tuple[Shot, ...]:
    stops = rng.integers(5, 11, _SHOTS), rng.integers(0, 6, _SHOTS), rng.integers(0, 4, _SHOTS)
    return tuple(
        Shot(exposure=1 / 2**time, f_number=(1.8, 2.8, 4.0, 5.6)[opening], iso=100 * 2**iso, focal_length=4.3 + iso)
        for time, iso, opening in zip(*(side.tolist() for side in stops), strict=True)
    )
