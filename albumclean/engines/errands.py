"""What travels between the machine that scans and the workers of a cluster, none of it pixels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from albumclean.config import ScanSettings
from albumclean.domain import FileIdentity, ScorerSpec
from albumclean.engines.analyse import Analysis, Job, Wanted
from albumclean.errors import AlbumcleanError
from albumclean.media.workers import WorkerFailure
from albumclean.scoring.findings import Findings

_PREFIX = 8  # bytes of a hash. Two of ten million contents share them once in a million libraries

# Clocks of file systems, in nanoseconds a tick: NTFS and SMB 100, some NAS 1000 and a million, ext3 a second, FAT two.
_TICKS = (1, 100, 1_000, 1_000_000, 1_000_000_000, 2_000_000_000)


@dataclass(frozen=True, slots=True)
class Plan:
    """What all errands of one scan have in common. A worker that finds anything else at its place takes no part."""

    key: str
    version: str  # of albumclean
    decoder: str  # the libraries that decode, see `engines.analyse`
    scorers: tuple[ScorerSpec, ...]
    wish: ScanSettings
    witnesses: tuple[tuple[str, FileIdentity], ...]  # each folder, and a file that is there
    known: bytes  # `prefixes` of the contents of which all may be known


@dataclass(frozen=True, slots=True)
class Errand(Job):
    """One file to look at."""

    number: int  # of the errand, once in a scan
    content: bytes | None = None  # what the file held when it was last read
    wanted: Wanted | None = None  # of that content, if it still holds it


@dataclass(frozen=True, slots=True)
class News:
    """What became of one errand. The analysis is without views."""

    number: int
    result: Analysis | AlbumcleanError | WorkerFailure
    content: bytes | None = None  # as far as it was read
    networks: frozenset[str] = frozenset()  # that have seen it


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker brings back."""

    news: tuple[News, ...]
    findings: Findings = field(default_factory=Findings)


def prefixes(contents: Iterable[bytes]) -> bytes:
    """The beginnings of hashes that come in ascending order: 8 bytes each."""
    return b"".join(content[:_PREFIX] for content in contents)


class Contents:
    """A set of contents, of which it knows the `prefixes`: it may take a stranger for one of them, not the reverse."""

    def __init__(self, known: bytes) -> None:
        self._known: npt.NDArray[np.uint64] = np.frombuffer(known, ">u8").astype(np.uint64)

    def __contains__(self, content: bytes) -> bool:
        wanted = np.uint64(int.from_bytes(content[:_PREFIX], "big"))
        place = int(np.searchsorted(self._known, wanted))
        return place < len(self._known) and bool(self._known[place] == wanted)


def same_moment(one: int, other: int) -> bool:
    """Whether two times in nanoseconds are one, perhaps told by clocks of different ticks, as mounts have them."""
    coarse, fine = (one, other) if one <= other else (other, one)  # clocks round down
    return any(coarse % tick == 0 and fine // tick * tick == coarse for tick in _TICKS)


def same_file(one: FileIdentity, other: FileIdentity) -> bool:
    """Whether two machines see one state of a file.

    Inodes and device numbers are each machine's own on network mounts, so size and time have to do.
    """
    return one.path == other.path and one.size == other.size and same_moment(one.mtime_ns, other.mtime_ns)
