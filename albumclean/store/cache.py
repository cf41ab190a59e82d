"""The score cache: what is known of every file and of every content. Disposable: a scan rebuilds it.

One connection, used by one thread. Nothing here holds more than a page of rows in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from albumclean.domain import (
    Embedding,
    Failure,
    FileIdentity,
    Fingerprint,
    FrameScore,
    Photo,
    Score,
    ScorerSpec,
)
from albumclean.store.connection import Address, open_store, scan_lock
from albumclean.store.database import store_errors, transaction
from albumclean.store.file_table import FileTable, Needs
from albumclean.store.rows import (
    FINGERPRINT_COLUMNS,
    PHOTO_COLUMNS,
    fingerprint_to_row,
    photo_to_row,
    state_of,
    upsert,
)
from albumclean.store.schema_cache import MIGRATIONS
from albumclean.store.state import touch

_PUT_PHOTO = upsert("photo", ("content_hash",), PHOTO_COLUMNS.split(", ")[1:])
_PUT_FINGERPRINT = upsert("fingerprint", ("content_hash",), (*FINGERPRINT_COLUMNS.split(", ")[1:], "revision"))
_PUT_EMBEDDING = upsert("embedding", ("content_hash",), ("revision", "vector"))


class Cache(FileTable):
    """See the module. Use as a context manager."""

    @classmethod
    def open(cls, path: Address) -> Self:
        """A file, or a server's database. Raises StoreError and its kind, and PostgresSupportMissing."""
        return cls(open_store(path, MIGRATIONS), path)

    def scan_lock(self) -> AbstractContextManager[None]:
        """Held by the one scan that may write here. Raises StoreBusy at once if there is another."""
        return scan_lock(self._connection, self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def missing(self, content_hash: bytes, needs: Needs) -> tuple[tuple[ScorerSpec, ...], bool]:
        """(the scorers that have not seen this content, whether facts or fingerprint are missing)."""
        with store_errors(self.path):
            found = self._connection.execute(
                """SELECT fingerprint.revision FROM photo
                LEFT JOIN fingerprint ON fingerprint.content_hash = photo.content_hash WHERE photo.content_hash = ?""",
                (content_hash,),
            ).fetchone()
        described = found is not None and needs.fingerprint_revision in {None, *found}
        return self.scores.missing(content_hash, needs.scorers), not described

    def write(
        self,
        *,
        hashes: Sequence[tuple[FileIdentity, bytes]] = (),
        photos: Sequence[tuple[Photo, Fingerprint | None, str]] = (),
        scores: Sequence[Score] = (),
        frames: Sequence[FrameScore] = (),
        embeddings: Sequence[tuple[Embedding, str]] = (),
        failures: Sequence[tuple[FileIdentity, Failure, bytes | None]] = (),
        decoder: str = "",
    ) -> None:
        """Write one batch of findings in one transaction.

        A hash or failure only counts for the file state that was read: a row that has changed since is left alone.
        """
        if not (hashes or photos or scores or frames or embeddings or failures):
            return  # what was worked out for this state of the library holds on
        state = "path = ? AND size = ? AND mtime_ns = ? AND inode = ?"
        with transaction(self._connection) as write:
            touch(write)
            write.executemany(
                f"""UPDATE file SET content_hash = ?, failure_stage = NULL, failure_reason = NULL,
                failure_transient = NULL, decoder = NULL WHERE {state}""",  # noqa: S608
                ((content_hash, *state_of(identity)) for identity, content_hash in hashes),
            )
            write.executemany(
                f"""UPDATE file SET content_hash = coalesce(?, content_hash), failure_stage = ?, failure_reason = ?,
                failure_transient = ?, decoder = ? WHERE {state}""",  # noqa: S608
                (
                    (digest, failure.stage.value, failure.reason, int(failure.transient), decoder, *state_of(identity))
                    for identity, failure, digest in failures
                ),
            )
            write.executemany(_PUT_PHOTO, (photo_to_row(photo) for photo, _, _ in photos))
            write.executemany(
                _PUT_FINGERPRINT,
                ((*fingerprint_to_row(print_), revision) for _, print_, revision in photos if print_ is not None),
            )
            self.scores.write(write, scores, frames)
            write.executemany(
                _PUT_EMBEDDING,
                ((embedding.content_hash, revision, embedding.vector) for embedding, revision in embeddings),
            )
