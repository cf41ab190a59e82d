"""Faults inside this process: the n-th call that changes the disk or the journal fails, or the program ends there."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from albumclean.store.journal import Journal
from albumclean.trash import files

CALLS = ("rename", "open", "fsync", "unlink", "utime", "mkdir", "link")
WORDS = ("announce", "settle", "begin", "finish")  # of the journal


class Killed(BaseException):
    """Stands for `kill -9`: nothing in the code may catch it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What strikes the n-th call of a kind."""

    code: str | None  # the name of an error of the system; None: a kill
    call: str  # one of CALLS, WORDS or "renameat2"
    at: int  # from 0
    after: bool  # the call is done all the same

    def error(self) -> BaseException:
        return Killed() if self.code is None else OSError(getattr(errno, self.code), self.code)


@contextmanager
def struck(
    below: str, at: int, error: Callable[[], BaseException], *, after: bool = False, call: str | None = None
) -> Iterator[list[str]]:
    """Let the call with number `at` (from 0) on a path under `below` raise, before or after it is done.

    Of all calls, or of those of the name `call` alone: an operation makes few of these, so that a small number strikes
    in its middle.

    The journal's own words only end a program; what SQLite makes of errors is for `benchmarks/faults.py`. Yields the
    names of the calls that were met.
    """
    met: list[str] = []

    def wrapped(real: Callable[..., Any], name: str, *, kills_only: bool) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            watched = kills_only or name == "fsync" or os.fspath(args[0]).startswith(below)
            if not watched or (kills_only and not isinstance(error(), Killed)):
                return real(*args, **kwargs)
            here = at == len(met) if call is None else name == call and at == met.count(call)
            met.append(name)
            if here and not after:
                raise error()
            result = real(*args, **kwargs)
            if here:
                raise error()
            return result

        return wrapper

    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, wrapped(getattr(os, name), name, kills_only=False))
        patch.setattr(files, "_kernel_rename", wrapped(files._kernel_rename, "renameat2", kills_only=False))
        for name in WORDS:
            patch.setattr(Journal, name, wrapped(getattr(Journal, name), name, kills_only=True))
        yield met
