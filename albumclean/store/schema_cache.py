"""The schema of the score cache, as migrations that are never edited once released.

`file` holds what `stat` said of each photo and the hash of its bytes; everything else hangs on that hash, so that a
moved or renamed photo costs one hash and a copy costs nothing. Paths are BLOBs (`os.fsencode`), as names need not be
UTF-8.
"""

from __future__ import annotations

from albumclean.store import folders, overview, scores, state, stored_groups
from albumclean.store.connection import Connection


def create(connection: Connection) -> None:
    """Schema 1."""
    for statement in (
        """CREATE TABLE file (
            path BLOB PRIMARY KEY,
            size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
            inode TEXT NOT NULL, device TEXT NOT NULL,  -- Windows uses all 64 bits and more, SQLite has 63
            role TEXT NOT NULL,
            companions TEXT,          -- JSON list of [kind, path, size, mtime_ns, inode, device]
            rating INTEGER, favourite INTEGER NOT NULL, marks_unknown INTEGER NOT NULL,  -- from the sidecars
            content_hash BLOB,        -- BLAKE2b-256; NULL until read
            failure_stage TEXT, failure_reason TEXT, failure_transient INTEGER,
            decoder TEXT,             -- which decoder failed; another one tries again
            seen INTEGER NOT NULL     -- the last scan that met it
        ) WITHOUT ROWID""",
        "CREATE INDEX file_by_hash ON file (content_hash)",
        """CREATE TABLE photo (
            content_hash BLOB PRIMARY KEY,
            width INTEGER NOT NULL, height INTEGER NOT NULL, format TEXT NOT NULL,
            taken_at TEXT, camera TEXT, rating INTEGER
        ) WITHOUT ROWID""",
        """CREATE TABLE series (      -- one scorer's one quantity at one revision
            id INTEGER PRIMARY KEY,
            scorer TEXT NOT NULL, revision TEXT NOT NULL, quantity TEXT NOT NULL,
            UNIQUE (scorer, revision, quantity)
        )""",
        """CREATE TABLE score (
            content_hash BLOB NOT NULL, series INTEGER NOT NULL REFERENCES series (id), value REAL NOT NULL,
            PRIMARY KEY (content_hash, series)
        ) WITHOUT ROWID""",
        """CREATE TABLE fingerprint (
            content_hash BLOB PRIMARY KEY, revision TEXT NOT NULL,
            phash INTEGER NOT NULL, dhash INTEGER NOT NULL,  -- 64 bits as SQLite's signed integers
            layout BLOB NOT NULL, detail REAL NOT NULL
        ) WITHOUT ROWID""",
        """CREATE TABLE scan (
            id INTEGER PRIMARY KEY, started_at REAL NOT NULL, finished_at REAL,
            roots TEXT NOT NULL       -- JSON list of paths, surrogate escapes kept
        )""",
    ):
        connection.execute(statement)


def look_alikes(connection: Connection) -> None:
    """Schema 2: embeddings, how the photo was taken, and close looks at pairs of contents."""
    for statement in (
        "ALTER TABLE photo ADD COLUMN shot TEXT",  # JSON object of what is known; NULL: nothing
        """CREATE TABLE embedding (
            content_hash BLOB PRIMARY KEY, revision TEXT NOT NULL, vector BLOB NOT NULL  -- int8
        ) WITHOUT ROWID""",
        """CREATE TABLE comparison (
            one BLOB NOT NULL, other BLOB NOT NULL,  -- contents, one < other
            revision TEXT NOT NULL,
            relation TEXT NOT NULL, likeness REAL NOT NULL,
            source INTEGER,           -- 0: one, 1: other, NULL: can't be told
            reasons TEXT NOT NULL,    -- JSON list of [fact, value, threshold, text]
            PRIMARY KEY (one, other)
        ) WITHOUT ROWID""",
        "CREATE INDEX comparison_by_other ON comparison (other)",
        "CREATE TABLE searched (content_hash BLOB PRIMARY KEY, key TEXT NOT NULL) WITHOUT ROWID",
    ):
        connection.execute(statement)


def pixels(connection: Connection) -> None:
    """Schema 3: which contents have the very same pixels."""
    connection.execute(
        """CREATE TABLE pixels (
            content_hash BLOB PRIMARY KEY, revision TEXT NOT NULL, digest BLOB NOT NULL  -- of the decoded picture
        ) WITHOUT ROWID"""
    )


def real_libraries(connection: Connection) -> None:
    """Schema 4: what else a file holds, albums, and what tells the two halves of a Live Photo."""
    for statement in (
        "ALTER TABLE photo ADD COLUMN pictures INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE photo ADD COLUMN extras TEXT",  # names, with spaces between; NULL: none
        "ALTER TABLE file ADD COLUMN albums TEXT",  # JSON list of names from the sidecars; NULL: none
        """CREATE TABLE content_identifier (   -- Apple's, of files that may be half a Live Photo
            path BLOB PRIMARY KEY,
            size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode TEXT NOT NULL,
            identifier TEXT           -- NULL: the file has none
        ) WITHOUT ROWID""",
    ):
        connection.execute(statement)


def videos(connection: Connection) -> None:
    """Schema 5: videos, and what scorers say of their frames."""
    for statement in (
        "ALTER TABLE file ADD COLUMN video INTEGER NOT NULL DEFAULT 0",
        """CREATE TABLE frame_score (
            content_hash BLOB NOT NULL, series INTEGER NOT NULL REFERENCES series (id),
            seconds REAL NOT NULL,    -- since the beginning of the video
            value REAL NOT NULL,
            PRIMARY KEY (content_hash, series, seconds)
        ) WITHOUT ROWID""",
    ):
        connection.execute(statement)


def scale(connection: Connection) -> None:
    """Schema 6: what makes a million photos quick."""
    for create_part in (state.create, folders.create, scores.create, overview.create, stored_groups.create):
        create_part(connection)


def certainty(connection: Connection) -> None:
    """Schema 7: how sure a look is of the source, and how the two pictures lie to each other."""
    for statement in (
        "ALTER TABLE comparison ADD COLUMN certainty REAL NOT NULL DEFAULT 0",
        "ALTER TABLE comparison ADD COLUMN turn INTEGER NOT NULL DEFAULT 0",
    ):
        connection.execute(statement)


def difference(connection: Connection) -> None:
    """Schema 8: how different two pictures look."""
    connection.execute("ALTER TABLE comparison ADD COLUMN difference REAL")  # NULL: not measured


def inner_pictures(connection: Connection) -> None:
    """Schema 9: the perceptual hash of the picture within a frame."""
    connection.execute("ALTER TABLE fingerprint ADD COLUMN inner_phash INTEGER")  # as phash; NULL: no frame


def testimonies(connection: Connection) -> None:
    """Schema 10: of two copies of a shot, which one a third was made from."""
    connection.execute(
        """CREATE TABLE testimony (
            one BLOB NOT NULL, other BLOB NOT NULL, witness BLOB NOT NULL,  -- contents, one < other
            revision TEXT NOT NULL,
            leaning REAL,             -- from -1, made from other, to 1; NULL: it can't tell
            PRIMARY KEY (one, other, witness)
        ) WITHOUT ROWID"""
    )


MIGRATIONS = (
    create,
    look_alikes,
    pixels,
    real_libraries,
    videos,
    scale,
    certainty,
    difference,
    inner_pictures,
    testimonies,
)
