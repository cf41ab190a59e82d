"""The ways to keep time, and which one a system usually has."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from albumclean.unattended.schedule.cron import Cron
from albumclean.unattended.schedule.launchd import Launchd
from albumclean.unattended.schedule.scheduler import Scheduler, Surroundings
from albumclean.unattended.schedule.systemd import Systemd
from albumclean.unattended.schedule.windows import Windows

_MAKERS: dict[str, Callable[[Surroundings], Scheduler]] = {
    "systemd": Systemd,
    "cron": Cron,
    "launchd": Launchd,
    "windows": Windows,
}
KINDS = tuple(_MAKERS)

_TOOLS = {"systemd": "systemctl", "cron": "crontab", "launchd": "launchctl", "windows": "schtasks"}
_SYSTEMD_RUNS = Path("/run/systemd/system")  # sd_booted(3)


def scheduler(kind: str, surroundings: Surroundings) -> Scheduler:
    """The scheduler of one of KINDS."""
    return _MAKERS[kind](surroundings)


def is_installed(kind: str) -> bool:
    """Whether the system has the tool that this scheduler needs."""
    return shutil.which(_TOOLS[kind]) is not None


def usual_kind() -> str:
    """The scheduler that suits this system."""
    if sys.platform == "win32":
        return "windows"
    if sys.platform == "darwin":
        return "launchd"
    return "systemd" if _SYSTEMD_RUNS.is_dir() and is_installed("systemd") else "cron"
