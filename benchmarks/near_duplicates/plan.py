"""Which copies are made of which photo, and under what names: drawn from a seed before any pixel is touched."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from benchmarks.collect_photos import Entry
from benchmarks.near_duplicates.hard_negatives import DARK, FRAMES, MADE
from benchmarks.near_duplicates.transformations import TRANSFORMATIONS, Header, Transformation

FAMILY_TYPES = ("series", "night", "dark", "flat", "document", "screenshot")
BURST = "burst"  # the class of photos that serve only to simulate bursts and dark frames

FOLDERS = (
    "2017/07 Italy",
    "2018/12",
    "2019",
    "2019/05 garden",
    "2021/Camera",
    "Backup/DCIM/100APPLE",
    "Backup/DCIM/Camera",
    "DCIM/Camera",
    "Desktop",
    "Downloads",
    "From Anna",
    "Phone 2020",
    "Pictures",
    "to sort",
)


@dataclass(frozen=True, slots=True)
class CopyTask:
    """One copy to make."""

    transformation: str
    strength: str
    stem: str  # folder and name without suffix, relative to the folder of pictures


@dataclass(frozen=True, slots=True)
class ShotTask:
    """One shot: where it comes from, what it is called, and the copies of it."""

    shot: str
    stem: str
    family: str  # empty for a plain source
    base: Path | None  # the collected file; None for what is drawn from the seed alone
    number: int | None  # the frame or page of a made family; None: `base` itself is the shot
    seed: int
    copies: tuple[CopyTask, ...]


class Names:
    """Names as albums have them, which tell nothing; none is given twice."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._taken: set[str] = set()

    def beside(self, folder: str | None = None) -> str:
        """A free name in `folder`, or in another one drawn for it half of the time."""
        while True:
            anywhere = folder is None or self._rng.random() < 0.5
            place = FOLDERS[self._rng.integers(len(FOLDERS))] if anywhere else folder
            stem = f"{place}/{self._name()}"
            if stem.lower() not in self._taken:
                self._taken.add(stem.lower())
                return stem

    def _name(self) -> str:
        draw = self._rng.integers
        kinds = (
            f"IMG_{draw(10_000):04}",
            f"IMG_{draw(10_000):04}",
            f"IMG_{draw(10_000):04}",
            f"DSC{draw(100_000):05}",
            f"20{draw(8, 24):02}{draw(1, 13):02}{draw(1, 29):02}_{draw(24):02}{draw(60):02}{draw(60):02}",
            f"P{draw(10_000_000):07}",
            f"photo {draw(1000)}",
            f"{draw(1 << 40):010x}",
        )
        return kinds[draw(len(kinds))]


class Balance:
    """Deals out transformations so that each is used about equally often, and each of its strengths."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._used: Counter[str] = Counter()
        self._used_at: Counter[tuple[str, str]] = Counter()

    def deal(self, header: Header, count: int) -> list[tuple[str, str]]:
        """Up to `count` different pairs of transformation and strength that suit a photo."""
        left = {one: [strength for strength in one.strengths if one.fits(header, strength)] for one in TRANSFORMATIONS}
        dealt: list[tuple[str, str]] = []
        while len(dealt) < count and (open_ones := [one for one, strengths in left.items() if strengths]):
            chosen = min(open_ones, key=lambda one: (self._used[one.name], self._rng.random()))
            strength = min(left[chosen], key=lambda strength: self._order(chosen, strength))
            left[chosen].remove(strength)
            self._used[chosen.name] += 1
            self._used_at[chosen.name, strength] += 1
            dealt.append((chosen.name, strength))
        return dealt

    def _order(self, chosen: Transformation, strength: str) -> tuple[int, float]:
        return self._used_at[chosen.name, strength], float(self._rng.random())


def header_of(path: Path) -> Header:
    """What the file says of itself, no pixel decoded."""
    with Image.open(io.BytesIO(path.read_bytes())) as opened:
        orientation = opened.getexif().get(ExifTags.Base.Orientation, 1)
        return Header(opened.format or "", opened.width, opened.height, opened.mode, orientation)


def planned(entries: Sequence[Entry], photos: Path, seed: int, copies: int, made: int) -> list[ShotTask]:
    """Everything to make of the listed photos, which lie where `collect_photos` put them below `photos`.

    Two thirds of the sources get about `copies` copies, a third one to three, as in real albums; of the look-alikes
    every second gets one or two. `made` is the number of shots of every simulated family, bursts aside.
    """
    rng = np.random.default_rng(seed)
    names, balance = Names(rng), Balance(rng)
    tasks: list[ShotTask] = []

    def add(
        shot: str, header: Header, count: int, family: str = "", base: Path | None = None, number: int | None = None
    ) -> None:
        stem = names.beside()
        folder = stem.rpartition("/")[0]
        dealt = [CopyTask(name, strength, names.beside(folder)) for name, strength in balance.deal(header, count)]
        drawn_from = seed_of(seed, family if family.startswith(BURST) else shot)  # a burst's frames share one scene
        tasks.append(ShotTask(shot, stem, family, base, number, drawn_from, tuple(dealt)))

    def some() -> int:
        return int(rng.integers(2) * rng.integers(1, 3))

    bases = []
    for entry in entries:
        path = entry.target(photos)
        if entry.kind == BURST:
            bases.append((entry, path))
        elif entry.kind.partition("-")[0] in FAMILY_TYPES:
            add(entry.sha1[:12], header_of(path), some(), entry.kind, path)
        else:
            few = rng.random() < 1 / 3
            count = int(rng.integers(1, 4)) if few else int(rng.integers(round(copies * 0.8), round(copies * 1.2) + 1))
            add(entry.sha1[:12], header_of(path), count, base=path)
    page = Header("JPEG", 1240, 1754)
    for family in MADE:
        form = Header("PNG", 1080, 2160) if family.startswith("screenshot") else page
        for number in range(made):
            add(f"{family}-{number}", form, some(), family, number=number)
    # A scene serves for a burst or in the dark, never for both: those would be pictures of the same thing.
    for number, (_entry, path) in enumerate(bases[1::2][:made]):
        add(f"{DARK}-{number}", page, 0, DARK, path, number)
    for entry, path in bases[::2]:
        family = f"burst-simulated-{entry.sha1[:8]}"
        for frame in range(FRAMES):
            add(f"{family}-{frame}", Header("JPEG", 800, 600), some(), family, path, frame)
    return tasks


def seed_of(*parts: str | int) -> int:
    """The same number for the same parts, on every machine and in every order of work."""
    return int.from_bytes(sha1("\0".join(map(str, parts)).encode()).digest()[:8], "big")
