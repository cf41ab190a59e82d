"""Does the score carry over when the same photo comes in another size, quality or cut?

    python -m benchmarks.carry_over --biq2021 DIR --log FILE [--split val] [--every 2] [--out FILE] [--check]

The photos of BIQ2021 are 512 x 512 and nearly all of one JPEG quality. Each is judged as it is and changed: scaled,
compressed, cropped, mirrored, a little brighter or darker. For every change: the rank correlation with people's scores
of the unchanged photo (and what is lost of it, with a 95 % interval from a bootstrap over scenes), that with the
judge's scores of the unchanged photos, and by how much the scores move. People would hardly see the changes called
harmless; the others harm the photo, and its score ought to fall. Results are appended to FILE: a killed run goes on.

Our own limit, held by `--check`: a harmless change loses at most 0.02 of the rank correlation and leaves the order of
the scores as it was to 0.95.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from albumclean.engines.judge import judge_images
from albumclean.evaluation import weighted
from albumclean.scoring import registry
from benchmarks.judged import ResultLog, Row, Values, use_threads
from models import biq2021

RESAMPLES = 1000
LIMIT_LOST, LIMIT_SRCC = 0.02, 0.95
UNCHANGED = "unchanged"

Floats = npt.NDArray[np.float64]
Judge = Callable[[Iterable[Image.Image]], Iterable[Values]]


def scaled(image: Image.Image, short_side: int) -> Image.Image:
    """To a short side of `short_side` pixels."""
    scale = short_side / min(image.size)
    size = (round(image.width * scale), round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC)


def coded(image: Image.Image, codec: str, quality: int) -> Image.Image:
    """Saved and opened again."""
    buffer = io.BytesIO()
    image.save(buffer, codec, quality=quality)
    with Image.open(buffer) as decoded:
        return decoded.convert("RGB")


def cropped(image: Image.Image, across: int, down: int) -> Image.Image:
    """The largest middle piece with sides of `across` to `down`."""
    unit = min(image.width / across, image.height / down)
    width, height = round(unit * across), round(unit * down)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def with_gamma(image: Image.Image, gamma: float) -> Image.Image:
    """Encoded values to a power: below 1 brighter, above 1 darker."""
    curve = [round(255 * (code / 255) ** gamma) for code in range(256)]
    return image.point(curve * 3)


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happens to a photo; `harmless` if people would hardly give it another score."""

    apply: Callable[[Image.Image], Image.Image]
    harmless: bool


CHANGES: Mapping[str, Change] = MappingProxyType(
    {
        "side-256": Change(partial(scaled, short_side=256), harmless=False),
        "side-384": Change(partial(scaled, short_side=384), harmless=True),
        "side-768": Change(partial(scaled, short_side=768), harmless=True),
        "side-1024": Change(partial(scaled, short_side=1024), harmless=True),
        "side-2048": Change(partial(scaled, short_side=2048), harmless=True),
        "jpeg-95": Change(partial(coded, codec="JPEG", quality=95), harmless=True),
        "jpeg-75": Change(partial(coded, codec="JPEG", quality=75), harmless=True),
        "jpeg-50": Change(partial(coded, codec="JPEG", quality=50), harmless=False),
        "jpeg-30": Change(partial(coded, codec="JPEG", quality=30), harmless=False),
        "webp-80": Change(partial(coded, codec="WEBP", quality=80), harmless=True),
        "webp-40": Change(partial(coded, codec="WEBP", quality=40), harmless=False),
        "avif-70": Change(partial(coded, codec="AVIF", quality=70), harmless=True),
        "avif-35": Change(partial(coded, codec="AVIF", quality=35), harmless=False),
        "crop-3:2": Change(partial(cropped, across=3, down=2), harmless=True),
        "crop-2:3": Change(partial(cropped, across=2, down=3), harmless=True),
        "mirrored": Change(ImageOps.mirror, harmless=True),
        "brighter": Change(partial(with_gamma, gamma=0.9), harmless=True),
        "darker": Change(partial(with_gamma, gamma=1.1), harmless=True),
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """What one change does to the scores of all photos."""

    harmless: bool
    srcc_with_mos: float
    lost: float  # of `srcc_with_mos`, against the unchanged photos
    lost_interval: tuple[float, float]  # 95 %
    srcc_with_unchanged: float
    mean_change: float
    mean_abs_change: float

    @property
    def well(self) -> bool:
        """Whether our limit is held; nothing is asked of harmful changes."""
        return not self.harmless or (self.lost <= LIMIT_LOST and self.srcc_with_unchanged >= LIMIT_SRCC)


def compare(plain: Floats, changed: Floats, mos: Floats, weights: npt.NDArray[np.int64], *, harmless: bool) -> Line:
    """The numbers of one change from scores (n,) and resamples `weights` (B, n), the first of which is all photos."""
    with_mos = weighted.spearman(changed, mos, weights)
    lost = weighted.spearman(plain, mos, weights) - with_mos
    low, high = np.nanpercentile(lost[1:], (2.5, 97.5))
    return Line(
        harmless=harmless,
        srcc_with_mos=float(with_mos[0]),
        lost=float(lost[0]),
        lost_interval=(float(low), float(high)),
        srcc_with_unchanged=float(weighted.spearman(changed, plain, weights[:1])[0]),
        mean_change=float((changed - plain).mean()),
        mean_abs_change=float(np.abs(changed - plain).mean()),
    )


def resamples(scenes: Sequence[str], count: int = RESAMPLES, seed: int = 0) -> npt.NDArray[np.int64]:
    """(1 + count, n): how often each photo was drawn; first each once, then scenes at random. "" is a scene alone."""
    labels = [scene or f"alone {number}" for number, scene in enumerate(scenes)]
    names = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    scene_of = np.array([names[label] for label in labels])
    random = np.random.default_rng(seed)
    drawn = random.multinomial(len(names), np.full(len(names), 1 / len(names)), count)
    return np.concatenate([np.ones((1, len(labels)), np.int64), drawn[:, scene_of].astype(np.int64)])


def carry_over(photos: Sequence[biq2021.Rated], judge: Judge, log: ResultLog | None = None) -> dict[str, Line]:
    """A line for every change. `judge` gives the values of pictures in their order; `log` remembers them."""
    mos = np.array([photo.mos for photo in photos])
    weights = resamples([photo.scene for photo in photos])
    plain = _scores(photos, UNCHANGED, judge, log)
    return {
        name: compare(plain, _scores(photos, name, judge, log), mos, weights, harmless=change.harmless)
        for name, change in CHANGES.items()
    }


def _scores(photos: Sequence[biq2021.Rated], change: str, judge: Judge, log: ResultLog | None) -> Floats:
    revision = registry.spec(registry.JUDGE).revision
    known = {photo.path: log.find(revision, change, photo.path.name) for photo in photos} if log else {}
    missing = [photo for photo in photos if known.get(photo.path) is None]

    def pictures() -> Iterator[Image.Image]:
        for photo in missing:
            image = biq2021.open_rgb(photo.path)
            yield image if change == UNCHANGED else CHANGES[change].apply(image)

    started = time.monotonic()
    fresh: dict[Path, Row] = {}
    for photo, values in zip(missing, judge(pictures()) if missing else (), strict=True):
        row = {"revision": revision, "change": change, "file": photo.path.name, "mos": values["mos"]}
        fresh[photo.path] = row
        if log:
            log.add([row])
    print(f"{change}: {len(missing)} photos judged, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    rows = (fresh.get(photo.path) or known[photo.path] for photo in photos)
    return np.array([row["mos"] for row in rows if row is not None], dtype=np.float64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--biq2021", type=Path, required=True)
    parser.add_argument("--split", choices=("val", "test"), default="val")
    parser.add_argument("--every", type=int, default=1, help="every so many photos one; 1: all")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="write the numbers here as JSON, too")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--check", action="store_true", help="exit with 1 if our limit is missed")
    arguments = parser.parse_args()
    use_threads(arguments.threads)
    photos = biq2021.read(arguments.biq2021, arguments.split)[:: arguments.every]
    log = ResultLog(arguments.log, ("revision", "change", "file"))
    lines = carry_over(photos, partial(judge_images, device="cpu"), log)
    print(f"{len(photos)} photos     SRCC    lost (95 %)                with plain  change  |change|")
    for name, line in lines.items():
        lost = f"{line.lost:+.4f} ({line.lost_interval[0]:+.4f} to {line.lost_interval[1]:+.4f})"
        moved = f"{line.srcc_with_unchanged:.4f}      {line.mean_change:+.4f}  {line.mean_abs_change:.4f}"
        print(f"{name:12} {line.srcc_with_mos:.4f}  {lost}  {moved}  {'' if line.well else 'MISSED'}")
    if arguments.out:
        document = {
            "split": arguments.split,
            "photos": len(photos),
            **{name: asdict(line) for name, line in lines.items()},
        }
        arguments.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    well = all(line.well for line in lines.values())
    print("within our limit" if well else "MISSED", file=sys.stderr)
    sys.exit(arguments.check and not well)


if __name__ == "__main__":
    main()
