"""What the reviews run on: a library made in code, or real photos that ALBUMCLEAN_TEST_LIBRARY=HOME:FOLDER names.

The real ones are copied; HOME is the ALBUMCLEAN_HOME of their scan.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest

from albumclean.domain import Failure, FileIdentity
from albumclean.engines.analyse import DECODER
from albumclean.media.reading import content_hash
from albumclean.store.cache import Cache
from benchmarks import review_library
from benchmarks.review_library import meet

PLAN = review_library.Plan()

made_only = pytest.mark.skipif(
    "ALBUMCLEAN_TEST_LIBRARY" in os.environ, reason="is about names that only the made library has"
)


class Source(Protocol):
    """Where albums come from."""

    def write(self, folder: Path) -> None:
        """The photos, below a new folder."""
        ...

    def remember(self, folder: Path, home: Path) -> None:
        """What a scan of them would have left in `home`."""
        ...


@dataclass(frozen=True, slots=True)
class RealPhotos:
    """A copy of photos that have been scanned where they lay."""

    home: Path
    original: Path
    copy: Path

    @classmethod
    def copied(cls, home: Path, original: Path, to: Path) -> RealPhotos:
        """Copy once; each album is then made of hard links to the copy."""
        shutil.copytree(original, to)
        return cls(home, original, to)

    def write(self, folder: Path) -> None:
        """See `Source`."""
        shutil.copytree(self.copy, folder, copy_function=os.link)

    def remember(self, folder: Path, home: Path) -> None:
        """See `Source`."""
        home.mkdir(parents=True, exist_ok=True)
        for database in ("cache.sqlite", "thumbnails.sqlite"):
            if (self.home / database).exists():
                shutil.copy(self.home / database, home / database)
        with Cache.open(home / "cache.sqlite") as cache:
            known = {folder / each.asset.primary.path.relative_to(self.original): each for each in cache.known(())}
            cache.forget([each.asset.primary.path for each in known.values()])
            meet(cache, folder, {path: each.content_hash for path, each in known.items() if each.content_hash})
            failures: list[tuple[FileIdentity, Failure, bytes | None]] = []
            for path, each in known.items():
                if each.failure is not None:
                    failure = Failure(path, each.failure.stage, each.failure.reason)
                    failures.append((FileIdentity.of(path, path.lstat()), failure, each.content_hash))
            cache.write(failures=failures, decoder=DECODER)


def source(scratch: Path) -> Source:
    """The one that the environment names, else the made one."""
    if named := os.environ.get("ALBUMCLEAN_TEST_LIBRARY"):
        home, folder = named.split(":")
        return RealPhotos.copied(Path(home), Path(folder), scratch / "real photos")
    return review_library.build(PLAN)


@dataclass(slots=True)
class Album:
    """Photos and what albumclean knows of them; remembers every byte, to compare with what is there later."""

    folder: Path
    home: Path
    before: dict[Path, bytes] = field(default_factory=dict)

    @classmethod
    def made(cls, source: Source, folder: Path, home: Path) -> Album:
        """A new one."""
        source.write(folder)
        source.remember(folder, home)
        album = cls(folder, home)
        album.before = album.contents()
        return album

    def contents(self) -> dict[Path, bytes]:
        """The hash of every file."""
        return {path: content_hash(path.read_bytes()) for path in sorted(self.folder.rglob("*")) if path.is_file()}

    def gone(self) -> set[Path]:
        """The files that were here and are no more. Raises AssertionError if any other has changed or come."""
        now = self.contents()
        assert now.items() <= self.before.items(), "files changed that a review may not touch"
        return self.before.keys() - now.keys()
