"""What a scan remembers of folders, so that the next one need not meet their files one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from albumclean.crawl import SkipReason
from albumclean.engines.identifiers import KnownIdentifiers
from albumclean.store.folders import FolderRecord, Folders


@dataclass(slots=True)
class Tally:
    """What one folder has given so far."""

    files: int = 0  # photos and videos
    videos: int = 0  # of them
    skipped: Counter[SkipReason] = field(default_factory=Counter)
    told: bool = False  # something was said that the next scan may have to say again


class RememberedFolders:
    """To be given to `crawl`. What was learnt of folders waits in `records` until someone writes it.

    `wishes`: everything but the folders' own state that decides what the scan makes of a file. Without `recalls`
    nothing is answered from memory, and all is learnt anew. `recalled` hears of the folders that are as they were.
    """

    def __init__(
        self,
        folders: Folders,
        identifiers: KnownIdentifiers,
        recalled: Callable[[Path, Tally], None],
        *,
        wishes: str,
        recalls: bool,
    ) -> None:
        self._folders = folders
        self._identifiers = identifiers
        self._recalled = recalled
        self._wishes = wishes.encode("utf-8", "surrogatepass")
        self._recalls = recalls
        self._unreadable = 0  # files without an identifier when the walk of the folder began
        self.tally = Tally()  # of the folder that is being walked
        self.records: list[FolderRecord] = []

    def recall(self, folder: Path, state: bytes) -> bool:
        """As in `FolderMemory`."""
        self.tally = Tally()
        self._unreadable = self._identifiers.unreadable
        found = self._folders.recall(folder, self._digest(state)) if self._recalls else None
        if found is None:
            return False
        skipped = Counter({SkipReason(reason): count for reason, count in found.skipped.items()})
        self._recalled(folder, Tally(found.files, found.videos, skipped))
        return True

    def met(self, folder: Path, state: bytes) -> None:
        """As in `FolderMemory`."""
        tally = self.tally
        if tally.told or self._identifiers.unreadable > self._unreadable:
            return
        skipped = {reason.value: count for reason, count in sorted(tally.skipped.items())}
        self.records.append(FolderRecord(folder, self._digest(state), tally.files, tally.videos, skipped))

    def _digest(self, state: bytes) -> bytes:
        return blake2b(state + self._wishes, digest_size=16).digest()
