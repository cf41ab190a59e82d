"""Results as JSON documents and CSV, as `docs/evaluation.md` promises them. NaN never appears: it is `null`."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from albumclean.evaluation.agreement import NAMES, Agreement
from albumclean.evaluation.kadid import DISTORTIONS, HEADS, Correlation, KadidReport
from albumclean.evaluation.table import Rated
from albumclean.evaluation.weighted import Floats

VERSION = 1

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"


@dataclass(frozen=True, slots=True)
class Run:
    """What every document says of the run that made it."""

    scorer: str
    revision: str
    failed: Sequence[tuple[str, str]]  # (file, why it could not be judged)


def agreement_document(
    everyone: Agreement, subsets: Mapping[str, Agreement], scale: tuple[float, float] | None, run: Run
) -> dict[str, Json]:
    """The answer to `albumclean eval TABLE.csv --json`."""
    return {
        "version": VERSION,
        **_about(run),
        "scale": list(scale) if scale else None,
        **_agreement(everyone),
        "subsets": {name: _agreement(each) for name, each in subsets.items()},
    }


def kadid_document(report: KadidReport, run: Run) -> dict[str, Json]:
    """The answer to `albumclean eval --kadid FOLDER --json`."""
    return {
        "version": VERSION,
        **_about(run),
        "photos": report.photos,
        "kadid": {
            **_correlation(report.overall),
            "by_head": {name: _correlation(each) for name, each in report.by_head.items()},
            "by_distortion": {name: _correlation(each) for name, each in report.by_distortion.items()},
            "matrix": {"rise_at_level_5": _matrix(report.rise_at_worst), "mean_rise": _matrix(report.rise_mean)},
        },
    }


def predictions_header(quantities: Sequence[str]) -> bytes:
    """The first line of a file of predictions."""
    return _csv_line(("file", "subset", "mos", "prediction", *_others(quantities)))


def predictions_csv(rows: Sequence[tuple[Rated, Mapping[str, float]]], quantities: Sequence[str]) -> bytes:
    """What the scorer says of every photo that it could judge: UTF-8, by RFC 4180."""
    lines = [predictions_header(quantities)]
    for row, values in rows:
        numbers = (_digits(values.get(name)) for name in ("mos", *_others(quantities)))
        lines.append(_csv_line((row.file, row.subset, f"{row.mos:g}", *numbers)))
    return b"".join(lines)


def _others(quantities: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in quantities if name != "mos")


def _digits(value: float | None) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:.6f}"


def _csv_line(cells: Sequence[str]) -> bytes:
    record = io.StringIO()
    csv.writer(record, lineterminator="\r\n").writerow(cells)
    return record.getvalue().encode()


def _about(run: Run) -> dict[str, Json]:
    failed = [{"file": file, "reason": reason} for file, reason in run.failed]
    return {"scorer": run.scorer, "revision": run.revision, "failed": failed}


def _agreement(found: Agreement) -> dict[str, Json]:
    curve = found.curve
    return {
        "photos": found.photos,
        **{name: _number(found.values[name]) for name in NAMES},
        "interval": {name: _interval(found.intervals[name]) for name in NAMES},
        "curve": None
        if curve is None
        else {"high": curve.high, "low": curve.low, "middle": curve.middle, "width": curve.width},
    }


def _interval(edges: tuple[float, float] | None) -> list[Json] | None:
    return None if edges is None else [_number(edge) for edge in edges]


def _correlation(found: Correlation) -> dict[str, Json]:
    return {
        "mean_srcc": _number(found.mean_srcc),
        "mean_plcc": _number(found.mean_plcc),
        "ladders": found.ladders,
        "constant": found.constant,
    }


def _matrix(values: Floats) -> dict[str, Json]:
    return {
        name: {head: _number(float(value)) for head, value in zip(HEADS, row, strict=True)}
        for name, row in zip(DISTORTIONS, values, strict=True)
    }


def _number(value: float | None) -> float | None:
    return round(value, 6) if value is not None and math.isfinite(value) else None
