"""A line in the user's crontab, between two marks; all other lines stay byte for byte.

cron gives the line to a shell, after it has replaced `%` by a line break and `\\%` by `%`. Versions of cron differ in
what they make of `\\\\`, so a path with a backslash is refused.

Source: crontab(5) of Vixie cron, cronie, Debian and the BSDs; do_command.c and misc.c of the first.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from dataclasses import dataclass

from albumclean.errors import ScheduleFailed, ScheduleRefused
from albumclean.unattended.schedule.job import Every, Job
from albumclean.unattended.schedule.scheduler import Piece, Surroundings

_LONGEST = 990  # bytes of a command; Vixie cron's MAX_COMMAND is 1,000

_BLOCK = re.compile(
    rb"^# BEGIN albumclean (?P<seal>[^\n]*)\n(?P<lines>.*?)^# END albumclean[^\n]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
_MARKS = re.compile(rb"^# (?:BEGIN|END) albumclean\b", re.MULTILINE)
_SHELL = re.compile(rb"^\s*SHELL\s*=\s*[\"']?(\S*?)[\"']?\s*$", re.MULTILINE)
_POSIX_SHELLS = {b"sh", b"bash", b"dash", b"ash", b"ksh", b"mksh", b"zsh"}
_NO_MAIL = re.compile(rb"^\s*MAILTO\s*=\s*(?:\"\"|'')?\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cron:
    """Scheduler for any Unix."""

    surroundings: Surroundings
    kind: str = "cron"
    title: str = "a line in your crontab"

    def pieces(self, job: Job) -> tuple[Piece, ...]:
        """The block of lines."""
        return (Piece("your crontab (`crontab -l` shows it)", _block(job).decode()),)

    def is_there(self) -> bool:
        """Whether our block is in the crontab."""
        return find_block(self._read()) is not None

    def write(self, job: Job, *, force: bool = False) -> tuple[str, ...]:
        """Put the block at the end of the crontab, or in the place of an older one."""
        before = self._read()
        _check(before, force=force)
        after = with_block(before, _block(job))
        if after != before:
            self._replace(after)
        said = [
            "Your crontab runs it now; `crontab -l` shows the line.",
            "If this computer can send mail, cron mails you what a run says: a line when there is news, else nothing.",
        ]
        others = without_block(before)
        if _NO_MAIL.search(others):
            said.append('But your crontab says MAILTO="", so nothing is mailed; the reports are written all the same.')
        if any(shell.rpartition(b"/")[2] not in _POSIX_SHELLS for shell in _SHELL.findall(others)):
            said.append("But your crontab sets SHELL to one that may read the line otherwise: move ours above that.")
        return tuple(said)

    def remove(self, *, force: bool = False) -> tuple[str, ...]:
        """Take the block out."""
        before = self._read()
        _check(before, force=force)
        after = without_block(before)
        if after == before:
            return ()
        self._replace(after)
        return ("Removed the lines from your crontab",)

    def _read(self) -> bytes:
        done = self.surroundings.run(("crontab", "-l"), b"")
        if done.code == 0:
            return done.out
        complaint = done.err.lower()
        if done.code != 127 and not done.out and (b"no crontab" in complaint or b"no such file" in complaint):
            return b""
        # Without knowing what is in it, nothing may be written over it.
        raise ScheduleFailed(detail=f"Your crontab can't be read: {done.trouble}.")

    def _replace(self, content: bytes) -> None:
        command = ("crontab", "-") if content else ("crontab", "-r")
        done = self.surroundings.run(command, content)
        if done.code:
            raise ScheduleFailed(detail=f"Your crontab was not changed: {done.trouble}.")


def find_block(content: bytes) -> re.Match[bytes] | None:
    """Our lines in a crontab. Raises ScheduleRefused if the marks are not one pair, one after the other."""
    block = _BLOCK.search(content)
    if len(_MARKS.findall(content)) != (2 if block else 0):
        raise ScheduleRefused(
            detail="The lines `# BEGIN albumclean` and `# END albumclean` in your crontab are not one pair. "
            "Mend it with `crontab -e`."
        )
    return block


def with_block(content: bytes, block: bytes) -> bytes:
    """The crontab with our lines in their old place, else at its end."""
    if found := find_block(content):
        return content[: found.start()] + block + content[found.end() :]
    return content + (b"" if not content or content.endswith(b"\n") else b"\n") + block


def without_block(content: bytes) -> bytes:
    """The crontab without our lines."""
    found = find_block(content)
    return content[: found.start()] + content[found.end() :] if found else content


def quoted(words: tuple[str, ...]) -> str:
    """A command as cron and then the shell read it back. Raises ScheduleRefused for one that they might not."""
    if any("\\" in word for word in words):
        raise ScheduleRefused(detail="A name with a backslash is read differently by different crons. Rename it.")
    line = shlex.join(words).replace("%", "\\%")
    if len(line.encode()) > _LONGEST:
        raise ScheduleRefused(detail="The command is too long for a crontab. Name fewer folders, or one around them.")
    return line


def _check(content: bytes, *, force: bool) -> None:
    found = find_block(content)
    if found and found["seal"] != _seal(found["lines"]) and not force:
        raise ScheduleRefused(
            detail="The lines in your crontab were changed since albumclean wrote them. Add --force to replace them."
        )


def _seal(lines: bytes) -> bytes:
    digest = hashlib.sha256(lines).hexdigest()[:16]
    return f"{digest} (`albumclean schedule` writes and removes these lines)".encode()


def _block(job: Job) -> bytes:
    words = job.command
    if job.environment:
        words = ("env", *(f"{name}={value}" for name, value in job.environment), *words)
    day = "0" if job.every is Every.WEEK else "*"
    lines = f"{job.minute} {job.hour} * * {day} {quoted(words)}\n".encode()
    return b"# BEGIN albumclean " + _seal(lines) + b"\n" + lines + b"# END albumclean\n"
