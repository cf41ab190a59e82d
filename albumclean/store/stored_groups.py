"""The part of the cache that keeps what looks alike in the whole library, so that only a scan has to work it out.

A part is a set of contents that no other part of its kind has anything to do with: copies, a cluster of moments, or a
series. It says nothing of keepers and reasons: these are found anew by each who reads, for the parts that are reached.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from albumclean.store.connection import Address, Connection
from albumclean.store.database import portions, store_errors, transaction
from albumclean.store.rows import under_folders
from albumclean.store.state import State, put

Scores = Callable[[Collection[bytes]], Iterable[tuple[bytes, float]]]  # (content, score) of those that have one

_VALID: Final = "groups"  # under this name: the generation and the method that the parts hold for, and the sums
_COLUMNS: Final = "number, kind, contents, sets, place, lowest, files, spare"


class PartKind(StrEnum):
    """What holds a part together."""

    COPIES = "copies"
    CLUSTER = "cluster"
    SERIES = "series"


class By(StrEnum):
    """In which order parts and single photos come."""

    PATH = "path"
    SCORE = "score"  # the lowest first, those without one last, equals by path


@dataclass(frozen=True, slots=True)
class Part:
    """Contents, ascending, and the sets that they form: the moments of a cluster, the shots of a series."""

    kind: PartKind
    contents: tuple[bytes, ...]
    sets: tuple[tuple[bytes, ...], ...] = ()
    name: str = ""  # of a series: which kind of series


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part, and what is good to know of its files before any of them is looked at."""

    number: int  # in the order of grouping
    part: Part
    place: bytes  # the first path of its files
    lowest: float | None  # of their main scores
    files: int
    spare: int  # bytes of all files but the largest


@dataclass(frozen=True, slots=True)
class Sums:
    """How much there is: parts of copies with several files, and moments; and the bytes of all copies but one each."""

    groups: int = 0
    spare: int = 0

    @classmethod
    def of(cls, parts: Iterable[StoredPart]) -> Sums:
        """Of all parts."""
        groups = spare = 0
        for each in parts:
            if each.part.kind is PartKind.CLUSTER:
                groups += len(each.part.sets)
            elif each.part.kind is PartKind.COPIES:
                groups += each.files > 1
                spare += each.spare
        return cls(groups, spare)


def create(connection: Connection) -> None:
    """A part of schema 6 of the cache."""
    for statement in (
        """CREATE TABLE stored_part (
            number INTEGER PRIMARY KEY,  -- in the order of grouping
            kind TEXT NOT NULL,          -- of a series with a colon and its kind
            contents TEXT NOT NULL,      -- in hexadecimal, ascending, with spaces between
            sets TEXT NOT NULL,          -- places in `contents`: "0 2|1 3"
            place BLOB NOT NULL,         -- the first path of its files
            lowest REAL,                 -- of their main scores
            files INTEGER NOT NULL,
            spare INTEGER NOT NULL       -- bytes of all files but the largest
        )""",
        "CREATE INDEX stored_part_by_place ON stored_part (kind, place, number)",
        """CREATE TABLE stored_member (   -- of copies and clusters
            content_hash BLOB NOT NULL, part INTEGER NOT NULL,
            PRIMARY KEY (content_hash, part)
        ) WITHOUT ROWID""",
    ):
        connection.execute(statement)


class StoredGroups:
    """One connection, used by one thread; `Cache.stored_groups` gives it."""

    def __init__(self, connection: Connection, path: Address, state: State) -> None:
        self._connection = connection
        self._path = path
        self._state = state

    # --- reading: only where `hold` says so -----------------------------------------------------------------------

    def hold(self, method: str) -> bool:
        """Whether what is kept was found by this method in the cache as it is."""
        found = self._note()
        return found is not None and (found["generation"], found["method"]) == (self._state.generation, method)

    def sums(self) -> Sums:
        """Of all parts."""
        found = self._note()
        return Sums() if found is None else Sums(found["groups"], found["spare"])

    def all(self, kind: PartKind) -> Iterator[StoredPart]:
        """Every part of this kind, in the order of grouping."""
        # Series have the kind of series in their names: "series:bracket".
        end = f"{kind.value};"
        yield from self._parts("WHERE kind >= ? AND kind < ? ORDER BY number", (kind.value, end))

    def in_order(self, kind: PartKind, by: By) -> Iterator[StoredPart]:
        """Every part of this kind by its place or its lowest score; the rest is not read before it is asked for."""
        order = (
            "place, number" if by is By.PATH else "CASE WHEN lowest IS NULL THEN 1 ELSE 0 END, lowest, place, number"
        )
        yield from self._parts(f"WHERE kind = ? ORDER BY {order}", (kind.value,))

    def under(self, folders: Sequence[Path]) -> set[int]:
        """The numbers of the copies and clusters with a readable file under the folders."""
        where, values = under_folders(folders)
        with store_errors(self._path):
            rows = self._connection.execute(
                f"""SELECT DISTINCT part FROM file CROSS JOIN stored_member
                WHERE stored_member.content_hash = file.content_hash AND failure_stage IS NULL AND {where}""",  # noqa: S608
                values,
            ).fetchall()
        return {number for (number,) in rows}

    def holding(self, contents: Iterable[bytes]) -> Iterator[StoredPart]:
        """The copies and clusters that hold any of these contents, each once."""
        numbers: set[int] = set()
        with store_errors(self._path):
            for marks, asked in portions(sorted(set(contents))):
                numbers.update(
                    number
                    for (number,) in self._connection.execute(
                        f"SELECT part FROM stored_member WHERE content_hash IN ({marks})",  # noqa: S608
                        asked,
                    ).fetchall()
                )
        for marks, some in portions(sorted(numbers)):
            yield from self._parts(f"WHERE number IN ({marks}) ORDER BY number", some)

    def _parts(self, which: str, values: Sequence[object]) -> Iterator[StoredPart]:
        with store_errors(self._path):
            for row in self._connection.execute(f"SELECT {_COLUMNS} FROM stored_part {which}", values):  # noqa: S608
                yield _stored(row)

    def _note(self) -> dict[str, Any] | None:
        text = self._state.value(_VALID)
        return None if text is None else json.loads(text)

    # --- writing --------------------------------------------------------------------------------------------------

    def survey(self, parts: Iterable[Part], scores: Scores) -> list[StoredPart]:
        """What the readable files of the parts are like, with the lowest of the scores that `scores` gives for them.

        Parts without such a file are left out.
        """
        found = list(parts)
        files = self._files({content for part in found for content in part.contents})
        known = dict(scores(sorted(files)))
        surveyed = (_surveyed(number, part, files, known) for number, part in enumerate(found))
        return [each for each in surveyed if each is not None]

    def keep(self, parts: Collection[StoredPart], generation: int, method: str) -> bool:
        """Keep them in the place of those of before; False if the cache has moved on from the generation meanwhile."""
        sums = Sums.of(parts)
        note = {"generation": generation, "method": method, "groups": sums.groups, "spare": sums.spare}
        members = (
            (content, each.number)
            for each in parts
            if each.part.kind is not PartKind.SERIES
            for content in each.part.contents
        )
        with transaction(self._connection) as write:
            if self._state.generation != generation:
                return False
            write.execute("DELETE FROM stored_part")
            write.execute("DELETE FROM stored_member")
            write.executemany("INSERT INTO stored_part VALUES (?, ?, ?, ?, ?, ?, ?, ?)", map(_row, parts))
            write.executemany("INSERT INTO stored_member VALUES (?, ?)", members)
            put(write, _VALID, json.dumps(note))
        return True

    def _files(self, contents: Iterable[bytes]) -> dict[bytes, list[tuple[bytes, int]]]:
        """The paths and sizes of the readable files with these contents."""
        found: dict[bytes, list[tuple[bytes, int]]] = {}
        with store_errors(self._path):
            for marks, asked in portions(sorted(contents)):
                for content, path, size in self._connection.execute(
                    f"""SELECT content_hash, path, size FROM file
                    WHERE content_hash IN ({marks}) AND failure_stage IS NULL""",  # noqa: S608
                    asked,
                ).fetchall():
                    found.setdefault(content, []).append((path, size))
        return found


def _surveyed(
    number: int, part: Part, files: Mapping[bytes, list[tuple[bytes, int]]], known: Mapping[bytes, float]
) -> StoredPart | None:
    mine = [file for content in part.contents for file in files.get(content, ())]
    if not mine:
        return None
    sizes = [size for _, size in mine]
    scores = [known[content] for content in part.contents if content in known]
    place = min(path for path, _ in mine)
    return StoredPart(number, part, place, min(scores, default=None), len(mine), sum(sizes) - max(sizes))


def _row(stored: StoredPart) -> tuple[Any, ...]:
    part = stored.part
    at = {content: str(place) for place, content in enumerate(part.contents)}
    return (
        stored.number,
        f"{part.kind.value}:{part.name}" if part.name else part.kind.value,
        " ".join(map(bytes.hex, part.contents)),
        "|".join(" ".join(at[content] for content in each) for each in part.sets),
        stored.place,
        stored.lowest,
        stored.files,
        stored.spare,
    )


def _stored(row: Sequence[Any]) -> StoredPart:
    number, kind, contents, sets, *rest = row
    hashes = tuple(map(bytes.fromhex, contents.split()))
    groups = tuple(tuple(hashes[int(at)] for at in each.split()) for each in sets.split("|")) if sets else ()
    kind, _, name = kind.partition(":")
    return StoredPart(number, Part(PartKind(kind), hashes, groups, name), *rest)
