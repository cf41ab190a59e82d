"""What the judge's graph saves beside PyTorch: `python -m benchmarks.forward_pass [--photos DIR] [--check]`.

CPU seconds of the forward pass a photo, by PyTorch and by the graph in turns, in single and in half precision; median
over the rounds, the first one left out, in which both make their kernels. PyTorch sees `--batch` photos at once, the
graph one, as in a scan. And how far the graph's answers are from PyTorch's in the same precision, and both in half
precision from single precision. Without `--photos`, on made pictures.

The bars, held by `--check`: the MOS within 0.001 of PyTorch's in single precision, embeddings within 0.0001 of a cosine
of 1; in half precision not farther from single precision than PyTorch and 0.001 more; at most 0.8 of its time.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, cast
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from albumclean.media.view import NetworkView, network_view
from albumclean.scoring import registry
from albumclean.scoring.contract import made_picture
from albumclean.scoring.device import place
from albumclean.scoring.graphs import judge as graphs
from albumclean.scoring.scorers.judge import INPUT
from benchmarks.judged import Row, analyse_file, spread

if TYPE_CHECKING:
    from albumclean.scoring.graphs.judge import JudgeGraph
    from albumclean.scoring.nets.judge import Judge

Floats = npt.NDArray[np.float32]

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
    shipped = registry.shipped(registry.JUDGE)
    network = cast("Judge", shipped.load())
    found: Row = {"photos": len(views), "batch": batch, "threads": threads, "torch": torch.__version__}
    said: dict[str, tuple[Floats, Floats]] = {}
    for name, half in (("single", False), ("half", True)):
        forms: dict[str, Callable[[], tuple[Floats, Floats]]] = {
            "torch": partial(_by_torch, network, views, batch, half=half),
            "graph": partial(_by_graph, _graph(threads, half=half), views),
        }
        spent: dict[str, list[float]] = defaultdict(list)
        for number in range(rounds + 1):
            for form, answer in forms.items():
                before = time.process_time()
                said[f"{name}_{form}"] = answer()
                if number:
                    spent[form].append((time.process_time() - before) / len(views))
        for form, seconds in spent.items():
            found[f"{name}_{form}_ms"] = round(1000 * median(seconds), 1)
        found[f"{name}_ratio"] = round(median(spent["graph"]) / median(spent["torch"]), 3)
    values, embeddings = said["single_torch"]
    for name in ("single_graph", "half_torch", "half_graph"):
        found[f"{name}_mos_apart"] = float(np.abs(said[name][0] - values)[:, 0].max())
        found[f"{name}_cosine_apart"] = float((1 - (said[name][1] * embeddings).sum(axis=1)).max())
    return found


def _graph(threads: int, *, half: bool) -> JudgeGraph:
    """The judge's graph in this precision, whatever the processor likes best."""
    with patch.object(graphs, "has_half", lambda: half):
        made = registry.shipped(registry.JUDGE).compiled(threads)
    if made is None:
        sys.exit("there is no OpenVINO for this processor")
    return cast("JudgeGraph", made)


def _by_graph(graph: JudgeGraph, views: list[NetworkView]) -> tuple[Floats, Floats]:
    found = [graph(view) for view in views]
    return np.concatenate([each[0] for each in found]), np.concatenate([each[1] for each in found])


def _by_torch(network: Judge, views: list[NetworkView], batch: int, *, half: bool) -> tuple[Floats, Floats]:
    """The answers in the views' order, which come in batches of one shape."""
    import torch

    groups: dict[object, list[int]] = defaultdict(list)
    for number, view in enumerate(views):
        groups[view.whole.shape].append(number)
    values: dict[int, tuple[Floats, Floats]] = {}
    for numbers in groups.values():
        for start in range(0, len(numbers), batch):
            some = numbers[start : start + batch]
            seen = (np.stack([getattr(views[each], part) for each in some]) for part in ("whole", "patches"))
            with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
                found = network(*map(torch.from_numpy, seen))
            values |= dict(zip(some, zip(*(each.numpy() for each in found), strict=True), strict=True))
    rows = [values[number] for number in range(len(views))]
    return np.stack([row[0] for row in rows]), np.stack([row[1] for row in rows])


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
    well = (
        result["single_graph_mos_apart"] <= BAR_MOS
        and result["single_graph_cosine_apart"] <= BAR_COSINE
        and result["half_graph_mos_apart"] <= result["half_torch_mos_apart"] + BAR_MOS
        and all(result[f"{name}_ratio"] <= BAR_RATIO for name in ("single", "half"))
    )
    print("within the bar" if well else "MISSED", file=sys.stderr)
    sys.exit(arguments.check and not well)


if __name__ == "__main__":
    main()
