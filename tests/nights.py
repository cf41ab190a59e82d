"""Nights for the tests of unattended runs: the real command, scan, model and trash; not the clock.

Worker processes take seconds to start, and a month has thirty nights: their tasks run in this process instead.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from albumclean.cli.main import app
from albumclean.errors import AlbumcleanError
from tests.pictures import scene

DAY = 86_400.0


class Killed(BaseException):
    """The process is gone at this very instant: nothing catches it."""


class PoolInProcess:
    """`media.workers.WorkerPool` without processes."""

    def __init__(self, task: Callable[[Any, Any], Any], **_: object) -> None:
        self._task = task

    def run(self, jobs: Iterable[Any], answer: Callable[[Any], Any]) -> Generator[tuple[Any, Any], None, None]:
        for job in jobs:
            try:
                outcome = self._task(job, answer)
            except AlbumcleanError as error:
                outcome = error
            yield job, outcome


class Clock:
    """The time of day in the house; moves only when told to."""

    def __init__(self) -> None:
        self.now = time.time() + DAY  # no file can be given an older ctime than that of its making

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class Told:
    """What one run told."""

    code: int
    out: str
    err: str
    document: dict[str, Any] = field(default_factory=dict)  # of --json

    @property
    def moved(self) -> list[str]:
        return [Path(each["path"]).name for each in self.document["moved"]]


class House:
    """An album, a home, a clock, and the command."""

    def __init__(self, home: Path, album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.album, self.clock = home, album, Clock()
        monkeypatch.setattr("time.time", self.clock)
        monkeypatch.setattr("albumclean.engines.pool.WorkerPool", PoolInProcess)
        monkeypatch.setattr("albumclean.engines.search.WorkerPool", PoolInProcess)
        self.configure()

    def configure(self, auto: str = "", unattended: str = "") -> None:
        """The settings; a test must not lower its own priority, nor depend on the power supply."""
        own = f"[unattended]\nnice = 0\non_battery = true\n{unattended}\n"
        (self.home / "config.toml").write_text(own + (f"[auto]\n{auto}\n" if auto else ""))

    def run(self, *options: str, folders: Iterable[Path] = ()) -> Told:
        """`albumclean run`; the next night comes before it."""
        self.clock.now += DAY
        named = [str(folder) for folder in folders] or [str(self.album)]
        result = CliRunner().invoke(app, ["run", *named, *options])
        code, err = result.exit_code, result.stderr
        if isinstance(result.exception, AlbumcleanError):
            code, err = result.exception.exit_code, f"{err}{result.exception}"
        elif result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Told(
            code, result.stdout, err, json.loads(result.stdout) if "--json" in options and result.stdout else {}
        )

    def night(self, *options: str) -> Told:
        """One run, as a program reads it."""
        return self.run("--json", *options)

    def report(self) -> dict[str, Any]:
        """The JSON that the last run wrote."""
        document: dict[str, Any] = json.loads((self.home / "reports" / "latest.json").read_text("utf-8"))
        return document

    def could_go(self, kind: str = "exact") -> list[str]:
        """The names of the photos of such groups that the last report proposes for the trash, sorted."""
        proposals = self.report()["proposals"]
        return sorted(
            Path(each["path"]).name for each in proposals if each["action"] == "trash" and each.get("kind") == kind
        )

    def settle(self, path: Path, ago: float = DAY / 2) -> Path:
        """As if it had been written `ago` seconds before now."""
        os.utime(path, (self.clock.now - ago,) * 2)
        return path

    def shoot(self, name: str, seed: int, ago: float = DAY / 2) -> Path:
        """A photo from a camera, with all that a camera says of it."""
        path = self.album / name
        path.parent.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        exif[0x010F], exif[0x0110] = "Maker", "Model 1"
        # Hours apart: no two are shots of one moment.
        details = exif.get_ifd(0x8769)
        details[0x9003] = time.strftime("%Y:%m:%d %H:%M:%S", time.gmtime(1_700_000_000 + 40_000 * seed))
        details[0x829A], details[0x829D], details[0x8827], details[0x920A] = 1 / 250, 2.8, 100, 4.2
        scene(seed).save(path, quality=92, exif=exif)
        return self.settle(path, ago)

    def trashed(self) -> list[str]:
        """Names of what lies in the trash, sorted."""
        return sorted(path.name for path in (self.home / "share" / "Trash" / "files").glob("*"))
