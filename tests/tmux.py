"""A program in a real terminal emulator, tmux: keys in, and the screen as a person sees it."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from tests.tools import needed

_NUMBERS = itertools.count()  # a server that is ending would take a new one of its name along
_POLL = 0.04  # seconds


def environment(home: Path) -> dict[str, str]:
    """What an albumclean in a pane needs, with its own files and the trash below `home`."""
    return {
        "ALBUMCLEAN_HOME": str(home),
        "XDG_DATA_HOME": str(home / "share"),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "LC_ALL": "C.UTF-8",
    }


class Pane:
    """A tmux server of its own with one window; use as a context manager."""

    def __init__(self, width: int = 110, height: int = 30) -> None:
        self._tmux = needed("tmux")
        self._size = (width, height)
        self._socket = f"albumclean-test-{os.getpid()}-{next(_NUMBERS)}"

    def __enter__(self) -> Self:
        # The first window only keeps the server alive: programs come and go in others.
        width, height = self._size
        self._run("-f", os.devnull, "new-session", "-d", "-s", "keep", "-x", str(width), "-y", str(height), "cat")
        self._run("set-option", "-g", "default-size", f"{width}x{height}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run([self._tmux, "-L", self._socket, "kill-server"], check=False, capture_output=True)

    def start(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        """Run a command in a new window."""
        self._run("kill-window", "-a", "-t", "keep:0")
        assignments = [f"{name}={value}" for name, value in environ.items()]
        # tmux 3.3 now and then misses the end of a program, so that a shell tells it.
        run = shlex.join(["env", *assignments, *command])
        self._run("new-window", "-t", "keep:1", f"{run}; echo EXIT $?; exec cat")

    @property
    def text(self) -> str:
        """The screen."""
        return self._run("capture-pane", "-p", "-t", "keep:1")

    @property
    def told(self) -> str:
        """What was printed, with what has scrolled away; lines that were too long for the terminal in one piece."""
        return self._run("capture-pane", "-p", "-J", "-S", "-200", "-t", "keep:1")

    def press(self, *keys: str) -> None:
        """Keys by tmux's names; single characters are themselves."""
        self._run("send-keys", "-t", "keep:1", *keys)

    def wait(self, pattern: str, seconds: float = 60.0) -> re.Match[str]:
        """Until the screen shows it. Raises TimeoutError with the screen."""
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, text := self.text, re.MULTILINE)):
            if time.monotonic() > end:
                raise TimeoutError(f"{pattern!r} never came; the screen shows:\n{text}")
            time.sleep(_POLL)
        return found

    def end(self) -> int:
        """Until the program has ended by itself; its exit code."""
        return int(self.wait(r"^EXIT (\d+)$")[1])

    def vanish(self) -> None:
        """Close the terminal under the program, and wait until that has ended too. Raises TimeoutError."""
        shell = psutil.Process(int(self._run("display-message", "-p", "-t", "keep:1", "#{pane_pid}")))
        programs = shell.children(recursive=True)
        self._run("kill-window", "-t", "keep:1")
        _, alive = psutil.wait_procs(programs, timeout=30)
        if alive:
            raise TimeoutError(f"{alive} go on without their terminal")

    def _run(self, *command: str) -> str:
        # COLUMNS and LINES are of the terminal around the tests: GNU readline, which pytest loads, puts them into the
        # process without Python's knowledge, and its parallel workers inherit them so that Python knows them as well.
        around = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        done = subprocess.run(
            [self._tmux, "-L", self._socket, *command],
            check=True,
            capture_output=True,
            timeout=10,
            env=around,
        )
        return done.stdout.decode("utf-8", "replace")
