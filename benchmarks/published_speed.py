"""How much faster the published networks run here than in their authors' pipelines, on the same CPU.

Theirs: ModelScope's preprocessing and classes as its pipelines run them, one picture at a time. Ours: the same files
through `network_view` and `NetworkBatches` at a batch of 16, in one process, decoding included, without the scan's
further processes. Both get the same random weights, and the answers are compared. Each runs in a process of its own,
since ours tells the allocator to keep memory; they take turns, so that a busy machine is busy for both.

    python -m benchmarks.published_speed mos
    python -m benchmarks.published_speed degradation --rounds 3

Run from the repository's folder.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

BATCH = 16
EXACT = 1e-5
NETWORKS = ("degradation", "maniqa", "mos")
SIZES = {"degradation": (1280, 720)}  # which it sees as they are; the others scale
SIZE = (1920, 1080)

Rows = list[list[float]]  # of each picture, its values
Task = Callable[[], Rows]


@dataclass(frozen=True)
class Round:
    """What one pass over all pictures took, in seconds, and gave."""

    wall: float
    cpu: float
    values: Rows


def theirs(network: str, files: Sequence[Path]) -> Task:
    import torch

    from tests.published_pictures import degradation_original

    torch.manual_seed(0)
    if network != "degradation":
        preprocessor, model = rating_original(network)

        def ask(file: Path) -> list[float]:
            return [float(model({"input": preprocessor(str(file))["input"]})["output"])]
    else:
        pipeline = degradation_original()

        def ask(file: Path) -> list[float]:
            values = pipeline.model._inference_forward(pipeline.preprocess(str(file))["src"])
            return [float(each) for each in values.values()]

    def run() -> Rows:
        with torch.no_grad():
            return [ask(file) for file in files]

    return run


def ours(network: str, files: Sequence[Path]) -> Task:
    from albumclean.scoring.device import place

    place("cpu")  # as a scan does: before torch is imported
    import torch
    from torch import nn

    from albumclean.domain import ScorerSpec
    from albumclean.media.view import network_view
    from albumclean.scoring.batches import NetworkBatches
    from albumclean.scoring.nets.filled import filled
    from albumclean.scoring.variants import variant
    from tests.published_pictures import decoded, degradation_original

    @dataclass(frozen=True)
    class Loaded:
        spec: ScorerSpec
        network: nn.Module

        def load(self) -> nn.Module:
            return self.network

    torch.manual_seed(0)
    original = degradation_original().model.model if network == "degradation" else rating_original(network)[1].model
    known = variant(f"modelscope-{network}")
    scorer = Loaded(known.spec("it", "", "0" * 64), filled(known.network, original.state_dict()))
    batches = NetworkBatches(scorer, "cpu", BATCH)

    def run() -> Rows:
        values: dict[bytes, list[float]] = {bytes([number]): [] for number in range(len(files))}
        scores = []
        for key, file in zip(values, files, strict=True):
            scores += batches.add(key, network_view(decoded(file), known.input)).scores
        for score in scores + list(batches.flush().scores):
            values[score.content_hash].append(score.value)
        return list(values.values())

    return run


def rating_original(network: str) -> tuple[Any, Any]:
    """The preprocessor and the model of one of ModelScope's pipelines that give one number."""
    from tests.published_pictures import maniqa_original, mos_original

    return maniqa_original() if network == "maniqa" else mos_original()


def serve(whose: str, network: str, files: Sequence[Path], threads: int, orders: Connection) -> None:
    """In a process of its own: a round for each order that comes."""
    run = (ours if whose == "ours" else theirs)(network, files)
    import torch

    if threads:
        torch.set_num_threads(threads)
    run()  # warm
    orders.send(torch.get_num_threads())
    while orders.recv():
        wall, cpu = time.perf_counter(), time.process_time()
        values = run()
        orders.send(Round(time.perf_counter() - wall, time.process_time() - cpu, values))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=BATCH)
    parser.add_argument("--size", type=int, nargs=2, metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--threads", type=int, default=0, help="0: as many as PyTorch takes")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = photos(Path(folder), wish.pictures, tuple(wish.size or SIZES.get(wish.network, SIZE)))
        compare(wish.network, files, wish.rounds, wish.threads)


def photos(folder: Path, count: int, size: tuple[int, int]) -> list[Path]:
    from tests.published_pictures import picture

    files = [folder / f"{number}.jpg" for number in range(count)]
    for number, file in enumerate(files):
        picture(number, *size).save(file, quality=90)
    return files


def compare(network: str, files: Sequence[Path], rounds: int, threads: int) -> None:
    context = get_context("spawn")
    lines = {}
    took: dict[str, list[Round]] = {"theirs": [], "ours": []}
    for whose in took:
        lines[whose], other = context.Pipe()
        context.Process(target=serve, args=(whose, network, files, threads, other), daemon=True).start()
        print(f"{whose}: {lines[whose].recv()} threads")
    for number in range(rounds):
        for whose in took if number % 2 else reversed(took):
            lines[whose].send(True)
            took[whose].append(lines[whose].recv())
    for line in lines.values():
        line.send(False)
    pairs = zip(took["theirs"][0].values, took["ours"][0].values, strict=True)
    difference = max(abs(one - other) for row, same in pairs for one, other in zip(row, same, strict=True))
    print(f"{network}, {len(files)} pictures, {rounds} rounds; largest difference of an answer {difference:.1e}")
    for what in ("wall", "cpu"):
        seconds = {whose: statistics.median(getattr(each, what) for each in took[whose]) for whose in took}
        each = {whose: len(files) / value for whose, value in seconds.items()}
        ratios = [getattr(one, what) / getattr(two, what) for one, two in zip(*took.values(), strict=True)]
        print(
            f"  by {what} time: theirs {each['theirs']:.2f}, ours {each['ours']:.2f} pictures a second;"
            f" {statistics.median(ratios):.2f} times as fast ({min(ratios):.2f} to {max(ratios):.2f})"
        )
    if difference > EXACT:
        raise SystemExit("the answers differ")


if __name__ == "__main__":
    main()
