"""The library that the benchmark scans: sound photos, broken ones, bombs, and an unfriendly file system."""

from __future__ import annotations

import itertools
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from albumclean.crawl.kinds import kind_of
from albumclean.media import sniff
from benchmarks.hostile.bombs import bombs, movies, sidecars
from benchmarks.hostile.mutations import mutate
from benchmarks.hostile.seeds import saved, scene, shown_by, sound_files
from benchmarks.hostile.tree import with_closed_doors, with_crowd, with_depth, with_names, with_special_files

_PER_KIND = 20  # seeds; two of them are scanned as they are
_CROWD = 50_000
_EXTENSIONS = {"JPEG": "jpg", "TIFF": "tif", "HEIF": "heic", "JPEG2000": "jp2", "JXL": "jxl"}
_MUTATED_TOO = ("heic", "hif", "heif", "jxl", "cr2", "cr3", "nef", "arw", "orf", "raf", "rw2", "dng")  # no encoder here
_MOST_SEEDS = 40  # of them


@dataclass(slots=True)
class Library:
    """Where it lies, and which of its photos must be read whatever happens around them."""

    folder: Path
    sound: list[Path] = field(default_factory=list)
    closed: list[Path] = field(default_factory=list)
    restless: list[Path] = field(default_factory=list)  # to be changed while they are read
    vanishing: Path = Path()  # to be taken away in the midst of a scan
    mutated: int = 0
    published: int = 0


def make(folder: Path, count: int, seed: int, published: Path | None, pictures: list[Path]) -> Library:
    """Make it below `folder`: `count` mutations, and all files of the folder `published`, which others have broken.

    `pictures`: JPEGs to make the sound photos of; none: scenes are drawn.
    """
    library = Library(folder)
    show = shown_by(pictures) if pictures else scene
    seeds = list(sound_files(_PER_KIND, seed * 1000, show))
    for number, (kind, extension, content) in enumerate(seeds[:: _PER_KIND // 2]):
        path = folder / "sound" / f"{kind} {number}.{extension}"
        library.sound.append(_written(path, content))
    if published is not None:
        library.published = _with_published(folder / "published", published)
        seeds += _published_seeds(published)
    library.mutated = _with_mutations(folder / "mutated", seeds, count, random.Random(seed))
    for name, content in bombs():
        _written(folder / "bombs" / name, content)
    photos = (saved(show(seed * 1000 + 500 + number, 240, 180), "JPEG") for number in itertools.count())
    for name, content in itertools.chain(sidecars(), movies()):
        _written(folder / "sidecars" / name, content)
        stem = name.removesuffix(".json") if name.endswith(".json") else f"{Path(name).stem}.jpg"
        _written(folder / "sidecars" / stem, next(photos))
    library.sound += with_names(folder / "names", photos)
    with_special_files(folder / "special", next(photos))
    library.closed = with_closed_doors(folder / "doors", next(photos))
    with_depth(folder / "deep", next(photos))
    with_crowd(folder / "crowd", _CROWD)
    library.restless = [_written(folder / "restless" / f"{number}.jpg", next(photos)) for number in range(8)]
    library.vanishing = folder / "vanishing"
    for number in range(60):
        _written(library.vanishing / f"{number}.jpg", next(photos))
    return library


def _written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _with_mutations(folder: Path, seeds: list[tuple[str, str, bytes]], count: int, rng: random.Random) -> int:
    by_kind: dict[str, list[tuple[str, bytes]]] = {}
    for kind, extension, content in seeds:
        by_kind.setdefault(kind, []).append((extension, content))
    kinds = itertools.cycle(sorted(by_kind))
    for number in range(count):
        kind = next(kinds)
        extension, content = rng.choice(by_kind[kind])
        other = rng.choice(rng.choice(list(by_kind.values())))[1]
        name, broken = mutate(content, other, rng)
        _written(folder / kind / f"{number:05} {name}.{extension}", broken)
    return count


def _with_published(folder: Path, source: Path) -> int:
    made = 0
    for path in _files(source):
        target = folder / path.relative_to(source)
        kind = kind_of(path.name)
        if kind is None or not kind.is_photo:
            target = target.with_name(f"{target.name}.{_extension(path)}")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        made += 1
    return made


def _published_seeds(source: Path) -> list[tuple[str, str, bytes]]:
    found: dict[str, list[tuple[str, str, bytes]]] = {}
    for path in _files(source):
        extension = path.suffix.lower().removeprefix(".")
        if extension in _MUTATED_TOO and 1000 < path.stat().st_size < 1_000_000:
            found.setdefault(extension, []).append((extension, extension, path.read_bytes()))
    return [seed for seeds in found.values() for seed in seeds[:_MOST_SEEDS]]


def _extension(path: Path) -> str:
    with path.open("rb") as file:
        name = sniff.picture_format(file.read(1 << 16))
    return _EXTENSIONS.get(name, name.lower()) if name else "jpg"


def _files(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders.sort()
        yield from (path for name in sorted(names) if (path := Path(here, name)).is_file())
