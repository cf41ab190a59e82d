"""Whether a file has come to rest, or some program may still be writing it.

A file's times tell: its content changed at `mtime`, and anything of it at `ctime`, which no program can set (a copy
that keeps the times of the original ends with an old `mtime` and a `ctime` of now; on Windows `ctime` is the creation).

Clocks differ: a camera set to another zone, a network drive that is an hour ahead. A time in the future says nothing of
when the file was written, so it counts as now; but only up to FUTURE, as a photo dated 2099 must not wait until then.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from albumclean.crawl.mounts import FileKey
from albumclean.crawl.partial import ABANDONED_AFTER, future_name
from albumclean.domain import Asset

FUTURE = 86_400.0  # seconds: more than any two time zones and clocks of one household are apart

_PROC = Path("/proc")
_WRITES = os.O_WRONLY | os.O_RDWR


@dataclass(frozen=True, slots=True)
class Settling:
    """How long a file must have been left alone, seen from one moment."""

    seconds: float  # 0 or less: files are taken as they are
    now: float  # seconds since the epoch

    def is_fresh(self, status: os.stat_result) -> bool:
        """Whether the file of this `stat` was changed so recently that it may still be written to."""
        return self.seconds > 0 and self.is_recent(status.st_mtime, status.st_ctime)

    def is_recent(self, *changed: float) -> bool:
        """Whether any of these times, in seconds since the epoch, is one at which a file may still be written to."""
        return _is_within(self.seconds, self.now, changed)

    def is_arriving(self, status: os.stat_result) -> bool:
        """Whether a file with a name of `crawl.partial` is worth waiting for, and not the rest of a broken copy."""
        return _is_within(self.patience, self.now, (status.st_mtime, status.st_ctime))

    @property
    def patience(self) -> float:
        """Seconds for which a file that is on its way is waited for."""
        return max(self.seconds, ABANDONED_AFTER)


def _is_within(seconds: float, now: float, times: Collection[float]) -> bool:
    return any(now - seconds < changed < now + FUTURE for changed in times)


def is_settled(asset: Asset, now: float, settle: float) -> bool:
    """Look whether all files of an asset have come to rest, and no companion of it is on its way.

    `now` in seconds since the epoch, `settle` in seconds. False also if a file or its folder can't be looked at.
    """
    settling = Settling(settle, now)
    names = {file.path for file in asset.files}
    beginnings = tuple({path.stem.lower() + "." for path in names})
    try:
        if any(settling.is_fresh(path.lstat()) for path in names):
            return False
        for folder in sorted({path.parent for path in names}):
            with os.scandir(folder) as entries:
                for entry in entries:
                    target = future_name(entry.name)
                    if target is None or not settling.is_arriving(entry.stat(follow_symlinks=False)):
                        continue
                    # A companion that is not there yet begins as the photo does; what it will be is not asked here.
                    if target.lower().startswith(beginnings):
                        return False
    except OSError:
        return False
    return True


def open_for_writing(paths: Iterable[Path]) -> frozenset[Path]:
    """Which of these files some program of this user has open to write to; empty where the system does not tell.

    Linux only. One look at all programs, so ask for many files at once. A program on another machine that writes over
    the network, and those of other users, are not seen: this adds to `is_settled` and does not replace it.
    """
    wanted: dict[FileKey, list[Path]] = {}
    for path in paths:
        try:
            status = path.lstat()
        except OSError:
            continue
        wanted.setdefault((status.st_dev, status.st_ino), []).append(path)
    found: set[Path] = set()
    if wanted and _PROC.is_dir():
        for process in _PROC.iterdir():
            if process.name.isdigit():
                found.update(path for key in _written_by(process, wanted) for path in wanted[key])
    return frozenset(found)


def _written_by(process: Path, wanted: Collection[FileKey]) -> set[FileKey]:
    keys: set[FileKey] = set()
    try:
        with os.scandir(process / "fd") as handles:
            for handle in handles:
                try:
                    status = handle.stat()
                    key = (status.st_dev, status.st_ino)
                    if key in wanted and _flags(process / "fdinfo" / handle.name) & _WRITES:
                        keys.add(key)
                except OSError:  # closed meanwhile
                    continue
    except OSError:  # ended meanwhile, or another user's
        pass
    return keys


def _flags(info: Path) -> int:
    """The flags with which a file was opened, of `/proc/PID/fdinfo/FD` (proc(5): octal)."""
    for line in info.read_text("ascii", errors="replace").splitlines():
        if line.startswith("flags:"):
            return int(line.removeprefix("flags:"), 8)
    return 0
