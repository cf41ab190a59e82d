"""The score cache: what is known of every file and of every content. Disposable: a scan rebuilds it.

One connection, used by one thread. Nothing here holds more than a page of rows in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
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
from albumclean.store.database import open_database, store_errors, transaction
from albumclean.store.file_table import FileTable, Needs
from albumclean.store.rows import (
    photo_to_row,
    signed64,
    state_of,
)
from albumclean.store.schema_cache import MIGRATIONS
from albumclean.store.state import touch


class Cache(FileTable):
    """See the module. Use as a context manager."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises StoreError and its kind."""
        return cls(open_database(path, MIGRATIONS, backup=False), path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def missing(self, content_hash: bytes, needs: Needs) -> tuple[tuple[ScorerSpec, ...], bool]:
        """(the scorers that have not seen this content, whether facts or fingerprint are missing)."""
        with store_errors(self.path):
            has = {
                row[0]
                for row in self._connection.execute("SELECT series FROM score WHERE content_hash = ?", (content_hash,))
            }
            described = self._connection.execute(
                """SELECT 1 FROM photo WHERE content_hash = ?1 AND (?2 IS NULL OR EXISTS (
                    SELECT 1 FROM fingerprint AS f WHERE f.content_hash = ?1 AND f.revision = ?2))""",
                (content_hash, needs.fingerprint_revision),
            ).fetchone()
        scorers = tuple(spec for spec in needs.scorers if not has.issuperset(self._series_of(spec)))
        return scorers, described is None

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
            write.executemany(
                "INSERT OR REPLACE INTO photo VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (photo_to_row(photo) for photo, _, _ in photos),
            )
            write.executemany(
                "INSERT OR REPLACE INTO fingerprint VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (f.content_hash, revision, signed64(f.phash), signed64(f.dhash), f.layout, f.detail)
                    for _, f, revision in photos
                    if f is not None
                ),
            )
            write.executemany(
                "INSERT OR REPLACE INTO score VALUES (?, ?, ?)",
                ((s.content_hash, self._series_id(s.scorer, s.revision, s.quantity), s.value) for s in scores),
            )
            moments = [
                (f.content_hash, self._series_id(f.scorer, f.revision, f.quantity), f.seconds, f.value) for f in frames
            ]
            # Another number of frames has other moments; what was said of the old ones went into the old mean.
            write.executemany(
                "DELETE FROM frame_score WHERE content_hash = ? AND series = ?",
                dict.fromkeys((content_hash, series) for content_hash, series, _, _ in moments),
            )
            write.executemany("INSERT OR REPLACE INTO frame_score VALUES (?, ?, ?, ?)", moments)
            write.executemany(
                "INSERT OR REPLACE INTO embedding VALUES (?, ?, ?)",
                ((embedding.content_hash, revision, embedding.vector) for embedding, revision in embeddings),
            )
