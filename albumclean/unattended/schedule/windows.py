"""A task of the Windows Task Scheduler, imported from a file.

The Task Scheduler replaces `%NAME%` and `$(Arg0)` in commands and knows no way to escape them, so paths with these
signs are refused.

Source: [MS-TSCH] 2.5 and 2.6 (the schema of tasks), schtasks.exe's documentation.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from albumclean.errors import ScheduleFailed, ScheduleRefused
from albumclean.unattended.schedule.files import OwnFile, State, mark, sealed
from albumclean.unattended.schedule.job import Every, Job
from albumclean.unattended.schedule.scheduler import Piece, Surroundings
from albumclean.words import shown

Tree = dict[str, "str | Tree"]

TASK = "albumclean"
NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_BEGINNING = "2024-01-07"  # a Sunday of the past: the start of the rhythm
_BELOW_NORMAL, _IDLE = "8", "9"


@dataclass(frozen=True, slots=True)
class Windows:
    """Scheduler for Windows."""

    surroundings: Surroundings
    kind: str = "windows"
    title: str = "a task of the Windows Task Scheduler"

    @property
    def _file(self) -> OwnFile:
        return OwnFile(self.surroundings.data / "albumclean-task.xml", encoding="utf-16")

    def pieces(self, job: Job) -> tuple[Piece, ...]:
        """The task, as XML."""
        return (Piece(f"{self._file.path} (imported as the task `{TASK}`)", _task(job)),)

    def is_there(self) -> bool:
        """Whether the file of the task is ours."""
        return self._file.is_ours()

    def write(self, job: Job, *, force: bool = False) -> tuple[str, ...]:
        """Write the file and import it."""
        file, text = self._file, _task(job)
        if file.check(force=force) is State.ABSENT and self._is_registered():
            raise ScheduleRefused(detail=f"There is a task `{TASK}` that albumclean did not write. Rename it first.")
        file.write(text)
        done = self.surroundings.run(("schtasks", "/create", "/tn", TASK, "/xml", str(file.path), "/f"), b"")
        if done.code:
            raise ScheduleFailed(
                detail=f"{shown(file.path)} is written, but Windows refused it: {shown(done.trouble)}."
            )
        return (
            f"Wrote {shown(file.path)}",
            f"The task `{TASK}` is on; the Task Scheduler shows when it will run next.",
        )

    def remove(self, *, force: bool = False) -> tuple[str, ...]:
        """Delete the task and its file."""
        if self._file.check(force=force) is State.ABSENT:
            return ()
        if self._is_registered():
            done = self.surroundings.run(("schtasks", "/delete", "/tn", TASK, "/f"), b"")
            if done.code:
                raise ScheduleFailed(detail=f"Windows did not delete the task `{TASK}`: {shown(done.trouble)}.")
        self._file.remove(force=force)
        return (f"Removed the task `{TASK}` and {shown(self._file.path)}",)

    def _is_registered(self) -> bool:
        return self.surroundings.run(("schtasks", "/query", "/tn", TASK), b"").code == 0


def _task(job: Job) -> str:
    if job.environment:
        names = ", ".join(name for name, _ in job.environment)
        raise ScheduleRefused(
            detail=f"A task can't carry {names}. Set them for your account with `setx`, or unset them."
        )
    if unfit := next((word for word in job.command if "%" in word or "$(" in word), None):
        raise ScheduleRefused(detail=f"Windows would expand the signs % or $( in {shown(unfit)}. Rename it.")
    tree: Tree = {
        "RegistrationInfo": {"Description": "Looks through the photos for bad and repeated ones.", "URI": f"\\{TASK}"},
        "Triggers": {
            "CalendarTrigger": {
                "StartBoundary": f"{_BEGINNING}T{job.hour:02}:{job.minute:02}:00",
                "RandomDelay": "PT15M",
                **(
                    {"ScheduleByWeek": {"WeeksInterval": "1", "DaysOfWeek": {"Sunday": ""}}}
                    if job.every is Every.WEEK
                    else {"ScheduleByDay": {"DaysInterval": "1"}}
                ),
            }
        },
        "Principals": {"Principal": {"LogonType": "InteractiveToken", "RunLevel": "LeastPrivilege"}},
        "Settings": {
            "MultipleInstancesPolicy": "IgnoreNew",
            "DisallowStartIfOnBatteries": _yes(not job.on_battery),
            "StopIfGoingOnBatteries": _yes(not job.on_battery),
            "StartWhenAvailable": "true",
            "ExecutionTimeLimit": "PT0S",
            "Priority": _IDLE if job.nice >= 15 else _BELOW_NORMAL,
        },
        "Actions": {
            "Exec": {"Command": job.program[0], "Arguments": subprocess.list2cmdline(job.command[1:])},
        },
    }
    root = ET.Element("Task", {"version": "1.2", "xmlns": NAMESPACE})
    _grow(root, tree)
    principal, actions = root.find("Principals/Principal"), root.find("Actions")
    if principal is not None and actions is not None:
        principal.set("id", "Author")
        actions.set("Context", "Author")
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return sealed(f'<?xml version="1.0" encoding="UTF-16"?>\n<!-- {mark()} -->\n{body}\n')


def _grow(parent: ET.Element, tree: Tree) -> None:
    for name, value in tree.items():
        child = ET.SubElement(parent, name)
        if isinstance(value, str):
            child.text = value or None
        else:
            _grow(child, value)


def _yes(value: bool) -> str:
    return "true" if value else "false"
