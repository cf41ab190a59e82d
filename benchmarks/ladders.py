"""Does a clean photo score above its own spoiled copies: `python -m benchmarks.ladders --photos DIR --log FILE`.

DIR is the folder into which `benchmarks.collect_photos` puts `clean_12mp.csv`. Each photo of its test split is opened
once, scaled down to 12 megapixels if it is larger, and spoiled in five ways (blur, noise, recompression, too light, too
dark; the kind of blur, noise and codec alternates by photo) at ten levels, severity 0.1 to 1. The judge sees the clean
photo and each copy as a scan would show them to it, but from pixels in memory; with `--through-file` every picture, the
clean one as well, goes through a JPEG of quality 95 first. Photos below 11.5 megapixels, or with fewer bits for each
pixel shown than a clean photo has, are left out and counted. Results are appended to FILE: a killed run goes on, and
another revision of the judge measures anew. The bar, held by `--check`: at least 100 photos, and at least 99 % of the
pairs (clean, copy) in order.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from albumclean.distortions import distort
from albumclean.engines.judge import judge_images
from albumclean.scoring import registry
from benchmarks.clean_photos import CleanPhoto, all_pixels, listed, open_clean
from benchmarks.judged import ResultLog, Row, spread

FAMILIES = {
    "blur": ("gaussian-blur", "lens-blur", "motion-blur"),
    "noise": ("camera-noise", "white-noise", "colour-noise"),
    "recompression": ("jpeg", "messenger", "webp"),
    "overexposure": ("overexposure",),
    "underexposure": ("underexposure",),
}
FAMILY_OF = {kind: family for family, kinds in FAMILIES.items() for kind in kinds}
LEVELS = 10
CLEAN = ("clean", 0)  # kind and level of the photo itself
KEY = ("revision", "form", "sha1", "kind", "level")

BAR_PHOTOS, BAR = 100, 0.99

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Task:
    """One photo, and what of it is not yet in the log."""

    photo: CleanPhoto
    missing: tuple[tuple[str, int], ...]  # kind and level
    through_file: bool


@dataclass(frozen=True, slots=True)
class Ladder:
    """A photo spoiled in one way."""

    sha1: str
    kind: str
    scores: tuple[float, ...]  # the clean photo's MOS, then those of level 1 to 10


def kinds_for(photo: CleanPhoto) -> tuple[str, ...]:
    """How a photo is spoiled: one kind a family."""
    return tuple(kinds[photo.number % len(kinds)] for kinds in FAMILIES.values())


def climb(task: Task) -> list[Row]:
    """Judge one photo's copies; runs in a process of its own."""
    clean = open_clean(task.photo.path)

    def pictures() -> Iterator[Image.Image]:
        for kind, level in task.missing:
            # The same draws at each level: one fault growing.
            rng = np.random.default_rng([int(task.photo.sha1[:8], 16), sorted(FAMILY_OF).index(kind)] if level else 0)
            image = distort(clean, kind, level / LEVELS, rng) if level else clean
            yield _through_jpeg(image, task.photo.path) if task.through_file else image

    revision, form = registry.spec(registry.JUDGE).revision, _form(task.through_file)
    return [
        {"revision": revision, "form": form, "sha1": task.photo.sha1, "kind": kind, "level": level, **values}
        for (kind, level), values in zip(task.missing, judge_images(pictures(), "cpu"), strict=True)
    ]


def _form(through_file: bool) -> str:
    return "jpeg95" if through_file else "memory"


def _through_jpeg(image: Image.Image, path: Path) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95)
    return all_pixels(buffer.getvalue(), path)


def summary(ladders: Sequence[Ladder]) -> Row:
    """Shares of pairs in order and mean falls, over all the ladders. Equal scores are not in order."""
    scores: Floats = np.array([ladder.scores for ladder in ladders], dtype=np.float64)
    clean, copies = scores[:, :1], scores[:, 1:]
    right = clean > copies
    lower, upper = np.triu_indices(LEVELS, 1)  # of two levels, the milder and the worse
    falls = copies[:, lower] - copies[:, upper]
    return {
        "ladders": len(ladders),
        "pairs": int(right.size),
        "in_order": _rounded(right.mean()),
        "in_order_by_level": [_rounded(share) for share in right.mean(axis=0)],
        "mean_fall_by_level": [_rounded(fall) for fall in (clean - copies).mean(axis=0)],
        "levels_in_order": _rounded((falls > 0).mean()),
        "levels_tied": _rounded((falls == 0).mean()),
    }


def worst(ladders: Sequence[Ladder], count: int = 20) -> list[Row]:
    """The copies that score most above their clean photo."""
    found = [
        (score - ladder.scores[0], ladder, level)
        for ladder in ladders
        for level, score in enumerate(ladder.scores)
        if level and score >= ladder.scores[0]
    ]
    found.sort(key=lambda each: (-each[0], each[1].sha1, each[1].kind, each[2]))
    return [
        {
            "sha1": ladder.sha1,
            "kind": ladder.kind,
            "level": level,
            "clean": _rounded(ladder.scores[0]),
            "copy": _rounded(ladder.scores[level]),
        }
        for _, ladder, level in found[:count]
    ]


def report(ladders: Sequence[Ladder]) -> Row:
    """All numbers."""
    groups: dict[str, dict[str, list[Ladder]]] = {"by_family": defaultdict(list), "by_kind": defaultdict(list)}
    for ladder in ladders:
        groups["by_family"][FAMILY_OF[ladder.kind]].append(ladder)
        groups["by_kind"][ladder.kind].append(ladder)
    parts = {title: {name: summary(each) for name, each in sorted(group.items())} for title, group in groups.items()}
    return {"overall": summary(ladders), **parts, "worst": worst(ladders)}


def print_table(result: Row) -> None:
    """For people: shares in percent by level, falls in hundredths."""
    print(f"{result['photos']} photos, {result['form']}, {result['revision']}; left out: {result['left_out']}")
    print(f"{'':16}   ladders  in order   levels  |  in order at level 1 to 10 [%]  |  mean fall of the MOS [0.01]")
    for name, part in (("all", result["overall"]), *result["by_family"].items(), *result["by_kind"].items()):
        shares = " ".join(f"{100 * share:3.0f}" for share in part["in_order_by_level"])
        falls = " ".join(f"{100 * fall:5.1f}" for fall in part["mean_fall_by_level"])
        whole = f"{part['ladders']:7}  {100 * part['in_order']:6.2f} %  {100 * part['levels_in_order']:5.1f} %"
        print(f"{name:16}   {whole} | {shares} | {falls}")
    for row in result["worst"]:
        print(f"{row['kind']} {row['level']}: {row['clean']:.3f} -> {row['copy']:.3f}  {row['sha1']}")


def _rounded(value: float | np.floating) -> float:
    return round(float(value), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="write the numbers here as JSON, too")
    parser.add_argument("--count", type=int, default=0, help="at most so many photos; 0: all")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--through-file", action="store_true")
    parser.add_argument("--check", action="store_true", help="exit with 1 if the bar is missed")
    arguments = parser.parse_args()
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # the workers are the parallelism

    usable, left_out = listed(arguments.photos)
    photos = spread(usable, arguments.count)
    if not photos:
        sys.exit(f"no usable photos in {arguments.photos} ({left_out}): fetch them with benchmarks.collect_photos")
    revision, form = registry.spec(registry.JUDGE).revision, _form(arguments.through_file)
    log = ResultLog(arguments.log, KEY)
    tasks = []
    for photo in photos:
        wanted = (CLEAN, *((kind, level) for kind in kinds_for(photo) for level in range(1, LEVELS + 1)))
        missing = tuple(each for each in wanted if log.find(revision, form, photo.sha1, *each) is None)
        if missing:
            tasks.append(Task(photo, missing, arguments.through_file))
    print(f"{len(photos)} photos ({left_out}), {len(tasks)} of them to be judged by {revision}", file=sys.stderr)
    started = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(arguments.workers) as pool:
        for number, rows in enumerate(pool.imap_unordered(climb, tasks), 1):
            log.add(rows)
            print(f"{number} of {len(tasks)} photos, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)

    def mos(sha1: str, kind: str, level: int) -> float:
        row = log.find(revision, form, sha1, kind, level)
        if row is None or "mos" not in row:
            sys.exit(f"no score for {kind} {level} of {sha1}")
        return float(row["mos"])

    ladders = [
        Ladder(sha1, kind, (mos(sha1, *CLEAN), *(mos(sha1, kind, level) for level in range(1, LEVELS + 1))))
        for sha1, kinds in ((photo.sha1, kinds_for(photo)) for photo in photos)
        for kind in kinds
    ]
    result = {"revision": revision, "form": form, "photos": len(photos), "left_out": left_out, **report(ladders)}
    print_table(result)
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    well = len(photos) >= BAR_PHOTOS and result["overall"]["in_order"] >= BAR
    print("within the bar" if well else "MISSED", file=sys.stderr)
    sys.exit(arguments.check and not well)


if __name__ == "__main__":
    main()
