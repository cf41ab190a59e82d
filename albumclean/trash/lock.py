"""One process at a time moves files on the word of one ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from albumclean.errors import StoreError
from albumclean.store.ledger import Ledger
from albumclean.trash.files import words_for


@contextmanager
def locked(ledger: Ledger, on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold `<ledger>.lock`; if another process has it, tell `on_wait` which one (once) and wait for it to end.

    The system lets go of the lock when its owner dies, however it dies. Raises StoreError if there can be no lock.
    """
    lock = FileLock(ledger.path.with_name(f"{ledger.path.name}.lock"))
    with _lock_errors(ledger, "taken"):
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if on_wait is not None:
                on_wait(_owner(ledger))
            lock.acquire(timeout=-1)
    try:
        yield
    finally:
        with _lock_errors(ledger, "let go"):
            lock.release()


@contextmanager
def _lock_errors(ledger: Ledger, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(path=ledger.path, detail=f"its lock can't be {what}: {words_for(error)}") from error


def _owner(ledger: Ledger) -> str:
    for run in ledger.history():
        if run.finished_at is None:
            return f"process {run.pid} on {run.host}"
    return "another process"
