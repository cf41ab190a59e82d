"""A report as JSON, written while the proposals stream by. The contract is `docs/report.md`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from albumclean.domain import Proposal
from albumclean.report.json_values import Json, path_keys, text
from albumclean.report.night import NightReport
from albumclean.report.proposals import json_line
from albumclean.report.summary import Amount, Line, Summary, largest
from albumclean.words import json_text

VERSION = 1
MARK = b'"made_by": "albumclean report"'  # near the beginning of every file, so that a later run may write over it

_FOLDERS = 1000  # and cameras: no more are listed


class Document:
    """One JSON object; `proposals` has a line for each, the same as `albumclean propose --json` prints."""

    def __init__(self, file: BinaryIO) -> None:
        """Begins the object in `file`."""
        self._file = file
        self._separator = b"\n"
        file.write(b'{"version": %d, %b, "proposals": [' % (VERSION, MARK))

    def hear(self, proposal: Proposal) -> None:
        """The next proposal."""
        self._file.write(self._separator + json_line(proposal).encode())
        self._separator = b",\n"

    def finish(
        self, summary: Summary, *, made_at: float, folders: Sequence[Path] = (), night: NightReport | None = None
    ) -> None:
        """Write all that is known at the end.

        `folders`: what the report is restricted to. `night`: the unattended run that it is about.
        """
        rest = {"made_at": made_at, "folders": [text(str(folder)) for folder in folders], **to_json(summary)}
        if night is not None:
            rest["run"] = night.to_json()
        line = json_text(rest)
        self._file.write(b"\n], " + line.removeprefix("{").encode() + b"\n")


def to_json(summary: Summary) -> dict[str, Json]:
    """The numbers as the contract has them."""
    causes: list[Json] = [
        {"rule": cause.rule, "kind": cause.kind.value if cause.kind else None, **_proposed(line)}
        for cause, line in summary.by_cause
    ]
    years: list[Json] = [
        {"year": year, **_line(line)}
        for year, line in sorted(summary.years.items(), key=lambda entry: (entry[0] is None, entry[0] or 0))
    ]
    cameras: list[Json] = [
        {"camera": text(str(name)) if name is not None else None, **_line(line)}
        for name, line in largest(summary.cameras, _FOLDERS)
    ]
    folders: list[Json] = [
        {**path_keys("folder", Path(str(folder))), **_line(line)} for folder, line in largest(summary.folders, _FOLDERS)
    ]
    failures: list[Json] = [
        {
            **path_keys("path", failure.path),
            "stage": failure.stage.value,
            "reason": text(failure.reason),
            "transient": failure.transient,
        }
        for failure in summary.failures
    ]
    stale: list[Json] = [path_keys("path", path) for path in sorted(summary.stale)]
    series: list[Json] = [{"kind": each.kind.value, "photos": len(each.shots)} for each in summary.series]
    counts: list[Json] = [amount.photos for amount in summary.scores]
    sizes: list[Json] = [amount.bytes for amount in summary.scores]
    proposed: list[Json] = list(summary.scores_proposed)
    return {
        "sentence": text(summary.sentence),
        "last_scan": summary.last_scan,
        "below": summary.below,
        "known": _amount(summary.known),
        "unscored": summary.unread,
        "trash": _amount(summary.going),
        "review": _amount(summary.doubtful),
        "causes": causes,
        "histogram": {"counts": counts, "bytes": sizes, "proposed": proposed},
        "years": years,
        "cameras": cameras,
        "folders_by_space": folders,
        "failures": failures,
        "stale": stale,
        "series": series,
    }


def _amount(amount: Amount) -> dict[str, Json]:
    return {"photos": amount.photos, "bytes": amount.bytes}


def _proposed(line: Line) -> dict[str, Json]:
    return {"trash": _amount(line.going), "review": _amount(line.doubtful)}


def _line(line: Line) -> dict[str, Json]:
    return {"known": _amount(line.known), **_proposed(line)}
