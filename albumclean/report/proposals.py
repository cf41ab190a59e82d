"""Proposals as JSON lines and CSV. The contract is `docs/propose-json.md`; any change there is a new `VERSION`."""

from __future__ import annotations

import csv
import io

from albumclean.domain import Proposal
from albumclean.report.json_values import Json, number, path_keys, reason_keys, text
from albumclean.words import json_text

VERSION = 1

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
    "photo_kind",
    "aesthetic",
)

_LINE_END = "\r\n"  # cells that contain any of it get quoted
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r")  # OWASP, "CSV Injection"


def to_json(proposal: Proposal) -> dict[str, Json]:
    """The proposal as the contract has it; every key is always there, except the `_base64` ones."""
    facts, group = proposal.facts, proposal.group
    companions: list[Json] = [text(str(companion.file.path)) for companion in facts.asset.companions]
    degradations: dict[str, Json] = {name: number(value) for name, value in sorted(facts.degradations.items())}
    reasons: list[Json] = [reason_keys(reason) for reason in proposal.reasons]
    return {
        "version": VERSION,
        "action": proposal.action.value,
        **path_keys("path", facts.path),
        "companions": companions,
        "size": facts.asset.size,
        "rule": proposal.rule,
        "photo_kind": facts.kind.value,
        "mos": number(facts.mos),
        "degradations": degradations,
        "reasons": reasons,
        "sentence": text(proposal.sentence),
        "group": group.id if group else None,
        "kind": group.kind.value if group else None,
        **(path_keys("keeper", group.keeper.path) if group else {"keeper": None}),
        "aesthetic": number(facts.aesthetic),
    }


def json_line(proposal: Proposal) -> str:
    """One line without its line feed: valid UTF-8, no NaN, nothing that a terminal could obey."""
    return json_text(to_json(proposal))


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
            _score(facts.mos),
            proposal.sentence,
            "; ".join(f"{name} {value:.2f}" for name, value in sorted(facts.degradations.items())),
            str(facts.asset.size),
            group.id if group else "",
            group.kind.value if group else "",
            str(group.keeper.path) if group else "",
            "; ".join(str(companion.file.path) for companion in facts.asset.companions),
            str(path_keys("path", facts.path).get("path_base64", "")),
            facts.kind.value,
            _score(facts.aesthetic),
        )
    )


def csv_line(cells: tuple[str, ...]) -> str:
    """Any cells as one CSV record without its line end; `csv_line(CSV_HEADER)` is the first of a file."""
    record = io.StringIO()
    csv.writer(record, lineterminator=_LINE_END).writerow([_harmless(text(cell)) for cell in cells])
    return record.getvalue().removesuffix(_LINE_END)


def _score(value: float | None) -> str:
    return "" if number(value) is None else f"{value:.4f}"


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_START) else cell
