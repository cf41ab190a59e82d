"""Files that `albumclean schedule` writes for the system, and the only place that removes them.

Each bears a line with a checksum of itself. So a file that someone has changed since, or that another program wrote
under the same name, is told from our own, and is neither written over nor removed unasked.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from tempfile import NamedTemporaryFile

from albumclean.errors import ScheduleFailed, ScheduleRefused
from albumclean.words import shown

_MARK = "Written by `albumclean schedule`, which also removes it. Checksum: "
_NOTHING = "0" * 64
_SEALED = re.compile(re.escape(_MARK) + r"([0-9a-f]{64})")
_LARGEST = 1 << 20  # bytes; ours are a few hundred


class State(Enum):
    """What lies where a file of ours would lie."""

    ABSENT = "absent"
    OURS = "ours"
    CHANGED = "changed"  # ours once
    FOREIGN = "foreign"


def mark() -> str:
    """What a text must hold, in a comment, to become one of our files."""
    return _MARK + _NOTHING


def sealed(text: str) -> str:
    """The text with the checksum of itself in its mark."""
    return text.replace(_NOTHING, _digest(text), 1)


def seal_of(text: str) -> State:
    """Whether a text is one of ours, as we wrote it."""
    match = _SEALED.search(text)
    if match is None:
        return State.FOREIGN
    whole = text[: match.start(1)] + _NOTHING + text[match.end(1) :]
    return State.OURS if match[1] == _digest(whole) else State.CHANGED


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class OwnFile:
    """One file, in a place that the system prescribes."""

    path: Path
    encoding: str = "utf-8"

    def state(self) -> State:
        """What lies there. Raises ScheduleFailed if that can't be told."""
        try:
            status = self.path.lstat()
            if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
                return State.FOREIGN
            return seal_of(self.path.read_bytes().decode(self.encoding))
        except FileNotFoundError:
            return State.ABSENT
        except UnicodeError:
            return State.FOREIGN
        except OSError as error:
            raise ScheduleFailed(detail=f"{shown(self.path)} can't be read: {error.strerror or error}") from error

    def is_ours(self) -> bool:
        """Whether a file lies there that we wrote, changed since or not. Raises ScheduleFailed."""
        return self.state() in {State.OURS, State.CHANGED}

    def check(self, *, force: bool) -> State:
        """The state, if this file may be written over or removed. Raises ScheduleRefused if not."""
        state = self.state()
        if state is State.FOREIGN:
            raise ScheduleRefused(
                detail=f"{shown(self.path)} is no file that albumclean wrote, so it stays as it is. Move it away first."
            )
        if state is State.CHANGED and not force:
            raise ScheduleRefused(
                detail=f"{shown(self.path)} was changed since albumclean wrote it. Add --force if that may be lost."
            )
        return state

    def write(self, text: str) -> None:
        """Put a sealed text in its place, whole or not at all. Call `check` before.

        Raises ScheduleFailed for a full disk and the like.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Without delete: after the rename there would be nothing to delete.
            with NamedTemporaryFile(dir=self.path.parent, prefix=".albumclean-", delete=False) as file:
                fresh = Path(file.name)
                try:
                    file.write(text.encode(self.encoding))
                    file.flush()
                    os.fsync(file.fileno())
                    fresh.chmod(0o644)
                except OSError:
                    fresh.unlink()  # made a moment ago, above
                    raise
            os.replace(fresh, self.path)  # noqa: TID251, PTH105 - a file of our own, by `check`
        except OSError as error:
            raise ScheduleFailed(detail=f"{shown(self.path)} can't be written: {error.strerror or error}") from error

    def remove(self, *, force: bool) -> bool:
        """Take the file away; whether it was there. Raises as `check` does, and ScheduleFailed."""
        if self.check(force=force) is State.ABSENT:
            return False
        try:
            self.path.unlink()  # a file of our own, by `check`
        except OSError as error:
            raise ScheduleFailed(detail=f"{shown(self.path)} can't be removed: {error.strerror or error}") from error
        return True

    def remove_link(self, link: Path) -> None:
        """Take away a link that leads to this file, which a tool of the system made for it; anything else stays."""
        try:
            if link.is_symlink() and (link.parent / link.readlink()) == self.path:
                link.unlink()  # a link to a file of our own, and no file
        except OSError as error:
            raise ScheduleFailed(detail=f"{shown(link)} can't be removed: {error.strerror or error}") from error
