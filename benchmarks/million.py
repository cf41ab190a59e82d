"""The search among 10^4 to 10^6 photos: `python -m benchmarks.million --cache CACHE.sqlite --work DIR [--counts ...]`.

Simulates libraries from the statistics of a real one that albumclean has scanned (some thousand photos do) and, in a
process of its own for each size, builds the index, finds the pairs that may be copies, and groups them, each close look
replaced by what is known to be true. Then the same with 1 % of the photos new. The bars: a million in under 180 s on
two cores and under 2 GB. Prints the growth, draws it to DIR/growth.png, and times FAISS's own indexes at 10^5 photos.
Times are also given as multiples of one comparison of all pairs of 10^4 vectors in the same process.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from albumclean.config import SimilarSettings
from albumclean.evaluation import drawing
from albumclean.evaluation.scatter import HEIGHT, WIDTH, Dot, Label, Line, Shape
from albumclean.scoring import registry
from albumclean.similar.cells import Cells
from albumclean.similar.components import components
from albumclean.similar.fingerprint import REVISION
from albumclean.similar.hashes import PosedHashes, near_hashes
from albumclean.similar.index import FingerprintIndex
from albumclean.similar.neighbours import COPY_BITS, COPY_COSINE, PairChunk, copy_candidates
from albumclean.similar.stars import find_stars
from albumclean.similar.vectors import near_vectors
from albumclean.similar.verdict import Verdict
from albumclean.store.cache import Cache
from benchmarks.common import fresh
from benchmarks.simulated_library import Fit, Library, simulate

COUNTS = (10_000, 31_623, 100_000, 316_228, 1_000_000)
LIMIT_SECONDS, LIMIT_BYTES = 180.0, 2e9
COMPARED = 100_000  # photos for the comparison with FAISS's own indexes
Truth = npt.NDArray[np.int64]


@contextmanager
def timed(into: dict[str, float], name: str) -> Iterator[None]:
    """Adds `name` (seconds) and `name cpu` (of all threads)."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    into[name], into[f"{name} cpu"] = time.perf_counter() - wall, time.process_time() - cpu


def group(index: FingerprintIndex, i: Truth, j: Truth, shot: Truth) -> int:
    """How many groups of copies; close looks say that photos of one shot are copies."""
    true = shot[i] == shot[j]
    pairs = [
        (index.hashes[left], index.hashes[right])
        for left, right in zip(i[true].tolist(), j[true].tolist(), strict=True)
    ]
    by_part: dict[bytes, list[tuple[bytes, bytes]]] = {}
    part_of: dict[bytes, bytes] = {}
    for part in components(pairs):
        part_of.update(dict.fromkeys(part, part[0]))
    for pair in pairs:
        by_part.setdefault(part_of[pair[0]], []).append(pair)
    return sum(
        len(
            find_stars(
                part, {pair: Verdict(copies=True) for pair in part}, lambda photo: (0, 0, photo), final=True
            ).stars
        )
        for part in by_part.values()
    )


def columns(chunks: Iterable[PairChunk]) -> tuple[Truth, Truth]:
    found = [(chunk.i, chunk.j) for chunk in chunks]
    i, j = (np.concatenate([np.empty(0, np.int64), *side]) for side in zip(*found, strict=True)) if found else ([], [])
    return np.asarray(i, np.int64), np.asarray(j, np.int64)


def recall(i: Truth, j: Truth, shot: Truth) -> float:
    """Of the copies, the share that is paired with another copy of the shot."""
    order = np.argsort(shot, kind="stable")
    same = np.diff(shot[order]) == 0
    copies = np.zeros(len(shot), dtype=np.bool_)
    copies[order[1:][same]] = copies[order[:-1][same]] = True
    true = shot[i] == shot[j]
    met = np.zeros(len(shot), dtype=np.bool_)
    met[i[true]] = met[j[true]] = True
    return float(met[copies].mean())


def reference(vectors: npt.NDArray[np.int8]) -> None:
    """All products of the first 10^4 vectors."""
    rows = np.arange(min(10_000, len(vectors)), dtype=np.int32)
    for _ in near_vectors(vectors, rows, 127 * 127):
        pass


def measure(path: Path) -> dict[str, float]:
    """One library, in this process."""
    library = Library.load(path)
    result: dict[str, float] = {"photos": len(library.phash)}
    with timed(result, "build"):
        index = FingerprintIndex.build(library.rows(), library.embeddings())
    shot = library.shot.astype(np.int64)
    result["held"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    del library
    with timed(result, "reference"):
        reference(index.vectors)
    settings = SimilarSettings()
    with timed(result, "search"):
        i, j = columns(copy_candidates(index, settings))
    result |= {"pairs": len(i) / len(shot), "recall": recall(i, j, shot)}
    with timed(result, "group"):
        result["groups"] = group(index, i, j, shot)
    new = np.random.default_rng(1).random(len(shot)) < 0.01
    with timed(result, "added"):
        left, right = columns(copy_candidates(index, settings, new))
    wanted = new[i] | new[j]
    expected = set(zip(i[wanted].tolist(), j[wanted].tolist(), strict=True))
    result["missed"] = len(expected - set(zip(left.tolist(), right.tolist(), strict=True)))
    result["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return result


def versus_faiss(path: Path) -> None:
    """Our two searches beside FAISS's indexes for the same purpose: seconds of CPU and the share of copies found."""
    import faiss

    library = Library.load(path)
    shot = library.shot.astype(np.int64)
    rows = np.arange(len(shot), dtype=np.int32)
    least = math.ceil(COPY_COSINE * 127**2)
    posed = PosedHashes.of(library.phash, library.layout, rows.astype(np.intp))
    codes = posed.hashes.view(np.uint8).reshape(-1, 8)

    def ours(chunks: Iterable[tuple[npt.NDArray[np.signedinteger[Any]], ...]]) -> tuple[Truth, Truth]:
        found = [(chunk[0], chunk[1]) for chunk in chunks]
        i, j = (np.concatenate(side).astype(np.int64) for side in zip(*found, strict=True))
        return i, j

    def multi_hash() -> tuple[Truth, Truth]:
        index = faiss.IndexBinaryMultiHash(64, 3, 21)
        index.nflip = 1
        index.add(codes)
        limits, _, found = index.range_search(codes, COPY_BITS + 1)
        return posed.photo[asked(limits)].astype(np.int64), posed.photo[found].astype(np.int64)

    def inverted_file() -> tuple[Truth, Truth]:
        cells = Cells.train(library.vectors, rows)
        quantizer = faiss.IndexFlatL2(library.vectors.shape[1])
        quantizer.add(cells.centroids)
        direct = faiss.ScalarQuantizer.QT_8bit_direct_signed
        index = faiss.IndexIVFScalarQuantizer(quantizer, quantizer.d, len(cells), direct, faiss.METRIC_INNER_PRODUCT)
        vectors = library.vectors.astype(np.float32)
        index.train(vectors)
        index.add(vectors)
        index.nprobe = 8
        limits, _, found = index.range_search(vectors, float(least) - 0.5)
        return asked(limits), found

    def asked(limits: npt.NDArray[np.integer[Any]]) -> Truth:
        counts = limits.astype(np.int64)
        return np.repeat(np.arange(len(counts) - 1), counts[1:] - counts[:-1])

    searches = {
        "hashes, ours": lambda: ours(near_hashes(posed, COPY_BITS)),
        "hashes, IndexBinaryMultiHash": multi_hash,
        "vectors, ours": lambda: ours(near_vectors(library.vectors, rows, least)),
        "vectors, IndexIVFScalarQuantizer": inverted_file,
    }
    for name, search in searches.items():
        result: dict[str, float] = {}
        with timed(result, "search"):
            i, j = search()
        apart = i != j
        print(
            f"{name:34} {result['search cpu']:7.1f} s of CPU, {recall(i[apart], j[apart], shot):.4f} of the copies",
            flush=True,
        )


def described(result: dict[str, float]) -> str:
    """One line for people."""
    references = result["search cpu"] / result["reference cpu"]
    return (
        f"{result['photos']:>9,.0f}: build {result['build']:.1f} s; search {result['search']:.1f} s"
        f" ({result['search cpu']:.1f} of CPU, {references:.0f} references); group {result['group']:.1f} s;"
        f" 1 % added {result['added']:.1f} s ({result['added cpu']:.1f} of CPU, {result['missed']:.0f} missed);"
        f" {result['pairs']:.2f} pairs a photo, {result['recall']:.4f} of the copies, {result['groups']:.0f} groups;"
        f" peak {result['peak'] / 1e6:.0f} MB"
    )


def growth(results: list[dict[str, float]]) -> list[Shape]:
    """Seconds against photos, both by powers of ten."""
    left, right, top, bottom = 74, 24, 52, 62
    low, high = -1, 3

    def place(photos: float, seconds: float) -> tuple[float, float]:
        across = (math.log10(photos) - 4) / 2
        up = (math.log10(max(seconds, 10**low)) - low) / (high - low)
        return left + across * (WIDTH - left - right), HEIGHT - bottom - up * (HEIGHT - top - bottom)

    shapes: list[Shape] = [Label(WIDTH / 2, top / 2, "Finding look-alikes: time by the size of the library", 16)]
    for power in (4, 5, 6):
        shapes += [Line((place(10**power, 10**low), place(10**power, 10**high)), "#dddddd")]
        shapes += [Label(place(10**power, 1)[0], HEIGHT - bottom + 15, f"{10**power:,}")]
    for power in range(low, high + 1):
        shapes += [Line((place(1e4, 10**power), place(1e6, 10**power)), "#dddddd")]
        shapes += [Label(left - 8, place(1e4, 10**power)[1], f"{10.0**power:g}", anchor="end")]
    shapes += [
        Label((WIDTH + left - right) / 2, HEIGHT - 18, "photos"),
        Label(18, (HEIGHT + top - bottom) / 2, "seconds", upright=True),
    ]
    for number, (name, colour) in enumerate((("search", "#0072b2"), ("group", "#009e73"), ("added", "#d55e00"))):
        points = tuple(place(each["photos"], each[name]) for each in results)
        shapes += [Line(points, colour, 2.0), *(Dot(x, y, colour, 4) for x, y in points)]
        title = {"search": "search everything", "group": "group", "added": "search around 1 % new photos"}[name]
        shapes += [Dot(left + 16, top + 16 + 18 * number, colour, 5)]
        shapes += [Label(left + 28, top + 16 + 18 * number, title, anchor="start")]
    return shapes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, help="cache.sqlite of a library that albumclean has scanned")
    parser.add_argument("--fit", type=Path, help="or what an earlier run made of one")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)  # in the process of its own
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure)))
        return
    work = fresh(arguments.work)
    if arguments.fit:
        fit = Fit.load(arguments.fit)
    else:
        with Cache.open(arguments.cache) as cache:
            fit = Fit.to(
                FingerprintIndex.build(
                    cache.fingerprints(REVISION), cache.embeddings(registry.spec(registry.JUDGE).revision)
                )
            )
        fit.save(work / "fit.npz")
    results = []
    for count in arguments.counts:
        simulate(fit, count).save(work / "library.npz")
        command = [sys.executable, "-m", "benchmarks.million", "--measure", str(work / "library.npz")]
        result = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        results.append(result)
        print(described(result), flush=True)
    (work / "growth.png").write_bytes(drawing.png(growth(results)))
    (work / "growth.json").write_text(json.dumps(results, indent=1))
    simulate(fit, min(COMPARED, max(arguments.counts))).save(work / "library.npz")
    versus_faiss(work / "library.npz")
    largest = results[-1]
    well = largest["search"] + largest["group"] < LIMIT_SECONDS and largest["peak"] < LIMIT_BYTES
    print("within the bars" if well else "MISSED")
    sys.exit(not well)


if __name__ == "__main__":
    main()
