"""A systemd user timer: it catches up after the computer was off, and knows of idle disks and of batteries.

Sources: systemd.timer(5), systemd.service(5) "COMMAND LINES", systemd.unit(5) "SPECIFIERS", systemd.syntax(7).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from albumclean.errors import ScheduleFailed, ScheduleRefused
from albumclean.unattended.schedule.files import OwnFile, State, mark, sealed
from albumclean.unattended.schedule.job import Every, Job
from albumclean.unattended.schedule.scheduler import Piece, Surroundings
from albumclean.words import shown

_TIMER, _SERVICE = "albumclean.timer", "albumclean.service"
_DOCUMENTATION = "https://github.com/albumclean/albumclean/blob/main/docs/schedule.md"
_TURN_ON = ("systemctl", "--user", "enable", "--now", _TIMER)
_TURN_OFF = ("systemctl", "--user", "disable", "--now", _TIMER)
# In the path of a program systemd refuses these, and expands the dollar, however they are quoted.
_UNFIT = ("$", "'", '"', "\\")
_RELOAD = ("systemctl", "--user", "daemon-reload")


@dataclass(frozen=True, slots=True)
class Systemd:
    """Scheduler for Linux with systemd."""

    surroundings: Surroundings
    kind: str = "systemd"
    title: str = "a systemd user timer"

    @property
    def _folder(self) -> Path:
        return self.surroundings.config / "systemd" / "user"

    def _files(self, job: Job) -> tuple[tuple[OwnFile, str], ...]:
        return (
            (OwnFile(self._folder / _SERVICE), sealed(_service(job))),
            (OwnFile(self._folder / _TIMER), sealed(_timer(job))),
        )

    def pieces(self, job: Job) -> tuple[Piece, ...]:
        """The service and the timer."""
        return tuple(Piece(str(file.path), text) for file, text in self._files(job))

    def is_there(self) -> bool:
        """Whether one of the two files is ours."""
        files = (OwnFile(self._folder / name) for name in (_TIMER, _SERVICE))
        return any(file.is_ours() for file in files)

    def write(self, job: Job, *, force: bool = False) -> tuple[str, ...]:
        """Write both files, then let systemd read them and turn the timer on."""
        files = self._files(job)
        for file, _ in files:
            file.check(force=force)
        for file, text in files:
            file.write(text)
        for command in (_RELOAD, _TURN_ON):
            done = self.surroundings.run(command, b"")
            if done.code:
                raise ScheduleFailed(
                    detail=f"The files are written, but systemd did not take them: {shown(done.trouble)}. "
                    f"Log in as yourself and run: {' '.join(_RELOAD)} && {' '.join(_TURN_ON)}"
                )
        return (
            *(f"Wrote {shown(file.path)}" for file, _ in files),
            "The timer is on; `systemctl --user list-timers albumclean.timer` says when it will run next,",
            "and `journalctl --user -u albumclean.service` what the nights said.",
            "It runs while you are logged in; `loginctl enable-linger` lets it run at other times too.",
        )

    def remove(self, *, force: bool = False) -> tuple[str, ...]:
        """Turn the timer off and remove both files."""
        files = [OwnFile(self._folder / name) for name in (_TIMER, _SERVICE)]
        if all(file.check(force=force) is State.ABSENT for file in files):
            return ()
        said = []
        done = self.surroundings.run(_TURN_OFF, b"")
        if done.code:  # no session of systemd: then nothing runs either
            said.append(f"systemd did not answer ({shown(done.trouble)}), so log out and in if the timer is still on.")
        files[0].remove_link(self._folder / "timers.target.wants" / _TIMER)
        said += [f"Removed {shown(file.path)}" for file in files if file.remove(force=force)]
        self.surroundings.run(_RELOAD, b"")
        return tuple(said)


def quoted(word: str, *, variables: bool) -> str:
    """A word as systemd reads it back. `variables`: where it would also replace `$NAME`, as in ExecStart."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped.replace("$", "$$") if variables else escaped}"'


def _head() -> tuple[str, ...]:
    """What every unit of ours begins with; lines of its section [Unit] may follow."""
    description = "Description=Look through the photos for bad and repeated ones"
    return f"# {mark()}", "", "[Unit]", description, f"Documentation={_DOCUMENTATION}"


def _service(job: Job) -> str:
    program = job.program[0]
    if unfit := next((sign for sign in _UNFIT if sign in program), None):
        raise ScheduleRefused(detail=f"systemd starts no program with {unfit} in its path, as in {shown(program)}.")
    words = [quoted(program, variables=False), *(quoted(word, variables=True) for word in job.command[1:])]
    return "\n".join(
        [
            *_head(),
            *([] if job.on_battery else ["ConditionACPower=true"]),
            "",
            "[Service]",
            "Type=oneshot",
            f"ExecStart={' '.join(words)}",
            *(f"Environment={quoted(f'{name}={value}', variables=False)}" for name, value in job.environment),
            f"Nice={job.nice}",
            "IOSchedulingClass=idle",
            "# Another run was still at work: the next one will do.",
            "SuccessExitStatus=75",
            "",
        ]
    )


def _timer(job: Job) -> str:
    day = "Sun *-*-*" if job.every is Every.WEEK else "*-*-*"
    return "\n".join(
        [
            *_head(),
            "",
            "[Timer]",
            f"OnCalendar={day} {job.hour:02}:{job.minute:02}:00",
            "# A night that the computer slept through is made up for.",
            "Persistent=true",
            "RandomizedDelaySec=15min",
            "",
            "[Install]",
            "WantedBy=timers.target",
            "",
        ]
    )
