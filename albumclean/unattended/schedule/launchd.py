"""A launchd agent of the user, as macOS has them; one that the Mac slept through runs when it wakes.

Source: launchd.plist(5), launchctl(1).
"""

from __future__ import annotations

import plistlib
from dataclasses import dataclass

from albumclean.errors import ScheduleFailed
from albumclean.unattended.schedule.files import OwnFile, State, mark, sealed
from albumclean.unattended.schedule.job import Every, Job
from albumclean.unattended.schedule.scheduler import Piece, Surroundings
from albumclean.words import shown

LABEL = "io.github.albumclean.run"
_SUNDAY = 0


@dataclass(frozen=True, slots=True)
class Launchd:
    """Scheduler for macOS."""

    surroundings: Surroundings
    kind: str = "launchd"
    title: str = "a launchd agent"

    @property
    def _file(self) -> OwnFile:
        return OwnFile(self.surroundings.home / "Library" / "LaunchAgents" / f"{LABEL}.plist")

    @property
    def _domain(self) -> str:
        return f"gui/{self.surroundings.user}"

    def pieces(self, job: Job) -> tuple[Piece, ...]:
        """The property list."""
        return (Piece(str(self._file.path), self._plist(job)),)

    def is_there(self) -> bool:
        """Whether the property list is ours."""
        return self._file.is_ours()

    def write(self, job: Job, *, force: bool = False) -> tuple[str, ...]:
        """Write the property list and let launchd read it."""
        file, text = self._file, self._plist(job)
        if file.check(force=force) is not State.ABSENT:
            self._turn_off()
        file.write(text)
        turn_on = ("launchctl", "bootstrap", self._domain, str(file.path))
        done = self.surroundings.run(turn_on, b"")
        if done.code:
            raise ScheduleFailed(
                detail=f"{shown(file.path)} is written, but launchd did not take it: {shown(done.trouble)}. "
                "It will at your next login."
            )
        return (f"Wrote {shown(file.path)}", f"What the nights say is kept in {shown(self._log)}.")

    def remove(self, *, force: bool = False) -> tuple[str, ...]:
        """Turn the agent off and remove its property list."""
        if self._file.check(force=force) is State.ABSENT:
            return ()
        self._turn_off()
        self._file.remove(force=force)
        return (f"Removed {shown(self._file.path)}",)

    def _turn_off(self) -> None:
        self.surroundings.run(("launchctl", "bootout", f"{self._domain}/{LABEL}"), b"")  # fails where it is not on

    @property
    def _log(self) -> str:
        return str(self.surroundings.home / "Library" / "Logs" / "albumclean.log")

    def _plist(self, job: Job) -> str:
        when = {"Hour": job.hour, "Minute": job.minute}
        if job.every is Every.WEEK:
            when["Weekday"] = _SUNDAY
        values = {
            "Label": LABEL,
            "ProgramArguments": list(job.command),
            "StartCalendarInterval": when,
            "ProcessType": "Background",
            "LowPriorityIO": True,
            "Nice": job.nice,
            "StandardOutPath": self._log,
            "StandardErrorPath": self._log,
            **({"EnvironmentVariables": dict(job.environment)} if job.environment else {}),
        }
        head, body = plistlib.dumps(values, sort_keys=False).decode().split("\n", 1)
        return sealed(f"{head}\n<!-- {mark()} -->\n{body}")
