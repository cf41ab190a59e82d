"""Which files a rule can speak of at all, told from the index of scores: most of a library is not even read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from albumclean.domain import ScorerSpec
from albumclean.store.connection import Address, Connection
from albumclean.store.database import store_errors
from albumclean.store.rows import under_folders
from albumclean.store.scores import Scores
from albumclean.store.stored_groups import By

_READABLE = "file.failure_stage IS NULL"
_ORDERS = {By.PATH: "file.path", By.SCORE: "score.main, file.path"}


class Candidates:
    """One connection, used by one thread; `Cache.candidates` gives it."""

    def __init__(self, connection: Connection, path: Address, scores: Scores) -> None:
        self._connection = connection
        self._path = path
        self._scores = scores

    def below(
        self,
        spec: ScorerSpec,
        value: float,
        under: Sequence[Path] = (),
        by: By = By.PATH,
        *,
        walk: bool = False,
    ) -> Iterator[tuple[Path, bytes]]:
        """(path, content) of the readable files (under the folders) whose main score by this scorer is below a value.

        With `walk` they are met on a walk through all files by path: quick where the first of many are enough. Else
        they are found by their scores, and the database sorts them. In memory there is one at a time.
        """
        # CROSS: SQLite goes through the tables in this order, whatever it thinks of it.
        tables = "file CROSS JOIN score" if walk and by is By.PATH else "score CROSS JOIN file"
        low, folders = self._scores.below(spec, value), under_folders(under)
        condition = f"{low.sql} AND file.content_hash = score.content_hash AND {_READABLE} AND {folders[0]}"
        with store_errors(self._path):
            for path, content in self._connection.execute(
                f"SELECT file.path, file.content_hash FROM {tables} WHERE {condition} ORDER BY {_ORDERS[by]}",  # noqa: S608
                (*low.values, *folders[1]),
            ):
                yield Path(os.fsdecode(path)), content
