"""Fits the weights by which `comparison.provenance` adds up its evidence, and measures how often it names the source.

    python -m benchmarks.near_duplicates.fit_provenance FOLDER [--shots N] [--workers N] [--table TABLE]

FOLDER is a benchmark as `generate` makes it, of photos that nothing published is measured on. Every source is compared
with each of its copies. A logistic regression without bias, with an L2 prior, on evidence scaled to unit mean square;
the accuracies are of five folds that no photo crosses, once with all evidence and once without metadata. TABLE keeps
the evidence, so that a second fit need not measure again.
"""

from __future__ import annotations

import argparse
import io
import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from albumclean.comparison.alignment import Alignment
from albumclean.comparison.planes import Luma
from albumclean.comparison.provenance import evidence
from albumclean.comparison.relation import examine
from albumclean.comparison.sides import Side
from albumclean.comparison.weights import WEIGHTS
from albumclean.domain import Photo
from albumclean.media.colour import eight_bit, to_srgb
from benchmarks.near_duplicates.truth import Relation, Row, read

PRIOR = 0.01
FOLDS = 5
NEGLIGIBLE = 0.005
UNDECIDED = 0.2  # log-odds, as in `comparison.provenance`
SHORT_SIDE = 2400  # pixels, as the engine decodes
CERTAIN = {fact: WEIGHTS[fact] for fact in ("repacked", "carries", "settled")}  # not fitted with the rest: see there
OF_METADATA = frozenset(
    {
        *("camera", "capture_time", "maker_note", "thumbnail", "claimed_size", "resized", "tags", "editor"),
        *("library_table", "mandatory", "thin", "retimed", "annotated", "turned", "carries"),
    }
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """A source and one of its copies; the evidence is signed for the source."""

    shot: str
    file: str
    transformation: str
    strength: str
    evidence: dict[str, float]


def side_of(path: Path) -> Side:
    """A photo as the engine hands it to a comparison; the camera's facts are read from the bytes by the evidence."""
    data = path.read_bytes()
    with Image.open(io.BytesIO(data)) as opened:
        form = opened.format or ""
        image = to_srgb(eight_bit(ImageOps.exif_transpose(opened)), opened.info.get("icc_profile"))
    photo = Photo(blake2b(data, digest_size=32).digest(), *image.size, form)
    if min(image.size) > SHORT_SIDE:
        factor = SHORT_SIDE / min(image.size)
        image = image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BICUBIC)
    return Side(photo, data, image)


def aligned(one: Side, other: Side) -> Alignment | None:
    """Where `other` lies in `one`, also where the relation part would not call them copies."""
    if one.image.size == other.image.size and np.array_equal(np.asarray(one.image), np.asarray(other.image)):
        return Alignment.of(np.eye(3))
    found = examine(Luma.of(one.image), Luma.of(other.image))
    return found.alignment if found else None


def measure(job: tuple[Path, Row, list[Row]]) -> list[Sample]:
    """The evidence on one source and its copies."""
    cv2.setNumThreads(1)
    folder, source, copies = job
    one = side_of(folder / source.file)
    samples = []
    for row in copies:
        other = side_of(folder / row.file)
        if (alignment := aligned(one, other)) is None:
            continue
        facts: dict[str, float] = {}
        for item in evidence(one, other, alignment):
            facts[item.fact] = item.value
        samples.append(Sample(source.shot, row.file, row.transformation, row.strength, facts))
    return samples


def jobs(folder: Path, shots: int) -> list[tuple[Path, Row, list[Row]]]:
    sources, copies = {}, defaultdict(list)
    for row in read(folder / "truth.csv"):
        if row.relation is Relation.SOURCE:
            sources[row.shot] = row
        elif row.relation in {Relation.SAME_PIXELS, Relation.DERIVED}:
            copies[row.shot].append(row)
    chosen = sorted((shot for shot in sources if copies[shot]), key=lambda shot: zlib.crc32(shot.encode()))
    return [(folder / "files", sources[shot], copies[shot]) for shot in chosen[:shots]]


def matrix(samples: Sequence[Sample], facts: Sequence[str]) -> Floats:
    return np.array([[sample.evidence.get(fact, 0.0) for fact in facts] for sample in samples])


def fit(values: Floats, prior: float = PRIOR) -> Floats:
    """Weights of at least 0 under which the sum of each row is as surely positive as the prior lets it be.

    Every piece of evidence is built to speak for the source. Where the data want a weight below 0, that is chance, or
    the evidence is redundant: such a fact is left out, the most negative first, and the rest is fitted again.
    """
    used = np.ones(values.shape[1], bool)
    while True:
        weights = np.zeros(values.shape[1])
        weights[used] = _newton(values[:, used], prior)
        if weights.min() >= 0:
            return weights
        used[np.argmin(weights * np.sqrt((values**2).mean(axis=0)))] = False


def _newton(values: Floats, prior: float) -> Floats:
    scale = np.sqrt((values**2).mean(axis=0)) + 1e-9
    scaled = values / scale
    weights = np.zeros(values.shape[1])
    for _ in range(100):
        chance = 1 / (1 + np.exp(-scaled @ weights))
        slope = prior * weights - (scaled * (1 - chance)[:, None]).mean(axis=0)
        curve = (scaled * (chance * (1 - chance))[:, None]).T @ scaled / len(scaled) + prior * np.eye(len(weights))
        step = np.linalg.solve(curve, slope)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return np.asarray(weights / np.where(scale > 1e-6, scale, np.inf))


def doubled(values: Floats, facts: Sequence[str]) -> Floats:
    """Every pair twice, once without its metadata: weights that lean on metadata must not weaken what pixels tell."""
    return np.concatenate([values, bare(values, facts)])


def bare(values: Floats, facts: Sequence[str]) -> Floats:
    """The evidence without that of metadata."""
    return np.asarray(values * np.array([fact not in OF_METADATA for fact in facts]))


def crossed(samples: Sequence[Sample], facts: Sequence[str], *, metadata: bool) -> Floats:
    """The log-odds of each sample, with or without its metadata, by weights fitted on other photos."""
    values = matrix(samples, facts)
    shown = values if metadata else bare(values, facts)
    folds = np.array([zlib.crc32(sample.shot.encode()) // 7 % FOLDS for sample in samples])
    odds = np.zeros(len(samples))
    for fold in range(FOLDS):
        if (folds == fold).any() and (folds != fold).any():
            odds[folds == fold] = shown[folds == fold] @ fit(doubled(values[folds != fold], facts))
    return odds


def report(samples: Sequence[Sample], odds: Floats, title: str) -> Iterable[str]:
    right, tied = odds > UNDECIDED, np.abs(odds) <= UNDECIDED
    wrong = int((~right & ~tied).sum())
    yield f"## {title}: {right.mean():.4f} of {len(samples)} right, {wrong} wrong, {int(tied.sum())} undecided"
    groups = defaultdict(list)
    for sample, value in zip(samples, odds, strict=True):
        groups[sample.transformation, sample.strength].append(float(value))
    lines = []
    for (name, strength), values in groups.items():
        found = np.array(values)
        share, bad = float((found > UNDECIDED).mean()), int((found < -UNDECIDED).sum())
        lines.append((share, f"{share:.3f} of {len(values):3d}, {bad} wrong  {name} {strength}"))
    yield from (line for _, line in sorted(lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shots", type=int, default=1 << 30)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--table", type=Path)
    options = parser.parse_args()
    if options.table and options.table.exists():
        samples = [Sample(**json.loads(line)) for line in options.table.read_text("utf-8").splitlines()]
    else:
        with ProcessPoolExecutor(options.workers) as pool:
            samples = [sample for found in pool.map(measure, jobs(options.folder, options.shots)) for sample in found]
        if options.table:
            options.table.write_text("".join(json.dumps(asdict(sample)) + "\n" for sample in samples), "utf-8")
    facts = sorted({fact for sample in samples for fact in sample.evidence} - CERTAIN.keys())
    for title, metadata in (("pixels and tables alone", False), ("all evidence", True)):
        print("\n".join(report(samples, crossed(samples, facts, metadata=metadata), title)))
    fitted = dict(zip(facts, fit(doubled(matrix(samples, facts), facts)), strict=True))
    for fact, weight in sorted((fitted | CERTAIN).items()):
        if weight >= NEGLIGIBLE:
            print(f'        "{fact}": {weight:.2f},')


if __name__ == "__main__":
    main()
