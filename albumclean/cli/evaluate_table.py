"""`albumclean eval TABLE.csv`: judge the photos of a table and compare with what people gave them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from albumclean.cli.counter import counter
from albumclean.cli.evaluation_view import print_agreement, print_json, say_failures
from albumclean.cli.output import Output
from albumclean.cli.running import say_error
from albumclean.config import Settings
from albumclean.domain import Failure
from albumclean.engines.judge import judge_files, of_scorer
from albumclean.errors import ExitCode
from albumclean.evaluation import document, drawing
from albumclean.evaluation.agreement import Agreement, agreement
from albumclean.evaluation.scatter import Points, scatter
from albumclean.evaluation.table import Rated, Table, read_table, scale_of
from albumclean.evaluation.weighted import Floats
from albumclean.scoring import registry
from albumclean.words import counted

_Judged = list[tuple[Rated, dict[str, float]]]


@dataclass(frozen=True, slots=True)
class Wish:
    """The command line."""

    table: Path
    predictions: Path | None
    plot: Path | None
    device: str
    workers: int  # 0: one per core
    json: bool


def evaluate_table(wish: Wish, settings: Settings) -> ExitCode:
    """Raises TableError, OutputExists and OutputUnusable before the work begins, and what `judge_files` raises."""
    table = read_table(wish.table.expanduser())
    spec = registry.spec(registry.JUDGE)
    # What can't be written must be said before an hour of work, not after it.
    sheet = Output.check(wish.predictions, document.predictions_header(spec.quantities))
    picture = Output.check(wish.plot, drawing.MARK, suffixes=(".svg", ".png"))
    if table.repeated:
        say_error(f"{counted(table.repeated, 'row')} of the table said again what an earlier one had said.")

    judged, failed = _judge(table, wish, settings)
    predicted = np.array([values["mos"] for _, values in judged])
    truth = np.array([row.mos for row, _ in judged])
    names = [row.subset for row, _ in judged]
    everyone = agreement(predicted, truth)
    subsets = {name: _of_subset(name, predicted, truth, names) for name in table.subsets}
    run = document.Run(spec.name, spec.revision, failed)
    scale = scale_of([row.mos for row in table.rows])
    if sheet:
        sheet.write(document.predictions_csv(judged, spec.quantities))
    if picture:
        picture.write(_drawn(picture.path, everyone, Points(predicted, truth, names)))
    say_failures(failed)
    if wish.json:
        print_json(document.agreement_document(everyone, subsets, scale, run))
    else:
        print_agreement(everyone, subsets, scale, run, predicted=predicted, truth=truth)
    if not judged:
        return ExitCode.NOTHING_DONE
    return ExitCode.SOME_FAILED if failed else ExitCode.OK


def _judge(table: Table, wish: Wish, settings: Settings) -> tuple[_Judged, list[tuple[str, str]]]:
    """(what could be judged, what could not and why), in the table's order."""
    found: dict[Path, dict[str, float] | Failure] = {}
    paths = [row.path for row in table.rows]
    with counter("Judging", len(paths)) as step:
        scorers = (registry.shipped(registry.JUDGE),)
        for path, result in judge_files(
            paths, scorers=scorers, settings=settings, device=wish.device, workers=wish.workers
        ):
            found[path] = result if isinstance(result, Failure) else of_scorer(result, registry.JUDGE)
            step()
    judged: _Judged = []
    failed: list[tuple[str, str]] = []
    for row in table.rows:
        result = found[row.path]
        if isinstance(result, Failure):
            failed.append((row.file, result.reason))
        elif not math.isfinite(result.get("mos", math.nan)):
            failed.append((row.file, "the model gave no usable score for it"))
        else:
            judged.append((row, result))
    return judged, failed


def _of_subset(name: str, predicted: Floats, truth: Floats, names: Sequence[str]) -> Agreement:
    rows = np.array([each == name for each in names], dtype=bool)
    return agreement(predicted[rows], truth[rows])


def _drawn(path: Path, everyone: Agreement, points: Points) -> bytes:
    srcc = everyone.values["srcc"]
    title = counted(everyone.photos, "photo") + (f", SRCC {srcc:.3f}" if srcc is not None else "")
    shapes = scatter(points, everyone.curve, title, "score by people")
    return drawing.png(shapes) if path.suffix.lower() == ".png" else drawing.svg(shapes)
