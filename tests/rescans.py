"""A folder that changes at random between scans, and two caches of it: one scanned with memory, one without."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from albumclean.config import CrawlSettings, Settings
from albumclean.domain import Failure, FileIdentity, Fingerprint, Photo, Root, RootRole, Score, Stage
from albumclean.engines import scan as scanning
from albumclean.engines.compare import CompareProgress
from albumclean.engines.remembered import RememberedFolders
from albumclean.engines.scan import Forget, ScanSummary, ScanWatcher, scan
from albumclean.media.reading import content_hash
from albumclean.similar.fingerprint import REVISION as FINGERPRINT
from albumclean.store.cache import Cache
from albumclean.store.file_table import Needs
from tests import live_files

BROKEN, FLAKY = b"broken", b"flaky"  # how contents begin that can't be read, for ever or this time
LATER = 1_000_000.0  # seconds: nothing that a test makes has changed just now


class KnownReading:
    """Stands for `engines.reading`: says of a content what its bytes say, and needs no picture."""

    def __init__(self, desk: Any, needs: Needs) -> None:
        self._desk, self._needs = desk, needs

    def run(self, files: Iterator[FileIdentity]) -> None:
        for file in files:
            self._read(file)
            self._desk.summary.done += 1

    def _read(self, file: FileIdentity) -> None:
        cache = self._desk.cache
        try:
            data = file.path.read_bytes()
        except OSError:  # what was kept because its drive is away
            failure = Failure(file.path, Stage.READ, "gone", transient=True)
            cache.write(failures=[(file, failure, None)], decoder=self._needs.decoder)
            return
        digest = content_hash(data)
        if data.startswith((BROKEN, FLAKY)):
            failure = Failure(file.path, Stage.DECODE, "no picture", transient=data.startswith(FLAKY))
            cache.write(failures=[(file, failure, digest)], decoder=self._needs.decoder)
            return
        print_ = Fingerprint(digest, 1, 2, bytes(192), 1.0) if self._needs.fingerprint_revision else None
        scores = [
            Score(digest, spec.name, spec.revision, quantity, 0.5)
            for spec in self._needs.scorers
            for quantity in spec.quantities
        ]
        photo = Photo(digest, 40, 30, "JPEG")
        cache.write(hashes=[(file, digest)], photos=[(photo, print_, FINGERPRINT)], scores=scores)


def without_reading(patch: pytest.MonkeyPatch, later: float = LATER) -> None:
    """Real scans, but for the content of files; and the clock of the crawl's memory goes ahead."""
    patch.setattr(scanning, "Reading", KnownReading)
    patch.setattr(scanning, "VideoReading", KnownReading)
    patch.setattr(scanning, "compare_new", lambda *_: CompareProgress())
    patch.setattr("albumclean.media.video.is_installed", lambda: True)
    patch.setattr("albumclean.crawl.unchanged.time", SimpleNamespace(time=lambda: time.time() + later))


class Book:
    """One cache, and what its scans said."""

    def __init__(self, home: Path, *, remembers: bool) -> None:
        home.mkdir()
        self.path, self._thumbnails, self._remembers = home / "cache.sqlite", home / "thumbnails.sqlite", remembers
        self.recalled: list[Path] = []  # folders, by the last scan

    def scan(self, folder: ChangingFolder) -> ScanSummary:
        """What the user wishes in just this state of the folder."""
        self.recalled = []

        def nothing(*_: object) -> None:
            """Nobody watches."""

        def recall(memory: RememberedFolders, folder: Path, state: bytes) -> bool:
            found = self._remembers and original(memory, folder, state)
            if found:
                self.recalled.append(folder)
            elif not self._remembers:
                memory.tally = type(memory.tally)()
            return found

        original = RememberedFolders.recall
        watcher = ScanWatcher(nothing, nothing, nothing, nothing)
        with Cache.open(self.path) as cache, pytest.MonkeyPatch.context() as patch:
            patch.setattr(RememberedFolders, "recall", recall)
            cache.forget(folder.moved)
            return scan(
                folder.roots,
                cache,
                folder.settings,
                watcher,
                thumbnails=self._thumbnails,
                retry_failed=folder.retries,
                forget=folder.forget,
            )

    def generation(self) -> int:
        with Cache.open(self.path) as cache:
            return cache.state.generation

    def rows(self, but: Sequence[str] = ("seen",)) -> list[tuple[object, ...]]:
        """All that is known of the files, but for these columns: which scan met them last."""
        with closing(sqlite3.connect(self.path)) as connection:
            columns = [row[1] for row in connection.execute("PRAGMA table_info(file)")]
            wanted = ", ".join(column for column in columns if column not in but)
            return connection.execute(f"SELECT {wanted} FROM file ORDER BY path").fetchall()


class ChangingFolder:
    """A tree of files that a seed changes step by step."""

    def __init__(self, top: Path, seed: int) -> None:
        self.top = top
        self._away = top.with_name("away")
        self._random = random.Random(seed)
        self._count = 0
        self.settings = Settings()
        self.roots = [Root(top)]
        self.retries = False  # --retry-failed
        self.moved: list[Path] = []  # to the trash and back since the last scan
        self.forget = Forget.UNLESS_EMPTY
        for name in ("a", "b", "a/deep", "a/deep/er", "c"):
            (top / name).mkdir(parents=True)
            for _ in range(2):
                self._photo(top / name)

    def change(self) -> str:
        """One change, or two; what it was."""
        if self._away.exists():
            shutil.rmtree(self.top)
            self._away.rename(self.top)
        self.retries, self.moved = False, []
        changes = self._random.sample(_CHANGES, self._random.choice((1, 1, 2)))
        for change in changes:
            change(self)
        if not any(root.path.exists() for root in self.roots if root.role is not RootRole.EXCLUDED):
            self.roots = [Root(self.top)]
        return ", ".join(change.__name__ for change in changes)

    # --- what happens to files --------------------------------------------------------------------------------------

    def photo(self) -> None:
        self._photo(self._folder())

    def broken_photo(self) -> None:
        self._write(
            self._folder() / f"{self._number()}.jpg", self._random.choice((BROKEN, FLAKY)) + b"%d" % self._count
        )

    def edit_in_place(self) -> None:
        path = self._file()
        self._write(path, bytes(reversed(path.read_bytes())))

    def touch(self) -> None:
        self._date(self._file())

    def replace(self) -> None:
        path = self._file()
        data, status = path.read_bytes(), path.stat()
        new = path.with_name("new")
        new.write_bytes(data)
        os.utime(new, ns=(status.st_mtime_ns, status.st_mtime_ns))
        new.replace(path)

    def delete(self) -> None:
        self._file().unlink()

    def rename(self) -> None:
        path = self._file()
        path.rename(path.with_name(f"renamed{self._number()}{path.suffix}"))

    def rename_folder(self) -> None:
        if folders := self._folders()[1:]:
            folder = self._random.choice(folders)
            folder.rename(folder.with_name(f"folder{self._number()}"))

    def new_folder(self) -> None:
        name = self._random.choice(("x", "trash/files", ".hidden", "@eaDir", "info", ".thumbnails"))
        folder = self._folder() / name
        folder.mkdir(parents=True, exist_ok=True)
        self._photo(folder)

    def delete_folder(self) -> None:
        if folders := self._folders()[1:]:
            shutil.rmtree(self._random.choice(folders))

    def sidecar(self) -> None:
        path = self._file().with_suffix(".xmp")
        text = f'<x xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="{self._random.randrange(6)}"/>'
        self._write(path, self._random.choice((text, "<broken")).encode())

    def notes(self) -> None:
        name = self._random.choice((".picasa.ini", "metadata.json", "Photo Details.csv"))
        text = {
            ".picasa.ini": f"[{self._file().name}]\nstar=yes\n",
            "metadata.json": self._random.choice((f'{{"title": "Trip {self._number()}"}}', "{broken")),
            "Photo Details.csv": f"imgName,favorite\n{self._file().name},yes\n",
        }[name]
        self._write(self._folder() / name, text.encode())

    def lists_beside(self) -> None:
        folder = self._folder()
        self._write(folder / "Photo Details.csv", b"imgName,favorite\n")
        (folder.parent / "Albums").mkdir(exist_ok=True)
        self._write(folder.parent / "Albums" / "Trip.csv", b"Images\n" + self._file().name.encode() + b"\n")

    def ignore_file(self) -> None:
        path = self._folder() / ".albumcleanignore"
        if path.exists():
            path.unlink()
        else:
            self._write(path, self._random.choice((b"1*\n", b"deep/\n", b"*.png\n!*9*\n", b"[broken\n")))

    def hard_link(self) -> None:
        os.link(self._file(), self._folder() / f"link{self._number()}.jpg")

    def symlink(self) -> None:
        (self._folder() / f"symlink{self._number()}.jpg").symlink_to(self._file())

    def arriving(self) -> None:
        self._write(self._folder() / f"{self._file().name}.part", b"")

    def other_file(self) -> None:
        name = self._random.choice(("text.txt", "nothing", "._1.jpg", "film.avi"))
        self._write(self._folder() / f"{self._number()}{name}", b"x")

    def video(self) -> None:
        self._write(self._folder() / f"{self._number()}.mp4", b"video %d" % self._count)

    def live_photo(self) -> None:
        folder, number = self._folder(), self._number()
        self._write(folder / f"live{number}.heic", live_files.heic(f"id{number}"))
        self._write(folder / f"other{number}.mov", live_files.movie(f"id{number}"))

    def lose_mount(self) -> None:
        """Until the next change, the top is there and empty."""
        self.top.rename(self._away)
        self.top.mkdir()

    # --- what the user wishes ---------------------------------------------------------------------------------------

    def patterns(self) -> None:
        crawl = self.settings.crawl
        exclude = self._random.choice(((), ("*5*",), ("deep/",)))
        include = self._random.choice(((), ("*.jpg",), ("a/",)))
        self.settings = replace(self.settings, crawl=replace(crawl, exclude=exclude, include=include))

    def hidden(self) -> None:
        self.settings = replace(self.settings, crawl=CrawlSettings(hidden=not self.settings.crawl.hidden))

    def wait(self) -> None:
        settle = self._random.choice((0.0, 60.0, 200_000.0))
        self.settings = replace(self.settings, crawl=replace(self.settings.crawl, settle=settle))

    def videos_too(self) -> None:
        videos = replace(self.settings.videos, scan=not self.settings.videos.scan)
        self.settings = replace(self.settings, videos=videos)

    def other_roots(self) -> None:
        role = self._random.choice((RootRole.PROTECTED, RootRole.EXCLUDED, RootRole.NORMAL))
        inner = self._random.choice(self._folders())
        self.roots = [Root(self.top)] if inner == self.top else [Root(self.top), Root(inner, role)]

    def single_file(self) -> None:
        role = self._random.choice((RootRole.EXCLUDED, RootRole.PROTECTED))
        self.roots = [Root(self.top), Root(self._file(), role)]

    def only_a_part(self) -> None:
        self.roots = [Root(self._random.choice(self._folders()))]

    def retry_failed(self) -> None:
        self.retries = True

    def move_and_undo(self) -> None:
        self.moved = [self._file(), self._file()]

    def be_bold(self) -> None:
        self.forget = self._random.choice(list(Forget))

    # ----------------------------------------------------------------------------------------------------------------

    def _photo(self, folder: Path) -> None:
        self._write(
            folder / f"{self._number()}.{self._random.choice(('jpg', 'jpg', 'png'))}", b"photo %d" % self._count
        )

    def _number(self) -> int:
        self._count += 1
        return self._count

    def _write(self, path: Path, data: bytes) -> None:
        with path.open("wb") as file:  # the same inode if it is there
            file.write(data)
        self._date(path)

    def _date(self, path: Path) -> None:
        """A time of its own: what changes within one tick of the clock is a test of its own."""
        when = 1_600_000_000 + self._number()
        os.utime(path, ns=(when * 10**9, when * 10**9))

    def _folders(self) -> list[Path]:
        inside = (path for path in self.top.rglob("*") if path.is_dir() and not path.is_symlink())
        return [self.top, *sorted(inside)]

    def _folder(self) -> Path:
        return self._random.choice(self._folders())

    def _file(self) -> Path:
        files = sorted(path for path in self.top.rglob("*") if path.is_file() and not path.is_symlink())
        if not files:
            self._photo(self.top)
            return self._file()
        return self._random.choice(files)


_CHANGES: list[Callable[[ChangingFolder], None]] = [
    each for name, each in vars(ChangingFolder).items() if callable(each) and name[0] != "_" and name != "change"
]


def said(summary: ScanSummary) -> dict[str, object]:
    """Everything that a scan told."""
    told = asdict(summary)
    told["skipped"] = {reason: count for reason, count in summary.skipped.items() if count}
    return told
