"""What the pages in the terminal share: looks, and how they end."""

from __future__ import annotations

import asyncio
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar, TypeVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver

from albumclean.errors import AlbumcleanError

_LOOK_AGAIN = 2.0  # seconds

T = TypeVar("T")
_Handler = Callable[[int, FrameType | None], Any] | int | None


class TerminalApp(App[T]):
    """Ends cleanly at Ctrl-C and SIGTERM; `failure` is what went wrong on the way."""

    CSS_PATH = Path(__file__).with_name("review.tcss")
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "interrupt", priority=True, show=False)]

    def __init__(self, *, light: bool) -> None:
        super().__init__()
        self._light = light
        self.interrupted = False
        self.failure: AlbumcleanError | None = None
        self._handlers: dict[signal.Signals, _Handler] = {}

    def on_mount(self) -> None:
        """Take over the signals: an exception out of the middle of the event loop would leave the terminal as it is."""
        self.theme = "textual-light" if self._light else "textual-dark"
        if sys.platform == "win32":
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            self._handlers[number] = signal.getsignal(number)
            loop.add_signal_handler(number, self.action_interrupt)
        self.set_interval(_LOOK_AGAIN, self._look_for_terminal)

    def _look_for_terminal(self) -> None:
        """A terminal can vanish without a SIGHUP, for a program that it does not control; no key would ever come."""
        if sys.platform != "win32" and sys.__stdin__ is not None and not self.is_headless:
            poll = select.poll()
            poll.register(sys.__stdin__, 0)  # only what can't be turned off: hung up, broken, closed
            if poll.poll(0):
                self.action_interrupt()

    def on_unmount(self) -> None:
        """Give the signals back."""
        loop = asyncio.get_running_loop()
        for number, handler in self._handlers.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
        self._handlers.clear()

    def get_driver_class(self) -> type[Driver]:
        """Draw on standard output, where the other pages of a terminal program are, not on standard error."""
        if sys.platform == "win32":
            return super().get_driver_class()
        from albumclean.review.terminal.stdout_driver import StdoutDriver

        return StdoutDriver

    def action_interrupt(self) -> None:
        """Ctrl-C."""
        self.interrupted = True
        self.exit()

    def draw(self, sequence: str) -> None:
        """Send an escape sequence to the terminal, in order with all else that is shown."""
        # Textual has no public way to write what is neither text nor a style; its own thread must do it.
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """End with `failure` where the ledger can't be written: a traceback would say nothing to anybody."""
        try:
            yield
        except AlbumcleanError as error:
            self.failure = error
            self.exit()

    def outcome(self) -> T | None:
        """Show the page until it ends. Raises KeyboardInterrupt at Ctrl-C, and what `guarded` has caught."""
        result = self.run()
        if self.failure is not None:
            raise self.failure
        if self.interrupted:
            raise KeyboardInterrupt
        return result
