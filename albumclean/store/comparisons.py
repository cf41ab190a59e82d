"""The part of the cache that holds what close looks found, and which contents have been searched."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from albumclean.domain import Comparison, Reason, Relation, Testimony, Turn
from albumclean.store.connection import Address, Connection
from albumclean.store.database import portions, store_errors, transaction
from albumclean.store.rows import upsert
from albumclean.store.state import touch

_FOUND = ("relation", "likeness", "source", "reasons", "certainty", "turn", "difference")
_PUT = upsert("comparison", ("one", "other"), ("revision", *_FOUND))
_PUT_PIXELS = upsert("pixels", ("content_hash",), ("revision", "digest"))
_PUT_TESTIMONY = upsert("testimony", ("one", "other", "witness"), ("revision", "leaning"))
_PUT_SEARCHED = upsert("searched", ("content_hash",), ("key",))


class Comparisons:
    """One connection, used by one thread; `Cache.comparisons` gives it."""

    def __init__(self, connection: Connection, path: Address) -> None:
        self._connection = connection
        self._path = path

    def without_reasons(self, revision: str) -> Iterator[Comparison]:
        """Every pair that was looked at, in order, without the reasons."""
        with store_errors(self._path):
            yield from map(
                _comparison,
                self._connection.execute(
                    """SELECT one, other, relation, likeness, source, '[]', certainty, turn, difference FROM comparison
                    WHERE revision = ? ORDER BY one, other""",
                    (revision,),
                ),
            )

    def copies(self, revision: str) -> Iterator[tuple[bytes, bytes]]:
        """The pairs of which a look said that they are copies, in order."""
        return self._pairs_where("relation != ?", (Relation.DIFFERENT.value,), revision)

    def undated_lookalikes(self, revision: str) -> Iterator[tuple[bytes, bytes]]:
        """The pairs that were looked at, are no copies, and of which neither has a capture time; in order."""
        undated = "NOT EXISTS (SELECT 1 FROM photo WHERE content_hash IN (one, other) AND coalesce(taken_at, '') != '')"
        return self._pairs_where(f"relation = ? AND {undated}", (Relation.DIFFERENT.value,), revision)

    def _pairs_where(self, condition: str, values: tuple[str, ...], revision: str) -> Iterator[tuple[bytes, bytes]]:
        with store_errors(self._path):
            yield from self._connection.execute(
                f"SELECT one, other FROM comparison WHERE {condition} AND revision = ? ORDER BY one, other",  # noqa: S608
                (*values, revision),
            )

    def among(self, contents: Collection[bytes], revision: str) -> list[Comparison]:
        """Every comparison of which both sides are in `contents`, in order."""
        return list(map(_comparison, self._rows_among(contents, revision, "comparison", ("one", "other"), _FOUND)))

    def pixels(self, contents: Iterable[bytes], revision: str) -> Iterator[tuple[bytes, bytes]]:
        """(content, digest of its picture) of those contents that were ever looked at closely."""
        with store_errors(self._path):
            for marks, asked in portions(contents):
                yield from self._connection.execute(
                    f"SELECT content_hash, digest FROM pixels WHERE content_hash IN ({marks}) AND revision = ?",  # noqa: S608
                    (*asked, revision),
                )

    def testimonies(self, contents: Collection[bytes], revision: str) -> list[Testimony]:
        """Every one of which all three are in `contents`, in order."""
        rows = self._rows_among(contents, revision, "testimony", ("one", "other", "witness"), ("leaning",))
        return [Testimony(*row) for row in rows]

    def _rows_among(
        self, contents: Collection[bytes], revision: str, table: str, key: Sequence[str], others: Sequence[str]
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of which all contents in the key are among these, in order."""
        wanted = set(contents)
        columns, order = ", ".join((*key, *others)), ", ".join(key)
        with store_errors(self._path):
            for marks, asked in portions(sorted(wanted)):
                rows = self._connection.execute(
                    f"SELECT {columns} FROM {table} WHERE {key[0]} IN ({marks}) AND revision = ? ORDER BY {order}",  # noqa: S608
                    (*asked, revision),
                )
                yield from (row for row in rows if wanted.issuperset(row[: len(key)]))

    def write(
        self,
        comparisons: Iterable[Comparison],
        revision: str,
        pixels: Iterable[tuple[bytes, bytes]] = (),
        testimonies: Iterable[Testimony] = (),
    ) -> None:
        """Remember what was found, in one transaction; `pixels` as in the method of that name."""
        rows = [
            (
                each.one,
                each.other,
                revision,
                each.relation.value,
                each.likeness,
                None if each.source is None else int(each.source == each.other),
                json.dumps([[reason.fact, reason.value, reason.threshold, reason.text] for reason in each.reasons]),
                each.certainty,
                each.turn.number,
                each.difference,
            )
            for each in comparisons
        ]
        digests = [(content, revision, digest) for content, digest in pixels]
        told = [(each.one, each.other, each.witness, revision, each.leaning) for each in testimonies]
        if not (rows or digests or told):
            return  # what was worked out for this state of the library holds on
        with transaction(self._connection) as write:
            touch(write)
            write.executemany(_PUT, rows)
            write.executemany(_PUT_PIXELS, digests)
            write.executemany(_PUT_TESTIMONY, told)

    def searched(self, key: str) -> set[bytes]:
        """The contents whose look-alikes have been looked for by the method that `key` names."""
        with store_errors(self._path):
            return {
                row[0] for row in self._connection.execute("SELECT content_hash FROM searched WHERE key = ?", (key,))
            }

    def has_unsearched(self, key: str, fingerprint_revision: str) -> bool:
        """Whether a readable content of one picture, with a fingerprint, has not been searched by that method."""
        with store_errors(self._path):
            row = self._connection.execute(
                """SELECT 1 FROM fingerprint AS f JOIN photo USING (content_hash)
                WHERE revision = ? AND pictures = 1 AND NOT EXISTS (
                    SELECT 1 FROM searched AS s WHERE s.content_hash = f.content_hash AND s.key = ?
                ) AND EXISTS (SELECT 1 FROM file WHERE file.content_hash = f.content_hash AND failure_stage IS NULL)
                LIMIT 1""",
                (fingerprint_revision, key),
            ).fetchone()
        return row is not None

    def mark_searched(self, contents: Sequence[bytes], key: str) -> None:
        """Remember that nothing is left to look for."""
        with transaction(self._connection) as write:
            write.executemany(_PUT_SEARCHED, ((each, key) for each in contents))

    def forget_vanished(self) -> bool:
        """Search again around contents that no file holds any more: their copies were only compared with them.

        Whether there was anything of them to forget, which counts the state up.
        """
        gone = "NOT EXISTS (SELECT 1 FROM file WHERE file.content_hash = {column})"
        lost = 0
        with transaction(self._connection) as write:
            for mine, theirs in (("one", "other"), ("other", "one")):
                write.execute(
                    f"""DELETE FROM searched WHERE content_hash IN (
                        SELECT {theirs} FROM comparison WHERE {gone.format(column=f"comparison.{mine}")})"""  # noqa: S608
                )
            for column in ("one", "other"):
                vanished = gone.format(column=f"comparison.{column}")
                lost += write.execute(f"DELETE FROM comparison WHERE {vanished}").rowcount  # noqa: S608
            for column in ("one", "other", "witness"):
                vanished = gone.format(column=f"testimony.{column}")
                lost += write.execute(f"DELETE FROM testimony WHERE {vanished}").rowcount  # noqa: S608
            if lost:  # what it held together falls into parts
                touch(write)
            for table in ("searched", "pixels"):
                write.execute(f"DELETE FROM {table} WHERE {gone.format(column=f'{table}.content_hash')}")  # noqa: S608
        return lost > 0


def _content(one: bytes, other: bytes, source: int | None) -> bytes | None:
    return None if source is None else (one, other)[source]


def _comparison(row: tuple[bytes, bytes, str, float, int | None, str, float, int, float | None]) -> Comparison:
    one, other, relation, likeness, source, reasons, certainty, turn, difference = row
    return Comparison(
        one,
        other,
        Relation(relation),
        likeness,
        _content(one, other, source),
        tuple(Reason(*reason) for reason in json.loads(reasons)),
        certainty,
        Turn.numbered(turn),
        difference,
    )
