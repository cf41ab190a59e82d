"""The contract of `propose --json` and `--csv`, version 1 (docs/propose-json.md)."""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import sys
from pathlib import Path

import pytest

from albumclean.domain import (
    Action,
    Asset,
    Companion,
    CompanionKind,
    Degradation,
    FileIdentity,
    GroupKind,
    Photo,
    PhotoFacts,
    PhotoKind,
    Proposal,
    Reason,
    SimilarGroup,
)
from albumclean.report.proposals import CSV_HEADER, csv_line, csv_row, json_line, to_json

DOC = Path(__file__).parent.parent / "docs" / "propose-json.md"


def facts(name: str = "a.jpg", mos: float | None = 0.18) -> PhotoFacts:
    identity = FileIdentity(Path("/album") / name, 1000, 1, 2, 3)
    video = Companion(CompanionKind.LIVE_VIDEO, FileIdentity(Path("/album/a.mov"), 500, 1, 4, 3))
    return PhotoFacts(
        Asset(identity, (video,)),
        Photo(b"h", 40, 30, "JPEG"),
        mos,
        {Degradation.DEFOCUS: 0.82, Degradation.NOISE: 0.1},
        kind=PhotoKind.PHOTO,
    )


def proposal(of: PhotoFacts, group: SimilarGroup | None = None, sentence: str = "Scored low.") -> Proposal:
    return Proposal(of, Action.TRASH, "low-quality", sentence, (Reason("mos", 0.18, 0.3, "Scored 0.18"),), group)


def test_a_line_holds_the_whole_contract() -> None:
    assert json.loads(json_line(proposal(facts()))) == {
        "version": 1,
        "action": "trash",
        "path": str(Path("/album/a.jpg")),
        "companions": [str(Path("/album/a.mov"))],
        "size": 1500,
        "rule": "low-quality",
        "photo_kind": "photo",
        "mos": 0.18,
        "degradations": {"defocus": 0.82, "noise": 0.1},
        "reasons": [{"fact": "mos", "value": 0.18, "threshold": 0.3, "text": "Scored 0.18"}],
        "sentence": "Scored low.",
        "group": None,
        "kind": None,
        "keeper": None,
        "aesthetic": None,
    }


def test_a_member_of_a_group_names_group_kind_and_keeper() -> None:
    group = SimilarGroup("0123456789ab", GroupKind.EXACT, (facts("k.jpg"), facts()))
    found = to_json(proposal(facts(), group))
    assert (found["group"], found["kind"], found["keeper"]) == ("0123456789ab", "exact", str(Path("/album/k.jpg")))


def test_every_key_and_column_is_documented() -> None:
    text = DOC.read_text("utf-8")
    for key in (*to_json(proposal(facts())), *CSV_HEADER):
        assert f"`{key}`" in text


def test_numbers_that_json_does_not_know_become_null() -> None:
    assert json.loads(json_line(proposal(facts(mos=float("nan")))))["mos"] is None


def test_names_with_line_feeds_and_quotes_stay_on_one_line() -> None:
    line = json_line(proposal(facts('a\n"b".jpg')))
    assert "\n" not in line
    assert json.loads(line)["path"] == str(Path('/album/a\n"b".jpg'))


@pytest.mark.skipif(sys.platform == "win32", reason="file names are text on Windows")
def test_a_path_that_is_not_text_comes_back_byte_by_byte() -> None:
    raw = b"/album/caf\xe9.jpg"
    found = proposal(facts(os.fsdecode(b"caf\xe9.jpg")), sentence=os.fsdecode(b"A copy of caf\xe9.jpg"))
    line = json_line(found).encode("utf-8")
    assert json.loads(line)["path"] == "/album/caf\N{REPLACEMENT CHARACTER}.jpg"
    assert base64.b64decode(json.loads(line)["path_base64"]) == raw
    row = next(csv.DictReader(io.StringIO(f"{csv_line(CSV_HEADER)}\r\n{csv_row(found)}\r\n")))
    assert base64.b64decode(row["path_base64"]) == raw


@pytest.mark.parametrize("name", ["=1+1.jpg", "a,b.jpg", 'a"b.jpg', "a\nb.jpg", "-x.jpg", "Ж 雪.jpg"])
def test_paths_come_back_from_csv_unchanged(name: str) -> None:
    text = f"{csv_line(CSV_HEADER)}\r\n{csv_row(proposal(facts(name)))}\r\n"
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["path"] == str(Path("/album") / name)
    assert row["mos"] == "0.1800"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_looks_like_a_formula_is_made_harmless(start: str) -> None:
    (row,) = csv.reader(io.StringIO(csv_row(proposal(facts(), sentence=f"{start}HYPERLINK()")), newline=""))
    assert row[CSV_HEADER.index("sentence")] == f"'{start}HYPERLINK()"
