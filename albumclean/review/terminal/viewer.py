"""Opens a photo in the system's viewer, and says nothing on the terminal meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


class Viewer:
    """Starts the program that the system has for photos; call it with a path."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[bytes]] = []

    def __call__(self, path: Path) -> bool:
        """False where the system has no such program."""
        if sys.platform == "win32":
            os.startfile(path)  # noqa: S606 - the user's own program for the user's own photo
            return True
        program = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
        if program is None:
            return False
        self._started = [each for each in self._started if each.poll() is None]
        self._started.append(
            subprocess.Popen(  # noqa: S603 - an absolute path can't be taken for an option
                [program, str(path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C here does not close it
            )
        )
        return True
