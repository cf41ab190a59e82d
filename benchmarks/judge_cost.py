"""What the judge costs beside the two published networks: `python -m benchmarks.judge_cost --photos DIR [--check]`.

CPU seconds of one process, all its threads, for each 12-megapixel JPEG of DIR, median over the photos; ours and theirs
take turns.

- Ours: what `scan` runs for a photo that nobody knows yet (read, hash, decode, view with patches, fingerprint, forward
  pass; `engines.analyse` and `scoring.batches` as they are), in batches as in use. With `--scan`, the whole command's
  CPU time too, workers and pipes and cache included, for each photo more.
- Theirs: the two networks of ModelScope (`benchmarks.published`) with random weights in float32, as their authors run
  them: each decodes the file by itself; the first scales it to cover 1920 x 1080 and looks at the middle 1280 x 720,
  the second at all pixels. The second takes about a minute a photo, so `--published-photos` says how many it sees.

The bars, held by `--check`: ours at most 0.20 CPU seconds, and theirs at least 200 times ours.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from unittest.mock import patch

from PIL import Image

from albumclean.engines import analyse as analyse_module
from albumclean.media import view as view_module
from albumclean.scoring import registry
from benchmarks.common import run
from benchmarks.judged import Row, analyse_file, spread, use_threads
from benchmarks.published import degradation_input, degradation_network, mos_input, mos_network

if TYPE_CHECKING:
    from albumclean.scoring.batches import NetworkBatches

SMALLEST, LARGEST = 11_500_000, 12_700_000  # pixels of what is called 12 megapixels
BAR_SECONDS, BAR_RATIO = 0.20, 200.0

# What `analyse` calls, by the name that it has there; `choose` and `cut` are a part of `network_view`.
STEPS = (
    (analyse_module, "read_file"),
    (analyse_module, "content_hash"),
    (analyse_module, "decode"),
    (analyse_module, "network_view"),
    (view_module, "choose"),
    (view_module, "cut"),
    (analyse_module, "fingerprint"),
)

P = ParamSpec("P")
R = TypeVar("R")


class Watch:
    """CPU seconds by name, one entry a call."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = defaultdict(list)

    def timed(self, name: str, function: Callable[P, R]) -> Callable[P, R]:
        """`function`, each call of which is entered."""

        def measured(*args: P.args, **kwargs: P.kwargs) -> R:
            before = time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.spent[name].append(time.process_time() - before)

        return measured

    def medians(self) -> dict[str, float]:
        """Of each name."""
        return {name: round(median(each), 4) for name, each in self.spent.items()}


def photos_in(folder: Path, count: int) -> list[Path]:
    """At most `count` JPEGs of 12 megapixels, spread over the folder, those of one shape side by side."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in {".jpg", ".jpeg"}:
            with Image.open(path) as image:
                if SMALLEST <= image.width * image.height <= LARGEST:
                    upright = image.size if image.getexif().get(0x0112, 1) < 5 else image.size[::-1]
                    found.append((upright, path))
    if not found:
        sys.exit(f"no JPEG of 12 megapixels in {folder}")
    return [path for _, path in sorted(spread(found, count))]


def ours(paths: Sequence[Path], network: NetworkBatches, watch: Watch) -> list[float]:
    """CPU seconds of each photo; a forward pass is shared evenly by the photos of its batch."""
    alone = []
    views = []
    for path in paths:
        before = time.process_time()
        analysis = analyse_file(path)
        alone.append(time.process_time() - before)
        views.append((analysis.content_hash, analysis.views[registry.JUDGE]))
    before = time.process_time()
    scores = [score for view in views for score in network.add(*view).scores] + network.flush().scores
    forward = (time.process_time() - before) / len(paths)
    watch.spent["forward"] += [forward] * len(paths)
    own = [score for score in scores if score.scorer == network.spec.name]  # other heads read its features in passing
    if len(own) != len(paths) * len(network.spec.quantities):
        sys.exit("the judge gave no score for some photos")
    return [seconds + forward for seconds in alone]


def _chunks(paths: Sequence[Path], size: int) -> Iterator[Sequence[Path]]:
    for start in range(0, len(paths), size):
        yield paths[start : start + size]


def of_scan(paths: Sequence[Path]) -> float:
    """CPU seconds of the whole command for each photo more: what a scan of few costs is taken off."""
    few = max(4, len(paths) // 4)  # enough that every worker starts
    if len(paths) < 2 * few:
        sys.exit(f"--scan needs {2 * few} photos or more")
    spent = []
    for some in (paths[:few], paths):
        with tempfile.TemporaryDirectory() as home:
            done = run(Path(home), "scan", *some, "--quiet")
        if done.code:
            sys.exit(f"the scan ended with {done.code}: {done.err}")
        spent.append(done.cpu)
    return (spent[1] - spent[0]) / (len(paths) - few)


def measure(paths: Sequence[Path], published: int, threads: int) -> Row:
    """All numbers, in CPU seconds."""
    use_threads(threads)
    import torch

    from albumclean.scoring.batches import NetworkBatches

    network = NetworkBatches(registry.shipped(registry.JUDGE), "cpu")
    mos, degradation = mos_network(), degradation_network()
    ours(paths[: network.batch], network, Watch())  # the first pass builds what later ones use
    watch = Watch()
    totals: list[float] = []
    for_both = set(spread(paths, published)) if published else set()
    with ExitStack() as stack, torch.inference_mode():
        mos(mos_input(paths[0]))
        for module, name in STEPS:
            stack.enter_context(patch.object(module, name, watch.timed(name, getattr(module, name))))
        for chunk in _chunks(paths, network.batch):
            totals += ours(chunk, network, watch)
            for path in chunk:
                pixels = watch.timed("theirs: mos, input", mos_input)(path)
                watch.timed("theirs: mos, network", mos)(pixels)
                if path in for_both:
                    pixels = watch.timed("theirs: degradation, input", degradation_input)(path)
                    watch.timed("theirs: degradation, network", degradation)(pixels)
    parts = watch.medians()
    theirs = sum(seconds for name, seconds in parts.items() if name.startswith("theirs"))
    return {
        "revision": network.spec.revision,
        "photos": len(paths),
        "batch": network.batch,
        "precision": network.precision,
        "threads": torch.get_num_threads(),
        "ours": round(median(totals), 4),
        "ours_slowest": round(max(totals), 4),
        "theirs": round(theirs, 2),
        "ratio": round(theirs / median(totals), 1),
        "parts": parts,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--published-photos", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scan", action="store_true", help="measure the whole command as well")
    parser.add_argument("--out", type=Path, help="write the numbers here as JSON, too")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bar is missed")
    arguments = parser.parse_args()
    paths = photos_in(arguments.photos, arguments.count)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as in a scan's workers; numpy reads it when it is loaded
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
        result = fresh.submit(measure, paths, arguments.published_photos, arguments.threads).result()
    if arguments.scan:
        result["scan"] = round(of_scan(paths), 4)
    text = json.dumps(result, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    well = result["ours"] <= BAR_SECONDS and result["ratio"] >= BAR_RATIO
    print("within the bars" if well else "MISSED", file=sys.stderr)
    sys.exit(arguments.check and not well)


if __name__ == "__main__":
    main()
