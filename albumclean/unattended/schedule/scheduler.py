"""What every way to keep time can do, and what it needs of the system."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from albumclean.unattended.schedule.job import Job

_PATIENCE = 60.0  # seconds: a system's tool answers at once, or hangs


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a command of the system."""

    code: int
    out: bytes = b""
    err: bytes = b""

    @property
    def trouble(self) -> str:
        """What it complained of, in one line."""
        lines = self.err.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self.code}"


Runner = Callable[[Sequence[str], bytes], Done]


def run(command: Sequence[str], given: bytes = b"") -> Done:
    """Run one of the system's own tools, with `given` on its standard input; 127 if there is no such tool."""
    environment = {**os.environ, "LC_ALL": "C"}  # its messages are compared
    try:
        done = subprocess.run(  # noqa: S603 - the words are our own, and no shell reads them
            list(command), input=given, capture_output=True, timeout=_PATIENCE, check=False, env=environment
        )
    except FileNotFoundError:
        return Done(127, err=f"{command[0]} is not there".encode())
    except subprocess.TimeoutExpired:
        return Done(124, err=f"{command[0]} does not answer".encode())
    return Done(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The user's folders, and how to run the system's tools."""

    home: Path
    config: Path  # ~/.config
    data: Path  # albumclean's own
    user: int  # number of the user; 0 where the system has none
    run: Runner = run

    @classmethod
    def of_this_user(cls, data: Path) -> Surroundings:
        """Those of who runs this program; `data` is the folder of albumclean's own files."""
        home = Path.home()
        config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
        return cls(home, config, data, os.getuid() if hasattr(os, "getuid") else 0)


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that is written: a file, or lines in a table of the system."""

    where: str
    text: str


class Scheduler(Protocol):
    """One way in which systems start programs at a given time."""

    @property
    def kind(self) -> str:
        """Its name on the command line."""

    @property
    def title(self) -> str:
        """What it writes, for people."""

    def pieces(self, job: Job) -> tuple[Piece, ...]:
        """What `write` would write, to the letter. Raises ScheduleRefused for a job that it can't express."""

    def is_there(self) -> bool:
        """Whether something that `write` wrote is in place."""

    def write(self, job: Job, *, force: bool = False) -> tuple[str, ...]:
        """Write it and turn it on; lines that say what was done and what is worth knowing.

        What an earlier `write` left is replaced. Raises ScheduleRefused where someone has changed that since (unless
        `force`) or where something else lies in its place, and ScheduleFailed if the system refuses.
        """

    def remove(self, *, force: bool = False) -> tuple[str, ...]:
        """Turn it off and take away what `write` wrote, and nothing else; lines that say what was done, none if there
        was nothing. Raises as `write` does.
        """
