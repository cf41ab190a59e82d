"""What the faults are injected into: each operation with what lies there before it, and with what the next run does.

`run` is what a fault strikes. `check` is the next run, in a process that nothing disturbs: it recovers, looks at every
byte, carries on with what was begun, takes it back, and looks again.
"""

from __future__ import annotations

import mmap
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path

from albumclean.domain import (
    Action,
    Asset,
    Decision,
    FileIdentity,
    Fingerprint,
    MoveState,
    Photo,
    Score,
    TrashPlan,
    UserMarks,
)
from albumclean.store import ledger as ledger_store
from albumclean.store.cache import Cache
from albumclean.store.database import Synchronous, open_database
from albumclean.store.ledger import Ledger
from albumclean.store.thumbnails import Thumbnails
from albumclean.trash import apply_plan, files, recover, resume, undo
from benchmarks.fault_check import Album, files_below, not_as_before, violations

BATCHES = 3  # of answers, of photos: each is one promise to keep


class Stopped(BaseException):
    """Stands for a kill while the scene is set."""


@dataclass(slots=True)
class Scene:
    """An album made anew, on a file system of its own, and a folder on another one."""

    base: Path
    other: Path
    album: Album
    plan: TrashPlan
    promised: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, 16))  # shared with the process that is struck

    @classmethod
    def fresh(cls, base: Path, other: Path) -> Scene:
        for folder in (base, other):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        os.environ["XDG_DATA_HOME"] = str(base / "xdg")
        album = Album.make(base)
        return cls(base, other, album, album.plan())

    @property
    def ledger(self) -> Path:
        return self.base / "own" / "ledger.sqlite"

    def wrong(self) -> list[str]:
        """What the album and the journal have against each other."""
        return violations(self.album, (self.base, self.other), self.ledger)

    def wrong_files(self) -> list[str]:
        """What has changed in an album that was only looked at."""
        return not_as_before(self.album)


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    prepare: Callable[[Scene], None]
    run: Callable[[Scene], None]
    again: Callable[[Scene], None]
    check: Callable[[Scene], list[str]]


Folder = Callable[[Scene], Path | None]


def _trash(scene: Scene) -> Path | None:
    return None


def _near(scene: Scene) -> Path | None:
    return scene.base / "quarantine"


def _far(scene: Scene) -> Path | None:
    return scene.other / "quarantine"


def _nothing(scene: Scene) -> None:
    Ledger.open(scene.ledger).close()


def _apply(folder: Folder, *, claimed: bool = False) -> Callable[[Scene], None]:
    def run(scene: Scene) -> None:
        with _without_noreplace(claimed), Ledger.open(scene.ledger) as ledger:
            apply_plan(replace(scene.plan, quarantine=folder(scene)), ledger)

    return run


def _undo(claimed: bool = False) -> Callable[[Scene], None]:
    def run(scene: Scene) -> None:
        with _without_noreplace(claimed), Ledger.open(scene.ledger) as ledger:
            undo(ledger)

    return run


def _half_applied(folder: Folder) -> Callable[[Scene], None]:
    """An apply that was killed when two files of the first photo had moved."""

    def prepare(scene: Scene) -> None:
        real, moved = files._kernel_rename, 0

        def rename(source: Path, destination: Path) -> None:
            nonlocal moved
            if moved == 2:
                raise Stopped
            moved += source.is_relative_to(scene.album.base / "album")
            real(source, destination)

        files._kernel_rename = rename
        try:
            with suppress(Stopped), Ledger.open(scene.ledger) as ledger:
                apply_plan(replace(scene.plan, quarantine=folder(scene)), ledger)
        finally:
            files._kernel_rename = real

    return prepare


def _resume(scene: Scene) -> None:
    with Ledger.open(scene.ledger) as ledger:
        resume(ledger)


class _without_noreplace:  # noqa: N801 - reads as a phrase
    """As on a kernel or a drive that can't rename without overwriting."""

    def __init__(self, wanted: bool) -> None:
        self._wanted, self._real = wanted, files._renameat2

    def __enter__(self) -> None:
        if self._wanted:
            files._renameat2 = None

    def __exit__(self, *_: object) -> None:
        files._renameat2 = self._real


def _check_apply(scene: Scene) -> list[str]:
    found = []
    with Ledger.open(scene.ledger) as ledger:
        recover(ledger)
        found += [f"after recovery: {each}" for each in scene.wrong()]
        resume(ledger)
        found += [f"after resume: {each}" for each in scene.wrong()]
        planned = [move for run in ledger.unfinished_runs() for move in ledger.moves(run.id)]
        found += [f"after resume: {move.path} is still {move.state}" for move in planned]
    return found + _check_undo(scene)


def _check_undo(scene: Scene) -> list[str]:
    found = []
    with Ledger.open(scene.ledger) as ledger:
        recover(ledger)
        found += [f"after recovery: {each}" for each in scene.wrong()]
        for outcome in undo(ledger) if ledger.history() else ():
            if outcome.state is not MoveState.RESTORED:
                found.append(f"undo: {outcome.path}: {outcome.reason}")
        found += [f"after undo: {each}" for each in (*scene.wrong(), *not_as_before(scene.album))]
    return found + [f"after undo: {path} is left over" for path in _left_over(scene)]


def _left_over(scene: Scene) -> list[Path]:
    kept = (scene.album.base / "album", scene.album.base / "keep")
    everything = (path for folder in (scene.base, scene.other) for path in files_below(folder))
    return [p for p in everything if not any(map(p.is_relative_to, kept)) and p.name != ".albumcleanignore"]


# --- the user's word --------------------------------------------------------------------------------------------


def _decision(batch: int, number: int) -> Decision:
    content = blake2b(f"{batch} {number}".encode(), digest_size=32).digest()
    return Decision(content, Path(f"/album/{batch}/{number}.jpg"), Action.KEEP, "low-quality", float(batch))


def _answer(scene: Scene) -> None:
    with Ledger.open(scene.ledger) as ledger:
        for batch in range(BATCHES):
            words = [_decision(batch, number) for number in range(40)]
            ledger.remember(words, apart=[(words[0].content_hash, words[1].content_hash)])
            scene.promised[batch] = 1


def _check_answers(scene: Scene) -> list[str]:
    with Ledger.open(scene.ledger) as ledger:
        kept, apart = ledger.kept("low-quality"), ledger.dismissed()
    found = []
    for batch in range(BATCHES):
        words = [_decision(batch, number).content_hash for number in range(40)]
        there = sum(word in kept for word in words)
        pair = (min(words[:2]), max(words[:2])) in apart
        if scene.promised[batch] and (there, pair) != (40, True):
            found.append(f"batch {batch} was promised; {there} words and {pair} pairs are there: LOST")
        elif there not in {0, 40} or pair != (there == 40):
            found.append(f"batch {batch} is TORN: {there} words, {pair} pairs")
    return found + scene.wrong() + [f"{path} is left over" for path in _left_over(scene)]


def _old_ledger(scene: Scene) -> None:
    """A ledger of schema 1, with what its user had said, and a photo in the trash."""
    scene.ledger.parent.mkdir(parents=True)
    first = ledger_store.MIGRATIONS[:1]
    with closing(open_database(scene.ledger, first, backup=False, synchronous=Synchronous.FULL)) as connection:
        for batch in range(BATCHES):
            for number in range(40):
                word = _decision(batch, number)
                connection.execute(
                    "INSERT INTO decision (content_hash, path, action, rule, at, by) VALUES (?, ?, ?, ?, ?, 'user')",
                    (word.content_hash, os.fsencode(word.path), word.action.value, word.rule, word.at),
                )
            pair = sorted(_decision(batch, number).content_hash for number in range(2))
            connection.execute("INSERT INTO dismissal (first, second, at) VALUES (?, ?, 1.0)", pair)
            scene.promised[batch] = 1


def _check_migration(scene: Scene) -> list[str]:
    found = _check_answers(scene)
    with closing(sqlite3.connect(scene.ledger)) as connection:
        schema = connection.execute("PRAGMA user_version").fetchone()[0]
        if schema != len(ledger_store.MIGRATIONS):
            found.append(f"the schema is {schema}")
    copy = scene.ledger.with_name(f"ledger.before-{len(ledger_store.MIGRATIONS)}.sqlite")
    with closing(sqlite3.connect(copy)) as connection:
        words = connection.execute("SELECT count(*) FROM decision").fetchone()[0]
        if words != 40 * BATCHES:
            found.append(f"the copy of before the migration has {words} words")
    return found


# --- what can be made anew --------------------------------------------------------------------------------------


def _photos(batch: int) -> list[tuple[FileIdentity, bytes]]:
    names = [(batch * 40 + number) for number in range(40)]
    return [
        (FileIdentity(Path(f"/album/{n}.jpg"), n, n, n + 1, 1), blake2b(b"%d" % n, digest_size=32).digest())
        for n in names
    ]


def _fill_cache(scene: Scene) -> None:
    with Cache.open(scene.base / "own" / "cache.sqlite") as cache:
        scan = cache.begin_scan([Path("/album")])
        for batch in range(BATCHES):
            photos = _photos(batch)
            cache.meet(scan, [(Asset(file), UserMarks()) for file, _ in photos])
            cache.write(
                hashes=photos,
                photos=[
                    (Photo(digest, 4, 3, "JPEG"), Fingerprint(digest, 1, 2, bytes(192), 30.0), "1")
                    for _, digest in photos
                ],
                scores=[Score(digest, "judge", "1", "mos", 0.5) for _, digest in photos],
            )
            scene.promised[batch] = 1
        cache.finish_scan(scan)


def _check_cache(scene: Scene) -> list[str]:
    found = []
    path = scene.base / "own" / "cache.sqlite"
    with Cache.open(path) as cache:
        known = {each.asset.primary.path: each for each in cache.known()}
    for batch in range(BATCHES):
        there = sum(file.path in known and known[file.path].photo is not None for file, _ in _photos(batch))
        if there not in ({40} if scene.promised[batch] else {0, 40}):
            found.append(f"batch {batch}: {there} photos of 40 are known")
    with closing(sqlite3.connect(path)) as connection:
        state = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if state != "ok":
        found.append(f"the cache is damaged: {state}")
    _fill_cache(scene)  # a later scan goes on with it
    return found + scene.wrong_files()


def _fill_thumbnails(scene: Scene) -> None:
    with Thumbnails.open(scene.base / "own" / "thumbnails.sqlite", "1") as shelf:
        for batch in range(BATCHES):
            shelf.put((digest, digest * 100) for _, digest in _photos(batch))
            scene.promised[batch] = 1


def _check_thumbnails(scene: Scene) -> list[str]:
    found = []
    with Thumbnails.open(scene.base / "own" / "thumbnails.sqlite", "1") as shelf:
        for batch in range(BATCHES):
            there = sum(shelf.get(digest) == digest * 100 for _, digest in _photos(batch))
            if there not in ({40} if scene.promised[batch] else {0, 40}):
                found.append(f"batch {batch}: {there} thumbnails of 40 are there")
    _fill_thumbnails(scene)
    return found + scene.wrong_files()


def _empty(scene: Scene) -> None:
    scene.ledger.parent.mkdir()


OPERATIONS = (
    Operation("apply: trash", _nothing, _apply(_trash), _resume, _check_apply),
    Operation("apply: trash, no renameat2", _nothing, _apply(_trash, claimed=True), _resume, _check_apply),
    Operation("apply: folder", _nothing, _apply(_near), _resume, _check_apply),
    Operation("apply: folder on another drive", _nothing, _apply(_far), _resume, _check_apply),
    Operation("apply: first of all, no ledger yet", _empty, _apply(_trash), _resume, _check_apply),
    Operation("undo: trash", _apply(_trash), _undo(), _undo(), _check_undo),
    Operation("undo: trash, no renameat2", _apply(_trash), _undo(claimed=True), _undo(), _check_undo),
    Operation("undo: folder", _apply(_near), _undo(), _undo(), _check_undo),
    Operation("undo: folder on another drive", _apply(_far), _undo(), _undo(), _check_undo),
    Operation("resume: trash", _half_applied(_trash), _resume, _resume, _check_apply),
    Operation("resume: folder on another drive", _half_applied(_far), _resume, _resume, _check_apply),
    Operation("answers", _nothing, _answer, _nothing, _check_answers),
    Operation("migration of the ledger", _old_ledger, _nothing, _nothing, _check_migration),
    Operation("cache", _empty, _fill_cache, _fill_cache, _check_cache),
    Operation("thumbnails", _empty, _fill_thumbnails, _fill_thumbnails, _check_thumbnails),
)
