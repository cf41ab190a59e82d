"""An album on a real disk for the injection of faults, and a check of it that trusts nothing but the disk.

`Album` knows every byte that it made. `violations` looks at all files below a folder and says what is lost, doubled,
torn, changed, or lies about without anybody who explains it. It shares no code with what it checks: the journal is read
by SQL, and a trash by the FreeDesktop.org specification.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote_to_bytes

from albumclean.domain import CompanionKind, FileIdentity, PlanItem, PlannedFile, TrashPlan

_TIME = 1_500_000_000_123_456_789  # of every file, in nanoseconds
_OURS = ("ledger.", "cache.", "thumbnails.")  # and what SQLite and the lock keep beside them
_LONG = "ü" * 125 + "x.jpg"  # 255 bytes, the longest name that a file can have


@dataclass(frozen=True, slots=True)
class Seen:
    """What must come back of a file."""

    content: bytes
    mtime_ns: int
    mode: int


@dataclass(frozen=True, slots=True)
class Made:
    """An asset: its photo, then its companions, and the photo that stays in its place."""

    files: tuple[Path, ...]
    keeper: Path | None


@dataclass(frozen=True, slots=True)
class Album:
    """What was made: every file, by path, and the assets that are to move."""

    base: Path
    before: dict[Path, Seen]
    assets: tuple[Made, ...]

    @classmethod
    def make(cls, base: Path, size: int = 700) -> Album:
        """Photos with all kinds of companions, read-only, with a second name, with the longest name; keepers elsewhere.

        No two files share their bytes but for copies with their keeper, and one that is two names.
        """
        album, keep = base / "album", base / "keep"
        assets = (
            Made(_named(album / "day1", "IMG_1.HEIC", "IMG_1.MOV", "IMG_1.XMP", "IMG_E1.HEIC"), keep / "IMG_1.HEIC"),
            Made(_named(album / "day1", "DSC.jpg", "DSC.ARW"), None),
            Made(_named(album / "day2", "IMG_1.HEIC"), keep / "other" / "IMG_1.HEIC"),
            Made(_named(album / "day2", _LONG), None),
        )
        for number, asset in enumerate(assets):
            for path in asset.files:
                _write(path, _noise(f"{number}{path.suffix}{path.name[:6]}", size))
            if asset.keeper is not None:
                _write(asset.keeper, asset.files[0].read_bytes())
        for path in assets[1].files:
            path.chmod(0o444)
        second = album / "a second name.jpg"
        os.link(assets[3].files[0], second)
        _write(album / "bystander.xmp", _noise("nobody's", 90))
        before = {path: seen_at(path) for path in files_below(base)}
        return cls(base, before, assets)

    def plan(self) -> TrashPlan:
        """All assets, to be moved to the trash."""
        return TrashPlan(tuple(map(plan_item, self.assets)))


_KINDS = {
    ".MOV": CompanionKind.LIVE_VIDEO,
    ".XMP": CompanionKind.XMP,
    ".ARW": CompanionKind.RAW,
    ".HEIC": CompanionKind.EDIT,
}


def plan_item(asset: Made) -> PlanItem:
    """The asset as the scan would have it planned."""
    photo, *companions = asset.files
    files = (_planned(photo, None), *(_planned(path, _KINDS[path.suffix]) for path in companions))
    keeper = _planned(asset.keeper, None) if asset.keeper is not None else None
    return PlanItem(files, "duplicate" if keeper else "low-quality", "is a copy", keeper)


def files_below(folder: Path) -> Iterator[Path]:
    """Every file that is none of the databases."""
    for path in sorted(folder.rglob("*")):
        if not path.is_dir() and not path.name.startswith(_OURS):
            yield path


def seen_at(path: Path) -> Seen:
    """Bytes, time and mode."""
    state = path.lstat()
    return Seen(path.read_bytes(), state.st_mtime_ns, stat.S_IMODE(state.st_mode))


def violations(album: Album, folders: Sequence[Path], ledger: Path, *, whole: bool = True) -> list[str]:
    """What is not as it must be after a recovery, in `folders` (all file systems that took part).

    `whole`: whether every asset must lie at one end. A move that has just failed may be caught in the middle until the
    next run; nothing may be lost or doubled even then.
    """
    rows = journal(ledger)
    found, explained = [], set()
    away: dict[Path, bool] = {}
    for path, seen in album.before.items():
        row = rows.get(path)
        ends = {path} | ({row.destination} if row and row.destination else set())
        here = [end for end in sorted(ends) if _holds(end, seen)]
        explained.update(here)
        if len(here) != 1:
            found.append(f"{path} is {'at both ends' if here else 'LOST'}: {sorted(map(str, ends))}")
            continue
        away[path] = here[0] != path
        if whole and row is not None and away[path] != (row.state == "moved"):
            found.append(f"{path}: the journal says {row.state}, but it lies at {here[0]}")
        if whole and away[path] and row is not None and row.info is not None:
            explained.add(row.info)
            found += _note_problems(row.info, path)
    if whole:
        for asset in album.assets:
            if len({away.get(path) for path in asset.files}) > 1:
                found.append(f"{asset.files[0]} is TORN: {[(path.name, away.get(path)) for path in asset.files]}")
    if any(away.get(path) for path in album.before if all(path not in asset.files for asset in album.assets)):
        found.append("a file moved that nobody planned to move")
    found += _strays(album, folders, explained, whole=whole)
    return found


def not_as_before(album: Album) -> list[str]:
    """What an undo has not brought back as it was."""
    now = {path: seen_at(path) for root in ("album", "keep") for path in files_below(album.base / root)}
    return [
        f"{path} is not as before" for path in sorted({*now, *album.before}) if now.get(path) != album.before.get(path)
    ]


@dataclass(frozen=True, slots=True)
class Row:
    """The journal's latest line on a path."""

    state: str
    destination: Path | None
    info: Path | None
    item: int


def journal(ledger: Path) -> dict[Path, Row]:
    """By the path that the file had."""
    with closing(sqlite3.connect(ledger)) as connection:
        try:
            rows = connection.execute("SELECT source, state, destination, info, item FROM move ORDER BY id").fetchall()
        except sqlite3.OperationalError:  # killed before there were tables
            rows = []
    return {
        Path(os.fsdecode(source)): Row(state, _path(to), _path(info), item) for source, state, to, info, item in rows
    }


def _strays(album: Album, folders: Iterable[Path], explained: set[Path], *, whole: bool) -> Iterator[str]:
    contents = Counter(seen.content for seen in album.before.values())
    for path in explained:  # in the trash of a drive, which may lie outside of all folders
        if not any(map(path.is_relative_to, folders)) and path.exists():
            contents[path.read_bytes()] -= 1
    for folder in folders:
        for path in files_below(folder):
            content = path.read_bytes()
            if contents[content] > 0:
                contents[content] -= 1
            elif path not in explained and path.name != ".albumcleanignore" and whole:
                yield f"{path} is a leftover that nobody explains ({len(content)} bytes)"
    for content, missing in contents.items():
        if missing > 0:
            yield f"{missing} of the files with the bytes {content[:12]!r} are on no disk: LOST"


def _note_problems(info: Path, path: Path) -> Iterator[str]:
    try:
        lines = info.read_bytes().splitlines()
    except OSError as error:
        yield f"{path} lies in the trash without a note: {error}"
        return
    values = dict(line.split(b"=", 1) for line in lines if b"=" in line)
    named = Path(os.fsdecode(unquote_to_bytes(values.get(b"Path", b""))))
    top = info.parents[2]  # of a trash on a drive of its own
    if lines[:1] != [b"[Trash Info]"] or path.parent.resolve() / path.name not in {named, top / named}:
        yield f"the note {info} does not lead back to {path}"
    try:
        datetime.strptime(values[b"DeletionDate"].decode(), "%Y-%m-%dT%H:%M:%S")
    except (KeyError, ValueError):
        yield f"the note {info} says no time"


def _holds(path: Path, seen: Seen) -> bool:
    try:
        return seen_at(path) == seen
    except (FileNotFoundError, NotADirectoryError):
        return False


def _named(folder: Path, *names: str) -> tuple[Path, ...]:
    return tuple(folder / name for name in names)


def _noise(seed: str, size: int) -> bytes:
    return hashlib.shake_128(seed.encode()).digest(size)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(_TIME, _TIME))


def _planned(path: Path, kind: CompanionKind | None) -> PlannedFile:
    content = hashlib.blake2b(path.read_bytes(), digest_size=32).digest() if kind is None else None
    return PlannedFile(FileIdentity.of(path, path.lstat()), content, kind)


def _path(name: bytes | None) -> Path | None:
    return None if name is None else Path(os.fsdecode(name))
