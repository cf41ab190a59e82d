"""What the judge's quick form saves: `python -m benchmarks.forward_pass [--photos DIR] [--threads 1] [--check]`.

CPU seconds of the forward pass a photo, plain and quick in turns, in single and in half precision; median over the
rounds, the first of each shape left out, in which oneDNN makes its kernels. And how far the answers of the quick form
are from those of the plain one in the same precision. Without `--photos`, on made pictures.

The bars, held by `--check`: MOS within 0.001, embeddings within 0.0001 of a cosine of 1, at most 0.8 of the plain time.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, cast

import numpy as np

from albumclean.media.view import NetworkView, network_view
from albumclean.scoring import registry
from albumclean.scoring.contract import made_picture
from albumclean.scoring.device import place
from albumclean.scoring.scorers.judge import INPUT
from benchmarks.judged import Row, analyse_file, spread

if TYPE_CHECKING:
    from albumclean.scoring.nets.judge import Judge

BAR_MOS, BAR_COSINE, BAR_RATIO = 1e-3, 1e-4, 0.8
MADE = ((1600, 1200), (1200, 1600))


def views_of(folder: Path | None, count: int) -> list[NetworkView]:
    """Of photos, or of made pictures."""
    if folder is None:
        return [network_view(made_picture(*MADE[number % 2], number), INPUT) for number in range(count)]
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg"})
    return [analyse_file(path).views[registry.JUDGE] for path in spread(paths, count)]


def measure(views: list[NetworkView], batch: int, rounds: int, threads: int) -> Row:
    """All numbers; times in CPU milliseconds a photo."""
    place("cpu")
    import torch

    torch.set_num_threads(threads)
    groups: dict[object, list[NetworkView]] = defaultdict(list)
    for view in views:
        groups[view.whole.shape, view.patches.shape].append(view)
    batches = [
        tuple(
            torch.from_numpy(np.stack([getattr(view, part) for view in same[start : start + batch]]))
            for part in ("whole", "patches")
        )
        for same in groups.values()
        for start in range(0, len(same), batch)
    ]
    shipped = registry.shipped(registry.JUDGE)
    plain = shipped.load()
    quick = cast("Judge", shipped.load()).for_inference()
    found: Row = {"photos": len(views), "batch": batch, "threads": torch.get_num_threads(), "torch": torch.__version__}
    for name, half in (("single", False), ("half", True)):
        spent: dict[str, list[float]] = defaultdict(list)
        apart, turned = 0.0, 0.0
        for number in range(rounds + 1):
            for seen in batches:
                answers = []
                for form, network in (("plain", plain), ("quick", quick)):
                    before = time.process_time()
                    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
                        answers.append(network(*seen))
                    if number:
                        spent[form].append((time.process_time() - before) / len(seen[0]))
                (values, vectors), (quick_values, quick_vectors) = answers
                apart = max(apart, float((values - quick_values)[:, 0].abs().max()))
                cosine = torch.cosine_similarity(vectors.double(), quick_vectors.double())
                turned = max(turned, float((1 - cosine).max()))
        for form, seconds in spent.items():
            found[f"{name}_{form}_ms"] = round(1000 * median(seconds), 1)
        found[f"{name}_ratio"] = round(median(spent["quick"]) / median(spent["plain"]), 3)
        found[f"{name}_mos_apart"] = apart
        found[f"{name}_cosine_apart"] = turned
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, help="a folder with JPEGs")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="write the numbers here as JSON, too")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bar is missed")
    arguments = parser.parse_args()
    views = views_of(arguments.photos, arguments.count)
    result = measure(views, arguments.batch, arguments.rounds, arguments.threads)
    text = json.dumps(result, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    well = all(
        result[f"{name}_mos_apart"] <= BAR_MOS
        and result[f"{name}_cosine_apart"] <= BAR_COSINE
        and result[f"{name}_ratio"] <= BAR_RATIO
        for name in ("single", "half")
    )
    print("within the bar" if well else "MISSED", file=sys.stderr)
    sys.exit(arguments.check and not well)


if __name__ == "__main__":
    main()
