"""Proposals as JSON lines and CSV. The contract is `docs/propose-json.md`; any change there is a new `VERSION`."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import os
import re
from pathlib import Path
from typing import TypeAlias

from albumclean.domain import Proposal, Reason

VERSION = 1

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

CSV_HEADER: tuple[str, ...] = (
    "action",
    "path",
    "rule",
    "mos",
    "sentence",
    "degradations",
    "size",
    "group",
    "kind",
    "keeper",
    "companions",
    "path_base64",
)

_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")  # a byte of a file name that is not text
_LINE_END = "\r\n"  # cells that contain any of it get quoted
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r")  # OWASP, "CSV Injection"


def to_json(proposal: Proposal) -> dict[str, Json]:
    """The proposal as the contract has it; every key is always there, except the `_base64` ones."""
    facts, group = proposal.facts, proposal.group
    companions: list[Json] = [_text(str(companion.file.path)) for companion in facts.asset.companions]
    degradations: dict[str, Json] = {name: _number(value) for name, value in sorted(facts.degradations.items())}
    reasons: list[Json] = [_reason(reason) for reason in proposal.reasons]
    return {
        "version": VERSION,
        "action": proposal.action.value,
        **_path("path", facts.path),
        "companions": companions,
        "size": facts.asset.size,
        "rule": proposal.rule,
        "mos": _number(facts.mos),
        "degradations": degradations,
        "reasons": reasons,
        "sentence": _text(proposal.sentence),
        "group": group.id if group else None,
        "kind": group.kind.value if group else None,
        **(_path("keeper", group.keeper.path) if group else {"keeper": None}),
    }


def json_line(proposal: Proposal) -> str:
    """One line without its line feed: valid UTF-8, no NaN, no raw control characters."""
    return json.dumps(to_json(proposal), ensure_ascii=False, allow_nan=False)


def csv_row(proposal: Proposal) -> str:
    """One record by RFC 4180 without its line end, with the columns of `CSV_HEADER`.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front. Absolute paths never need one.
    """
    facts, group = proposal.facts, proposal.group
    return csv_line(
        (
            proposal.action.value,
            str(facts.path),
            proposal.rule,
            "" if _number(facts.mos) is None else f"{facts.mos:.4f}",
            proposal.sentence,
            "; ".join(f"{name} {value:.2f}" for name, value in sorted(facts.degradations.items())),
            str(facts.asset.size),
            group.id if group else "",
            group.kind.value if group else "",
            str(group.keeper.path) if group else "",
            "; ".join(str(companion.file.path) for companion in facts.asset.companions),
            str(_path("path", facts.path).get("path_base64", "")),
        )
    )


def csv_line(cells: tuple[str, ...]) -> str:
    """Any cells as one CSV record without its line end; `csv_line(CSV_HEADER)` is the first of a file."""
    record = io.StringIO()
    csv.writer(record, lineterminator=_LINE_END).writerow([_harmless(_text(cell)) for cell in cells])
    return record.getvalue().removesuffix(_LINE_END)


def _path(key: str, path: Path) -> dict[str, Json]:
    """The path as text; where it is not text, also its exact bytes."""
    raw = str(path)
    text = _text(raw)
    if text == raw:
        return {key: text}
    return {key: text, f"{key}_base64": base64.b64encode(os.fsencode(raw)).decode("ascii")}


def _text(raw: str) -> str:
    return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", raw)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_START) else cell


def _number(value: float | None) -> float | None:
    return round(value, 6) if value is not None and math.isfinite(value) else None


def _reason(reason: Reason) -> dict[str, Json]:
    return {
        "fact": reason.fact,
        "value": _plain(reason.value),
        "threshold": _plain(reason.threshold),
        "text": _text(reason.text),
    }


def _plain(value: float | int | str | None) -> Json:
    if isinstance(value, str):
        return _text(value)
    return _number(value) if isinstance(value, float) else value
