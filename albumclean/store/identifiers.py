"""Apple's ContentIdentifiers in the cache: which video is half of which photo, without a look into either."""

from __future__ import annotations

import os
from collections.abc import Iterable

from albumclean.domain import FileIdentity
from albumclean.store.connection import Address, Connection
from albumclean.store.database import store_errors, transaction


class Identifiers:
    """A part of the cache, on its connection."""

    def __init__(self, connection: Connection, path: Address) -> None:
        self._connection = connection
        self._path = path

    def known(self, file: FileIdentity) -> tuple[bool, str | None]:
        """(whether the file was read in this very state, its identifier or None)."""
        with store_errors(self._path):
            row = self._connection.execute(
                "SELECT size, mtime_ns, inode, identifier FROM content_identifier WHERE path = ?",
                (os.fsencode(file.path),),
            ).fetchone()
        if row is None or row[:3] != (file.size, file.mtime_ns, str(file.inode)):
            return False, None
        return True, row[3]

    def remember(self, found: Iterable[tuple[FileIdentity, str | None]]) -> None:
        """Write what was read, in one transaction; None for files that have no identifier."""
        with transaction(self._connection) as write:
            write.executemany(
                """INSERT INTO content_identifier (path, size, mtime_ns, inode, identifier) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (path) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,
                inode = excluded.inode, identifier = excluded.identifier""",
                ((os.fsencode(f.path), f.size, f.mtime_ns, str(f.inode), identifier) for f, identifier in found),
            )
