"""Textual's driver for POSIX terminals, on standard output: `2>errors.txt` takes nothing of the screen away."""

from __future__ import annotations

import sys

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver


class StdoutDriver(LinuxDriver):
    """Draws where `print` prints."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        if sys.__stdout__ is not None:
            self._file = sys.__stdout__
