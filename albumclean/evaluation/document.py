"""Results as JSON documents and CSV, as `docs/evaluation.md` promises them. NaN never appears: it is `null`."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from albumclean.evaluation.agreement import NAMES, Agreement
from albumclean.evaluation.kadid import DISTORTIONS, Correlation, KadidReport, Protocol
from albumclean.evaluation.preset import Preset, Published
from albumclean.evaluation.table import Rated
from albumclean.evaluation.weighted import Floats

VERSION = 1

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"
_TAKEN = ("file", "subset", "mos", "prediction")  # names of the first columns of a file of predictions


@dataclass(frozen=True, slots=True)
class Run:
    """What every document says of the run that made it."""

    scorer: str
    revision: str
    failed: Sequence[tuple[str, str]]  # (file, why it could not be judged)


@dataclass(frozen=True, slots=True)
class Results:
    """What was measured on photos that people have scored; the first two None where no scorer gives a score."""

    everyone: Agreement | None
    scale: tuple[float, float] | None  # of the scores
    subsets: Mapping[str, Agreement]
    others: Mapping[str, Agreement]  # each scorer by itself where several count together, and calibrated ones
    faults: Mapping[str, Protocol]  # by scorer: the KADID protocol, on KADID-10k


def results_document(results: Results, run: Run, preset: Preset | None = None, part: str = "") -> dict[str, Json]:
    """The answer to `albumclean eval TABLE.csv --json`, and to `--preset`."""
    document: dict[str, Json] = {"version": VERSION, **_about(run)}
    if results.everyone is not None:
        document |= {
            "scale": list(results.scale) if results.scale else None,
            **_agreement(results.everyone),
            "subsets": {name: _agreement(each) for name, each in results.subsets.items()},
            "others": {name: _agreement(each) for name, each in results.others.items()},
        }
    if preset is not None:
        document |= {
            "preset": {
                "name": preset.name,
                "title": preset.title,
                "part": part,
                "scale": list(preset.scale),
                "paper": preset.paper,
                "source": preset.source,
                "licence": preset.licence,
                "note": preset.note,
            },
            "published": [_published(each) for each in preset.published],
        }
    if results.faults:
        document["kadid_protocol"] = {name: _protocol(each) for name, each in results.faults.items()}
        document["published_kadid_protocol"] = [_published(each) for each in preset.published_faults] if preset else []
    return document


def kadid_document(report: KadidReport, run: Run) -> dict[str, Json]:
    """The answer to `albumclean eval --kadid FOLDER --json`."""
    heads = report.heads
    return {
        "version": VERSION,
        **_about(run),
        "photos": report.photos,
        "kadid": {
            **_protocol(report.protocol),
            "matrix": {
                "rise_at_level_5": _matrix(report.rise_at_worst, heads),
                "mean_rise": _matrix(report.rise_mean, heads),
            },
        },
    }


def predictions_header(quantities: Sequence[tuple[str, str]]) -> bytes:
    """The first line of a file of predictions; `quantities` by scorer, whose names stand there if there are several."""
    several = len({scorer for scorer, _ in quantities}) > 1
    named = (f"{scorer}.{quantity}" if several else quantity for scorer, quantity in _further(quantities))
    return _csv_line((*_TAKEN, *named))


def predictions_csv(
    rows: Iterable[tuple[Rated, float | None, Mapping[tuple[str, str], float]]], quantities: Sequence[tuple[str, str]]
) -> bytes:
    """What the scorers say of every photo that they could judge: UTF-8, by RFC 4180."""
    lines = [predictions_header(quantities)]
    for row, prediction, values in rows:
        numbers = (_digits(value) for value in (prediction, *map(values.get, _further(quantities))))
        lines.append(_csv_line((row.file, row.subset, f"{row.mos:g}", *numbers)))
    return b"".join(lines)


def _further(quantities: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """All but what, from a single scorer, would be a second column of the same name."""
    several = len({scorer for scorer, _ in quantities}) > 1
    return [(scorer, quantity) for scorer, quantity in quantities if several or quantity not in _TAKEN]


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


def _published(found: Published) -> dict[str, Json]:
    return {
        "model": found.model,
        "plcc": found.plcc,
        "srcc": found.srcc,
        "krcc": found.krcc,
        "rmse": found.rmse,
        "on": found.on,
        "trained_here": found.trained_here,
        "source": found.source,
    }


def _interval(edges: tuple[float, float] | None) -> list[Json] | None:
    return None if edges is None else [_number(edge) for edge in edges]


def _protocol(found: Protocol) -> dict[str, Json]:
    return {
        **_correlation(found.overall),
        "by_head": {name: _correlation(each) for name, each in found.by_head.items()},
        "by_distortion": {name: _correlation(each) for name, each in found.by_distortion.items()},
    }


def _correlation(found: Correlation) -> dict[str, Json]:
    return {
        "mean_srcc": _number(found.mean_srcc),
        "mean_plcc": _number(found.mean_plcc),
        "ladders": found.ladders,
        "constant": found.constant,
    }


def _matrix(values: Floats, heads: Sequence[str]) -> dict[str, Json]:
    return {
        name: {head: _number(float(value)) for head, value in zip(heads, row, strict=True)}
        for name, row in zip(DISTORTIONS, values, strict=True)
    }


def _number(value: float | None) -> float | None:
    return round(value, 6) if value is not None and math.isfinite(value) else None
