"""The judge by onnxruntime, in single precision and in 8-bit integers: measured, and not shipped.

`python -m benchmarks.judge_int8 --photos DIR --calibrate DIR [--work DIR]`, in an environment that also has onnx,
onnxruntime and onnxscript. CPU milliseconds of the forward pass a photo on one thread, the forms in turns and the best
of the rounds, beside the graph that is shipped; and how far each one's answers are from those of onnxruntime in single
precision. Integers: QDQ, weights by channel, ranges from the photos of `--calibrate`; `late` keeps the stem and the
first two stages in single precision, as half precision does.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from albumclean.media.view import NetworkView
from albumclean.scoring import registry
from albumclean.scoring.device import place
from benchmarks.forward_pass import views_of
from benchmarks.judged import Row

if TYPE_CHECKING:
    from albumclean.scoring.graphs.judge import JudgeGraph
    from albumclean.scoring.nets.judge import Judge

Floats = npt.NDArray[np.float32]
Inputs = dict[str, npt.NDArray[np.uint8]]
EARLY = 9  # convolutions of the stem and the first two stages
AT_ONCE = 4


def inputs(views: Sequence[NetworkView]) -> Iterator[Inputs]:
    """Batches of one shape each."""
    groups: dict[object, list[NetworkView]] = defaultdict(list)
    for view in views:
        groups[view.whole.shape].append(view)
    for same in groups.values():
        for start in range(0, len(same), AT_ONCE):
            part = same[start : start + AT_ONCE]
            yield {"whole": np.stack([one.whole for one in part]), "patches": np.stack([one.patches for one in part])}


def export(network: Judge, to: Path) -> None:
    """The judge's values as an ONNX graph, for any number of pictures of any sides."""
    import torch

    class Values(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.judge = network

        def forward(self, whole: torch.Tensor, patches: torch.Tensor) -> torch.Tensor:
            return self.judge(whole, patches)[0]  # type: ignore[no-any-return]

    number, rows, columns = (torch.export.Dim(name, min=2) for name in ("number", "rows", "columns"))
    torch.onnx.export(
        Values().eval(),
        (torch.zeros(2, 320, 448, 3, dtype=torch.uint8), torch.zeros(2, 4, 224, 224, 3, dtype=torch.uint8)),
        to,
        dynamo=True,
        input_names=["whole", "patches"],
        dynamic_shapes={"whole": {0: number, 1: 32 * rows, 2: 32 * columns}, "patches": {0: number}},
        external_data=False,
    )


def quantise(single: Path, to: Path, views: Sequence[NetworkView], *, late: bool) -> None:
    """Write the graph with its convolutions in integers."""
    tools: Any = importlib.import_module("onnxruntime.quantization")
    convolutions = [
        node.name for node in importlib.import_module("onnx").load(single).graph.node if node.op_type == "Conv"
    ]
    second = len(convolutions) // 2  # of the patches, which are looked at after the whole
    waiting = iter([{"whole": view.whole[None], "patches": view.patches[None]} for view in views])

    class Reader(tools.CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> Inputs | None:
            return next(waiting, None)

    tools.quantize_static(
        single,
        to,
        Reader(),
        quant_format=tools.QuantFormat.QDQ,
        op_types_to_quantize=["Conv"],
        per_channel=True,
        activation_type=tools.QuantType.QUInt8,
        weight_type=tools.QuantType.QInt8,
        nodes_to_exclude=convolutions[:EARLY] + convolutions[second : second + EARLY] if late else [],
    )


def session(graph: Path) -> Callable[[Inputs], Floats]:
    """onnxruntime's forward pass on one thread."""
    runtime: Any = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    opened = runtime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return lambda seen: cast("Floats", opened.run(None, seen)[0])


def shipped() -> Callable[[Inputs], Floats]:
    """The forward pass as a scan runs it, picture by picture."""
    graph = cast("JudgeGraph", registry.shipped(registry.JUDGE).compiled(1))

    def run(seen: Inputs) -> Floats:
        views = map(NetworkView, seen["whole"], seen["patches"])
        return np.concatenate([graph(view)[0] for view in views])

    return run


def measure(photos: Sequence[NetworkView], calibration: Sequence[NetworkView], work: Path, rounds: int) -> Row:
    """All numbers."""
    place("cpu")
    import torch

    torch.set_num_threads(1)
    judge = registry.shipped(registry.JUDGE)
    graphs = {name: work / f"{name}.onnx" for name in ("single", "integers", "late")}
    export(cast("Judge", judge.load()), graphs["single"])
    for name in ("integers", "late"):
        quantise(graphs["single"], graphs[name], calibration, late=name == "late")
    forms = {"shipped": shipped()}
    forms |= {f"onnxruntime, {name}": session(graph) for name, graph in graphs.items()}
    batches = list(inputs(photos))
    answers: dict[str, Floats] = {}
    spent: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds + 1):  # the first one warms up
        for name, form in forms.items():
            before = time.process_time()
            answers[name] = np.concatenate([form(seen) for seen in batches])
            spent[name].append(1000 * (time.process_time() - before) / len(photos))
    exact = answers["onnxruntime, single"]
    return {
        name: {
            "milliseconds": round(min(each[1:]), 1),
            "mos_apart_mean": round(float(np.abs(answers[name] - exact)[:, 0].mean()), 5),
            "any_apart_most": round(float(np.abs(answers[name] - exact).max()), 5),
        }
        for name, each in spent.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--calibrate", type=Path, required=True, help="photos that are none of those")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--calibrate-count", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--work", type=Path, help="a folder for what is between (default: a temporary one)")
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    photos, calibration = (
        views_of(folder, count)
        for folder, count in (
            (arguments.photos, arguments.count),
            (arguments.calibrate, arguments.calibrate_count),
        )
    )
    with tempfile.TemporaryDirectory(dir=arguments.work) as work:
        print(json.dumps(measure(photos, calibration, Path(work), arguments.rounds), indent=1))


if __name__ == "__main__":
    main()
