"""How far a run may go: behind other programs, not on battery, and not for longer than the user allows."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from albumclean.config import UnattendedSettings

_LOOK_EVERY = 20.0  # seconds between two looks at the power supply

ON_BATTERY = "the computer runs on its battery"
TIME_IS_UP = "its time was up"


def on_battery() -> bool:
    """Whether the computer is known to run on its battery; one that has none, or does not tell, is not."""
    try:
        battery = psutil.sensors_battery()
    except (AttributeError, OSError, psutil.Error):  # not on every system; odd drivers
        return False
    return battery is not None and battery.power_plugged is False


def stand_back(nice: int) -> None:
    """Let other programs go first, with the processor (`nice`, 0 to 19) and the disk; children inherit it.

    Never raises the priority, and a system that refuses is left as it is.
    """
    if nice == 0:
        return
    process = psutil.Process()
    with suppress(psutil.Error, OSError, AttributeError):
        if sys.platform == "win32":
            process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
            process.ionice(psutil.IOPRIO_LOW)
        else:
            process.nice(max(process.nice(), nice))
            process.ionice(psutil.IOPRIO_CLASS_IDLE)  # Linux


@dataclass(slots=True)
class Limits:
    """Asked again and again while a run works: whether it has to end now, and why."""

    settings: UnattendedSettings
    clock: Callable[[], float] = time.monotonic
    on_battery: Callable[[], bool] = on_battery
    reason: str = field(default="", init=False)  # for people, once it is over
    _began: float = field(init=False)
    _looked: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self._looked = self.clock()

    def forbid(self) -> bool:
        """Whether the run may not even begin."""
        if not self.settings.on_battery and self.on_battery():
            self.reason = ON_BATTERY
        return bool(self.reason)

    def are_reached(self) -> bool:
        """Whether it is over; once it is, it stays so."""
        if self.reason:
            return True
        now = self.clock()
        if self.settings.max_time and now - self._began >= 60 * self.settings.max_time:
            self.reason = TIME_IS_UP
        elif now - self._looked >= _LOOK_EVERY:
            self._looked = now
            self.forbid()
        return bool(self.reason)
