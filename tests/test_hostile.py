"""What a scan promises whatever it meets: nothing stops it, everything that fails is named in one plain line."""

from __future__ import annotations

import functools
import itertools
import json
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from albumclean.cli import main as command_line
from albumclean.cli.progress import progress
from albumclean.config import Settings
from albumclean.domain import Failure, FileIdentity, Root, Stage
from albumclean.engines import judge
from albumclean.engines.analyse import Analysis, Job, Question, Wanted, analyse, failure_of
from albumclean.engines.reading import Reading
from albumclean.engines.scan import ScanSummary, ScanWatcher, scan
from albumclean.errors import AlbumcleanError, DecodeError, ExitCode, ReadError
from albumclean.media import reading
from albumclean.media.picture import Picture
from albumclean.media.statistics import statistics
from albumclean.media.worker_link import WorkerLink
from albumclean.media.workers import FailureKind, WorkerFailure, WorkerPool
from albumclean.scoring import registry
from albumclean.store.cache import Cache
from benchmarks.hostile.bombs import bombs, movies, sidecars
from benchmarks.hostile.mutations import MUTATIONS, mutate
from benchmarks.hostile.seeds import saved, scene, sound_files
from benchmarks.hostile.structure import fields_of
from benchmarks.hostile.tree import (
    NAMES,
    open_doors,
    with_closed_doors,
    with_crowd,
    with_depth,
    with_names,
    with_special_files,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files, names and signals as POSIX has them")

MEMORY = 4 << 30
NOTHING = Wanted(())  # a photo's facts and fingerprint; networks have nothing to do with it


def identity(path: Path) -> FileIdentity:
    return FileIdentity.of(path, path.lstat())


def analysed(paths: list[Path], **changes: Any) -> dict[Path, Analysis | Failure]:
    """Each file with what a scan's workers make of it."""
    settings: dict[str, Any] = {"workers": 2, "timeout": 60.0, "memory": MEMORY}
    pool = WorkerPool(analyse, **settings | changes)
    jobs = (Job(identity(path), Settings().scan.max_pixels) for path in paths)
    return {
        job.identity.path: result if isinstance(result, Analysis) else failure_of(job.identity.path, result)
        for job, result in pool.run(jobs, lambda _: NOTHING)
    }


def is_one_plain_line(reason: str) -> bool:
    return bool(reason.strip()) and reason.isprintable() and len(reason) <= 300


@functools.cache
def sound() -> list[tuple[str, str, bytes]]:
    """A file of each kind: (kind, extension, content)."""
    return list(sound_files(1))


# --- files ----------------------------------------------------------------------------------------------------------


def test_every_mutation_is_read_or_named_and_none_crashes_hangs_or_fails_unforeseen(tmp_path: Path) -> None:
    rng = random.Random(6)
    seeds = sound()
    paths = []
    for number in range(150):
        _, extension, content = seeds[number % len(seeds)]
        name, broken = mutate(content, rng.choice(seeds)[2], rng)
        paths.append(tmp_path / f"{number:03} {name}.{extension}")
        paths[-1].write_bytes(broken)
    found = analysed(paths)
    assert set(paths) == set(found)
    reasons = {path.name: each.reason for path, each in found.items() if isinstance(each, Failure)}
    assert {} == {name: reason for name, reason in reasons.items() if not is_one_plain_line(reason)}
    assert {} == {name: reason for name, reason in reasons.items() if "unexpectedly" in reason or "took" in reason}
    assert 20 < len(reasons) < 140  # else they are no mutations, or nothing but noise


def test_the_skeleton_of_each_format_is_found_so_that_it_can_lie() -> None:
    assert [] == [kind for kind, _, content in sound() if len(fields_of(content)) < 3]


def test_mutations_are_the_same_for_the_same_seed() -> None:
    one, other = saved(scene(1), "PNG"), saved(scene(2), "JPEG")
    for name, mutation in MUTATIONS.items():
        first, second = (mutation(one, other, random.Random(name)) for _ in range(2))
        assert first == second
        assert first != one


CHEAP_BOMBS = (
    "segments.jpg", "xmp.jpg", "huge65535.jpg", "exif.jpg", "exif loop.jpg", "mpf.jpg", "itxt.png", "iccp.png",
    "huge30000.png", "wide.png", "frames.png", "many frames.png", "far frame.gif", "screen.gif", "loop.tif",
    "subifd loop.tif",
    "subifds.tif", "strips.tif", "huge.tif", "bits.tif", "samples.tif", "preview.dng", "nested.heic", "nested.avif",
    "nested.jp2", "huge.j2k", "items.heic", "lossless.webp", "huge.bmp", "upside.bmp", "empty.jpg", "one byte.jpg",
    "script.jpg", "head.cr2", "head.cr3", "head.jxl", "escape camera.jpg", "long camera.jpg", "null camera.jpg",
)  # fmt: skip


def test_bombs_do_not_go_off_and_what_they_say_is_bounded(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in CHEAP_BOMBS]
    for name, content in bombs():
        if name in CHEAP_BOMBS:
            (tmp_path / name).write_bytes(content)
    found = analysed(paths)
    assert set(paths) == set(found)
    for path, each in found.items():
        if isinstance(each, Failure):
            assert is_one_plain_line(each.reason), path.name
            assert "unexpectedly" not in each.reason, path.name
        else:
            assert each.photo is not None
            for text in (each.photo.camera, each.photo.taken_at, each.photo.shot.software, each.photo.shot.burst):
                assert text is None or (text.isprintable() and len(text) <= 100), path.name


def test_a_file_larger_than_any_photo_is_named_without_being_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sparse = tmp_path / "sparse.jpg"
    with sparse.open("wb") as file:
        file.truncate(10 << 30)
    monkeypatch.setattr(reading, "_opened", lambda _: pytest.fail("opened it"))
    with pytest.raises(DecodeError, match=r"has 10.7 GB; photos of more than 2.1 GB are not read"):
        reading.read_file(identity(sparse))


@pytest.mark.parametrize(("width", "is_all_seen"), [(32 * 64, True), (40 * 64, False)])
def test_of_a_strip_without_end_only_the_middle_is_measured(width: int, is_all_seen: bool) -> None:
    """A hundred bytes may say that they are one of 1,600,000 by 180 pixels."""
    strip = scene(1).resize((width, 64))
    other = strip.copy()
    other.paste((255, 0, 0), (0, 0, 100, 64))
    assert is_all_seen == (statistics(Picture(strip)) != statistics(Picture(other))).any()


def test_reasons_are_one_plain_line_whatever_a_decoder_quotes() -> None:
    wild = DecodeError(path=Path("a"), detail="is damaged (TIFF: \x1b]0;owned\x07\n\n\u202egpj" + "x" * 10_000)
    for error in (wild, WorkerFailure(FailureKind.ERROR, wild.fields["detail"])):  # type: ignore[arg-type]
        reason = failure_of(Path("a"), error).reason
        assert is_one_plain_line(reason)
        assert reason.startswith(r"is damaged (TIFF: \x1b]0;owned\x07 \u202egpjxxx")


def test_what_a_file_is_not_to_blame_for_is_tried_again() -> None:
    """A drive that does not answer, and a worker that the system has killed, say nothing of the photo."""
    late = WorkerFailure(FailureKind.TIMEOUT, "took longer than 60 seconds")
    killed = WorkerFailure(FailureKind.KILLED, "was killed")
    crash = WorkerFailure(FailureKind.CRASH, "crashed")
    unread = failure_of(Path("a"), late, was_read=False)
    assert (Stage.READ, True) == (unread.stage, unread.transient)
    assert "took longer than 60 seconds to read; does its drive answer?" == unread.reason
    assert not failure_of(Path("a"), late).transient
    assert failure_of(Path("a"), killed).transient
    assert not failure_of(Path("a"), crash, was_read=False).transient


# --- scans ----------------------------------------------------------------------------------------------------------


def _ignore(*_: object) -> None:
    """Nobody watches."""


@pytest.fixture
def without_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """They see pixels only, and take longer than all the rest."""
    monkeypatch.setattr(registry, "DEFAULT", ())
    monkeypatch.setattr("albumclean.cli.scan.opinion_of", lambda *_: SimpleNamespace(scorers=()))


class Run:
    """Scans of one cache, with what was told."""

    def __init__(self, folder: Path) -> None:
        self.cache = Cache.open(folder / "cache.sqlite")
        self.thumbnails = folder / "thumbnails.sqlite"
        self.failures: list[Failure] = []

    def __call__(self, folder: Path, **changes: Any) -> ScanSummary:
        self.failures.clear()
        base = Settings()
        settings = replace(base, scan=replace(base.scan, workers=2, device="cpu", **changes))
        watcher = ScanWatcher(_ignore, _ignore, _ignore, self.failures.append)
        return scan([Root(folder)], self.cache, settings, watcher, thumbnails=self.thumbnails, scorers=())

    def scored(self) -> set[Path]:
        return {each.asset.primary.path for each in self.cache.known() if each.photo and each.failure is None}


@pytest.fixture
def run(tmp_path: Path, without_networks: None) -> Iterator[Run]:
    made = Run(tmp_path)
    yield made
    made.cache.__exit__(None, None, None)


def photos(first: int = 0) -> Iterator[bytes]:
    return (saved(scene(number), "JPEG") for number in itertools.count(first))


def test_a_scan_whose_workers_all_die_once_misses_nothing(
    run: Run, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, content in zip(range(2), photos(), strict=False):
        (album / f"{number}.jpg").write_bytes(content)
        (album / f"copy of {number}.jpg").write_bytes(content)
    answer, seen = Reading._answer, set[Path]()

    def kill_first(self: Reading, question: Question) -> Wanted | None:
        wanted = answer(self, question)
        if question.identity.path not in seen:
            seen.add(question.identity.path)
            for child in psutil.Process().children():
                kill_worker(child)
        return wanted

    with monkeypatch.context() as patch:
        patch.setattr(Reading, "_answer", kill_first)
        summary = run(album)
    assert (4, 4) == (summary.found, len(seen))
    # Those whose second worker was shot together with another's first have to wait for the next scan, no longer.
    assert {True} >= {failure.transient for failure in run.failures}
    assert 0 == run(album).failed
    assert 4 == len(run.scored())


def kill_worker(child: psutil.Process) -> None:
    try:
        if "spawn_main" in " ".join(child.cmdline()):
            child.kill()
    except psutil.NoSuchProcess:
        """It has ended since it was listed."""


def test_a_search_for_look_alikes_that_is_killed_again_and_again_is_done_in_the_end(
    run: Run, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, content in zip(range(2), photos(), strict=False):
        (album / f"{number}.jpg").write_bytes(content)
    send, sent = WorkerLink.send, itertools.count()

    def shot(link: WorkerLink, message: bytes) -> None:
        send(link, message)
        if b"engines.search" in link._task and next(sent) < 5:
            link.kill()

    monkeypatch.setattr(WorkerLink, "send", shot)
    assert (2, 0) == ((summary := run(album)).decoded, summary.failed)
    assert 6 == next(sent)


def test_a_drive_that_stops_answering_costs_its_own_photos_and_only_for_now(
    run: Run, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, content in zip(range(3), photos(), strict=False):
        (album / f"{number}.jpg").write_bytes(content)
    with monkeypatch.context() as patch:
        patch.setattr("albumclean.engines.local.analyse", analyse_from_a_dead_drive)
        summary = run(album, decode_timeout=6.0)
    assert (3, 1) == (summary.found, summary.failed)
    [failure] = run.failures
    assert ("1.jpg", Stage.READ, True) == (failure.path.name, failure.stage, failure.transient)
    assert "took longer than 6 seconds to read; does its drive answer?" == failure.reason
    assert (1, 0) == ((again := run(album)).done, again.failed)


def analyse_from_a_dead_drive(job: Job, ask: Callable[[Question], Wanted | None]) -> Analysis:
    if "1.jpg" == job.identity.path.name:
        time.sleep(1000)  # as a read of it would, and nothing but a kill ends that
    return analyse(job, ask)


def test_a_disk_that_fills_ends_the_scan_with_one_line_and_keeps_what_was_done(
    home: Path, album: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], without_networks: None
) -> None:
    for number in range(40):
        (album / f"{number}.jpg").write_bytes(saved(scene(number, 64, 48), "JPEG"))
    write = Cache.write

    def write_until_full(self: Cache, **found: Any) -> None:
        write(self, **found)
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        self._connection.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then finds the disk full

    monkeypatch.setattr("albumclean.engines.reading.COMMIT_EVERY", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(Cache, "write", write_until_full)
        code = command(patch, "scan", "--quiet", str(album))
    [cache] = home.rglob("cache.sqlite")
    advice = "Free some space and run the same command again: what was done is kept."
    assert ("", f"albumclean: No space is left for {cache}. {advice}\n") == capfd.readouterr()
    assert ExitCode.NOTHING_DONE == code
    with Cache.open(cache) as known:
        kept = sum(each.photo is not None for each in known.known())
    assert 0 < kept < 40
    assert ExitCode.OK == command(monkeypatch, "scan", "--json", str(album))
    told = json.loads(capfd.readouterr().out)
    assert (40, 40 - kept, 40 - kept) == (told["found"], told["read"], told["scored"])


def command(patch: pytest.MonkeyPatch, *words: str) -> int | str | None:
    """The exit code of the command line, run in this process."""
    patch.setattr(sys, "argv", ["albumclean", *words])
    handler = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit) as ended:
            command_line.main()
    finally:
        signal.signal(signal.SIGTERM, handler)
    return ended.value.code


def test_special_files_links_and_closed_doors_stop_no_scan(run: Run, album: Path) -> None:
    content = photos()
    (album / "sound.jpg").write_bytes(next(content))
    with_special_files(album / "special", next(content))
    closed = with_closed_doors(album / "doors", next(content))
    with_crowd(album / "crowd", 300)
    try:
        summary = run(album)
    finally:
        open_doors(closed)
    assert album / "sound.jpg" in run.scored()
    told = {failure.path.name: failure.reason for failure in run.failures}
    assert {"sparse.jpg", "IMG_000000.jpg"} <= told.keys()
    assert all(is_one_plain_line(reason) for reason in told.values())
    assert not {"pipe.jpg", "socket.jpg", "to zero.jpg", "to itself.jpg", "zero.jpg"} & {p.name for p in run.scored()}
    assert {"special-file", "symlink", "broken-link"} <= {reason.value for reason in summary.skipped}


def test_every_name_that_the_disk_takes_is_scanned_and_none_is_told_raw(
    run: Run, album: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    paths = with_names(album, photos(100))
    assert len(paths) >= len(NAMES) - 6  # case and Unicode fold on some disks, and others take UTF-8 alone
    deep = with_depth(album / "deep", next(photos(200)))
    summary = run(album)
    assert set(paths) <= run.scored()
    assert summary.found >= len(paths) + min(deep, 3)
    with progress(quiet=True) as watcher:
        for path in paths:
            watcher.failed(Failure(path, Stage.CRAWL, f"its companion {path.name} can't be looked at"))
    lines = capfd.readouterr().err.removesuffix("\n").split("\n")
    assert len(paths) == len(lines)
    assert [] == [line for line in lines if not line.isprintable()]
    assert 2 == " ".join(lines).count("[red]markup[bold] :skull:.jpg")


def test_sidecars_and_movies_that_lie_cost_neither_the_scan_nor_the_photo(run: Run, album: Path) -> None:
    content, names = photos(300), set()
    for name, broken in itertools.chain(sidecars(), movies()):
        photo = name.removesuffix(".json") if name.endswith(".json") else f"{Path(name).stem}.jpg"
        (album / name).write_bytes(broken[: 3 << 20])
        (album / photo).write_bytes(next(content))
        names.add(photo)
    run(album)
    assert names == {path.name for path in run.scored()}
    assert [] == [failure for failure in run.failures if not is_one_plain_line(failure.reason)]
    unknown = {each.asset.primary.path.name for each in run.cache.known() if each.marks.unknown}
    # What can't be read may hide five stars.
    assert {"laughs.jpg", "outside.jpg", "deep.jpg", "huge.jpg", "number.jpg", "strange.jpg"} <= unknown


def test_a_file_that_is_explained_is_decoded_by_a_worker(album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`explain` takes files that were never scanned."""
    path = album / "a.jpg"
    path.write_bytes(next(photos()))

    def crash(*_: object, **__: object) -> None:
        pytest.fail("decoded by the process that talks to the user")

    for module in ("albumclean.media.decode", "albumclean.engines.closeup", "albumclean.engines.analyse"):
        monkeypatch.setattr(f"{module}.decode", crash)
    assert (240, 180) == judge.inspect(path, settings=Settings(), device="cpu").preview.size

    def lost(*_: object) -> Iterator[tuple[Job, AlbumcleanError | WorkerFailure]]:
        yield Job(identity(path), 0), WorkerFailure(FailureKind.CRASH, "crashed its worker (SIGSEGV)")

    monkeypatch.setattr(WorkerPool, "run", lost)
    with pytest.raises(DecodeError, match="crashed its worker"):
        judge.inspect(path, settings=Settings(), device="cpu")
    with pytest.raises(ReadError):
        judge.inspect(album / "none.jpg", settings=Settings(), device="cpu")
