"""Scores in the cache: one row for all that a scorer says of a content, or of one frame of a video.

The main quantity has an index, so that "which photos score below x" reads those photos alone.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from albumclean.domain import FrameScore, Score, ScorerSpec
from albumclean.store.connection import Address, Connection
from albumclean.store.database import portions, store_errors, transaction
from albumclean.store.layouts import Decoder, Layout, Reading, names_of
from albumclean.store.rows import Quantity, upsert

_PUT = upsert("score", ("content_hash", "scorer"), ("present", "main", "others"))
_PUT_FRAME = upsert("frame_score", ("content_hash", "scorer", "seconds"), ("present", "main", "others"))


def create(connection: Connection) -> None:
    """A part of schema 6 of the cache; a row for each quantity of before becomes a part of its scorer's row."""
    for statement in (
        "ALTER TABLE score RENAME TO old_score",
        "ALTER TABLE frame_score RENAME TO old_frame_score",
        """CREATE TABLE scorer (      -- at one revision
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL, revision TEXT NOT NULL,
            quantities TEXT NOT NULL, -- JSON list of names: the order of its values; may grow
            UNIQUE (name, revision)
        )""",
        """CREATE TABLE score (
            content_hash BLOB NOT NULL, scorer INTEGER NOT NULL REFERENCES scorer (id),
            present INTEGER NOT NULL, -- which quantities have a value: bit i for number i
            main REAL,                -- the first quantity; NULL: no value
            others BLOB NOT NULL,     -- 'f' or 'd', then single or double precision, little endian; NaN: no value
            PRIMARY KEY (content_hash, scorer)
        ) WITHOUT ROWID""",
        """CREATE TABLE frame_score (
            content_hash BLOB NOT NULL, scorer INTEGER NOT NULL REFERENCES scorer (id),
            seconds REAL NOT NULL,    -- since the beginning of the video
            present INTEGER NOT NULL, main REAL, others BLOB NOT NULL,  -- as in `score`
            PRIMARY KEY (content_hash, scorer, seconds)
        ) WITHOUT ROWID""",
    ):
        connection.execute(statement)
    _take_over(connection)
    for statement in (
        "DROP TABLE old_score",
        "DROP TABLE old_frame_score",
        "DROP TABLE series",
        "CREATE INDEX score_by_main ON score (scorer, main)",
    ):
        connection.execute(statement)


def _take_over(connection: Connection) -> None:
    series = connection.execute("SELECT id, scorer, revision, quantity FROM series ORDER BY id").fetchall()
    quantities: dict[tuple[str, str], list[str]] = {}
    for _, scorer, revision, quantity in series:
        quantities.setdefault((scorer, revision), []).append(quantity)
    layouts = {
        (scorer, revision): Layout(number, scorer, tuple(names))
        for number, ((scorer, revision), names) in enumerate(quantities.items(), 1)
    }
    connection.executemany(
        "INSERT INTO scorer (id, name, revision, quantities) VALUES (?, ?, ?, ?)",
        [(layout.id, *key, json.dumps(layout.quantities)) for key, layout in layouts.items()],
    )
    # A scorer's series need not follow each other: others may have been met in between.
    of_series = {number: (layouts[scorer, revision], quantity) for number, scorer, revision, quantity in series}

    def packed(query: str) -> Iterator[tuple[Any, ...]]:
        for place, rows in groupby(connection.execute(query), itemgetter(slice(-2))):
            values: dict[Layout, dict[str, float]] = {}
            for *_, number, value in rows:
                layout, quantity = of_series[number]
                values.setdefault(layout, {})[quantity] = value
            for layout, found in values.items():
                yield (place[0], layout.id, *place[1:], *layout.pack(found))

    connection.executemany(
        _PUT, packed("SELECT content_hash, series, value FROM old_score ORDER BY content_hash, series")
    )
    connection.executemany(
        _PUT_FRAME,
        packed(
            "SELECT content_hash, seconds, series, value FROM old_frame_score ORDER BY content_hash, seconds, series"
        ),
    )


class Condition(NamedTuple):
    """A part of a query, with the values of its question marks."""

    sql: str
    values: tuple[int | float, ...] = ()


class Scores:
    """The tables. One connection, used by one thread; `Cache.scores` gives it."""

    def __init__(self, connection: Connection, path: Address) -> None:
        self._connection = connection
        self._path = path

    # --- what is there ----------------------------------------------------------------------------------------------

    def reading(self, specs: Iterable[ScorerSpec]) -> Reading:
        """For the scorers among them that have said anything."""
        layouts = self._layouts()
        return Reading([(layouts[key], spec) for spec in specs if (key := (spec.name, spec.revision)) in layouts])

    def below(self, spec: ScorerSpec, value: float) -> Condition:
        """On the columns of `score`, for the contents whose main quantity is below a value; quick by the index."""
        found = self.valued(spec)
        return Condition(f"{found.sql} AND score.main < ?", (*found.values, value))

    def valued(self, spec: ScorerSpec) -> Condition:
        """On the columns of `score`, for the contents whose main quantity, in `score.main`, has a value."""
        layout = self._layouts().get((spec.name, spec.revision))
        if layout is None:
            return Condition("1 = 0")
        if layout.quantities[0] != spec.quantities[0]:
            layout = self.register(spec)
        return Condition("score.scorer = ? AND score.main IS NOT NULL", (layout.id,))

    def values(self, hashes: Iterable[bytes], spec: ScorerSpec, quantity: str) -> Iterator[tuple[bytes, float]]:
        """(content, value) of these contents, in their order, as far as the scorer has seen them."""
        layout = self._layouts().get((spec.name, spec.revision))
        if layout is None:
            return
        for _, some in portions(hashes):
            rows = self._rows(self._connection, layout, some)
            found = {content: layout.unpack(main, others).get(quantity) for content, main, others in rows}
            for content in some:
                value = found.get(content)
                if value is not None:
                    yield content, value

    def frames(self, content_hash: bytes, specs: Iterable[ScorerSpec]) -> dict[float, dict[Quantity, float]]:
        """What these scorers said of a video's frames, as far as they have seen it: by seconds, ascending."""
        layouts = self._layouts()
        decoders = {
            layouts[key].id: Decoder(layouts[key], spec)
            for spec in specs
            if (key := (spec.name, spec.revision)) in layouts
        }
        found: dict[float, dict[Quantity, float]] = {}
        with store_errors(self._path):
            rows = self._connection.execute(
                """SELECT scorer, seconds, present, main, others FROM frame_score
                WHERE content_hash = ? ORDER BY seconds, scorer""",
                (content_hash,),
            ).fetchall()
        for number, seconds, *row in rows:
            if number in decoders:
                decoders[number].add(found.setdefault(seconds, {}), *row)
        return {seconds: values for seconds, values in found.items() if values}

    # --- what a scan asks -------------------------------------------------------------------------------------------

    def missing(self, content_hash: bytes, specs: Iterable[ScorerSpec]) -> tuple[ScorerSpec, ...]:
        """The scorers that have not given this content all their quantities."""
        layouts = self._layouts()
        with store_errors(self._path):
            rows = self._connection.execute(
                "SELECT scorer, present FROM score WHERE content_hash = ?", (content_hash,)
            ).fetchall()
        present = dict(rows)

        def lacks(spec: ScorerSpec) -> bool:
            layout = layouts.get((spec.name, spec.revision))
            wanted = None if layout is None else layout.bits(spec.quantities)
            return layout is None or wanted is None or present.get(layout.id, 0) & wanted != wanted

        return tuple(filter(lacks, specs))

    def lacking(self, specs: Iterable[ScorerSpec]) -> Condition:
        """On the columns of `file`, for those whose content `missing` would name a scorer for."""
        conditions, values = ["1 = 0"], []
        for spec in specs:
            layout = self.register(spec)
            wanted = layout.bits(spec.quantities)
            conditions.append(
                """NOT EXISTS (SELECT 1 FROM score WHERE score.content_hash = file.content_hash
                AND score.scorer = ? AND (score.present & ?) = ?)"""
            )
            values += [layout.id, wanted or 0, wanted or 0]
        return Condition(f"({' OR '.join(conditions)})", tuple(values))

    # --- writing ----------------------------------------------------------------------------------------------------

    def register(self, spec: ScorerSpec) -> Layout:
        """The layout of a scorer's rows, with all its quantities, the main one first."""
        key, main = (spec.name, spec.revision), spec.quantities[0]
        layout = self._layouts().get(key)
        if layout is not None and layout.quantities[0] == main and layout.bits(spec.quantities) is not None:
            return layout
        with transaction(self._connection) as write:
            layout = self._with_room(write, *key, spec.quantities)
            if layout.quantities[0] != main:
                layout = self._led_by(write, layout, main)
        return layout

    def write(self, write: Connection, scores: Iterable[Score], frames: Iterable[FrameScore]) -> None:
        """Inside the caller's transaction. Other quantities that a scorer gave before stay.

        Frames of a video come all at once: what was said of it at other moments goes.
        """
        by_scorer: dict[tuple[str, str], dict[bytes, dict[str, float]]] = {}
        for each in scores:
            said = by_scorer.setdefault((each.scorer, each.revision), {})
            said.setdefault(each.content_hash, {})[each.quantity] = each.value
        for key, said in by_scorer.items():
            layout = self._with_room(write, *key, (quantity for values in said.values() for quantity in values))
            partial = [content for content, values in said.items() if len(values) < len(layout.quantities)]
            for content, main, others in self._rows(write, layout, partial):
                said[content] = layout.unpack(main, others) | said[content]
            write.executemany(_PUT, [(content, layout.id, *layout.pack(values)) for content, values in said.items()])
        by_video: dict[tuple[bytes, str, str], dict[float, dict[str, float]]] = {}
        for frame in frames:
            moments = by_video.setdefault((frame.content_hash, frame.scorer, frame.revision), {})
            moments.setdefault(frame.seconds, {})[frame.quantity] = frame.value
        for (content, scorer, revision), moments in by_video.items():
            spoken = dict.fromkeys(quantity for values in moments.values() for quantity in values)
            layout = self._with_room(write, scorer, revision, spoken)
            self._write_video(write, content, layout, moments, spoken)

    def _write_video(
        self,
        write: Connection,
        content: bytes,
        layout: Layout,
        moments: dict[float, dict[str, float]],
        spoken: Collection[str],
    ) -> None:
        place = content, layout.id
        rows = write.execute(
            "SELECT seconds, main, others FROM frame_score WHERE content_hash = ? AND scorer = ?", place
        ).fetchall()
        for seconds, main, others in rows:
            kept = {name: value for name, value in layout.unpack(main, others).items() if name not in spoken}
            if kept:
                moments[seconds] = kept | moments.get(seconds, {})
        write.execute("DELETE FROM frame_score WHERE content_hash = ? AND scorer = ?", place)
        write.executemany(_PUT_FRAME, [(*place, seconds, *layout.pack(said)) for seconds, said in moments.items()])

    # --- layouts ----------------------------------------------------------------------------------------------------

    def _layouts(self) -> dict[tuple[str, str], Layout]:
        # Asked anew each time: another process may have met another scorer since.
        with store_errors(self._path):
            rows = self._connection.execute("SELECT id, name, revision, quantities FROM scorer").fetchall()
        return {(name, revision): Layout(number, name, names_of(text)) for number, name, revision, text in rows}

    def _with_room(self, write: Connection, name: str, revision: str, quantities: Iterable[str]) -> Layout:
        """The layout with a place for each of these quantities."""
        layout = self._layouts().get((name, revision))
        known = () if layout is None else layout.quantities
        names = tuple(dict.fromkeys((*known, *quantities)))
        if layout is not None and names == known:
            return layout
        number = write.execute(
            """INSERT INTO scorer (name, revision, quantities) VALUES (?, ?, ?)
            ON CONFLICT (name, revision) DO UPDATE SET quantities = excluded.quantities RETURNING id""",
            (name, revision, json.dumps(names)),
        ).fetchone()[0]
        return Layout(number, name, names)

    def _led_by(self, write: Connection, layout: Layout, main: str) -> Layout:
        """The layout with another quantity as the main one; all rows are written anew."""
        led = Layout(layout.id, layout.scorer, tuple(dict.fromkeys((main, *layout.quantities))))
        write.execute("UPDATE scorer SET quantities = ? WHERE id = ?", (json.dumps(led.quantities), led.id))
        for table, key in (("score", ("content_hash",)), ("frame_score", ("content_hash", "seconds"))):
            rows = write.execute(
                f"SELECT {', '.join(key)}, main, others FROM {table} WHERE scorer = ?",  # noqa: S608
                (led.id,),
            ).fetchall()
            write.executemany(
                f"""UPDATE {table} SET present = ?, main = ?, others = ?
                WHERE scorer = ? AND {" AND ".join(f"{column} = ?" for column in key)}""",  # noqa: S608
                [(*led.pack(layout.unpack(main, others)), led.id, *place) for *place, main, others in rows],
            )
        return led

    def _rows(
        self, connection: Connection, layout: Layout, hashes: Iterable[bytes]
    ) -> Iterator[tuple[bytes, float | None, bytes]]:
        """(content, main, others) of these contents, as far as the scorer has seen them."""
        for marks, asked in portions(hashes):
            query = f"SELECT content_hash, main, others FROM score WHERE scorer = ? AND content_hash IN ({marks})"  # noqa: S608
            with store_errors(self._path):
                yield from connection.execute(query, (layout.id, *asked)).fetchall()
