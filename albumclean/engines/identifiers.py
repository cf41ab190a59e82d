"""ContentIdentifiers for the crawl: from the cache where the file is unchanged, else by a look into it."""

from __future__ import annotations

from albumclean.domain import FileIdentity
from albumclean.media.live import content_identifier
from albumclean.store.identifiers import Identifiers

_WRITTEN_AT_ONCE = 500


def read_identifier(file: FileIdentity) -> str | None:
    """The identifier in the file; None if it has none or can't be read."""
    try:
        return content_identifier(file.path)
    except OSError:
        return None


class KnownIdentifiers:
    """To be given to `crawl`; what it read is in the cache after `flush`. A file that can't be read is tried again."""

    def __init__(self, cache: Identifiers) -> None:
        self._cache = cache
        self._read: dict[FileIdentity, str | None] = {}
        self.unreadable = 0  # files that could not be read so far

    def __call__(self, file: FileIdentity) -> str | None:
        """The identifier of a photo or a video."""
        known, identifier = self._cache.known(file)
        if known:
            return identifier
        if file in self._read:
            return self._read[file]
        try:
            identifier = content_identifier(file.path)
        except OSError:
            self.unreadable += 1
            return None
        self._read[file] = identifier
        if len(self._read) >= _WRITTEN_AT_ONCE:
            self.flush()
        return identifier

    def flush(self) -> None:
        """Write what is not written yet."""
        if self._read:
            self._cache.remember(self._read.items())
            self._read = {}
