"""One run at a time per library, and the next one can say who is at work or who was killed.

The lock is the system's (flock; Windows: a locked range): it ends with its owner, however that ends. Where a file
system has none (some network shares), filelock falls back to a file whose owner is known by host and process; it
recovers that of a dead process on this host. Who holds the lock stands in a second file, which is empty between runs:
a line that is left there is that of a run that was killed.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

from albumclean.errors import RunBusy, StoreError
from albumclean.words import shown

_NO_FLOCK = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP})


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose run it is."""

    pid: int
    host: str
    since: float  # seconds since the epoch
    command: str

    @property
    def text(self) -> str:
        """ "process 123 on nas, since 2026-11-22 03:30 (albumclean run /photos)"."""
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.since))
        return f"process {self.pid} on {shown(self.host)}, since {since} ({shown(self.command)})"


@contextmanager
def run_lock(ledger: Path, command: str) -> Iterator[Owner | None]:
    """Hold the lock of the library whose ledger this is; gives the owner of a run before that was killed, if one was.

    Raises RunBusy, which names the owner, without waiting; StoreError if there can be no lock.
    """
    lock_file, owner_file = ledger.with_name("run.lock"), ledger.with_name("run.owner")
    try:
        ledger.parent.mkdir(parents=True, exist_ok=True)
        lock = _acquired(lock_file)
    except Timeout:
        owner = _read(owner_file)
        raise RunBusy(owner=owner.text if owner else "which one is not known") from None
    except OSError as error:
        raise StoreError(path=lock_file, detail=f"it can't be locked: {error.strerror or error}") from error
    try:
        killed = _read(owner_file)
        _write(owner_file, json.dumps(asdict(Owner(os.getpid(), socket.gethostname(), time.time(), command))))
        yield killed
    finally:
        _write(owner_file, "")
        lock.release()


def _acquired(path: Path) -> BaseFileLock:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # filelock tells developers of its fallback
        lock: BaseFileLock = FileLock(path)
        try:
            lock.acquire(blocking=False)
        except OSError as error:
            if isinstance(error, Timeout) or error.errno not in _NO_FLOCK:
                raise
            lock = SoftFileLock(path.with_name(f"{path.name}.soft"))
            lock.acquire(blocking=False)
    return lock


def _read(path: Path) -> Owner | None:
    """Who stands there; None for an empty, missing or torn file."""
    with suppress(OSError, ValueError, TypeError):
        return Owner(**json.loads(path.read_text("utf-8")))
    return None


def _write(path: Path, text: str) -> None:
    with suppress(OSError):  # the name is a courtesy; the lock holds without it
        path.write_text(text, "utf-8")
