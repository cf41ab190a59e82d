"""What tells photos from their copies, as a table to learn from.

    python -m benchmarks.near_duplicates.evidence_table FOLDER TABLE.jsonl [--workers N]

FOLDER is a benchmark as `generate` makes it, of photos that nothing published is measured on. Every source is compared
with each of its copies; a line of TABLE holds the evidence on one pair, signed for the source, for `models.fit_odds`.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from albumclean.comparison.alignment import Alignment
from albumclean.comparison.evidence import Pair
from albumclean.comparison.planes import Luma
from albumclean.comparison.provenance import evidence
from albumclean.comparison.relation import examine
from albumclean.comparison.sides import Side
from albumclean.domain import Photo
from benchmarks.near_duplicates.containers import Original
from benchmarks.near_duplicates.truth import Relation, Row, read

SHORT_SIDE = 2400  # pixels, as the engine decodes


@dataclass(frozen=True, slots=True)
class Sample:
    """A source and one of its copies; the evidence is signed for the source."""

    shot: str
    file: str
    transformation: str
    strength: str
    evidence: dict[str, float]
    plain: float = 0.0  # share of both in which nothing is


def read_table(path: Path) -> Iterator[Sample]:
    """What `main` wrote."""
    for line in path.read_text("utf-8").splitlines():
        yield Sample(**json.loads(line))


def side_of(path: Path) -> Side:
    """A photo as the engine hands it to a comparison; the camera's facts are read from the bytes by the evidence."""
    original = Original(path.read_bytes())
    image = original.image
    photo = Photo(blake2b(original.data, digest_size=32).digest(), *image.size, original.format)
    if min(image.size) > SHORT_SIDE:
        factor = SHORT_SIDE / min(image.size)
        image = image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BICUBIC)
    return Side(photo, original.data, image)


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
        pair = Pair.of(one, other, alignment)
        facts = {item.fact: item.value for item in evidence(pair)}
        plain = pair.together.plain
        samples.append(Sample(source.shot, row.file, row.transformation, row.strength, facts, plain))
    return samples


def jobs(folder: Path) -> list[tuple[Path, Row, list[Row]]]:
    """Each source with its copies."""
    sources, copies = {}, defaultdict(list)
    for row in read(folder / "truth.csv"):
        if row.relation is Relation.SOURCE:
            sources[row.shot] = row
        elif row.relation in {Relation.SAME_PIXELS, Relation.DERIVED}:
            copies[row.shot].append(row)
    return [(folder / "files", sources[shot], copies[shot]) for shot in sorted(sources) if copies[shot]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("table", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with ProcessPoolExecutor(options.workers) as pool, options.table.open("w", encoding="utf-8") as table:
        for found in pool.map(measure, jobs(options.folder)):
            table.writelines(json.dumps(asdict(sample)) + "\n" for sample in found)


if __name__ == "__main__":
    main()
