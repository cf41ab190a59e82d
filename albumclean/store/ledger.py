"""The precious database: the user's word on photos, pairs that are no duplicates, and the journal of moves."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from albumclean.domain import Action, Decision, DecisionBy
from albumclean.store import census
from albumclean.store.census import Census
from albumclean.store.database import Synchronous, open_database, transaction
from albumclean.store.journal import Journal
from albumclean.store.journal_rows import JOURNAL_SCHEMA


def _decisions_and_journal(connection: sqlite3.Connection) -> None:
    connection.execute(
        """CREATE TABLE decision (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            content_hash BLOB NOT NULL,
            path BLOB NOT NULL,
            action TEXT NOT NULL,
            rule TEXT NOT NULL,
            at REAL NOT NULL,
            by TEXT NOT NULL,
            settled TEXT  -- NULL, 'carried out' or 'withdrawn'
        )"""
    )
    connection.execute("CREATE INDEX decision_by_rule ON decision(rule, content_hash, id)")
    connection.execute("CREATE INDEX decision_by_path ON decision(path, content_hash, id)")
    connection.execute(
        """CREATE TABLE dismissal (
            first BLOB NOT NULL,
            second BLOB NOT NULL,
            at REAL NOT NULL,
            PRIMARY KEY (first, second),
            CHECK (first < second)
        ) WITHOUT ROWID"""
    )
    for statement in JOURNAL_SCHEMA:
        connection.execute(statement)


def _second_thoughts(connection: sqlite3.Connection) -> None:
    """Schema 2: "not a duplicate" can be taken back."""
    connection.execute("ALTER TABLE dismissal ADD COLUMN withdrawn_at REAL")


MIGRATIONS = (_decisions_and_journal, _second_thoughts, census.create)

Pairs = Iterable[tuple[bytes, bytes]]


class Ledger(Journal):
    """Decisions, dismissals and the journal of one user; nothing in it is ever deleted."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        super().__init__(connection, path)
        self.census = Census(connection, path)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Ledger:
        """Open or create the ledger at `path`. Raises StoreError and its kind."""
        return cls(
            open_database(path, MIGRATIONS, backup=True, read_only=read_only, synchronous=Synchronous.FULL), path
        )

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def remember(self, decisions: Iterable[Decision], *, apart: Pairs = (), together: Pairs = ()) -> None:
        """Keep the user's word for ever, all of it or nothing; the latest word on the same thing wins.

        `apart` are pairs of contents that are "not a duplicate" of one another, `together` those of which that is taken
        back; in either order.
        """
        now = time.time()
        with transaction(self._connection) as connection:
            connection.executemany(
                "INSERT INTO decision (content_hash, path, action, rule, at, by) VALUES (?, ?, ?, ?, ?, ?)",
                ((d.content_hash, os.fsencode(d.path), d.action.value, d.rule, d.at, d.by.value) for d in decisions),
            )
            connection.executemany(
                "UPDATE dismissal SET withdrawn_at = ? WHERE first = ? AND second = ?",
                ((now, *pair) for pair in _in_order(together)),
            )
            connection.executemany(
                "INSERT INTO dismissal (first, second, at) VALUES (?, ?, ?)"
                " ON CONFLICT DO UPDATE SET withdrawn_at = NULL",
                ((*pair, now) for pair in _in_order(apart)),
            )

    def kept(self, rule: str) -> frozenset[bytes]:
        """Content hashes to which the user's last word under `rule` was KEEP, wherever the file lies now."""
        rows = self._rows(
            "SELECT content_hash FROM (SELECT content_hash, action, max(id) FROM decision"
            " WHERE rule = ? AND settled IS NOT 'withdrawn' GROUP BY content_hash) WHERE action = ?",
            (rule, Action.KEEP.value),
        )
        return frozenset(content_hash for (content_hash,) in rows)

    def kept_contents(self) -> frozenset[bytes]:
        """Content hashes to which the last word under any rule was KEEP, wherever the file lies now."""
        rows = self._rows(
            "SELECT content_hash, action, max(id) FROM decision"
            " WHERE settled IS NOT 'withdrawn' GROUP BY content_hash, rule"
        )
        return frozenset(content_hash for content_hash, action, _ in rows if action == Action.KEEP.value)

    def runs_of_rules(self) -> list[int]:
        """Unfinished applies that no person has confirmed: for each of their photos a rule has the open decision."""
        rows = self._rows(
            """SELECT id FROM run WHERE kind = 'apply' AND finished_at IS NULL AND NOT EXISTS (
                SELECT 1 FROM move WHERE move.run = run.id AND move.kind IS NULL
                AND move.state IN ('planned', 'moving') AND NOT EXISTS (
                    SELECT 1 FROM decision WHERE by = 'rule' AND settled IS NULL
                    AND path = move.source AND decision.content_hash = move.content_hash)) ORDER BY id"""
        )
        return [number for (number,) in rows]

    def withdraw_rules(self) -> None:
        """What rules have decided, and no unfinished move is about, is taken back: the next run decides anew."""
        with transaction(self._connection) as connection:
            connection.execute(
                """UPDATE decision SET settled = 'withdrawn' WHERE by = 'rule' AND settled IS NULL AND NOT EXISTS (
                    SELECT 1 FROM move WHERE source = decision.path AND move.content_hash = decision.content_hash
                    AND state IN ('planned', 'moving'))"""
            )

    def last_words(self, rule: str) -> list[tuple[bytes, Action]]:
        """(content hash, KEEP or TRASH) of the user's own last word under `rule` on each content, carried out or not.

        What was taken back is no word. By content.
        """
        rows = self._rows(
            "SELECT content_hash, action, max(id) FROM decision WHERE rule = ? AND by = 'user'"
            " AND settled IS NOT 'withdrawn' GROUP BY content_hash ORDER BY content_hash",
            (rule,),
        )
        words = ((content_hash, Action(action)) for content_hash, action, _ in rows)
        return [(content_hash, word) for content_hash, word in words if word is not Action.REVIEW]

    def pending(self) -> list[Decision]:
        """TRASH decisions of the user still to be carried out, one per file, in the order in which they were taken.

        A later word on the same file and content, under whatever rule, replaces the earlier one: where two rules
        disagree, the file stays if KEEP was said last.
        """
        rows = self._rows(
            # The few that are open are looked up one by one: a ledger of years holds many that are not.
            "SELECT content_hash, path, action, rule, at, by FROM decision AS word"
            " WHERE action = 'trash' AND by = 'user' AND settled IS NULL AND NOT EXISTS"
            " (SELECT 1 FROM decision AS later WHERE later.path = word.path AND later.content_hash = word.content_hash"
            " AND later.id > word.id AND later.settled IS NOT 'withdrawn') ORDER BY id"
        )
        return [
            Decision(content_hash, Path(os.fsdecode(path)), Action(action), rule, at, DecisionBy(by))
            for content_hash, path, action, rule, at, by in rows
        ]

    def dismissed(self) -> frozenset[tuple[bytes, bytes]]:
        """Every dismissed pair of content hashes, the smaller hash first."""
        rows = self._rows("SELECT first, second FROM dismissal WHERE withdrawn_at IS NULL")
        return frozenset(rows)


def _in_order(pairs: Pairs) -> Iterable[tuple[bytes, bytes]]:
    return ((min(pair), max(pair)) for pair in pairs if pair[0] != pair[1])
