"""What an unattended run did, as its report tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from albumclean.report.json_values import Json, path_keys, text


@dataclass(frozen=True, slots=True)
class MovedPhoto:
    """One photo that a rule moved without asking."""

    path: Path  # where it lay
    destination: Path | None  # None where the system does not tell
    rule: str
    sentence: str  # why
    bytes: int  # of all its files


@dataclass(frozen=True, slots=True)
class NightReport:
    """One run of `albumclean run`."""

    line: str  # all of it in one line
    moved: Sequence[MovedPhoto] = ()
    held_back: Sequence[str] = ()  # why nothing was moved; empty: nothing stood in the way
    lost: bool = False  # it was held back because photos are missing
    problems: Sequence[str] = ()
    notes: Sequence[str] = ()

    def to_json(self) -> dict[str, Json]:
        """As docs/unattended.md has it."""
        moved: list[Json] = [
            {
                **path_keys("path", each.path),
                **(path_keys("destination", each.destination) if each.destination else {"destination": None}),
                "rule": each.rule,
                "sentence": text(each.sentence),
                "bytes": each.bytes,
            }
            for each in self.moved
        ]
        return {
            "line": text(self.line),
            "moved": moved,
            "held_back": [text(each) for each in self.held_back],
            "problems": [text(each) for each in self.problems],
            "notes": [text(each) for each in self.notes],
        }
