"""A program in a real pseudo-terminal: keys in, everything that it writes out. POSIX only."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Mapping, Sequence


class Terminal:
    """Runs a command with both ends on a terminal of 120 x 40 characters."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        environ = {**environ, "COLUMNS": "120", "LINES": "40", "TERM": "xterm-256color"}
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environ, close_fds=True)
        os.close(slave)
        self.text = ""
        self._seen = 0

    def wait(self, pattern: str, seconds: float = 60.0) -> None:
        """Until the pattern appears in what was written since the last match. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.text[self._seen :])):
            if time.monotonic() > end or not self._read(0.5):
                raise TimeoutError(f"{pattern!r} never came after:\n{self.text}")
        self._seen += found.end()

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def end(self, seconds: float = 60.0) -> int:
        """Read to the end; the exit code."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and (self._read(0.2) or self.process.poll() is None):
            pass
        code = self.process.wait(max(0.1, end - time.monotonic()))
        os.close(self._master)
        return code

    def _read(self, seconds: float) -> bool:
        """False at the end of the program's output."""
        if not select.select([self._master], [], [], seconds)[0]:
            return self.process.poll() is None
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Linux says EIO when the other end has closed
            return False
        self.text += data.decode("utf-8", "replace")
        return bool(data)
