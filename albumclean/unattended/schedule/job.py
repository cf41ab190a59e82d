"""What is to be run, and when; the same for every system."""

from __future__ import annotations

import re
import shutil
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from albumclean.errors import ScheduleRefused
from albumclean.words import shown

# What says where albumclean keeps its own files and how it is set up; a timer's program starts without it.
_CARRIED = re.compile(r"ALBUMCLEAN_\w+|XDG_(?:CONFIG|DATA|CACHE)_HOME")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class Every(StrEnum):
    """How often."""

    DAY = "day"
    WEEK = "week"  # in the night to Sunday


@dataclass(frozen=True, slots=True)
class Job:
    """One command at one time. All its words can be written into a text file."""

    program: tuple[str, ...]  # the first word is an absolute path
    arguments: tuple[str, ...]
    hour: int
    minute: int
    every: Every = Every.DAY
    environment: tuple[tuple[str, str], ...] = ()
    nice: int = 10  # 0 to 19
    on_battery: bool = False

    def __post_init__(self) -> None:
        """Raises ScheduleRefused for a word that no timer's file can hold."""
        for word in (*self.command, *(value for _, value in self.environment)):
            if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in word):
                raise ScheduleRefused(
                    detail=f"{shown(word)} has a name that a timer can't hold (a line break, a control character, or "
                    "bytes that are not UTF-8). Rename it, or name the folder around it."
                )

    @property
    def command(self) -> tuple[str, ...]:
        """The program and its arguments."""
        return self.program + self.arguments


def parse_time(text: str) -> tuple[int, int]:
    """Hour and minute of "3:30" or "23:05". Raises ScheduleRefused for anything else."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ScheduleRefused(detail=f"{shown(text)} is no time of day. Write it like 03:30.")
    return int(match[1]), int(match[2])


def this_program(argv0: str) -> tuple[str, ...]:
    """The words that start this very albumclean, wherever the timer's program looks for programs."""
    called = Path(argv0)
    if called.stem.lower() == "albumclean" and (found := shutil.which(called)):
        return (str(Path(found).absolute()),)  # not resolved: a link into a virtual environment must stay one
    return (str(Path(sys.executable).absolute()), "-m", "albumclean")


def carried_environment(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The variables that decide which settings, cache and ledger this albumclean uses, by name."""
    return tuple(sorted((name, value) for name, value in environ.items() if value and _CARRIED.fullmatch(name)))
