"""`albumclean eval TABLE.csv` and `--preset NAME FOLDER`: judge photos and compare with what people gave them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from albumclean.cli.counter import counter
from albumclean.cli.evaluation_view import print_json, print_preset, print_protocol, print_results, say_failures
from albumclean.cli.output import Output
from albumclean.cli.running import say_error
from albumclean.config import Settings
from albumclean.domain import Failure
from albumclean.engines.judge import Values, judge_files, of_scorer
from albumclean.engines.reading import NO_SCORE
from albumclean.errors import ExitCode, UsageError
from albumclean.evaluation import document, drawing
from albumclean.evaluation.agreement import Agreement, agreement
from albumclean.evaluation.kadid import is_read, of_files
from albumclean.evaluation.measured import Measured
from albumclean.evaluation.preset import Preset, read_preset
from albumclean.evaluation.preset_registry import preset_named
from albumclean.evaluation.scatter import Points, scatter
from albumclean.evaluation.table import Rated, Table, read_table, scale_of
from albumclean.evaluation.weighted import Floats
from albumclean.words import counted, shown


@dataclass(frozen=True, slots=True)
class Wish:
    """What else the command line says."""

    predictions: Path | None
    plot: Path | None
    device: str
    workers: int  # 0: one per core
    json: bool


@dataclass(frozen=True, slots=True)
class _Judged:
    """The photos of a table, in its order."""

    rows: list[tuple[Rated, Values]]
    predicted: Floats  # (rows, predictions)
    failed: list[tuple[str, str]]  # (file, why it could not be judged)

    @property
    def truth(self) -> Floats:
        return np.array([row.mos for row, _ in self.rows], dtype=np.float64)

    @property
    def subsets(self) -> list[str]:
        return [row.subset for row, _ in self.rows]


def evaluate_table(path: Path, measured: Measured, wish: Wish, settings: Settings) -> ExitCode:
    """Raises TableError, and what `evaluate_preset` raises but for DatasetUnusable."""
    if not measured.predictions:
        raise _only_faults(measured)
    table = read_table(path.expanduser())
    if table.repeated:
        say_error(f"{counted(table.repeated, 'row')} of the table said again what an earlier one had said.")
    return _evaluate(table, measured, wish, settings)


def evaluate_preset(
    name: str, folder: Path, measured: Measured, wish: Wish, settings: Settings, *, part: str | None
) -> ExitCode:
    """Raises UsageError, DatasetUnusable, TableError, OutputExists and OutputUnusable before the work begins.

    Raises what `judge_files` raises as well.
    """
    preset = preset_named(name)
    if not measured.predictions and not (preset.published_faults and measured.faults):
        raise _only_faults(measured)
    table, part = read_preset(preset, folder.expanduser(), part)
    if not measured.predictions:
        table = replace(
            table, rows=tuple(row for row in table.rows if is_read(row.file))
        )  # the rest would be for nothing
    return _evaluate(table, measured, wish, settings, preset=preset, part=part)


def _only_faults(measured: Measured) -> UsageError:
    if not measured.name:
        return UsageError(detail="The scorer that was named gives no score that could be compared with people's.")
    return UsageError(
        detail=f"{shown(measured.name)} says what is wrong with a photo and gives no score that could be compared with "
        "people's. `--preset kadid-10k FOLDER` and `--kadid FOLDER` measure that."
    )


def _evaluate(
    table: Table, measured: Measured, wish: Wish, settings: Settings, *, preset: Preset | None = None, part: str = ""
) -> ExitCode:
    # What can't be written must be said before an hour of work, not after it.
    sheet = Output.check(wish.predictions, document.predictions_header(measured.quantities))
    picture = Output.check(wish.plot, drawing.MARK, suffixes=(".svg", ".png"))
    if picture and not measured.predictions:
        raise UsageError(detail="--plot needs a scorer that gives a score.")

    judged = _judge(table, measured, wish, settings)
    results = _results(judged, table, measured, preset)
    run = document.Run(measured.name, measured.revision, judged.failed)
    if sheet:
        first = judged.predicted[:, 0].tolist() if measured.predictions else [None] * len(judged.rows)
        rows = ((row, value, values) for (row, values), value in zip(judged.rows, first, strict=True))
        sheet.write(document.predictions_csv(rows, measured.quantities))
    if picture and results.everyone is not None:
        points = Points(judged.predicted[:, 0], judged.truth, judged.subsets)
        picture.write(_drawn(picture.path, results.everyone, points))
    say_failures(judged.failed)
    if wish.json:
        print_json(document.results_document(results, run, preset, part))
    else:
        _print(results, run, judged, preset, part)
    if not judged.rows:
        return ExitCode.NOTHING_DONE
    return ExitCode.SOME_FAILED if judged.failed else ExitCode.OK


def _judge(table: Table, measured: Measured, wish: Wish, settings: Settings) -> _Judged:
    found: dict[Path, Values | Failure] = {}
    paths = [row.path for row in table.rows]
    with counter("Judging", len(paths)) as step:
        for path, result in judge_files(
            paths, scorers=measured.scorers, settings=settings, device=wish.device, workers=wish.workers
        ):
            found[path] = result
            step()
    rows: list[tuple[Rated, Values]] = []
    predicted: list[list[float]] = []
    failed: list[tuple[str, str]] = []
    for row in table.rows:
        result = found[row.path]
        if isinstance(result, Failure):
            failed.append((row.file, result.reason))
            continue
        said = [value for each in measured.predictions if (value := each.of(result)) is not None]
        if len(said) < len(measured.predictions):
            failed.append((row.file, NO_SCORE))
            continue
        rows.append((row, result))
        predicted.append(said)
    shape = (len(rows), len(measured.predictions))
    return _Judged(rows, np.array(predicted, dtype=np.float64).reshape(shape), failed)


def _results(judged: _Judged, table: Table, measured: Measured, preset: Preset | None) -> document.Results:
    faults = {}
    if preset is not None and preset.published_faults:
        for scorer in measured.faults:
            name = scorer.spec.name
            protocol = of_files((row.file, of_scorer(values, name)) for row, values in judged.rows)
            if protocol is not None:
                faults[name] = protocol
    if not measured.predictions:
        return document.Results(None, None, {}, {}, faults)
    truth, subsets = judged.truth, judged.subsets
    first = judged.predicted[:, 0]
    return document.Results(
        everyone=agreement(first, truth),
        scale=preset.scale if preset else scale_of([row.mos for row in table.rows]),
        subsets={name: _of_subset(name, first, truth, subsets) for name in table.subsets},
        others={
            each.name: agreement(judged.predicted[:, column], truth)
            for column, each in enumerate(measured.predictions)
            if column
        },
        faults=faults,
    )


def _of_subset(name: str, predicted: Floats, truth: Floats, names: Sequence[str]) -> Agreement:
    rows = np.array([each == name for each in names], dtype=bool)
    return agreement(predicted[rows], truth[rows])


def _print(results: document.Results, run: document.Run, judged: _Judged, preset: Preset | None, part: str) -> None:
    if results.everyone is not None:
        print_results(results, run, predicted=judged.predicted[:, 0], truth=judged.truth)
    for name, protocol in results.faults.items():
        print_protocol(name, protocol)
    if preset is not None:
        print_preset(preset, part, scores=results.everyone is not None, faults=bool(results.faults))


def _drawn(path: Path, everyone: Agreement, points: Points) -> bytes:
    srcc = everyone.values["srcc"]
    title = counted(everyone.photos, "photo") + (f", SRCC {srcc:.3f}" if srcc is not None else "")
    shapes = scatter(points, everyone.curve, title, "score by people")
    return drawing.png(shapes) if path.suffix.lower() == ".png" else drawing.svg(shapes)
