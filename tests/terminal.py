"""A program in a real pseudo-terminal: keys in, everything that it writes out. POSIX only."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import termios
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
                raise TimeoutError(f"{pattern!r} never came after:\n{self.text[-2000:]}")
        self._seen += found.end()

    def press(self, keys: str, seconds: float = 60.0) -> None:
        """One key after the other, each when the program waits for it: what is typed ahead counts for nothing."""
        for key in keys:
            end = time.monotonic() + seconds
            while termios.tcgetattr(self._master)[3] & termios.ICANON:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise TimeoutError(f"no key is wanted after:\n{self.text[-2000:]}")
                self._read(0.01)
            os.write(self._master, key.encode())
            taken = time.monotonic() + 2.0  # the program may want the next key before this has looked
            while (
                time.monotonic() < taken
                and not termios.tcgetattr(self._master)[3] & termios.ICANON
                and self.process.poll() is None
            ):
                self._read(0.01)

    def end(self, seconds: float = 60.0) -> int:
        """Read to the end; the exit code."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and (self._read(0.2) or self.process.poll() is None):
            pass
        code = self.process.wait(max(0.1, end - time.monotonic()))
        os.close(self._master)
        return code

    def vanish(self) -> None:
        """Close the terminal; its program, which has none of its own to lose, gets no signal."""
        os.close(self._master)

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
