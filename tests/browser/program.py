"""The real program, `albumclean review --web`, as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/enter\?key=\S+")
_START = 60.0  # seconds
ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "albumclean", "review", "--web", "--no-open")


class Review:
    """A running review; `address` lets one browser in."""

    def __init__(self, home: Path, *arguments: str | Path) -> None:
        environ = {**os.environ, "ALBUMCLEAN_HOME": str(home), "XDG_DATA_HOME": str(home / "share")}
        environ |= {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        command = [*COMMAND, *map(str, arguments)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environ, text=True
        )
        self.said = ""
        self._found = threading.Event()
        # All that it says must be read, or it would wait for a reader one day.
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._found.wait(_START)
        found = _ADDRESS.search(self.said)
        if found is None:
            self.stop()
            raise AssertionError(f"no address in what the program said:\n{self.said}")
        self.address = found.group()

    @property
    def base(self) -> str:
        """Scheme, host and port."""
        return self.address.partition("/enter")[0]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if _ADDRESS.search(self.said):
                self._found.set()
        self._found.set()

    def end(self, seconds: float = 30.0) -> int:
        """Wait for it to end by itself; the exit code."""
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    def stop(self) -> int:
        """As Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self._reader.join(5)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code
