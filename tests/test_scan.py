"""The scan on real files, with real workers and the built-in model."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from albumclean.config import CrawlSettings, Settings
from albumclean.crawl import FolderMemory, Skipped, crawl
from albumclean.crawl.live import Identifiers
from albumclean.domain import Asset, Failure, Root, RootRole, Stage
from albumclean.engines.analyse import Analysis, Job, Question, Wanted, analyse
from albumclean.engines.scan import ScanSummary, ScanWatcher, needs, scan
from albumclean.errors import RootNotFound, StoreBusy
from albumclean.media.thumbnail import REVISION as THUMBNAIL
from albumclean.scoring import registry
from albumclean.store import thumbnails as store
from albumclean.store.cache import Cache
from albumclean.store.thumbnails import Thumbnails
from tests.pictures import save, scene


def _ignore(*_: object) -> None:
    """Nobody watches."""


class Run:
    """Scans of one cache, with what was told."""

    def __init__(self, folder: Path) -> None:
        self.cache = Cache.open(folder / "cache.sqlite")
        self.thumbnails = folder / "thumbnails.sqlite"
        self.failures: list[Failure] = []

    def __call__(self, *roots: Path | Root, **changes: object) -> ScanSummary:
        self.failures.clear()
        base = Settings()
        settings = replace(base, scan=replace(base.scan, workers=2, **changes))  # type: ignore[arg-type]
        watcher = ScanWatcher(_ignore, _ignore, _ignore, self.failures.append)
        named = [root if isinstance(root, Root) else Root(root) for root in roots]
        return scan(named, self.cache, settings, watcher, thumbnails=self.thumbnails)

    def with_thumbnail(self) -> set[str]:
        with Thumbnails.open(self.thumbnails, THUMBNAIL) as kept:
            return {
                known.asset.primary.path.name
                for known in self.cache.known()
                if known.content_hash and kept.has(known.content_hash)
            }

    def mos(self) -> dict[str, float]:
        return {name: values["mos"] for name, values in self.judged().items()}

    def judged(self) -> dict[str, dict[str, float]]:
        return {
            known.asset.primary.path.name: {
                quantity: value for (scorer, quantity), value in known.scores.items() if scorer == registry.JUDGE
            }
            for known in self.cache.known((), needs().scorers)
        }


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path)
    yield made
    made.cache.__exit__(None, None, None)


def test_every_photo_gets_all_that_a_scan_owes_it(run: Run, album: Path) -> None:
    save(scene(1), album / "a.jpg", taken_at="2024:05:06 07:08:09")
    save(scene(2, 200, 500), album / "deep" / "b.png")
    summary = run(album)
    assert (2, 2, 0) == (summary.found, summary.decoded, summary.failed)
    for known in run.cache.known():
        assert known.content_hash is not None
        assert ((), False) == run.cache.missing(known.content_hash, needs())
    a, b = run.cache.known()
    assert a.photo is not None
    assert b.photo is not None
    assert (320, 240, "JPEG", "2024-05-06T07:08:09") == (
        a.photo.width,
        a.photo.height,
        a.photo.format,
        a.photo.taken_at,
    )
    assert (200, 500, "PNG") == (b.photo.width, b.photo.height, b.photo.format)


def test_an_unchanged_library_is_not_read_again(run: Run, album: Path) -> None:
    for seed in range(3):
        save(scene(seed), album / f"{seed}.jpg")
    run(album)
    summary = run(album)
    assert (3, 0, 0) == (summary.found, summary.to_do, summary.done)


def test_renamed_photos_and_copies_cost_no_decode(run: Run, album: Path) -> None:
    save(scene(1), album / "a.jpg")
    run(album)
    (album / "a.jpg").rename(album / "b.jpg")
    shutil.copy(album / "b.jpg", album / "c.jpg")
    summary = run(album)
    assert (0, 2, 1) == (summary.decoded, summary.recognised, summary.forgotten)


def test_copies_in_one_scan_are_decoded_once(run: Run, album: Path) -> None:
    save(scene(1), album / "0.jpg")
    for number in range(1, 6):
        shutil.copy(album / "0.jpg", album / f"{number}.jpg")
    summary = run(album)
    assert (1, 5) == (summary.decoded, summary.recognised)
    assert 1 == len(set(run.mos().values()))


def test_one_broken_file_and_its_copies_fail_alone_and_are_named(run: Run, album: Path) -> None:
    save(scene(1), album / "good.jpg")
    data = save(scene(2), album / "cut.jpg").read_bytes()[:2000]
    for name in ("cut.jpg", "cut copy.jpg", "cut again.jpg"):
        (album / name).write_bytes(data)
    (album / "empty.jpg").touch()
    (album / "text.jpg").write_text("no picture")
    summary = run(album)
    assert (1, 5) == (summary.decoded, summary.failed)
    named = {failure.path.name: failure.reason for failure in run.cache.failures()}
    assert {"cut.jpg", "cut copy.jpg", "cut again.jpg", "empty.jpg", "text.jpg"} == named.keys()
    assert "0 bytes" in named["empty.jpg"]
    assert 0 == run(album).to_do


def test_a_decoder_that_is_killed_costs_one_file(run: Run, album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(4):
        save(scene(seed), album / f"{seed}.jpg")
    monkeypatch.setenv("ALBUMCLEAN_TEST_KILL", "2.jpg")
    monkeypatch.setattr("albumclean.engines.local.analyse", analyse_or_die)
    summary = run(album)
    assert (3, 1) == (summary.decoded, summary.failed)
    (failure,) = run.cache.failures()
    assert "2.jpg" == failure.path.name
    assert "crashed its worker" in failure.reason


def analyse_or_die(job: Job, ask: Callable[[Question], Wanted | None]) -> Analysis:
    if job.identity.path.name == os.environ["ALBUMCLEAN_TEST_KILL"]:
        os.kill(os.getpid(), 11)
    return analyse(job, ask)


def test_a_file_that_changes_while_it_is_read_is_named_and_read_again_next_time(
    run: Run, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(scene(1), album / "a.jpg")

    def crawl_then_change(
        roots: Sequence[Root], settings: CrawlSettings, identifiers: Identifiers, *, videos: bool, memory: FolderMemory
    ) -> Iterator[Asset | Failure | Skipped]:
        yield from crawl(roots, settings, identifiers, videos=videos, memory=memory)
        os.utime(path, ns=(1, 1))

    with monkeypatch.context() as patched:
        patched.setattr("albumclean.engines.meeting.crawl", crawl_then_change)
        assert 1 == run(album).failed
    (failure,) = run.failures
    assert (path, Stage.READ, True) == (failure.path, failure.stage, failure.transient)
    assert 1 == run(album).decoded


def test_a_missing_root_is_named_and_what_is_known_of_it_stays(run: Run, album: Path, tmp_path: Path) -> None:
    save(scene(1), album / "a.jpg")
    run(album)
    album.rename(tmp_path / "unplugged")
    with pytest.raises(RootNotFound, match="album"):
        run(album)
    assert 1 == run.cache.counts().files


def test_a_root_that_looks_empty_keeps_what_is_known(run: Run, album: Path) -> None:
    path = save(scene(1), album / "a.jpg")
    run(album)
    path.rename(album.parent / "a.jpg")
    summary = run(album)
    assert [album] == summary.kept_roots
    assert 1 == run.cache.counts().files


def test_two_scans_of_one_cache_do_not_meet(run: Run, album: Path) -> None:
    save(scene(1), album / "a.jpg")
    with FileLock(f"{run.cache.path}.lock"), pytest.raises(StoreBusy, match=r"cache\.sqlite"):
        run(album)


def test_protected_folders_are_known_as_such(run: Run, album: Path, tmp_path: Path) -> None:
    save(scene(1), album / "a.jpg")
    save(scene(2), tmp_path / "originals" / "b.jpg")
    run(album, Root(tmp_path / "originals", RootRole.PROTECTED))
    assert {"a.jpg": "normal", "b.jpg": "protected"} == {
        known.asset.primary.path.name: known.asset.role.value for known in run.cache.known()
    }


def test_a_broken_sidecar_is_told_and_its_photo_untouchable(run: Run, album: Path) -> None:
    save(scene(1), album / "a.jpg")
    (album / "a.xmp").write_text("<broken")
    run(album)
    (known,) = run.cache.known()
    assert known.marks.unknown
    assert ["a.xmp"] == [failure.path.name for failure in run.failures]


def test_scores_do_not_depend_on_batches_workers_or_neighbours(run: Run, album: Path, tmp_path: Path) -> None:
    for seed in range(5):
        save(scene(seed, 320, 240 if seed % 2 else 500), album / f"{seed}.jpg")
    run(album, batch=1)
    alone = run.judged()
    (tmp_path / "other").mkdir()
    other = Run(tmp_path / "other")
    other(album, batch=4)
    together = other.judged()
    other.cache.__exit__(None, None, None)
    assert alone.keys() == together.keys()
    for name, values in alone.items():
        assert values == pytest.approx(together[name], abs=1e-3)


def test_every_newly_decoded_photo_gets_a_thumbnail(run: Run, album: Path) -> None:
    save(scene(1), album / "a.jpg")
    (album / "text.jpg").write_text("no picture")
    run(album)
    save(scene(2), album / "b.png")
    shutil.copy(album / "b.png", album / "c.png")
    assert None is run(album).without_thumbnails
    assert {"a.jpg", "b.png", "c.png"} == run.with_thumbnail()


def test_a_library_without_thumbnails_is_not_read_again_for_them(run: Run, album: Path, tmp_path: Path) -> None:
    save(scene(1), album / "a.jpg")
    run(album)
    run.thumbnails = tmp_path / "new.sqlite"
    assert 0 == run(album).to_do
    assert set() == run.with_thumbnail()


def test_thumbnails_of_contents_that_no_file_holds_any_more_are_dropped(run: Run, album: Path) -> None:
    save(scene(1), album / "a.jpg")
    path = save(scene(2), album / "b.jpg")
    run(album)
    (digest,) = (known.content_hash for known in run.cache.known() if known.asset.primary.path == path)
    assert digest is not None
    path.rename(album.parent / "b.jpg")
    run(album)
    assert {"a.jpg"} == run.with_thumbnail()
    with Thumbnails.open(run.thumbnails, THUMBNAIL) as kept:
        assert not kept.has(digest)


@pytest.mark.parametrize("trouble", ["damaged", "full", "a folder"])
def test_trouble_with_thumbnails_is_named_and_costs_no_score(
    run: Run, album: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    save(scene(1), album / "a.jpg")
    if trouble == "damaged":
        run.thumbnails.write_bytes(b"this is no database" * 100)
    elif trouble == "full":
        monkeypatch.setattr(store, "RESERVE", 1 << 62)
    else:
        run.thumbnails.mkdir()
    summary = run(album)
    assert (1, 1, 0) == (summary.found, summary.decoded, summary.failed)
    assert summary.without_thumbnails is not None
    assert "thumbnails.sqlite" in summary.without_thumbnails
    assert {"a.jpg"} == run.mos().keys()
    assert 0 == run(album).to_do
