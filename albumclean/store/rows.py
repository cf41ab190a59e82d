"""How domain values lie in the cache's rows."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from albumclean.domain import (
    Asset,
    Companion,
    CompanionKind,
    Extra,
    Failure,
    FileIdentity,
    Fingerprint,
    Photo,
    RootRole,
    Shot,
    Stage,
    UserMarks,
)

Quantity = tuple[str, str]  # scorer, and what it predicts


@dataclass(frozen=True, slots=True)
class Known:
    """One asset's row with all that hangs on its content."""

    asset: Asset
    marks: UserMarks  # of the sidecars; the file's own rating is in `photo`
    content_hash: bytes | None
    photo: Photo | None
    failure: Failure | None
    scores: dict[Quantity, float] = field(default_factory=dict)  # as far as they were asked for and there are any


def upsert(table: str, key: Sequence[str], others: Sequence[str] = ()) -> str:
    """A statement that puts a row, values in the order of `key` and `others`, into the place of one with its key.

    Without `others` a row that is there stays.
    """
    columns = (*key, *others)
    change = ", ".join(f"{column} = excluded.{column}" for column in others)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) "  # noqa: S608
        f"ON CONFLICT ({', '.join(key)}) DO {f'UPDATE SET {change}' if others else 'NOTHING'}"
    )


_KNOWN = """SELECT file.path, file.size, file.mtime_ns, file.inode, file.device, file.role, file.companions,
    file.video, file.rating, file.favourite, file.marks_unknown, file.albums, file.content_hash,
    file.failure_stage, file.failure_reason, file.failure_transient,
    photo.width, photo.height, photo.format, photo.taken_at, photo.camera, photo.rating, photo.shot,
    photo.pictures, photo.extras{columns}
    FROM file LEFT JOIN photo ON photo.content_hash = file.content_hash{joins}"""
PHOTO_COLUMNS = "content_hash, width, height, format, taken_at, camera, rating, shot, pictures, extras"
FINGERPRINT_COLUMNS = "content_hash, phash, dhash, layout, detail, inner_phash"
_SHOT = tuple(each.name for each in fields(Shot))
_FACTS, KNOWN_COLUMNS = 16, 25  # where the columns of `photo` begin, and where they end


def known_query(columns: str = "", joins: str = "") -> str:
    """What gives the rows for `known_from_row`, to be followed by a condition, with more columns behind if wished."""
    return _KNOWN.format(columns=columns, joins=joins)


def known_from_row(row: Sequence[Any], scores: dict[Quantity, float]) -> Known:
    """From the first `KNOWN_COLUMNS` of a row of `known_query`, and what its further columns say."""
    role, companions, video, rating, favourite, unknown, albums, digest, stage, reason, transient = row[5:_FACTS]
    file = file_from_row(row[:5])
    asset = Asset(file, companions_from_json(companions), RootRole(role), bool(video))
    facts = row[_FACTS:KNOWN_COLUMNS]
    photo = photo_from_row((digest, *facts)) if digest is not None and facts[0] is not None else None
    failure = Failure(file.path, Stage(stage), reason, bool(transient)) if stage is not None else None
    marks = UserMarks(rating, bool(favourite), bool(unknown), albums_from_json(albums))
    return Known(asset, marks, digest, photo, failure, scores)


def photo_from_row(row: Sequence[Any]) -> Photo:
    """From `PHOTO_COLUMNS`."""
    digest, width, height, found_format, taken_at, camera, rating, shot, pictures, extras = row
    carried = tuple(map(Extra, extras.split())) if extras else ()
    return Photo(digest, width, height, found_format, taken_at, camera, rating, _shot(shot), pictures, carried)


@lru_cache(maxsize=1024)  # shots of one session are alike, and parsing costs as much as the rest of the row
def _shot(text: str | None) -> Shot:
    return Shot() if text is None else Shot(**json.loads(text))


def photo_to_row(photo: Photo) -> tuple[Any, ...]:
    """`PHOTO_COLUMNS`."""
    said = ((name, getattr(photo.shot, name)) for name in _SHOT)
    shot = {name: value for name, value in said if value is not None and value is not False}
    return (
        photo.content_hash,
        photo.width,
        photo.height,
        photo.format,
        photo.taken_at,
        photo.camera,
        photo.rating,
        json.dumps(shot, separators=(",", ":")) if shot else None,
        photo.pictures,
        " ".join(photo.extras) or None,
    )


def fingerprint_from_row(row: Sequence[Any]) -> Fingerprint:
    """From `FINGERPRINT_COLUMNS`."""
    digest, phash, dhash, layout, detail, inner = row
    return Fingerprint(
        digest, unsigned64(phash), unsigned64(dhash), layout, detail, None if inner is None else unsigned64(inner)
    )


def fingerprint_to_row(print_: Fingerprint) -> tuple[Any, ...]:
    """`FINGERPRINT_COLUMNS`."""
    inner = None if print_.inner is None else signed64(print_.inner)
    return print_.content_hash, signed64(print_.phash), signed64(print_.dhash), print_.layout, print_.detail, inner


def albums_to_json(albums: Sequence[str]) -> str | None:
    """None for no albums."""
    return json.dumps(albums) if albums else None


def albums_from_json(text: str | None) -> tuple[str, ...]:
    """The reverse of `albums_to_json`."""
    return tuple(json.loads(text)) if text else ()


def companions_to_json(companions: Sequence[Companion]) -> str | None:
    """None for no companions; names that are not UTF-8 keep their surrogate escapes."""
    if not companions:
        return None
    return json.dumps(
        [
            [c.kind.value, str(c.file.path), c.file.size, c.file.mtime_ns, c.file.inode, c.file.device]
            for c in companions
        ]
    )


def companions_from_json(text: str | None) -> tuple[Companion, ...]:
    """The reverse of `companions_to_json`."""
    if text is None:
        return ()
    return tuple(
        Companion(CompanionKind(kind), FileIdentity(Path(path), *state)) for kind, path, *state in json.loads(text)
    )


def companions_size(text: str | None) -> int:
    """The bytes of what `companions_to_json` wrote of."""
    return 0 if text is None else sum(size for _, _, size, *_ in json.loads(text))


def under_folders(folders: Sequence[Path]) -> tuple[str, list[bytes]]:
    """A condition on `path` for the files below any of the folders (or those very files); all files for none."""
    if not folders:
        return "1 = 1", []
    conditions, values = [], []
    for folder in folders:
        name = os.fsencode(folder)
        prefix = name if name.endswith(os.fsencode(os.sep)) else name + os.fsencode(os.sep)
        # The folder's files lie between "folder/" and the first name that sorts after every "folder/…".
        conditions.append("(path = ? OR (path > ? AND path < ?))")
        values += [name, prefix, prefix[:-1] + bytes([prefix[-1] + 1])]
    return f"({' OR '.join(conditions)})", values


def file_from_row(row: Sequence[Any]) -> FileIdentity:
    """From the columns path, size, mtime_ns, inode, device."""
    path, size, mtime_ns, inode, device = row
    return FileIdentity(Path(os.fsdecode(path)), size, mtime_ns, int(inode), int(device))


def state_of(identity: FileIdentity) -> tuple[bytes, int, int, str]:
    """The columns path, size, mtime_ns, inode: what must still hold for a finding to count."""
    return os.fsencode(identity.path), identity.size, identity.mtime_ns, str(identity.inode)


def signed64(value: int) -> int:
    """64 bits as SQLite's signed integer."""
    return value - (1 << 64) if value >= 1 << 63 else value


def unsigned64(value: int) -> int:
    """The reverse of `signed64`."""
    return value + (1 << 64) if value < 0 else value
