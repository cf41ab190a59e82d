"""Where photos are read, decoded and scored, as the rest of a scan sees it; and which such places there are.

An engine is one file with a function `engine(assignment) -> Engine`, and one line in `_ENGINES`. What it does never
shows in the cache: the same photos get the same facts and scores wherever they were looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, cast

from albumclean.config import ScanSettings
from albumclean.domain import FileIdentity
from albumclean.engines.analyse import Analysis, Job, Question, Wanted
from albumclean.errors import AlbumcleanError, EngineUnknown
from albumclean.media.workers import WorkerFailure
from albumclean.scoring.findings import Findings
from albumclean.scoring.scorer import Scorer
from albumclean.words import shown

LOCAL: Final = "local"
_ENGINES: Final = {LOCAL: "albumclean.engines.local", "dask": "albumclean.engines.cluster"}

NAMES: Final = tuple(_ENGINES)


@dataclass(frozen=True, slots=True)
class Looked:
    """News of one file: what became of it, and the networks whose findings of its content are still to come."""

    identity: FileIdentity
    result: Analysis | AlbumcleanError | WorkerFailure
    networks: frozenset[str] = frozenset()


Event = Looked | Findings
Answer = Callable[[Question], Wanted | None]


class Known(Protocol):
    """What an engine may want to know before a file is read, so that nobody has to ask in the midst of it."""

    def witnesses(self) -> Iterable[tuple[Path, FileIdentity]]:
        """Each folder that is scanned with one file that is there: who sees these, sees the photos."""
        ...

    def contents(self) -> Iterator[bytes]:
        """Every content that was ever described, ascending."""
        ...

    def contents_of(self, files: Sequence[FileIdentity]) -> dict[FileIdentity, bytes]:
        """Of those that were read before, in the state that they have now: what they hold."""
        ...

    def left(self) -> int:
        """How many files are not done yet, about."""
        ...

    def missing(self, content: bytes) -> Wanted | None:
        """What of this content is not known yet. Unlike an answer, it promises nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Assignment:
    """One pass over photos, as an engine is told of it."""

    wish: ScanSettings
    scorers: Sequence[Scorer]
    known: Known


class Engine(Protocol):
    """A place where photos are looked at."""

    def run(self, jobs: Iterator[Job], answer: Answer) -> Generator[Event]:
        """Look at each file, and give news in the order in which it comes: each file once, and what networks find.

        Both `jobs` and `answer` are called in the thread that iterates. Jobs are taken as there is room for them, so
        that memory does not depend on their number. `answer` is asked once a content is known and before its file's
        news: what is still wanted of it. None: nothing, and the news says no more than the content.

        Everything that was begun ends when the iterator is closed or an exception leaves it. Raises AlbumcleanError.
        """
        ...


class _Module(Protocol):
    """What the file of an engine offers."""

    def check(self, wish: ScanSettings) -> None:
        """Raises UsageError if the settings don't say enough, or something has to be installed."""

    def engine(self, assignment: Assignment) -> Engine: ...


def check(wish: ScanSettings) -> None:
    """Raises UsageError if the settings name an engine that there is not, or one that can't be used as they say."""
    _module(wish.engine).check(wish)


def engine(assignment: Assignment) -> Engine:
    """The one that the settings name. Raises UsageError as `check`."""
    return _module(assignment.wish.engine).engine(assignment)


def _module(name: str) -> _Module:
    if name not in _ENGINES:
        raise EngineUnknown(name=shown(name), known=", ".join(NAMES))
    return cast(_Module, import_module(_ENGINES[name]))
